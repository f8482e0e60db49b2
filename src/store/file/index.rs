//! The runs of a store, known by their `meta.yaml`, which is read again only when it was changed.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::layout::{ExperimentDir, META_FILE, experiment_dirs, run_dir};
use super::meta::{RunMeta, integer, text};
use super::run_data::DatasetCache;
use super::small_file::{read_text, read_when_whole};
use crate::domain::{ExperimentId, Lifecycle, Run, RunId, RunStatus, StoreError, StoreErrorKind};
use crate::store::local::{FileStamp, map_parallel, run_blocking};
use crate::store::pagination::SortKey;
use crate::store::{LifecycleFilter, Result, limits};

/// A run without its data.
#[derive(Debug)]
pub(super) struct RunEntry {
    pub(super) dir: PathBuf,
    pub(super) experiment: Arc<ExperimentDir>,
    /// Its params, metrics, tags and links are empty.
    pub(super) header: Run,
    /// Why `meta.yaml` is unreadable or odd.
    pub(super) problem: Option<String>,
    /// Whether `meta.yaml` names another experiment: a copy of another run.
    is_misplaced: bool,
    stamp: Option<FileStamp>,
}

impl RunEntry {
    /// A run that was not ended may change without `meta.yaml`.
    pub(super) fn is_unfinished(&self) -> bool {
        matches!(
            self.header.status,
            RunStatus::Running | RunStatus::Scheduled | RunStatus::Unknown
        )
    }

    pub(super) fn sort_key(&self) -> SortKey {
        SortKey::new(self.header.start_time, self.header.id.raw())
    }
}

/// The runs that were seen, and what was read of them.
pub(super) struct Index {
    root: PathBuf,
    entries: Mutex<HashMap<RunId, Arc<RunEntry>>>,
    pub(super) datasets: DatasetCache,
    /// Runs that were read for a refresh, with a hash of the stamps of their files.
    pub(super) refreshed: Mutex<HashMap<RunId, (u64, Run)>>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Index {
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            root,
            entries: Mutex::default(),
            datasets: DatasetCache::default(),
            refreshed: Mutex::default(),
        }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn experiments(&self, what: &str) -> Result<Vec<Arc<ExperimentDir>>> {
        let dirs = experiment_dirs(&self.root).map_err(|error| store_error(what, &error))?;
        Ok(dirs.into_iter().map(Arc::new).collect())
    }

    pub(super) fn known(&self, id: &str) -> Option<Arc<RunEntry>> {
        lock(&self.entries).get(id).cloned()
    }

    /// The run in a folder; `None` if the folder has no `meta.yaml`.
    pub(super) fn entry(
        &self,
        dir: &Path,
        experiment: &Arc<ExperimentDir>,
    ) -> Option<Arc<RunEntry>> {
        let file = dir.join(META_FILE);
        let stamp = match FileStamp::of_file(&file) {
            Ok(stamp) => Some(stamp),
            Err(error) if is_missing(&error) => return None,
            Err(_) => None,
        };
        let id = dir.file_name().unwrap_or_default().to_string_lossy();
        let known = self.known(&id).filter(|known| known.dir == dir);
        if let Some(known) = known.filter(|known| known.stamp.is_some() && known.stamp == stamp) {
            return Some(known);
        }
        let entry = Arc::new(read_entry(dir, &file, RunId::from(&*id), experiment, stamp));
        lock(&self.entries).insert(entry.header.id.clone(), Arc::clone(&entry));
        Some(entry)
    }

    /// Finds a run, deleted or not.
    pub(super) fn find(&self, what: &str, id: &RunId) -> Result<Arc<RunEntry>> {
        let known = self.known(id.raw());
        let known = known.and_then(|known| self.entry(&known.dir, &known.experiment));
        if let Some(known) = known.filter(|known| !known.is_misplaced) {
            return Ok(known);
        }
        let mut copy = None;
        for experiment in self.experiments(what)? {
            let found =
                run_dir(&experiment.path, id.raw()).and_then(|dir| self.entry(&dir, &experiment));
            match found {
                Some(found) if found.is_misplaced => copy = Some(found),
                Some(found) => return Ok(found),
                None => {}
            }
        }
        copy.ok_or_else(|| StoreError::new(StoreErrorKind::NotFound, what, "no such run"))
    }

    /// Forgets the runs of these experiments that are no longer there.
    fn forget_others(&self, experiments: &[Arc<ExperimentDir>], found: &[Arc<RunEntry>]) {
        let mut entries = lock(&self.entries);
        if entries.len() > found.len() {
            let listed: HashSet<&Path> = experiments.iter().map(|dir| dir.path.as_path()).collect();
            let present: HashSet<&Path> = found.iter().map(|entry| entry.dir.as_path()).collect();
            entries.retain(|_, entry| {
                present.contains(entry.dir.as_path())
                    || !listed.contains(entry.experiment.path.as_path())
            });
        }
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

pub(super) fn store_error(what: &str, error: &io::Error) -> StoreError {
    let kind = match error.kind() {
        io::ErrorKind::NotFound => StoreErrorKind::Unreachable,
        io::ErrorKind::PermissionDenied => StoreErrorKind::PermissionDenied,
        _ => StoreErrorKind::ServerError,
    };
    StoreError::new(kind, what, error.to_string()).with_hint(Some("check the folder"))
}

fn read_entry(
    dir: &Path,
    file: &Path,
    id: RunId,
    experiment: &Arc<ExperimentDir>,
    stamp: Option<FileStamp>,
) -> RunEntry {
    let mut header = Run::bare(id, ExperimentId::from(experiment.id.as_str()));
    if experiment.is_deleted {
        header.lifecycle = Lifecycle::Deleted;
    }
    let (mut problem, mut is_misplaced) = (None, false);
    match read_meta(file) {
        Ok(meta) => {
            let other_id = meta.id().filter(|id| *id != header.id.raw());
            let other_experiment = meta.experiment_id.as_deref();
            if let Some(other) = other_experiment.filter(|id| *id != experiment.id) {
                is_misplaced = true;
                problem = Some(format!("belongs to experiment {other}"));
            } else if let Some(other) = other_id {
                problem = Some(format!("is a copy of run {other}"));
            }
            fill_header(&mut header, meta);
        }
        Err(why) => problem = Some(why),
    }
    RunEntry {
        dir: dir.to_owned(),
        experiment: Arc::clone(experiment),
        header,
        problem,
        is_misplaced,
        stamp,
    }
}

fn fill_header(header: &mut Run, meta: RunMeta) {
    header.name = meta.label().into();
    header.status = meta.run_status();
    header.start_time = integer(meta.start_time.as_deref());
    header.end_time = integer(meta.end_time.as_deref());
    // MLflow 1 leaves the runs of an experiment in the trash active.
    if header.lifecycle == Lifecycle::Active {
        header.lifecycle = Lifecycle::parse(meta.lifecycle_stage.as_deref().unwrap_or_default());
    }
    header.user = text(meta.user_id);
    header.artifact_uri = text(meta.artifact_uri);
}

fn read_meta(file: &Path) -> Result<RunMeta, String> {
    read_when_whole(file, || {
        let text = read_text(file, limits::FILE_STORE_META_BYTES)?;
        RunMeta::parse(&text)
    })
}

/// The runs of some experiments, or of all, in no order.
pub(super) async fn list_entries(
    index: &Arc<Index>,
    what: &str,
    experiments: &[ExperimentId],
) -> Result<Vec<Arc<RunEntry>>> {
    let (shared, what_owned) = (Arc::clone(index), what.to_owned());
    let wanted: HashSet<String> = experiments.iter().map(|id| id.raw().to_owned()).collect();
    let (dirs, folders) = run_blocking(what, move || {
        let mut dirs = shared.experiments(&what_owned)?;
        dirs.retain(|dir| wanted.is_empty() || wanted.contains(&dir.id));
        let mut folders = Vec::new();
        for dir in &dirs {
            let found = dir
                .run_dirs()
                .map_err(|error| store_error(&what_owned, &error))?;
            folders.extend(found.into_iter().map(|path| (path, Arc::clone(dir))));
        }
        Ok::<_, StoreError>((dirs, folders))
    })
    .await??;
    let shared = Arc::clone(index);
    let entries = map_parallel(what, folders, move |(path, dir)| shared.entry(path, dir)).await?;
    let mut by_id: HashMap<RunId, Arc<RunEntry>> = HashMap::with_capacity(entries.len());
    for entry in entries.into_iter().flatten() {
        let id = entry.header.id.clone();
        if !entry.is_misplaced || !by_id.contains_key(&id) {
            by_id.insert(id, entry);
        }
    }
    let entries: Vec<_> = by_id.into_values().collect();
    index.forget_others(&dirs, &entries);
    Ok(entries)
}

pub(super) fn matches_lifecycle(entry: &RunEntry, filter: LifecycleFilter) -> bool {
    match filter {
        LifecycleFilter::All => true,
        LifecycleFilter::Active => entry.header.lifecycle == Lifecycle::Active,
        LifecycleFilter::Deleted => entry.header.lifecycle == Lifecycle::Deleted,
    }
}
