//! One column, and where columns stand as long as nobody says otherwise.

use crate::table::ColumnKey;

/// How wide a column is that was never measured, in cells.
const DEFAULT_WIDTH: u16 = 8;

/// A column of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnState {
    /// Which.
    pub key: ColumnKey,
    /// Whether the person wants to see it.
    pub is_visible: bool,
    /// Whether the person wants it to stay at the left. Status and name do anyway.
    pub is_pinned: bool,
    /// Whether every run has the same in it, as far as it was looked at: when constants are folded away.
    pub is_constant: bool,
    /// Whether its values are numbers, so that they line up at the right; known once it was seen.
    pub is_numeric: bool,
    /// How wide the person made it, in cells.
    pub custom_width: Option<u16>,
    /// How wide what stands in it is, in cells.
    pub(super) measured_width: u16,
    /// In which state of the table it was measured; 0 for never.
    pub(super) measured_epoch: u64,
}

impl ColumnState {
    /// A column that nobody has said anything of.
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

    /// How wide it is, in cells.
    #[must_use]
    pub fn width(&self) -> u16 {
        self.custom_width.unwrap_or(self.measured_width)
    }
}
