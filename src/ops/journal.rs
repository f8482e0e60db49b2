//! The book: a file of JSON lines, appended and flushed to the disk, never rewritten.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::domain::Millis;
use crate::promotion::journal::JournalEntry;
use crate::promotion::journal::record::{JournalRecord, replay};

/// Where the time comes from, in ms since the epoch.
pub type Clock = fn() -> Millis;

/// Why the journal can't be written or read.
#[derive(Debug, Error)]
pub enum JournalError {
    /// The file or its folder.
    #[error("the journal {} can't be {doing}: {source}", crate::text::untrusted::clean(&path.to_string_lossy()))]
    Io {
        /// Which file.
        path: PathBuf,
        /// `written`, `read`, `locked`.
        doing: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
}

/// The journal of this user on this machine, for all stores.
#[derive(Clone, Debug)]
pub struct Journal {
    path: PathBuf,
    clock: Clock,
}

impl Journal {
    /// The journal in this file; made when the first entry is recorded.
    #[must_use]
    pub fn with_path(path: PathBuf) -> Self {
        Self {
            path,
            clock: || jiff::Timestamp::now().as_millisecond(),
        }
    }

    /// The same journal by another clock: for tests that don't wait.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// All entries of a store, oldest first. Lines that can't be read are counted, not fatal.
    ///
    /// # Errors
    /// When the file is there and can't be read.
    pub fn entries(&self, origin: &str) -> Result<Vec<JournalEntry>, JournalError> {
        let mut entries = replay(&self.read_bytes()?).entries;
        entries.retain(|entry| entry.plan.origin == origin);
        Ok(entries)
    }

    /// How many lines can't be read: cut off by a crash, or written by a newer version.
    ///
    /// # Errors
    /// When the file is there and can't be read.
    pub fn count_unreadable(&self) -> Result<usize, JournalError> {
        Ok(replay(&self.read_bytes()?).unreadable_lines)
    }

    pub(crate) fn now(&self) -> Millis {
        (self.clock)()
    }

    /// Appends a line and waits until it is on the disk.
    pub(crate) fn append(&self, record: &JournalRecord<'_>) -> Result<(), JournalError> {
        let io = |doing| {
            move |source| JournalError::Io {
                path: self.path.clone(),
                doing,
                source,
            }
        };
        let mut text = serde_json::to_vec(record).map_err(|error| io("written")(error.into()))?;
        text.push(b'\n');
        let mut file = self.open_for_append().map_err(io("written"))?;
        file.lock().map_err(io("locked"))?;
        append_bytes(&mut file, text).map_err(io("written"))
        // Closing the file gives the lock back.
    }

    fn read_bytes(&self) -> Result<Vec<u8>, JournalError> {
        match std::fs::read(&self.path) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(JournalError::Io {
                path: self.path.clone(),
                doing: "read",
                source,
            }),
        }
    }

    /// Opens the file to append, and makes it and its folder for this user alone when they are not there.
    fn open_for_append(&self) -> std::io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).append(true);
        match options.open(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            opened => return opened,
        }
        let folder = self
            .path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
            builder.mode(0o700);
            options.mode(0o600);
        }
        builder.create(folder)?;
        let file = options.create(true).open(&self.path)?;
        // Without this the file's name may be lost in a crash, though what is in it was flushed.
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        Ok(file)
    }
}

/// Writes in one piece. A line that a crash cut off is ended first, so that it spoils only itself.
fn append_bytes(file: &mut File, text: Vec<u8>) -> std::io::Result<()> {
    let mut last = [b'\n'];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    let text = if last == *b"\n" {
        text
    } else {
        [b"\n".to_vec(), text].concat()
    };
    file.write_all(&text)?;
    file.sync_all()
}
