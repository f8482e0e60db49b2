//! The local runs of Weights & Biases, opened directly and read-only: a project's `wandb/` folder,
//! or one run's folder.
//!
//! The log of a run (`run-ID.wandb`) is authoritative; other files of the run fill in where there
//! is none. A project is an experiment, config values are params, and the summary and the last
//! logged values are metrics. Of a running run, only what was appended is read again. W&B buffers
//! 32 KiB or more, so that only the folder's name is known of a run that just started.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use super::{
    ByteSender, ChangedRunsQuery, Features, LifecycleFilter, Page, PageToken, ReadOnlyReason,
    ReadStore, Resolution, Result, RunQuery, StoreHandle, limits, local_artifacts,
};
use crate::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, LoggedModel, LoggedModelId, MetricHistory,
    ModelName, ModelVersion, Preview, RegisteredModel, Run, RunId, StoreError, StoreErrorKind,
};
use crate::store::local::{map_parallel, now_ms, run_blocking};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

mod cache;
mod config;
mod convert;
mod histories;
mod json;
mod layout;
mod listing;
mod protobuf;
mod record_log;
mod records;
mod run_state;
mod sidecar;
mod summary;
mod system_metrics;

pub(super) use layout::{find_project_runs, find_runs};

use cache::RunCache;

/// Opens a folder of runs, or the folder of one run.
///
/// # Errors
/// When it can't be read.
pub async fn open(path: &Path) -> Result<StoreHandle> {
    let what = format!("opening {}", clean(&path.to_string_lossy()));
    let path = path.to_owned();
    let what_owned = what.clone();
    let store = run_blocking(&what, move || {
        let root = std::fs::canonicalize(&path).map_err(|error| {
            let hint = "check the path: W&B creates a folder wandb/ where a run is started";
            StoreError::new(StoreErrorKind::Unreachable, &*what_owned, error.to_string())
                .with_hint(Some(hint))
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

struct WandbStore {
    name: String,
    origin: String,
    cache: Arc<RunCache>,
}

impl WandbStore {
    fn new(root: &Path) -> Self {
        // `wandb` alone is ambiguous, so the project's folder is included.
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
        let error = StoreError::new(
            StoreErrorKind::Unsupported,
            what,
            "W&B runs have no model registry",
        );
        Err(error.with_hint(Some("open an MLflow server or mlflow.db for models")))
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
            has_windows: false,
            has_bulk_histories: true,
            has_cheap_full_histories: true,
            has_logged_models: false,
            has_registry: false,
            has_transition_requests: false,
        })
    }

    async fn experiments(&self, lifecycle: LifecycleFilter) -> Result<Vec<Experiment>> {
        listing::experiments(&self.cache, lifecycle).await
    }

    async fn runs(&self, query: &RunQuery, from: Option<&PageToken>) -> Result<Page<Run>> {
        listing::page(&self.cache, query, from).await
    }

    async fn changed_runs(&self, changes: &ChangedRunsQuery) -> Result<Vec<Run>> {
        listing::changed_runs(&self.cache, changes).await
    }

    /// W&B groups runs but does not nest them.
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
                .map(|run_dir| cache.load_run(&run_dir))
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
            // If all metrics don't fit into the cache, only the requested one is read.
            let keep_all_metrics =
                cache.unread_history_bytes(&found_dirs) <= limits::WANDB_HISTORY_BYTES as u64;
            (found_dirs, keep_all_metrics)
        });
        let (run_dirs, keep_all_metrics) = run_dirs.await?;
        let (cache, key) = (Arc::clone(&self.cache), metric.to_owned());
        let found = map_parallel(&what, run_dirs, move |run_dir| {
            (
                run_dir.id.clone(),
                cache.points(run_dir, &key, keep_all_metrics),
            )
        })
        .await?;
        let cache = Arc::clone(&self.cache);
        run_blocking(&what, move || cache.evict()).await?;
        let key = Untrusted::from(metric);
        let non_empty = found.into_iter().filter(|(_, points)| !points.is_empty());
        Ok(non_empty
            .map(|(run, points)| resolution.sample(run, key.clone(), points))
            .collect())
    }

    async fn artifacts(&self, owner: &ArtifactOwner, path: &str) -> Result<Vec<Artifact>> {
        let what = "listing artifacts";
        let (cache, id, path) = (
            Arc::clone(&self.cache),
            require_run(what, owner)?,
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

    async fn preview(&self, owner: &ArtifactOwner, path: &str, limit: u64) -> Result<Preview> {
        let what = "reading an artifact";
        let (cache, id, path) = (
            Arc::clone(&self.cache),
            require_run(what, owner)?,
            path.to_owned(),
        );
        run_blocking(what, move || {
            let root = cache.run_dir(what, &id)?.files_dir();
            local_artifacts::read_prefix(&root, &path, limit.min(limits::IMAGE_BYTES))
                .map_err(|(kind, why)| StoreError::new(kind, what, why))
        })
        .await?
    }

    async fn read_artifact(
        &self,
        owner: &ArtifactOwner,
        path: &str,
        to: &ByteSender,
    ) -> Result<()> {
        let what = "reading an artifact";
        let (cache, id, path) = (
            Arc::clone(&self.cache),
            require_run(what, owner)?,
            path.to_owned(),
        );
        let to = to.clone();
        run_blocking(what, move || {
            let root = cache.run_dir(what, &id)?.files_dir();
            local_artifacts::send_file(&root, &path, &to)
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
        let (cache, what) = (Arc::clone(&self.cache), "checking for changes");
        run_blocking(what, move || {
            let (mut hasher, now) = (DefaultHasher::new(), now_ms());
            for run_dir in cache.run_dirs(what)? {
                let stamp = run_dir.log_stamp();
                // The status of a run changes when it falls silent, though nothing is written.
                (
                    run_dir.id.raw(),
                    stamp,
                    layout::has_heartbeat(stamp.as_ref(), now),
                )
                    .hash(&mut hasher);
            }
            Ok(Some(hasher.finish()))
        })
        .await?
    }
}

fn require_run(what: &str, owner: &ArtifactOwner) -> Result<RunId> {
    match owner {
        ArtifactOwner::Run(id) => Ok(id.clone()),
        ArtifactOwner::LoggedModel(_) => Err(StoreError::new(
            StoreErrorKind::Unsupported,
            what,
            "W&B runs have no logged models",
        )),
    }
}
