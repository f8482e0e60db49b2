//! How wide columns are by themselves, and whether their values are numbers.

use super::{ColumnState, Columns};
use crate::table::{ColumnKey, RowId, RunTable, ValueKind};
use crate::tui::app::cell_text;

/// Rows that are looked at to find how wide a column should be.
const SAMPLE_ROWS: u32 = 200;

impl Columns {
    /// Measures the column at this place of the seen ones, unless that was done since the table changed.
    pub(super) fn measure_visible(&mut self, index: usize, table: &RunTable) {
        let epoch = self.epoch;
        let Some(column) = self
            .visible_order
            .get(index)
            .and_then(|at| self.all.get_mut(*at))
        else {
            return;
        };
        if column.measured_epoch != epoch {
            measure_column(column, table);
            column.measured_epoch = epoch;
        }
    }
}

fn measure_column(column: &mut ColumnState, table: &RunTable) {
    // A curve's statistics are computed after its column is shown.
    let is_curve = column.key.curve_metric().is_some();
    let is_number = is_curve && column.key.kind().values == ValueKind::Number;
    column.is_numeric = is_number || table.column(&column.key).is_numeric();
    column.measured_width = natural_width(table, &column.key);
}

/// As wide as its title and what stands in its first rows.
fn natural_width(table: &RunTable, key: &ColumnKey) -> u16 {
    let rows = (table.len() as u32).min(SAMPLE_ROWS);
    let width = |text: &str| unicode_width::UnicodeWidthStr::width(text) as u16;
    let column = table.column(key);
    let widest = (0..rows)
        .map(|row| width(&cell_text::width_sample(column.cell(RowId(row), 0))))
        .max()
        .unwrap_or(0);
    // Two more than the title: the sort arrow stands there.
    let title = width(&key.title()).saturating_add(2).min(16);
    let kind = key.kind();
    widest.max(title).clamp(kind.min_width, kind.max_width)
}
