//! The book: a file of JSON lines, appended and flushed to the disk, never rewritten.

use std::path::PathBuf;

use thiserror::Error;

use super::Entry;

/// Why the journal can't be written or read.
#[derive(Debug, Error)]
pub enum JournalError {
    /// The file or its folder.
    #[error("the journal {} can't be {doing}: {source}; nothing was sent", path.display())]
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
}

impl Journal {
    /// The journal in this file; made when the first entry is recorded.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// All entries of a store, oldest first. Lines that can't be read are counted, not fatal.
    ///
    /// # Errors
    /// When the file is there and can't be read.
    pub fn entries(&self, origin: &str) -> Result<Vec<Entry>, JournalError> {
        let _ = (&self.path, origin);
        unimplemented!()
    }
}
