//! The journal: the writes that this user made on this store, and their undo.

use super::details::{entry_facts, open_facts};
use super::{FocusedList, Freshness, Screen};
use crate::config::keymap::{Action, Scope};
use crate::promotion::journal::{EntryState, JournalEntry};
use crate::promotion::{Outcome, undo_intent};
use crate::tui::app::cursor::Cursor;
use crate::tui::app::dialogs::{Dialog, Prompt};
use crate::tui::app::layout::{Size, list_above_detail, table_areas};
use crate::tui::app::message::TableExport;
use crate::tui::app::text_filter::TextFilter;
use crate::tui::app::{Remote, Reply, Request, SharedState, Ticket, UpdateContext};

/// The journal of this store.
#[derive(Debug, Default)]
pub struct JournalScreen {
    /// Oldest first, as recorded.
    pub data: Remote<Vec<JournalEntry>>,
    pub(crate) cursor: Cursor,
    pub(crate) filter: TextFilter,
    recheck_ticket: Option<Ticket>,
}

impl JournalScreen {
    /// The matching entries, newest first.
    #[must_use]
    pub fn visible_entries(&self) -> Vec<&JournalEntry> {
        let matches = |entry: &&JournalEntry| {
            let plan = &entry.plan;
            let text = format!("{} {} {}", plan.intent, plan.user, plan.reason);
            self.filter.matches(&text)
        };
        let entries = self.data.get().map(Vec::as_slice).unwrap_or_default();
        entries.iter().rev().filter(matches).collect()
    }

    fn open_export(context: &mut UpdateContext<'_>) {
        let title = "export the journal to (.csv, .md or .json)";
        let prompt = Prompt::export(title, "journal.csv", Self::export, context);
        context.open(Dialog::Prompt(prompt));
    }

    fn export(&mut self, path: String, context: &mut UpdateContext<'_>) {
        let zone = &context.shared.session.time_zone;
        let table = TableExport::of_journal(&self.visible_entries(), zone);
        context.export_table(path, table);
    }

    pub(crate) fn current(&self) -> Option<&JournalEntry> {
        self.visible_entries().get(self.cursor.index).copied()
    }
}

/// Opens the plan that undoes an entry, or reports why there is none.
pub(super) fn open_undo_plan(entry: &JournalEntry, context: &mut UpdateContext<'_>) {
    if let Some(by) = &entry.undone_by {
        let id: String = by.chars().take(8).collect();
        return context.notify(format!("already undone by entry {id}"));
    }
    match &entry.state {
        EntryState::Ended(Outcome::NotApplied { .. }) => {
            context.notify("nothing to undo: this entry changed nothing");
        }
        EntryState::Unfinished => {
            context.notify("the outcome of this entry is unknown: check it again with t first");
        }
        EntryState::Ended(_) => {
            context.plan(undo_intent(&entry.id, &entry.plan, entry.created_version));
        }
    }
}

impl Screen for JournalScreen {
    fn scope(&self) -> Scope {
        Scope::Journal
    }

    fn breadcrumbs(&self, _: &SharedState) -> Vec<String> {
        vec!["journal".into()]
    }

    fn freshness(&self, _: &SharedState) -> Freshness {
        Freshness::of(&self.data)
    }

    fn request_data(&mut self, context: &mut UpdateContext<'_>) {
        context.fetch(&mut self.data, Request::Journal);
    }

    fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        match (action, self.current()) {
            (Action::Undo, Some(entry)) => open_undo_plan(entry, context),
            (Action::Recheck, Some(entry)) => {
                let request = Request::Recheck(Box::new(entry.clone()));
                self.recheck_ticket = Some(context.request(request));
                context.notify("checking the registry…");
            }
            (Action::Export, _) => Self::open_export(context),
            (Action::Open | Action::Preview, Some(entry)) => {
                let facts = entry_facts(entry, &context.shared.session.time_zone);
                open_facts(entry.plan.intent.to_string(), &facts, context);
            }
            (Action::CopyValue, Some(entry)) => {
                context.copy_to_clipboard(entry.plan.intent.to_string());
            }
            (Action::CopyId, Some(entry)) => context.copy_name(&entry.id),
            (
                Action::Undo
                | Action::Recheck
                | Action::Open
                | Action::Preview
                | Action::CopyValue
                | Action::CopyId,
                None,
            ) => {
                context.notify(if self.data.get().is_none() {
                    "the journal is still loading"
                } else {
                    "no entry under the cursor"
                });
            }
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
        match reply {
            Reply::Rechecked(result) if self.recheck_ticket == Some(ticket) => {
                self.recheck_ticket = None;
                match result {
                    Ok(text) => context.notify(text),
                    Err(error) => context.notify_error(&error),
                }
                self.request_data(context);
            }
            Reply::Journal(result) if self.data.is_awaiting(ticket) => {
                let selected = self.current().map(|entry| entry.id.clone());
                context.resolve(&mut self.data, ticket, result);
                // New entries are inserted above.
                let entries = self.visible_entries();
                let at = selected.and_then(|id| entries.iter().position(|entry| entry.id == id));
                self.cursor.follow(at);
            }
            other => return Some(other),
        }
        None
    }

    fn after_write(&mut self, context: &mut UpdateContext<'_>) {
        self.request_data(context);
    }

    fn text_filter(&mut self) -> Option<(&'static str, &mut TextFilter)> {
        Some(("filter the journal", &mut self.filter))
    }

    fn list(&mut self, size: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let rows = table_areas(list_above_detail(size)).rows;
        let len = self.visible_entries().len();
        Some(FocusedList::new(&mut self.cursor, len, rows))
    }

    fn row_label(&self, row: usize, _: &SharedState) -> String {
        self.visible_entries()
            .get(row)
            .map(|entry| entry.plan.intent.to_string())
            .unwrap_or_default()
    }
}
