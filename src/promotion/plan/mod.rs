//! The plan: the exact writes that an intent comes to, what was there before each, and what the store will do by itself.

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
use crate::text::Untrusted;
use crate::text::untrusted::clean;
use builder::PlanBuilder;
pub use metadata::{MetadataChange, MetadataKey};

/// The version tag that carries the intent's id: how a creation whose answer was lost is found again.
pub const INTENT_TAG: &str = "frontrunner.intent";

/// What all our version tags begin with.
pub const TAG_PREFIX: &str = "frontrunner.";

/// One change: what is written, or what the store will do by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanStep {
    /// The write; nothing for what the store does by itself.
    pub write: Option<StoreWrite>,
    /// In a few words: `move`, `alias`, `archived by the store`.
    pub action: String,
    /// What is changed, cleaned: `iris/3`.
    pub target: String,
    /// What was there, cleaned.
    pub before: String,
    /// What will be there, cleaned.
    pub after: String,
}

/// A plan. Made only by [`plan`]; carried out only when cleared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The intent's unique id.
    pub id: String,
    /// What is wanted.
    pub intent: Intent,
    /// The store's identity.
    pub origin: String,
    /// Who planned it.
    pub user: String,
    /// Why.
    pub reason: String,
    /// When, ms since the epoch.
    #[serde(rename = "made_at")]
    pub planned_at: Millis,
    /// The steps, in an order of which every beginning is harmless.
    pub steps: Vec<PlanStep>,
    /// What it says of versions and the model, with what stood there before: tags and descriptions, but for records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[serde(rename = "said")]
    pub metadata: Vec<MetadataChange>,
    /// Who held which place before.
    pub before: RegistryState,
    /// Who will hold which place after; a version that is to be made is not in it.
    pub after: RegistryState,
    /// The other facts that it was made from: what tells a version from another of the same number.
    #[serde(default)]
    #[serde(rename = "ground")]
    pub preconditions: Preconditions,
    /// The digest of what the plan was made from.
    pub fingerprint: Fingerprint,
    /// What a person should know before they say yes, cleaned: look-alike names, two Production versions, a run that failed.
    pub warnings: Vec<String>,
    /// How it is confirmed.
    #[serde(rename = "confirm")]
    pub confirmation: Confirmation,
}

/// Who plans, when and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanContext {
    /// A unique id for the intent.
    pub id: String,
    /// Who.
    pub user: String,
    /// When, ms since the epoch.
    pub now: Millis,
    /// Why, in the person's words.
    pub reason: String,
    /// Places that ask for the model's name typed.
    pub protected_slots: Vec<Slot>,
    /// What the gates said: it goes on the record.
    pub gates: Vec<GateResult>,
    /// Whether the facts are also left as tags of the version, for others to see.
    pub writes_tags: bool,
}

/// How a plan is confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confirmation {
    /// With a plain yes.
    Yes,
    /// By typing a name: the model's where a protected place changes or a version is deleted, the run's where one is deleted
    /// from which a version in use was made.
    TypeName(Untrusted),
}

/// Why there is no plan. `Display` is one line, safe to draw.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// It is so already.
    #[error("nothing to do: {0}")]
    NothingToDo(String),
    /// What is meant is not there.
    #[error("{0}")]
    NotFound(String),
    /// It can't be done, and why.
    #[error("{0}")]
    Refused(String),
}

/// Plans an intent on a fresh reading.
///
/// # Errors
/// When it is so already, when something is missing, or when it must not be done.
pub fn plan(
    intent: Intent,
    snapshot: &RegistrySnapshot,
    context: &PlanContext,
) -> Result<Plan, PlanError> {
    let mut builder = PlanBuilder::new(&intent, snapshot, context)?;
    match &intent {
        Intent::Register {
            run,
            source,
            allow_duplicate,
            replaces,
            ..
        } => register::register(&mut builder, run, source, *allow_duplicate, *replaces)?,
        Intent::TransitionStage {
            version,
            to,
            archive_existing,
            ..
        } => transition::transition(&mut builder, *version, *to, *archive_existing)?,
        Intent::SetAlias { alias, version, .. } => alias::set(&mut builder, alias, *version)?,
        Intent::RemoveAlias { alias, .. } => alias::remove(&mut builder, alias)?,
        Intent::Review {
            version,
            slot,
            decision,
            facts_digest,
            prepared,
            ..
        } => {
            metadata::review(
                &mut builder,
                *version,
                &metadata::ReviewDetails {
                    slot,
                    decision: *decision,
                    facts_digest,
                    prepared: prepared.as_ref(),
                },
            )?;
        }
        Intent::Tag {
            version,
            key,
            value,
            ..
        } => metadata::tag(&mut builder, *version, key, value.as_ref())?,
        Intent::Describe { version, text, .. } => metadata::describe(&mut builder, *version, text)?,
        Intent::DeleteVersion { version, .. } => delete::delete_version(&mut builder, *version)?,
        Intent::RequestTransition { version, to, .. } => {
            transition_request::request_transition(&mut builder, *version, *to)?;
        }
        Intent::ResolveRequest {
            version,
            to,
            decision,
            facts_digest,
            archive_existing,
            ..
        } => {
            transition_request::resolve(
                &mut builder,
                *version,
                *to,
                (*decision, facts_digest),
                *archive_existing,
            )?;
        }
        Intent::DeleteRuns { runs } => delete::delete_runs(&mut builder, runs)?,
        Intent::RestoreRuns { runs } => delete::restore_runs(&mut builder, runs)?,
        Intent::Undo(undo) => undo::plan_undo(&mut builder, undo)?,
    }
    Ok(builder.build(intent))
}

impl Plan {
    /// The places that change hands.
    #[must_use]
    pub fn changes(&self) -> Vec<RegistryChange> {
        self.before.diff(&self.after)
    }

    /// What it is about.
    #[must_use]
    pub fn subject(&self) -> Subject {
        self.intent.subject()
    }

    /// Whether a write is what the plan is about, and not only the record of it.
    #[must_use]
    pub fn is_primary_write(&self, write: &StoreWrite) -> bool {
        !write.is_metadata_write() || !self.metadata.is_empty()
    }

    /// The versions that it deletes: nothing brings these back.
    pub fn deleted_versions(&self) -> impl Iterator<Item = VersionNumber> {
        self.before
            .stages
            .keys()
            .filter(|version| !self.after.stages.contains_key(version))
            .copied()
    }

    /// Whether what it changed can be put back; `created` is the version that it made.
    #[must_use]
    pub fn can_be_undone(&self, created: Option<VersionNumber>) -> bool {
        !self.changes().is_empty() || !self.metadata.is_empty() || created.is_some()
    }

    /// What was said otherwise meanwhile, each cleaned: descriptions are in no fingerprint.
    #[must_use]
    pub fn metadata_conflicts(&self, now: &RegistrySnapshot) -> Vec<String> {
        let changed = self
            .metadata
            .iter()
            .filter(|said| said.key.value_in(now) != said.from);
        changed
            .map(|said| format!("{} changed", said.key.describe(&now.subject)))
            .collect()
    }

    /// The steps in words, one a line, cleaned: `move iris/3: Staging → Production`.
    #[must_use]
    pub fn describe_steps(&self) -> Vec<String> {
        self.steps.iter().map(PlanStep::describe).collect()
    }

    /// The requests that the steps come to, as the store's writer describes them.
    pub fn describe_requests(&self, describe: impl Fn(&StoreWrite) -> String) -> Vec<String> {
        self.steps
            .iter()
            .filter_map(|step| step.write.as_ref())
            .map(describe)
            .collect()
    }
}

impl PlanStep {
    /// In one line, cleaned.
    #[must_use]
    pub fn describe(&self) -> String {
        clean(&format!(
            "{} {}: {} → {}",
            self.action, self.target, self.before, self.after
        ))
        .into_owned()
    }
}
