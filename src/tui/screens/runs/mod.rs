//! The run table of one or several experiments.

mod actions;
mod child_runs;
mod choices;
pub mod columns;
pub mod curves;
mod deleted_runs;
mod groups;
pub mod loader;
pub mod new_runs;
pub mod polling;
pub mod pushdown;
mod saved_views;

use super::{FocusedList, Freshness, Screen};
use crate::config::keymap::{Action, Scope};
use crate::domain::{ExperimentId, Goal, Millis, RunId};
use crate::table::filter::Filter;
use crate::table::{
    Arrangement, Attribute, CellValue, ColumnKey, DisplayRow, RowId, RunTable, arrange,
};
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

/// How many points of a history a sparkline needs: two for each of its columns, and room to see a spike.
const SPARKLINE_POINTS: u32 = 64;
/// While runs stream in, the order is made anew at most this often, in ms.
const ARRANGE_INTERVAL_MS: Millis = 200;

/// The columns of tables up to this many rows are measured anew whenever a value changes: it takes less than a frame.
const REMEASURE_MAX_ROWS: usize = 2_000;

/// What the table was like when its columns were measured.
#[derive(Clone, Copy, Debug, Default)]
struct MeasuredShape {
    version: u64,
    rows: usize,
    columns: usize,
}

/// The screen's state.
#[derive(Debug)]
pub struct RunsScreen {
    /// Whose runs.
    pub experiments: Vec<ExperimentId>,
    /// Their name for the top line, cleaned.
    pub name: String,
    /// All runs that were loaded.
    pub table: RunTable,
    /// How far loading is.
    pub loader: RunLoader,
    /// How far refreshing is, and what it brought.
    pub poller: RunPoller,
    child_run_loader: child_runs::ChildRunLoader,
    /// What the store does of the filter and the order while not all runs are here.
    pub pushdown: pushdown::PushdownState,
    /// Reading the curves of runs that are not seen.
    pub curve_loader: curves::CurveLoader,
    /// Filter, order and grouping.
    pub arrangement: Arrangement,
    /// The filter in use, as typed.
    pub filter_text: String,
    /// The lines that are seen.
    pub lines: Vec<DisplayRow>,
    /// How many runs the lines show, counted when they change.
    pub matching_runs: usize,
    /// The columns.
    pub columns: Columns,
    /// The cursor over the lines.
    pub cursor: Cursor,
    /// Whether the preview is shown.
    pub is_preview_open: bool,
    /// Where the last mark was set, for a range.
    mark_anchor: Option<RowId>,
    /// Whether the table is of deleted runs.
    pub is_showing_deleted: bool,
    /// How often runs had been deleted or restored from here when the table was read.
    lifecycle_revision: u64,
    is_dirty: bool,
    should_scroll_to_top: bool,
    /// The goal that was chosen here or in a view; none where the experiment or the metrics tell it.
    chosen_goal: Option<Goal>,
    view_persistence: saved_views::ViewPersistence,
    /// What the lines of groups show.
    group_statistics: groups::GroupStatistics,
    arranged_at: Millis,
    measured: MeasuredShape,
    /// The filter in use when the field for it was opened, and how it was typed.
    previous_filter: (Option<Filter>, String),
}

impl RunsScreen {
    /// Runs in groups count with their group, folded or not. A parent that the filter excludes does not count.
    fn count_matching_runs(&self) -> usize {
        let is_grouped = self.group_column().is_some();
        let counts = self.lines.iter().map(|line| match line {
            DisplayRow::Run { is_match, .. } => usize::from(*is_match && !is_grouped),
            DisplayRow::Group { rows, .. } => rows.len(),
        });
        counts.sum()
    }

    /// The runs of experiments.
    #[must_use]
    pub fn new(experiments: Vec<ExperimentId>, name: String) -> Self {
        Self {
            experiments,
            name,
            table: RunTable::default(),
            loader: RunLoader::default(),
            poller: RunPoller::default(),
            child_run_loader: child_runs::ChildRunLoader::default(),
            pushdown: pushdown::PushdownState::default(),
            curve_loader: curves::CurveLoader::default(),
            arrangement: Arrangement::default(),
            filter_text: String::new(),
            lines: Vec::new(),
            matching_runs: 0,
            columns: Columns::default(),
            cursor: Cursor::default(),
            is_preview_open: false,
            mark_anchor: None,
            is_showing_deleted: false,
            lifecycle_revision: 0,
            is_dirty: false,
            should_scroll_to_top: false,
            chosen_goal: None,
            view_persistence: saved_views::ViewPersistence::default(),
            group_statistics: groups::GroupStatistics::default(),
            arranged_at: 0,
            measured: MeasuredShape::default(),
            previous_filter: (None, String::new()),
        }
    }

    /// The row of a line, if the line is a run.
    #[must_use]
    pub fn row(&self, line: usize) -> Option<RowId> {
        match self.lines.get(line)? {
            DisplayRow::Run { row, .. } => Some(*row),
            DisplayRow::Group { .. } => None,
        }
    }

    /// The row under the cursor, if it is a run.
    #[must_use]
    pub fn current_row(&self) -> Option<RowId> {
        self.row(self.cursor.index)
    }

    /// The name of a row's run, or the start of its id.
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

    /// The goal: chosen here, declared by the experiment, or guessed from the metrics.
    #[must_use]
    pub fn goal(&self, shared: &SharedState) -> Option<Goal> {
        let known = self
            .experiments
            .iter()
            .find_map(|id| shared.goals.get(id))
            .cloned();
        known.or_else(|| self.columns.guessed_goal.clone())
    }

    /// Where the parts of the table and of the preview are.
    #[must_use]
    pub fn areas(&self, size: Size) -> (TableAreas, Option<ratatui::layout::Rect>) {
        let (area, preview) = split_preview(screen_areas(size).body, self.is_preview_open);
        (table_parts(area), preview)
    }

    /// The ids of the runs that are seen.
    fn visible_runs(&self, size: Size) -> Vec<RunId> {
        let height = usize::from(self.areas(size).0.rows.height);
        self.cursor
            .visible_range(self.lines.len(), height)
            .filter_map(|line| self.row(line))
            .map(|row| self.table.run_id(row).clone())
            .collect()
    }

    /// Marks what is derived as out of date.
    pub(super) fn invalidate(&mut self) {
        self.is_dirty = true;
        self.arranged_at = 0;
    }

    /// Makes the lines anew, and keeps the cursor on the run that it was on.
    fn rearrange(&mut self, selected: Option<&RunId>, now: Millis, shared: &SharedState) {
        self.arrangement.goal = self.goal(shared);
        self.group_statistics.clear();
        self.lines = arrange(&self.table, &self.arrangement, now);
        self.matching_runs = self.count_matching_runs();
        self.drop_removed_lines();
        let row = selected.and_then(|id| self.table.row_of(id));
        let selected_line = row.and_then(|row| {
            self.lines
                .iter()
                .position(|line| matches!(line, DisplayRow::Run { row: r, .. } if *r == row))
        });
        if std::mem::take(&mut self.should_scroll_to_top) {
            self.cursor = Cursor::default();
        } else if let Some(at) = selected_line {
            // The window moves with the cursor, so that the eye finds the run where it was.
            let offset = self.cursor.index.saturating_sub(self.cursor.top);
            self.cursor.index = at;
            self.cursor.top = at.saturating_sub(offset);
        }
        self.update_columns();
        self.columns.has_group_statistics = self.group_column().is_some();
        self.columns.move_goal_first(self.goal(shared).as_ref());
        self.is_dirty = false;
        self.arranged_at = now;
    }

    /// Brings the columns up to date, if the table changed. In a long table the columns are measured anew only when there are other
    /// runs or other columns: a refresh costs what changed.
    fn update_columns(&mut self) {
        let shape = MeasuredShape {
            version: self.table.version(),
            rows: self.table.len(),
            columns: self.table.columns().len(),
        };
        let is_same_shape =
            (shape.rows, shape.columns) == (self.measured.rows, self.measured.columns);
        if shape.version != self.measured.version
            && !(is_same_shape && shape.rows > REMEASURE_MAX_ROWS)
        {
            self.columns.update(&self.table);
            self.measured = shape;
        }
    }

    /// Reads the typed filter; a mistake leaves the one from before in use. What was typed on the way to the mistake is none:
    /// the `an` of an unfinished `and` would be a word that no run has.
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
}

impl RunsScreen {
    /// Makes the lines anew where they are out of date, and fits the cursor and the columns to the screen.
    fn rearrange_if_due(&mut self, context: &mut UpdateContext<'_>) {
        let urgent = self.arranged_at == 0 || self.loader.is_idle();
        if self.is_dirty && (urgent || context.now - self.arranged_at >= ARRANGE_INTERVAL_MS) {
            let selected = self.current_row().map(|row| self.table.run_id(row).clone());
            self.rearrange(selected.as_ref(), context.now, context.shared);
        }
        let (parts, _) = self.areas(context.size);
        self.cursor
            .clamp(self.lines.len(), usize::from(parts.rows.height));
        self.columns.scroll_to_cursor(
            parts.header.width,
            self.goal(context.shared).is_some(),
            &self.table,
        );
        self.update_group_statistics(context.size, context.shared, context.now);
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
        self.poller.restart(context);
        self.child_run_loader.restart(context);
        self.loader.restart(
            &self.experiments,
            self.lifecycle_filter(),
            &self.table,
            context,
        );
        self.lifecycle_revision = context.shared.lifecycle_changes;
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
        let reply = match reply {
            Reply::Changes(answer) if self.poller.is_awaiting(ticket) => {
                self.apply_changes(answer, context);
                return None;
            }
            Reply::ChildRuns(answer) if self.child_run_loader.is_awaiting(ticket) => {
                self.apply_child_runs(answer, context);
                return None;
            }
            Reply::Runs(answer) if self.pushdown.is_awaiting(ticket) => {
                self.apply_pushdown_page(ticket, answer, context);
                return None;
            }
            reply => reply,
        };
        if !self.loader.is_awaiting(ticket) {
            return self.handle_view_reply(ticket, reply, context);
        }
        let Reply::Runs(answer) = reply else {
            return Some(reply);
        };
        let selected = self.current_row().map(|row| self.table.run_id(row).clone());
        if self
            .loader
            .apply_page(answer, &mut self.table, &self.experiments, context)
        {
            // Every row means another run now: the lines are made anew before anybody looks at them.
            self.lines.clear();
            self.mark_anchor = None;
            self.poller.removed_count = 0;
            self.measured = MeasuredShape::default();
            self.rearrange(selected.as_ref(), context.now, context.shared);
        }
        self.is_dirty = true;
        None
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

    fn handle_mouse(&mut self, mouse: Mouse, context: &mut UpdateContext<'_>) {
        let Mouse::Click { x, y } = mouse else { return };
        let (parts, _) = self.areas(context.size);
        if y != parts.header.y {
            return;
        }
        let placed = self
            .columns
            .layout(parts.header.width, self.goal(context.shared).is_some());
        let clicked = placed.iter().find(|column| {
            (column.x..column.x + column.width).contains(&(x.saturating_sub(parts.header.x)))
        });
        if let Some(column) = clicked
            && let Some(index) = column.index
        {
            self.columns.cursor = index;
            self.perform_action(Action::Sort, context);
        }
    }

    fn after_update(&mut self, context: &mut UpdateContext<'_>) {
        self.reload_after_lifecycle_change(context);
        self.rearrange_if_due(context);
        self.sync_pushdown(context);
        self.poll_if_due(context);
        self.fetch_histories(context);
        // The last curves may have come, and with them another order.
        self.rearrange_if_due(context);
        self.save_view_if_changed(context);
        self.update_heartbeats(context);
    }
}
