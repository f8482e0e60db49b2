//! What has to be true of every report, whatever happened.

use std::sync::Arc;

use frontrunner::domain::{Lifecycle, MetadataField, StoreWrite};
use frontrunner::ops::apply::ApplyReport;
use frontrunner::promotion::journal::EntryState;
use frontrunner::promotion::{Intent, Outcome, Plan, RegistrySnapshot};
use tokio::time::Instant;

use super::network::SimulatedNetwork;
use super::promoter::Promoter;
use crate::support::fake_store::{Landing, WriteFailure};

/// How an operation ended.
pub enum OperationResult {
    /// Stopped before the first request.
    Stopped(String),
    Crashed,
    Reported(Box<ApplyReport>),
}

/// A later look at an entry without a known outcome.
pub struct Recovery {
    pub ended: Instant,
    pub outcome: Outcome,
}

/// One operation, from its plan to what became of it.
pub struct OperationRecord {
    pub client: u64,
    pub plan: Plan,
    pub started: Instant,
    pub ended: Instant,
    pub network: Arc<SimulatedNetwork>,
    pub has_disk_failed: bool,
    pub result: OperationResult,
    pub recoveries: Vec<Recovery>,
}

impl OperationRecord {
    pub fn result_name(&self) -> &'static str {
        let outcome = match &self.result {
            OperationResult::Stopped(_) => return "stopped",
            OperationResult::Crashed => return "crashed",
            OperationResult::Reported(report) => &report.outcome,
        };
        match outcome {
            Outcome::Verified => "verified",
            Outcome::NotApplied { .. } => "not applied",
            Outcome::Conflict { .. } => "conflict",
            Outcome::Unknown { .. } => "unknown",
        }
    }

    pub fn describe(&self) -> String {
        let recoveries: Vec<_> = self.recoveries.iter().map(|one| &one.outcome).collect();
        let result = match &self.result {
            OperationResult::Stopped(reason) => format!("stopped: {reason}"),
            OperationResult::Crashed => "crashed".to_owned(),
            OperationResult::Reported(report) => format!("{:?}", report.outcome),
        };
        format!(
            "operation {} ({}): {result}; recovered: {recoveries:?}; sent: {:?}",
            self.client,
            self.plan.intent,
            self.network.sent(),
        )
    }
}

/// Checks every operation of a promoter.
///
/// # Errors
/// The first report that is not true.
pub fn check_promoter(promoter: &Promoter, landings: &[Landing]) -> Result<(), String> {
    for record in &promoter.records {
        check_operation(record, promoter, landings)
            .map_err(|error| format!("{error}\n{}", record.describe()))?;
    }
    Ok(())
}

fn check_operation(
    record: &OperationRecord,
    promoter: &Promoter,
    landings: &[Landing],
) -> Result<(), String> {
    check_sent_once(record)?;
    check_journal(record, promoter)?;
    match &record.result {
        OperationResult::Stopped(reason) => {
            ensure(record.network.sent().is_empty(), "stopped, but sent")?;
            let is_false_alarm = is_undisturbed(record, landings);
            ensure(
                !is_false_alarm,
                &format!("stopped without a reason: {reason}"),
            )?;
        }
        OperationResult::Crashed => {}
        OperationResult::Reported(report) => {
            check_outcome(record, &report.outcome, record.ended, landings)?;
            if report.outcome == Outcome::Verified {
                let snapshot = report.snapshot.as_ref();
                let snapshot = snapshot.ok_or("verified without a read-back")?;
                check_effect(&record.plan, snapshot)?;
            } else {
                let is_false_alarm = is_undisturbed(record, landings);
                ensure(!is_false_alarm, "nothing went wrong, but not verified")?;
            }
        }
    }
    for recovery in &record.recoveries {
        check_outcome(record, &recovery.outcome, recovery.ended, landings)?;
    }
    Ok(())
}

/// Whether nothing failed and nobody else changed the registry between the plan and the report.
fn is_undisturbed(record: &OperationRecord, landings: &[Landing]) -> bool {
    let is_by_others = |landing: &&Landing| {
        landing.client != record.client
            && landing.at >= record.started
            && landing.at <= record.ended
    };
    !record.network.has_failed()
        && !record.has_disk_failed
        && !landings.iter().any(|landing| is_by_others(&landing))
}

/// A request is sent again only when the first one provably was not sent.
fn check_sent_once(record: &OperationRecord) -> Result<(), String> {
    let sent = record.network.sent();
    for write in record
        .plan
        .steps
        .iter()
        .filter_map(|step| step.write.as_ref())
    {
        let arrived = sent
            .iter()
            .filter(|(other, failure)| other == write && *failure != Some(WriteFailure::NotSent));
        ensure(arrived.count() <= 1, &format!("sent twice: {write:?}"))?;
    }
    Ok(())
}

/// What was sent is in the journal, also after a crash, and so is what was reported.
fn check_journal(record: &OperationRecord, promoter: &Promoter) -> Result<(), String> {
    let entries = promoter.journal.entries("memory").unwrap();
    let entry = entries.iter().find(|entry| entry.id == record.plan.id);
    let has_sent = !record.network.sent().is_empty();
    ensure(entry.is_some() || !has_sent, "sent without a record")?;
    let (Some(entry), OperationResult::Reported(report)) = (entry, &record.result) else {
        return Ok(());
    };
    let last = record
        .recoveries
        .last()
        .map_or(&report.outcome, |last| &last.outcome);
    let is_recorded = entry.state == EntryState::Ended(last.clone());
    let may_lack_it = report.journal_error.is_some() || record.has_disk_failed;
    ensure(
        is_recorded || may_lack_it || !record.recoveries.is_empty(),
        &format!("reported, but not recorded: {:?}", entry.state),
    )?;
    ensure(
        report.journal_error.is_some() || !record.has_disk_failed,
        "a full disk was not reported",
    )
}

/// Whether a report is true of what the registry carried out until then, and later.
fn check_outcome(
    record: &OperationRecord,
    outcome: &Outcome,
    at: Instant,
    landings: &[Landing],
) -> Result<(), String> {
    let own = |landing: &&Landing| {
        landing.client == record.client && record.plan.is_primary_write(&landing.write)
    };
    match outcome {
        Outcome::Verified => {
            for write in primary_writes(&record.plan) {
                let mut until_then = landings.iter().filter(|landing| landing.at <= at);
                // When the answer was lost, another user's write with the same result looks the same.
                let has_landed = until_then.any(|landing| has_same_result(&landing.write, write));
                let has_sent = record.network.sent().iter().any(|(sent, _)| sent == write);
                ensure(has_landed, &format!("verified, but lost: {write:?}"))?;
                // A later look says only that the registry is as planned.
                let is_recovery = at > record.ended;
                ensure(
                    has_sent || is_recovery,
                    &format!("verified, but not sent: {write:?}"),
                )?;
            }
        }
        Outcome::NotApplied { .. } => {
            if let Some(landing) = landings.iter().rfind(own) {
                ensure(landing.at <= at, "not applied, but it landed later")?;
                let is_reverted = landings.iter().any(|other| {
                    other.client != record.client && other.at >= landing.at && other.at <= at
                });
                ensure(is_reverted, "not applied, but it landed")?;
            }
        }
        Outcome::Conflict { .. } | Outcome::Unknown { .. } => {}
    }
    Ok(())
}

/// Whether two writes leave their version in the same place; what else a move archives is not compared.
fn has_same_result(one: &StoreWrite, other: &StoreWrite) -> bool {
    match (one, other) {
        (
            StoreWrite::TransitionStage {
                name,
                version,
                stage,
                ..
            },
            StoreWrite::TransitionStage {
                name: other_name,
                version: other_version,
                stage: other_stage,
                ..
            },
        ) => (name, version, stage) == (other_name, other_version, other_stage),
        _ => one == other,
    }
}

fn primary_writes(plan: &Plan) -> impl Iterator<Item = &StoreWrite> {
    let writes = plan.steps.iter().filter_map(|step| step.write.as_ref());
    writes.filter(|write| plan.is_primary_write(write))
}

/// Whether the registry that was read back shows what was wanted, told from the intent alone.
fn check_effect(plan: &Plan, now: &RegistrySnapshot) -> Result<(), String> {
    let state = now.state();
    let is_there = match &plan.intent {
        Intent::TransitionStage {
            version,
            to,
            archive_existing,
            ..
        } => {
            let holders = state.versions_in_stage(*to);
            holders.contains(version) && (!archive_existing || holders.len() == 1)
        }
        Intent::SetAlias { alias, version, .. } => state.aliases.get(alias) == Some(version),
        Intent::RemoveAlias { alias, .. } => !state.aliases.contains_key(alias),
        Intent::Register { .. } => {
            let is_own = |tag: &frontrunner::text::Untrusted| tag.raw() == plan.id;
            let own = now.versions.iter();
            let own = own.filter(|version| version.tag("frontrunner.intent").is_some_and(is_own));
            own.count() == 1
        }
        Intent::Tag { owner, key, value } => {
            let field = owner.field_of_tag(key);
            now.has(owner) && now.metadata(owner, &field) == *value
        }
        Intent::Describe { owner, text } => {
            let described = now.metadata(owner, &MetadataField::Description);
            now.has(owner) && described.unwrap_or_default() == *text
        }
        Intent::DeleteVersion { version, .. } => now.version(*version).is_none(),
        Intent::DeleteRuns { runs } => runs
            .iter()
            .all(|run| state.runs.get(run) == Some(&Lifecycle::Deleted)),
        Intent::RestoreRuns { runs } => runs
            .iter()
            .all(|run| state.runs.get(run) == Some(&Lifecycle::Active)),
        Intent::ResolveRequest { version, to, .. } => !state.requests.contains(&(*version, *to)),
        Intent::RequestTransition { version, to, .. } => state.requests.contains(&(*version, *to)),
        Intent::Review { .. } | Intent::Undo(_) => true,
    };
    ensure(is_there, "verified, but the registry does not show it")
}

fn ensure(is_true: bool, otherwise: &str) -> Result<(), String> {
    if is_true {
        Ok(())
    } else {
        Err(otherwise.to_owned())
    }
}
