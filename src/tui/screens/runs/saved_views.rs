//! Views: the columns, order, filter, grouping and goal of the table, saved and applied again.

use super::RunsScreen;
use super::columns::ColumnLayout;
use crate::config::saved_views::SavedView;
use crate::domain::Goal;
use crate::table::{ColumnKey, Grouping, SortKey, Statistic};
use crate::tui::app::UpdateContext;
use crate::tui::app::message::{Reply, Request, Ticket};

/// Remembers the view of these experiments from one session to the next.
#[derive(Debug, Default)]
pub(super) struct ViewPersistence {
    loading: Option<Ticket>,
    /// One write at a time, so that the last view is the last one written.
    saving: Option<Ticket>,
    /// The view that was loaded or written last.
    last_saved: SavedView,
    /// Whether the user may have changed the view since.
    is_changed: bool,
}

impl RunsScreen {
    /// The current view, as it is saved.
    #[must_use]
    pub fn current_view(&self) -> SavedView {
        let (columns, hidden) = self
            .columns
            .custom_order()
            .map_or((None, Vec::new()), |(visible, hidden)| {
                (Some(visible), hidden)
            });
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

    /// Applies a view. Parts that don't parse are skipped and reported.
    pub fn apply_view(&mut self, view: &SavedView, context: &mut UpdateContext<'_>) {
        let mut invalid = Vec::new();
        self.columns.apply_layout(parse_layout(view, &mut invalid));
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
            let message = format!(
                "invalid part of the view: {}",
                crate::text::untrusted::clean(first)
            );
            let hint = "fix its file, or save the view again with w".to_owned();
            let notifications = &mut context.shared.notifications;
            notifications.error(context.now, message, hint);
        }
        self.line_state.should_scroll_to_top = true;
        self.invalidate();
    }

    /// Applies the view of the command line, or loads the view of the last session.
    pub(super) fn restore_view(&mut self, context: &mut UpdateContext<'_>) {
        if let Some(view) = context.shared.initial_view.take() {
            self.apply_view(&view, context);
        } else if context.shared.session.remembers_views {
            self.view_persistence.loading =
                Some(context.request(Request::LoadLastView(self.experiments.clone())));
        }
    }

    /// The user may have changed the view.
    pub(super) fn mark_view_changed(&mut self) {
        self.view_persistence.is_changed = true;
    }

    /// Saves the view for the next session if it has changed.
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

    /// Handles the replies about views, and returns any other reply.
    pub(super) fn handle_view_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut UpdateContext<'_>,
    ) -> Option<Reply> {
        match reply {
            Reply::LastView(view) if self.view_persistence.loading == Some(ticket) => {
                self.view_persistence.loading = None;
                // Changes made while the file was read take precedence.
                if let Some(view) = view.filter(|_| !self.view_persistence.is_changed) {
                    self.apply_view(&view, context);
                    self.view_persistence.last_saved = *view;
                }
                None
            }
            Reply::LastViewSaved(result) if self.view_persistence.saving == Some(ticket) => {
                self.view_persistence.saving = None;
                if let Err(error) = result {
                    let message = format!("cannot save the view of this table: {error}");
                    let hint = "remember = false in the config file turns this off".to_owned();
                    let notifications = &mut context.shared.notifications;
                    notifications.error(context.now, message, hint);
                }
                None
            }
            other => Some(other),
        }
    }
}

fn parse_layout(view: &SavedView, invalid: &mut Vec<String>) -> ColumnLayout {
    let mut columns = |texts: &[String]| -> Vec<ColumnKey> {
        let keys = texts.iter().filter_map(|text| parse_part(text, invalid));
        keys.collect()
    };
    let visible = view.columns.as_ref();
    let order = visible.map(|visible| (columns(visible), columns(&view.hidden)));
    let pinned = columns(&view.pinned);
    let widths = view.widths.iter();
    ColumnLayout {
        order,
        pinned,
        widths: widths
            .filter_map(|(text, width)| Some((parse_part(text, invalid)?, *width)))
            .collect(),
        folded_prefixes: view.folded.iter().cloned().collect(),
    }
}

/// Parses a part of a view; a text that doesn't parse goes to `invalid`.
fn parse_part<T: std::str::FromStr>(text: &str, invalid: &mut Vec<String>) -> Option<T> {
    let parsed = text.parse().ok();
    if parsed.is_none() {
        invalid.push(text.to_owned());
    }
    parsed
}
