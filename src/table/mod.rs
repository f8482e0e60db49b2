//! The run table: columnar, typed and interned, so that 100,000 runs sort, filter and group within a frame.
//!
//! Rows are added or updated in place, so a [`RowId`] stays valid for the life of a table. [`arrange`] makes a separate list of
//! visible rows in display order.

mod arrange;
mod attribute;
mod cells;
mod column;
mod column_kind;
mod column_vec;
mod columns;
mod curves;
mod datasets;
pub mod filter;
mod group;
mod interner;
mod load;
mod rows;
mod sheet;
mod sort;
mod statistic;
mod summary;
#[cfg(test)]
mod test_data;
mod tree;

pub use arrange::{Arrangement, DisplayRow, Grouping, SortKey, arrange};
pub use attribute::Attribute;
pub use cells::{CellValue, ColumnRef};
pub use column::{ColumnKey, ParseColumnError};
pub use column_kind::{ColumnDisplay, ColumnKind, ValueKind};
pub use curves::{CurveStat, CurveSummary};
pub use rows::{RowId, RunTable};
pub use sheet::{SheetClock, SheetKind};
pub use statistic::{Statistic, SummaryStats};
pub use summary::ColumnSummary;
