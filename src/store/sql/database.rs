//! An open database, and reading it off the async threads, inside a transaction or not.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::schema::Schema;
use super::tables::{QueryError, Tables};
use crate::store::Result;
use crate::store::local;

/// What a database is called.
#[derive(Debug)]
pub(super) struct Identity {
    /// For users, without secrets.
    pub(super) name: String,
    /// By which the journal keeps entries, without secrets.
    pub(super) origin: String,
    /// For MLflow, without secrets.
    pub(super) tracking_uri: String,
    /// The folder around a file.
    pub(super) folder: Option<PathBuf>,
}

/// Resolves when the reader that waits for a query gives up.
pub(super) type Cancelled = oneshot::Receiver<()>;

/// An open database. Its methods block.
pub(super) trait Database: Send + Sync {
    fn identity(&self) -> &Identity;

    /// The schema when it was opened.
    fn schema(&self) -> &Schema;

    /// Runs a query on a connection that can only read.
    fn read(
        &self,
        cancelled: Cancelled,
        query: &mut dyn FnMut(Tables<'_>) -> Result<(), QueryError>,
    ) -> Result<(), QueryError>;

    /// A number that changes whenever the content may have changed.
    fn revision(&self) -> Result<Option<u64>, QueryError>;

    /// Starts a transaction in which nothing that it reads can change until it writes.
    fn begin(&self) -> Result<Box<dyn Transaction>, QueryError>;
}

/// A transaction, rolled back when it is dropped.
pub(super) trait Transaction: Send {
    /// With the schema as it is in the transaction.
    fn tables(&self) -> Tables<'_>;

    fn commit(self: Box<Self>) -> Result<(), QueryError>;
}

/// A transaction that a reader and a writer share; `None` once it ended.
pub(super) type SharedTransaction = Arc<Mutex<Option<Box<dyn Transaction>>>>;

/// Where a store reads: a database, or a transaction in it.
#[derive(Clone)]
pub(super) struct Source {
    database: Arc<dyn Database>,
    transaction: Option<SharedTransaction>,
}

impl Source {
    pub(super) fn new(database: Arc<dyn Database>) -> Self {
        Self {
            database,
            transaction: None,
        }
    }

    pub(super) fn in_transaction(
        database: Arc<dyn Database>,
        transaction: SharedTransaction,
    ) -> Self {
        Self {
            database,
            transaction: Some(transaction),
        }
    }

    pub(super) fn identity(&self) -> &Identity {
        self.database.identity()
    }

    pub(super) fn schema(&self) -> &Schema {
        self.database.schema()
    }

    pub(super) fn folder(&self) -> Option<&Path> {
        self.identity().folder.as_deref()
    }

    /// Runs a query off the async threads; `what` names it in errors. A server is told to give it
    /// up when the returned future is dropped.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        what: &str,
        query: impl FnOnce(Tables<'_>) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T> {
        let (database, transaction) = (Arc::clone(&self.database), self.transaction.clone());
        let (_waiting, cancelled) = oneshot::channel();
        self.run_blocking(what, move || match transaction {
            Some(transaction) => in_transaction(&transaction, query),
            None => read_once(&*database, cancelled, query),
        })
        .await
    }

    /// Runs other work off the async threads.
    pub(super) async fn run_blocking<T: Send + 'static>(
        &self,
        what: &str,
        work: impl FnOnce() -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T> {
        local::run_blocking(what, work)
            .await?
            .map_err(|error| error.into_store_error(what, self.schema().dialect()))
    }

    pub(super) async fn revision(&self) -> Result<Option<u64>> {
        let database = Arc::clone(&self.database);
        self.run_blocking("checking for changes", move || database.revision())
            .await
    }
}

/// Runs a query that can be run only once.
fn read_once<T>(
    database: &dyn Database,
    cancelled: Cancelled,
    query: impl FnOnce(Tables<'_>) -> Result<T, QueryError>,
) -> Result<T, QueryError> {
    let (mut query, mut result) = (Some(query), None);
    database.read(cancelled, &mut |tables| {
        if let Some(query) = query.take() {
            result = Some(query(tables)?);
        }
        Ok(())
    })?;
    result.ok_or_else(ended)
}

/// Works in an open transaction.
pub(super) fn in_transaction<T>(
    transaction: &SharedTransaction,
    work: impl FnOnce(Tables<'_>) -> Result<T, QueryError>,
) -> Result<T, QueryError> {
    let open = transaction.lock().unwrap_or_else(PoisonError::into_inner);
    work(open.as_ref().ok_or_else(ended)?.tables())
}

/// For work after the end of a transaction, of which there is none.
pub(super) fn ended() -> QueryError {
    QueryError::new(
        crate::domain::StoreErrorKind::ServerError,
        "the transaction has ended",
    )
}
