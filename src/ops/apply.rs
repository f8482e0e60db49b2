//! The road of a write: preflight, record, apply, verify, record. There is no other.

use std::borrow::Cow;
use std::time::Duration;

use thiserror::Error;

use super::send::Sender;
use crate::domain::{Fault, VersionNumber, VersionStatus};
use crate::ops::journal::{Journal, JournalError};
use crate::ops::registry::{changes, read_registry};
use crate::promotion::journal::line::Line;
use crate::promotion::journal::verdict;
use crate::promotion::journal::verdict::{Seen, Sent};
use crate::promotion::{Change, Cleared, Intent, Outcome, Plan, Reading, judge, marked};
use crate::store::{Read, Write};

/// How often a version that is not ready yet is looked at before it is left as it is.
const LOOKS: u64 = 60;

/// The longest wait between two looks, in ms.
const LONGEST_LOOK: u64 = 5_000;

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
    /// Why the journal does not hold all of this: it could be written before the first request, and then no more.
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
    let plan = cleared.plan();
    progress(Progress::Preflight);
    let ground = read_registry(reader, &plan.intent).await?;
    if ground.fingerprint() != plan.fingerprint || !plan.said_otherwise(&ground).is_empty() {
        return Err(RoadError::Changed(changes(plan, &ground)));
    }
    journal.append(&Line::Begin {
        id: Cow::Borrowed(&plan.id),
        at: journal.now(),
        quiet: writer.quiet_period(),
        plan: Cow::Borrowed(plan),
        gates: Cow::Borrowed(cleared.gates()),
    })?;
    let mut sender = Sender::new(plan, reader, writer, journal, progress);
    let sent = sender.send().await;
    let (seen, now) = read_back(plan, sender.created, &sent, reader, writer, progress).await;
    let outcome = verdict::tell(&sent, sender.placed, seen);
    let created = sender.created.or_else(|| {
        now.as_ref()
            .and_then(|now| marked(plan, now).first().copied())
    });
    let recorded = close(
        journal,
        plan,
        created.filter(|_| sender.created.is_none()),
        &outcome,
    );
    let unrecorded = sender
        .unrecorded
        .or(recorded.err())
        .map(|error| error.to_string());
    Ok(Report {
        entry: plan.id.clone(),
        outcome,
        created,
        now,
        unrecorded,
    })
}

/// Reads the registry back at once, and again when it has settled: two promoters at once are both told yes, and only
/// after a while does the registry show them both.
async fn read_back(
    plan: &Plan,
    created: Option<VersionNumber>,
    sent: &Sent,
    reader: &dyn Read,
    writer: &dyn Write,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> (Seen, Option<Reading>) {
    progress(Progress::Verifying);
    let at_once = ready(plan, created, reader, progress).await;
    if matches!(sent, Sent::Nothing(_)) && at_once.is_err() {
        return (Seen::Not(at_once.err()), None);
    }
    tokio::time::sleep(Duration::from_millis(writer.settle_period())).await;
    progress(Progress::Verifying);
    match read_registry(reader, &plan.intent).await {
        Ok(now) => (Seen::Judged(judge(plan, created, &now)), Some(now)),
        Err(fault) => (Seen::Not(Some(fault)), at_once.ok()),
    }
}

/// Reads the registry until the version that was made is ready, or long enough.
async fn ready(
    plan: &Plan,
    created: Option<VersionNumber>,
    reader: &dyn Read,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Reading, Fault> {
    let mut now = read_registry(reader, &plan.intent).await?;
    for look in 1..=LOOKS {
        let pending = created
            .and_then(|created| now.version(created))
            .filter(|version| version.status == VersionStatus::Pending);
        let Some(version) = pending else { break };
        let said = if version.status_message.is_empty() {
            String::new()
        } else {
            format!(": {}", version.status_message.clean())
        };
        progress(Progress::Waiting(format!(
            "{} is not ready yet{said}",
            plan.subject().label(version.version)
        )));
        tokio::time::sleep(Duration::from_millis((look * 500).min(LONGEST_LOOK))).await;
        now = read_registry(reader, &plan.intent).await?;
    }
    Ok(now)
}

/// Records how a plan ended, what it made if that is not recorded yet, and what it put back.
pub(crate) fn close(
    journal: &Journal,
    plan: &Plan,
    created: Option<VersionNumber>,
    outcome: &Outcome,
) -> Result<(), JournalError> {
    let id = || Cow::Borrowed(plan.id.as_str());
    if let Some(version) = created {
        journal.append(&Line::Created {
            id: id(),
            at: journal.now(),
            version,
        })?;
    }
    journal.append(&Line::End {
        id: id(),
        at: journal.now(),
        outcome: outcome.clone(),
    })?;
    if let (Intent::Undo { entry, .. }, Outcome::Verified) = (&plan.intent, outcome)
        && journal.entries(&plan.origin)?.iter().any(|earlier| {
            earlier.id == *entry && is_put_back(&earlier.plan, earlier.created, plan)
        })
    {
        journal.append(&Line::Undone {
            id: Cow::Borrowed(entry),
            at: journal.now(),
            by: id(),
        })?;
    }
    Ok(())
}

/// Whether an undo puts back all that an entry changed, and not only one of its places.
fn is_put_back(earlier: &Plan, created: Option<VersionNumber>, undo: &Plan) -> bool {
    let is_back = |change: Change| match change {
        Change::Stage { version, from, .. } => undo.after.stages.get(&version) == Some(&from),
        Change::Alias { alias, from, .. } => undo.after.aliases.get(&alias).copied() == from,
        Change::Run { run, from, .. } => undo.after.runs.get(&run) == Some(&from),
        Change::Request {
            version,
            asked,
            is_open,
        } => !is_open || !undo.after.requests.contains(&(version, asked)),
    };
    // What was back already needed no word.
    let Intent::Undo { said, .. } = &undo.intent else {
        return false;
    };
    let is_unsaid = earlier
        .said
        .iter()
        .all(|earlier| said.contains(&earlier.back()));
    is_unsaid
        && earlier.changes().into_iter().all(is_back)
        && created.is_none_or(|version| !undo.after.stages.contains_key(&version))
}
