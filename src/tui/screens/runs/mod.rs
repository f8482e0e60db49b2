//! The run table of one or more experiments.

mod actions;
mod best_run;
mod child_runs;
mod choices;
pub mod columns;
pub mod curves;
mod deleted_runs;
mod export;
mod folds;
mod groups;
mod lines;
pub mod loader;
pub mod new_runs;
pub mod polling;
mod preview;
pub mod pushdown;
mod request_state;
mod saved_views;
mod window;

use super::{FocusedList, Freshness, Screen};
use crate::config::keymap::{Action, Scope};
use crate::domain::{ExperimentId, Goal, RunId, StoreError};
use crate::ops::list_runs::RunPage;
use crate::store::RunQuery;
use crate::store::limits::FIRST_PAGE_RUNS;
use crate::table::filter::Filter;
use crate::table::{Arrangement, Attribute, CellValue, ColumnKey, DisplayRow, RowId, RunTable};
use crate::text::Untrusted;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{
    Size, TableAreas, screen_areas, split_preview, table_areas as table_parts,
};
use crate::tui::app::message::{Mouse, Reply, Ticket};
use crate::tui::app::{SharedState, UpdateContext};

use columns::Columns;
use loader::RunLoader;
use polling::RunPoller;
pub(crate) use preview::PREVIEW_ATTRIBUTES;

/// The state of the screen.
#[derive(Debug, Default)]
pub struct RunsScreen {
    /// The experiments whose runs are listed.
    pub experiments: Vec<ExperimentId>,
    /// The name in the top line, cleaned.
    pub name: String,
    /// All runs loaded so far, whether they pass the filter or not.
    pub table: RunTable,
    /// Loads the table.
    pub loader: RunLoader,
    /// Keeps the loaded table up to date.
    pub poller: RunPoller,
    child_run_loader: child_runs::ChildRunLoader,
    /// Lets the store filter and sort while only a part of the runs is loaded.
    pub pushdown: pushdown::PushdownState,
    /// The part of the store's listing that the table holds, where the store has more runs than the session loads.
    pub window: window::WindowState,
    /// Loads the histories of runs that are not on the screen.
    pub curve_loader: curves::CurveLoader,
    /// Filter, order and grouping.
    pub arrangement: Arrangement,
    /// The filter in use, as typed.
    pub filter_text: String,
    /// The filter and its text when the prompt for it was opened.
    previous_filter: (Option<Filter>, String),
    /// The rows that the arrangement leaves, in order.
    pub lines: Vec<DisplayRow>,
    line_state: lines::LineState,
    /// The order, width and visibility of the columns.
    pub columns: Columns,
    /// A position in `lines`.
    pub cursor: Cursor,
    /// Whether the preview pane is open.
    pub is_preview_open: bool,
    /// How many lines the preview is scrolled down; it stops at its last line.
    pub preview_scroll: usize,
    /// The last marked run: one end of a marked range.
    mark_anchor: Option<RowId>,
    /// The group that the cursor moves to with the next arrangement: it was folded around the cursor.
    group_to_select: Option<String>,
    /// Whether the table lists deleted runs instead of active ones.
    pub is_showing_deleted: bool,
    /// The value of [`SharedState::run_changes`] when the table was loaded.
    run_revision: u64,
    /// The goal chosen here or by a view. `None` for the goal of the experiment or the metrics.
    chosen_goal: Option<Goal>,
    /// The metric of the goal once a run on the screen had a curve of it, not only a single point.
    curve_metric: Option<Untrusted>,
    view_persistence: saved_views::ViewPersistence,
}

impl RunsScreen {
    /// An empty table. Its runs are loaded with `View::request_data`.
    #[must_use]
    pub fn new(experiments: Vec<ExperimentId>, name: String) -> Self {
        Self {
            experiments,
            name,
            ..Self::default()
        }
    }

    /// The name of a run, or the start of its id if it has no name.
    #[must_use]
    pub fn run_label(&self, row: RowId) -> Untrusted {
        match self
            .table
            .cell(row, &ColumnKey::Attribute(Attribute::Name), 0)
        {
            CellValue::Text(name) if !name.is_empty() => Untrusted::from(name),
            _ => Untrusted::from(self.table.run_id(row).short()),
        }
    }

    /// The goal that was chosen, else the goal that the experiment declares, else a guess from the metrics.
    #[must_use]
    pub fn goal(&self, shared: &SharedState) -> Option<Goal> {
        let known = self
            .experiments
            .iter()
            .find_map(|id| shared.goals.get(id))
            .cloned();
        known.or_else(|| self.columns.guessed_goal.clone())
    }

    /// Whether the table has a column with the curves of the goal's metric: single points leave their room to other columns.
    #[must_use]
    pub fn has_curve_column(&self, shared: &SharedState) -> bool {
        self.goal(shared)
            .is_some_and(|goal| self.curve_metric.as_ref() == Some(&goal.metric))
    }

    /// The areas of the table and of the preview pane.
    #[must_use]
    pub fn areas(&self, size: Size) -> (TableAreas, Option<ratatui::layout::Rect>) {
        let (area, preview) = split_preview(screen_areas(size).body, self.is_preview_open);
        (table_parts(area), preview)
    }

    fn visible_runs(&self, size: Size) -> Vec<RunId> {
        let height = usize::from(self.areas(size).0.rows.height);
        self.cursor
            .visible_range(self.lines.len(), height)
            .filter_map(|line| self.row(line))
            .map(|row| self.table.run_id(row).clone())
            .collect()
    }

    /// Applies a typed filter. A text that does not parse leaves the filter that was in use when typing began: its valid prefix
    /// would be another filter, such as the word `an` of an unfinished `and`.
    fn set_filter(&mut self, text: String) {
        let parsed = if text.trim().is_empty() {
            Ok(None)
        } else {
            Filter::parse(&text).map(Some)
        };
        (self.arrangement.filter, self.filter_text) = match parsed {
            Ok(filter) => (filter, text),
            Err(_) => self.previous_filter.clone(),
        };
        self.invalidate();
    }

    fn set_goal(&mut self, goal: Goal, shared: &mut SharedState) {
        for id in &self.experiments {
            shared.goals.insert(id.clone(), goal.clone());
        }
        self.chosen_goal = Some(goal);
        self.invalidate();
    }

    /// Loads all runs again.
    fn reload(&mut self, context: &mut UpdateContext<'_>) {
        self.poller.restart(context);
        self.child_run_loader.restart(context);
        if self.window.is_active() {
            self.refresh_window();
            self.run_revision = context.shared.run_changes;
            return;
        }
        let lifecycle = self.lifecycle_filter();
        self.loader
            .restart(&self.experiments, lifecycle, &self.table, context);
        self.run_revision = context.shared.run_changes;
    }

    /// Adds a page to the table. When it completes a reload, the row ids are new.
    fn apply_page(
        &mut self,
        ticket: Ticket,
        page: Result<RunPage, StoreError>,
        context: &mut UpdateContext<'_>,
    ) {
        let selected = self.current_run();
        let is_replaced = self
            .loader
            .apply_page(ticket, page, &mut self.table, context);
        if is_replaced {
            self.poller.removed_count = 0;
            self.reset_lines(selected.as_ref(), context);
        } else {
            self.line_state.mark_stale();
        }
    }

    /// Lets the store filter and sort while the table has only a part of the runs.
    fn sync_pushdown(&mut self, context: &mut UpdateContext<'_>) {
        let features = context.shared.features.get();
        let can_filter = features.is_some_and(|features| features.can_filter);
        if !can_filter || self.loader.is_complete() || self.table.is_empty() {
            return self.pushdown.cancel(context);
        }
        let base = RunQuery {
            experiments: self.experiments.clone(),
            lifecycle: self.lifecycle_filter(),
            page_size: FIRST_PAGE_RUNS,
            ..RunQuery::default()
        };
        self.pushdown
            .sync(&self.arrangement, &base, self.cursor.index, context);
    }
}

impl Screen for RunsScreen {
    fn scope(&self) -> Scope {
        Scope::Runs
    }

    fn breadcrumbs(&self, _: &SharedState) -> Vec<String> {
        vec![
            self.name.clone(),
            if self.is_showing_deleted {
                "deleted runs"
            } else {
                "runs"
            }
            .into(),
        ]
    }

    fn freshness(&self, shared: &SharedState) -> Freshness {
        self.polled_freshness(shared)
    }

    fn request_data(&mut self, context: &mut UpdateContext<'_>) {
        context.shared.histories.mark_stale();
        if self.table.is_empty() {
            self.restore_view(context);
        }
        self.reload(context);
    }

    fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        let is_handled = self.perform_action(action, context);
        if is_handled {
            self.mark_view_changed();
        }
        is_handled
    }

    fn handle_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut UpdateContext<'_>,
    ) -> Option<Reply> {
        match reply {
            Reply::Runs(page) if self.loader.is_awaiting(ticket) => {
                self.apply_page(ticket, page, context);
            }
            Reply::Runs(page) if self.pushdown.is_awaiting(ticket) => {
                if self
                    .pushdown
                    .apply_page(ticket, page, &mut self.table, context)
                {
                    // Keep the view at the top when the cursor is on the first line.
                    self.line_state.should_scroll_to_top |= self.cursor.index == 0;
                    self.invalidate();
                }
            }
            Reply::Window(window) if self.window.is_awaiting(ticket) => {
                self.apply_window(window, context);
            }
            Reply::Changes(changes) if self.poller.is_awaiting(ticket) => {
                self.apply_changes(changes, context);
            }
            Reply::ChildRuns(runs) if self.child_run_loader.is_awaiting(ticket) => {
                if self.child_run_loader.apply(runs, &mut self.table, context) {
                    self.invalidate();
                }
            }
            reply => return self.handle_view_reply(ticket, reply, context),
        }
        None
    }

    fn after_write(&mut self, context: &mut UpdateContext<'_>) {
        super::versions::open_registered_version(context);
    }

    fn list(&mut self, size: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let rows = self.areas(size).0.rows;
        Some(FocusedList {
            cursor: &mut self.cursor,
            len: self.lines.len(),
            height: rows.height.into(),
            top: rows.y,
        })
    }

    fn jump(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        self.jump_in_window(action, context)
    }

    fn row_label(&self, line: usize, _: &SharedState) -> String {
        match self.lines.get(line) {
            Some(DisplayRow::Run { row, .. }) => format!(
                "{} {}",
                self.run_label(*row).clean(),
                self.table.run_id(*row).clean()
            ),
            Some(DisplayRow::Group { value, .. }) => value.clone(),
            None => String::new(),
        }
    }

    fn handle_mouse(&mut self, mouse: Mouse, context: &mut UpdateContext<'_>) -> bool {
        let Mouse::Click { x, y } = mouse else {
            return false;
        };
        let (parts, _) = self.areas(context.size);
        if y != parts.header.y {
            return false;
        }
        let placed = self
            .columns
            .layout(parts.header.width, self.has_curve_column(context.shared));
        let clicked = placed.iter().find(|column| {
            (column.x..column.x + column.width).contains(&(x.saturating_sub(parts.header.x)))
        });
        if let Some(column) = clicked
            && let Some(index) = column.index
        {
            self.columns.cursor = index;
            self.sort_by_current(false, context);
        }
        false
    }

    fn after_update(&mut self, context: &mut UpdateContext<'_>) {
        self.reload_after_run_change(context);
        // Before arranging: the last curve may change the order.
        self.continue_curve_loading(context);
        self.sync_window(context);
        self.rearrange_if_due(context);
        self.sync_pushdown(context);
        self.poll_if_due(context);
        self.fetch_histories(context);
        self.save_view_if_changed(context);
        self.update_heartbeats(context);
    }
}
