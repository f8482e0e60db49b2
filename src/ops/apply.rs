//! Applying a cleared plan: preflight, record, send, read back, record. There is no other way to write.

use std::borrow::Cow;
use std::time::Duration;

use thiserror::Error;

use super::gates;
use super::lineage::LineageSources;
use super::send::StepSender;
use crate::domain::{StoreError, VersionNumber, VersionStatus};
use crate::ops::journal::{Journal, JournalError};
use crate::ops::registry::{describe_changes, read_snapshot};
use crate::promotion::journal::outcome;
use crate::promotion::journal::outcome::{ReadBack, SendResult};
use crate::promotion::journal::record::JournalRecord;
use crate::promotion::policy::Policy;
use crate::promotion::{
    Cleared, Intent, MetadataChange, Outcome, Plan, RegistryChange, RegistrySnapshot, Undo,
    find_by_intent_tag, verify,
};
use crate::store::{ReadStore, WriteStore};

/// Polls of a version that is not ready before giving up.
const MAX_READY_POLLS: u64 = 60;

/// Longest wait between two polls, in ms.
const MAX_POLL_INTERVAL_MS: u64 = 5_000;

/// Progress of an applied plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplyProgress {
    /// Checking that the registry is as planned on.
    Preflight,
    /// Sending the step with this index.
    Step(usize),
    /// Waiting for a version to be ready, or for a lost request to settle.
    Waiting(String),
    /// Reading the registry back.
    Verifying,
}

/// Result of an applied plan.
#[derive(Clone, Debug, PartialEq)]
pub struct ApplyReport {
    /// Id of the journal entry.
    pub entry_id: String,
    /// From responses and read-back.
    pub outcome: Outcome,
    /// The version that it created.
    pub created_version: Option<VersionNumber>,
    /// The registry afterwards, if it could be read.
    pub snapshot: Option<RegistrySnapshot>,
    /// Why the store refused a step, if it did.
    pub refusal: Option<StoreError>,
    /// Why the journal lacks a part of this, if writing to it failed after the first request.
    pub journal_error: Option<String>,
}

/// Why a plan was not applied; no request was sent.
#[derive(Debug, Error)]
pub enum ApplyError {
    /// Differences to the registry that the plan was made from, cleaned.
    #[error("the registry changed since the plan: {}", .0.join("; "))]
    RegistryChanged(Vec<String>),
    /// The registry could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal could not be written.
    #[error("{0}; nothing was written")]
    Journal(#[from] JournalError),
}

/// What a plan is applied with.
#[derive(Clone, Copy)]
pub struct ApplyContext<'a> {
    /// The store to read back from, and where gates find evidence.
    pub sources: LineageSources<'a>,
    /// The same store, for writing.
    pub writer: &'a dyn WriteStore,
    /// Evaluated again immediately before the first request.
    pub policy: &'a Policy,
    /// Records every step before and after it.
    pub journal: &'a Journal,
}

/// Applies a cleared plan.
///
/// # Errors
/// When no request was sent: the registry or a fact that the gates saw changed or could not be read, or the journal could
/// not be written.
pub async fn apply_plan(
    cleared: Cleared,
    context: ApplyContext<'_>,
    progress: &(dyn Fn(ApplyProgress) + Send + Sync),
) -> Result<ApplyReport, ApplyError> {
    let ApplyContext {
        writer, journal, ..
    } = context;
    let reader = context.sources.reader;
    let plan = cleared.plan();
    progress(ApplyProgress::Preflight);
    check_preconditions(&cleared, context).await?;
    journal.append(&JournalRecord::Begin {
        id: Cow::Borrowed(&plan.id),
        at: journal.now(),
        uptime: journal.uptime(),
        settle_window_ms: writer.settle_window(),
        plan: Cow::Borrowed(plan),
        gates: Cow::Borrowed(&**cleared.gates()),
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
    let outcome = outcome::final_outcome(
        &send_result,
        sender.has_applied_step,
        sender.unsent_steps > 0,
        read_back,
    );
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
        refusal: send_result.into_refusal(),
        journal_error,
    })
}

/// Compares registry and gates with what the plan was made from. The facts are read after the registry, as late as possible.
async fn check_preconditions(
    cleared: &Cleared,
    context: ApplyContext<'_>,
) -> Result<(), ApplyError> {
    let plan = cleared.plan();
    let current = read_snapshot(context.sources.reader, &plan.intent).await?;
    if current.fingerprint() != plan.fingerprint || !plan.metadata_conflicts(&current).is_empty() {
        return Err(ApplyError::RegistryChanged(describe_changes(
            plan, &current,
        )));
    }
    let (gates, _) = gates::evaluate(
        context.policy,
        context.sources,
        &plan.intent,
        &current,
        cleared.gates().promoter(),
    )
    .await?;
    let changes = cleared.gates().differences(&gates);
    if changes.is_empty() {
        Ok(())
    } else {
        Err(ApplyError::RegistryChanged(changes))
    }
}

/// Reads the registry back at once, and again after a delay: of two concurrent promotions both are confirmed, and only later does
/// the registry show both.
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
        Err(error) => (ReadBack::Unreadable(Some(error)), first.ok()),
    }
}

/// Reads the registry until the created version is ready or the polls are used up.
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

/// Records the outcome, the created version if not recorded yet, and the entry that it undid.
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
