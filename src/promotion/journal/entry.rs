//! Journal entries: plan, steps and outcome of one write.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::domain::{Millis, RunId, Slot, VersionNumber};
use crate::promotion::{GateResult, Intent, Outcome, Plan, RegistryState, undo_intent};

/// Result of a step that the store confirmed.
pub(crate) const STEP_DONE: &str = "done";

/// Progress of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// Begun without an outcome: the program was interrupted.
    Unfinished,
    /// Ended with an outcome.
    Ended(Outcome),
}

/// A time on a machine whose clock may be set while it runs: since it was started, also while it slept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uptime {
    /// Id of the start: times since two different ones do not compare.
    pub boot: String,
    /// In ms.
    pub ms: u64,
}

impl Uptime {
    /// Ms from an earlier time until this one; `None` if the machine was started in between, or was another one.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Option<u64> {
        (self.boot == earlier.boot).then(|| self.ms.saturating_sub(earlier.ms))
    }
}

/// Result of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepResult {
    /// Index in the plan.
    pub step: usize,
    /// `done`, or the store's error in one cleaned line.
    pub result: String,
    /// Time of the response, ms since the epoch.
    pub at: Millis,
    /// The same on a clock that is never set; missing from older journals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uptime: Option<Uptime>,
}

/// One write, replayed from its records.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalEntry {
    /// Same as the plan's.
    pub id: String,
    /// Time of the first record, ms since the epoch.
    pub at: Millis,
    /// The same on a clock that is never set.
    pub uptime: Option<Uptime>,
    /// As cleared.
    pub plan: Plan,
    /// Gate results that the plan was cleared with.
    pub gates: Vec<GateResult>,
    /// How long a timed-out request could still take effect, in ms.
    pub settle_window_ms: u64,
    /// Results of the steps sent so far.
    pub results: Vec<StepResult>,
    /// The version that it created.
    pub created_version: Option<VersionNumber>,
    /// Unfinished, or its outcome.
    pub state: EntryState,
    /// Id of the entry that undid it.
    pub undone_by: Option<String>,
}

impl JournalEntry {
    /// Whether it changes a model, or one of these runs, the sources of the model's versions.
    #[must_use]
    pub fn concerns_model(&self, model: &str, runs: &HashSet<&RunId>) -> bool {
        let is_source = |run: &RunId| runs.contains(run);
        self.plan.intent.is_about(model) || self.plan.subject().runs().iter().any(is_source)
    }

    /// Whether its outcome is unknown, so that a recheck can resolve it.
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

/// The last eligible entry that can be undone and is not an undo itself.
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
