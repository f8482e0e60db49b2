//! Verification: what a read-back says of a plan that was carried out.

use serde::{Deserialize, Serialize};

use super::{Plan, Reading};
use crate::domain::VersionNumber;

/// How a plan ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The registry is as the plan said, also after it settled.
    Verified,
    /// Nothing was changed.
    NotApplied {
        /// Why, cleaned.
        why: String,
    },
    /// Something else is there: shown, never fixed by itself.
    Conflict {
        /// Each difference, cleaned: `iris/4 is in Production, too`.
        found: Vec<String>,
    },
    /// Not known: the store could not be asked.
    Unknown {
        /// Why, cleaned.
        why: String,
    },
}

/// Compares a read-back with what the plan predicted. `created` is the version that the plan made, if it made one.
#[must_use]
pub fn judge(plan: &Plan, created: Option<VersionNumber>, now: &Reading) -> Outcome {
    let _ = (plan, created, now);
    unimplemented!()
}
