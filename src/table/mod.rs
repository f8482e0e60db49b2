//! The run table: columnar, typed, interned; sorted, filtered and grouped without a wait.
//!
//! Rows are only ever added or updated in place, so a [`Row`] stays valid for the life of a table; what is
//! seen and in which order is a separate list made by [`arrange`].

mod arrange;
mod back;
mod cells;
mod column;
mod curves;
mod datasets;
pub mod filter;
mod group;
mod keyed;
mod load;
mod order;
mod quiet;
mod rows;
#[cfg(test)]
mod sample;
mod shapes;
mod slots;
mod span;
mod statistic;
mod summary;
mod texts;
mod tree;

pub use arrange::{Arrangement, Grouping, Line, SortKey, arrange};
pub use cells::{Cell, ColumnRef};
pub use column::{Attribute, ColumnKey, ColumnSummary, NoColumn};
pub use curves::{Curve, Fact};
pub use rows::{Row, RunTable};
pub use statistic::{Spread, Statistic};
