//! The runs that Weights & Biases keeps on this machine, opened directly: a project's `wandb/` folder, or one run's. They are only
//! ever read.
//!
//! A run's log (`run-ID.wandb`) is the truth; what W&B writes beside it stands in where there is none. A project is an experiment,
//! its config are params, its summary and what it logged last are metrics. Of a run that is being written, only what was added is
//! read again. W&B writes through a buffer of 32 KiB or more, so that a young run may be known by its folder's name only.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use super::{
    ChangedRunsQuery, Features, LifecycleFilter, Page, PageToken, ReadOnlyReason, ReadStore,
    Resolution, Result, RunQuery, StoreHandle, limits, local_artifacts,
};
use crate::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, LoggedModel, LoggedModelId, MetricHistory,
    ModelName, ModelVersion, Preview, RegisteredModel, Run, RunId, StoreError, StoreErrorKind,
};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

mod cache;
mod config;
mod convert;
mod histories;
mod json;
mod layout;
mod listing;
mod parallel;
mod protobuf;
mod record_log;
mod records;
mod run_state;
mod sidecar;
mod summary;
mod system_metrics;

pub(super) use layout::{find_project_runs, find_runs};

use cache::RunCache;
use parallel::{map_parallel, run_blocking};

/// Opens a folder of runs, or of one run, for reading.
///
/// # Errors
/// When it can't be read.
pub async fn open(path: &Path) -> Result<StoreHandle> {
    let what = format!("opening {}", clean(&path.to_string_lossy()));
    let path = path.to_owned();
    let what_owned = what.clone();
    let store = run_blocking(&what, move || {
        let root = std::fs::canonicalize(&path).map_err(|error| {
            let next =
                Some("check the path: W&B keeps runs in a folder wandb/ where they were started");
            StoreError::new(StoreErrorKind::Unreachable, &*what_owned, error.to_string())
                .with_hint(next)
        })?;
        RunCache::new(root.clone()).run_dirs(&what_owned)?;
        Ok(WandbStore::new(&root))
    })
    .await??;
    Ok(StoreHandle {
        reader: Arc::new(store),
        writer: Err(ReadOnlyReason::Backend("W&B runs")),
    })
}

/// A folder that is open for reading.
struct WandbStore {
    name: String,
    origin: String,
    cache: Arc<RunCache>,
}

impl WandbStore {
    fn new(root: &Path) -> Self {
        // `wandb` alone says little: the project's folder is named with it.
        let parts: Vec<_> = root
            .iter()
            .rev()
            .take(2)
            .map(|part| part.to_string_lossy())
            .collect();
        let name = parts
            .into_iter()
            .rev()
            .filter(|part| part != "/")
            .collect::<Vec<_>>()
            .join("/");
        Self {
            name,
            origin: root.to_string_lossy().into_owned(),
            cache: Arc::new(RunCache::new(root.to_owned())),
        }
    }

    fn no_registry_error<T>(what: &str) -> Result<T> {
        let fault = StoreError::new(
            StoreErrorKind::Unsupported,
            what,
            "W&B's local runs have no model registry",
        );
        Err(fault.with_hint(Some(
            "everything else works; models are in an MLflow store: a server or mlflow.db",
        )))
    }
}

#[async_trait]
impl ReadStore for WandbStore {
    fn name(&self) -> &str {
        &self.name
    }

    fn origin(&self) -> &str {
        &self.origin
    }

    fn local_folder(&self) -> Option<&Path> {
        self.cache.root().parent()
    }

    async fn features(&self) -> Result<Features> {
        Ok(Features {
            product: "W&B local runs".to_owned(),
            can_filter: false,
            has_bulk_histories: true,
            has_cheap_full_histories: true,
            has_logged_models: false,
            has_registry: false,
        })
    }

    async fn experiments(&self, view: LifecycleFilter) -> Result<Vec<Experiment>> {
        listing::experiments(&self.cache, view).await
    }

    async fn runs(&self, query: &RunQuery, from: Option<&PageToken>) -> Result<Page<Run>> {
        listing::page(&self.cache, query, from).await
    }

    async fn changed_runs(&self, changes: &ChangedRunsQuery) -> Result<Vec<Run>> {
        listing::changed_runs(&self.cache, changes).await
    }

    /// W&B groups runs, and nests none.
    async fn nested_runs(&self, _: &[ExperimentId], _: &RunId) -> Result<Vec<Run>> {
        Ok(Vec::new())
    }

    async fn run(&self, id: &RunId) -> Result<Run> {
        let (cache, id, what) = (
            Arc::clone(&self.cache),
            id.clone(),
            format!("reading run {}", id.clean()),
        );
        let what_owned = what.clone();
        run_blocking(&what, move || {
            cache
                .run_dir(&what_owned, &id)
                .map(|place| cache.load_run(&place))
        })
        .await?
    }

    async fn histories(
        &self,
        runs: &[RunId],
        metric: &str,
        resolution: Resolution,
    ) -> Result<Vec<MetricHistory>> {
        let what = format!("reading the histories of {}", clean(metric));
        let (cache, ids, what_owned) = (Arc::clone(&self.cache), runs.to_vec(), what.clone());
        let run_dirs = run_blocking(&what, move || {
            let found_dirs = ids
                .into_iter()
                .filter_map(|id| cache.run_dir(&what_owned, &id).ok())
                .collect::<Vec<_>>();
            // Where all metrics of all runs would not be kept anyway, only the one that is asked for is read.
            let keep_all_metrics =
                cache.unread_history_bytes(&found_dirs) <= limits::WANDB_HISTORY_BYTES as u64;
            (found_dirs, keep_all_metrics)
        });
        let (run_dirs, keep_all_metrics) = run_dirs.await?;
        let (cache, key) = (Arc::clone(&self.cache), metric.to_owned());
        let found = map_parallel(&what, run_dirs, move |place| {
            (
                place.id.clone(),
                cache.points(place, &key, keep_all_metrics),
            )
        })
        .await?;
        let cache = Arc::clone(&self.cache);
        run_blocking(&what, move || cache.evict()).await?;
        let key = Untrusted::from(metric);
        let some = found.into_iter().filter(|(_, points)| !points.is_empty());
        Ok(some
            .map(|(run, points)| resolution.sample(run, key.clone(), points))
            .collect())
    }

    async fn artifacts(&self, home: &ArtifactOwner, path: &str) -> Result<Vec<Artifact>> {
        let what = "listing artifacts";
        let (cache, id, path) = (
            Arc::clone(&self.cache),
            require_run(what, home)?,
            path.to_owned(),
        );
        run_blocking(what, move || {
            let root = cache.run_dir(what, &id)?.files_dir();
            if path.is_empty() && !root.exists() {
                return Ok(Vec::new());
            }
            local_artifacts::list_directory(&root, &path)
                .map_err(|(kind, why)| StoreError::new(kind, what, why))
        })
        .await?
    }

    async fn preview(&self, home: &ArtifactOwner, path: &str, limit: u64) -> Result<Preview> {
        let what = "reading an artifact";
        let (cache, id, path) = (
            Arc::clone(&self.cache),
            require_run(what, home)?,
            path.to_owned(),
        );
        run_blocking(what, move || {
            let root = cache.run_dir(what, &id)?.files_dir();
            local_artifacts::read_prefix(&root, &path, limit.min(limits::IMAGE_BYTES))
                .map_err(|(kind, why)| StoreError::new(kind, what, why))
        })
        .await?
    }

    async fn logged_model(&self, _: &LoggedModelId) -> Result<LoggedModel> {
        Self::no_registry_error("reading a logged model")
    }

    async fn logged_models(&self, _: &ExperimentId, _: &RunId) -> Result<Vec<LoggedModel>> {
        Ok(Vec::new())
    }

    async fn models(&self) -> Result<Vec<RegisteredModel>> {
        Self::no_registry_error("reading registered models")
    }

    async fn model(&self, name: &ModelName) -> Result<RegisteredModel> {
        Self::no_registry_error(&format!("reading model {}", name.clean()))
    }

    async fn versions(&self, name: &ModelName) -> Result<Vec<ModelVersion>> {
        Self::no_registry_error(&format!("reading versions of {}", name.clean()))
    }

    async fn versions_of_run(&self, run: &RunId) -> Result<Vec<ModelVersion>> {
        Self::no_registry_error(&format!("reading versions of run {}", run.clean()))
    }

    async fn revision(&self) -> Result<Option<u64>> {
        let (cache, what) = (Arc::clone(&self.cache), "looking for changes");
        run_blocking(what, move || {
            let (mut hasher, now) = (DefaultHasher::new(), layout::now_ms());
            for place in cache.run_dirs(what)? {
                let stamp = place.log_stamp();
                // A run that falls silent is told otherwise, though nothing was written.
                (
                    place.id.raw(),
                    stamp,
                    stamp.is_some_and(|stamp| stamp.is_recent(now)),
                )
                    .hash(&mut hasher);
            }
            Ok(Some(hasher.finish()))
        })
        .await?
    }
}

fn require_run(what: &str, home: &ArtifactOwner) -> Result<RunId> {
    match home {
        ArtifactOwner::Run(id) => Ok(id.clone()),
        ArtifactOwner::LoggedModel(_) => Err(StoreError::new(
            StoreErrorKind::Unsupported,
            what,
            "W&B's local runs have no logged models",
        )),
    }
}
