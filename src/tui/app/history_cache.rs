//! Histories that were fetched, for sparklines: a cache of visible rows, filled in bulk, which grows by what runs tell of
//! themselves when they are read again.

use std::collections::{HashMap, HashSet};

use super::message::Ticket;
use crate::domain::{MetricHistory, Millis, Point, Run, RunId, StoreError};

/// How many histories are kept; past that, all are dropped and the visible ones fetched again.
const MAX_HISTORIES: usize = 5_000;

/// A history that grew by the newest points alone is read as a whole again after this time, in ms: what was logged between two
/// looks is missing until then, and a spike may be among it.
const FULL_RELOAD_MS: Millis = 30_000;

/// How many points are kept, of 24 bytes each; past that, likewise.
const MAX_POINTS: usize = 5_000_000;

/// The key of a history: a run and a metric.
type HistoryKey = (RunId, String);

/// A history as far as it is known.
#[derive(Debug, Default)]
struct CachedHistory {
    points: Vec<Point>,
    is_sampled: bool,
    /// About how many points were asked for.
    requested_points: u32,
    /// The store did not answer: there may be points.
    has_failed: bool,
    /// Since when points were added that came with the run: ms since the epoch.
    extended_since: Option<Millis>,
    /// Parts that were read more exactly: from which step to which.
    refined_ranges: Vec<(i64, i64)>,
}

/// A question for histories.
#[derive(Debug)]
struct HistoryRequest {
    keys: Vec<HistoryKey>,
    points: u32,
    /// The steps that were asked for, where that is a part of the histories.
    step_range: Option<(i64, i64)>,
}

/// What is known of histories.
#[derive(Debug, Default)]
pub struct HistoryCache {
    cached: HashMap<HistoryKey, CachedHistory>,
    /// Grows with everything that changes.
    revision: u64,
    requests: HashMap<Ticket, HistoryRequest>,
    pending: HashSet<HistoryKey>,
    /// What is known and is to be read again; until then the old points are shown.
    stale: HashSet<HistoryKey>,
}

impl CachedHistory {
    /// Whether asking for so many points would bring nothing new.
    fn satisfies(&self, wanted: u32) -> bool {
        self.requested_points >= wanted || (!self.is_sampled && !self.has_failed)
    }

    /// Puts points in the place of those between two steps.
    fn replace_range(&mut self, (first, last): (i64, i64), points: Vec<Point>) {
        let from = self.points.partition_point(|point| point.step < first);
        let to = self.points.partition_point(|point| point.step <= last);
        if from <= to && points.len() >= to - from {
            self.points.splice(from..to, points);
        }
    }
}

impl HistoryCache {
    /// The points of a run's metric: nothing while they are not known, none when it has none.
    #[must_use]
    pub fn get(&self, run: &RunId, metric: &str) -> Option<&[Point]> {
        self.cached
            .get(&(run.clone(), metric.to_owned()))
            .map(|known| known.points.as_slice())
    }

    /// Whether the store thinned the points of a run's metric out.
    #[must_use]
    pub fn is_sampled(&self, run: &RunId, metric: &str) -> bool {
        self.cached
            .get(&(run.clone(), metric.to_owned()))
            .is_some_and(|known| known.is_sampled)
    }

    /// The points of a run's metric, and whether some were left out; nothing while as many as `wanted` were not asked for, or the store
    /// did not answer.
    #[must_use]
    pub fn get_at_resolution(
        &self,
        run: &RunId,
        metric: &str,
        wanted: u32,
    ) -> Option<(&[Point], bool)> {
        let known = self.cached.get(&(run.clone(), metric.to_owned()))?;
        (!known.has_failed && known.satisfies(wanted))
            .then_some((known.points.as_slice(), known.is_sampled))
    }

    /// Whether an answer is still awaited.
    #[must_use]
    pub fn is_awaiting(&self, ticket: Ticket) -> bool {
        self.requests.contains_key(&ticket)
    }

    /// Of these runs, those whose history is to be asked for: it is not known, was asked for with fewer points, or is to be read again.
    #[must_use]
    pub fn missing(&self, runs: &[RunId], metric: &str, wanted: u32) -> Vec<RunId> {
        let is_missing = |id: &&RunId| {
            let key = ((*id).clone(), metric.to_owned());
            let known = self
                .cached
                .get(&key)
                .is_some_and(|known| known.satisfies(wanted));
            (!known || self.stale.contains(&key)) && !self.pending.contains(&key)
        };
        runs.iter().filter(is_missing).cloned().collect()
    }

    /// Of these runs, those whose history is thinned out and was not read more exactly between two steps, both of them among it.
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

    /// Notes that histories are asked for, with about so many points each; the whole, or the part between two steps.
    pub fn start_request(
        &mut self,
        ticket: Ticket,
        runs: &[RunId],
        metric: &str,
        wanted: u32,
        between: Option<(i64, i64)>,
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
                points: wanted,
                step_range: between,
            },
        );
    }

    /// A number that is another one once anything changed.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Takes an answer, if it was asked for here. A run that is not in it has no history of the metric. After a
    /// fault the rows stay as they were, until a refresh: a server that suffers is not asked again at every key.
    pub fn resolve(
        &mut self,
        ticket: Ticket,
        answer: Result<Vec<MetricHistory>, StoreError>,
    ) -> Option<StoreError> {
        let HistoryRequest {
            keys,
            points: wanted,
            step_range: between,
        } = self.requests.remove(&ticket)?;
        self.revision += 1;
        for key in &keys {
            self.pending.remove(key);
            if between.is_none() {
                self.stale.remove(key);
                let known = self.cached.entry(key.clone()).or_default();
                (known.extended_since, known.has_failed) = (None, answer.is_err());
                known.requested_points = known.requested_points.max(wanted);
            }
        }
        let histories = match answer {
            Ok(histories) => histories,
            Err(fault) => {
                // A part that can't be read is not asked for again at every key either.
                if let Some(range) = between {
                    for key in &keys {
                        self.mark_refined(key, range);
                    }
                }
                return Some(fault);
            }
        };
        for MetricHistory {
            run,
            key,
            points,
            is_sampled: sampled,
        } in histories
        {
            let key = (run, key.raw().to_owned());
            match between {
                None => {
                    let known = CachedHistory {
                        points,
                        is_sampled: sampled,
                        requested_points: wanted,
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

    /// Takes what a run that was read again tells: the newest point of each of its metrics. Curves grow by it without a question;
    /// after a while the whole is asked for again.
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

    /// Forgets the histories of a run: all of them are to be read anew.
    pub fn remove(&mut self, run: &RunId) {
        self.cached.retain(|(id, _), _| id != run);
    }

    /// Forgets a question: its answer is not awaited any more.
    pub fn cancel(&mut self, ticket: Ticket) {
        for key in self
            .requests
            .remove(&ticket)
            .into_iter()
            .flat_map(|asked| asked.keys)
        {
            self.pending.remove(&key);
        }
    }

    /// Everything is to be read anew, for a refresh; until then the old points are shown.
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
        answer: Result<Vec<Point>, StoreError>,
    ) {
        histories.start_request(Ticket(ticket), &["a".into()], "loss", 64, None);
        let answer = answer.map(|points| {
            vec![MetricHistory {
                run: "a".into(),
                key: "loss".into(),
                points,
                is_sampled: false,
            }]
        });
        histories.resolve(Ticket(ticket), answer);
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
            "it is under way"
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
            "a part of the part is known, too"
        );
        assert!(histories.is_sampled(&"a".into(), "loss"), "the rest is not");
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
            "what nobody looks at is not kept"
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
        assert_eq!(steps(&histories), [1, 3, 4], "only what is newer is added");
        assert!(histories.missing(&["a".into()], "loss", 64).is_empty());
        histories.append_latest(&run_at_step(9), 3_000 + FULL_RELOAD_MS);
        assert_eq!(histories.missing(&["a".into()], "loss", 64), ["a".into()]);
        cache_history(
            &mut histories,
            2,
            Err(StoreError::new(StoreErrorKind::Busy, "reading", "busy")),
        );
        assert_eq!(
            steps(&histories),
            [1, 3, 4, 9],
            "a fault takes nothing away"
        );
        assert!(
            histories.missing(&["a".into()], "loss", 64).is_empty(),
            "and is not asked again at once"
        );
        assert_eq!(
            histories.get_at_resolution(&"a".into(), "loss", 64),
            None,
            "what a failed store left is not the whole"
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
