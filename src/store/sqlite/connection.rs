//! Connections to the file.
//!
//! Reads have connections of their own, opened read-only in every session, so that SQLite itself
//! refuses a write. They are few, reused, and hold no cursor or transaction between two queries: a
//! reader that did would make a training run's write fail after MLflow's timeout of 20 seconds.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::limits::Limit;
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags, Params, Row};

use super::schema::Schema;
use crate::domain::{StoreError, StoreErrorKind};
use crate::store::local::{self, file_id};
use crate::store::mlflow_names::InvalidName;
use crate::store::{ReadOnlyReason, Result, limits};

/// As many as one page of runs uses at once.
const MAX_IDLE_CONNECTIONS: usize = 6;

/// Steps of SQLite's virtual machine between two looks at the clock: about 1 ms.
const PROGRESS_STEPS: i32 = 50_000;

/// Extended result code when the folder, in which the journal is created, is not writable.
const READONLY_DIRECTORY: i32 = 8 | (6 << 8);

/// Extended result code of a file whose writer died: a read-only connection can't roll its journal
/// back.
const READONLY_ROLLBACK: i32 = 8 | (3 << 8);

/// Why a query failed; [`Self::into_store_error`] adds what was queried.
pub(super) enum QueryError {
    Sql(rusqlite::Error),
    Store(StoreErrorKind, String),
}

impl From<rusqlite::Error> for QueryError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<InvalidName> for QueryError {
    fn from(InvalidName(why): InvalidName) -> Self {
        Self::Store(StoreErrorKind::InvalidRequest, why)
    }
}

impl QueryError {
    pub(super) fn not_found<T>(why: &str) -> Result<T, Self> {
        Err(Self::Store(StoreErrorKind::NotFound, why.to_owned()))
    }

    pub(super) fn unsupported<T>(why: impl Into<String>) -> Result<T, Self> {
        Err(Self::Store(StoreErrorKind::Unsupported, why.into()))
    }

    pub(super) fn invalid<T>(why: impl Into<String>) -> Result<T, Self> {
        Err(Self::Store(StoreErrorKind::InvalidRequest, why.into()))
    }

    pub(super) fn into_store_error(self, what: impl Into<String>) -> StoreError {
        let (kind, why) = match self {
            Self::Store(kind, why) => (kind, why),
            Self::Sql(error) => classify(&error),
        };
        StoreError::new(kind, what, why).with_hint(hint(kind))
    }
}

/// The hint for a file, where it differs from the one for a server.
fn hint(kind: StoreErrorKind) -> Option<&'static str> {
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

/// A connection and the columns that its tables have.
#[derive(Clone, Copy)]
pub(super) struct Tables<'a> {
    pub(super) connection: &'a Connection,
    pub(super) schema: &'a Schema,
}

impl<'a> Tables<'a> {
    pub(super) fn prepare(self, sql: &str) -> rusqlite::Result<CachedStatement<'a>> {
        self.connection.prepare_cached(sql)
    }

    /// Calls `visit` with every row.
    pub(super) fn for_each(
        self,
        sql: &str,
        params: impl Params,
        mut visit: impl FnMut(&Row<'_>),
    ) -> Result<(), QueryError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(params)?;
        while let Some(row) = rows.next()? {
            visit(row);
        }
        Ok(())
    }

    pub(super) fn collect<T>(
        self,
        sql: &str,
        params: impl Params,
        mut convert: impl FnMut(&Row<'_>) -> T,
    ) -> Result<Vec<T>, QueryError> {
        let mut items = Vec::new();
        self.for_each(sql, params, |row| items.push(convert(row)))?;
        Ok(items)
    }

    pub(super) fn first<T>(
        self,
        sql: &str,
        params: impl Params,
        convert: impl FnOnce(&Row<'_>) -> T,
    ) -> Result<Option<T>, QueryError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(params)?;
        Ok(rows.next()?.map(convert))
    }

    /// Executes a statement and returns how many rows it changed.
    pub(super) fn execute(self, sql: &str, params: impl Params) -> Result<usize, QueryError> {
        Ok(self.connection.execute(sql, params)?)
    }
}

/// A connection, and the file that it was opened on.
pub(super) struct ReadConnection {
    pub(super) connection: Connection,
    file_id: (u64, u64),
    deadline: Deadline,
}

/// When a query is interrupted.
#[derive(Clone)]
struct Deadline(Arc<Mutex<Instant>>);

impl Deadline {
    /// Bounds the time of the connection's queries and the size of its values.
    fn guard(connection: &mut Connection) -> rusqlite::Result<Self> {
        let deadline = Self(Arc::new(Mutex::new(Instant::now())));
        deadline.restart();
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, limits::SQLITE_VALUE_BYTES)?;
        let guard = deadline.clone();
        connection.progress_handler(PROGRESS_STEPS, Some(move || guard.is_over()))?;
        Ok(deadline)
    }

    fn restart(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Instant::now() + Duration::from_secs(limits::SQLITE_QUERY_SECONDS);
    }

    fn is_over(&self) -> bool {
        Instant::now() > *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The file, its schema, and the connections that read it.
pub(super) struct Database {
    path: PathBuf,
    schema: Schema,
    idle: Mutex<Vec<ReadConnection>>,
    /// Whether opening the file made its `-wal` and `-shm`.
    made_wal_files: bool,
}

impl Database {
    /// Opens the file for reading, and reads its schema.
    pub(super) fn open(path: PathBuf) -> Result<Arc<Self>, QueryError> {
        let had_wal_files = wal_path(&path).exists();
        let read_connection = open_read_only(&path)?;
        Ok(Arc::new(Self {
            made_wal_files: !had_wal_files && is_wal(&read_connection.connection)?,
            schema: Schema::read(&read_connection.connection)?,
            idle: Mutex::new(vec![read_connection]),
            path,
        }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(super) fn metadata(&self) -> Result<Metadata, QueryError> {
        metadata(&self.path)
    }

    /// A usable connection: `idle`, unless the file was replaced since it was opened.
    pub(super) fn reuse_or_open(
        &self,
        idle: Option<ReadConnection>,
    ) -> Result<ReadConnection, QueryError> {
        let is_current = |connection: &ReadConnection| {
            self.metadata()
                .is_ok_and(|found| file_id(&found) == connection.file_id)
        };
        match idle.filter(is_current) {
            Some(connection) => {
                connection.deadline.restart();
                Ok(connection)
            }
            None => open_read_only(&self.path),
        }
    }

    /// Why the file can't be written; opening it for writing changes nothing.
    pub(super) fn read_only_reason(&self) -> Option<ReadOnlyReason> {
        let error = self.open_read_write().err()?.into_store_error("");
        Some(ReadOnlyReason::NotWritable(error.why.raw().to_owned()))
    }

    /// A connection for one write. It never creates a file.
    pub(super) fn open_read_write(&self) -> Result<Connection, QueryError> {
        self.metadata()?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(Duration::from_secs(limits::SQLITE_WRITE_SECONDS))?;
        connection.pragma_update(None, "foreign_keys", true)?;
        Deadline::guard(&mut connection)?;
        if connection.is_readonly(rusqlite::MAIN_DB)? {
            return Err(QueryError::Store(
                StoreErrorKind::PermissionDenied,
                "the file is not writable".to_owned(),
            ));
        }
        Ok(connection)
    }

    /// Runs a query on an idle connection, off the async threads; `what` names it in errors.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        what: &str,
        query: impl FnOnce(Tables<'_>) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T> {
        let database = Arc::clone(self);
        run_blocking(what, move || {
            let lock = || database.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let idle = lock().pop();
            let read_connection = database.reuse_or_open(idle)?;
            let result = query(Tables {
                connection: &read_connection.connection,
                schema: &database.schema,
            })?;
            let mut idle = lock();
            if idle.len() < MAX_IDLE_CONNECTIONS {
                idle.push(read_connection);
            }
            Ok(result)
        })
        .await
    }
}

impl Drop for Database {
    /// A connection that only reads can make the files of WAL mode but not remove them. One that could write does that when
    /// it closes, if no other program has the file open. It has nothing to write: an empty log is a condition.
    fn drop(&mut self) {
        let idle = self.idle.get_mut().unwrap_or_else(PoisonError::into_inner);
        idle.clear();
        let is_empty = |wal: &Path| std::fs::metadata(wal).is_ok_and(|found| found.len() == 0);
        if self.made_wal_files && is_empty(&wal_path(&self.path)) {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let closing = Connection::open_with_flags(&self.path, flags);
            // The first read opens the log.
            let _ = closing.and_then(|connection| is_wal(&connection));
        }
    }
}

fn wal_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Reads the file's journal mode.
fn is_wal(connection: &Connection) -> rusqlite::Result<bool> {
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    Ok(mode == "wal")
}

/// The file is not opened for this: closing any descriptor of it releases the locks that SQLite
/// holds in this process.
fn metadata(path: &Path) -> Result<Metadata, QueryError> {
    let found = std::fs::metadata(path).map_err(|error| {
        let kind = match error.kind() {
            std::io::ErrorKind::PermissionDenied => StoreErrorKind::PermissionDenied,
            _ => StoreErrorKind::Unreachable,
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

fn open_read_only(path: &Path) -> Result<ReadConnection, QueryError> {
    let file_id = file_id(&metadata(path)?);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(limits::SQLITE_READ_SECONDS))?;
    Ok(ReadConnection {
        deadline: Deadline::guard(&mut connection)?,
        connection,
        file_id,
    })
}

pub(super) async fn run_blocking<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> Result<T, QueryError> + Send + 'static,
) -> Result<T> {
    local::run_blocking(what, work)
        .await?
        .map_err(|error| error.into_store_error(what))
}
