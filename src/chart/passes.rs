//! The order in which the points of a curve are joined. A resumed run logs steps again: joined by step, its passes would fill
//! the area between them.

use std::borrow::Cow;

use super::curves::XAxis;
use crate::domain::Point;

/// Time distinguishes passes only if each has at least this many points on average.
const MIN_POINTS_PER_PASS: usize = 4;
/// The most lines for the values of one step.
const MAX_LINES: usize = 16;

/// The number of steps that have more than one point. Equal points count once.
pub(super) fn repeated_steps(points: &[Point]) -> usize {
    let key = |point: &Point| (point.timestamp, point.value.get().to_bits());
    let is_repeat = |pair: &[Point]| pair[0].step == pair[1].step && key(&pair[0]) != key(&pair[1]);
    let mut last = None;
    let mut count = 0;
    for pair in points.windows(2).filter(|pair| is_repeat(pair)) {
        if last.replace(pair[0].step) != Some(pair[0].step) {
            count += 1;
        }
    }
    count
}

/// The points in groups, each to be joined to a line. `points` are sorted by step, then time.
///
/// On a time axis there is one group, ordered by time. On a step axis each pass is a group. Where time does not distinguish
/// passes, for example when several processes log one metric, the nth values of all steps form the nth group.
pub(super) fn split_passes(x_axis: XAxis, points: &[Point]) -> Vec<Cow<'_, [Point]>> {
    if x_axis != XAxis::Step {
        if points.is_sorted_by_key(|point| point.timestamp) {
            return vec![Cow::Borrowed(points)];
        }
        return vec![Cow::Owned(by_time(points))];
    }
    if repeated_steps(points) == 0 {
        return vec![Cow::Borrowed(points)];
    }
    let ordered = by_time(points);
    let passes: Vec<&[Point]> = ordered
        .chunk_by(|before, after| before.step < after.step)
        .collect();
    let groups = if passes.len() * MIN_POINTS_PER_PASS <= points.len() {
        passes.into_iter().map(<[Point]>::to_vec).collect()
    } else {
        by_occurrence(points)
    };
    groups.into_iter().map(Cow::Owned).collect()
}

fn by_time(points: &[Point]) -> Vec<Point> {
    let mut ordered = points.to_vec();
    ordered.sort_by_key(|point| point.timestamp);
    ordered
}

fn by_occurrence(points: &[Point]) -> Vec<Vec<Point>> {
    let mut groups: Vec<Vec<Point>> = Vec::new();
    for same_step in points.chunk_by(|before, after| before.step == after.step) {
        for (nth, point) in same_step.iter().enumerate() {
            let nth = nth.min(MAX_LINES - 1);
            if nth == groups.len() {
                groups.push(Vec::new());
            }
            groups[nth].push(*point);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::MetricValue;

    fn point(step: i64, timestamp: i64) -> Point {
        Point {
            step,
            timestamp,
            value: MetricValue::new(timestamp as f64),
        }
    }

    /// Points in the order of a store: by step, then time.
    fn stored(mut points: Vec<Point>) -> Vec<Point> {
        points.sort_by_key(|point| (point.step, point.timestamp));
        points
    }

    fn steps(groups: &[Cow<'_, [Point]>]) -> Vec<Vec<i64>> {
        groups
            .iter()
            .map(|group| group.iter().map(|point| point.step).collect())
            .collect()
    }

    #[test]
    fn each_pass_of_a_resumed_run_is_a_line() {
        let first = (0..10).map(|step| point(step, step));
        let resumed = (6..14).map(|step| point(step, 100 + step));
        let points = stored(first.chain(resumed).collect());
        assert_eq!(repeated_steps(&points), 4);
        let over_steps = split_passes(XAxis::Step, &points);
        assert_eq!(
            steps(&over_steps),
            [(0..10).collect::<Vec<_>>(), (6..14).collect()]
        );
        let over_time = split_passes(XAxis::Relative, &points);
        assert_eq!(over_time.len(), 1);
        assert!(over_time[0].is_sorted_by_key(|point| point.timestamp));
    }

    #[test]
    fn nth_values_of_parallel_processes_are_lines() {
        let points = stored(
            (0..5)
                .flat_map(|step| [point(step, 10 * step), point(step, 10 * step + 1)])
                .collect(),
        );
        let groups = split_passes(XAxis::Step, &points);
        assert_eq!(
            steps(&groups),
            [(0..5).collect::<Vec<_>>(), (0..5).collect()]
        );
    }

    #[test]
    fn points_logged_twice_are_no_repeats() {
        let points = [point(0, 0), point(0, 0), point(1, 1), point(1, 1)];
        assert_eq!(repeated_steps(&points), 0);
        assert_eq!(split_passes(XAxis::Step, &points).len(), 1);
    }
}
