//! The values of curves in the visible part of the x axis: their range, and what has no position on it.

use super::curves::{CurveSeries, XAxis, x_position};
use super::scale::ScaleKind;

/// The share of values that a clipped axis leaves out on each side.
const CLIP_FRACTION: f64 = 0.01;
/// The most values that are sampled to find the clipped range.
const MAX_SAMPLED_VALUES: usize = 100_000;

/// The values in the visible part of the x axis.
#[derive(Default)]
pub(super) struct VisibleValues {
    pub(super) points: usize,
    pub(super) nan: usize,
    pub(super) infinite: usize,
    pub(super) non_positive: usize,
    values: Vec<f64>,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl VisibleValues {
    pub(super) fn collect(
        curves: &[CurveSeries<'_>],
        x_axis: XAxis,
        (low, high): (f64, f64),
        scale: ScaleKind,
    ) -> Self {
        let mut visible = Self {
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            ..Self::default()
        };
        let total: usize = curves.iter().map(|curve| curve.points.len()).sum();
        let stride = total.div_ceil(MAX_SAMPLED_VALUES).max(1);
        for curve in curves {
            let origin = curve.time_origin();
            for point in curve.points {
                let x = x_position(x_axis, point, origin);
                if x < low || x > high {
                    continue;
                }
                visible.points += 1;
                let value = point.value.get();
                if value.is_nan() {
                    visible.nan += 1;
                } else if value.is_infinite() {
                    visible.infinite += 1;
                } else if scale == ScaleKind::Log && value <= 0.0 {
                    visible.non_positive += 1;
                } else {
                    (visible.low, visible.high) = (visible.low.min(value), visible.high.max(value));
                    if visible.points.is_multiple_of(stride) {
                        visible.values.push(value);
                    }
                }
            }
        }
        visible
    }

    /// The range without the outermost values; the full range for few values.
    pub(super) fn clipped_range(&mut self) -> (f64, f64) {
        let count = self.values.len();
        if count < 4 {
            return (self.low, self.high);
        }
        let outlier_count = ((count as f64 * CLIP_FRACTION).ceil() as usize).min(count / 4);
        let mut nth = |n: usize| *self.values.select_nth_unstable_by(n, f64::total_cmp).1;
        (nth(outlier_count), nth(count - 1 - outlier_count))
    }
}
