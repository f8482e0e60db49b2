//! The journal's wire format, one JSON line per record, and its replay into entries.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{EntryState, JournalEntry, StepResult, Uptime};
use crate::domain::{Millis, VersionNumber};
use crate::promotion::{GateResult, Intent, Outcome, Plan};

/// One line of the journal.
#[derive(Debug, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "one line is held at a time")]
#[serde(tag = "line", rename_all = "snake_case")]
pub(crate) enum JournalRecord<'a> {
    /// Written before the first request.
    Begin {
        id: Cow<'a, str>,
        at: Millis,
        /// The same on a clock that is never set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uptime: Option<Uptime>,
        /// How long a timed-out request could still take effect, in ms.
        #[serde(default)]
        #[serde(rename = "quiet")]
        settle_window_ms: u64,
        plan: Cow<'a, Plan>,
        gates: Cow<'a, [GateResult]>,
    },
    /// Written after each step's response.
    Step {
        id: Cow<'a, str>,
        #[serde(flatten)]
        result: StepResult,
    },
    /// The store assigned a version number.
    Created {
        id: Cow<'a, str>,
        at: Millis,
        version: VersionNumber,
    },
    /// Written after the read-back.
    End {
        id: Cow<'a, str>,
        at: Millis,
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// Another entry undid this one.
    Undone {
        id: Cow<'a, str>,
        at: Millis,
        by: Cow<'a, str>,
    },
}

#[derive(Debug, Default)]
pub(crate) struct ReplayedJournal {
    pub entries: Vec<JournalEntry>,
    /// Cut off by a crash, damaged, or written by a newer version.
    pub unreadable_lines: usize,
    /// Records of entries whose beginning is missing or unreadable: writes that nobody can undo from here.
    pub orphaned_records: usize,
    index_by_id: HashMap<String, usize>,
}

/// Replays a journal; unreadable lines are counted and skipped.
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
                uptime,
                settle_window_ms,
                plan,
                gates,
            } => self.begin_entry(JournalEntry {
                id: id.into_owned(),
                at,
                uptime,
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

    /// An entry that begins again was sent again with the same intent tag: it replaces the first attempt.
    fn begin_entry(&mut self, entry: JournalEntry) {
        if let Some(known) = self
            .index_by_id
            .get(&entry.id)
            .and_then(|index| self.entries.get_mut(*index))
        {
            *known = entry;
            return;
        }
        self.index_by_id
            .insert(entry.id.clone(), self.entries.len());
        self.entries.push(entry);
    }

    fn update_entry(&mut self, id: &str, change: impl FnOnce(&mut JournalEntry)) {
        let index = self.index_by_id.get(id);
        match index.and_then(|index| self.entries.get_mut(*index)) {
            Some(entry) => change(entry),
            None => self.orphaned_records += 1,
        }
    }

    /// Marks an entry as undone or no longer undone. Undoing an undo clears the mark of the entry that it undid, and so on.
    fn mark_undone(&mut self, id: &str, by: Option<String>) {
        let (mut id, mut by) = (id.to_owned(), by);
        // An undo is newer than its target, so the chain ends; the bound is for a manipulated journal.
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
