//! The history of a model: who moved which version where, when and why. What moves while it is seen is told.

use super::journal::{list_area, show_undo_plan};
use super::{FocusedList, Freshness, View, take_reply};
use crate::config::keymap::{Action, Scope};
use crate::domain::ModelName;
use crate::promotion::journal::{EventSource, TimelineEvent};
use crate::tui::app::cursor::Cursor;
use crate::tui::app::dialogs::Dialog;
use crate::tui::app::layout::{Size, table_areas};
use crate::tui::app::message::{Effect, ModelHistory, Reply, Request, Ticket};
use crate::tui::app::remote::Remote;
use crate::tui::app::shared::{Choice, Navigate, SharedState, UpdateContext};

/// How many of the session's intervals pass between two looks.
const INTERVALS_PER_POLL: i64 = 2;

/// The screen's state.
#[derive(Debug)]
pub struct HistoryScreen {
    /// The model.
    pub name: ModelName,
    /// What happened, newest first.
    pub data: Remote<Box<ModelHistory>>,
    /// The cursor over the lines.
    pub cursor: Cursor,
    /// The words that an event must have.
    pub filter: String,
    search_text: String,
}

impl HistoryScreen {
    /// The history of a model.
    #[must_use]
    pub fn new(name: ModelName) -> Self {
        Self {
            name,
            data: Remote::default(),
            cursor: Cursor::default(),
            filter: String::new(),
            search_text: String::new(),
        }
    }

    /// The events that pass the filter, newest first.
    #[must_use]
    pub fn visible_events(&self) -> Vec<&TimelineEvent> {
        let words: Vec<String> = self
            .filter
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let fits = |event: &&TimelineEvent| {
            let text = format!(
                "{} {} {} {} {}",
                event.action, event.user, event.from, event.to, event.reason
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
    pub fn current(&self) -> Option<&TimelineEvent> {
        self.visible_events().get(self.cursor.index).copied()
    }

    fn undo(&self, context: &mut UpdateContext<'_>) {
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
            Some(entry) => show_undo_plan(entry, context),
            None => context
                .notify("this was not written from here: U on a version gives its place back"),
        }
    }

    /// Tells what happened since the last look.
    fn announce_new_events(&self, known: &[TimelineEvent], context: &mut UpdateContext<'_>) {
        let lines = self
            .data
            .get()
            .map(|data| data.events.as_slice())
            .unwrap_or_default();
        let new: Vec<&TimelineEvent> = lines
            .iter()
            .filter(|event| !known.contains(event))
            .collect();
        let Some(first) = new.first() else { return };
        let more = if new.len() > 1 {
            format!(", and {} more", new.len() - 1)
        } else {
            String::new()
        };
        let by = if first.source == EventSource::Unrecorded {
            String::new()
        } else {
            format!(", by {}", first.user)
        };
        let text = format!("{}: {}{by}{more}", self.name.clean(), first.action);
        context.effects.push(Effect::Alert(text.clone()));
        context.notify(text);
    }
}

impl View for HistoryScreen {
    fn scope(&self) -> Scope {
        Scope::History
    }

    fn breadcrumbs(&self, _: &SharedState) -> Vec<String> {
        vec![
            "models".into(),
            self.name.clean().into_owned(),
            "history".into(),
        ]
    }

    fn freshness(&self, shared: &SharedState) -> Freshness {
        shared.polled_freshness(
            Freshness::of(&self.data),
            INTERVALS_PER_POLL,
            self.data.last_attempt_at,
        )
    }

    fn request_data(&mut self, context: &mut UpdateContext<'_>) {
        context.fetch(&mut self.data, Request::History(self.name.clone()));
    }

    fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        match action {
            Action::Undo => self.undo(context),
            Action::Open => context.notify("the whole event is shown below"),
            Action::Filter => {
                context
                    .navigation
                    .push(Navigate::OpenDialog(Box::new(Dialog::text_filter(
                        "filter the history",
                        &self.filter,
                    ))));
            }
            Action::CopyValue | Action::CopyId => {
                if let Some(event) = self.current() {
                    context.copy_to_clipboard(if action == Action::CopyId {
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

    fn handle_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut UpdateContext<'_>,
    ) -> Option<Reply> {
        let selected = self.current().cloned();
        let was_refreshing = self
            .data
            .refreshing
            .is_some_and(|(asked, _)| asked == ticket);
        let before = self
            .data
            .get()
            .filter(|_| was_refreshing)
            .map(|data| data.events.clone());
        let rest = take_reply!(ticket, reply, context, History => self.data);
        if let Some(known) = before {
            self.announce_new_events(&known, context);
        }
        // New events stand above: the cursor stays on the one that it was on.
        if let Some(at) = selected.and_then(|kept| {
            self.visible_events()
                .iter()
                .position(|event| **event == kept)
        }) {
            self.cursor.index = at;
        }
        rest
    }

    fn handle_choice(&mut self, choice: Choice, context: &mut UpdateContext<'_>) {
        match choice {
            Choice::Filter(text) => self.filter = text,
            Choice::Applied => self.request_data(context),
            _ => {}
        }
    }

    fn after_update(&mut self, context: &mut UpdateContext<'_>) {
        let name = self.name.clone();
        context.refetch_if_due(&mut self.data, INTERVALS_PER_POLL, || {
            Request::History(name)
        });
    }

    fn list(&mut self, size: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let rows = table_areas(list_area(size)).rows;
        let len = self.visible_events().len();
        Some(FocusedList {
            cursor: &mut self.cursor,
            len,
            height: rows.height.into(),
            top: rows.y,
        })
    }

    fn row_label(&self, line: usize, _: &SharedState) -> String {
        self.visible_events()
            .get(line)
            .map(|event| event.action.clone())
            .unwrap_or_default()
    }

    fn search_text(&self) -> &str {
        &self.search_text
    }

    fn set_search_text(&mut self, needle: String) {
        self.search_text = needle;
    }
}
