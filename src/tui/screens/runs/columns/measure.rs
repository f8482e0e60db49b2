//! How wide columns are by themselves, and whether their values are numbers.

use super::{Columns, Shown};
use crate::table::{Attribute, ColumnKey, Fact, Row, RunTable};
use crate::tui::app::cell;

/// Rows that are looked at to find how wide a column should be.
const SAMPLE: u32 = 200;
/// The widest that a column gets by itself, in cells; a name may be wider.
const WIDEST: u16 = 24;
const WIDEST_NAME: u16 = 32;

impl Columns {
    /// Measures the column at this place of the seen ones, unless that was done since the table changed.
    pub(super) fn measure(&mut self, index: usize, table: &RunTable) {
        let epoch = self.epoch;
        let Some(column) = self.order.get(index).and_then(|at| self.all.get_mut(*at)) else {
            return;
        };
        if column.measured != epoch {
            measure(column, table);
            column.measured = epoch;
        }
    }
}

fn measure(column: &mut Shown, table: &RunTable) {
    // What is told of curves comes later than the column.
    let is_number = matches!(column.key, ColumnKey::Curve(fact, _) if fact != Fact::Verdict);
    column.numeric = is_number || table.column(&column.key).is_numeric();
    column.measured_width = width(table, &column.key);
}

/// As wide as its title and what stands in its first rows.
fn width(table: &RunTable, key: &ColumnKey) -> u16 {
    let rows = (table.len() as u32).min(SAMPLE);
    let width = |text: &str| unicode_width::UnicodeWidthStr::width(text) as u16;
    let column = table.column(key);
    let widest = (0..rows)
        .map(|row| width(&cell::text(column.cell(Row(row), 0))))
        .max()
        .unwrap_or(0);
    // Two more than the title: the sort arrow stands there.
    let title = width(&key.title()).saturating_add(2).min(16);
    let most = if matches!(key, ColumnKey::Attribute(Attribute::Name)) {
        WIDEST_NAME
    } else {
        WIDEST
    };
    widest.max(title).clamp(least(key), most)
}

/// The narrowest that a column is by itself, in cells.
fn least(key: &ColumnKey) -> u16 {
    match key {
        ColumnKey::Curve(Fact::Verdict, _) => 16,
        ColumnKey::Curve(..) => 9,
        _ => 4,
    }
}
