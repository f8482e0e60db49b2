//! One column, and the default order and visibility of columns.

use unicode_width::UnicodeWidthStr;

use crate::table::{ColumnKey, RowId, RunTable, ValueKind};
use crate::text::number::DecimalWidth;
use crate::tui::app::cell_text;

/// The width of a column that was never measured, in cells.
const DEFAULT_WIDTH: u16 = 8;

/// How many rows are measured at first. Those on the screen are measured, too: see [`ColumnState::include_rows`].
const SAMPLE_ROWS: u32 = 200;
/// A title is cut to this width where there is no room for more, in cells.
const MAX_TITLE_WIDTH: u16 = 16;

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
    /// In cells.
    title_width: u16,
    /// The widest value, in cells.
    value_width: u16,
    /// The widest parts of its values around the decimal point.
    decimal_width: DecimalWidth,
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
            title_width: 0,
            value_width: DEFAULT_WIDTH,
            decimal_width: DecimalWidth::default(),
            measured_epoch: 0,
        }
    }

    /// Measures its title and its first values, and finds out whether they are numbers.
    pub(super) fn measure(&mut self, table: &RunTable, title: &str) {
        // A new curve column has no values yet.
        let is_curve = self.key.curve_metric().is_some();
        let is_number = is_curve && self.key.kind().values == ValueKind::Number;
        self.is_numeric = is_number || table.column(&self.key).is_numeric();
        self.title_width = cells(title);
        (self.value_width, self.decimal_width) = (0, DecimalWidth::default());
        let rows = (table.len() as u32).min(SAMPLE_ROWS);
        self.include_rows(table, (0..rows).map(RowId));
    }

    /// Makes it wide enough for the values of more rows.
    pub(super) fn include_rows(&mut self, table: &RunTable, rows: impl Iterator<Item = RowId>) {
        let column = table.column(&self.key);
        for row in rows {
            let text = cell_text::width_sample(column.cell(row, 0), &self.key);
            self.value_width = self.value_width.max(cells(&text));
            self.decimal_width.include(&text);
        }
    }

    /// Makes it wide enough for a text, such as a statistic of a group.
    pub(super) fn include_text(&mut self, text: &str) {
        self.value_width = self.value_width.max(cells(text));
        self.decimal_width.include(text);
    }

    /// Whether the decimal points of its values are aligned.
    #[must_use]
    pub fn aligns_decimals(&self) -> bool {
        let kind = self.key.kind();
        self.is_numeric && (kind.aligns_decimals || kind.values == ValueKind::NumberOrText)
    }

    /// The widest parts of its values: those on the screen and those that were on it, so that no number moves sideways while
    /// the table scrolls. Empty where decimal points are not aligned, or a width that the user set has no room for them.
    #[must_use]
    pub fn decimal_width(&self) -> DecimalWidth {
        let has_room = |width| usize::from(width) >= self.decimal_width.cells();
        if self.aligns_decimals() && self.custom_width.is_none_or(has_room) {
            self.decimal_width
        } else {
            DecimalWidth::default()
        }
    }

    /// The width of the widest value, in cells.
    pub(super) fn widest_value(&self) -> u16 {
        let decimal = u16::try_from(self.decimal_width.cells()).unwrap_or(u16::MAX);
        let decimal = if self.aligns_decimals() { decimal } else { 0 };
        // The statistic of a sampled curve has a mark before it.
        let mark = u16::from(self.key.curve_metric().is_some());
        self.value_width.max(decimal).saturating_add(mark)
    }

    /// In cells.
    #[must_use]
    pub fn width(&self) -> u16 {
        let kind = self.key.kind();
        let title = self.title_width.min(MAX_TITLE_WIDTH);
        self.custom_width.unwrap_or_else(|| {
            let width = self.widest_value().max(title);
            width.clamp(kind.min_width, kind.max_width)
        })
    }

    /// The width in which neither the title nor a value is cut, in cells.
    #[must_use]
    pub fn full_width(&self) -> u16 {
        self.widest_value().max(self.title_width)
    }
}

fn cells(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}
