//! Folding the lines of the book into entries.

use std::collections::HashMap;

use super::line::Line;
use super::{Entry, EntryState};
use crate::promotion::Intent;

/// What the book says.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    /// All entries, oldest first.
    pub entries: Vec<Entry>,
    /// Lines that could not be read.
    pub unreadable: usize,
    places: HashMap<String, usize>,
}

/// Reads the book from its beginning. What can't be read is counted and passed over.
pub(crate) fn fold(text: &[u8]) -> Folded {
    let mut folded = Folded::default();
    for line in text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.trim_ascii().is_empty())
    {
        match serde_json::from_slice::<Line>(line) {
            Ok(line) => folded.take(line),
            Err(_) => folded.unreadable += 1,
        }
    }
    folded
}

impl Folded {
    fn take(&mut self, line: Line) {
        match line {
            Line::Begin {
                id,
                at,
                quiet,
                plan,
                gates,
            } => self.begin(Entry {
                id: id.into_owned(),
                at,
                plan: plan.into_owned(),
                gates: gates.into_owned(),
                quiet,
                results: Vec::new(),
                created: None,
                state: EntryState::Unfinished,
                undone_by: None,
            }),
            Line::Step { id, result } => self.change(&id, |entry| entry.results.push(result)),
            Line::Created { id, version, .. } => {
                self.change(&id, |entry| entry.created = Some(version))
            }
            Line::End { id, outcome, .. } => {
                self.change(&id, |entry| entry.state = EntryState::Ended(outcome))
            }
            Line::Undone { id, by, .. } => self.undone(&id, Some(by.into_owned())),
        }
    }

    /// An entry that begins again was sent again with the same mark: what came of it the first time is past.
    fn begin(&mut self, entry: Entry) {
        if let Some(place) = self
            .places
            .get(&entry.id)
            .and_then(|place| self.entries.get_mut(*place))
        {
            *place = entry;
            return;
        }
        self.places.insert(entry.id.clone(), self.entries.len());
        self.entries.push(entry);
    }

    fn change(&mut self, id: &str, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self
            .places
            .get(id)
            .and_then(|place| self.entries.get_mut(*place))
        {
            change(entry);
        }
    }

    /// Marks an entry as undone, or as standing again. An undo that is undone lets what it undid stand again, and so on.
    fn undone(&mut self, id: &str, by: Option<String>) {
        let (mut id, mut by) = (id.to_owned(), by);
        // An undo is younger than what it undoes, so the chain ends; the bound is for a book that was tampered with.
        for _ in 0..self.entries.len() {
            let mut next = None;
            self.change(&id, |entry| {
                entry.undone_by.clone_from(&by);
                if let Intent::Undo { entry: earlier, .. } = &entry.plan.intent {
                    next = Some(earlier.clone());
                }
            });
            let Some(earlier) = next else { return };
            by = by.is_none().then_some(id);
            id = earlier;
        }
    }
}
