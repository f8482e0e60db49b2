//! Connections to the file. Reading has connections of its own that can only read, in every session: SQLite itself
//! then refuses a write. They are few, reused, and never hold a cursor or a transaction between two questions: a
//! reader that did would make a training run's own write fail after MLflow's 20 seconds of patience.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::domain::{StoreError, StoreErrorKind};
use crate::store::{ReadOnlyReason, Result, limits};

/// How many idle connections are kept: as many as one page of runs uses at once.
const MAX_IDLE_CONNECTIONS: usize = 6;

/// Extended result code of a write into a folder that can't be written, where the journal would go.
const READONLY_DIRECTORY: i32 = 8 | (6 << 8);

/// Extended result code of a file whose writer died in the middle: a read-only connection can't repair it.
const READONLY_ROLLBACK: i32 = 8 | (3 << 8);

/// Why a question to the file has no answer; what was being asked is added where the question is known.
pub(super) enum QueryError {
    /// SQLite says so.
    Sql(rusqlite::Error),
    /// We say so.
    Store(StoreErrorKind, String),
}

impl From<rusqlite::Error> for QueryError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl QueryError {
    /// The fault of something being done.
    pub(super) fn into_store_error(self, what: impl Into<String>) -> StoreError {
        let (kind, why) = match self {
            Self::Store(kind, why) => (kind, why),
            Self::Sql(error) => classify(&error),
        };
        StoreError::new(kind, what, why).with_hint(hint(kind))
    }
}

/// What to do about a file, where that differs from what one does about a server.
fn hint(kind: StoreErrorKind) -> Option<&'static str> {
    match kind {
        StoreErrorKind::Unreachable => {
            Some("check the path; `frontrunner demo` makes a store to try")
        }
        StoreErrorKind::InvalidResponse => {
            Some("name the file that MLflow writes, often mlflow.db")
        }
        StoreErrorKind::Busy => Some("wait until the other program is done, then try again"),
        StoreErrorKind::ServerError => Some("`sqlite3 FILE 'PRAGMA integrity_check'` says more"),
        _ => None,
    }
}

/// The kind of a fault of SQLite's, and its text.
fn classify(error: &rusqlite::Error) -> (StoreErrorKind, String) {
    let code = error.sqlite_error();
    if code.is_some_and(|code| code.extended_code == READONLY_ROLLBACK) {
        let why = "a program died while it was writing the file; opening it once with MLflow or sqlite3 repairs it";
        return (StoreErrorKind::ServerError, why.to_owned());
    }
    if code.is_some_and(|code| code.extended_code == READONLY_DIRECTORY) {
        return (
            StoreErrorKind::PermissionDenied,
            "the folder of the file can't be written, where SQLite keeps its journal".to_owned(),
        );
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            StoreErrorKind::Busy,
            "another program is writing the file, and did not finish in time".to_owned(),
        ),
        Some(ErrorCode::NotADatabase) => (
            StoreErrorKind::InvalidResponse,
            "not a SQLite database".to_owned(),
        ),
        Some(ErrorCode::DatabaseCorrupt) => (
            StoreErrorKind::ServerError,
            format!("the file is damaged: {error}"),
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => (
            StoreErrorKind::PermissionDenied,
            "the file can't be written by you".to_owned(),
        ),
        Some(ErrorCode::CannotOpen) => (
            StoreErrorKind::PermissionDenied,
            format!("the file can't be opened: {error}"),
        ),
        Some(ErrorCode::ConstraintViolation) => (StoreErrorKind::Conflict, error.to_string()),
        Some(ErrorCode::TooBig | ErrorCode::OutOfMemory) => {
            (StoreErrorKind::ResponseTooLarge, error.to_string())
        }
        _ => (StoreErrorKind::ServerError, error.to_string()),
    }
}

/// What tells a file from another one of the same name.
#[cfg(unix)]
fn file_id(found: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (found.dev(), found.ino())
}

#[cfg(not(unix))]
fn identity(found: &Metadata) -> (u64, u64) {
    (0, u64::from(found.is_file()))
}

/// A connection and the file that it was opened on.
pub(super) struct ReadConnection {
    /// The connection.
    pub(super) connection: Connection,
    file_id: (u64, u64),
}

/// The file, and the connections that read it.
pub(super) struct Database {
    path: PathBuf,
    idle: Mutex<Vec<ReadConnection>>,
}

impl Database {
    /// A file to be read; nothing is opened yet.
    pub(super) fn new(path: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            path,
            idle: Mutex::default(),
        })
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What the file system says of the file. It is never opened for this: closing a file gives up the locks that
    /// SQLite holds on it anywhere in this process.
    pub(super) fn metadata(&self) -> Result<Metadata, QueryError> {
        let found = std::fs::metadata(&self.path).map_err(|error| {
            let kind = if error.kind() == std::io::ErrorKind::PermissionDenied {
                StoreErrorKind::PermissionDenied
            } else {
                StoreErrorKind::Unreachable
            };
            QueryError::Store(kind, error.to_string())
        })?;
        if found.is_file() {
            Ok(found)
        } else {
            Err(QueryError::Store(
                StoreErrorKind::InvalidResponse,
                "not a file".to_owned(),
            ))
        }
    }

    /// A connection that can only read.
    pub(super) fn open_read_only(&self) -> Result<ReadConnection, QueryError> {
        let file = file_id(&self.metadata()?);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(Duration::from_secs(limits::SQLITE_READ_SECONDS))?;
        Ok(ReadConnection {
            connection,
            file_id: file,
        })
    }

    /// Whether a connection still reads what stands under the path: a file that was replaced is opened again.
    pub(super) fn is_current(&self, read_connection: &ReadConnection) -> bool {
        self.metadata()
            .is_ok_and(|found| file_id(&found) == read_connection.file_id)
    }

    /// Why the file can't be written; opening it for writing changes nothing.
    pub(super) fn read_only_reason(&self) -> Option<ReadOnlyReason> {
        let error = self.open_read_write().err()?.into_store_error("");
        Some(ReadOnlyReason::NotWritable(error.why.raw().to_owned()))
    }

    /// A connection that can write, for one write. It never makes a file.
    pub(super) fn open_read_write(&self) -> Result<Connection, QueryError> {
        self.metadata()?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(Duration::from_secs(limits::SQLITE_WRITE_SECONDS))?;
        connection.pragma_update(None, "foreign_keys", true)?;
        if connection.is_readonly(rusqlite::MAIN_DB)? {
            return Err(QueryError::Store(
                StoreErrorKind::PermissionDenied,
                "the file can't be written by you".to_owned(),
            ));
        }
        Ok(connection)
    }

    /// Asks the file one thing, away from the threads that draw: `what` says what, for a fault.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        what: impl Into<String>,
        query: impl FnOnce(&Connection) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T> {
        let database = Arc::clone(self);
        run_blocking(what, move || {
            let idle_connection = database
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            let read_connection = match idle_connection.filter(|held| database.is_current(held)) {
                Some(held) => held,
                None => database.open_read_only()?,
            };
            let result = query(&read_connection.connection)?;
            let mut idle = database.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < MAX_IDLE_CONNECTIONS {
                idle.push(read_connection);
            }
            Ok(result)
        })
        .await
    }
}

/// Does blocking work where it may block.
pub(super) async fn run_blocking<T: Send + 'static>(
    what: impl Into<String>,
    work: impl FnOnce() -> Result<T, QueryError> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(|failure| failure.into_store_error(what)),
        Err(error) => Err(StoreError::new(
            StoreErrorKind::ServerError,
            what,
            error.to_string(),
        )),
    }
}
