//! What was read of the runs of a folder, kept for the next question: each file is read once, and then only what was added to it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::columns::Columns;
use super::digest::{Digest, head};
use super::place::{Place, Stamp, now, runs};
use super::records::RunFacts;
use super::{side, tell};
use crate::domain::{ExperimentId, Fault, FaultKind, Millis, Point, Run, RunId};
use crate::store::{Answer, limits};

/// How many runs that have ended are kept whole; more are read again when they are asked for again.
const KEPT: usize = 2_000;

/// What is known of a run without reading all of its file.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Where it is.
    pub place: Place,
    /// Its experiment.
    pub experiment: ExperimentId,
    /// When it started.
    pub start: Option<Millis>,
    /// How many bytes of its log were not read yet.
    pub unread: u64,
}

/// What is kept of a run.
#[derive(Default)]
struct Kept {
    /// What it says it is.
    facts: Option<RunFacts>,
    /// How the log was when the digest was made.
    read: Option<Stamp>,
    digest: Option<Digest>,
    /// How the log was when the histories were read.
    charted: Option<Stamp>,
    columns: Option<Columns>,
    /// When the histories were asked for last, by the shelf's own count.
    used: u64,
}

/// The runs of a folder, and what is known of them.
pub(super) struct Shelf {
    home: PathBuf,
    places: Mutex<Arc<HashMap<RunId, Place>>>,
    runs: Mutex<HashMap<PathBuf, Arc<Mutex<Kept>>>>,
    whole: AtomicUsize,
    clock: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shelf {
    /// A folder of which nothing is known yet.
    pub(super) fn new(home: PathBuf) -> Self {
        Self {
            home,
            places: Mutex::default(),
            runs: Mutex::default(),
            whole: AtomicUsize::new(0),
            clock: AtomicU64::new(0),
        }
    }

    /// The folder.
    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    /// The runs that are there now.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub(super) fn places(&self, what: &str) -> Answer<Vec<Place>> {
        let earlier = Arc::clone(&lock(&self.places));
        let known: HashMap<&Path, &Place> = earlier
            .values()
            .map(|place| (place.folder.as_path(), place))
            .collect();
        let found = runs(&self.home, |folder| {
            known.get(folder).map(|place| (*place).clone())
        })
        .map_err(|error| {
            let kind = if error.kind() == std::io::ErrorKind::NotFound {
                FaultKind::Missing
            } else {
                FaultKind::Denied
            };
            Fault::new(kind, what, format!("{}: {error}", self.home.display()))
        })?;
        *lock(&self.places) = Arc::new(
            found
                .iter()
                .map(|place| (place.id.clone(), place.clone()))
                .collect(),
        );
        Ok(found)
    }

    /// Where a run is.
    ///
    /// # Errors
    /// When there is no such run.
    pub(super) fn place(&self, what: &str, id: &RunId) -> Answer<Place> {
        let known = lock(&self.places)
            .get(id)
            .cloned()
            .filter(|place| place.log.is_some());
        if let Some(place) = known {
            return Ok(place);
        }
        let found = self.places(what)?.into_iter().find(|place| place.id == *id);
        found.ok_or_else(|| Fault::new(FaultKind::Missing, what, "there is no such run"))
    }

    fn kept(&self, place: &Place) -> Arc<Mutex<Kept>> {
        Arc::clone(lock(&self.runs).entry(place.folder.clone()).or_default())
    }

    /// What is known of a run by the beginning of its file.
    pub(super) fn entry(&self, place: Place) -> Entry {
        let kept = self.kept(&place);
        let mut kept = lock(&kept);
        if kept.facts.is_none()
            && let Some(log) = &place.log
        {
            kept.facts = head(log);
        }
        let facts = kept.facts.as_ref();
        let read = kept
            .read
            .filter(|_| kept.digest.is_some())
            .map_or(0, |read| read.bytes);
        Entry {
            experiment: facts.map_or_else(
                || tell::experiment("", ""),
                |facts| tell::experiment(&facts.entity, &facts.project),
            ),
            start: facts.and_then(|facts| facts.start).or(place.started),
            unread: place
                .stamp()
                .map_or(0, |stamp| stamp.bytes.saturating_sub(read)),
            place,
        }
    }

    /// A run, with what its file says by now.
    pub(super) fn run(&self, place: &Place) -> Run {
        let kept = self.kept(place);
        let mut kept = lock(&kept);
        let stamp = place.stamp();
        let goes_on = kept
            .read
            .zip(stamp)
            .is_some_and(|(read, stamp)| stamp.goes_on_from(&read));
        let earlier = kept.digest.take();
        if earlier.is_some() {
            self.whole.fetch_sub(1, Ordering::Relaxed);
        }
        let mut digest = earlier
            .filter(|_| goes_on || place.log.is_none())
            .unwrap_or_default();
        // A file that is rewritten with the same length has another time.
        if kept.read != stamp || kept.read.is_none() || !goes_on {
            place.log.iter().for_each(|log| digest.read(log));
        }
        side::add(place, &mut digest);
        let run = tell::run(place, stamp.as_ref(), &digest, now());
        kept.facts = digest.facts.clone().or(kept.facts.take());
        let is_over = digest.exit.is_some() && self.whole.load(Ordering::Relaxed) >= KEPT;
        kept.read = stamp.filter(|_| !is_over);
        if !is_over {
            kept.digest = Some(digest);
            self.whole.fetch_add(1, Ordering::Relaxed);
        }
        run
    }

    /// The points of a run's metric. With `keep` all of its histories are read at once, and kept.
    pub(super) fn points(&self, place: &Place, metric: &str, keep: bool) -> Vec<Point> {
        let Some(log) = &place.log else {
            return Vec::new();
        };
        let kept = self.kept(place);
        let mut kept = lock(&kept);
        let stamp = place.stamp();
        let goes_on = kept
            .charted
            .zip(stamp)
            .is_some_and(|(charted, stamp)| stamp.goes_on_from(&charted));
        let known = kept.columns.take().filter(|_| goes_on);
        let Some(mut columns) = known.or_else(|| keep.then(Columns::default)) else {
            let mut only = Columns::of(metric);
            // What was read before a fault is there; a file that is none of W&B's has no points.
            let _ = only.read(log);
            return only.points(metric);
        };
        if kept.charted != stamp || !goes_on {
            let _ = columns.read(log);
        }
        let points = columns.points(metric);
        kept.charted = stamp;
        kept.used = self.clock.fetch_add(1, Ordering::Relaxed);
        kept.columns = Some(columns);
        points
    }

    /// How many bytes of the logs of these runs would have to be read for histories.
    pub(super) fn uncharted(&self, places: &[Place]) -> u64 {
        let bytes = |place: &Place| {
            if lock(&self.kept(place)).columns.is_some() {
                0
            } else {
                place.stamp().map_or(0, |stamp| stamp.bytes)
            }
        };
        places.iter().map(bytes).sum()
    }

    /// Lets go of the histories that were not asked for the longest, as far as all take more than they may.
    pub(super) fn trim(&self) {
        let all: Vec<Arc<Mutex<Kept>>> = lock(&self.runs).values().cloned().collect();
        let mut taken: Vec<(u64, usize, Arc<Mutex<Kept>>)> = Vec::new();
        for kept in all {
            let (used, bytes) = {
                let kept = lock(&kept);
                (kept.used, kept.columns.as_ref().map_or(0, Columns::bytes))
            };
            if bytes > 0 {
                taken.push((used, bytes, kept));
            }
        }
        let mut total: usize = taken.iter().map(|(_, bytes, _)| bytes).sum();
        taken.sort_by_key(|(used, _, _)| *used);
        for (_, bytes, kept) in taken {
            if total <= limits::WANDB_HISTORY_BYTES {
                break;
            }
            lock(&kept).columns = None;
            total -= bytes;
        }
    }
}
