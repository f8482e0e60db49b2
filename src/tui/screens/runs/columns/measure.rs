//! How wide columns are by themselves, and whether their values are numbers.

use super::{ColumnState, Columns};
use crate::table::{Attribute, ColumnKey, CurveStat, RowId, RunTable};
use crate::tui::app::cell_text;

/// Rows that are looked at to find how wide a column should be.
const SAMPLE_ROWS: u32 = 200;
/// The widest that a column gets by itself, in cells; a name may be wider.
const MAX_WIDTH: u16 = 24;
const MAX_NAME_WIDTH: u16 = 32;

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
    // What is told of curves comes later than the column.
    let is_number = matches!(column.key, ColumnKey::Curve(fact, _) if fact != CurveStat::Shape);
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
    let max_width = if matches!(key, ColumnKey::Attribute(Attribute::Name)) {
        MAX_NAME_WIDTH
    } else {
        MAX_WIDTH
    };
    widest.max(title).clamp(min_width(key), max_width)
}

/// The narrowest that a column is by itself, in cells.
fn min_width(key: &ColumnKey) -> u16 {
    match key {
        ColumnKey::Curve(CurveStat::Shape, _) => 16,
        ColumnKey::Curve(..) => 9,
        _ => 4,
    }
}
