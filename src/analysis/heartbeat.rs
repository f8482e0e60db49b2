//! Heartbeats: how often a run logs, how long it has been silent, and when it counts as stalled.
//!
//! MLflow has no heartbeat, so a run whose machine is gone stays RUNNING forever. What a run logs is the only evidence that it is
//! alive, and each run has its own pace, so it is measured against itself. [`update_heartbeat`] writes the timeout into the table;
//! [`RunTable::is_stalled`] and the filter `is:stalled` read it.

use crate::domain::{Millis, Point, Run, RunStatus};
use crate::table::{RowId, RunTable};
use crate::text::quantity::format_duration;

/// The timeout in logging intervals. Evaluations and checkpoints between two epochs take a few of them, not ten.
pub const STALL_FACTOR: Millis = 10;

/// The least timeout, in ms: a checkpoint to a slow disk takes a minute or two, and unsynchronized clocks differ by as much.
pub const MIN_TIMEOUT_MS: Millis = 5 * 60_000;

/// The timeout of a run without a known interval, in ms: it may be preparing its data, or be in the first epoch of a large network.
pub const DEFAULT_TIMEOUT_MS: Millis = 60 * 60_000;

/// Fewer gaps between points give no interval.
const MIN_GAPS: usize = 3;

/// The activity of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heartbeat {
    /// The time of the newest point of any metric, or of the start, ms since the epoch.
    pub last_activity: Option<Millis>,
    /// The usual time between two points of a metric, in ms.
    pub interval: Option<Millis>,
}

impl Heartbeat {
    /// The activity that a listed run shows. System metrics count: the process that logs them is alive.
    #[must_use]
    pub fn from_run(run: &Run) -> Self {
        let newest = run.metrics.iter().map(|metric| metric.timestamp).max();
        // Points may carry any time, even one before the start.
        Self {
            last_activity: newest.max(run.start_time),
            interval: None,
        }
    }

    /// Adds the points of a history.
    #[must_use]
    pub fn with_history(self, points: &[Point], is_sampled: bool) -> Self {
        let newest = points.iter().map(|point| point.timestamp).max();
        Self {
            last_activity: self.last_activity.max(newest),
            interval: interval(points, is_sampled).or(self.interval),
        }
    }

    /// How long the run may be silent, in ms.
    #[must_use]
    pub fn timeout(&self) -> Millis {
        self.interval.map_or(DEFAULT_TIMEOUT_MS, |interval| {
            interval.saturating_mul(STALL_FACTOR).max(MIN_TIMEOUT_MS)
        })
    }

    /// How long the run has been silent, in ms; absent if it never was active.
    #[must_use]
    pub fn idle_time(&self, now: Millis) -> Option<Millis> {
        self.last_activity
            .map(|last| now.saturating_sub(last).max(0))
    }

    /// Whether a running run has been silent for longer than its timeout.
    #[must_use]
    pub fn is_stalled(&self, now: Millis) -> bool {
        self.last_activity
            .is_some_and(|last| now >= last.saturating_add(self.timeout()))
    }

    /// The idle time and the interval: `quiet for 2h 00m; usually logs every 57.1s`.
    #[must_use]
    pub fn describe(&self, now: Millis) -> String {
        let idle = self.idle_time(now).map_or_else(
            || "no activity recorded".to_owned(),
            |idle| format!("quiet for {}", format_duration(idle)),
        );
        self.interval.map_or(idle.clone(), |interval| {
            format!("{idle}; usually logs every {}", format_duration(interval))
        })
    }
}

/// The usual time between two logged points, in ms: the median gap. The gaps of a sampled history are too long, so there it is the
/// median time of one step, times the greatest common divisor of the steps between points.
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
    // Points of one batch share a time, and a resumed run may go back: neither is a gap.
    let gaps: Vec<Millis> = pairs()
        .map(|(time, _)| time)
        .filter(|time| *time > 0)
        .collect();
    let median_gap = median_of_enough(gaps);
    if !is_sampled {
        return median_gap;
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
    median_of_enough(per_step).or(median_gap)
}

fn median_of_enough(mut gaps: Vec<Millis>) -> Option<Millis> {
    if gaps.len() < MIN_GAPS {
        return None;
    }
    let middle = gaps.len() / 2;
    Some(*gaps.select_nth_unstable(middle).1)
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Writes the last activity and the timeout of a run into the table.
pub fn update_heartbeat(table: &mut RunTable, row: RowId, heartbeat: &Heartbeat) {
    table.set_stall_timeout(row, heartbeat.last_activity, heartbeat.timeout());
}

/// Does the same for those runs that are running, from the listing alone. A timeout that a history gave stays.
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
            "a run without activity is not stalled"
        );
    }

    #[test]
    fn downsampled_history_gives_the_same_interval() {
        // A point every 50 steps of 0.2 s, so every 10 s. The store returns one in seven, and both ends.
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
            "sampled gaps are too long"
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
        assert_eq!(
            interval(&points[..4], false),
            None,
            "one gap gives no interval"
        );
    }

    #[test]
    fn table_and_heartbeat_agree_on_stalled_runs() {
        let mut table = RunTable::default();
        let run = running(Some(0), &[HOUR]);
        table.upsert(std::slice::from_ref(&run));
        let row = table.row_of(&run.id).unwrap();
        assert!(!table.is_stalled(row, Millis::MAX), "no timeout is set yet");
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
            "the timeout of the history stays"
        );
        let mut done = run;
        done.status = RunStatus::Finished;
        table.upsert(&[done]);
        assert!(
            !table.is_stalled(row, Millis::MAX),
            "a run that ended is not stalled"
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
