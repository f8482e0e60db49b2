//! Histories that were fetched, for sparklines: a cache of visible rows, filled in bulk.

use std::collections::{HashMap, HashSet};

use super::message::Ticket;
use crate::domain::{Fault, History, Point, RunId};

/// How many histories are kept; past that, all are dropped and the visible ones fetched again.
const KEPT: usize = 5_000;

/// The key of a history: a run and a metric.
type Key = (RunId, String);

/// What is known of histories.
#[derive(Debug, Default)]
pub struct Histories {
    known: HashMap<Key, Vec<Point>>,
    asked: HashMap<Ticket, Vec<Key>>,
    pending: HashSet<Key>,
}

impl Histories {
    /// The points of a run's metric: nothing while they are not known, none when it has none.
    #[must_use]
    pub fn get(&self, run: &RunId, metric: &str) -> Option<&[Point]> {
        self.known.get(&(run.clone(), metric.to_owned())).map(Vec::as_slice)
    }

    /// Of these runs, those whose history is neither known nor asked for.
    #[must_use]
    pub fn missing(&self, runs: &[RunId], metric: &str) -> Vec<RunId> {
        let unknown = |id: &&RunId| {
            let key = ((*id).clone(), metric.to_owned());
            !self.known.contains_key(&key) && !self.pending.contains(&key)
        };
        runs.iter().filter(unknown).cloned().collect()
    }

    /// Notes that histories are asked for.
    pub fn asking(&mut self, ticket: Ticket, runs: &[RunId], metric: &str) {
        if self.known.len() > KEPT {
            self.known.clear();
        }
        let keys: Vec<Key> = runs.iter().map(|id| (id.clone(), metric.to_owned())).collect();
        self.pending.extend(keys.iter().cloned());
        self.asked.insert(ticket, keys);
    }

    /// Takes an answer, if it was asked for here. A run that is not in it has no history of the metric. After a
    /// fault the rows stay without, until a refresh: a server that suffers is not asked again at every key.
    pub fn take(&mut self, ticket: Ticket, answer: Result<Vec<History>, Fault>) -> Option<Fault> {
        let keys = self.asked.remove(&ticket)?;
        for key in &keys {
            self.pending.remove(key);
            self.known.entry(key.clone()).or_default();
        }
        match answer {
            Ok(histories) => {
                for history in histories {
                    self.known.insert((history.run, history.key.raw().to_owned()), history.points);
                }
                None
            }
            Err(fault) => Some(fault),
        }
    }

    /// Forgets the histories of a run: it has logged more.
    pub fn forget(&mut self, run: &RunId) {
        self.known.retain(|(id, _), _| id != run);
    }

    /// Forgets everything, for a refresh.
    pub fn clear(&mut self) {
        self.known.clear();
    }
}
