//! One column, and where columns stand as long as nobody says otherwise.

use crate::table::{Attribute, ColumnKey};

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

    /// How wide it is, in cells.
    #[must_use]
    pub fn width(&self) -> u16 {
        self.custom_width.unwrap_or(self.measured_width)
    }
}

/// Whether a column is always seen, at the left of all.
pub(super) fn is_fixed(key: &ColumnKey) -> bool {
    matches!(
        key,
        ColumnKey::Attribute(Attribute::Status | Attribute::Name)
    )
}

/// The order of the kinds: what tells a run apart, then what came of it, then what it was given.
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
