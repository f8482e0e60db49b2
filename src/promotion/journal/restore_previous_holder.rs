//! Giving a place back to who held it before: the part of an undo that concerns it.

use super::{EntryState, JournalEntry};
use crate::domain::{Slot, Stage};
use crate::promotion::{Intent, Outcome, RegistryState, undo_intent};

impl JournalEntry {
    /// Whether its write gave a place other holders.
    #[must_use]
    pub fn changes_slot(&self, slot: &Slot) -> bool {
        holders_differ(&self.plan.before, &self.plan.after, slot)
    }
}

/// The last entry that can be undone, is no undo itself, and is wanted.
#[must_use]
pub fn last_undoable_entry(
    entries: &[JournalEntry],
    is_wanted: impl Fn(&JournalEntry) -> bool,
) -> Option<&JournalEntry> {
    let can_be_undone = |entry: &&JournalEntry| {
        let ended = matches!(
            &entry.state,
            EntryState::Ended(Outcome::Verified | Outcome::Conflict { .. })
        );
        ended && entry.undone_by.is_none() && !matches!(entry.plan.intent, Intent::Undo { .. })
    };
    entries
        .iter()
        .rev()
        .filter(can_be_undone)
        .find(|entry| is_wanted(entry))
}

/// The intent that gives a place back as it was before an entry, and leaves the rest alone.
#[must_use]
pub fn restore_previous_holder(entry: &JournalEntry, slot: &Slot) -> Intent {
    restrict_to_slot(
        undo_intent(&entry.id, &entry.plan, entry.created_version),
        slot,
    )
}

/// Whether a place has other holders after than before.
fn holders_differ(before: &RegistryState, after: &RegistryState, slot: &Slot) -> bool {
    match slot {
        Slot::Alias(alias) => before.aliases.get(alias) != after.aliases.get(alias),
        Slot::Stage(stage) => versions_in_stage(before, *stage) != versions_in_stage(after, *stage),
    }
}

fn versions_in_stage(state: &RegistryState, stage: Stage) -> Vec<crate::domain::VersionNumber> {
    state
        .stages
        .iter()
        .filter(|(_, held)| **held == stage)
        .map(|(version, _)| *version)
        .collect()
}

/// The part of an undo that concerns a place.
fn restrict_to_slot(intent: Intent, slot: &Slot) -> Intent {
    match intent {
        Intent::Undo { entry_id, subject, description, stages, aliases, version_created_at, .. } => Intent::Undo {
            entry_id,
            subject,
            description: format!("{description} ({slot} only)"),
            stages: stages
                .into_iter()
                .filter(|(_, now, back)| matches!(slot, Slot::Stage(stage) if stage == now || stage == back))
                .collect(),
            aliases: aliases.into_iter().filter(|(alias, ..)| matches!(slot, Slot::Alias(wanted) if wanted == alias)).collect(),
            created_version: None,
            version_created_at,
            metadata: Vec::new(),
            lifecycles: Vec::new(),
            requests: Vec::new(),
        },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::VersionNumber;

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

    #[test]
    fn restoring_a_slot_leaves_the_rest_alone() {
        let whole = Intent::Undo {
            entry_id: "e".into(),
            subject: crate::promotion::Subject::Model("iris".into()),
            description: "w".into(),
            stages: vec![
                (VersionNumber(3), Stage::Production, Stage::None),
                (VersionNumber(2), Stage::Archived, Stage::Staging),
            ],
            aliases: vec![("champion".into(), Some(VersionNumber(3)), None)],
            created_version: Some(VersionNumber(3)),
            version_created_at: std::collections::BTreeMap::new(),
            metadata: Vec::new(),
            lifecycles: Vec::new(),
            requests: Vec::new(),
        };
        let Intent::Undo {
            stages,
            aliases,
            created_version: created,
            ..
        } = restrict_to_slot(whole, &Slot::Stage(Stage::Production))
        else {
            panic!()
        };
        assert_eq!((stages.len(), aliases.len(), created), (1, 0, None));
    }
}
