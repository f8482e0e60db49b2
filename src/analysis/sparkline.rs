//! Curves, reduced to the columns of a screen without losing a spike.

use crate::domain::Point;
use crate::domain::downsample::{Extremes, buckets};

/// The finite values of a history in at most `columns` buckets of consecutive points; `None` for a bucket without one.
#[must_use]
pub fn min_max_buckets(points: &[Point], columns: usize) -> Vec<Option<Extremes<f64>>> {
    buckets(points.len(), columns.min(points.len()))
        .map(|bucket| {
            let values = points.get(bucket)?.iter().map(|point| point.value.get());
            Extremes::of(values.filter(|value| value.is_finite()), |value| value)
        })
        .collect()
}

/// A column of a curve on a scale of whole heights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SparklineColumn {
    /// The smallest value's height.
    pub low: u8,
    /// The greatest value's height.
    pub high: u8,
    /// The last value's height.
    pub last: u8,
}

/// A sparkline: each column's heights, from 0 to `heights - 1`, on a scale from the smallest to the greatest value
/// of all points. A flat curve runs in the middle; a column of which no value is a number is nothing.
#[must_use]
pub fn sparkline(
    points: &[Point],
    columns: usize,
    height_count: u8,
) -> Vec<Option<SparklineColumn>> {
    let buckets = min_max_buckets(points, columns);
    let min = buckets
        .iter()
        .flatten()
        .map(|column| column.min)
        .fold(f64::INFINITY, f64::min);
    let max = buckets
        .iter()
        .flatten()
        .map(|column| column.max)
        .fold(f64::NEG_INFINITY, f64::max);
    // Halved first: the span of two finite numbers may be infinite.
    let span = max / 2.0 - min / 2.0;
    let top = height_count.saturating_sub(1);
    let height = |value: f64| {
        if span > 0.0 {
            ((value / 2.0 - min / 2.0) / span * f64::from(top))
                .round()
                .clamp(0.0, f64::from(top)) as u8
        } else {
            top / 2
        }
    };
    let level = |column: Extremes<f64>| SparklineColumn {
        low: height(column.min),
        high: height(column.max),
        last: height(column.last),
    };
    buckets
        .into_iter()
        .map(|column| column.map(level))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::MetricValue;
    use proptest::prelude::*;

    fn points(values: &[f64]) -> Vec<Point> {
        values
            .iter()
            .map(|value| Point {
                step: 0,
                timestamp: 0,
                value: MetricValue::new(*value),
            })
            .collect()
    }

    #[test]
    fn min_max_keeps_a_single_spike() {
        let mut values = vec![0.1; 1_000_000];
        values[654_321] = 9.0;
        let reduced = min_max_buckets(&points(&values), 80);
        assert_eq!(reduced.len(), 80);
        assert_eq!(
            reduced
                .iter()
                .flatten()
                .filter(|column| column.max > 8.0)
                .count(),
            1
        );
    }

    #[test]
    fn non_finite_values_leave_a_gap() {
        let reduced = min_max_buckets(&points(&[1.0, f64::NAN, f64::INFINITY, 2.0]), 4);
        assert_eq!(
            reduced
                .iter()
                .map(|column| column.map(|c| c.last))
                .collect::<Vec<_>>(),
            [Some(1.0), None, None, Some(2.0)]
        );
        assert!(min_max_buckets(&points(&[1.0]), 0).is_empty());
        assert!(min_max_buckets(&[], 80).is_empty());
    }

    #[test]
    fn sparkline_uses_the_full_height() {
        let last = |values: &[f64], columns| {
            sparkline(&points(values), columns, 8)
                .into_iter()
                .map(|level| level.map(|l| l.last))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            last(&[0.0, 1.0, f64::NAN, 0.5], 9),
            [Some(0), Some(7), None, Some(4)]
        );
        assert_eq!(last(&[3.0, 3.0], 2), [Some(3), Some(3)]);
        assert_eq!(last(&[-1e308, 1e308], 2), [Some(0), Some(7)]);
        let spike = sparkline(&points(&[0.0, 9.0, 0.0, 1.0]), 2, 4);
        assert_eq!(
            spike[0],
            Some(SparklineColumn {
                low: 0,
                high: 3,
                last: 3
            })
        );
        assert_eq!(
            spike[1],
            Some(SparklineColumn {
                low: 0,
                high: 0,
                last: 0
            })
        );
    }

    proptest! {
        #[test]
        fn buckets_keep_exact_extremes_in_order(values in prop::collection::vec(prop_oneof![8 => any::<f64>(), 1 => Just(f64::NAN)], 0..300), columns in 0_usize..120) {
            let points = points(&values);
            let reduced = min_max_buckets(&points, columns);
            prop_assert_eq!(reduced.len(), columns.min(points.len()));
            if columns > 0 {
                let finite = || points.iter().map(|point| point.value.get()).filter(|value| value.is_finite());
                let extreme = |pick: fn(f64, f64) -> f64, values: &mut dyn Iterator<Item = f64>| values.reduce(pick);
                prop_assert_eq!(extreme(f64::max, &mut finite()), extreme(f64::max, &mut reduced.iter().flatten().map(|c| c.max)));
                prop_assert_eq!(extreme(f64::min, &mut finite()), extreme(f64::min, &mut reduced.iter().flatten().map(|c| c.min)));
                prop_assert_eq!(finite().next_back(), reduced.iter().flatten().last().map(|c| c.last));
            }
            prop_assert!(sparkline(&points, columns, 4).into_iter().flatten().all(|level| level.high < 4 && level.low <= level.high));
        }
    }
}
