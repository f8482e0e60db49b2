//! One column, and the default order and visibility of columns.

use crate::table::{ColumnKey, RowId, RunTable, ValueKind};
use crate::tui::app::cell_text;

/// The width of a column that was never measured, in cells.
const DEFAULT_WIDTH: u16 = 8;

/// How many rows are measured.
const SAMPLE_ROWS: u32 = 200;

/// A column of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnState {
    /// The attribute, metric, param, tag or curve value in the column.
    pub key: ColumnKey,
    /// Constant columns can be hidden all the same: see [`super::Columns::is_folding_constants`].
    pub is_visible: bool,
    /// Whether the user pinned it to the left. Status and name are always there.
    pub is_pinned: bool,
    /// Whether all runs have the same value. Known only while constants are hidden.
    pub is_constant: bool,
    /// Whether its values are numbers, aligned to the right. Known once it was on the screen.
    pub is_numeric: bool,
    /// Set by the user, in cells.
    pub custom_width: Option<u16>,
    /// The width of its title and values, in cells.
    pub(super) measured_width: u16,
    /// [`super::Columns`]'s epoch when it was measured; 0 for never.
    pub(super) measured_epoch: u64,
}

impl ColumnState {
    pub(super) fn new(key: ColumnKey) -> Self {
        let is_visible = key.kind().is_visible_by_default;
        let (is_pinned, is_constant, is_numeric) = (false, false, false);
        Self {
            key,
            is_visible,
            is_pinned,
            is_constant,
            is_numeric,
            custom_width: None,
            measured_width: DEFAULT_WIDTH,
            measured_epoch: 0,
        }
    }

    /// Finds out its natural width, and whether its values are numbers.
    pub(super) fn measure(&mut self, table: &RunTable) {
        // A new curve column has no values yet.
        let is_curve = self.key.curve_metric().is_some();
        let is_number = is_curve && self.key.kind().values == ValueKind::Number;
        self.is_numeric = is_number || table.column(&self.key).is_numeric();
        self.measured_width = natural_width(table, &self.key);
    }

    /// In cells.
    #[must_use]
    pub fn width(&self) -> u16 {
        self.custom_width.unwrap_or(self.measured_width)
    }
}

/// The width of the title and of the values in the first rows.
fn natural_width(table: &RunTable, key: &ColumnKey) -> u16 {
    let rows = (table.len() as u32).min(SAMPLE_ROWS);
    let width = |text: &str| unicode_width::UnicodeWidthStr::width(text) as u16;
    let column = table.column(key);
    let widest = (0..rows)
        .map(|row| width(&cell_text::width_sample(column.cell(RowId(row), 0))))
        .max()
        .unwrap_or(0);
    // Two more cells for the sort arrow.
    let title = width(&key.title()).saturating_add(2).min(16);
    let kind = key.kind();
    widest.max(title).clamp(kind.min_width, kind.max_width)
}
