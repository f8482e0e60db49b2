//! Down-sampling that loses no spike: the first, lowest, highest and last value of each bucket.
//!
//! U. Jugel et al., "M4: A Visualization-Oriented Time Series Data Aggregation", 2014: a line through these four
//! covers the same pixels as a line through all points, if each pixel column is a bucket.

use std::ops::Range;

use super::Point;

/// The first, lowest, highest and last item of a bucket. Of equal values the earlier one is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extremes<T> {
    /// The first item that was added.
    pub first: T,
    /// The item with the lowest value.
    pub min: T,
    /// The item with the highest value.
    pub max: T,
    /// The last item that was added.
    pub last: T,
}

impl<T: Copy> Extremes<T> {
    /// A bucket with one item.
    pub fn new(item: T) -> Self {
        Self {
            first: item,
            min: item,
            max: item,
            last: item,
        }
    }

    /// Adds an item; `value` must not return NaN.
    pub fn add(&mut self, item: T, value: impl Fn(T) -> f64) {
        if value(item) < value(self.min) {
            self.min = item;
        }
        if value(item) > value(self.max) {
            self.max = item;
        }
        self.last = item;
    }

    /// The extremes of some items, or `None` if there are no items; `value` must not return NaN.
    pub fn of(items: impl IntoIterator<Item = T>, value: impl Fn(T) -> f64) -> Option<Self> {
        let mut items = items.into_iter();
        let mut extremes = Self::new(items.next()?);
        items.for_each(|item| extremes.add(item, &value));
        Some(extremes)
    }
}

impl<T: Copy> Extremes<(usize, T)> {
    /// The distinct items by their index, at most four.
    pub fn by_index(self) -> impl Iterator<Item = T> {
        distinct_by_index([self.first, self.min, self.max, self.last])
    }
}

fn distinct_by_index<T>(items: impl IntoIterator<Item = (usize, T)>) -> impl Iterator<Item = T> {
    let mut items: Vec<_> = items.into_iter().collect();
    items.sort_by_key(|(index, _)| *index);
    items.dedup_by_key(|(index, _)| *index);
    items.into_iter().map(|(_, item)| item)
}

/// Splits `len` items into `count` consecutive buckets whose sizes differ by one at most.
/// None is empty while `count <= len`.
pub fn buckets(len: usize, count: usize) -> impl Iterator<Item = Range<usize>> {
    // Through u128: the product of two sizes can overflow a usize.
    let start = move |bucket: usize| (bucket as u128 * len as u128 / count as u128) as usize;
    (0..count).map(move |bucket| start(bucket)..start(bucket + 1))
}

/// Reduces a history to about `target_len` points, and returns whether points were dropped.
///
/// The first and the last point and the exact extremes are kept. A bucket that contains a NaN keeps its first one, so
/// that gaps stay visible; the result may then exceed `target_len`.
#[must_use]
pub fn downsample(points: Vec<Point>, target_len: usize) -> (Vec<Point>, bool) {
    let target_len = target_len.max(4);
    let [first, inner @ .., last] = points.as_slice() else {
        return (points, false);
    };
    if points.len() <= target_len {
        return (points, false);
    }
    let mut sampled = Vec::with_capacity(target_len);
    sampled.push(*first);
    // Two points a bucket, besides the two ends.
    for bucket in buckets(inner.len(), (target_len - 2) / 2) {
        let bucket = inner.get(bucket).unwrap_or_default();
        let is_nan = |(_, point): &(usize, Point)| point.value.get().is_nan();
        let indexed = || bucket.iter().copied().enumerate();
        let numbers = indexed().filter(|item| !is_nan(item));
        let extremes = Extremes::of(numbers, |(_, point)| point.value.get());
        let extremes = extremes.map(|found| [found.min, found.max]);
        let nan = indexed().find(is_nan);
        sampled.extend(distinct_by_index(extremes.into_iter().flatten().chain(nan)));
    }
    sampled.push(*last);
    (sampled, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::MetricValue;
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
        let (sampled, is_sampled) = downsample(points(&[1.0, 2.0, 3.0]), 1);
        assert_eq!((sampled.len(), is_sampled), (3, false));
        assert_eq!(downsample(Vec::new(), 10), (Vec::new(), false));
    }

    #[test]
    fn a_bucket_of_nans_keeps_one() {
        let (sampled, _) = downsample(points(&[f64::NAN; 100]), 10);
        assert_eq!(sampled.len(), 2 + 4);
    }

    proptest! {
        #[test]
        fn keeps_extremes_nans_and_end_points(
            mut values in prop::collection::vec(-1e6_f64..1e6, 5..3_000),
            gap in 0_usize..3_000,
            target_len in 4_usize..500,
        ) {
            let middle = gap % values.len();
            values[middle] = f64::NAN;
            let all = points(&values);
            let (sampled, is_sampled) = downsample(all.clone(), target_len);
            prop_assert_eq!(is_sampled, all.len() > target_len);
            prop_assert!(sampled.windows(2).all(|pair| pair[0].step < pair[1].step));
            // One bucket keeps its NaN besides its two extremes.
            prop_assert!(sampled.len() <= target_len + 1);
            let lowest = |points: &[Point]| points.iter().map(|p| p.value.get()).fold(f64::INFINITY, f64::min);
            let highest = |points: &[Point]| points.iter().map(|p| p.value.get()).fold(f64::NEG_INFINITY, f64::max);
            prop_assert_eq!(lowest(&sampled).to_bits(), lowest(&all).to_bits());
            prop_assert_eq!(highest(&sampled).to_bits(), highest(&all).to_bits());
            prop_assert!(sampled.iter().any(|point| point.value.get().is_nan()));
            prop_assert_eq!(sampled.first().map(|p| p.step), all.first().map(|p| p.step));
            prop_assert_eq!(sampled.last().map(|p| p.step), all.last().map(|p| p.step));
        }

        #[test]
        fn buckets_are_consecutive_and_even(len in 0_usize..1_000, count in 1_usize..200) {
            let ranges: Vec<_> = buckets(len, count).collect();
            prop_assert_eq!(ranges.len(), count);
            prop_assert!(ranges[0].start == 0 && ranges[count - 1].end == len);
            prop_assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start));
            prop_assert!(ranges.iter().all(|range| range.len() == len / count || range.len() == len / count + 1));
        }
    }
}
