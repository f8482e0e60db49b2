//! Views of the table: how it is looked at, as a value that can be kept and put back.

use super::RunsScreen;
use super::columns::ColumnLayout;
use crate::config::saved_views::SavedView;
use crate::domain::Goal;
use crate::table::{ColumnKey, Grouping, SortKey, Statistic};
use crate::tui::app::UpdateContext;
use crate::tui::app::message::{Reply, Request, Ticket};

/// How the table of these experiments was left, and is to be remembered.
#[derive(Debug, Default)]
pub(super) struct ViewPersistence {
    /// Asks how it was left.
    loading: Option<Ticket>,
    /// Writes down how it is now; one at a time, so that the last word is the last that is written.
    saving: Option<Ticket>,
    /// What was put back or written down last.
    last_saved: SavedView,
    /// Something may have changed since.
    is_changed: bool,
}

impl RunsScreen {
    /// How the table is looked at now.
    #[must_use]
    pub fn current_view(&self) -> SavedView {
        let (columns, hidden) = self
            .columns
            .custom_order()
            .map_or((None, Vec::new()), |(seen, hidden)| (Some(seen), hidden));
        SavedView {
            columns,
            hidden,
            sort: self
                .arrangement
                .sort
                .iter()
                .map(SortKey::to_raw_string)
                .collect(),
            filter: self.filter_text.clone(),
            group: match &self.arrangement.grouping {
                Grouping::Flat => None,
                Grouping::Tree => Some("tree".to_owned()),
                Grouping::By(column) => Some(column.to_raw_string()),
            },
            statistic: (self.arrangement.statistic != Statistic::default())
                .then(|| self.arrangement.statistic.as_str().to_owned()),
            goal: self
                .chosen_goal
                .as_ref()
                .map(|goal| format!("{} {}", goal.metric.raw(), goal.direction.as_str())),
            preview: self.is_preview_open,
            fold_constants: self.columns.is_folding_constants(),
            pinned: self.columns.pinned_keys(),
            widths: self.columns.custom_widths(),
            folded: self.columns.folded_prefixes(),
        }
    }

    /// Looks at the table as a view says. What can't be read in it is left out, and told.
    pub fn apply_view(&mut self, view: &SavedView, context: &mut UpdateContext<'_>) {
        let mut invalid = Vec::new();
        let mut columns = |texts: &[String]| -> Vec<ColumnKey> {
            texts
                .iter()
                .filter_map(|text| parse_part(text, &mut invalid))
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
            .filter_map(|(text, width)| Some((parse_part(text, &mut invalid)?, *width)))
            .collect();
        self.columns.apply_layout(ColumnLayout {
            order,
            pinned,
            widths,
            folded_prefixes: view.folded.iter().cloned().collect(),
        });
        self.arrangement.sort = view
            .sort
            .iter()
            .filter_map(|text| parse_part(text, &mut invalid))
            .collect();
        self.arrangement.grouping = match view.group.as_deref() {
            None | Some("flat") => Grouping::Flat,
            Some("tree") => Grouping::Tree,
            Some(column) => parse_part(column, &mut invalid).map_or(Grouping::Flat, Grouping::By),
        };
        let statistic = view
            .statistic
            .as_deref()
            .and_then(|text| parse_part(text, &mut invalid));
        self.arrangement.statistic = statistic.unwrap_or_default();
        if let Some(goal) = view
            .goal
            .as_deref()
            .and_then(|text| parse_part::<Goal>(text, &mut invalid))
        {
            self.set_goal(goal, context.shared);
        }
        self.is_preview_open = view.preview;
        self.columns
            .set_folding_constants(view.fold_constants, &self.table);
        self.set_filter(view.filter.clone());
        if self.filter_text != view.filter {
            invalid.push(view.filter.clone());
        }
        if let Some(first) = invalid.first() {
            let why = format!(
                "a part of the view can't be read: {}",
                crate::text::untrusted::clean(first)
            );
            context.shared.notifications.error(
                context.now,
                why,
                "mend its file, or save the view anew with w".into(),
            );
        }
        self.should_scroll_to_top = true;
        self.invalidate();
    }

    /// Opens the table with the view that was named at the start, or as it was left.
    pub(super) fn restore_view(&mut self, context: &mut UpdateContext<'_>) {
        if let Some(view) = context.shared.initial_view.take() {
            self.apply_view(&view, context);
        } else if context.shared.session.remembers_views {
            self.view_persistence.loading =
                Some(context.request(Request::LoadLastView(self.experiments.clone())));
        }
    }

    /// Notes that the person may have changed how the table is looked at.
    pub(super) fn mark_view_changed(&mut self) {
        self.view_persistence.is_changed = true;
    }

    /// Remembers how the table is looked at, when that has changed.
    pub(super) fn save_view_if_changed(&mut self, context: &mut UpdateContext<'_>) {
        let is_busy =
            self.view_persistence.saving.is_some() || self.view_persistence.loading.is_some();
        if is_busy
            || !std::mem::take(&mut self.view_persistence.is_changed)
            || !context.shared.session.remembers_views
        {
            return;
        }
        let view = self.current_view();
        if view != self.view_persistence.last_saved {
            self.view_persistence.last_saved = view.clone();
            self.view_persistence.saving = Some(context.request(Request::SaveLastView(
                self.experiments.clone(),
                Box::new(view),
            )));
        }
    }

    /// Takes an answer about views; gives back any other.
    pub(super) fn handle_view_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut UpdateContext<'_>,
    ) -> Option<Reply> {
        match reply {
            Reply::LastView(view) if self.view_persistence.loading == Some(ticket) => {
                self.view_persistence.loading = None;
                // Who was quicker than the file goes before it.
                if let Some(view) = view.filter(|_| !self.view_persistence.is_changed) {
                    self.apply_view(&view, context);
                    self.view_persistence.last_saved = *view;
                }
                None
            }
            Reply::LastViewSaved(result) if self.view_persistence.saving == Some(ticket) => {
                self.view_persistence.saving = None;
                if let Err(error) = result {
                    let next = "set remember = false in the config file to do without".to_owned();
                    context.shared.notifications.error(
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
fn parse_part<T: std::str::FromStr>(text: &str, invalid: &mut Vec<String>) -> Option<T> {
    let parsed = text.parse().ok();
    if parsed.is_none() {
        invalid.push(text.to_owned());
    }
    parsed
}
