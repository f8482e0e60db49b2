//! The run table: columnar, typed, interned; sorted, filtered and grouped without a wait.
//!
//! Rows are only ever added or updated in place, so a [`Row`] stays valid for the life of a table; what is
//! seen and in which order is a separate list made by [`arrange`].

mod arrange;
mod column;
pub mod filter;
mod rows;

pub use arrange::{Arrangement, Grouping, Line, SortKey, arrange};
pub use column::{Attribute, ColumnKey, ColumnSummary};
pub use rows::{Cell, Row, RunTable};
