//! Entries: one write's intent, plan, steps and outcome.

use serde::{Deserialize, Serialize};

use crate::domain::{Millis, ModelVersion, Slot, VersionNumber};
use crate::promotion::{GateResult, Intent, Outcome, Plan, RegistryState, undo_intent};

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

    /// Whether its write changed who holds a slot.
    #[must_use]
    pub fn changes_slot(&self, slot: &Slot) -> bool {
        holders_differ(&self.plan.before, &self.plan.after, slot)
    }

    /// The intent that undoes this entry.
    #[must_use]
    pub fn undo(&self) -> Intent {
        undo_intent(&self.id, &self.plan, self.created_version)
    }

    /// The intent that gives a slot back to its holder before this entry, and changes nothing else.
    #[must_use]
    pub fn restore_previous_holder(&self, slot: &Slot) -> Intent {
        match self.undo() {
            Intent::Undo(undo) => Intent::Undo(undo.restricted_to(slot)),
            other => other,
        }
    }
}

/// The last entry that can be undone, is no undo itself, and is eligible.
#[must_use]
pub fn last_undoable_entry(
    entries: &[JournalEntry],
    is_eligible: impl Fn(&JournalEntry) -> bool,
) -> Option<&JournalEntry> {
    let can_be_undone = |entry: &&JournalEntry| {
        let ended = matches!(
            &entry.state,
            EntryState::Ended(Outcome::Verified | Outcome::Conflict { .. })
        );
        ended && entry.undone_by.is_none() && !matches!(entry.plan.intent, Intent::Undo(_))
    };
    entries
        .iter()
        .rev()
        .filter(can_be_undone)
        .find(|entry| is_eligible(entry))
}

fn holders_differ(before: &RegistryState, after: &RegistryState, slot: &Slot) -> bool {
    match slot {
        Slot::Alias(alias) => before.aliases.get(alias) != after.aliases.get(alias),
        Slot::Stage(stage) => before.versions_in_stage(*stage) != after.versions_in_stage(*stage),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Stage;

    #[test]
    fn slot_changes_when_its_holders_differ() {
        let state = |stage, champion| RegistryState {
            stages: [(VersionNumber(3), stage)].into(),
            aliases: [("champion".into(), VersionNumber(champion))].into(),
            ..RegistryState::default()
        };
        let (before, after) = (state(Stage::Staging, 2), state(Stage::Production, 2));
        assert!(holders_differ(
            &before,
            &after,
            &Slot::Stage(Stage::Production)
        ));
        assert!(!holders_differ(
            &before,
            &after,
            &Slot::Stage(Stage::Archived)
        ));
        assert!(!holders_differ(
            &before,
            &after,
            &Slot::Alias("champion".into())
        ));
    }
}
