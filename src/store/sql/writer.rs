//! Writes, each in a transaction, or several in one: what was checked in it still holds when it
//! writes.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::SqlStore;
use super::database::{Database, SharedTransaction, Source, Transaction, ended, in_transaction};
use super::sql_preview::preview_sql;
use super::tables::{QueryError, Tables};
use super::writes::apply_write;
use crate::domain::{StoreError, StoreErrorKind, StoreWrite};
use crate::store::describe_write::describe_operation;
use crate::store::local::run_blocking;
use crate::store::{ReadStore, Result, WriteResponse, WriteStore, WriteTransaction};

/// A change is visible at once, but two writers may take turns.
const READ_BACK_DELAY_MS: u64 = 50;

/// Opens nothing until the first write.
pub(super) struct SqlWriter(pub(super) Arc<dyn Database>);

impl SqlWriter {
    /// Works off the async threads. What failed was rolled back: it was not sent if it only waited
    /// for others.
    async fn run<T: Send + 'static>(
        &self,
        what: &str,
        work: impl FnOnce(&dyn Database) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T> {
        let database = Arc::clone(&self.0);
        run_blocking(what, move || work(&*database))
            .await?
            .map_err(|error| rolled_back(&*self.0, error, what))
    }
}

#[async_trait]
impl WriteStore for SqlWriter {
    async fn write(&self, write: &StoreWrite) -> Result<WriteResponse> {
        let (what, write) = (describe_operation(write), write.clone());
        self.run(&what, move |database| {
            let transaction = begin(database)?;
            let response = apply_write(transaction.tables(), &write)?;
            transaction.commit()?;
            Ok(response)
        })
        .await
    }

    async fn begin(&self, _: &[&StoreWrite]) -> Result<Option<Box<dyn WriteTransaction>>> {
        let open = self.run("starting a transaction", begin).await?;
        let open: SharedTransaction = Arc::new(Mutex::new(Some(open)));
        let source = Source::in_transaction(Arc::clone(&self.0), Arc::clone(&open));
        Ok(Some(Box::new(SqlTransaction {
            writer: Self(Arc::clone(&self.0)),
            reader: SqlStore::new(source),
            open,
        })))
    }

    /// None: a transaction ends before its call returns, or with the connection.
    fn settle_window(&self) -> u64 {
        0
    }

    fn read_back_delay(&self) -> u64 {
        READ_BACK_DELAY_MS
    }

    fn describe(&self, write: &StoreWrite) -> String {
        preview_sql(write)
    }
}

/// Starts a transaction, if the database can still be written.
fn begin(database: &dyn Database) -> Result<Box<dyn Transaction>, QueryError> {
    let transaction = database.begin()?;
    // Another program may have upgraded the schema since it was opened.
    match transaction.tables().schema.read_only_reason() {
        Some(reason) => QueryError::unsupported(reason.to_string()),
        None => Ok(transaction),
    }
}

fn rolled_back(database: &dyn Database, error: QueryError, what: &str) -> StoreError {
    let mut error = error.into_store_error(what, database.schema().dialect());
    error.not_sent = error.kind == StoreErrorKind::Busy && !error.outcome_unknown;
    error
}

struct SqlTransaction {
    writer: SqlWriter,
    reader: SqlStore,
    open: SharedTransaction,
}

#[async_trait]
impl WriteTransaction for SqlTransaction {
    fn reader(&self) -> &dyn ReadStore {
        &self.reader
    }

    async fn write(&self, write: &StoreWrite) -> Result<WriteResponse> {
        let (what, write, open) = (
            describe_operation(write),
            write.clone(),
            Arc::clone(&self.open),
        );
        let work = move |tables: Tables<'_>| apply_write(tables, &write);
        self.writer
            .run(&what, move |_| in_transaction(&open, work))
            .await
    }

    async fn commit(self: Box<Self>) -> Result<()> {
        let open = Arc::clone(&self.open);
        self.writer
            .run("committing a transaction", move |_| {
                let open = open.lock().unwrap_or_else(PoisonError::into_inner).take();
                open.ok_or_else(ended)?.commit()
            })
            .await
    }
}
