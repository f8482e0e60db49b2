//! Who plans, when and why; and how a plan is confirmed.

use serde::{Deserialize, Serialize};

use super::GateResult;
use crate::domain::{Millis, Slot};
use crate::text::Untrusted;

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
