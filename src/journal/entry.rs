//! Entries: one write's intent, plan, steps and outcome.

use serde::{Deserialize, Serialize};

use crate::domain::{Millis, VersionNumber};
use crate::promote::{GateVerdict, Outcome, Plan};

/// How far an entry got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// Recorded before anything was sent, and nothing after it: the program ended in between.
    Unfinished,
    /// It ended, with this outcome.
    Ended(Outcome),
}

/// What came of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepResult {
    /// Which step of the plan, from 0.
    pub step: usize,
    /// `done`, or the store's fault in one cleaned line.
    pub result: String,
    /// When, ms since the epoch.
    pub at: Millis,
}

/// One write, as recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The entry's id: the plan's.
    pub id: String,
    /// When it was recorded, ms since the epoch.
    pub at: Millis,
    /// The plan: who, what, why, before and after.
    pub plan: Plan,
    /// The gates' verdicts.
    pub gates: Vec<GateVerdict>,
    /// What came of the steps.
    pub results: Vec<StepResult>,
    /// The version that was made.
    pub created: Option<VersionNumber>,
    /// How far it got.
    pub state: EntryState,
    /// The entry that undid it.
    pub undone_by: Option<String>,
}
