//! Who plans, when and why; and how a plan is confirmed.

use serde::{Deserialize, Serialize};

use super::{GateVerdict, Place};
use crate::domain::{Millis, Stage};
use crate::text::Untrusted;

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
    /// What the gates said: it goes on the record.
    pub gates: Vec<GateVerdict>,
    /// Whether the facts are also left as tags of the version, for others to see.
    pub tags: bool,
}

impl Context {
    /// What is protected unless somebody says otherwise: Production and `@champion`.
    #[must_use]
    pub fn default_protected() -> Vec<Place> {
        vec![
            Place::Stage(Stage::Production),
            Place::Alias("champion".into()),
        ]
    }
}

/// How a plan is confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confirm {
    /// With a plain yes.
    Yes,
    /// By typing a name: the model's where a protected place changes or a version is deleted, the run's where one is deleted
    /// from which a version in use was made.
    TypeName(Untrusted),
}
