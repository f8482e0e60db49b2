//! The lines of the table: the runs and groups that pass the filter, in order.

use super::RunsScreen;
use super::groups::GroupStatistics;
use crate::domain::{Millis, RunId};
use crate::table::{DisplayRow, RowId, arrange};
use crate::tui::app::cursor::Cursor;
use crate::tui::app::{SharedState, UpdateContext};

/// While runs stream in, the lines are arranged at most this often, in ms.
const ARRANGE_INTERVAL_MS: Millis = 200;

/// Columns of tables with up to this many rows are measured after every change: it takes less than a frame.
const REMEASURE_MAX_ROWS: usize = 2_000;

/// Whether the lines show the current table and arrangement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Staleness {
    #[default]
    Current,
    /// Runs were added or changed. While more stream in, the lines may wait for [`ARRANGE_INTERVAL_MS`].
    Stale,
    /// The user expects other lines at once.
    Invalid,
}

/// The size of the table when its columns were measured.
#[derive(Clone, Copy, Debug, Default)]
struct MeasuredShape {
    version: u64,
    rows: usize,
    columns: usize,
}

/// How current the lines are, and values that are computed when they are arranged.
#[derive(Debug, Default)]
pub(super) struct LineState {
    staleness: Staleness,
    arranged_at: Option<Millis>,
    measured: MeasuredShape,
    /// Runs that pass the filter, also those in folded groups.
    match_count: usize,
    /// The lines whose runs are new.
    pub(super) new_run_lines: Vec<usize>,
    pub(super) group_statistics: GroupStatistics,
    /// The next arrangement moves the cursor to the first line, not to the run that it was on.
    pub(super) should_scroll_to_top: bool,
}

impl LineState {
    pub(super) fn mark_stale(&mut self) {
        if self.staleness == Staleness::Current {
            self.staleness = Staleness::Stale;
        }
    }

    fn is_due(&self, is_loading: bool, now: Millis) -> bool {
        match self.staleness {
            Staleness::Current => false,
            Staleness::Stale => {
                let has_waited = |at| now - at >= ARRANGE_INTERVAL_MS;
                !is_loading || self.arranged_at.is_none_or(has_waited)
            }
            Staleness::Invalid => true,
        }
    }
}

impl RunsScreen {
    /// The run of a line; `None` for a group.
    #[must_use]
    pub fn row(&self, line: usize) -> Option<RowId> {
        match self.lines.get(line)? {
            DisplayRow::Run { row, .. } => Some(*row),
            DisplayRow::Group { .. } => None,
        }
    }

    /// The run under the cursor; `None` on a group.
    #[must_use]
    pub fn current_row(&self) -> Option<RowId> {
        self.row(self.cursor.index)
    }

    pub(super) fn current_run(&self) -> Option<RunId> {
        self.current_row().map(|row| self.table.run_id(row).clone())
    }

    pub(super) fn line_of(&self, run: RowId) -> Option<usize> {
        self.lines
            .iter()
            .position(|line| matches!(line, DisplayRow::Run { row, .. } if *row == run))
    }

    /// How many runs pass the filter, including those in folded groups. Parents shown only for their nested runs don't count.
    #[must_use]
    pub fn match_count(&self) -> usize {
        self.line_state.match_count
    }

    /// The lines are arranged again after this step.
    pub(super) fn invalidate(&mut self) {
        self.line_state.staleness = Staleness::Invalid;
    }

    /// Arranges the lines if they are due, and moves the cursor and the columns into view.
    pub(super) fn rearrange_if_due(&mut self, context: &mut UpdateContext<'_>) {
        let is_loading = !self.loader.is_idle();
        if self.line_state.is_due(is_loading, context.now) {
            let selected = self.current_run();
            self.rearrange(selected.as_ref(), context.now, context.shared);
        }
        let (parts, _) = self.areas(context.size);
        self.cursor
            .clamp(self.lines.len(), usize::from(parts.rows.height));
        let has_curves = self.has_curve_column(context.shared);
        self.columns
            .scroll_to_cursor(parts.header.width, has_curves, &self.table);
        self.update_group_statistics(context.size, context.shared, context.now);
        self.fit_columns_to_lines(context);
        self.columns
            .scroll_to_cursor(parts.header.width, has_curves, &self.table);
    }

    /// Makes the columns wide enough for the lines on the screen: only the first rows of the table were measured.
    fn fit_columns_to_lines(&mut self, context: &UpdateContext<'_>) {
        let (parts, _) = self.areas(context.size);
        let placed = self
            .columns
            .layout(parts.header.width, self.has_curve_column(context.shared));
        let lines = self
            .cursor
            .visible_range(self.lines.len(), usize::from(parts.rows.height));
        let rows: Vec<RowId> = lines.clone().filter_map(|line| self.row(line)).collect();
        self.columns.include_rows(&placed, &rows, &self.table);
        if self.group_column().is_none() {
            return;
        }
        let visible = self.columns.visible();
        let mut texts = Vec::new();
        for index in placed.iter().filter_map(|placed| placed.index) {
            for line in lines.clone() {
                let key = &visible[index].key;
                let statistic = self.arrangement.statistic;
                let text = self.group_statistic_text(line, key, statistic, context.now);
                texts.extend(text.map(|text| (index, text)));
            }
        }
        for (index, text) in texts {
            self.columns.include_text(index, &text);
        }
    }

    /// Arranges the lines. The cursor stays on the run `selected`.
    fn rearrange(&mut self, selected: Option<&RunId>, now: Millis, shared: &SharedState) {
        // The columns of the first page suggest the goal.
        self.update_columns();
        let goal = self.goal(shared);
        self.arrangement.goal.clone_from(&goal);
        self.lines = self
            .window_lines()
            .unwrap_or_else(|| arrange(&self.table, &self.arrangement, now));
        self.drop_removed_lines();
        self.move_cursor_to(selected);
        self.select_folded_group();
        self.columns.has_group_statistics = self.group_column().is_some();
        self.columns.move_goal_first(goal.as_ref());
        self.line_state = LineState {
            staleness: Staleness::Current,
            arranged_at: Some(now),
            measured: self.line_state.measured,
            match_count: self.count_matches(),
            new_run_lines: self.find_new_run_lines(),
            group_statistics: GroupStatistics::default(),
            should_scroll_to_top: false,
        };
    }

    fn move_cursor_to(&mut self, selected: Option<&RunId>) {
        let row = selected.and_then(|id| self.table.row_of(id));
        if self.line_state.should_scroll_to_top {
            self.cursor = Cursor::default();
        } else if let Some(line) = row.and_then(|row| self.line_of(row)) {
            // Scroll with the cursor: its run stays at the same height of the screen.
            let offset = self.cursor.index.saturating_sub(self.cursor.top);
            self.cursor.index = line;
            self.cursor.top = line.saturating_sub(offset);
        }
    }

    fn count_matches(&self) -> usize {
        // A group counts its runs, folded or not.
        let is_grouped = self.group_column().is_some();
        let counts = self.lines.iter().map(|line| match line {
            DisplayRow::Run { is_match, .. } => usize::from(*is_match && !is_grouped),
            DisplayRow::Group { rows, .. } => rows.len(),
        });
        counts.sum()
    }

    fn find_new_run_lines(&self) -> Vec<usize> {
        if self.poller.new_runs.is_empty() {
            return Vec::new();
        }
        let is_new = |row| self.poller.new_runs.contains(self.table.run_id(row));
        (0..self.lines.len())
            .filter(|line| self.row(*line).is_some_and(is_new))
            .collect()
    }

    /// Hides the runs that the store no longer lists.
    fn drop_removed_lines(&mut self) {
        if self.poller.removed_count == 0 {
            return;
        }
        let table = &self.table;
        self.lines.retain_mut(|line| match line {
            DisplayRow::Run { row, .. } => !table.is_deleted(*row),
            DisplayRow::Group { rows, .. } => {
                rows.retain(|row| !table.is_deleted(*row));
                !rows.is_empty()
            }
        });
    }

    /// Measures the columns if the table has changed. The columns of a long table are measured only when it has other runs or
    /// columns, so that a refresh costs only as much as its changes.
    fn update_columns(&mut self) {
        let measured = self.line_state.measured;
        let shape = MeasuredShape {
            version: self.table.version(),
            rows: self.table.len(),
            columns: self.table.columns().len(),
        };
        let is_same_shape = (shape.rows, shape.columns) == (measured.rows, measured.columns);
        if shape.version != measured.version && !(is_same_shape && shape.rows > REMEASURE_MAX_ROWS)
        {
            self.columns.update(&self.table);
            self.line_state.measured = shape;
        }
    }

    /// Forgets the lines, because row ids now mean other runs, and arranges them again at once.
    pub(super) fn reset_lines(&mut self, selected: Option<&RunId>, context: &UpdateContext<'_>) {
        self.lines.clear();
        self.mark_anchor = None;
        self.line_state.measured = MeasuredShape::default();
        self.rearrange(selected, context.now, context.shared);
    }
}
