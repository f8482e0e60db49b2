//! What can be concluded from runs: what differs, which is best, how a curve goes.

mod best;
mod compare;
mod curve;

pub use best::{Best, LeftOut, best};
pub use compare::{CompareRow, Comparison, RowKind, compare};
pub use curve::{Reduced, min_max};
