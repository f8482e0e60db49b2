//! Writes: each on its own connection, in one transaction that locks the file from its begin, so
//! that what was checked still holds when it writes.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::TransactionBehavior;

use super::connection::{Database, QueryError, Tables};
use super::schema::Schema;
use super::sql_preview::preview_sql;
use super::writes::apply_write;
use crate::domain::{StoreError, StoreErrorKind, StoreWrite};
use crate::store::describe_write::describe_operation;
use crate::store::local::run_blocking;
use crate::store::{Result, WriteResponse, WriteStore};

/// A change is visible at once, but two writers may take turns.
const READ_BACK_DELAY_MS: u64 = 50;

/// Opens nothing until the first write.
pub(super) struct SqliteWriter(pub(super) Arc<Database>);

#[async_trait]
impl WriteStore for SqliteWriter {
    async fn write(&self, write: &StoreWrite) -> Result<WriteResponse> {
        let (database, write) = (Arc::clone(&self.0), write.clone());
        let what = describe_operation(&write);
        run_blocking(&what, move || write_in_transaction(&database, &write)).await?
    }

    /// None: a transaction ends before its call returns, or with the process.
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
    let rolled_back =
        |error: QueryError| mark_unsent(error.into_store_error(describe_operation(write)));
    let mut connection = database.open_read_write().map_err(rolled_back)?;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| rolled_back(error.into()))?;
    // Another program may have upgraded the file since it was opened.
    let schema = Schema::read(&transaction).map_err(|error| rolled_back(error.into()))?;
    if let Some(reason) = schema.read_only_reason() {
        let error = QueryError::Store(StoreErrorKind::Unsupported, reason.to_string());
        return Err(rolled_back(error));
    }
    let tables = Tables {
        connection: &transaction,
        schema: &schema,
    };
    let response = apply_write(tables, write).map_err(rolled_back)?;
    transaction.commit().map_err(|error| {
        let error = rolled_back(error.into());
        if error.kind == StoreErrorKind::Busy {
            error
        } else {
            error.with_outcome_unknown()
        }
    })?;
    Ok(response)
}

/// A rolled back write that only waited for the lock can be sent again.
fn mark_unsent(mut error: StoreError) -> StoreError {
    error.not_sent = error.kind == StoreErrorKind::Busy;
    error
}
