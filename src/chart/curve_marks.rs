//! The marks of a curve: at points along its line, and at values without a position.

use super::curves::{CurveSeries, XAxis, x_position};
use super::figure::{NonFinite, Xy};
use crate::domain::Millis;

/// Marks at the last visible point and along the line, shifted for each series.
pub(super) fn marker_positions(
    line: &[Xy],
    (low, high): (f64, f64),
    series: usize,
    along: usize,
) -> Vec<Xy> {
    let mut visible: Vec<Xy> = line
        .iter()
        .copied()
        .filter(|(x, y)| !y.is_nan() && *x >= low && *x <= high)
        .collect();
    // The parts of a line may overlap.
    visible.sort_by(|a, b| a.0.total_cmp(&b.0));
    let shift = (series % 8) as f64 / 8.0;
    let mut marks: Vec<Xy> = (0..along)
        .filter_map(|nth| {
            let x = low + (high - low) * (nth as f64 + shift) / along as f64;
            let at = visible.partition_point(|(other, _)| *other < x);
            visible
                .get(at)
                .copied()
                .filter(|(other, _)| *other < x + (high - low) / along as f64)
        })
        .collect();
    marks.extend(visible.last());
    marks
}

/// Marks for values that are not finite, at most one of each kind in a column.
pub(super) fn non_finite_marks(
    curve: &CurveSeries<'_>,
    x_axis: XAxis,
    origin: Millis,
    (low, high): (f64, f64),
    columns: usize,
) -> Vec<(f64, NonFinite)> {
    let mut marks: Vec<(f64, NonFinite)> = Vec::new();
    let column = |x: f64| ((x - low) / (high - low) * columns as f64) as i64;
    for point in curve.points {
        let value = point.value.get();
        if value.is_finite() {
            continue;
        }
        let kind = match value {
            v if v.is_nan() => NonFinite::Nan,
            v if v > 0.0 => NonFinite::Infinite,
            _ => NonFinite::NegativeInfinite,
        };
        let x = x_position(x_axis, point, origin);
        let is_new = marks
            .iter()
            .rev()
            .take(3)
            .all(|(other, its)| *its != kind || column(*other) != column(x));
        if x >= low && x <= high && is_new {
            marks.push((x, kind));
        }
    }
    marks
}
