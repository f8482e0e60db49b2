//! Curves, reduced to the columns of a screen without losing a spike.

use crate::domain::Point;

/// What fell into one column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reduced {
    /// The smallest finite value.
    pub min: f64,
    /// The greatest finite value.
    pub max: f64,
    /// The last finite value.
    pub last: f64,
}

/// The points of a history, by their order, in at most `columns` columns; a column of which no value is a number is nothing.
#[must_use]
pub fn min_max(points: &[Point], columns: usize) -> Vec<Option<Reduced>> {
    let _ = (points, columns);
    unimplemented!()
}
