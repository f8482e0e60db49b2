//! The road of a write: preflight, record, apply, verify, record. There is no other.

use std::borrow::Cow;
use std::time::Duration;

use thiserror::Error;

use super::send::StepSender;
use crate::domain::{StoreError, VersionNumber, VersionStatus};
use crate::ops::journal::{Journal, JournalError};
use crate::ops::registry::{describe_changes, read_snapshot};
use crate::promotion::journal::outcome;
use crate::promotion::journal::outcome::{ReadBack, SendResult};
use crate::promotion::journal::record::JournalRecord;
use crate::promotion::{
    Cleared, Intent, MetadataChange, Outcome, Plan, RegistryChange, RegistrySnapshot, Undo,
    find_by_intent_tag, verify,
};
use crate::store::{ReadStore, WriteStore};

/// How often a version that is not ready yet is looked at before it is left as it is.
const MAX_READY_POLLS: u64 = 60;

/// The longest wait between two looks, in ms.
const MAX_POLL_INTERVAL_MS: u64 = 5_000;

/// How far a plan got, for the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplyProgress {
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
pub struct ApplyReport {
    /// The journal's entry.
    pub entry_id: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The version that was made.
    pub created_version: Option<VersionNumber>,
    /// What the registry says now, if it could be asked.
    pub snapshot: Option<RegistrySnapshot>,
    /// Why the journal does not hold all of this: it could be written before the first request, and then no more.
    pub journal_error: Option<String>,
}

/// Why a plan was not carried out, with nothing sent.
#[derive(Debug, Error)]
pub enum ApplyError {
    /// The registry is not what the plan was made from: each difference, cleaned.
    #[error("the registry changed meanwhile: {}", .0.join("; "))]
    RegistryChanged(Vec<String>),
    /// The registry could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal could not be written.
    #[error("{0}; nothing was sent")]
    Journal(#[from] JournalError),
}

/// Carries out a cleared plan.
///
/// # Errors
/// When nothing was sent: the registry changed, could not be read, or the journal could not be written.
pub async fn apply_plan(
    cleared: Cleared,
    reader: &dyn ReadStore,
    writer: &dyn WriteStore,
    journal: &Journal,
    progress: &(dyn Fn(ApplyProgress) + Send + Sync),
) -> Result<ApplyReport, ApplyError> {
    let plan = cleared.plan();
    progress(ApplyProgress::Preflight);
    let current = read_snapshot(reader, &plan.intent).await?;
    if current.fingerprint() != plan.fingerprint || !plan.metadata_conflicts(&current).is_empty() {
        return Err(ApplyError::RegistryChanged(describe_changes(
            plan, &current,
        )));
    }
    journal.append(&JournalRecord::Begin {
        id: Cow::Borrowed(&plan.id),
        at: journal.now(),
        settle_window_ms: writer.settle_window(),
        plan: Cow::Borrowed(plan),
        gates: Cow::Borrowed(cleared.gates()),
    })?;
    let mut sender = StepSender::new(plan, reader, writer, journal, progress);
    let send_result = sender.send().await;
    let (read_back, now) = read_back(
        plan,
        sender.created_version,
        &send_result,
        reader,
        writer,
        progress,
    )
    .await;
    let outcome = outcome::final_outcome(&send_result, sender.has_applied_step, read_back);
    let created_version = sender.created_version.or_else(|| {
        now.as_ref()
            .and_then(|now| find_by_intent_tag(plan, now).first().copied())
    });
    let recorded = record_outcome(
        journal,
        plan,
        created_version.filter(|_| sender.created_version.is_none()),
        &outcome,
    );
    let journal_error = sender
        .journal_error
        .or(recorded.err())
        .map(|error| error.to_string());
    Ok(ApplyReport {
        entry_id: plan.id.clone(),
        outcome,
        created_version,
        snapshot: now,
        journal_error,
    })
}

/// Reads the registry back at once, and again when it has settled: two promoters at once are both told yes, and only
/// after a while does the registry show them both.
async fn read_back(
    plan: &Plan,
    created: Option<VersionNumber>,
    send_result: &SendResult,
    reader: &dyn ReadStore,
    writer: &dyn WriteStore,
    progress: &(dyn Fn(ApplyProgress) + Send + Sync),
) -> (ReadBack, Option<RegistrySnapshot>) {
    progress(ApplyProgress::Verifying);
    let first = poll_until_ready(plan, created, reader, progress).await;
    if matches!(send_result, SendResult::NothingArrived(_)) && first.is_err() {
        return (ReadBack::Unreadable(first.err()), None);
    }
    tokio::time::sleep(Duration::from_millis(writer.read_back_delay())).await;
    progress(ApplyProgress::Verifying);
    match read_snapshot(reader, &plan.intent).await {
        Ok(now) => (ReadBack::Compared(verify(plan, created, &now)), Some(now)),
        Err(fault) => (ReadBack::Unreadable(Some(fault)), first.ok()),
    }
}

/// Reads the registry until the version that was made is ready, or long enough.
async fn poll_until_ready(
    plan: &Plan,
    created: Option<VersionNumber>,
    reader: &dyn ReadStore,
    progress: &(dyn Fn(ApplyProgress) + Send + Sync),
) -> Result<RegistrySnapshot, StoreError> {
    let mut now = read_snapshot(reader, &plan.intent).await?;
    for attempt in 1..=MAX_READY_POLLS {
        let pending = created
            .and_then(|created| now.version(created))
            .filter(|version| version.status == VersionStatus::Pending);
        let Some(version) = pending else { break };
        let status = if version.status_message.is_empty() {
            String::new()
        } else {
            format!(": {}", version.status_message.clean())
        };
        progress(ApplyProgress::Waiting(format!(
            "{} is not ready yet{status}",
            plan.subject().label(version.version)
        )));
        tokio::time::sleep(Duration::from_millis(
            (attempt * 500).min(MAX_POLL_INTERVAL_MS),
        ))
        .await;
        now = read_snapshot(reader, &plan.intent).await?;
    }
    Ok(now)
}

/// Records how a plan ended, what it made if that is not recorded yet, and what it put back.
pub(crate) fn record_outcome(
    journal: &Journal,
    plan: &Plan,
    created: Option<VersionNumber>,
    outcome: &Outcome,
) -> Result<(), JournalError> {
    let id = || Cow::Borrowed(plan.id.as_str());
    if let Some(version) = created {
        journal.append(&JournalRecord::Created {
            id: id(),
            at: journal.now(),
            version,
        })?;
    }
    journal.append(&JournalRecord::End {
        id: id(),
        at: journal.now(),
        outcome: outcome.clone(),
    })?;
    if let (Intent::Undo(undo), Outcome::Verified) = (&plan.intent, outcome)
        && journal.entries(&plan.origin)?.iter().any(|earlier| {
            earlier.id == undo.entry_id
                && is_fully_undone(&earlier.plan, earlier.created_version, undo, plan)
        })
    {
        journal.append(&JournalRecord::Undone {
            id: Cow::Borrowed(&undo.entry_id),
            at: journal.now(),
            by: id(),
        })?;
    }
    Ok(())
}

/// Whether an undo restored everything that an entry changed, and not only one of its slots.
fn is_fully_undone(
    earlier: &Plan,
    created: Option<VersionNumber>,
    undo: &Undo,
    undo_plan: &Plan,
) -> bool {
    let after = &undo_plan.after;
    let is_restored = |change: RegistryChange| match change {
        RegistryChange::Stage { version, from, .. } => after.stages.get(&version) == Some(&from),
        RegistryChange::Alias { alias, from, .. } => after.aliases.get(&alias).copied() == from,
        RegistryChange::Run { run, from, .. } => after.runs.get(&run) == Some(&from),
        RegistryChange::Request {
            version,
            stage,
            is_open,
        } => !is_open || !after.requests.contains(&(version, stage)),
    };
    // The intent lists all metadata, the plan only what was not restored already.
    let is_metadata_restored = |change: &MetadataChange| undo.metadata.contains(&change.inverse());
    earlier.metadata.iter().all(is_metadata_restored)
        && earlier.changes().into_iter().all(is_restored)
        && created.is_none_or(|version| !after.stages.contains_key(&version))
}
