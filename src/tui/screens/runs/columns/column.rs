//! One column, and the default order and visibility of columns.

use crate::table::{Attribute, ColumnKey, CurveStat, RowId, RunTable};
use crate::tui::app::cell_text;

/// The width of a column that was never measured, in cells.
const DEFAULT_WIDTH: u16 = 8;

/// How many rows are measured.
const SAMPLE_ROWS: u32 = 200;
/// The largest natural width, in cells; names can be wider.
const MAX_WIDTH: u16 = 24;
const MAX_NAME_WIDTH: u16 = 32;

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
        let is_visible = is_visible_by_default(&key);
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
        let is_number =
            matches!(self.key, ColumnKey::Curve(statistic, _) if statistic != CurveStat::Shape);
        self.is_numeric = is_number || table.column(&self.key).is_numeric();
        self.measured_width = natural_width(table, &self.key);
    }

    /// In cells.
    #[must_use]
    pub fn width(&self) -> u16 {
        self.custom_width.unwrap_or(self.measured_width)
    }
}

/// Whether a column is always visible, at the very left.
pub(super) fn is_fixed(key: &ColumnKey) -> bool {
    matches!(
        key,
        ColumnKey::Attribute(Attribute::Status | Attribute::Name)
    )
}

/// The default order: identity first, then results, inputs, the rest, system metrics and tags.
pub(super) fn kind_rank(key: &ColumnKey) -> u8 {
    match key {
        ColumnKey::Attribute(Attribute::Status) => 0,
        ColumnKey::Attribute(Attribute::Name) => 1,
        ColumnKey::Attribute(Attribute::Start | Attribute::Duration) => 2,
        ColumnKey::Metric(key) if key.raw().starts_with("system/") => 6,
        ColumnKey::Metric(_) | ColumnKey::Curve(..) => 3,
        ColumnKey::Param(_) => 4,
        ColumnKey::Attribute(_) => 5,
        ColumnKey::Tag(_) => 7,
    }
}

fn is_visible_by_default(key: &ColumnKey) -> bool {
    match key {
        ColumnKey::Attribute(attribute) => {
            matches!(
                attribute,
                Attribute::Status
                    | Attribute::Name
                    | Attribute::Start
                    | Attribute::Duration
                    | Attribute::User
                    | Attribute::Source
            )
        }
        ColumnKey::Metric(key) => !key.raw().starts_with("system/"),
        ColumnKey::Param(_) | ColumnKey::Curve(..) => true,
        ColumnKey::Tag(key) => {
            !key.raw().starts_with("mlflow.") && !key.raw().starts_with("frontrunner.")
        }
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
    let max_width = if matches!(key, ColumnKey::Attribute(Attribute::Name)) {
        MAX_NAME_WIDTH
    } else {
        MAX_WIDTH
    };
    widest.max(title).clamp(min_width(key), max_width)
}

/// The smallest natural width, in cells.
fn min_width(key: &ColumnKey) -> u16 {
    match key {
        ColumnKey::Curve(CurveStat::Shape, _) => 16,
        ColumnKey::Curve(..) => 9,
        _ => 4,
    }
}
