//! Groups of runs: the statistics that their lines show.

use std::collections::HashMap;

use super::RunsScreen;
use super::columns::ColumnState;
use crate::domain::Millis;
use crate::table::{
    CellValue, ColumnKey, DisplayRow, Grouping, Statistic, SummaryStats, ValueKind,
};
use crate::tui::app::cell_text::{MISSING, short_text};
use crate::tui::app::layout::Size;
use crate::tui::app::{SharedState, UpdateContext};

/// Statistics by line and column, for the lines and columns that were on the screen since the lines were arranged.
pub(super) type GroupStatistics = HashMap<usize, HashMap<ColumnKey, SummaryStats>>;

/// Whether group lines show statistics of a column. The numbers of an experiment id measure nothing.
fn has_group_statistics(column: &ColumnState) -> bool {
    column.is_numeric && column.key.kind().has_statistics
}

impl RunsScreen {
    /// The column that runs are grouped by; `None` for a tree and without groups.
    #[must_use]
    pub fn group_column(&self) -> Option<&ColumnKey> {
        match &self.arrangement.grouping {
            Grouping::By(column) => Some(column),
            Grouping::Flat | Grouping::Tree => None,
        }
    }

    /// Computes the statistics of the groups and columns on the screen.
    pub(super) fn update_group_statistics(
        &mut self,
        size: Size,
        shared: &SharedState,
        now: Millis,
    ) {
        if self.group_column().is_none() {
            return;
        }
        let (parts, _) = self.areas(size);
        let visible_columns = self.columns.visible();
        let placed_columns = self
            .columns
            .layout(parts.header.width, self.has_curve_column(shared));
        let columns = placed_columns
            .iter()
            .filter_map(|placed| visible_columns.get(placed.index?))
            .filter(|column| has_group_statistics(column));
        let columns: Vec<ColumnKey> = columns.map(|column| column.key.clone()).collect();
        for line in self
            .cursor
            .visible_range(self.lines.len(), usize::from(parts.rows.height))
        {
            let Some(DisplayRow::Group { rows, .. }) = self.lines.get(line) else {
                continue;
            };
            let known = self.line_state.group_statistics.entry(line).or_default();
            for column in &columns {
                if !known.contains_key(column) {
                    known.insert(column.clone(), self.table.column(column).stats(rows, now));
                }
            }
        }
    }

    /// The statistics of a group in a column on the screen; `None` for columns that are not numeric.
    #[must_use]
    pub fn group_spread(&self, line: usize, column: &ColumnKey) -> Option<&SummaryStats> {
        self.line_state.group_statistics.get(&line)?.get(column)
    }

    /// One statistic of a group, formatted as a cell.
    #[must_use]
    pub fn group_statistic_text(
        &self,
        line: usize,
        column: &ColumnKey,
        statistic: Statistic,
        now: Millis,
    ) -> Option<String> {
        let spread = self.group_spread(line, column)?;
        let value = spread.get(statistic, self.arrangement.direction_of(column));
        Some(value.map_or_else(
            || MISSING.to_owned(),
            |value| short_text(statistic_cell(column, statistic, value), now),
        ))
    }

    /// Explains the statistic under the cursor: `loss mean of 18 of 20 runs, 1 missing, 1 not finite`.
    #[must_use]
    pub fn describe_group_statistic(&self) -> Option<String> {
        let (column, spread) = self
            .columns
            .current_key()
            .and_then(|key| Some((key.clone(), self.group_spread(self.cursor.index, &key)?)))?;
        let runs = spread.n + spread.missing + spread.excluded + spread.running;
        let mut text = format!(
            "{} {} of {} of {runs} runs",
            column.title(),
            self.arrangement.statistic.as_str(),
            spread.n
        );
        for (count, what) in [
            (spread.missing, "missing"),
            (spread.excluded, "not finite"),
            (spread.running, "still running"),
        ] {
            if count > 0 {
                text.push_str(&format!(", {count} {what}"));
            }
        }
        Some(text)
    }

    /// Lets group lines show the next statistic.
    pub(super) fn next_statistic(&mut self, context: &mut UpdateContext<'_>) {
        if self.group_column().is_none() {
            context.notify("no groups; z groups the runs");
            return;
        }
        self.arrangement.statistic = self.arrangement.statistic.next();
        context.notify(format!(
            "groups show {}",
            self.arrangement.statistic.as_str()
        ));
        self.invalidate();
    }
}

/// A statistic as a cell: the mean of times is a time, their standard deviation is a duration, and a count is a number.
fn statistic_cell(column: &ColumnKey, statistic: Statistic, value: f64) -> CellValue<'static> {
    match (column.kind().values, statistic) {
        (_, Statistic::Count) => CellValue::Number(value),
        (ValueKind::Duration, _) | (ValueKind::Time, Statistic::StdDev) => {
            CellValue::Duration(value.round() as Millis)
        }
        (ValueKind::Time, _) => CellValue::Time(value.round() as Millis),
        _ => CellValue::Number(value),
    }
}
