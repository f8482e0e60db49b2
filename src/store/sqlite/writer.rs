//! Writing to the registry: each write over a connection of its own, in one transaction that holds the file from its
//! beginning, so that what it checks is still so when it writes.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::TransactionBehavior;

use super::changes;
use super::connection::{Database, Failure, blocking};
use super::describe::{describe, doing};
use super::schema::Schema;
use crate::domain::{Fault, FaultKind, RegistryWrite};
use crate::store::{Answer, Write, Written};

/// How long until another writer's change can be seen, in ms: at once, but two writers may take turns.
const SETTLE: u64 = 50;

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
impl Write for SqliteWriter {
    async fn write(&self, write: &RegistryWrite) -> Answer<Written> {
        let (database, write) = (Arc::clone(&self.database), write.clone());
        blocking(doing(&write), move || Ok(attempt(&database, &write))).await?
    }

    /// None: a transaction ends with its answer, or with the process.
    fn quiet_period(&self) -> u64 {
        0
    }

    fn settle_period(&self) -> u64 {
        SETTLE
    }

    fn describe(&self, write: &RegistryWrite) -> String {
        describe(write)
    }
}

fn attempt(database: &Database, write: &RegistryWrite) -> Answer<Written> {
    let undone = |failure: Failure| undone(failure.during(doing(write)));
    let mut connection = database.writing().map_err(undone)?;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| undone(error.into()))?;
    // Read again for every write: somebody may have upgraded the file since it was opened.
    let schema = Schema::read(&transaction).map_err(|error| undone(error.into()))?;
    if let Some(why) = schema.why_not_written() {
        return Err(undone(Failure::Known(FaultKind::Unsupported, why)));
    }
    let written = changes::make(&transaction, &schema, write).map_err(undone)?;
    transaction.commit().map_err(|error| {
        let fault = undone(error.into());
        if fault.kind == FaultKind::Busy {
            fault
        } else {
            fault.maybe_done()
        }
    })?;
    Ok(written)
}

/// A fault of a write that was rolled back. One that only waited in vain can be sent again as it is.
fn undone(mut fault: Fault) -> Fault {
    fault.never_left = fault.kind == FaultKind::Busy;
    fault
}
