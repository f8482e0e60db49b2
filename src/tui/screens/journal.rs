//! The journal: every write made from here on this store, and its undo.

use super::{Freshness, List, View, take_reply};
use crate::config::keymap::{Action, Scope};
use crate::promotion::journal::{Entry, EntryState};
use crate::promotion::{Outcome, undo};
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, frame, table};
use crate::tui::app::message::{Reply, Request, Ticket};
use crate::tui::app::overlays::{Overlay, PlanDialog};
use crate::tui::app::remote::Remote;
use crate::tui::app::shared::{Choice, Context, Go, Shared};

/// The screen's state.
#[derive(Debug, Default)]
pub struct JournalScreen {
    /// The entries, oldest first, as recorded.
    pub data: Remote<Vec<Entry>>,
    /// The cursor over the lines.
    pub cursor: Cursor,
    /// The words that an entry must have.
    pub filter: String,
    /// The entry that is looked at again.
    rechecking: Option<Ticket>,
    needle: String,
}

impl JournalScreen {
    /// The entries that pass the filter, newest first.
    #[must_use]
    pub fn lines(&self) -> Vec<&Entry> {
        let words: Vec<String> = self
            .filter
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let fits = |entry: &&Entry| {
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
    pub fn current(&self) -> Option<&Entry> {
        self.lines().get(self.cursor.at).copied()
    }
}

/// Shows the plan that undoes an entry, or says why there is none.
pub(super) fn undo_entry(entry: &Entry, context: &mut Context<'_>) {
    if let Some(by) = &entry.undone_by {
        context.say(format!(
            "this is undone already, by entry {}",
            by.chars().take(8).collect::<String>()
        ));
        return;
    }
    match &entry.state {
        EntryState::Ended(Outcome::NotApplied { .. }) => {
            context.say("nothing was changed by this entry: there is nothing to undo")
        }
        EntryState::Unfinished => context
            .say("this entry never ended: look again at what the registry says with ctrl-l first"),
        EntryState::Ended(_) => {
            PlanDialog::show(undo(&entry.id, &entry.plan, entry.created), context);
        }
    }
}

impl View for JournalScreen {
    fn scope(&self) -> Scope {
        Scope::Journal
    }

    fn crumbs(&self, _: &Shared) -> Vec<String> {
        vec!["journal".into()]
    }

    fn freshness(&self, _: &Shared) -> Freshness {
        Freshness::of(&self.data)
    }

    fn enter(&mut self, context: &mut Context<'_>) {
        context.fetch(&mut self.data, Request::Journal);
    }

    fn on(&mut self, action: Action, context: &mut Context<'_>) -> bool {
        match action {
            Action::Undo => {
                if let Some(entry) = self.current() {
                    undo_entry(entry, context);
                }
            }
            Action::Recheck => {
                if let Some(entry) = self.current().cloned() {
                    self.rechecking = Some(context.ask(Request::Recheck(Box::new(entry))));
                    context.say("asking the registry…");
                }
            }
            Action::Open => context.say("the whole entry is shown below"),
            Action::Filter => context.go.push(Go::Over(Box::new(Overlay::words(
                "filter the journal",
                &self.filter,
            )))),
            Action::CopyValue => {
                if let Some(entry) = self.current() {
                    context.copy(entry.plan.intent.to_string());
                }
            }
            Action::CopyId => {
                if let Some(entry) = self.current() {
                    context.copy(entry.id.clone());
                }
            }
            Action::Back if !self.filter.is_empty() => self.filter.clear(),
            _ => return false,
        }
        true
    }

    fn reply(&mut self, ticket: Ticket, reply: Reply, context: &mut Context<'_>) -> Option<Reply> {
        match reply {
            Reply::Rechecked(answer) if self.rechecking == Some(ticket) => {
                self.rechecking = None;
                match answer {
                    Ok(text) => context.say(text),
                    Err(fault) => context.shared.notices.fault(context.now, &fault),
                }
                self.enter(context);
                None
            }
            other => {
                let kept = self.current().map(|entry| entry.id.clone());
                let rest = take_reply!(ticket, other, context, Journal => self.data);
                // New entries stand above: the cursor stays on the one that it was on.
                if let Some(at) =
                    kept.and_then(|kept| self.lines().iter().position(|entry| entry.id == kept))
                {
                    self.cursor.at = at;
                }
                rest
            }
        }
    }

    fn chosen(&mut self, choice: Choice, context: &mut Context<'_>) {
        match choice {
            Choice::Filter(text) => self.filter = text,
            Choice::Written => self.enter(context),
            _ => {}
        }
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
            .map(|entry| entry.plan.intent.to_string())
            .unwrap_or_default()
    }

    fn needle(&self) -> &str {
        &self.needle
    }

    fn set_needle(&mut self, needle: String) {
        self.needle = needle;
    }
}

/// The part of the body with the entries; the entry under the cursor is told below it.
#[must_use]
pub fn list_area(size: Size) -> ratatui::layout::Rect {
    let body = frame(size).body;
    let height = if body.height >= 14 {
        body.height / 2
    } else {
        body.height
    };
    ratatui::layout::Rect { height, ..body }
}
