//! The journal: every write made from here on this store, and its undo.

use super::{FocusedList, Freshness, View, take_reply};
use crate::config::keymap::{Action, Scope};
use crate::promotion::journal::{EntryState, JournalEntry};
use crate::promotion::{Outcome, undo_intent};
use crate::tui::app::cursor::Cursor;
use crate::tui::app::dialogs::{Dialog, PlanDialog};
use crate::tui::app::layout::{Size, screen_areas, table_areas};
use crate::tui::app::message::{Reply, Request, Ticket};
use crate::tui::app::remote::Remote;
use crate::tui::app::shared::{Choice, Navigate, SharedState, UpdateContext};

/// The screen's state.
#[derive(Debug, Default)]
pub struct JournalScreen {
    /// The entries, oldest first, as recorded.
    pub data: Remote<Vec<JournalEntry>>,
    /// The cursor over the lines.
    pub cursor: Cursor,
    /// The words that an entry must have.
    pub filter: String,
    /// The entry that is looked at again.
    recheck_ticket: Option<Ticket>,
    search_text: String,
}

impl JournalScreen {
    /// The entries that pass the filter, newest first.
    #[must_use]
    pub fn visible_entries(&self) -> Vec<&JournalEntry> {
        let words: Vec<String> = self
            .filter
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let fits = |entry: &&JournalEntry| {
            let text = format!(
                "{} {} {}",
                entry.plan.intent, entry.plan.user, entry.plan.reason
            )
            .to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        self.data
            .get()
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .rev()
            .filter(fits)
            .collect()
    }

    /// The entry under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&JournalEntry> {
        self.visible_entries().get(self.cursor.index).copied()
    }
}

/// Shows the plan that undoes an entry, or says why there is none.
pub(super) fn show_undo_plan(entry: &JournalEntry, context: &mut UpdateContext<'_>) {
    if let Some(by) = &entry.undone_by {
        context.notify(format!(
            "this is undone already, by entry {}",
            by.chars().take(8).collect::<String>()
        ));
        return;
    }
    match &entry.state {
        EntryState::Ended(Outcome::NotApplied { .. }) => {
            context.notify("nothing was changed by this entry: there is nothing to undo");
        }
        EntryState::Unfinished => context.notify(
            "this entry never ended: look again at what the registry says with ctrl-l first",
        ),
        EntryState::Ended(_) => {
            PlanDialog::show(
                undo_intent(&entry.id, &entry.plan, entry.created_version),
                context,
            );
        }
    }
}

impl View for JournalScreen {
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
        match action {
            Action::Undo => {
                if let Some(entry) = self.current() {
                    show_undo_plan(entry, context);
                }
            }
            Action::Recheck => {
                if let Some(entry) = self.current().cloned() {
                    self.recheck_ticket = Some(context.request(Request::Recheck(Box::new(entry))));
                    context.notify("asking the registry…");
                }
            }
            Action::Open => context.notify("the whole entry is shown below"),
            Action::Filter => {
                context
                    .navigation
                    .push(Navigate::OpenDialog(Box::new(Dialog::text_filter(
                        "filter the journal",
                        &self.filter,
                    ))));
            }
            Action::CopyValue => {
                if let Some(entry) = self.current() {
                    context.copy_to_clipboard(entry.plan.intent.to_string());
                }
            }
            Action::CopyId => {
                if let Some(entry) = self.current() {
                    context.copy_to_clipboard(entry.id.clone());
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
        match reply {
            Reply::Rechecked(answer) if self.recheck_ticket == Some(ticket) => {
                self.recheck_ticket = None;
                match answer {
                    Ok(text) => context.notify(text),
                    Err(fault) => context
                        .shared
                        .notifications
                        .store_error(context.now, &fault),
                }
                self.request_data(context);
                None
            }
            other => {
                let selected = self.current().map(|entry| entry.id.clone());
                let rest = take_reply!(ticket, other, context, Journal => self.data);
                // New entries stand above: the cursor stays on the one that it was on.
                if let Some(at) = selected.and_then(|kept| {
                    self.visible_entries()
                        .iter()
                        .position(|entry| entry.id == kept)
                }) {
                    self.cursor.index = at;
                }
                rest
            }
        }
    }

    fn handle_choice(&mut self, choice: Choice, context: &mut UpdateContext<'_>) {
        match choice {
            Choice::Filter(text) => self.filter = text,
            Choice::Applied => self.request_data(context),
            _ => {}
        }
    }

    fn list(&mut self, size: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let rows = table_areas(list_area(size)).rows;
        let len = self.visible_entries().len();
        Some(FocusedList {
            cursor: &mut self.cursor,
            len,
            height: rows.height.into(),
            top: rows.y,
        })
    }

    fn row_label(&self, line: usize, _: &SharedState) -> String {
        self.visible_entries()
            .get(line)
            .map(|entry| entry.plan.intent.to_string())
            .unwrap_or_default()
    }

    fn search_text(&self) -> &str {
        &self.search_text
    }

    fn set_search_text(&mut self, needle: String) {
        self.search_text = needle;
    }
}

/// The part of the body with the entries; the entry under the cursor is told below it.
#[must_use]
pub fn list_area(size: Size) -> ratatui::layout::Rect {
    let body = screen_areas(size).body;
    let height = if body.height >= 14 {
        body.height / 2
    } else {
        body.height
    };
    ratatui::layout::Rect { height, ..body }
}
