//! Planning a write: read the registry, evaluate the gates, build the plan, describe its requests.

use thiserror::Error;
use uuid::Uuid;

use super::gates;
use super::lineage::LineageSources;
use super::register::check_intent_source;
use super::registry::read_snapshot;
use super::review::default_slot;
use crate::domain::{Millis, ModelVersion, Run, RunId, Slot, StoreError, StoreWrite};
use crate::lineage::Warning;
use crate::promotion::policy::{GateResults, Policy, Promoter};
use crate::promotion::{
    Fingerprint, Intent, Plan, PlanContext, PlanError, RegistrySnapshot, compared_slot,
    find_champion, plan,
};
use crate::store::{ReadStore, WriteStore};

/// Who plans, on which store, under which rules.
#[derive(Clone, Copy)]
pub struct WritePlanner<'a> {
    /// The store, and where gates find evidence.
    pub sources: LineageSources<'a>,
    /// Describes requests; `None` in a read-only session.
    pub writer: Option<&'a dyn WriteStore>,
    /// Gates, approvals, and overrides of the two settings below.
    pub policy: &'a Policy,
    /// Recorded as author.
    pub user: &'a str,
    /// Slots that need a typed confirmation, unless the policy lists others.
    pub protected_slots: &'a [Slot],
    /// Whether the write also leaves tags on the version, unless the policy forbids it.
    pub writes_tags: bool,
    /// Time of the plan, ms since the epoch.
    pub now: Millis,
}

/// A write to plan.
#[derive(Clone, Copy, Debug)]
pub struct WriteRequest<'a> {
    /// What to change.
    pub intent: &'a Intent,
    /// Why; recorded.
    pub reason: &'a str,
    /// Gates to override, by name.
    pub overrides: &'a [String],
    /// Whether to read the runs of candidate and champion, for a comparison next to the plan.
    pub with_runs: bool,
}

/// A plan, and what it was made from.
#[derive(Clone, Debug)]
pub struct PlannedWrite {
    /// Not cleared yet.
    pub plan: Plan,
    /// Registry that the plan was made from.
    pub snapshot: RegistrySnapshot,
    /// Outcomes of the gates that the intent meets; clearance takes them.
    pub gates: GateResults,
    /// Run of the champion, if requested.
    pub champion: Option<Run>,
    /// The version to beat: `v4, in Production`; cleaned.
    pub champion_label: Option<String>,
    /// Run of the candidate, if requested.
    pub candidate: Option<Run>,
    /// The requests in order, without secrets; empty in a read-only session.
    pub requests: Vec<String>,
    /// Whether the policy allows the user to override gates.
    pub can_override: bool,
    /// The files of the policies in force.
    pub policies: Vec<String>,
}

/// `policies in force: a, b`.
#[must_use]
pub fn describe_policies(paths: &[String]) -> String {
    let noun = if paths.len() == 1 {
        "policy"
    } else {
        "policies"
    };
    format!("{noun} in force: {}", paths.join(", "))
}

/// Why there is no plan.
#[derive(Debug, Error)]
pub enum PlanWriteError {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing to do, or refused; with the fingerprint of the registry that was read.
    #[error("{0}")]
    Plan(PlanError, Fingerprint),
}

/// Plans a write on a fresh snapshot.
///
/// # Errors
/// When the store cannot be read, or the intent cannot be planned on what it holds.
pub async fn plan_write(
    planner: WritePlanner<'_>,
    request: WriteRequest<'_>,
) -> Result<PlannedWrite, PlanWriteError> {
    let (reader, intent) = (planner.sources.reader, request.intent);
    let mut snapshot = read_snapshot(reader, intent).await?;
    snapshot.source_check = check_intent_source(reader, intent, snapshot.run.as_ref()).await;
    let promoter = Promoter {
        name: planner.user,
        overrides: request.overrides,
    };
    let (gates, mut facts) =
        gates::evaluate(planner.policy, planner.sources, intent, &snapshot, promoter).await?;
    let context = planner.policy.plan_context(
        &intent.subject(),
        PlanContext {
            id: Uuid::new_v4().simple().to_string(),
            user: planner.user.to_owned(),
            now: planner.now,
            reason: request.reason.to_owned(),
            protected_slots: planner.protected_slots.to_vec(),
            gates: gates.to_vec(),
            writes_tags: planner.writes_tags && reader.has_version_tags(),
            creates_versions: creates_versions(reader, intent),
        },
    );
    let mut plan = plan(intent.clone(), &snapshot, &context)
        .and_then(|plan| refuse_impossible(reader, plan))
        .map_err(|error| PlanWriteError::Plan(error, snapshot.fingerprint()))?;
    let of_lineage = gates::lineage_warnings(planner.sources, intent, &snapshot, &mut facts).await;
    plan.warnings = Warning::merge(of_lineage, plan.warnings);
    let best = find_best_version(planner, intent, &snapshot);
    let champion_label = best.map(ModelVersion::label_with_slots);
    let (mut candidate, mut champion) = (None, None);
    if request.with_runs {
        let warnings = &mut plan.warnings;
        champion = match best.and_then(|version| facts.get(&version.version)) {
            Some(read) => read.run.clone(),
            None => read_run(reader, best, warnings).await,
        };
        let version = intent.version().and_then(|number| snapshot.version(number));
        let read = version.and_then(|version| facts.get(&version.version));
        candidate = snapshot.run.clone().or_else(|| read?.run.clone());
        if candidate.is_none() && read.is_none() {
            candidate = read_run(reader, version, warnings).await;
        }
    }
    let requests = planner.writer.map_or_else(Vec::new, |writer| {
        plan.describe_requests(|write| writer.describe(write))
    });
    Ok(PlannedWrite {
        plan,
        snapshot,
        gates,
        champion,
        champion_label,
        candidate,
        requests,
        can_override: can_override(planner, intent),
        policies: planner.policy.source_paths(),
    })
}

fn can_override(planner: WritePlanner<'_>, intent: &Intent) -> bool {
    let model = intent.model();
    model.is_some_and(|model| planner.policy.can_override(model, planner.user))
}

/// Whether the store takes new versions of the intent's model.
fn creates_versions(reader: &dyn ReadStore, intent: &Intent) -> bool {
    let create = StoreWrite::CreateVersion {
        name: intent.model().cloned().unwrap_or_default(),
        source: "runs:/".into(),
        run_id: RunId::default(),
        tags: Vec::new(),
    };
    reader.refusal(&create).is_none()
}

/// The version that a candidate is compared with: the holder of the slot that the intent is about, else of the one that
/// versions are reviewed for, so that the champion is the same everywhere.
fn find_best_version<'a>(
    planner: WritePlanner<'_>,
    intent: &Intent,
    snapshot: &'a RegistrySnapshot,
) -> Option<&'a ModelVersion> {
    let default = || {
        let kinds = planner.sources.reader.slot_kinds();
        let model = snapshot.model.as_ref();
        let kinds = model.map_or(kinds, |model| model.slot_kinds(kinds));
        let protected = planner.protected_slots;
        Some(default_slot(
            planner.policy,
            intent.model()?,
            protected,
            kinds,
        ))
    };
    let slot = compared_slot(intent).or_else(default);
    find_champion(slot.as_ref(), intent.version(), snapshot)
}

/// Refuses a plan with a write that the store can't apply, before the first one is sent.
fn refuse_impossible(reader: &dyn ReadStore, plan: Plan) -> Result<Plan, PlanError> {
    let mut writes = plan.steps.iter().filter_map(|step| step.write.as_ref());
    match writes.find_map(|write| reader.refusal(write)) {
        Some(why) => Err(PlanError::Refused(why)),
        None => Ok(plan),
    }
}

/// Reads a run for the comparison. The plan does not depend on it, so an unreadable run is only a warning.
async fn read_run(
    reader: &dyn ReadStore,
    version: Option<&ModelVersion>,
    warnings: &mut Vec<Warning>,
) -> Option<Run> {
    let version = version.filter(|version| !version.run_id.is_empty())?;
    let run = reader.run(&version.run_id).await;
    run.map_err(|error| {
        let text = format!(
            "the run of version {} could not be read for comparison: {error}",
            version.version
        );
        warnings.push(text.into());
    })
    .ok()
}
