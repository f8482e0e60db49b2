//! The history of a model: who moved which version where, when and why. What moves while it is seen is told.

use super::journal::{list_area, undo_entry};
use super::{Freshness, List, View, take_reply};
use crate::config::keymap::{Action, Scope};
use crate::domain::ModelName;
use crate::promotion::journal::{Event, Origin};
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, table};
use crate::tui::app::message::{Effect, HistoryOf, Reply, Request, Ticket};
use crate::tui::app::overlays::Overlay;
use crate::tui::app::remote::Remote;
use crate::tui::app::shared::{Choice, Context, Go, Shared};

/// How many of the session's intervals pass between two looks.
const INTERVALS: i64 = 2;

/// The screen's state.
#[derive(Debug)]
pub struct History {
    /// The model.
    pub name: ModelName,
    /// What happened, newest first.
    pub data: Remote<Box<HistoryOf>>,
    /// The cursor over the lines.
    pub cursor: Cursor,
    /// The words that an event must have.
    pub filter: String,
    needle: String,
}

impl History {
    /// The history of a model.
    #[must_use]
    pub fn new(name: ModelName) -> Self {
        Self {
            name,
            data: Remote::default(),
            cursor: Cursor::default(),
            filter: String::new(),
            needle: String::new(),
        }
    }

    /// The events that pass the filter, newest first.
    #[must_use]
    pub fn lines(&self) -> Vec<&Event> {
        let words: Vec<String> = self
            .filter
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let fits = |event: &&Event| {
            let text = format!(
                "{} {} {} {} {}",
                event.action, event.who, event.from, event.to, event.reason
            )
            .to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        self.data
            .get()
            .map(|data| data.events.as_slice())
            .unwrap_or_default()
            .iter()
            .filter(fits)
            .collect()
    }

    /// The event under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&Event> {
        self.lines().get(self.cursor.at).copied()
    }

    fn undo(&self, context: &mut Context<'_>) {
        let Some(event) = self.current() else { return };
        let entries = self
            .data
            .get()
            .map(|data| data.entries.as_slice())
            .unwrap_or_default();
        match entries
            .iter()
            .find(|entry| Some(&entry.id) == event.journal_id.as_ref())
        {
            Some(entry) => undo_entry(entry, context),
            None => {
                context.say("this was not written from here: U on a version gives its place back")
            }
        }
    }

    /// Tells what happened since the last look.
    fn tell(&self, known: &[Event], context: &mut Context<'_>) {
        let lines = self
            .data
            .get()
            .map(|data| data.events.as_slice())
            .unwrap_or_default();
        let new: Vec<&Event> = lines
            .iter()
            .filter(|event| !known.contains(event))
            .collect();
        let Some(first) = new.first() else { return };
        let more = if new.len() > 1 {
            format!(", and {} more", new.len() - 1)
        } else {
            String::new()
        };
        let by = if first.origin == Origin::Gap {
            String::new()
        } else {
            format!(", by {}", first.who)
        };
        let text = format!("{}: {}{by}{more}", self.name.clean(), first.action);
        context.effects.push(Effect::Alert(text.clone()));
        context.say(text);
    }
}

impl View for History {
    fn scope(&self) -> Scope {
        Scope::History
    }

    fn crumbs(&self, _: &Shared) -> Vec<String> {
        vec![
            "models".into(),
            self.name.clean().into_owned(),
            "history".into(),
        ]
    }

    fn freshness(&self, shared: &Shared) -> Freshness {
        shared.live(Freshness::of(&self.data), INTERVALS, self.data.tried)
    }

    fn enter(&mut self, context: &mut Context<'_>) {
        context.fetch(&mut self.data, Request::History(self.name.clone()));
    }

    fn on(&mut self, action: Action, context: &mut Context<'_>) -> bool {
        match action {
            Action::Undo => self.undo(context),
            Action::Open => context.say("the whole event is shown below"),
            Action::Filter => context.go.push(Go::Over(Box::new(Overlay::words(
                "filter the history",
                &self.filter,
            )))),
            Action::CopyValue | Action::CopyId => {
                if let Some(event) = self.current() {
                    context.copy(if action == Action::CopyId {
                        event.journal_id.clone().unwrap_or_default()
                    } else {
                        event.action.clone()
                    });
                }
            }
            Action::Back if !self.filter.is_empty() => self.filter.clear(),
            _ => return false,
        }
        true
    }

    fn reply(&mut self, ticket: Ticket, reply: Reply, context: &mut Context<'_>) -> Option<Reply> {
        let kept = self.current().cloned();
        let watched = self
            .data
            .refreshing
            .is_some_and(|(asked, _)| asked == ticket);
        let known = self
            .data
            .get()
            .filter(|_| watched)
            .map(|data| data.events.clone());
        let rest = take_reply!(ticket, reply, context, History => self.data);
        if let Some(known) = known {
            self.tell(&known, context);
        }
        // New events stand above: the cursor stays on the one that it was on.
        if let Some(at) =
            kept.and_then(|kept| self.lines().iter().position(|event| **event == kept))
        {
            self.cursor.at = at;
        }
        rest
    }

    fn chosen(&mut self, choice: Choice, context: &mut Context<'_>) {
        match choice {
            Choice::Filter(text) => self.filter = text,
            Choice::Written => self.enter(context),
            _ => {}
        }
    }

    fn settle(&mut self, context: &mut Context<'_>) {
        let name = self.name.clone();
        context.refetch(&mut self.data, INTERVALS, || Request::History(name));
    }

    fn list(&mut self, size: Size, _: &Shared) -> Option<List<'_>> {
        let rows = table(list_area(size)).rows;
        let len = self.lines().len();
        Some(List {
            cursor: &mut self.cursor,
            len,
            height: rows.height.into(),
            top: rows.y,
        })
    }

    fn label(&self, line: usize, _: &Shared) -> String {
        self.lines()
            .get(line)
            .map(|event| event.action.clone())
            .unwrap_or_default()
    }

    fn needle(&self) -> &str {
        &self.needle
    }

    fn set_needle(&mut self, needle: String) {
        self.needle = needle;
    }
}
