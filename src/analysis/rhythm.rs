//! The rhythm of a run: how often it logs, how long it has been quiet, and when that is too long.
//!
//! MLflow has no heartbeat: a run whose machine went away says RUNNING for ever. What a run logs is its only sign of life, and
//! each run has a pace of its own, so that it is measured against itself. One rule serves the table, the filter `is:stalled`
//! and the words beside them: [`judge`] writes its verdict's terms into the table, and [`RunTable::is_stalled`] reads them.

use crate::domain::{Millis, Point, Run, RunStatus};
use crate::table::{Row, RunTable};
use crate::text::quantity::duration;

/// How many of its own intervals a run may stay quiet. Evaluations and checkpoints between two epochs take a few of them; ten in
/// a row are no pause any more.
pub const FACTOR: Millis = 10;

/// However fast a run logs, it may stay quiet as long as this, in ms: a checkpoint to a slow disk takes a minute or two, and the
/// clocks of two machines that are kept by hand differ by as much.
pub const FLOOR_MS: Millis = 5 * 60_000;

/// How long a run of unknown rhythm may stay quiet, in ms: one that logged little or nothing yet may be preparing its data, or be
/// in the first epoch of a large network.
pub const UNKNOWN_MS: Millis = 60 * 60_000;

/// Fewer gaps than this between points tell no rhythm.
const LEAST_GAPS: usize = 3;

/// How a run logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rhythm {
    /// Its last sign of life, ms since the epoch: the time of its newest point of any metric, else its start.
    pub last: Option<Millis>,
    /// The usual time between two points of a metric, in ms, where that can be told.
    pub interval: Option<Millis>,
}

impl Rhythm {
    /// The rhythm of a run, as far as the run alone tells it. Metrics of the machine (`system/…`) count as signs of life: the
    /// process that logs them is there.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        let newest = run.metrics.iter().map(|metric| metric.timestamp).max();
        // A point may carry any time, also one of before the run: a start is a sign of life, too.
        Self {
            last: newest.max(run.start_time),
            interval: None,
        }
    }

    /// The same rhythm, with what a history of the run tells.
    #[must_use]
    pub fn with(self, points: &[Point], sampled: bool) -> Self {
        let newest = points.iter().map(|point| point.timestamp).max();
        Self {
            last: self.last.max(newest),
            interval: interval(points, sampled).or(self.interval),
        }
    }

    /// How long the run may stay quiet, in ms.
    #[must_use]
    pub fn patience(&self) -> Millis {
        self.interval.map_or(UNKNOWN_MS, |interval| {
            interval.saturating_mul(FACTOR).max(FLOOR_MS)
        })
    }

    /// How long the run has been quiet at `now`, in ms; nothing where it never gave a sign of life.
    #[must_use]
    pub fn quiet(&self, now: Millis) -> Option<Millis> {
        self.last.map(|last| now.saturating_sub(last).max(0))
    }

    /// Whether the run, which says that it is running, has been quiet for too long at `now`.
    #[must_use]
    pub fn is_stalled(&self, now: Millis) -> bool {
        self.last
            .is_some_and(|last| now >= last.saturating_add(self.patience()))
    }
}

impl Rhythm {
    /// How long the run has been quiet at `now`, and how often it usually logs, in words.
    #[must_use]
    pub fn in_words(&self, now: Millis) -> String {
        let quiet = self.quiet(now).map_or_else(
            || "never heard of".to_owned(),
            |quiet| format!("quiet for {}", duration(quiet)),
        );
        self.interval.map_or(quiet.clone(), |interval| {
            format!("{quiet}; usually logs every {}", duration(interval))
        })
    }
}

/// The usual time between two logged points, in ms: the median of the gaps. Of a history that the store thinned out the gaps are
/// too long: there it is the time of one step, times the steps between two points, which are what all gaps have in common.
#[must_use]
pub fn interval(points: &[Point], sampled: bool) -> Option<Millis> {
    let pairs = || {
        points.windows(2).map(|pair| {
            (
                pair[1].timestamp.saturating_sub(pair[0].timestamp),
                pair[1].step.saturating_sub(pair[0].step),
            )
        })
    };
    // Points of one batch have one time, and a run that was taken up again may go back: neither is a gap.
    let gaps: Vec<Millis> = pairs()
        .map(|(time, _)| time)
        .filter(|time| *time > 0)
        .collect();
    let plain = median(gaps);
    if !sampled {
        return plain;
    }
    let stride = pairs()
        .map(|(_, steps)| steps)
        .filter(|steps| *steps > 0)
        .fold(0, greatest_common_divisor);
    let a_step: Vec<Millis> = pairs()
        .filter(|(time, steps)| *time > 0 && *steps > 0)
        .map(|(time, steps)| {
            (i128::from(time) * i128::from(stride) / i128::from(steps)).max(1) as Millis
        })
        .collect();
    median(a_step).or(plain)
}

fn median(mut gaps: Vec<Millis>) -> Option<Millis> {
    if gaps.len() < LEAST_GAPS {
        return None;
    }
    let middle = gaps.len() / 2;
    Some(*gaps.select_nth_unstable(middle).1)
}

fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

/// Writes into the table what is expected of a run: when it last gave a sign of life, and how long it may be quiet.
pub fn judge(table: &mut RunTable, row: Row, rhythm: &Rhythm) {
    table.expect(row, rhythm.last, rhythm.patience());
}

/// Judges those of some runs that say that they are running, by what they alone tell. A rhythm that is known already is kept: a
/// run does not lose it by logging more.
pub fn judge_all(table: &mut RunTable, runs: &[Run]) {
    for run in runs.iter().filter(|run| run.status == RunStatus::Running) {
        if let Some(row) = table.row_of(&run.id) {
            let rhythm = Rhythm::of(run);
            let patience = table.patience(row).unwrap_or(rhythm.patience());
            table.expect(row, rhythm.last, patience);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{Metric, MetricValue};

    const SECOND: Millis = 1_000;
    const HOUR: Millis = 3_600_000;

    fn at(step: i64, timestamp: Millis) -> Point {
        Point {
            step,
            timestamp,
            value: MetricValue::new(0.5),
        }
    }

    fn running(start: Option<Millis>, logged: &[Millis]) -> Run {
        let mut run = Run::bare("a".into(), "1".into());
        run.status = RunStatus::Running;
        run.start_time = start;
        let metric = |(n, at): (usize, &Millis)| Metric {
            key: format!("m{n}").into(),
            value: MetricValue::new(1.0),
            timestamp: *at,
            step: 0,
        };
        run.metrics = logged.iter().enumerate().map(metric).collect();
        run
    }

    #[test]
    fn a_run_is_stalled_after_ten_of_its_own_intervals_and_never_before_the_floor() {
        let every = |gap: Millis| {
            Rhythm::default().with(
                &[at(0, 0), at(1, gap), at(2, 2 * gap), at(3, 3 * gap)],
                false,
            )
        };
        for (gap, patience) in [
            (4 * SECOND, FLOOR_MS),
            (60 * SECOND, 600 * SECOND),
            (2 * HOUR, 20 * HOUR),
        ] {
            let rhythm = every(gap);
            assert_eq!(rhythm.interval, Some(gap));
            let end = 3 * gap + patience;
            assert!(
                !rhythm.is_stalled(end - 1) && rhythm.is_stalled(end),
                "{gap}"
            );
        }
    }

    #[test]
    fn without_a_history_the_last_metric_or_the_start_counts() {
        let run = running(Some(5), &[7 * SECOND, 2 * SECOND]);
        assert_eq!(
            Rhythm::of(&run),
            Rhythm {
                last: Some(7 * SECOND),
                interval: None
            }
        );
        assert!(
            !Rhythm::of(&run).is_stalled(7 * SECOND + UNKNOWN_MS - 1)
                && Rhythm::of(&run).is_stalled(7 * SECOND + UNKNOWN_MS)
        );
        assert!(Rhythm::of(&running(Some(5), &[])).is_stalled(5 + UNKNOWN_MS));
        assert!(
            !Rhythm::of(&running(None, &[])).is_stalled(Millis::MAX),
            "nothing is known, so nothing is said"
        );
    }

    #[test]
    fn what_a_store_thinned_out_tells_the_same_rhythm() {
        // Logged every 50 steps, a step takes 0.2 s: a point every 10 s. One in seven was kept, with the ends.
        let whole: Vec<Point> = (0..1_000).map(|n| at(50 * n, 10 * SECOND * n)).collect();
        let thin: Vec<Point> = whole
            .iter()
            .step_by(7)
            .chain(whole.last())
            .copied()
            .collect();
        assert_eq!(interval(&whole, false), Some(10 * SECOND));
        assert_eq!(interval(&thin, true), Some(10 * SECOND));
        assert_eq!(
            interval(&thin, false),
            Some(70 * SECOND),
            "which is why the store's word matters"
        );
        let stepless: Vec<Point> = (0..9).map(|n| at(0, 10 * SECOND * n)).collect();
        assert_eq!(interval(&stepless, true), Some(10 * SECOND));
    }

    #[test]
    fn batches_and_jumps_back_are_no_gaps() {
        let points = [
            at(0, 0),
            at(1, 0),
            at(2, 10),
            at(3, 10),
            at(4, 5),
            at(5, 15),
            at(6, 25),
        ];
        assert_eq!(interval(&points, false), Some(10));
        assert_eq!(interval(&points[..4], false), None, "one gap is no rhythm");
    }

    #[test]
    fn the_table_and_the_rule_say_the_same() {
        let mut table = RunTable::default();
        let run = running(Some(0), &[HOUR]);
        table.upsert(std::slice::from_ref(&run));
        let row = table.row_of(&run.id).unwrap();
        assert!(!table.is_stalled(row, Millis::MAX), "nobody judged it yet");
        judge_all(&mut table, std::slice::from_ref(&run));
        assert!(!table.is_stalled(row, 2 * HOUR - 1) && table.is_stalled(row, 2 * HOUR));
        let rhythm = Rhythm {
            last: Some(HOUR),
            interval: Some(SECOND),
        };
        judge(&mut table, row, &rhythm);
        assert!(table.is_stalled(row, HOUR + FLOOR_MS));
        judge_all(&mut table, &[running(Some(0), &[2 * HOUR])]);
        assert!(
            !table.is_stalled(row, 2 * HOUR + FLOOR_MS - 1)
                && table.is_stalled(row, 2 * HOUR + FLOOR_MS),
            "its rhythm is kept"
        );
        let mut done = run;
        done.status = RunStatus::Finished;
        table.upsert(&[done]);
        assert!(
            !table.is_stalled(row, Millis::MAX),
            "what has ended is not stalled"
        );
    }

    proptest! {
        #[test]
        fn more_silence_never_wakes_a_run(times in prop::collection::vec(any::<i64>(), 0..20), steps in prop::collection::vec(any::<i64>(), 20), sampled: bool, now: i64, later in 0..i64::MAX) {
            let points: Vec<Point> = times.iter().zip(&steps).map(|(time, step)| at(*step, *time)).collect();
            let rhythm = Rhythm::default().with(&points, sampled);
            prop_assert!(rhythm.patience() >= FLOOR_MS);
            prop_assert!(rhythm.interval.is_none_or(|interval| interval > 0));
            prop_assert!(!rhythm.is_stalled(now) || rhythm.is_stalled(now.saturating_add(later)));
        }
    }
}
