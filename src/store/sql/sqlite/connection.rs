//! Connections to a SQLite file (`mlflow.db` of MLflow 3.x and 2.x).
//!
//! Reads have connections of their own, opened read-only in every session, so that SQLite itself
//! refuses a write. They are few, reused, and hold no cursor or transaction between two queries: a
//! reader that did would make a training run's write fail after MLflow's timeout of 20 seconds.

use std::fs::Metadata;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::limits::Limit;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, params_from_iter};

use super::functions::add_functions;
use crate::domain::StoreErrorKind;
use crate::store::limits;
use crate::store::local::file_id;
use crate::store::sql::tables::{self, Param, QueryError};
use crate::store::sql::values::Value;

/// Steps of SQLite's virtual machine between two looks at the clock: about 1 ms.
const PROGRESS_STEPS: i32 = 50_000;

/// Extended result code when the folder, in which the journal is created, is not writable.
const READONLY_DIRECTORY: i32 = 8 | (6 << 8);

/// Extended result code of a file whose writer died: a read-only connection can't roll its journal
/// back.
const READONLY_ROLLBACK: i32 = 8 | (3 << 8);

impl From<rusqlite::Error> for QueryError {
    fn from(error: rusqlite::Error) -> Self {
        let (kind, why) = classify(&error);
        Self::new(kind, why)
    }
}

/// The hint for a file, where it differs from the one for a server.
pub(super) fn hint(kind: StoreErrorKind) -> Option<&'static str> {
    match kind {
        StoreErrorKind::Unreachable => {
            Some("check the path, or create a demo store with `frontrunner demo`")
        }
        StoreErrorKind::InvalidResponse => {
            Some("name the database that MLflow writes, often mlflow.db")
        }
        StoreErrorKind::Timeout => {
            Some("copy the file to a local disk, and check it with `sqlite3 FILE .schema`")
        }
        StoreErrorKind::Busy => Some("wait until the other program has finished, then try again"),
        StoreErrorKind::ServerError => {
            Some("check the file with `sqlite3 FILE 'PRAGMA integrity_check'`")
        }
        _ => None,
    }
}

fn classify(error: &rusqlite::Error) -> (StoreErrorKind, String) {
    use StoreErrorKind as Kind;
    let extended_code = error.sqlite_error().map(|error| error.extended_code);
    let (kind, why) = match (extended_code, error.sqlite_error_code()) {
        (Some(READONLY_ROLLBACK), _) => (
            Kind::ServerError,
            "a program died while writing the file; open it once with MLflow or sqlite3 to repair it",
        ),
        (Some(READONLY_DIRECTORY), _) => (
            Kind::PermissionDenied,
            "the folder, in which SQLite keeps its journal, is not writable",
        ),
        (_, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) => {
            (Kind::Busy, "another program kept the file locked")
        }
        (_, Some(ErrorCode::NotADatabase)) => (Kind::InvalidResponse, "not a SQLite database"),
        (_, Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied)) => {
            (Kind::PermissionDenied, "the file is not writable")
        }
        (_, code) => {
            return match code {
                Some(ErrorCode::DatabaseCorrupt) => {
                    (Kind::ServerError, format!("the file is damaged: {error}"))
                }
                Some(ErrorCode::CannotOpen) => (
                    Kind::PermissionDenied,
                    format!("can't open the file: {error}"),
                ),
                Some(ErrorCode::ConstraintViolation) => (Kind::Conflict, error.to_string()),
                Some(ErrorCode::OperationInterrupted) => (
                    Kind::Timeout,
                    format!(
                        "a query took longer than {} s",
                        limits::SQLITE_QUERY_SECONDS
                    ),
                ),
                Some(ErrorCode::TooBig | ErrorCode::OutOfMemory) => {
                    (Kind::ResponseTooLarge, error.to_string())
                }
                _ => (Kind::ServerError, error.to_string()),
            };
        }
    };
    (kind, why.to_owned())
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Integer(Some(number)) => ValueRef::Integer(*number),
            Self::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
            Self::Integer(None) | Self::Text(None) => ValueRef::Null,
        }))
    }
}

impl tables::Row for rusqlite::Row<'_> {
    fn get(&self, column: usize) -> Value<'_> {
        match self.get_ref(column) {
            Ok(ValueRef::Integer(number)) => Value::Integer(number),
            Ok(ValueRef::Real(number)) => Value::Real(number),
            Ok(ValueRef::Text(bytes) | ValueRef::Blob(bytes)) => Value::Text(bytes),
            Ok(ValueRef::Null) | Err(_) => Value::Null,
        }
    }
}

impl tables::Connection for Connection {
    fn query(
        &self,
        sql: &str,
        params: &[Param<'_>],
        visit: &mut dyn FnMut(&dyn tables::Row) -> ControlFlow<()>,
    ) -> Result<(), QueryError> {
        let mut statement = self.prepare_cached(sql)?;
        let mut rows = statement.query(params_from_iter(params))?;
        while let Some(row) = rows.next()? {
            if visit(row).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn execute(&self, sql: &str, params: &[Param<'_>]) -> Result<usize, QueryError> {
        Ok(Connection::execute(self, sql, params_from_iter(params))?)
    }
}

/// A connection, and the file that it was opened on.
pub(super) struct ReadConnection {
    pub(super) connection: Connection,
    pub(super) file_id: (u64, u64),
    pub(super) deadline: Deadline,
}

/// When a query is interrupted.
#[derive(Clone)]
pub(super) struct Deadline(Arc<Mutex<Instant>>);

impl Deadline {
    /// Bounds the time of the connection's queries and the size of its values.
    pub(super) fn guard(connection: &mut Connection) -> rusqlite::Result<Self> {
        let deadline = Self(Arc::new(Mutex::new(Instant::now())));
        deadline.restart();
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, limits::SQLITE_VALUE_BYTES)?;
        let guard = deadline.clone();
        connection.progress_handler(PROGRESS_STEPS, Some(move || guard.is_over()))?;
        Ok(deadline)
    }

    pub(super) fn restart(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Instant::now() + Duration::from_secs(limits::SQLITE_QUERY_SECONDS);
    }

    fn is_over(&self) -> bool {
        Instant::now() > *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn wal_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Reads the file's journal mode.
pub(super) fn is_wal(connection: &Connection) -> rusqlite::Result<bool> {
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    Ok(mode == "wal")
}

/// The file is not opened for this: closing any descriptor of it releases the locks that SQLite
/// holds in this process.
pub(super) fn metadata(path: &Path) -> Result<Metadata, QueryError> {
    let found = std::fs::metadata(path).map_err(|error| {
        let kind = match error.kind() {
            std::io::ErrorKind::PermissionDenied => StoreErrorKind::PermissionDenied,
            _ => StoreErrorKind::Unreachable,
        };
        QueryError::new(kind, error.to_string())
    })?;
    if found.is_file() {
        Ok(found)
    } else {
        Err(QueryError::new(
            StoreErrorKind::InvalidResponse,
            "not a file",
        ))
    }
}

pub(super) fn open_read_only(path: &Path) -> Result<ReadConnection, QueryError> {
    let file_id = file_id(&metadata(path)?);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(limits::SQLITE_READ_SECONDS))?;
    add_functions(&connection)?;
    Ok(ReadConnection {
        deadline: Deadline::guard(&mut connection)?,
        connection,
        file_id,
    })
}
