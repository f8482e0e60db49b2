//! The plan: the exact writes that an intent comes to, what was there before each, and what the store will do by itself.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::draft::Draft;
use super::{Change, Confirm, Context, Fingerprint, Ground, Intent, Reading, Said, State, Subject};
use super::{alias, note, put_back, register, relocate, request, trash};
use crate::domain::{Millis, RegistryWrite, VersionNumber};
use crate::text::untrusted::clean;

/// The version tag that carries the intent's id: how a creation whose answer was lost is found again.
pub const INTENT_TAG: &str = "frontrunner.intent";

/// What all our version tags begin with.
pub const TAG_PREFIX: &str = "frontrunner.";

/// One change: what is written, or what the store will do by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The write; nothing for what the store does by itself.
    pub write: Option<RegistryWrite>,
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
    pub made_at: Millis,
    /// The steps, in an order of which every beginning is harmless.
    pub steps: Vec<Step>,
    /// What it says of versions and the model, with what stood there before: tags and descriptions, but for records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<Said>,
    /// Who held which place before.
    pub before: State,
    /// Who will hold which place after; a version that is to be made is not in it.
    pub after: State,
    /// The other facts that it was made from: what tells a version from another of the same number.
    #[serde(default)]
    pub ground: Ground,
    /// The digest of what the plan was made from.
    pub fingerprint: Fingerprint,
    /// What a person should know before they say yes, cleaned: look-alike names, two Production versions, a run that failed.
    pub warnings: Vec<String>,
    /// How it is confirmed.
    pub confirm: Confirm,
}

/// Why there is no plan. `Display` is one line, safe to draw.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// It is so already.
    #[error("nothing to do: {0}")]
    NothingToDo(String),
    /// What is meant is not there.
    #[error("{0}")]
    Missing(String),
    /// It can't be done, and why.
    #[error("{0}")]
    Refused(String),
}

/// Plans an intent on a fresh reading.
///
/// # Errors
/// When it is so already, when something is missing, or when it must not be done.
pub fn plan(intent: Intent, reading: &Reading, context: &Context) -> Result<Plan, PlanError> {
    let mut draft = Draft::begin(&intent, reading, context)?;
    match &intent {
        Intent::Register {
            run,
            source,
            again,
            instead_of,
            ..
        } => register::register(&mut draft, run, source, *again, *instead_of)?,
        Intent::Move {
            version,
            to,
            archive_existing,
            ..
        } => relocate::relocate(&mut draft, *version, *to, *archive_existing)?,
        Intent::SetAlias { alias, version, .. } => alias::set(&mut draft, alias, *version)?,
        Intent::RemoveAlias { alias, .. } => alias::remove(&mut draft, alias)?,
        Intent::Review {
            version,
            to,
            decision,
            seen,
            prepared,
            ..
        } => {
            note::review(
                &mut draft,
                *version,
                &note::Word {
                    to,
                    decision: *decision,
                    seen,
                    prepared: prepared.as_ref(),
                },
            )?;
        }
        Intent::Tag {
            version,
            key,
            value,
            ..
        } => note::tag(&mut draft, *version, key, value.as_ref())?,
        Intent::Describe { version, text, .. } => note::describe(&mut draft, *version, text)?,
        Intent::Delete { version, .. } => note::delete(&mut draft, *version)?,
        Intent::Request { version, to, .. } => request::ask(&mut draft, *version, *to)?,
        Intent::Answer {
            version,
            to,
            decision,
            seen,
            archive_existing,
            ..
        } => {
            request::answer(
                &mut draft,
                *version,
                *to,
                (*decision, seen),
                *archive_existing,
            )?;
        }
        Intent::DeleteRuns { runs } => trash::delete(&mut draft, runs)?,
        Intent::RestoreRuns { runs } => trash::restore(&mut draft, runs)?,
        Intent::Undo {
            entry,
            stages,
            aliases,
            created,
            made,
            said,
            lifecycles,
            requests,
            ..
        } => {
            let wanted = put_back::Wanted {
                entry,
                stages,
                aliases,
                created: *created,
                made,
                said,
                lifecycles,
                requests,
            };
            put_back::put_back(&mut draft, &wanted)?;
        }
    }
    Ok(draft.finish(intent))
}

impl Plan {
    /// The places that change hands.
    #[must_use]
    pub fn changes(&self) -> Vec<Change> {
        self.before.changes(&self.after)
    }

    /// What it is about.
    #[must_use]
    pub fn subject(&self) -> Subject {
        self.intent.subject()
    }

    /// Whether a write is what the plan is about, and not only the record of it.
    #[must_use]
    pub fn is_meant(&self, write: &RegistryWrite) -> bool {
        !write.is_note() || !self.said.is_empty()
    }

    /// The versions that it deletes: nothing brings these back.
    pub fn deleted(&self) -> impl Iterator<Item = VersionNumber> {
        self.before
            .stages
            .keys()
            .filter(|version| !self.after.stages.contains_key(version))
            .copied()
    }

    /// Whether what it changed can be put back; `created` is the version that it made.
    #[must_use]
    pub fn can_be_undone(&self, created: Option<VersionNumber>) -> bool {
        !self.changes().is_empty() || !self.said.is_empty() || created.is_some()
    }

    /// What was said otherwise meanwhile, each cleaned: descriptions are in no fingerprint.
    #[must_use]
    pub fn said_otherwise(&self, now: &Reading) -> Vec<String> {
        let changed = self
            .said
            .iter()
            .filter(|said| said.topic.in_reading(now) != said.from);
        changed
            .map(|said| format!("{} changed", said.topic.describe(&now.subject)))
            .collect()
    }

    /// The steps in words, one a line, cleaned: `move iris/3: Staging → Production`.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.steps.iter().map(Step::line).collect()
    }

    /// The requests that the steps come to, as the store's writer describes them.
    pub fn requests(&self, describe: impl Fn(&RegistryWrite) -> String) -> Vec<String> {
        self.steps
            .iter()
            .filter_map(|step| step.write.as_ref())
            .map(describe)
            .collect()
    }
}

impl Step {
    /// In one line, cleaned.
    #[must_use]
    pub fn line(&self) -> String {
        clean(&format!(
            "{} {}: {} → {}",
            self.action, self.target, self.before, self.after
        ))
        .into_owned()
    }
}
