//! SQLite files.
//!
//! A file in WAL mode, which MLflow never chooses, is read like any other. SQLite then keeps `-wal` and
//! `-shm` files next to it; those that a session made are removed at its end, unless others use them.

mod connection;
mod functions;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::database::{Cancelled, Database, Identity, Transaction};
use super::dialect::Dialect;
use super::scan::TableWalk;
use super::schema::Schema;
use super::tables::{QueryError, Tables};
use super::{check_schema, handle, workspaces};
use crate::domain::StoreErrorKind;
use crate::store::local::{file_id, run_blocking};
use crate::store::{AccessMode, ReadOnlyReason, Result, StoreHandle, limits, workspace_origin};
use crate::text::untrusted::clean;
use connection::{Deadline, ReadConnection, hint, is_wal, metadata, open_read_only, wal_path};

/// As many as one page of runs uses at once.
const MAX_IDLE_CONNECTIONS: usize = 6;

static SQLITE: Dialect = Dialect {
    product: "SQLite store",
    // SQLite walks the ids in their order, and looks up the rows of each.
    ordered_join: "CROSS JOIN",
    null_safe_equal: "IS",
    text_type: "TEXT",
    ids_table: "json_each({parameter}) AS ids",
    find_text: "instr",
    has_rowid: true,
    walk: Some(TableWalk::Rowids),
    row_count_sql: "SELECT max(rowid) FROM {table}",
    run_key_index_sql: Some(
        "SELECT 1 FROM pragma_index_list('metrics') AS i JOIN pragma_index_info(i.name) AS c \
         WHERE c.seqno = 1 AND c.name = 'key' AND EXISTS \
         (SELECT 1 FROM pragma_index_info(i.name) AS f WHERE f.seqno = 0 AND f.name = 'run_uuid')",
    ),
    upsert: " ON CONFLICT ({key}) DO UPDATE SET {column} = excluded.{column}",
    columns_sql: "SELECT m.name, c.name, c.type, c.\"notnull\" AND c.dflt_value IS NULL, NULL FROM sqlite_master AS m \
                  JOIN pragma_table_info(m.name) AS c WHERE m.type IN ('table', 'view')",
    views_sql: "SELECT name FROM sqlite_master WHERE type = 'view'",
    triggers_sql: "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'",
    window: Some(&functions::WINDOW),
    hint,
};

/// Opens the file.
///
/// # Errors
/// When it is missing, unreadable or not an MLflow store.
pub(in crate::store) async fn open(
    path: &Path,
    mode: AccessMode,
    workspace: Option<&str>,
) -> Result<StoreHandle> {
    let what = format!("opening {}", clean(&path.to_string_lossy()));
    let (path, workspace) = (path.to_owned(), workspace.map(str::to_owned));
    let opened = run_blocking(&what, move || {
        // An absolute path stays valid when the working folder changes, and is never parsed as a
        // URI.
        let path = std::fs::canonicalize(&path).unwrap_or(path);
        let file = SqliteFile::open(path, workspace)?;
        let access = check_schema(&file.schema, mode)?
            .and_then(|()| file.read_only_reason().map_or(Ok(()), Err));
        Ok((file, access))
    })
    .await?;
    let (file, access) =
        opened.map_err(|error: QueryError| error.into_store_error(&what, &SQLITE))?;
    Ok(handle(file, access))
}

/// The file, its schema, and the connections that read it.
struct SqliteFile {
    path: PathBuf,
    identity: Identity,
    schema: Schema,
    workspace: Option<String>,
    /// Kept open: `PRAGMA data_version` counts changes relative to its connection.
    revision_connection: Mutex<Option<ReadConnection>>,
    idle: Mutex<Vec<ReadConnection>>,
    /// Whether opening the file made its `-wal` and `-shm`.
    made_wal_files: bool,
}

impl SqliteFile {
    /// Opens the file for reading, and reads its schema.
    fn open(path: PathBuf, workspace: Option<String>) -> Result<Arc<Self>, QueryError> {
        let had_wal_files = wal_path(&path).exists();
        let read_connection = open_read_only(&path)?;
        let connection = &read_connection.connection;
        let file_name = path.file_name().unwrap_or(path.as_os_str());
        let address = path.to_string_lossy().into_owned();
        let schema = Schema::read(&SQLITE, connection, workspace.as_deref())?;
        workspaces::check(connection, &schema, workspace.as_deref())?;
        Ok(Arc::new(Self {
            made_wal_files: !had_wal_files && is_wal(connection)?,
            schema,
            identity: Identity {
                name: file_name.to_string_lossy().into_owned(),
                tracking_uri: format!("sqlite:///{address}"),
                origin: workspace_origin(&address, workspace.as_deref()),
                folder: path.parent().map(Path::to_owned),
            },
            workspace,
            revision_connection: Mutex::default(),
            idle: Mutex::new(vec![read_connection]),
            path,
        }))
    }

    /// A usable connection: `idle`, unless the file was replaced since it was opened.
    fn reuse_or_open(&self, idle: Option<ReadConnection>) -> Result<ReadConnection, QueryError> {
        let is_current = |connection: &ReadConnection| {
            metadata(&self.path).is_ok_and(|found| file_id(&found) == connection.file_id)
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
    fn read_only_reason(&self) -> Option<ReadOnlyReason> {
        let error = self.open_read_write().err()?;
        Some(ReadOnlyReason::NotWritable(error.why))
    }

    /// A connection for one transaction. It never creates a file.
    fn open_read_write(&self) -> Result<Connection, QueryError> {
        metadata(&self.path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(Duration::from_secs(limits::SQLITE_WRITE_SECONDS))?;
        connection.pragma_update(None, "foreign_keys", true)?;
        Deadline::guard(&mut connection)?;
        if connection.is_readonly(rusqlite::MAIN_DB)? {
            return Err(QueryError::new(
                StoreErrorKind::PermissionDenied,
                "the file is not writable",
            ));
        }
        Ok(connection)
    }
}

impl Database for SqliteFile {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn read(
        &self,
        _: Cancelled,
        query: &mut dyn FnMut(Tables<'_>) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        let lock = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = lock().pop();
        let read_connection = self.reuse_or_open(idle)?;
        query(Tables {
            connection: &read_connection.connection,
            schema: &self.schema,
        })?;
        let mut idle = lock();
        if idle.len() < MAX_IDLE_CONNECTIONS {
            idle.push(read_connection);
        }
        Ok(())
    }

    fn revision(&self) -> Result<Option<u64>, QueryError> {
        let mut connection = self
            .revision_connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let current = self.reuse_or_open(connection.take())?;
        let changes: i64 = current
            .connection
            .pragma_query_value(None, "data_version", |row| row.get(0))?;
        let metadata = metadata(&self.path)?;
        let mut hasher = DefaultHasher::new();
        (changes, metadata.len(), metadata.modified().ok()).hash(&mut hasher);
        *connection = Some(current);
        Ok(Some(hasher.finish()))
    }

    /// Locks the file from its begin.
    fn begin(&self) -> Result<Box<dyn Transaction>, QueryError> {
        let connection = self.open_read_write()?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(Box::new(SqliteTransaction {
            schema: Schema::read(&SQLITE, &connection, self.workspace.as_deref())?,
            connection,
        }))
    }
}

/// Closing the connection rolls it back.
struct SqliteTransaction {
    connection: Connection,
    schema: Schema,
}

impl Transaction for SqliteTransaction {
    fn tables(&self) -> Tables<'_> {
        Tables {
            connection: &self.connection,
            schema: &self.schema,
        }
    }

    fn commit(self: Box<Self>) -> Result<(), QueryError> {
        self.connection.execute_batch("COMMIT").map_err(|error| {
            let error = QueryError::from(error);
            QueryError {
                outcome_unknown: error.kind != StoreErrorKind::Busy,
                ..error
            }
        })
    }
}

impl Drop for SqliteFile {
    /// A connection that only reads can make the files of WAL mode but not remove them. One that could write does that when
    /// it closes, if no other program has the file open. It has nothing to write: an empty log is a condition.
    fn drop(&mut self) {
        let idle = self.idle.get_mut().unwrap_or_else(PoisonError::into_inner);
        idle.clear();
        *self
            .revision_connection
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner) = None;
        let is_empty = |wal: &Path| std::fs::metadata(wal).is_ok_and(|found| found.len() == 0);
        if self.made_wal_files && is_empty(&wal_path(&self.path)) {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let closing = Connection::open_with_flags(&self.path, flags);
            // The first read opens the log.
            let _ = closing.and_then(|connection| is_wal(&connection));
        }
    }
}

/// The version of the SQLite that is built in.
#[must_use]
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}
