//! What was read of the runs of a folder, kept for the next question: each file is read once, and then only what was added to it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::histories::RunHistories;
use super::layout::{FileStamp, RunDir, list_run_dirs, now_ms};
use super::records::RunInfo;
use super::run_state::{RunState, read_run_info};
use super::{convert, sidecar};
use crate::domain::{ExperimentId, Millis, Point, Run, RunId, StoreError, StoreErrorKind};
use crate::store::{Result, limits};

/// How many runs that have ended are kept whole; more are read again when they are asked for again.
const MAX_FINISHED_RUNS: usize = 2_000;

/// What is known of a run without reading all of its file.
#[derive(Clone, Debug)]
pub(super) struct RunHeader {
    /// Where it is.
    pub run_dir: RunDir,
    /// Its experiment.
    pub experiment: ExperimentId,
    /// When it started.
    pub started_at: Option<Millis>,
    /// How many bytes of its log were not read yet.
    pub unread_bytes: u64,
}

/// What is kept of a run.
#[derive(Default)]
struct CachedRun {
    /// What it says it is.
    info: Option<RunInfo>,
    /// How the log was when the digest was made.
    state_stamp: Option<FileStamp>,
    state: Option<RunState>,
    /// How the log was when the histories were read.
    history_stamp: Option<FileStamp>,
    histories: Option<RunHistories>,
    /// When the histories were asked for last, by the shelf's own count.
    last_used: u64,
}

/// The runs of a folder, and what is known of them.
pub(super) struct RunCache {
    root: PathBuf,
    run_dirs: Mutex<Arc<HashMap<RunId, RunDir>>>,
    runs: Mutex<HashMap<PathBuf, Arc<Mutex<CachedRun>>>>,
    full_states: AtomicUsize,
    clock: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RunCache {
    /// A folder of which nothing is known yet.
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            root,
            run_dirs: Mutex::default(),
            runs: Mutex::default(),
            full_states: AtomicUsize::new(0),
            clock: AtomicU64::new(0),
        }
    }

    /// The folder.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The runs that are there now.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub(super) fn run_dirs(&self, what: &str) -> Result<Vec<RunDir>> {
        let earlier = Arc::clone(&lock(&self.run_dirs));
        let previous: HashMap<&Path, &RunDir> = earlier
            .values()
            .map(|place| (place.path.as_path(), place))
            .collect();
        let found = list_run_dirs(&self.root, |folder| {
            previous.get(folder).map(|place| (*place).clone())
        })
        .map_err(|error| {
            let kind = if error.kind() == std::io::ErrorKind::NotFound {
                StoreErrorKind::NotFound
            } else {
                StoreErrorKind::PermissionDenied
            };
            StoreError::new(kind, what, format!("{}: {error}", self.root.display()))
        })?;
        *lock(&self.run_dirs) = Arc::new(
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
    pub(super) fn run_dir(&self, what: &str, id: &RunId) -> Result<RunDir> {
        let cached = lock(&self.run_dirs)
            .get(id)
            .cloned()
            .filter(|place| place.log.is_some());
        if let Some(place) = cached {
            return Ok(place);
        }
        let found = self
            .run_dirs(what)?
            .into_iter()
            .find(|place| place.id == *id);
        found.ok_or_else(|| StoreError::new(StoreErrorKind::NotFound, what, "there is no such run"))
    }

    fn cached(&self, place: &RunDir) -> Arc<Mutex<CachedRun>> {
        Arc::clone(lock(&self.runs).entry(place.path.clone()).or_default())
    }

    /// What is known of a run by the beginning of its file.
    pub(super) fn header(&self, place: RunDir) -> RunHeader {
        let cached = self.cached(&place);
        let mut cached = lock(&cached);
        if cached.info.is_none()
            && let Some(log) = &place.log
        {
            cached.info = read_run_info(log);
        }
        let facts = cached.info.as_ref();
        let read = cached
            .state_stamp
            .filter(|_| cached.state.is_some())
            .map_or(0, |read| read.bytes);
        RunHeader {
            experiment: facts.map_or_else(
                || convert::experiment_id("", ""),
                |facts| convert::experiment_id(&facts.entity, &facts.project),
            ),
            started_at: facts
                .and_then(|facts| facts.started_at)
                .or(place.started_at),
            unread_bytes: place
                .log_stamp()
                .map_or(0, |stamp| stamp.bytes.saturating_sub(read)),
            run_dir: place,
        }
    }

    /// A run, with what its file says by now.
    pub(super) fn load_run(&self, place: &RunDir) -> Run {
        let cached = self.cached(place);
        let mut cached = lock(&cached);
        let stamp = place.log_stamp();
        let is_extended = cached
            .state_stamp
            .zip(stamp)
            .is_some_and(|(read, stamp)| stamp.is_extension_of(&read));
        let previous = cached.state.take();
        if previous.is_some() {
            self.full_states.fetch_sub(1, Ordering::Relaxed);
        }
        let mut state = previous
            .filter(|_| is_extended || place.log.is_none())
            .unwrap_or_default();
        // A file that is rewritten with the same length has another time.
        if cached.state_stamp != stamp || cached.state_stamp.is_none() || !is_extended {
            place.log.iter().for_each(|log| state.read(log));
        }
        sidecar::fill_missing(place, &mut state);
        let run = convert::to_run(place, stamp.as_ref(), &state, now_ms());
        cached.info = state.info.clone().or(cached.info.take());
        let evict_now =
            state.exit.is_some() && self.full_states.load(Ordering::Relaxed) >= MAX_FINISHED_RUNS;
        cached.state_stamp = stamp.filter(|_| !evict_now);
        if !evict_now {
            cached.state = Some(state);
            self.full_states.fetch_add(1, Ordering::Relaxed);
        }
        run
    }

    /// The points of a run's metric. With `keep` all of its histories are read at once, and kept.
    pub(super) fn points(
        &self,
        place: &RunDir,
        metric: &str,
        keep_all_metrics: bool,
    ) -> Vec<Point> {
        let Some(log) = &place.log else {
            return Vec::new();
        };
        let cached = self.cached(place);
        let mut cached = lock(&cached);
        let stamp = place.log_stamp();
        let is_extended = cached
            .history_stamp
            .zip(stamp)
            .is_some_and(|(charted, stamp)| stamp.is_extension_of(&charted));
        let histories = cached.histories.take().filter(|_| is_extended);
        let Some(mut histories) =
            histories.or_else(|| keep_all_metrics.then(RunHistories::default))
        else {
            let mut single = RunHistories::for_metric(metric);
            // What was read before a fault is there; a file that is none of W&B's has no points.
            let _ = single.read(log);
            return single.points(metric);
        };
        if cached.history_stamp != stamp || !is_extended {
            let _ = histories.read(log);
        }
        let points = histories.points(metric);
        cached.history_stamp = stamp;
        cached.last_used = self.clock.fetch_add(1, Ordering::Relaxed);
        cached.histories = Some(histories);
        points
    }

    /// How many bytes of the logs of these runs would have to be read for histories.
    pub(super) fn unread_history_bytes(&self, run_dirs: &[RunDir]) -> u64 {
        let bytes = |place: &RunDir| {
            if lock(&self.cached(place)).histories.is_some() {
                0
            } else {
                place.log_stamp().map_or(0, |stamp| stamp.bytes)
            }
        };
        run_dirs.iter().map(bytes).sum()
    }

    /// Lets go of the histories that were not asked for the longest, as far as all take more than they may.
    pub(super) fn evict(&self) {
        let all: Vec<Arc<Mutex<CachedRun>>> = lock(&self.runs).values().cloned().collect();
        let mut usage: Vec<(u64, usize, Arc<Mutex<CachedRun>>)> = Vec::new();
        for cached in all {
            let (used, bytes) = {
                let cached = lock(&cached);
                (
                    cached.last_used,
                    cached
                        .histories
                        .as_ref()
                        .map_or(0, RunHistories::memory_bytes),
                )
            };
            if bytes > 0 {
                usage.push((used, bytes, cached));
            }
        }
        let mut total: usize = usage.iter().map(|(_, bytes, _)| bytes).sum();
        usage.sort_by_key(|(used, _, _)| *used);
        for (_, bytes, cached) in usage {
            if total <= limits::WANDB_HISTORY_BYTES {
                break;
            }
            lock(&cached).histories = None;
            total -= bytes;
        }
    }
}
