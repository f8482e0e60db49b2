//! Writing to the registry: each write over a connection of its own, in one transaction that holds the file from its
//! beginning, so that what it checks is still so when it writes.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::TransactionBehavior;

use super::connection::{Database, QueryError, run_blocking};
use super::registry_writes;
use super::schema::Schema;
use super::sql_preview::{describe_operation, preview_sql};
use crate::domain::{StoreError, StoreErrorKind, StoreWrite};
use crate::store::{Result, WriteResponse, WriteStore};

/// How long until another writer's change can be seen, in ms: at once, but two writers may take turns.
const READ_BACK_DELAY_MS: u64 = 50;

/// The right to write to a file.
pub(super) struct SqliteWriter {
    database: Arc<Database>,
}

impl SqliteWriter {
    /// A writer to a file; nothing is opened until something is written.
    pub(super) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
}

#[async_trait]
impl WriteStore for SqliteWriter {
    async fn write(&self, write: &StoreWrite) -> Result<WriteResponse> {
        let (database, write) = (Arc::clone(&self.database), write.clone());
        run_blocking(describe_operation(&write), move || {
            Ok(write_in_transaction(&database, &write))
        })
        .await?
    }

    /// None: a transaction ends with its answer, or with the process.
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

fn write_in_transaction(database: &Database, write: &StoreWrite) -> Result<WriteResponse> {
    let rolled_back_error =
        |failure: QueryError| rolled_back(failure.into_store_error(describe_operation(write)));
    let mut connection = database.open_read_write().map_err(rolled_back_error)?;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| rolled_back_error(error.into()))?;
    // Read again for every write: somebody may have upgraded the file since it was opened.
    let schema = Schema::read(&transaction).map_err(|error| rolled_back_error(error.into()))?;
    if let Some(why) = schema.read_only_reason() {
        return Err(rolled_back_error(QueryError::Store(
            StoreErrorKind::Unsupported,
            why.to_string(),
        )));
    }
    let written =
        registry_writes::apply_write(&transaction, &schema, write).map_err(rolled_back_error)?;
    transaction.commit().map_err(|error| {
        let fault = rolled_back_error(error.into());
        if fault.kind == StoreErrorKind::Busy {
            fault
        } else {
            fault.with_outcome_unknown()
        }
    })?;
    Ok(written)
}

/// A fault of a write that was rolled back. One that only waited in vain can be sent again as it is.
fn rolled_back(mut fault: StoreError) -> StoreError {
    fault.not_sent = fault.kind == StoreErrorKind::Busy;
    fault
}
