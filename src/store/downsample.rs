//! Thinning a history out: of each stretch of points the lowest, the highest and a NaN are kept, and the first and
//! the last point of all, so that no spike and no gap is lost.

use crate::domain::{MetricValue, Point};

/// About `wanted` of the points, in their order. All of them when there are no more than that.
pub(super) fn downsample(points: Vec<Point>, target_len: usize) -> (Vec<Point>, bool) {
    let wanted = target_len.max(4);
    if points.len() <= wanted {
        return (points, false);
    }
    // Each stretch gives two points, the ends two more.
    let bucket_count = (wanted - 2) / 2;
    let inner_count = points.len() - 2;
    let mut kept = Vec::with_capacity(wanted);
    kept.extend(points.first().copied());
    for bucket in 0..bucket_count {
        let (begin, end) = (
            1 + bucket * inner_count / bucket_count,
            1 + (bucket + 1) * inner_count / bucket_count,
        );
        kept.extend(extremes(points.get(begin..end).unwrap_or_default()));
    }
    kept.extend(points.last().copied());
    (kept, true)
}

/// The lowest and the highest point and the first NaN of a stretch, in their order.
fn extremes(bucket: &[Point]) -> impl Iterator<Item = Point> {
    let is_nan = |point: &&Point| point.value.get().is_nan();
    let is_number = |(_, point): &(usize, &Point)| !is_nan(point);
    let order =
        |a: &(usize, &Point), b: &(usize, &Point)| MetricValue::cmp_nan_last(a.1.value, b.1.value);
    let lowest = bucket
        .iter()
        .enumerate()
        .filter(is_number)
        .min_by(order)
        .map(|(index, _)| index);
    let highest = bucket
        .iter()
        .enumerate()
        .filter(is_number)
        .max_by(order)
        .map(|(index, _)| index);
    let gap = bucket.iter().position(|point| is_nan(&point));
    let mut kept = [lowest, highest, gap];
    kept.sort_unstable();
    let is_duplicate = |index: usize| index > 0 && kept[index] == kept[index - 1];
    (0..kept.len())
        .filter(move |index| !is_duplicate(*index))
        .filter_map(move |index| bucket.get(kept[index]?))
        .copied()
        .collect::<Vec<_>>()
        .into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn points(values: &[f64]) -> Vec<Point> {
        (0..)
            .zip(values)
            .map(|(step, value)| Point {
                step,
                timestamp: step,
                value: MetricValue::new(*value),
            })
            .collect()
    }

    #[test]
    fn short_histories_are_unchanged() {
        let (kept, thinned) = downsample(points(&[1.0, 2.0, 3.0]), 1);
        assert_eq!((kept.len(), thinned), (3, false));
    }

    proptest! {
        #[test]
        fn keeps_extremes_nans_and_end_points(
            mut values in prop::collection::vec(-1e6_f64..1e6, 5..3_000),
            gap in 0_usize..3_000,
            wanted in 4_usize..500,
        ) {
            let middle = gap % values.len();
            values[middle] = f64::NAN;
            let all = points(&values);
            let (kept, thinned) = downsample(all.clone(), wanted);
            prop_assert_eq!(thinned, all.len() > wanted);
            prop_assert!(kept.windows(2).all(|pair| pair[0].step < pair[1].step));
            // A NaN is kept beside the two extremes of its stretch.
            prop_assert!(kept.len() <= wanted.max(4) + 1);
            let lowest = |points: &[Point]| points.iter().map(|p| p.value.get()).fold(f64::INFINITY, f64::min);
            let highest = |points: &[Point]| points.iter().map(|p| p.value.get()).fold(f64::NEG_INFINITY, f64::max);
            prop_assert_eq!(lowest(&kept).to_bits(), lowest(&all).to_bits());
            prop_assert_eq!(highest(&kept).to_bits(), highest(&all).to_bits());
            prop_assert!(kept.iter().any(|point| point.value.get().is_nan()));
            prop_assert_eq!(kept.first().map(|p| p.step), all.first().map(|p| p.step));
            prop_assert_eq!(kept.last().map(|p| p.step), all.last().map(|p| p.step));
        }
    }
}
