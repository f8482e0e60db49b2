//! The history of a model: who moved which version where, when and why.

use super::details::{event_facts, open_facts};
use super::journal::open_undo_plan;
use super::{FocusedList, Freshness, Screen};
use crate::config::keymap::{Action, Scope};
use crate::domain::ModelName;
use crate::promotion::journal::{EventSource, TimelineEvent};
use crate::tui::app::cell_text::within_model;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::dialogs::{Dialog, Prompt};
use crate::tui::app::layout::{Size, list_above_detail, table_areas};
use crate::tui::app::message::{ModelHistory, TableExport};
use crate::tui::app::text_filter::TextFilter;
use crate::tui::app::{Remote, Reply, Request, SharedState, Ticket, UpdateContext};

const INTERVALS_PER_POLL: i64 = 2;

/// The history of a model. Events that a refresh adds are announced.
#[derive(Debug)]
pub struct HistoryScreen {
    pub(crate) name: ModelName,
    pub(crate) data: Remote<Box<ModelHistory>>,
    pub(crate) cursor: Cursor,
    pub(crate) filter: TextFilter,
}

impl HistoryScreen {
    pub(crate) fn new(name: ModelName) -> Self {
        Self {
            name,
            data: Remote::default(),
            cursor: Cursor::default(),
            filter: TextFilter::default(),
        }
    }

    fn events(&self) -> &[TimelineEvent] {
        let events = self.data.get().map(|data| data.events.as_slice());
        events.unwrap_or_default()
    }

    /// The matching events, newest first.
    #[must_use]
    pub fn visible_events(&self) -> Vec<&TimelineEvent> {
        let matches = |event: &&TimelineEvent| {
            self.filter.matches(&format!(
                "{} {} {} {} {}",
                event.action, event.user, event.from, event.to, event.reason
            ))
        };
        self.events().iter().filter(matches).collect()
    }

    pub(crate) fn current(&self) -> Option<&TimelineEvent> {
        self.visible_events().get(self.cursor.index).copied()
    }

    fn undo(&self, context: &mut UpdateContext<'_>) {
        let (Some(event), Some(data)) = (self.current(), self.data.get()) else {
            return context.notify(if self.data.get().is_none() {
                "the history is still loading"
            } else {
                "no event under the cursor"
            });
        };
        let id = event.journal_id.as_ref();
        match data.entries.iter().find(|entry| Some(&entry.id) == id) {
            Some(entry) => open_undo_plan(entry, context),
            None => context.notify(
                "no journal entry: U on a version restores the previous holder of its slot",
            ),
        }
    }

    fn open_export(context: &mut UpdateContext<'_>) {
        let title = "export this history to (.csv, .md or .json)";
        let prompt = Prompt::export(title, "history.csv", Self::export, context);
        context.open(Dialog::Prompt(prompt));
    }

    fn export(&mut self, path: String, context: &mut UpdateContext<'_>) {
        let zone = &context.shared.session.time_zone;
        let table = TableExport::of_history(&self.visible_events(), zone);
        context.export_table(path, table);
    }

    fn announce_new_events(&self, known: &[TimelineEvent], context: &mut UpdateContext<'_>) {
        let mut new = self.events().iter().filter(|event| !known.contains(event));
        let (Some(first), more) = (new.next(), new.count()) else {
            return;
        };
        let by = if matches!(
            first.source,
            EventSource::Unrecorded | EventSource::Registry
        ) {
            String::new()
        } else {
            format!(", by {}", first.user)
        };
        let more = if more > 0 {
            format!(", and {more} more")
        } else {
            String::new()
        };
        context.alert(format!("{}: {}{by}{more}", self.name.clean(), first.action));
    }
}

impl Screen for HistoryScreen {
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
            self.data.last_attempt_at(),
        )
    }

    fn request_data(&mut self, context: &mut UpdateContext<'_>) {
        context.fetch(&mut self.data, Request::History(self.name.clone()));
    }

    fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        match (action, self.current()) {
            (Action::Undo, _) => self.undo(context),
            (Action::Export, _) => Self::open_export(context),
            (Action::Open | Action::Preview, Some(event)) => {
                let facts = event_facts(event, &self.name, &context.shared.session.time_zone);
                let title = within_model(&event.action, &self.name);
                open_facts(title, &facts, context);
            }
            (Action::Open | Action::Preview, None) => context.notify("no event under the cursor"),
            (Action::CopyValue, Some(event)) => context.copy_to_clipboard(event.action.clone()),
            (Action::CopyId, Some(event)) => {
                context.copy_to_clipboard(event.journal_id.clone().unwrap_or_default());
            }
            (Action::CopyValue | Action::CopyId, None) => {}
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
        let result = match reply {
            Reply::History(result) if self.data.is_awaiting(ticket) => result,
            other => return Some(other),
        };
        let selected = self.current().cloned();
        let is_background = self.data.fetch().is_some_and(|fetch| fetch.is_background);
        let before = is_background.then(|| self.events().to_vec());
        context.resolve(&mut self.data, ticket, result);
        if let Some(known) = before {
            self.announce_new_events(&known, context);
        }
        // New events are inserted above.
        let events = self.visible_events();
        let at = selected.and_then(|selected| events.iter().position(|event| **event == selected));
        self.cursor.follow(at);
        None
    }

    fn after_write(&mut self, context: &mut UpdateContext<'_>) {
        self.request_data(context);
    }

    fn text_filter(&mut self) -> Option<(&'static str, &mut TextFilter)> {
        Some(("filter the history", &mut self.filter))
    }

    fn after_update(&mut self, context: &mut UpdateContext<'_>) {
        let request = || Request::History(self.name.clone());
        context.refetch_if_due(&mut self.data, INTERVALS_PER_POLL, request);
    }

    fn list(&mut self, size: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let rows = table_areas(list_above_detail(size)).rows;
        let len = self.visible_events().len();
        Some(FocusedList::new(&mut self.cursor, len, rows))
    }

    fn row_label(&self, row: usize, _: &SharedState) -> String {
        self.visible_events()
            .get(row)
            .map(|event| event.action.clone())
            .unwrap_or_default()
    }
}
