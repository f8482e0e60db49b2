//! Plans: the exact writes of an intent, the state before and after, and what the store changes on its own.

mod alias;
mod builder;
mod delete;
mod metadata;
mod register;
mod transition;
mod transition_request;
mod undo;
mod warnings;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    Fingerprint, GateResult, Intent, Preconditions, RegistryChange, RegistrySnapshot,
    RegistryState, Subject,
};
use crate::domain::{Millis, Slot, StoreWrite, VersionNumber};
use crate::lineage::Warning;
use crate::text::Untrusted;
use crate::text::untrusted::clean;
use builder::PlanBuilder;
pub use metadata::{MetadataChange, MetadataKey, is_reserved_tag};

/// Version tag with the plan's id: it finds a created version whose response was lost.
pub const INTENT_TAG: &str = "frontrunner.intent";

/// Prefix of all tags that frontrunner writes on versions.
pub const TAG_PREFIX: &str = "frontrunner.";

/// One write, or one change that the store makes on its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanStep {
    /// `None` for a change that the store makes on its own.
    pub write: Option<StoreWrite>,
    /// `move`, `alias`, `archived by the store`.
    pub action: String,
    /// Cleaned: `iris/3`.
    pub target: String,
    /// Value before, cleaned.
    pub before: String,
    /// Value after, cleaned.
    pub after: String,
}

/// Writes of one intent, made by [`plan`]. Applying takes a [`super::Cleared`] plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Unique; also the id of the journal entry.
    pub id: String,
    /// The change that it makes.
    pub intent: Intent,
    /// Identity of the store.
    pub origin: String,
    /// User name of the author.
    pub user: String,
    /// The author's reason.
    pub reason: String,
    /// Time of the plan, ms since the epoch.
    #[serde(rename = "made_at")]
    pub planned_at: Millis,
    /// In an order in which every prefix is safe to stop at.
    pub steps: Vec<PlanStep>,
    /// Changes of descriptions, names and tags, without the records that a write leaves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[serde(rename = "said")]
    pub metadata: Vec<MetadataChange>,
    /// Holders before.
    pub before: RegistryState,
    /// Holders after; a version that the plan creates has no number yet and is missing.
    pub after: RegistryState,
    /// The other facts that it depends on: what identifies models, versions and runs.
    #[serde(default)]
    #[serde(rename = "ground")]
    pub preconditions: Preconditions,
    /// Digest of the snapshot that it was made from.
    pub fingerprint: Fingerprint,
    /// Cleaned: look-alike names, two Production versions, a failed run.
    pub warnings: Vec<Warning>,
    /// What the user must confirm it with.
    #[serde(rename = "confirm")]
    pub confirmation: Confirmation,
}

/// Author, time, reason and settings of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanContext {
    /// Unique id of the plan.
    pub id: String,
    /// User name of the author.
    pub user: String,
    /// Time of the plan, ms since the epoch.
    pub now: Millis,
    /// The author's reason.
    pub reason: String,
    /// Slots that need the model's name typed.
    pub protected_slots: Vec<Slot>,
    /// Gate results for the record on the version.
    pub gates: Vec<GateResult>,
    /// Whether the write also leaves tags on the version, for other users.
    pub writes_tags: bool,
    /// Whether the store takes new versions, which undoing a deletion needs.
    pub creates_versions: bool,
}

/// How a plan is confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confirmation {
    /// A plain yes.
    Yes,
    /// Typing a name: the model's if a protected slot changes or a version is deleted, the run's if a version in use was
    /// created from a deleted run.
    TypeName(Untrusted),
}

/// Why an intent has no plan. `Display` is one cleaned line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// The registry already is as the intent wants it.
    #[error("nothing to do: {0}")]
    NothingToDo(String),
    /// A model, version, run or request does not exist.
    #[error("{0}")]
    NotFound(String),
    /// The change would be wrong or impossible.
    #[error("{0}")]
    Refused(String),
}

/// Plans an intent on a fresh snapshot.
///
/// # Errors
/// When there is nothing to do, something is missing, or the change is refused.
pub fn plan(
    intent: Intent,
    snapshot: &RegistrySnapshot,
    context: &PlanContext,
) -> Result<Plan, PlanError> {
    let mut builder = PlanBuilder::new(&intent, snapshot, context)?;
    push_steps(&mut builder, &intent)?;
    Ok(builder.build(intent))
}

fn push_steps(builder: &mut PlanBuilder, intent: &Intent) -> Result<(), PlanError> {
    match intent {
        Intent::Register {
            run,
            source,
            allow_duplicate,
            replaces,
            ..
        } => register::register(builder, run, source, *allow_duplicate, *replaces),
        Intent::TransitionStage {
            version,
            to,
            archive_existing,
            ..
        } => transition::transition(builder, *version, *to, *archive_existing),
        Intent::SetAlias { alias, version, .. } => alias::set(builder, alias, *version),
        Intent::RemoveAlias { alias, .. } => alias::remove(builder, alias),
        Intent::Review {
            version,
            slot,
            decision,
            facts_digest,
            prepared,
            ..
        } => metadata::review(
            builder,
            *version,
            &metadata::ReviewDetails {
                slot,
                decision: *decision,
                facts_digest,
                prepared: prepared.as_ref(),
            },
        ),
        Intent::Tag { owner, key, value } => metadata::tag(builder, owner, key, value.as_ref()),
        Intent::Describe { owner, text } => metadata::describe(builder, owner, text),
        Intent::DeleteVersion { version, .. } => delete::delete_version(builder, *version),
        Intent::RequestTransition { version, to, .. } => {
            transition_request::request_transition(builder, *version, *to)
        }
        Intent::ResolveRequest {
            version,
            to,
            decision,
            facts_digest,
            archive_existing,
            ..
        } => {
            let answer = (*decision, facts_digest.as_str());
            transition_request::resolve(builder, *version, *to, answer, *archive_existing)
        }
        Intent::DeleteRuns { runs } => delete::delete_runs(builder, runs),
        Intent::RestoreRuns { runs } => delete::restore_runs(builder, runs),
        Intent::Undo(undo) => undo::plan_undo(builder, undo),
    }
}

impl Plan {
    /// Slots, runs and requests that change.
    #[must_use]
    pub fn changes(&self) -> Vec<RegistryChange> {
        self.before.diff(&self.after)
    }

    /// Subject of the intent.
    #[must_use]
    pub fn subject(&self) -> Subject {
        self.intent.subject()
    }

    /// Whether a write makes the change itself rather than recording it.
    #[must_use]
    pub fn is_primary_write(&self, write: &StoreWrite) -> bool {
        let subject = self.subject();
        let is_wanted = |change: &MetadataChange| change.to_write(&subject) == *write;
        !write.is_metadata_write() || self.metadata.iter().any(is_wanted)
    }

    /// Versions that it deletes, which cannot be restored.
    pub fn deleted_versions(&self) -> impl Iterator<Item = VersionNumber> {
        self.before
            .stages
            .keys()
            .filter(|version| !self.after.stages.contains_key(version))
            .copied()
    }

    /// Whether it can be undone; `created` is the version that it created.
    #[must_use]
    pub fn can_be_undone(&self, created: Option<VersionNumber>) -> bool {
        !self.changes().is_empty() || !self.metadata.is_empty() || created.is_some()
    }

    /// What the plan changes and others changed since, cleaned: the fingerprint has no descriptions, and no tags of runs and models.
    #[must_use]
    pub fn metadata_conflicts(&self, now: &RegistrySnapshot) -> Vec<String> {
        let changed = self
            .metadata
            .iter()
            .filter(|change| change.key.value_in(now) != change.from);
        changed
            .map(|change| format!("{} changed", change.key.describe(&now.subject)))
            .collect()
    }

    /// The steps that make the change, with what the store does on its own, and the steps that only record it.
    #[must_use]
    pub fn changes_and_records(&self) -> (Vec<&PlanStep>, Vec<&PlanStep>) {
        self.steps.iter().partition(|step| {
            step.write
                .as_ref()
                .is_none_or(|write| self.is_primary_write(write))
        })
    }

    /// One cleaned line per step: `move iris/3: Staging → Production`.
    #[must_use]
    pub fn describe_steps(&self) -> Vec<String> {
        self.steps.iter().map(PlanStep::describe).collect()
    }

    /// The requests of its writes, in the words of the store's writer.
    pub fn describe_requests(&self, describe: impl Fn(&StoreWrite) -> String) -> Vec<String> {
        self.steps
            .iter()
            .filter_map(|step| step.write.as_ref())
            .map(describe)
            .collect()
    }
}

impl PlanStep {
    /// One cleaned line.
    #[must_use]
    pub fn describe(&self) -> String {
        clean(&format!(
            "{} {}: {} → {}",
            self.action, self.target, self.before, self.after
        ))
        .into_owned()
    }
}
