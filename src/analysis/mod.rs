//! Conclusions from runs: comparison, ranking, importance, curve shapes, heartbeats.

mod best;
mod compare;
pub mod curve_shape;
mod decimal;
pub mod divergence;
pub mod heartbeat;
pub mod importance;
pub mod nearest;
pub mod pareto;
mod properties;
mod sparkline;
pub mod stats;
pub mod value_diff;

pub use best::{BestRun, ExclusionReason, find_best, find_best_row, infer_goal};
pub use compare::{
    Comparison, ComparisonRow, GroupStats, RowKind, compare, compare_groups,
    compare_with_directions,
};
pub use sparkline::{SparklineColumn, min_max_buckets, sparkline};
