//! Column kinds: what filters, sorting, push-down and layout need to know of a column.
//!
//! Each kind is one [`ColumnKind`]: those of metrics, params and tags are here, those of attributes and curves are rows of
//! the tables in `attribute.rs` and `curves.rs`. Other modules ask [`ColumnKey::kind`] and don't match on keys.

use super::cells::ColumnData;
use super::column::ColumnKey;
use super::rows::RunTable;
use crate::domain::RunField;

/// The values of a column, which decide its operators and the unit of its statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// Numbers: metrics.
    Number,
    /// Text, compared as a number with a number without quotes: params and tags.
    NumberOrText,
    /// Text only.
    Text,
    /// Ms since the epoch.
    Time,
    /// Ms.
    Duration,
}

/// How a table draws the cells of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnDisplay {
    /// One symbol, without a header. Always visible, at the left edge.
    StatusSymbol,
    /// The run's name with the tree's branches. Always visible, at the left edge.
    RunName,
    /// The value.
    Value,
}

/// What every MLflow store evaluates of tests on a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RemoteSupport {
    /// Nothing.
    Never,
    /// Comparisons of numbers, and `ORDER BY`.
    Number,
    /// `=`, `!=`, `LIKE` and `ILIKE`.
    Text,
    /// The same, `IN` and `NOT IN`.
    TextOrList,
}

/// The properties of one kind of column.
#[derive(Clone, Copy, Debug)]
pub struct ColumnKind {
    /// The values.
    pub values: ValueKind,
    /// How a table draws them.
    pub display: ColumnDisplay,
    /// The position among other kinds, lowest first: identity, results, then inputs.
    pub rank: u8,
    /// Whether a table shows the column unless its view hides it.
    pub is_visible_by_default: bool,
    /// The least automatic width, in cells.
    pub min_width: u16,
    /// The greatest automatic width, in cells.
    pub max_width: u16,
    /// Whether the decimal points of visible rows are aligned.
    pub aligns_decimals: bool,
    /// Whether statistics of numeric values mean something: not for ids.
    pub has_statistics: bool,
    pub(super) remote: RemoteSupport,
    /// What a database tests and sorts by, where it can.
    pub(super) field: fn(&str) -> Option<RunField>,
    pub(super) data: for<'t> fn(&'t RunTable, &str) -> ColumnData<'t>,
}

impl ColumnKind {
    /// Whether the column is always visible at the left edge.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        self.display != ColumnDisplay::Value
    }
}

/// What most kinds share.
pub(super) const DEFAULT: ColumnKind = ColumnKind {
    values: ValueKind::Text,
    display: ColumnDisplay::Value,
    rank: 5,
    is_visible_by_default: false,
    min_width: 4,
    max_width: 24,
    aligns_decimals: false,
    has_statistics: true,
    remote: RemoteSupport::Never,
    field: |_| None,
    data: |_, _| ColumnData::Absent,
};

static METRIC: ColumnKind = ColumnKind {
    values: ValueKind::Number,
    rank: 3,
    is_visible_by_default: true,
    aligns_decimals: true,
    remote: RemoteSupport::Number,
    field: |key| Some(RunField::Metric(key.into())),
    data: |table, key| {
        let column = table.metrics.get(key);
        column.map_or(ColumnData::Absent, ColumnData::Metric)
    },
    ..DEFAULT
};

/// MLflow's system metrics: GPU load, memory, network.
static SYSTEM_METRIC: ColumnKind = ColumnKind {
    rank: 6,
    is_visible_by_default: false,
    ..METRIC
};

static PARAM: ColumnKind = ColumnKind {
    values: ValueKind::NumberOrText,
    rank: 4,
    is_visible_by_default: true,
    remote: RemoteSupport::Text,
    field: |key| Some(RunField::Param(key.into())),
    data: |table, key| {
        let column = table.params.get(key);
        column.map_or(ColumnData::Absent, ColumnData::Param)
    },
    ..DEFAULT
};

static TAG: ColumnKind = ColumnKind {
    rank: 7,
    field: |key| Some(RunField::Tag(key.into())),
    data: |table, key| {
        let column = table.tags.get(key);
        column.map_or(ColumnData::Absent, ColumnData::Tag)
    },
    ..PARAM
};

/// Tags that MLflow or Frontrunner writes.
static TOOL_TAG: ColumnKind = ColumnKind {
    is_visible_by_default: false,
    ..TAG
};

impl ColumnKey {
    /// The value of a run that the column shows, for a database; `None` where only the table has it.
    pub(super) fn run_field(&self) -> Option<RunField> {
        (self.kind().field)(self.key())
    }

    /// The properties of the column's kind.
    #[must_use]
    pub fn kind(&self) -> &'static ColumnKind {
        let starts_with = |prefix| self.key().starts_with(prefix);
        match self {
            Self::Attribute(attribute) => attribute.kind(),
            Self::Metric(_) if starts_with("system/") => &SYSTEM_METRIC,
            Self::Metric(_) => &METRIC,
            Self::Param(_) => &PARAM,
            Self::Tag(_) if starts_with("mlflow.") || starts_with("frontrunner.") => &TOOL_TAG,
            Self::Tag(_) => &TAG,
            Self::Curve(stat, _) => stat.kind(),
        }
    }
}
