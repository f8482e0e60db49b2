//! Could this version be made again? What is recorded, partly or not, and what would record it.

use serde::Serialize;

/// How far something is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Recorded {
    /// It is.
    Recorded,
    /// In part.
    Partly,
    /// It is not.
    NotRecorded,
}

/// One line of the checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What: code, data, params, seed, environment, model, signature.
    pub what: &'static str,
    /// How far it is recorded.
    pub state: Recorded,
    /// What is known, or what would record it (the exact MLflow call); safe to draw.
    pub detail: String,
}
