//! The lines of the book.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{EntryState, JournalEntry, StepResult};
use crate::domain::{Millis, VersionNumber};
use crate::promotion::{GateResult, Intent, Outcome, Plan};

/// One line: one thing that happened to an entry.
#[derive(Debug, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "one line is held at a time")]
#[serde(tag = "line", rename_all = "snake_case")]
pub(crate) enum JournalRecord<'a> {
    /// Everything is decided and nothing is sent.
    Begin {
        /// The entry.
        id: Cow<'a, str>,
        /// When.
        at: Millis,
        /// How long a request that was given up could still land, in ms.
        #[serde(default)]
        #[serde(rename = "quiet")]
        settle_window_ms: u64,
        /// The plan.
        plan: Cow<'a, Plan>,
        /// The gates' verdicts.
        gates: Cow<'a, [GateResult]>,
    },
    /// A step was answered, or failed.
    Step {
        /// The entry.
        id: Cow<'a, str>,
        /// What came of it.
        #[serde(flatten)]
        result: StepResult,
    },
    /// The store picked a number.
    Created {
        /// The entry.
        id: Cow<'a, str>,
        /// When.
        at: Millis,
        /// The version.
        version: VersionNumber,
    },
    /// The registry was read back.
    End {
        /// The entry.
        id: Cow<'a, str>,
        /// When.
        at: Millis,
        /// What it said.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// Another entry put everything back.
    Undone {
        /// The entry.
        id: Cow<'a, str>,
        /// When.
        at: Millis,
        /// The entry that did it.
        by: Cow<'a, str>,
    },
}

/// What the book says.
#[derive(Debug, Default)]
pub(crate) struct ReplayedJournal {
    /// All entries, oldest first.
    pub entries: Vec<JournalEntry>,
    /// Lines that could not be read.
    pub unreadable_lines: usize,
    index_by_id: HashMap<String, usize>,
}

/// Reads the book from its beginning. What can't be read is counted and passed over.
pub(crate) fn replay(text: &[u8]) -> ReplayedJournal {
    let mut replayed = ReplayedJournal::default();
    for line in text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.trim_ascii().is_empty())
    {
        match serde_json::from_slice::<JournalRecord>(line) {
            Ok(record) => replayed.apply(record),
            Err(_) => replayed.unreadable_lines += 1,
        }
    }
    replayed
}

impl ReplayedJournal {
    fn apply(&mut self, record: JournalRecord) {
        match record {
            JournalRecord::Begin {
                id,
                at,
                settle_window_ms,
                plan,
                gates,
            } => self.begin_entry(JournalEntry {
                id: id.into_owned(),
                at,
                plan: plan.into_owned(),
                gates: gates.into_owned(),
                settle_window_ms,
                results: Vec::new(),
                created_version: None,
                state: EntryState::Unfinished,
                undone_by: None,
            }),
            JournalRecord::Step { id, result } => {
                self.update_entry(&id, |entry| entry.results.push(result));
            }
            JournalRecord::Created { id, version, .. } => {
                self.update_entry(&id, |entry| entry.created_version = Some(version));
            }
            JournalRecord::End { id, outcome, .. } => {
                self.update_entry(&id, |entry| entry.state = EntryState::Ended(outcome));
            }
            JournalRecord::Undone { id, by, .. } => self.mark_undone(&id, Some(by.into_owned())),
        }
    }

    /// An entry that begins again was sent again with the same mark: what came of it the first time is past.
    fn begin_entry(&mut self, entry: JournalEntry) {
        if let Some(place) = self
            .index_by_id
            .get(&entry.id)
            .and_then(|index| self.entries.get_mut(*index))
        {
            *place = entry;
            return;
        }
        self.index_by_id
            .insert(entry.id.clone(), self.entries.len());
        self.entries.push(entry);
    }

    fn update_entry(&mut self, id: &str, change: impl FnOnce(&mut JournalEntry)) {
        if let Some(entry) = self
            .index_by_id
            .get(id)
            .and_then(|index| self.entries.get_mut(*index))
        {
            change(entry);
        }
    }

    /// Marks an entry as undone, or as standing again. An undo that is undone lets what it undid stand again, and so on.
    fn mark_undone(&mut self, id: &str, by: Option<String>) {
        let (mut id, mut by) = (id.to_owned(), by);
        // An undo is younger than what it undoes, so the chain ends; the bound is for a book that was tampered with.
        for _ in 0..self.entries.len() {
            let mut next = None;
            self.update_entry(&id, |entry| {
                entry.undone_by.clone_from(&by);
                if let Intent::Undo(undo) = &entry.plan.intent {
                    next = Some(undo.entry_id.clone());
                }
            });
            let Some(earlier) = next else { return };
            by = by.is_none().then_some(id);
            id = earlier;
        }
    }
}
