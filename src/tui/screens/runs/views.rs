//! Views of the table: how it is looked at, as a value that can be kept and put back.

use super::Runs;
use super::columns::Wish;
use crate::config::views::View as SavedView;
use crate::domain::Goal;
use crate::table::{ColumnKey, Grouping, SortKey, Statistic};
use crate::tui::app::message::{Reply, Request, Ticket};
use crate::tui::app::shared::Context;

/// How the table of these experiments was left, and is to be remembered.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Asks how it was left.
    recalling: Option<Ticket>,
    /// Writes down how it is now; one at a time, so that the last word is the last that is written.
    remembering: Option<Ticket>,
    /// What was put back or written down last.
    kept: SavedView,
    /// Something may have changed since.
    changed: bool,
}

impl Runs {
    /// How the table is looked at now.
    #[must_use]
    pub fn view(&self) -> SavedView {
        let (columns, hidden) = self
            .columns
            .chosen()
            .map_or((None, Vec::new()), |(seen, hidden)| (Some(seen), hidden));
        SavedView {
            columns,
            hidden,
            sort: self.arrangement.sort.iter().map(SortKey::spelled).collect(),
            filter: self.filter_text.clone(),
            group: match &self.arrangement.grouping {
                Grouping::Flat => None,
                Grouping::Tree => Some("tree".to_owned()),
                Grouping::By(column) => Some(column.spelled()),
            },
            statistic: (self.arrangement.statistic != Statistic::default())
                .then(|| self.arrangement.statistic.as_str().to_owned()),
            goal: self
                .chosen_goal
                .as_ref()
                .map(|goal| format!("{} {}", goal.metric.raw(), goal.direction.as_str())),
            preview: self.preview,
            fold_constants: self.columns.folds_constants(),
            pinned: self.columns.chosen_pins(),
            widths: self.columns.chosen_widths(),
            folded: self.columns.folded_prefixes(),
        }
    }

    /// Looks at the table as a view says. What can't be read in it is left out, and told.
    pub fn show(&mut self, view: &SavedView, context: &mut Context<'_>) {
        let mut wrong = Vec::new();
        let mut columns = |texts: &[String]| -> Vec<ColumnKey> {
            texts
                .iter()
                .filter_map(|text| read(text, &mut wrong))
                .collect()
        };
        let order = view
            .columns
            .as_ref()
            .map(|seen| (columns(seen), columns(&view.hidden)));
        let pinned = columns(&view.pinned);
        let widths = view
            .widths
            .iter()
            .filter_map(|(text, width)| Some((read(text, &mut wrong)?, *width)))
            .collect();
        self.columns.wish(Wish {
            order,
            pinned,
            widths,
            prefixes: view.folded.iter().cloned().collect(),
        });
        self.arrangement.sort = view
            .sort
            .iter()
            .filter_map(|text| read(text, &mut wrong))
            .collect();
        self.arrangement.grouping = match view.group.as_deref() {
            None | Some("flat") => Grouping::Flat,
            Some("tree") => Grouping::Tree,
            Some(column) => read(column, &mut wrong).map_or(Grouping::Flat, Grouping::By),
        };
        let statistic = view
            .statistic
            .as_deref()
            .and_then(|text| read(text, &mut wrong));
        self.arrangement.statistic = statistic.unwrap_or_default();
        if let Some(goal) = view
            .goal
            .as_deref()
            .and_then(|text| read::<Goal>(text, &mut wrong))
        {
            self.choose_goal(goal, context.shared);
        }
        self.preview = view.preview;
        self.columns
            .set_fold_constants(view.fold_constants, &self.table);
        self.set_filter(view.filter.clone());
        if self.filter_text != view.filter {
            wrong.push(view.filter.clone());
        }
        if let Some(first) = wrong.first() {
            let why = format!(
                "a part of the view can't be read: {}",
                crate::text::untrusted::clean(first)
            );
            context.shared.notices.error(
                context.now,
                why,
                "mend its file, or save the view anew with w".into(),
            );
        }
        self.to_top = true;
        self.touch();
    }

    /// Opens the table with the view that was named at the start, or as it was left.
    pub(super) fn recall(&mut self, context: &mut Context<'_>) {
        if let Some(view) = context.shared.first_view.take() {
            self.show(&view, context);
        } else if context.shared.session.remember {
            self.memory.recalling = Some(context.ask(Request::Recall(self.experiments.clone())));
        }
    }

    /// Notes that the person may have changed how the table is looked at.
    pub(super) fn note_change(&mut self) {
        self.memory.changed = true;
    }

    /// Remembers how the table is looked at, when that has changed.
    pub(super) fn remember(&mut self, context: &mut Context<'_>) {
        let busy = self.memory.remembering.is_some() || self.memory.recalling.is_some();
        if busy || !std::mem::take(&mut self.memory.changed) || !context.shared.session.remember {
            return;
        }
        let view = self.view();
        if view != self.memory.kept {
            self.memory.kept = view.clone();
            self.memory.remembering =
                Some(context.ask(Request::Remember(self.experiments.clone(), Box::new(view))));
        }
    }

    /// Takes an answer about views; gives back any other.
    pub(super) fn view_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut Context<'_>,
    ) -> Option<Reply> {
        match reply {
            Reply::Recalled(view) if self.memory.recalling == Some(ticket) => {
                self.memory.recalling = None;
                // Who was quicker than the file goes before it.
                if let Some(view) = view.filter(|_| !self.memory.changed) {
                    self.show(&view, context);
                    self.memory.kept = *view;
                }
                None
            }
            Reply::Remembered(answer) if self.memory.remembering == Some(ticket) => {
                self.memory.remembering = None;
                if let Err(error) = answer {
                    let next = "set remember = false in the config file to do without".to_owned();
                    context.shared.notices.error(
                        context.now,
                        format!("how this table is left can't be remembered: {error}"),
                        next,
                    );
                }
                None
            }
            other => Some(other),
        }
    }
}

/// Reads a part of a view; what is no such part is kept among what is wrong.
fn read<T: std::str::FromStr>(text: &str, wrong: &mut Vec<String>) -> Option<T> {
    let parsed = text.parse().ok();
    if parsed.is_none() {
        wrong.push(text.to_owned());
    }
    parsed
}
