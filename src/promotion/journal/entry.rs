//! Entries: one write's intent, plan, steps and outcome.

use serde::{Deserialize, Serialize};

use crate::domain::{Millis, ModelVersion, VersionNumber};
use crate::promotion::{GateResult, Outcome, Plan};

/// What is recorded of a step that the store answered well.
pub(crate) const STEP_DONE: &str = "done";

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
pub struct JournalEntry {
    /// The entry's id: the plan's.
    pub id: String,
    /// When it was recorded, ms since the epoch.
    pub at: Millis,
    /// The plan: who, what, why, before and after.
    pub plan: Plan,
    /// The gates' verdicts.
    pub gates: Vec<GateResult>,
    /// How long a request of it could still land after it was given up, in ms.
    pub settle_window_ms: u64,
    /// What came of the steps.
    pub results: Vec<StepResult>,
    /// The version that was made.
    pub created_version: Option<VersionNumber>,
    /// How far it got.
    pub state: EntryState,
    /// The entry that undid it.
    pub undone_by: Option<String>,
}

impl JournalEntry {
    /// Whether it is about a model, or about a run that one of its versions was made from.
    #[must_use]
    pub fn concerns_model(&self, model: &str, versions: &[ModelVersion]) -> bool {
        let subject = self.plan.subject();
        let is_from_run = |version: &ModelVersion| subject.runs().contains(&version.run_id);
        self.plan.intent.is_about(model) || versions.iter().any(is_from_run)
    }

    /// Whether its end is not known: it is worth looking again.
    #[must_use]
    pub fn is_unresolved(&self) -> bool {
        matches!(
            self.state,
            EntryState::Unfinished | EntryState::Ended(Outcome::Unknown { .. })
        )
    }
}
