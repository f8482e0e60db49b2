//! The journal file: JSON lines, appended and synced to disk, never rewritten.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::domain::Millis;
use crate::ops::clock;
use crate::promotion::journal::record::{JournalRecord, replay};
use crate::promotion::journal::{JournalEntry, Uptime};

/// How long a write waits for another program's lock.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// Source of the time in ms since the epoch.
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// Source of the time since the machine was started; `None` where that is not known.
pub type UptimeClock = Arc<dyn Fn() -> Option<Uptime> + Send + Sync>;

/// Where a journal is kept: a file, outside tests.
pub trait JournalStorage: Send + Sync {
    /// For messages.
    fn path(&self) -> &Path;

    /// The bytes so far; empty if nothing was ever written.
    ///
    /// # Errors
    /// When it exists and cannot be read.
    fn read(&self) -> io::Result<Vec<u8>>;

    /// Opens it for one record and keeps other processes out until the result is dropped.
    ///
    /// # Errors
    /// When it cannot be created, opened or locked.
    fn open_for_append(&self) -> io::Result<Box<dyn JournalFile>>;
}

/// A journal that is open and locked.
pub trait JournalFile {
    /// Whether the last byte is a line end, or there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    fn is_at_line_start(&mut self) -> io::Result<bool>;

    /// Appends bytes, which a crash can lose until [`Self::sync`] returns.
    ///
    /// # Errors
    /// When not all of them could be written, for example on a full disk.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes what was written survive a crash.
    ///
    /// # Errors
    /// When that is not certain.
    fn sync(&mut self) -> io::Result<()>;
}

/// The journal could not be written or read.
#[derive(Debug, Error)]
pub enum JournalError {
    /// I/O error on the file or its folder.
    #[error("the journal {} could not be {doing}: {source}", crate::text::untrusted::clean(&path.to_string_lossy()))]
    Io {
        /// Path of the journal.
        path: PathBuf,
        /// `written`, `read`.
        doing: &'static str,
        /// Operating system's error.
        source: io::Error,
    },
}

/// What of a journal can't be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// Cut off by a crash, damaged, or written by a newer version.
    pub unreadable_lines: usize,
    /// Records of entries whose beginning is missing or unreadable.
    pub orphaned_records: usize,
}

impl Damage {
    /// One line for users; `None` for an intact journal.
    #[must_use]
    pub fn describe(&self) -> Option<String> {
        let count = |number: usize, noun: &str| match number {
            1 => format!("1 {noun}"),
            number => format!("{number} {noun}s"),
        };
        match (self.unreadable_lines, self.orphaned_records) {
            (0, 0) => None,
            (lines, 0) => Some(format!("{} can't be read", count(lines, "line"))),
            (lines, records) => Some(format!(
                "{} can't be read, {} belong to no readable entry: writes may be missing from the history",
                count(lines, "line"),
                count(records, "record"),
            )),
        }
    }
}

/// The journal of this user on this machine, for all stores.
#[derive(Clone)]
pub struct Journal {
    storage: Arc<dyn JournalStorage>,
    clock: Clock,
    uptime_clock: UptimeClock,
}

impl Journal {
    /// The journal in this file, created with the first entry.
    #[must_use]
    pub fn with_path(path: PathBuf) -> Self {
        Self::with_storage(Arc::new(FileStorage { path }))
    }

    /// A journal that is kept elsewhere, for simulations.
    #[must_use]
    pub fn with_storage(storage: Arc<dyn JournalStorage>) -> Self {
        Self {
            storage,
            clock: Arc::new(|| jiff::Timestamp::now().as_millisecond()),
            uptime_clock: Arc::new(clock::uptime),
        }
    }

    /// Replaces the clocks, for tests that do not wait.
    #[must_use]
    pub fn with_clocks(
        self,
        clock: impl Fn() -> Millis + Send + Sync + 'static,
        uptime: impl Fn() -> Option<Uptime> + Send + Sync + 'static,
    ) -> Self {
        Self {
            clock: Arc::new(clock),
            uptime_clock: Arc::new(uptime),
            ..self
        }
    }

    /// All entries of a store, oldest first; unreadable lines are skipped.
    ///
    /// # Errors
    /// When the file exists and cannot be read.
    pub fn entries(&self, origin: &str) -> Result<Vec<JournalEntry>, JournalError> {
        Ok(self.load(origin)?.0)
    }

    /// [`Self::entries`], and what of the whole file could not be used.
    ///
    /// # Errors
    /// When the file exists and cannot be read.
    pub fn load(&self, origin: &str) -> Result<(Vec<JournalEntry>, Damage), JournalError> {
        let replayed = replay(&self.read_bytes()?);
        let mut entries = replayed.entries;
        entries.retain(|entry| entry.plan.origin == origin);
        let damage = Damage {
            unreadable_lines: replayed.unreadable_lines,
            orphaned_records: replayed.orphaned_records,
        };
        Ok((entries, damage))
    }

    /// Number of unreadable lines: cut off by a crash, or written by a newer version.
    ///
    /// # Errors
    /// When the file exists and cannot be read.
    pub fn count_unreadable(&self) -> Result<usize, JournalError> {
        Ok(replay(&self.read_bytes()?).unreadable_lines)
    }

    pub(crate) fn now(&self) -> Millis {
        (self.clock)()
    }

    pub(crate) fn uptime(&self) -> Option<Uptime> {
        (self.uptime_clock)()
    }

    /// Appends a line and syncs it to disk.
    pub(crate) fn append(&self, record: &JournalRecord<'_>) -> Result<(), JournalError> {
        let io = |source| self.error("written", source);
        let mut text = serde_json::to_vec(record).map_err(|error| io(error.into()))?;
        text.push(b'\n');
        let mut file = self.storage.open_for_append().map_err(io)?;
        append_line(file.as_mut(), text).map_err(io)
    }

    fn read_bytes(&self) -> Result<Vec<u8>, JournalError> {
        let bytes = self.storage.read();
        bytes.map_err(|source| self.error("read", source))
    }

    fn error(&self, doing: &'static str, source: io::Error) -> JournalError {
        let path = self.storage.path().to_owned();
        JournalError::Io {
            path,
            doing,
            source,
        }
    }
}

/// Writes in one call. A line that a crash cut off is terminated first, so that it spoils only itself.
fn append_line(file: &mut dyn JournalFile, text: Vec<u8>) -> io::Result<()> {
    let text = if file.is_at_line_start()? {
        text
    } else {
        [b"\n".to_vec(), text].concat()
    };
    file.write_all(&text)?;
    file.sync()
}

struct FileStorage {
    path: PathBuf,
}

impl FileStorage {
    /// Opens the file, or creates it and its folder for this user only.
    fn open(&self) -> io::Result<File> {
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
        // A synced file can still lose its directory entry in a crash.
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        Ok(file)
    }
}

impl JournalStorage for FileStorage {
    fn path(&self) -> &Path {
        &self.path
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        match std::fs::read(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            result => result,
        }
    }

    fn open_for_append(&self) -> io::Result<Box<dyn JournalFile>> {
        let file = self.open()?;
        // Closing the file releases the lock.
        lock(&file)?;
        Ok(Box::new(file))
    }
}

impl JournalFile for File {
    fn is_at_line_start(&mut self) -> io::Result<bool> {
        let mut last = [b'\n'];
        if self.metadata()?.len() > 0 {
            self.seek(SeekFrom::End(-1))?;
            self.read_exact(&mut last)?;
        }
        Ok(last == *b"\n")
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = self.metadata()?.len();
        io::Write::write_all(self, bytes).inspect_err(|_| {
            // A full disk takes a part of the line, which would be unreadable.
            let _ = self.set_len(length);
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

/// Another writer holds the lock for milliseconds; one that was stopped holds it for ever.
fn lock(file: &File) -> io::Result<()> {
    let deadline = Instant::now() + LOCK_TIMEOUT;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::other(format!(
                    "another program has held its lock for {} s",
                    LOCK_TIMEOUT.as_secs()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}
