//! The book: a file of JSON lines, appended and flushed to the disk, never rewritten.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Entry, EntryState, StepResult};
use crate::domain::{Millis, VersionNumber};
use crate::promote::{GateVerdict, Intent, Outcome, Plan};

/// Why the journal can't be written or read.
#[derive(Debug, Error)]
pub enum JournalError {
    /// The file or its folder.
    #[error("the journal {} can't be {doing}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// `written`, `read`, `locked`.
        doing: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
}

/// One line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub(super) enum Written {
    /// Before anything is sent.
    Begin {
        /// The entry's id.
        id: String,
        /// When, ms since the epoch.
        at: Millis,
        /// The plan.
        plan: Box<Plan>,
        /// The gates' verdicts.
        gates: Vec<GateVerdict>,
    },
    /// After a step.
    Step {
        /// The entry's id.
        id: String,
        /// What came of it.
        #[serde(flatten)]
        result: StepResult,
    },
    /// A version was made.
    Created {
        /// The entry's id.
        id: String,
        /// Its number.
        version: VersionNumber,
    },
    /// It ended; a later look can tell another end.
    End {
        /// The entry's id.
        id: String,
        /// When, ms since the epoch.
        at: Millis,
        /// How.
        outcome: Outcome,
    },
}

/// The journal of this user on this machine, for all stores.
#[derive(Clone, Debug)]
pub struct Journal {
    path: PathBuf,
}

/// What was read of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pages {
    /// The entries of a store, oldest first.
    pub entries: Vec<Entry>,
    /// Lines that could not be read: torn by a crash, or of a newer version.
    pub unreadable: usize,
}

impl Journal {
    /// The journal in this file; made when the first entry is recorded.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All entries of a store, oldest first. Lines that can't be read are passed over.
    ///
    /// # Errors
    /// When the file is there and can't be read.
    pub fn entries(&self, origin: &str) -> Result<Vec<Entry>, JournalError> {
        self.pages(origin).map(|pages| pages.entries)
    }

    /// The entries of a store, and how many lines could not be read.
    ///
    /// # Errors
    /// When the file is there and can't be read.
    pub fn pages(&self, origin: &str) -> Result<Pages, JournalError> {
        let mut bytes = Vec::new();
        match File::open(&self.path) {
            Ok(mut file) => file.read_to_end(&mut bytes).map_err(|e| self.failed("read", e))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Pages::default()),
            Err(error) => return Err(self.failed("read", error)),
        };
        let mut pages = Pages::default();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line) {
                Ok(written) => take(&mut pages.entries, written),
                Err(_) => pages.unreadable += 1,
            }
        }
        pages.entries.retain(|entry| entry.plan.origin == origin);
        Ok(pages)
    }

    /// Appends a line and has it on the disk when this returns. Programs that write at once take turns.
    pub(super) fn append(&self, line: &Written) -> Result<(), JournalError> {
        let mut text = serde_json::to_vec(line).map_err(|e| self.failed("written", e.into()))?;
        text.push(b'\n');
        let mut file = self.open()?;
        file.lock().map_err(|e| self.failed("locked", e))?;
        // A line that a crash tore is ended first, so that it can't swallow this one.
        if ends_torn(&mut file).map_err(|e| self.failed("read", e))? {
            text.insert(0, b'\n');
        }
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(|e| self.failed("written", e))
    }

    fn open(&self) -> Result<File, JournalError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let made = !self.path.exists();
        make_folder(folder).map_err(|e| self.failed("written", e))?;
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&self.path).map_err(|e| self.failed("written", e))?;
        if made {
            // A new file is only there after a crash if its folder was flushed, too.
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(|e| self.failed("written", e))?;
        }
        Ok(file)
    }

    fn failed(&self, doing: &'static str, source: std::io::Error) -> JournalError {
        JournalError::Io { path: self.path.clone(), doing, source }
    }
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn ends_torn(file: &mut File) -> std::io::Result<bool> {
    use std::io::{Seek, SeekFrom};
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// Takes a line into the entries: lines of an entry that never began are passed over.
fn take(entries: &mut Vec<Entry>, line: Written) {
    match line {
        Written::Begin { id, at, plan, gates } => {
            let (results, state) = (Vec::new(), EntryState::Unfinished);
            entries.push(Entry { id, at, plan: *plan, gates, results, created: None, state, undone_by: None });
        }
        Written::Step { id, result } => {
            if let Some(entry) = entries.iter_mut().find(|entry| entry.id == id) {
                entry.results.push(result);
            }
        }
        Written::Created { id, version } => {
            if let Some(entry) = entries.iter_mut().find(|entry| entry.id == id) {
                entry.created = Some(version);
            }
        }
        Written::End { id, outcome, .. } => end(entries, &id, outcome),
    }
}

fn end(entries: &mut [Entry], id: &str, outcome: Outcome) {
    let Some(at) = entries.iter().position(|entry| entry.id == id) else { return };
    let undid = match (&entries[at].plan.intent, &outcome) {
        (Intent::Undo { entry, .. }, Outcome::Verified) => Some(entry.clone()),
        _ => None,
    };
    entries[at].state = EntryState::Ended(outcome);
    if let Some(undone) = undid.and_then(|undone| entries.iter_mut().find(|entry| entry.id == undone)) {
        undone.undone_by = Some(id.to_owned());
    }
}
