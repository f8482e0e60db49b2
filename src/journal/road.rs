//! The road of a write: preflight, record, apply, verify, record. There is no other.

mod apply;
mod changes;

use std::time::Duration;

use thiserror::Error;

use super::book::Written as Line;
use super::{Entry, Journal, JournalError};
use crate::domain::{Fault, FaultKind, Millis, VersionNumber};
use crate::promote::{Cleared, INTENT_TAG, Intent, Outcome, Plan, Reading, judge};
use crate::store::{Read, Write};

use apply::{Applied, apply};
pub use changes::changes;

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

/// Who is told how far a plan got.
pub type Tell<'a> = &'a (dyn Fn(Progress) + Send + Sync);

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
    /// Why the end could not be recorded, if it could not: the write itself was recorded before it was sent.
    pub unrecorded: Option<String>,
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
    #[error("{0}; nothing was sent")]
    Journal(#[from] JournalError),
}

/// Reads what an intent's plan stands on, fresh.
///
/// # Errors
/// When the store can't be read. A model or a run that is not there is no error.
pub async fn read_registry(reader: &dyn Read, intent: &Intent) -> Result<Reading, Fault> {
    let name = intent.model().clone();
    let model = present(reader.model(&name).await)?;
    let versions = if model.is_some() { present(reader.versions(&name).await)?.unwrap_or_default() } else { Vec::new() };
    let run = match intent.run() {
        Some(id) => present(reader.run(id).await)?,
        None => None,
    };
    Ok(Reading { origin: reader.origin().to_owned(), name, model, versions, run })
}

/// What is missing is nothing; any other fault stays one.
fn present<T>(answer: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(fault) if fault.kind == FaultKind::Missing => Ok(None),
        Err(fault) => Err(fault),
    }
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
    progress: Tell<'_>,
) -> Result<Report, RoadError> {
    let plan = cleared.plan();
    progress(Progress::Preflight);
    let fresh = read_registry(reader, &plan.intent).await?;
    if fresh.origin != plan.origin || fresh.fingerprint() != plan.fingerprint {
        return Err(RoadError::Changed(changes(plan, &fresh)));
    }
    journal.append(&Line::Begin { id: plan.id.clone(), at: now(), plan: Box::new(plan.clone()), gates: cleared.gates().to_vec() })?;
    let applied = apply(plan, reader, writer, journal, progress).await;
    progress(Progress::Verifying);
    let (outcome, reading) = verify(plan, &applied, reader, writer.settle_period()).await;
    let ended = journal.append(&Line::End { id: plan.id.clone(), at: now(), outcome: outcome.clone() });
    Ok(Report {
        entry: plan.id.clone(),
        outcome,
        created: applied.created,
        now: reading,
        unrecorded: ended.err().map(|error| error.to_string()),
    })
}

/// Reads the whole state back at once, and again after it settled: a race shows only then.
async fn verify(plan: &Plan, applied: &Applied, reader: &dyn Read, settle: u64) -> (Outcome, Option<Reading>) {
    if applied.sent == 0
        && let Some(why) = &applied.refused
    {
        return (Outcome::NotApplied { why: why.clone() }, None);
    }
    let mut last = None;
    for round in 0..2 {
        if round > 0 {
            tokio::time::sleep(Duration::from_millis(settle)).await;
        }
        last = Some(read_registry(reader, &plan.intent).await);
        if applied.sent == 0 {
            break;
        }
    }
    match last {
        Some(Ok(reading)) => (told(judge(plan, applied.created, &reading), applied), Some(reading)),
        Some(Err(fault)) => (Outcome::Unknown { why: format!("the registry could not be read back: {fault}") }, None),
        None => (Outcome::Unknown { why: "the registry was not read back".into() }, None),
    }
}

/// The outcome with what is known of why: a refusal in the store's own words, a creation that can't be told apart.
fn told(outcome: Outcome, applied: &Applied) -> Outcome {
    match (outcome, &applied.refused, &applied.unknown) {
        (Outcome::NotApplied { .. }, Some(why), _) | (Outcome::NotApplied { .. }, None, Some(why)) => {
            Outcome::NotApplied { why: why.clone() }
        }
        // Every place is as planned, but a record or a tag before it was refused: that is said, too.
        (Outcome::Verified, Some(why), _) => Outcome::Conflict { found: vec![why.clone()] },
        (Outcome::Conflict { mut found }, refused, unknown) => {
            found.extend(refused.clone().or(unknown.clone()));
            Outcome::Conflict { found }
        }
        (outcome, _, _) => outcome,
    }
}

/// Looks again at an entry that is unfinished or unknown: what the registry says of it now, recorded.
///
/// # Errors
/// When the store can't be read or the journal can't be written.
pub async fn recover(entry: &Entry, reader: &dyn Read, journal: &Journal) -> Result<Outcome, RoadError> {
    let plan = &entry.plan;
    let reading = read_registry(reader, &plan.intent).await?;
    let created = entry.created.or_else(|| carrying(plan, &reading).first().copied());
    if let Some(version) = created.filter(|_| entry.created.is_none()) {
        journal.append(&Line::Created { id: entry.id.clone(), version })?;
    }
    let outcome = judge(plan, created, &reading);
    journal.append(&Line::End { id: entry.id.clone(), at: now(), outcome: outcome.clone() })?;
    Ok(outcome)
}

/// The versions that carry a plan's tag, oldest first.
fn carrying(plan: &Plan, reading: &Reading) -> Vec<VersionNumber> {
    let carries = |version: &&crate::domain::ModelVersion| version.tag(INTENT_TAG).is_some_and(|id| id.raw() == plan.id);
    let mut numbers: Vec<VersionNumber> = reading.versions.iter().filter(carries).map(|version| version.version).collect();
    numbers.sort();
    numbers
}

/// The time, ms since the epoch: an entry says when it was recorded.
fn now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
