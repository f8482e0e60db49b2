//! A cache of the runs of a folder: each file is read once, then only what was appended.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::histories::RunHistories;
use super::layout::{RunDir, list_run_dirs};
use super::records::RunInfo;
use super::run_state::{RunState, read_run_info};
use super::{convert, sidecar};
use crate::domain::{ExperimentId, Millis, Point, Run, RunId, StoreError, StoreErrorKind};
use crate::store::local::{FileStamp, now_ms};
use crate::store::{Result, limits};

/// Finished runs beyond this many are not cached.
const MAX_FINISHED_RUNS: usize = 2_000;

/// What the beginning of a run's log contains.
#[derive(Clone, Debug)]
pub(super) struct RunHeader {
    pub run_dir: RunDir,
    pub experiment: ExperimentId,
    pub started_at: Option<Millis>,
    /// The bytes of its log that are not in the cache.
    pub unread_bytes: u64,
}

#[derive(Default)]
struct CachedRun {
    info: Option<RunInfo>,
    /// The log's stamp when `state` was read.
    state_stamp: Option<FileStamp>,
    state: Option<RunState>,
    /// The log's stamp when `histories` were read.
    history_stamp: Option<FileStamp>,
    histories: Option<RunHistories>,
    /// The clock's value when the histories were last used.
    last_used: u64,
}

pub(super) struct RunCache {
    root: PathBuf,
    run_dirs: Mutex<Arc<HashMap<RunId, RunDir>>>,
    runs: Mutex<HashMap<PathBuf, Arc<Mutex<CachedRun>>>>,
    full_states: AtomicUsize,
    /// Counts uses of histories.
    clock: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RunCache {
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            root,
            run_dirs: Mutex::default(),
            runs: Mutex::default(),
            full_states: AtomicUsize::new(0),
            clock: AtomicU64::new(0),
        }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Lists the folder.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub(super) fn run_dirs(&self, what: &str) -> Result<Vec<RunDir>> {
        let earlier = Arc::clone(&lock(&self.run_dirs));
        let previous: HashMap<&Path, &RunDir> = earlier
            .values()
            .map(|run_dir| (run_dir.path.as_path(), run_dir))
            .collect();
        let found = list_run_dirs(&self.root, |folder| {
            previous.get(folder).map(|run_dir| (*run_dir).clone())
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
                .map(|run_dir| (run_dir.id.clone(), run_dir.clone()))
                .collect(),
        );
        Ok(found)
    }

    /// Finds a run, listing the folder again if it is new.
    ///
    /// # Errors
    /// When there is no such run.
    pub(super) fn run_dir(&self, what: &str, id: &RunId) -> Result<RunDir> {
        let cached = lock(&self.run_dirs)
            .get(id)
            .cloned()
            .filter(|run_dir| run_dir.log.is_some());
        if let Some(run_dir) = cached {
            return Ok(run_dir);
        }
        let found = self
            .run_dirs(what)?
            .into_iter()
            .find(|run_dir| run_dir.id == *id);
        found.ok_or_else(|| StoreError::new(StoreErrorKind::NotFound, what, "no such run"))
    }

    fn cached(&self, run_dir: &RunDir) -> Arc<Mutex<CachedRun>> {
        Arc::clone(lock(&self.runs).entry(run_dir.path.clone()).or_default())
    }

    pub(super) fn header(&self, run_dir: RunDir) -> RunHeader {
        let cached = self.cached(&run_dir);
        let mut cached = lock(&cached);
        if cached.info.is_none()
            && let Some(log) = &run_dir.log
        {
            cached.info = read_run_info(log);
        }
        let info = cached.info.as_ref();
        let read = cached
            .state_stamp
            .filter(|_| cached.state.is_some())
            .map_or(0, |read| read.bytes);
        RunHeader {
            experiment: info.map_or_else(
                || convert::experiment_id("", ""),
                |info| convert::experiment_id(&info.entity, &info.project),
            ),
            started_at: info.and_then(|info| info.started_at).or(run_dir.started_at),
            unread_bytes: run_dir
                .log_stamp()
                .map_or(0, |stamp| stamp.bytes.saturating_sub(read)),
            run_dir,
        }
    }

    /// Reads what was appended to a run's log, and converts the run.
    pub(super) fn load_run(&self, run_dir: &RunDir) -> Run {
        let cached = self.cached(run_dir);
        let mut cached = lock(&cached);
        let stamp = run_dir.log_stamp();
        let is_extended = cached
            .state_stamp
            .zip(stamp)
            .is_some_and(|(read, stamp)| stamp.is_extension_of(&read));
        let previous = cached.state.take();
        if previous.is_some() {
            self.full_states.fetch_sub(1, Ordering::Relaxed);
        }
        let mut state = previous
            .filter(|_| is_extended || run_dir.log.is_none())
            .unwrap_or_default();
        // A file that was rewritten with the same length has another modification time.
        if cached.state_stamp != stamp || cached.state_stamp.is_none() || !is_extended {
            run_dir.log.iter().for_each(|log| state.read(log));
        }
        sidecar::fill_missing(run_dir, &mut state);
        let run = convert::to_run(run_dir, stamp.as_ref(), &state, now_ms());
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

    /// The points of a metric. With `keep_all_metrics` the histories of all metrics are read at
    /// once and cached.
    pub(super) fn points(
        &self,
        run_dir: &RunDir,
        metric: &str,
        keep_all_metrics: bool,
    ) -> Vec<Point> {
        let Some(log) = &run_dir.log else {
            return Vec::new();
        };
        let cached = self.cached(run_dir);
        let mut cached = lock(&cached);
        let stamp = run_dir.log_stamp();
        let is_extended = cached
            .history_stamp
            .zip(stamp)
            .is_some_and(|(charted, stamp)| stamp.is_extension_of(&charted));
        let histories = cached.histories.take().filter(|_| is_extended);
        let Some(mut histories) =
            histories.or_else(|| keep_all_metrics.then(RunHistories::default))
        else {
            let mut single = RunHistories::for_metric(metric);
            // Points before an error are kept; a file of another format has none.
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

    /// The bytes of the logs whose histories are not cached.
    pub(super) fn unread_history_bytes(&self, run_dirs: &[RunDir]) -> u64 {
        let bytes = |run_dir: &RunDir| {
            if lock(&self.cached(run_dir)).histories.is_some() {
                0
            } else {
                run_dir.log_stamp().map_or(0, |stamp| stamp.bytes)
            }
        };
        run_dirs.iter().map(bytes).sum()
    }

    /// Evicts the least recently used histories until the rest fit into
    /// [`limits::WANDB_HISTORY_BYTES`].
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
