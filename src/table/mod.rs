//! The run table: columnar, typed, interned; sorted, filtered and grouped without a wait.
//!
//! Rows are only ever added or updated in place, so a [`Row`] stays valid for the life of a table; what is
//! seen and in which order is a separate list made by [`arrange`].

mod arrange;
mod attribute;
mod cells;
mod column;
mod column_kind;
mod column_vec;
mod columns;
mod curves;
mod datasets;
mod duration;
pub mod filter;
mod group;
mod interner;
mod load;
mod rows;
mod shapes;
mod sort;
mod stall;
mod statistic;
mod summary;
#[cfg(test)]
mod test_data;
mod to_runs;
mod tree;

pub use arrange::{Arrangement, DisplayRow, Grouping, SortKey, arrange};
pub use attribute::Attribute;
pub use cells::{CellValue, ColumnRef};
pub use column::{ColumnKey, ParseColumnError};
pub use column_kind::{ColumnDisplay, ColumnKind, ValueKind};
pub use curves::{CurveStat, CurveSummary};
pub use rows::{RowId, RunTable};
pub use statistic::{Statistic, SummaryStats};
pub use summary::ColumnSummary;
