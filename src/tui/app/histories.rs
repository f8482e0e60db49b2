//! Histories that were fetched, for sparklines: a cache of visible rows, filled in bulk, which grows by what runs tell of
//! themselves when they are read again.

use std::collections::{HashMap, HashSet};

use super::message::Ticket;
use crate::domain::{Fault, History, Millis, Point, Run, RunId};

/// How many histories are kept; past that, all are dropped and the visible ones fetched again.
const KEPT: usize = 5_000;

/// A history that grew by the newest points alone is read as a whole again after this time, in ms: what was logged between two
/// looks is missing until then, and a spike may be among it.
const WHOLE_MS: Millis = 30_000;

/// How many points are kept, of 24 bytes each; past that, likewise.
const KEPT_POINTS: usize = 5_000_000;

/// The key of a history: a run and a metric.
type Key = (RunId, String);

/// A history as far as it is known.
#[derive(Debug, Default)]
struct Known {
    points: Vec<Point>,
    sampled: bool,
    /// About how many points were asked for.
    wanted: u32,
    /// The store did not answer: there may be points.
    failed: bool,
    /// Since when points were added that came with the run: ms since the epoch.
    grew: Option<Millis>,
    /// Parts that were read more exactly: from which step to which.
    refined: Vec<(i64, i64)>,
}

/// A question for histories.
#[derive(Debug)]
struct Asked {
    keys: Vec<Key>,
    wanted: u32,
    /// The steps that were asked for, where that is a part of the histories.
    between: Option<(i64, i64)>,
}

/// What is known of histories.
#[derive(Debug, Default)]
pub struct Histories {
    known: HashMap<Key, Known>,
    /// Grows with everything that changes.
    revision: u64,
    asked: HashMap<Ticket, Asked>,
    pending: HashSet<Key>,
    /// What is known and is to be read again; until then the old points are shown.
    due: HashSet<Key>,
}

impl Known {
    /// Whether asking for so many points would bring nothing new.
    fn is_enough(&self, wanted: u32) -> bool {
        self.wanted >= wanted || (!self.sampled && !self.failed)
    }

    /// Puts points in the place of those between two steps.
    fn put(&mut self, (first, last): (i64, i64), points: Vec<Point>) {
        let from = self.points.partition_point(|point| point.step < first);
        let to = self.points.partition_point(|point| point.step <= last);
        if from <= to && points.len() >= to - from {
            self.points.splice(from..to, points);
        }
    }
}

impl Histories {
    /// The points of a run's metric: nothing while they are not known, none when it has none.
    #[must_use]
    pub fn get(&self, run: &RunId, metric: &str) -> Option<&[Point]> {
        self.known
            .get(&(run.clone(), metric.to_owned()))
            .map(|known| known.points.as_slice())
    }

    /// Whether the store thinned the points of a run's metric out.
    #[must_use]
    pub fn is_sampled(&self, run: &RunId, metric: &str) -> bool {
        self.known
            .get(&(run.clone(), metric.to_owned()))
            .is_some_and(|known| known.sampled)
    }

    /// The points of a run's metric, and whether some were left out; nothing while as many as `wanted` were not asked for, or the store
    /// did not answer.
    #[must_use]
    pub fn read(&self, run: &RunId, metric: &str, wanted: u32) -> Option<(&[Point], bool)> {
        let known = self.known.get(&(run.clone(), metric.to_owned()))?;
        (!known.failed && known.is_enough(wanted))
            .then_some((known.points.as_slice(), known.sampled))
    }

    /// Whether an answer is still awaited.
    #[must_use]
    pub fn awaits(&self, ticket: Ticket) -> bool {
        self.asked.contains_key(&ticket)
    }

    /// Of these runs, those whose history is to be asked for: it is not known, was asked for with fewer points, or is to be read again.
    #[must_use]
    pub fn missing(&self, runs: &[RunId], metric: &str, wanted: u32) -> Vec<RunId> {
        let is_missing = |id: &&RunId| {
            let key = ((*id).clone(), metric.to_owned());
            let known = self
                .known
                .get(&key)
                .is_some_and(|known| known.is_enough(wanted));
            (!known || self.due.contains(&key)) && !self.pending.contains(&key)
        };
        runs.iter().filter(is_missing).cloned().collect()
    }

    /// Of these runs, those whose history is thinned out and was not read more exactly between two steps, both of them among it.
    #[must_use]
    pub fn coarse(&self, runs: &[RunId], metric: &str, (first, last): (i64, i64)) -> Vec<RunId> {
        let is_coarse = |id: &&RunId| {
            let key = ((*id).clone(), metric.to_owned());
            let known = self
                .known
                .get(&key)
                .filter(|known| known.sampled && !known.failed);
            let is_fine = |known: &Known| {
                known
                    .refined
                    .iter()
                    .any(|(from, to)| *from <= first && last <= *to)
            };
            known.is_some_and(|known| !is_fine(known)) && !self.pending.contains(&key)
        };
        runs.iter().filter(is_coarse).cloned().collect()
    }

    /// Notes that histories are asked for, with about so many points each; the whole, or the part between two steps.
    pub fn asking(
        &mut self,
        ticket: Ticket,
        runs: &[RunId],
        metric: &str,
        wanted: u32,
        between: Option<(i64, i64)>,
    ) {
        if self.known.len() > KEPT
            || self
                .known
                .values()
                .map(|known| known.points.len())
                .sum::<usize>()
                > KEPT_POINTS
        {
            self.known.clear();
        }
        let keys: Vec<Key> = runs
            .iter()
            .map(|id| (id.clone(), metric.to_owned()))
            .collect();
        self.pending.extend(keys.iter().cloned());
        self.asked.insert(
            ticket,
            Asked {
                keys,
                wanted,
                between,
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
    pub fn take(&mut self, ticket: Ticket, answer: Result<Vec<History>, Fault>) -> Option<Fault> {
        let Asked {
            keys,
            wanted,
            between,
        } = self.asked.remove(&ticket)?;
        self.revision += 1;
        for key in &keys {
            self.pending.remove(key);
            if between.is_none() {
                self.due.remove(key);
                let known = self.known.entry(key.clone()).or_default();
                (known.grew, known.failed) = (None, answer.is_err());
                known.wanted = known.wanted.max(wanted);
            }
        }
        let histories = match answer {
            Ok(histories) => histories,
            Err(fault) => {
                // A part that can't be read is not asked for again at every key either.
                if let Some(range) = between {
                    for key in &keys {
                        self.refined(key, range);
                    }
                }
                return Some(fault);
            }
        };
        for History {
            run,
            key,
            points,
            sampled,
        } in histories
        {
            let key = (run, key.raw().to_owned());
            match between {
                None => {
                    let known = Known {
                        points,
                        sampled,
                        wanted,
                        ..Known::default()
                    };
                    self.known.insert(key, known);
                }
                Some(range) => {
                    self.refined(&key, range);
                    if let Some(known) = self.known.get_mut(&key) {
                        known.put(range, points);
                    }
                }
            }
        }
        None
    }

    fn refined(&mut self, key: &Key, range: (i64, i64)) {
        if let Some(known) = self.known.get_mut(key) {
            known.refined.push(range);
        }
    }

    /// Takes what a run that was read again tells: the newest point of each of its metrics. Curves grow by it without a question;
    /// after a while the whole is asked for again.
    pub fn grow(&mut self, run: &Run, now: Millis) {
        for metric in &run.metrics {
            let key = (run.id.clone(), metric.key.raw().to_owned());
            let Some(known) = self.known.get_mut(&key) else {
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
                if now.saturating_sub(*known.grew.get_or_insert(now)) >= WHOLE_MS {
                    self.due.insert(key);
                }
            }
        }
    }

    /// Forgets the histories of a run: all of them are to be read anew.
    pub fn forget(&mut self, run: &RunId) {
        self.known.retain(|(id, _), _| id != run);
    }

    /// Forgets a question: its answer is not awaited any more.
    pub fn give_up(&mut self, ticket: Ticket) {
        for key in self
            .asked
            .remove(&ticket)
            .into_iter()
            .flat_map(|asked| asked.keys)
        {
            self.pending.remove(&key);
        }
    }

    /// Everything is to be read anew, for a refresh; until then the old points are shown.
    pub fn renew(&mut self) {
        self.due.extend(self.known.keys().cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{FaultKind, Metric, MetricValue};

    fn told(step: i64) -> Run {
        let mut run = Run::bare("a".into(), "1".into());
        run.metrics = vec![Metric {
            key: "loss".into(),
            value: MetricValue::new(0.5),
            timestamp: step * 10,
            step,
        }];
        run
    }

    fn known(histories: &mut Histories, ticket: u64, answer: Result<Vec<Point>, Fault>) {
        histories.asking(Ticket(ticket), &["a".into()], "loss", 64, None);
        let answer = answer.map(|points| {
            vec![History {
                run: "a".into(),
                key: "loss".into(),
                points,
                sampled: false,
            }]
        });
        histories.take(Ticket(ticket), answer);
    }

    #[test]
    fn a_part_that_is_looked_at_closely_is_read_more_exactly_once() {
        let at = |step| Point {
            step,
            timestamp: step,
            value: MetricValue::new(1.0),
        };
        let history = |points, sampled| History {
            run: "a".into(),
            key: "loss".into(),
            points,
            sampled,
        };
        let mut histories = Histories::default();
        let runs = ["a".into()];
        histories.asking(Ticket(1), &runs, "loss", 4, None);
        histories.take(
            Ticket(1),
            Ok(vec![history([0, 10, 20, 30].map(at).into(), true)]),
        );
        assert_eq!(histories.coarse(&runs, "loss", (8, 22)), runs);
        histories.asking(Ticket(2), &runs, "loss", 4, Some((8, 22)));
        assert!(
            histories.coarse(&runs, "loss", (8, 22)).is_empty(),
            "it is under way"
        );
        histories.take(
            Ticket(2),
            Ok(vec![history([8, 10, 15, 20, 22].map(at).into(), false)]),
        );
        assert_eq!(steps(&histories), [0, 8, 10, 15, 20, 22, 30]);
        assert!(
            histories.coarse(&runs, "loss", (10, 20)).is_empty(),
            "a part of the part is known, too"
        );
        assert!(histories.is_sampled(&"a".into(), "loss"), "the rest is not");
    }

    fn steps(histories: &Histories) -> Vec<i64> {
        histories
            .get(&"a".into(), "loss")
            .unwrap()
            .iter()
            .map(|point| point.step)
            .collect()
    }

    #[test]
    fn a_curve_grows_by_what_its_run_tells_and_is_read_whole_after_a_while() {
        let mut histories = Histories::default();
        histories.grow(&told(1), 0);
        assert!(
            histories.get(&"a".into(), "loss").is_none(),
            "what nobody looks at is not kept"
        );
        known(
            &mut histories,
            1,
            Ok(vec![Point {
                step: 1,
                timestamp: 10,
                value: MetricValue::new(1.0),
            }]),
        );
        for step in [1, 3, 2, 4] {
            histories.grow(&told(step), 1_000 * step);
        }
        assert_eq!(steps(&histories), [1, 3, 4], "only what is newer is added");
        assert!(histories.missing(&["a".into()], "loss", 64).is_empty());
        histories.grow(&told(9), 3_000 + WHOLE_MS);
        assert_eq!(histories.missing(&["a".into()], "loss", 64), ["a".into()]);
        known(
            &mut histories,
            2,
            Err(Fault::new(FaultKind::Busy, "reading", "busy")),
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
            histories.read(&"a".into(), "loss", 64),
            None,
            "what a failed store left is not the whole"
        );
        histories.renew();
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
