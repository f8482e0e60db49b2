//! Giving a place back to who held it before: the part of an undo that concerns it.

use super::{Entry, EntryState};
use crate::domain::Stage;
use crate::promotion::{Intent, Outcome, Place, State, undo};

impl Entry {
    /// Whether its write gave a place other holders.
    #[must_use]
    pub fn changed(&self, place: &Place) -> bool {
        changes(&self.plan.before, &self.plan.after, place)
    }
}

/// The last entry that can be undone, is no undo itself, and is wanted.
#[must_use]
pub fn last_change(entries: &[Entry], is_wanted: impl Fn(&Entry) -> bool) -> Option<&Entry> {
    let can_be_undone = |entry: &&Entry| {
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
pub fn give_back(entry: &Entry, place: &Place) -> Intent {
    only(undo(&entry.id, &entry.plan, entry.created), place)
}

/// Whether a place has other holders after than before.
fn changes(before: &State, after: &State, place: &Place) -> bool {
    match place {
        Place::Alias(alias) => before.aliases.get(alias) != after.aliases.get(alias),
        Place::Stage(stage) => holders(before, *stage) != holders(after, *stage),
    }
}

fn holders(state: &State, stage: Stage) -> Vec<crate::domain::VersionNumber> {
    state
        .stages
        .iter()
        .filter(|(_, held)| **held == stage)
        .map(|(version, _)| *version)
        .collect()
}

/// The part of an undo that concerns a place.
fn only(intent: Intent, place: &Place) -> Intent {
    match intent {
        Intent::Undo { entry, subject, what, stages, aliases, made, .. } => Intent::Undo {
            entry,
            subject,
            what: format!("{what} ({place} only)"),
            stages: stages
                .into_iter()
                .filter(|(_, now, back)| matches!(place, Place::Stage(stage) if stage == now || stage == back))
                .collect(),
            aliases: aliases.into_iter().filter(|(alias, ..)| matches!(place, Place::Alias(wanted) if wanted == alias)).collect(),
            created: None,
            made,
            said: Vec::new(),
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
    fn a_place_is_changed_when_its_holders_are() {
        let state = |stage, champion| State {
            stages: [(VersionNumber(3), stage)].into(),
            aliases: [("champion".into(), VersionNumber(champion))].into(),
            ..State::default()
        };
        let (before, after) = (state(Stage::Staging, 2), state(Stage::Production, 2));
        assert!(changes(&before, &after, &Place::Stage(Stage::Production)));
        assert!(!changes(&before, &after, &Place::Stage(Stage::Archived)));
        assert!(!changes(&before, &after, &Place::Alias("champion".into())));
    }

    #[test]
    fn giving_a_place_back_leaves_the_rest_alone() {
        let whole = Intent::Undo {
            entry: "e".into(),
            subject: crate::promotion::Subject::Model("iris".into()),
            what: "w".into(),
            stages: vec![
                (VersionNumber(3), Stage::Production, Stage::None),
                (VersionNumber(2), Stage::Archived, Stage::Staging),
            ],
            aliases: vec![("champion".into(), Some(VersionNumber(3)), None)],
            created: Some(VersionNumber(3)),
            made: std::collections::BTreeMap::new(),
            said: Vec::new(),
            lifecycles: Vec::new(),
            requests: Vec::new(),
        };
        let Intent::Undo {
            stages,
            aliases,
            created,
            ..
        } = only(whole, &Place::Stage(Stage::Production))
        else {
            panic!()
        };
        assert_eq!((stages.len(), aliases.len(), created), (1, 0, None));
    }
}
