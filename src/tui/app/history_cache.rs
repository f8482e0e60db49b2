//! A cache of metric histories. It is filled in bulk for visible rows and extended by the last metrics of refreshed runs.

use std::collections::{HashMap, HashSet};

use super::message::Ticket;
use crate::domain::{MetricHistory, Millis, Point, Run, RunId, StoreError};

/// The most cached histories. Beyond it the cache is cleared, and visible histories are requested again.
const MAX_HISTORIES: usize = 5_000;

/// A history that was extended by last points only is loaded in full after this time, in ms: points logged between two
/// refreshes are missing until then, such as spikes.
const FULL_RELOAD_MS: Millis = 30_000;

/// The most cached points of 24 bytes each. Beyond it the cache is cleared, too.
const MAX_POINTS: usize = 5_000_000;

/// A run and a metric.
type HistoryKey = (RunId, String);

#[derive(Debug, Default)]
struct CachedHistory {
    points: Vec<Point>,
    is_sampled: bool,
    /// The resolution of the last request, in points.
    requested_points: u32,
    /// The last request failed: points can be missing.
    has_failed: bool,
    /// When the first last point was appended, ms since the epoch.
    extended_since: Option<Millis>,
    /// The first and last steps of parts that were requested at a higher resolution.
    refined_ranges: Vec<(i64, i64)>,
}

#[derive(Debug)]
struct HistoryRequest {
    keys: Vec<HistoryKey>,
    points: u32,
    /// The requested part; `None` for whole histories.
    step_range: Option<(i64, i64)>,
}

/// The cache.
#[derive(Debug, Default)]
pub struct HistoryCache {
    cached: HashMap<HistoryKey, CachedHistory>,
    /// Incremented by every change.
    revision: u64,
    requests: HashMap<Ticket, HistoryRequest>,
    pending: HashSet<HistoryKey>,
    /// Histories to request again. The old points stay visible until the reply.
    stale: HashSet<HistoryKey>,
}

impl CachedHistory {
    /// Whether a request for this many points would return no new ones.
    fn satisfies(&self, requested: u32) -> bool {
        self.requested_points >= requested || (!self.is_sampled && !self.has_failed)
    }

    /// Replaces the points between two steps.
    fn replace_range(&mut self, (first, last): (i64, i64), points: Vec<Point>) {
        let from = self.points.partition_point(|point| point.step < first);
        let to = self.points.partition_point(|point| point.step <= last);
        if from <= to && points.len() >= to - from {
            self.points.splice(from..to, points);
        }
    }
}

impl HistoryCache {
    /// The cached points of a run's metric; empty for a run without this metric.
    #[must_use]
    pub fn get(&self, run: &RunId, metric: &str) -> Option<&[Point]> {
        self.cached
            .get(&(run.clone(), metric.to_owned()))
            .map(|known| known.points.as_slice())
    }

    /// Whether the store sampled the points of a run's metric.
    #[must_use]
    pub fn is_sampled(&self, run: &RunId, metric: &str) -> bool {
        self.cached
            .get(&(run.clone(), metric.to_owned()))
            .is_some_and(|known| known.is_sampled)
    }

    /// The points of a run's metric, and whether they are sampled; `None` until a request for `points` points succeeded.
    #[must_use]
    pub fn get_at_resolution(
        &self,
        run: &RunId,
        metric: &str,
        points: u32,
    ) -> Option<(&[Point], bool)> {
        let known = self.cached.get(&(run.clone(), metric.to_owned()))?;
        (!known.has_failed && known.satisfies(points))
            .then_some((known.points.as_slice(), known.is_sampled))
    }

    /// Whether a request is pending.
    #[must_use]
    pub fn is_awaiting(&self, ticket: Ticket) -> bool {
        self.requests.contains_key(&ticket)
    }

    /// The runs whose history is missing, stale or of a lower resolution.
    #[must_use]
    pub fn missing(&self, runs: &[RunId], metric: &str, points: u32) -> Vec<RunId> {
        let is_missing = |id: &&RunId| {
            let key = ((*id).clone(), metric.to_owned());
            let known = self
                .cached
                .get(&key)
                .is_some_and(|known| known.satisfies(points));
            (!known || self.stale.contains(&key)) && !self.pending.contains(&key)
        };
        runs.iter().filter(is_missing).cloned().collect()
    }

    /// The runs whose history is sampled and was not refined between these steps.
    #[must_use]
    pub fn needing_refinement(
        &self,
        runs: &[RunId],
        metric: &str,
        (first, last): (i64, i64),
    ) -> Vec<RunId> {
        let is_coarse = |id: &&RunId| {
            let key = ((*id).clone(), metric.to_owned());
            let known = self
                .cached
                .get(&key)
                .filter(|known| known.is_sampled && !known.has_failed);
            let is_fine = |known: &CachedHistory| {
                known
                    .refined_ranges
                    .iter()
                    .any(|(from, to)| *from <= first && last <= *to)
            };
            known.is_some_and(|known| !is_fine(known)) && !self.pending.contains(&key)
        };
        runs.iter().filter(is_coarse).cloned().collect()
    }

    /// Records a request for histories of about `points` points each; `step_range` is `None` for whole histories.
    pub fn start_request(
        &mut self,
        ticket: Ticket,
        runs: &[RunId],
        metric: &str,
        points: u32,
        step_range: Option<(i64, i64)>,
    ) {
        if self.cached.len() > MAX_HISTORIES
            || self
                .cached
                .values()
                .map(|known| known.points.len())
                .sum::<usize>()
                > MAX_POINTS
        {
            self.cached.clear();
        }
        let keys: Vec<HistoryKey> = runs
            .iter()
            .map(|id| (id.clone(), metric.to_owned()))
            .collect();
        self.pending.extend(keys.iter().cloned());
        self.requests.insert(
            ticket,
            HistoryRequest {
                keys,
                points,
                step_range,
            },
        );
    }

    /// A number that every change increments.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Takes a reply and returns its error. Runs that are missing in it have no history of the metric. After an error the
    /// histories are not requested again until a refresh, so that an overloaded server is not asked at every key.
    pub fn resolve(
        &mut self,
        ticket: Ticket,
        result: Result<Vec<MetricHistory>, StoreError>,
    ) -> Option<StoreError> {
        let HistoryRequest {
            keys,
            points: requested_points,
            step_range,
        } = self.requests.remove(&ticket)?;
        self.revision += 1;
        for key in &keys {
            self.pending.remove(key);
            if step_range.is_none() {
                self.stale.remove(key);
                let known = self.cached.entry(key.clone()).or_default();
                (known.extended_since, known.has_failed) = (None, result.is_err());
                known.requested_points = known.requested_points.max(requested_points);
            }
        }
        let histories = match result {
            Ok(histories) => histories,
            Err(error) => {
                // A failed refinement is not requested again at every key either.
                if let Some(range) = step_range {
                    for key in &keys {
                        self.mark_refined(key, range);
                    }
                }
                return Some(error);
            }
        };
        for MetricHistory {
            run,
            key,
            points,
            is_sampled,
        } in histories
        {
            let key = (run, key.raw().to_owned());
            match step_range {
                None => {
                    let known = CachedHistory {
                        points,
                        is_sampled,
                        requested_points,
                        ..CachedHistory::default()
                    };
                    self.cached.insert(key, known);
                }
                Some(range) => {
                    self.mark_refined(&key, range);
                    if let Some(known) = self.cached.get_mut(&key) {
                        known.replace_range(range, points);
                    }
                }
            }
        }
        None
    }

    fn mark_refined(&mut self, key: &HistoryKey, range: (i64, i64)) {
        if let Some(known) = self.cached.get_mut(key) {
            known.refined_ranges.push(range);
        }
    }

    /// Appends the last metrics of a refreshed run, so that curves grow without a request of their own.
    pub fn append_latest(&mut self, run: &Run, now: Millis) {
        for metric in &run.metrics {
            let key = (run.id.clone(), metric.key.raw().to_owned());
            let Some(known) = self.cached.get_mut(&key) else {
                continue;
            };
            let point = Point {
                step: metric.step,
                timestamp: metric.timestamp,
                value: metric.value,
            };
            let is_newer = known
                .points
                .last()
                .is_none_or(|last| (last.step, last.timestamp) < (point.step, point.timestamp));
            if is_newer {
                known.points.push(point);
                self.revision += 1;
                if now.saturating_sub(*known.extended_since.get_or_insert(now)) >= FULL_RELOAD_MS {
                    self.stale.insert(key);
                }
            }
        }
    }

    /// Drops the histories of a run, to load them again.
    pub fn remove(&mut self, run: &RunId) {
        self.cached.retain(|(id, _), _| id != run);
    }

    /// Drops a pending request.
    pub fn cancel(&mut self, ticket: Ticket) {
        for key in self
            .requests
            .remove(&ticket)
            .into_iter()
            .flat_map(|request| request.keys)
        {
            self.pending.remove(&key);
        }
    }

    /// Marks all histories to be requested again. The old points stay visible until the replies.
    pub fn mark_stale(&mut self) {
        self.stale.extend(self.cached.keys().cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Metric, MetricValue, StoreErrorKind};

    fn run_at_step(step: i64) -> Run {
        let mut run = Run::bare("a".into(), "1".into());
        run.metrics = vec![Metric {
            key: "loss".into(),
            value: MetricValue::new(0.5),
            timestamp: step * 10,
            step,
        }];
        run
    }

    fn cache_history(
        histories: &mut HistoryCache,
        ticket: u64,
        result: Result<Vec<Point>, StoreError>,
    ) {
        histories.start_request(Ticket(ticket), &["a".into()], "loss", 64, None);
        let result = result.map(|points| {
            vec![MetricHistory {
                run: "a".into(),
                key: "loss".into(),
                points,
                is_sampled: false,
            }]
        });
        histories.resolve(Ticket(ticket), result);
    }

    #[test]
    fn zoomed_range_is_refined_once() {
        let at = |step| Point {
            step,
            timestamp: step,
            value: MetricValue::new(1.0),
        };
        let history = |points, sampled| MetricHistory {
            run: "a".into(),
            key: "loss".into(),
            points,
            is_sampled: sampled,
        };
        let mut histories = HistoryCache::default();
        let runs = ["a".into()];
        histories.start_request(Ticket(1), &runs, "loss", 4, None);
        histories.resolve(
            Ticket(1),
            Ok(vec![history([0, 10, 20, 30].map(at).into(), true)]),
        );
        assert_eq!(histories.needing_refinement(&runs, "loss", (8, 22)), runs);
        histories.start_request(Ticket(2), &runs, "loss", 4, Some((8, 22)));
        assert!(
            histories
                .needing_refinement(&runs, "loss", (8, 22))
                .is_empty(),
            "the refinement is pending"
        );
        histories.resolve(
            Ticket(2),
            Ok(vec![history([8, 10, 15, 20, 22].map(at).into(), false)]),
        );
        assert_eq!(steps(&histories), [0, 8, 10, 15, 20, 22, 30]);
        assert!(
            histories
                .needing_refinement(&runs, "loss", (10, 20))
                .is_empty(),
            "the refined range contains it"
        );
        assert!(
            histories.is_sampled(&"a".into(), "loss"),
            "the rest is still sampled"
        );
    }

    fn steps(histories: &HistoryCache) -> Vec<i64> {
        histories
            .get(&"a".into(), "loss")
            .unwrap()
            .iter()
            .map(|point| point.step)
            .collect()
    }

    #[test]
    fn curve_extends_from_run_metrics_then_reloads() {
        let mut histories = HistoryCache::default();
        histories.append_latest(&run_at_step(1), 0);
        assert!(
            histories.get(&"a".into(), "loss").is_none(),
            "histories that were never requested are not cached"
        );
        cache_history(
            &mut histories,
            1,
            Ok(vec![Point {
                step: 1,
                timestamp: 10,
                value: MetricValue::new(1.0),
            }]),
        );
        for step in [1, 3, 2, 4] {
            histories.append_latest(&run_at_step(step), 1_000 * step);
        }
        assert_eq!(
            steps(&histories),
            [1, 3, 4],
            "only newer points are appended"
        );
        assert!(histories.missing(&["a".into()], "loss", 64).is_empty());
        histories.append_latest(&run_at_step(9), 3_000 + FULL_RELOAD_MS);
        assert_eq!(histories.missing(&["a".into()], "loss", 64), ["a".into()]);
        cache_history(
            &mut histories,
            2,
            Err(StoreError::new(StoreErrorKind::Busy, "reading", "busy")),
        );
        assert_eq!(steps(&histories), [1, 3, 4, 9], "an error keeps the points");
        assert!(
            histories.missing(&["a".into()], "loss", 64).is_empty(),
            "an error is not retried at once"
        );
        assert_eq!(
            histories.get_at_resolution(&"a".into(), "loss", 64),
            None,
            "after an error points can be missing"
        );
        histories.mark_stale();
        assert_eq!(
            histories.missing(&["a".into()], "loss", 64),
            ["a".into()],
            "a refresh asks again"
        );
        assert_eq!(
            steps(&histories),
            [1, 3, 4, 9],
            "and shows the old points meanwhile"
        );
    }
}
