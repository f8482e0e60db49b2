//! A database server: its connections, and the transactions in which it is read and written.
//!
//! Nothing depends on the state of a session: a pool of connections may stand between.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::database::{Cancelled, Database, Identity, Transaction};
use super::dialect::Dialect;
use super::schema::Schema;
use super::tables::{Connection, QueryError, Row, Tables};
use super::uri::DatabaseUri;
use super::values::{integer, text};
use super::{check_schema, handle, workspaces};
use crate::domain::StoreErrorKind;
use crate::store::local::run_blocking;
use crate::store::{
    AccessMode, ConnectOptions, ReadOnlyReason, Result, StoreHandle, limits, workspace_origin,
};

/// The most connections at once: as many as one page of runs uses.
const MAX_CONNECTIONS: usize = 6;

/// How a server is connected to.
pub(super) trait Connector: Send + Sync + Sized + 'static {
    type Connection: ServerConnection;

    fn dialect(&self) -> &'static Dialect;

    fn runtime(&self) -> &Handle;

    /// The address without user and secrets.
    fn address(&self) -> String;

    fn connect(&self) -> Result<Self::Connection, QueryError>;

    /// Whether the server is read-only, and whether the user may write.
    fn access_sql(&self) -> &'static str;

    /// What changes with every write of any session; `None` if nothing does.
    fn revision_sql(&self) -> Option<&'static str>;
}

/// A connection to a server, in a transaction or not.
pub(super) trait ServerConnection: Connection + Send + 'static {
    /// Whether it is still open, as far as is known.
    fn is_usable(&self) -> bool;

    /// What gives up the queries that follow.
    fn set_cancelled(&self, cancelled: Option<Cancelled>);

    /// Starts a transaction that sees one state of the database and can only read.
    fn begin_read(&self) -> Result<(), QueryError>;

    /// Starts a transaction that fails if what it read is changed by others.
    fn begin_write(&self) -> Result<(), QueryError>;

    fn commit(&self) -> Result<(), QueryError>;
}

/// Waits for work of the server; `None` if it was given up, or took too long.
pub(super) fn wait<T>(
    runtime: &Handle,
    cancelled: &mut Option<Cancelled>,
    work: impl Future<Output = T>,
) -> Option<T> {
    // A little longer than the server takes, so that its own timeout comes first.
    let timeout = Duration::from_secs(limits::DATABASE_QUERY_SECONDS + 5);
    let result = runtime.block_on(async {
        let given_up = async {
            match cancelled.as_mut() {
                Some(cancelled) => _ = cancelled.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            result = work => Some(result),
            () = given_up => None,
            () = tokio::time::sleep(timeout) => None,
        }
    });
    if result.is_none() {
        // It can't be asked again.
        *cancelled = None;
    }
    result
}

/// Whether a query failed for what it found, and not for the connection.
fn is_answer(error: &QueryError) -> bool {
    use StoreErrorKind as Kind;
    matches!(
        error.kind,
        Kind::NotFound | Kind::Unsupported | Kind::InvalidRequest
    )
}

pub(super) fn given_up() -> QueryError {
    QueryError::new(
        StoreErrorKind::Timeout,
        format!(
            "a query took longer than {} s, or was given up",
            limits::DATABASE_QUERY_SECONDS
        ),
    )
}

pub(super) fn too_large() -> QueryError {
    QueryError::new(
        StoreErrorKind::ResponseTooLarge,
        format!(
            "the result of a query is larger than {} MiB",
            limits::DATABASE_RESULT_BYTES >> 20
        ),
    )
}

/// Waits for the first connection, which can be lost without an answer.
pub(super) async fn within_connect_timeout<T>(
    connect: impl Future<Output = Result<T, QueryError>>,
) -> Result<T, QueryError> {
    let seconds = limits::CONNECT_SECONDS;
    let timeout = tokio::time::timeout(Duration::from_secs(seconds), connect);
    timeout.await.unwrap_or_else(|_| {
        let why = format!("no answer within {seconds} s");
        Err(QueryError::new(StoreErrorKind::Unreachable, why))
    })
}

/// Connects, and reads the schema.
pub(super) async fn open<C: Connector>(
    uri: &DatabaseUri,
    dialect: &'static Dialect,
    connector: Result<C, QueryError>,
    mode: AccessMode,
    options: &ConnectOptions,
) -> Result<StoreHandle> {
    let what = format!("opening {uri}");
    let workspace = options.workspace.clone();
    let opened = run_blocking(&what, move || {
        let server = Server::open(connector?, workspace)?;
        let access = match check_schema(&server.schema, mode)? {
            Ok(()) => server.read_only_reason()?.map_or(Ok(()), Err),
            reason => reason,
        };
        Ok((server, access))
    })
    .await?;
    let (server, access) =
        opened.map_err(|error: QueryError| error.into_store_error(&what, dialect))?;
    Ok(handle(server, access))
}

struct Server<C: Connector> {
    connector: C,
    identity: Identity,
    schema: Arc<Schema>,
    workspace: Option<String>,
    idle: Arc<IdleConnections<C::Connection>>,
    permits: Semaphore,
}

/// Connections between two transactions.
struct IdleConnections<C>(Mutex<Vec<C>>);

impl<C: ServerConnection> IdleConnections<C> {
    /// A connection on which a transaction could be started: a server that was restarted closed the
    /// idle ones.
    fn take(&self, begin: impl Fn(&C) -> Result<(), QueryError>) -> Option<C> {
        let idle = self.lock().pop().filter(ServerConnection::is_usable)?;
        begin(&idle).is_ok().then_some(idle)
    }

    fn put_back(&self, connection: C) {
        let mut idle = self.lock();
        if idle.len() < MAX_CONNECTIONS {
            idle.push(connection);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<C>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Connector> Server<C> {
    fn open(connector: C, workspace: Option<String>) -> Result<Arc<Self>, QueryError> {
        let connection = connector.connect()?;
        connection.begin_read()?;
        let schema = Schema::read(connector.dialect(), &connection, workspace.as_deref())?;
        workspaces::check(&connection, &schema, workspace.as_deref())?;
        connection.commit()?;
        let address = connector.address();
        Ok(Arc::new(Self {
            identity: Identity {
                name: address.clone(),
                origin: workspace_origin(&address, workspace.as_deref()),
                tracking_uri: address,
                folder: None,
            },
            connector,
            schema: Arc::new(schema),
            workspace,
            idle: Arc::new(IdleConnections(Mutex::new(vec![connection]))),
            permits: Semaphore::new(MAX_CONNECTIONS),
        }))
    }

    /// Works on an idle connection, or a new one, in a transaction that can only read.
    fn with_connection<T>(
        &self,
        cancelled: Option<Cancelled>,
        work: impl FnOnce(Tables<'_>) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        let _permit = self.connector.runtime().block_on(self.permits.acquire());
        let connection = self.begun(ServerConnection::begin_read)?;
        connection.set_cancelled(cancelled);
        let result = work(Tables {
            connection: &connection,
            schema: &self.schema,
        });
        connection.set_cancelled(None);
        match &result {
            Ok(_) => {
                connection.commit()?;
                self.idle.put_back(connection);
            }
            // After an error of the server, this rolls back.
            Err(error) if is_answer(error) && connection.commit().is_ok() => {
                self.idle.put_back(connection);
            }
            Err(_) => {}
        }
        result
    }

    /// An idle connection, or a new one, in a transaction.
    fn begun(
        &self,
        begin: impl Fn(&C::Connection) -> Result<(), QueryError>,
    ) -> Result<C::Connection, QueryError> {
        if let Some(connection) = self.idle.take(&begin) {
            return Ok(connection);
        }
        let connection = self.connector.connect()?;
        begin(&connection)?;
        Ok(connection)
    }

    /// The schema in a transaction: the known one, unless MLflow migrated it meanwhile.
    fn current_schema(&self, connection: &C::Connection) -> Result<Arc<Schema>, QueryError> {
        let known = self.schema.alembic_head();
        if known.is_some() && self.schema.read_alembic_head(connection)?.as_deref() == known {
            return Ok(Arc::clone(&self.schema));
        }
        let dialect = self.connector.dialect();
        let schema = Schema::read(dialect, connection, self.workspace.as_deref())?;
        Ok(Arc::new(schema))
    }

    /// Why the user of this session can't write.
    fn read_only_reason(&self) -> Result<Option<ReadOnlyReason>, QueryError> {
        let sql = self.connector.access_sql();
        let flag = |row: &dyn Row, column| integer(row, column) == Some(1);
        let access = self.with_connection(None, |tables| {
            tables.first(sql, &[], |row| (flag(row, 0), flag(row, 1)))
        })?;
        let why = match access.unwrap_or_default() {
            (true, _) => "the database server is read-only",
            (false, false) => "the user of the database has no privilege to write model_versions",
            (false, true) => return Ok(None),
        };
        Ok(Some(ReadOnlyReason::NotWritable(why.to_owned())))
    }
}

impl<C: Connector> Database for Server<C> {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn read(
        &self,
        cancelled: Cancelled,
        query: &mut dyn FnMut(Tables<'_>) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        self.with_connection(Some(cancelled), query)
    }

    fn revision(&self) -> Result<Option<u64>, QueryError> {
        let Some(sql) = self.connector.revision_sql() else {
            return Ok(None);
        };
        let state =
            self.with_connection(None, |tables| tables.first(sql, &[], |row| text(row, 0)))?;
        Ok(state.map(|state| {
            let mut hasher = DefaultHasher::new();
            state.raw().hash(&mut hasher);
            hasher.finish()
        }))
    }

    fn begin(&self) -> Result<Box<dyn Transaction>, QueryError> {
        let connection = self.begun(ServerConnection::begin_write)?;
        Ok(Box::new(ServerTransaction {
            schema: self.current_schema(&connection)?,
            idle: Arc::clone(&self.idle),
            connection,
        }))
    }
}

/// The server rolls it back when its connection is closed.
struct ServerTransaction<C> {
    connection: C,
    idle: Arc<IdleConnections<C>>,
    schema: Arc<Schema>,
}

impl<C: ServerConnection> Transaction for ServerTransaction<C> {
    fn tables(&self) -> Tables<'_> {
        Tables {
            connection: &self.connection,
            schema: &self.schema,
        }
    }

    fn commit(self: Box<Self>) -> Result<(), QueryError> {
        self.connection.commit().map_err(|error| {
            // An answer of the server says that it was rolled back.
            let is_lost = matches!(
                error.kind,
                StoreErrorKind::Unreachable | StoreErrorKind::Timeout
            );
            QueryError {
                outcome_unknown: is_lost,
                ..error
            }
        })?;
        self.idle.put_back(self.connection);
        Ok(())
    }
}
