//! The plan: the exact writes that an intent comes to, what was there before each, and what the store will do by itself.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Fingerprint, Intent, Place, Reading, State};
use crate::domain::{Millis, RegistryWrite, Untrusted};

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

/// Plans an intent on a fresh reading.
///
/// # Errors
/// When it is so already, when something is missing, or when it must not be done.
pub fn plan(intent: Intent, reading: &Reading, context: &Context) -> Result<Plan, PlanError> {
    let _ = (intent, reading, context);
    unimplemented!()
}
