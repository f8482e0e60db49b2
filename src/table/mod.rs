//! The run table: columnar, typed, interned; sorted, filtered and grouped without a wait.
//!
//! Rows are only ever added or updated in place, so a [`Row`] stays valid for the life of a table; what is
//! seen and in which order is a separate list made by [`arrange`].

mod arrange;
mod cells;
mod column;
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
pub use cells::{CellValue, ColumnRef};
pub use column::{Attribute, ColumnKey, ColumnSummary, ParseColumnError};
pub use curves::{CurveStat, CurveSummary};
pub use rows::{RowId, RunTable};
pub use statistic::{Statistic, SummaryStats};
