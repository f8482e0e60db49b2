//! The plan: the exact writes that an intent comes to, what was there before each, and what the store will do by itself.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::draft::Draft;
use super::{Fingerprint, Intent, Place, Reading, State};
use crate::domain::{Millis, RegistryWrite, Stage, Untrusted};

/// The version tag that carries the intent's id: how a creation whose answer was lost is found again.
pub const INTENT_TAG: &str = "frontrunner.intent";

/// What all our version tags begin with.
pub const TAG_PREFIX: &str = "frontrunner.";

/// Who plans, when and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// A unique id for the intent.
    pub id: String,
    /// Who.
    pub user: String,
    /// When, ms since the epoch.
    pub now: Millis,
    /// Why, in the person's words.
    pub reason: String,
    /// Places that ask for the model's name typed.
    pub protected: Vec<Place>,
    /// Whether the facts are also left as tags of the version, for others to see.
    pub tags: bool,
}

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

/// How a plan is confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confirm {
    /// With a plain yes.
    Yes,
    /// By typing the model's name: it changes a protected place.
    TypeName(Untrusted),
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
    /// Who held which place before.
    pub before: State,
    /// Who will hold which place after; a version that is to be made is not in it.
    pub after: State,
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

impl Context {
    /// The places that are protected where no policy says otherwise: Production and the champion.
    #[must_use]
    pub fn default_protected() -> Vec<Place> {
        vec![Place::Stage(Stage::Production), Place::Alias("champion".into())]
    }
}

impl Plan {
    /// The plan in lines that are safe to draw: warnings, then each step as before → after.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let warnings = self.warnings.iter().map(|warning| format!("! {warning}"));
        let steps = self.steps.iter().map(|step| format!("{}  {}: {} → {}", step.action, step.target, step.before, step.after));
        warnings.chain(steps).collect()
    }

    /// The writes, in order, with their places among the steps.
    pub fn writes(&self) -> impl Iterator<Item = (usize, &RegistryWrite)> {
        self.steps.iter().enumerate().filter_map(|(place, step)| step.write.as_ref().map(|write| (place, write)))
    }
}

/// Plans an intent on a fresh reading.
///
/// # Errors
/// When it is so already, when something is missing, or when it must not be done.
pub fn plan(intent: Intent, reading: &Reading, context: &Context) -> Result<Plan, PlanError> {
    let mut draft = Draft::new(reading, context);
    match &intent {
        Intent::Register { run, source, model, again } => super::registering::draft(&mut draft, (run, source, model, *again))?,
        Intent::Move { version, to, archive_existing, .. } => super::moving::stage(&mut draft, *version, *to, *archive_existing)?,
        Intent::SetAlias { alias, version, .. } => super::moving::alias(&mut draft, alias, *version)?,
        Intent::RemoveAlias { alias, .. } => super::moving::remove_alias(&mut draft, alias)?,
        Intent::Undo { stages, aliases, created, .. } => super::undo::draft(&mut draft, stages, aliases, *created)?,
    }
    if draft.steps.is_empty() {
        return Err(PlanError::NothingToDo(format!("{intent}: it is so already")));
    }
    draft.warnings.extend(super::lookalike::warnings(reading, &intent));
    let touched = draft.touched();
    let protected = context.protected.iter().any(|place| touched.contains(place));
    let confirm = if protected { Confirm::TypeName(intent.model().text().clone()) } else { Confirm::Yes };
    Ok(Plan {
        id: context.id.clone(),
        origin: reading.origin.clone(),
        user: context.user.clone(),
        reason: context.reason.clone(),
        made_at: context.now,
        steps: draft.steps,
        before: draft.before,
        after: draft.after,
        fingerprint: reading.fingerprint(),
        warnings: draft.warnings,
        confirm,
        intent,
    })
}
