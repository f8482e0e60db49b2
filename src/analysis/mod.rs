//! What can be concluded from runs: what differs, which is best, how a curve goes; and how numbers are written.

mod best;
mod collect;
mod compare;
mod curve;
mod decimal;
pub mod divergence;
pub mod importance;
pub mod nearest;
pub mod pareto;
pub mod rhythm;
pub mod value_diff;
pub mod verdict;

pub use best::{Best, LeftOut, best, likely_goal};
pub use compare::{CompareRow, Comparison, RowKind, Spread, compare, compare_groups, compare_with};
pub use curve::{Level, Reduced, levels, min_max};
