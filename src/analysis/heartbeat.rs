//! The rhythm of a run: how often it logs, how long it has been quiet, and when that is too long.
//!
//! MLflow has no heartbeat: a run whose machine went away says RUNNING for ever. What a run logs is its only sign of life, and
//! each run has a pace of its own, so that it is measured against itself. One rule serves the table, the filter `is:stalled`
//! and the words beside them: [`judge`] writes its verdict's terms into the table, and [`RunTable::is_stalled`] reads them.

use crate::domain::{Millis, Point, Run, RunStatus};
use crate::table::{RowId, RunTable};
use crate::text::quantity::format_duration;

/// How many of its own intervals a run may stay quiet. Evaluations and checkpoints between two epochs take a few of them; ten in
/// a row are no pause any more.
pub const STALL_FACTOR: Millis = 10;

/// However fast a run logs, it may stay quiet as long as this, in ms: a checkpoint to a slow disk takes a minute or two, and the
/// clocks of two machines that are kept by hand differ by as much.
pub const MIN_TIMEOUT_MS: Millis = 5 * 60_000;

/// How long a run of unknown rhythm may stay quiet, in ms: one that logged little or nothing yet may be preparing its data, or be
/// in the first epoch of a large network.
pub const DEFAULT_TIMEOUT_MS: Millis = 60 * 60_000;

/// Fewer gaps than this between points tell no rhythm.
const MIN_GAPS: usize = 3;

/// How a run logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heartbeat {
    /// Its last sign of life, ms since the epoch: the time of its newest point of any metric, else its start.
    pub last_activity: Option<Millis>,
    /// The usual time between two points of a metric, in ms, where that can be told.
    pub interval: Option<Millis>,
}

impl Heartbeat {
    /// The rhythm of a run, as far as the run alone tells it. Metrics of the machine (`system/…`) count as signs of life: the
    /// process that logs them is there.
    #[must_use]
    pub fn from_run(run: &Run) -> Self {
        let newest = run.metrics.iter().map(|metric| metric.timestamp).max();
        // A point may carry any time, also one of before the run: a start is a sign of life, too.
        Self {
            last_activity: newest.max(run.start_time),
            interval: None,
        }
    }

    /// The same rhythm, with what a history of the run tells.
    #[must_use]
    pub fn with_history(self, points: &[Point], is_sampled: bool) -> Self {
        let newest = points.iter().map(|point| point.timestamp).max();
        Self {
            last_activity: self.last_activity.max(newest),
            interval: interval(points, is_sampled).or(self.interval),
        }
    }

    /// How long the run may stay quiet, in ms.
    #[must_use]
    pub fn timeout(&self) -> Millis {
        self.interval.map_or(DEFAULT_TIMEOUT_MS, |interval| {
            interval.saturating_mul(STALL_FACTOR).max(MIN_TIMEOUT_MS)
        })
    }

    /// How long the run has been quiet at `now`, in ms; nothing where it never gave a sign of life.
    #[must_use]
    pub fn idle_time(&self, now: Millis) -> Option<Millis> {
        self.last_activity
            .map(|last| now.saturating_sub(last).max(0))
    }

    /// Whether the run, which says that it is running, has been quiet for too long at `now`.
    #[must_use]
    pub fn is_stalled(&self, now: Millis) -> bool {
        self.last_activity
            .is_some_and(|last| now >= last.saturating_add(self.timeout()))
    }
}

impl Heartbeat {
    /// How long the run has been quiet at `now`, and how often it usually logs, in words.
    #[must_use]
    pub fn describe(&self, now: Millis) -> String {
        let idle = self.idle_time(now).map_or_else(
            || "never heard of".to_owned(),
            |quiet| format!("quiet for {}", format_duration(quiet)),
        );
        self.interval.map_or(idle.clone(), |interval| {
            format!("{idle}; usually logs every {}", format_duration(interval))
        })
    }
}

/// The usual time between two logged points, in ms: the median of the gaps. Of a history that the store thinned out the gaps are
/// too long: there it is the time of one step, times the steps between two points, which are what all gaps have in common.
#[must_use]
pub fn interval(points: &[Point], is_sampled: bool) -> Option<Millis> {
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
    if !is_sampled {
        return plain;
    }
    let stride = pairs()
        .map(|(_, steps)| steps)
        .filter(|steps| *steps > 0)
        .fold(0, gcd);
    let per_step: Vec<Millis> = pairs()
        .filter(|(time, steps)| *time > 0 && *steps > 0)
        .map(|(time, steps)| {
            (i128::from(time) * i128::from(stride) / i128::from(steps)).max(1) as Millis
        })
        .collect();
    median(per_step).or(plain)
}

fn median(mut gaps: Vec<Millis>) -> Option<Millis> {
    if gaps.len() < MIN_GAPS {
        return None;
    }
    let middle = gaps.len() / 2;
    Some(*gaps.select_nth_unstable(middle).1)
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Writes into the table what is expected of a run: when it last gave a sign of life, and how long it may be quiet.
pub fn update_heartbeat(table: &mut RunTable, row: RowId, heartbeat: &Heartbeat) {
    table.set_stall_timeout(row, heartbeat.last_activity, heartbeat.timeout());
}

/// Judges those of some runs that say that they are running, by what they alone tell. A rhythm that is known already is kept: a
/// run does not lose it by logging more.
pub fn update_heartbeats(table: &mut RunTable, runs: &[Run]) {
    for run in runs.iter().filter(|run| run.status == RunStatus::Running) {
        if let Some(row) = table.row_of(&run.id) {
            let heartbeat = Heartbeat::from_run(run);
            let timeout = table.stall_timeout(row).unwrap_or(heartbeat.timeout());
            table.set_stall_timeout(row, heartbeat.last_activity, timeout);
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

    fn point_at(step: i64, timestamp: Millis) -> Point {
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
    fn stall_timeout_is_ten_intervals_but_at_least_the_minimum() {
        let every = |gap: Millis| {
            Heartbeat::default().with_history(
                &[
                    point_at(0, 0),
                    point_at(1, gap),
                    point_at(2, 2 * gap),
                    point_at(3, 3 * gap),
                ],
                false,
            )
        };
        for (gap, timeout) in [
            (4 * SECOND, MIN_TIMEOUT_MS),
            (60 * SECOND, 600 * SECOND),
            (2 * HOUR, 20 * HOUR),
        ] {
            let heartbeat = every(gap);
            assert_eq!(heartbeat.interval, Some(gap));
            let end = 3 * gap + timeout;
            assert!(
                !heartbeat.is_stalled(end - 1) && heartbeat.is_stalled(end),
                "{gap}"
            );
        }
    }

    #[test]
    fn without_history_last_metric_or_start_is_used() {
        let run = running(Some(5), &[7 * SECOND, 2 * SECOND]);
        assert_eq!(
            Heartbeat::from_run(&run),
            Heartbeat {
                last_activity: Some(7 * SECOND),
                interval: None
            }
        );
        assert!(
            !Heartbeat::from_run(&run).is_stalled(7 * SECOND + DEFAULT_TIMEOUT_MS - 1)
                && Heartbeat::from_run(&run).is_stalled(7 * SECOND + DEFAULT_TIMEOUT_MS)
        );
        assert!(Heartbeat::from_run(&running(Some(5), &[])).is_stalled(5 + DEFAULT_TIMEOUT_MS));
        assert!(
            !Heartbeat::from_run(&running(None, &[])).is_stalled(Millis::MAX),
            "nothing is known, so nothing is said"
        );
    }

    #[test]
    fn downsampled_history_gives_the_same_interval() {
        // Logged every 50 steps, a step takes 0.2 s: a point every 10 s. One in seven was kept, with the ends.
        let whole: Vec<Point> = (0..1_000)
            .map(|n| point_at(50 * n, 10 * SECOND * n))
            .collect();
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
        let stepless: Vec<Point> = (0..9).map(|n| point_at(0, 10 * SECOND * n)).collect();
        assert_eq!(interval(&stepless, true), Some(10 * SECOND));
    }

    #[test]
    fn batches_and_backward_jumps_are_not_gaps() {
        let points = [
            point_at(0, 0),
            point_at(1, 0),
            point_at(2, 10),
            point_at(3, 10),
            point_at(4, 5),
            point_at(5, 15),
            point_at(6, 25),
        ];
        assert_eq!(interval(&points, false), Some(10));
        assert_eq!(interval(&points[..4], false), None, "one gap is no rhythm");
    }

    #[test]
    fn table_and_heartbeat_agree_on_stalled_runs() {
        let mut table = RunTable::default();
        let run = running(Some(0), &[HOUR]);
        table.upsert(std::slice::from_ref(&run));
        let row = table.row_of(&run.id).unwrap();
        assert!(!table.is_stalled(row, Millis::MAX), "nobody judged it yet");
        update_heartbeats(&mut table, std::slice::from_ref(&run));
        assert!(!table.is_stalled(row, 2 * HOUR - 1) && table.is_stalled(row, 2 * HOUR));
        let heartbeat = Heartbeat {
            last_activity: Some(HOUR),
            interval: Some(SECOND),
        };
        update_heartbeat(&mut table, row, &heartbeat);
        assert!(table.is_stalled(row, HOUR + MIN_TIMEOUT_MS));
        update_heartbeats(&mut table, &[running(Some(0), &[2 * HOUR])]);
        assert!(
            !table.is_stalled(row, 2 * HOUR + MIN_TIMEOUT_MS - 1)
                && table.is_stalled(row, 2 * HOUR + MIN_TIMEOUT_MS),
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
        fn stalled_runs_stay_stalled_without_activity(times in prop::collection::vec(any::<i64>(), 0..20), steps in prop::collection::vec(any::<i64>(), 20), sampled: bool, now: i64, later in 0..i64::MAX) {
            let points: Vec<Point> = times.iter().zip(&steps).map(|(time, step)| point_at(*step, *time)).collect();
            let heartbeat = Heartbeat::default().with_history(&points, sampled);
            prop_assert!(heartbeat.timeout() >= MIN_TIMEOUT_MS);
            prop_assert!(heartbeat.interval.is_none_or(|interval| interval > 0));
            prop_assert!(!heartbeat.is_stalled(now) || heartbeat.is_stalled(now.saturating_add(later)));
        }
    }
}
