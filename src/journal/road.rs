//! The road of a write: preflight, record, apply, verify, record. There is no other.

use thiserror::Error;

use super::{Entry, Journal, JournalError};
use crate::domain::{Fault, VersionNumber};
use crate::promote::{Cleared, Intent, Outcome, Plan, Reading};
use crate::store::{Read, Write};

/// How far a plan got, for the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Reading the registry again.
    Preflight,
    /// Sending a step, from 0.
    Step(usize),
    /// Waiting for a version to be ready, or for a lost request to land.
    Waiting(String),
    /// Reading back.
    Verifying,
}

/// What came of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The journal's entry.
    pub entry: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The version that was made.
    pub created: Option<VersionNumber>,
    /// What the registry says now, if it could be asked.
    pub now: Option<Reading>,
}

/// Why a plan was not carried out, with nothing sent.
#[derive(Debug, Error)]
pub enum RoadError {
    /// The registry is not what the plan was made from: each difference, cleaned.
    #[error("the registry changed meanwhile: {}", .0.join("; "))]
    Changed(Vec<String>),
    /// The registry could not be read.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The journal could not be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Reads what an intent's plan stands on, fresh.
///
/// # Errors
/// When the store can't be read. A model that is not there is no error.
pub async fn read_registry(reader: &dyn Read, intent: &Intent) -> Result<Reading, Fault> {
    let _ = (reader.name(), intent);
    unimplemented!()
}

/// Carries out a cleared plan.
///
/// # Errors
/// When nothing was sent: the registry changed, could not be read, or the journal could not be written.
pub async fn carry_out(
    cleared: Cleared,
    reader: &dyn Read,
    writer: &dyn Write,
    journal: &Journal,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Report, RoadError> {
    let _ = (cleared, reader.name(), writer.quiet_period(), journal, progress);
    unimplemented!()
}

/// Looks again at an entry that is unfinished or unknown: what the registry says of it now, recorded.
///
/// # Errors
/// When the store can't be read or the journal can't be written.
pub async fn recover(entry: &Entry, reader: &dyn Read, journal: &Journal) -> Result<Outcome, RoadError> {
    let _ = (entry, reader.name(), journal);
    unimplemented!()
}

/// The differences between what a plan was made from and what is there now, in words.
#[must_use]
pub fn changes(plan: &Plan, now: &Reading) -> Vec<String> {
    let _ = (plan, now);
    unimplemented!()
}
