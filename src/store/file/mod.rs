//! MLflow's file store (`mlruns/` of MLflow 0.x to 3.x), opened directly.
//!
//! MLflow has no locks: it appends to metrics and overwrites other files in place, so that any file can
//! be half written. What is unreadable is left out, and the run that it belongs to is marked. Writes
//! replace whole files by a rename. A read-only session creates nothing, not even the folders that
//! MLflow creates when it opens a store.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use url::Url;

use super::{
    AccessMode, ByteSender, ChangedRunsQuery, Downstream, Features, LifecycleFilter, Page,
    PageToken, ReadOnlyReason, ReadStore, Resolution, Result, RunQuery, StoreHandle, Upstream,
    Writer,
};
use crate::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, LoggedModel, LoggedModelId, MetricHistory,
    ModelName, ModelVersion, Preview, RegisteredModel, Run, RunId, StoreError, StoreErrorKind,
};
use crate::store::downstream::find_by_scanning_runs;
use crate::store::local::run_blocking;
use crate::store::objects::ObjectClients;
use crate::store::pagination::ListingCache;
use crate::text::untrusted::clean;

mod artifacts;
mod create;
mod experiments;
mod index;
mod layout;
mod logged_models;
mod meta;
mod metadata;
mod metrics;
mod preview;
mod registry;
mod replace;
mod run_data;
mod runs;
mod small_file;
mod writer;
mod yaml_edit;

pub(super) use layout::{find_project_store, find_store};

use index::Index;
use writer::FileWriter;

/// Opens the root of a store.
///
/// # Errors
/// When it can't be read.
pub async fn open(path: &Path, mode: AccessMode) -> Result<StoreHandle> {
    let what = format!("opening {}", clean(&path.to_string_lossy()));
    let path = path.to_owned();
    let what_owned = what.clone();
    let (root, not_writable) = run_blocking(&what, move || {
        let root = std::fs::canonicalize(&path).map_err(|error| {
            let hint = "check the path: MLflow creates mlruns/ where a run is started";
            StoreError::new(StoreErrorKind::Unreachable, &*what_owned, error.to_string())
                .with_hint(Some(hint))
        })?;
        Index::new(root.clone()).experiments(&what_owned)?;
        let not_writable = writer::read_only_reason(&root);
        Ok::<_, StoreError>((root, not_writable))
    })
    .await??;
    let writer = match (mode, not_writable) {
        (AccessMode::ReadOnly(reason), _) => Err(reason),
        (AccessMode::ReadWrite, Some(why)) => Err(ReadOnlyReason::NotWritable(why)),
        (AccessMode::ReadWrite, None) => Ok(Arc::new(FileWriter::new(root.clone())) as Writer),
    };
    Ok(StoreHandle {
        reader: Arc::new(FileStore::new(&root)),
        writer,
    })
}

struct FileStore {
    name: String,
    origin: String,
    tracking_uri: String,
    index: Arc<Index>,
    listings: ListingCache,
    objects: ObjectClients,
}

impl FileStore {
    fn new(root: &Path) -> Self {
        let origin = root.to_string_lossy().into_owned();
        Self {
            name: project_name(root),
            tracking_uri: Url::from_directory_path(root).map_or_else(
                |()| origin.clone(),
                |url| url.as_str().trim_end_matches('/').to_owned(),
            ),
            origin,
            index: Arc::new(Index::new(root.to_owned())),
            listings: ListingCache::default(),
            objects: ObjectClients::default(),
        }
    }
}

/// `mlruns` alone is ambiguous, so the project's folder is included.
fn project_name(root: &Path) -> String {
    let mut parts: Vec<_> = root
        .iter()
        .rev()
        .take(2)
        .map(|part| part.to_string_lossy())
        .filter(|part| part != "/")
        .collect();
    parts.reverse();
    parts.join("/")
}

#[async_trait]
impl ReadStore for FileStore {
    fn name(&self) -> &str {
        &self.name
    }

    fn origin(&self) -> &str {
        &self.origin
    }

    fn local_folder(&self) -> Option<&Path> {
        self.index.root().parent()
    }

    fn tracking_uri(&self) -> String {
        self.tracking_uri.clone()
    }

    async fn features(&self) -> Result<Features> {
        Ok(Features {
            product: "MLflow file store".to_owned(),
            can_filter: false,
            has_windows: false,
            has_bulk_histories: true,
            has_cheap_full_histories: true,
            has_logged_models: true,
            has_registry: true,
            has_transition_requests: false,
        })
    }

    async fn experiments(&self, lifecycle: LifecycleFilter) -> Result<Vec<Experiment>> {
        experiments::list(&self.index, lifecycle).await
    }

    async fn runs(&self, query: &RunQuery, from: Option<&PageToken>) -> Result<Page<Run>> {
        runs::page(&self.index, &self.listings, query, from).await
    }

    async fn changed_runs(&self, query: &ChangedRunsQuery) -> Result<Vec<Run>> {
        runs::changed(&self.index, query).await
    }

    async fn deleted_runs(
        &self,
        experiments: &[ExperimentId],
        runs: &[RunId],
    ) -> Result<Vec<RunId>> {
        let query = ChangedRunsQuery {
            experiments: experiments.to_vec(),
            known: runs.to_vec(),
            since: i64::MAX,
            ..ChangedRunsQuery::default()
        };
        let active = runs::changed(&self.index, &query).await?;
        let is_active = |id: &&RunId| active.iter().any(|run| run.id == **id);
        Ok(runs.iter().filter(|id| !is_active(id)).cloned().collect())
    }

    async fn nested_runs(&self, experiments: &[ExperimentId], parent: &RunId) -> Result<Vec<Run>> {
        runs::nested(&self.index, experiments, parent).await
    }

    async fn run(&self, id: &RunId) -> Result<Run> {
        runs::get(&self.index, id).await
    }

    async fn histories(
        &self,
        runs: &[RunId],
        metric: &str,
        resolution: Resolution,
    ) -> Result<Vec<MetricHistory>> {
        runs::histories(&self.index, runs, metric, resolution).await
    }

    async fn artifacts(&self, owner: &ArtifactOwner, path: &str) -> Result<Vec<Artifact>> {
        artifacts::list(self, owner, path).await
    }

    async fn preview(&self, owner: &ArtifactOwner, path: &str, limit: u64) -> Result<Preview> {
        artifacts::preview(self, owner, path, limit).await
    }

    async fn read_artifact(
        &self,
        owner: &ArtifactOwner,
        path: &str,
        to: &ByteSender,
    ) -> Result<()> {
        artifacts::read(self, owner, path, to).await
    }

    async fn logged_model(&self, id: &LoggedModelId) -> Result<LoggedModel> {
        logged_models::get(&self.index, id).await
    }

    async fn logged_models(
        &self,
        experiment: &ExperimentId,
        run: &RunId,
    ) -> Result<Vec<LoggedModel>> {
        logged_models::of_run(&self.index, experiment, run).await
    }

    async fn models(&self) -> Result<Vec<RegisteredModel>> {
        registry::models(&self.index).await
    }

    async fn prompts(&self) -> Result<Vec<RegisteredModel>> {
        registry::prompts(&self.index).await
    }

    async fn model(&self, name: &ModelName) -> Result<RegisteredModel> {
        registry::model(&self.index, name).await
    }

    async fn versions(&self, name: &ModelName) -> Result<Vec<ModelVersion>> {
        registry::versions(&self.index, name).await
    }

    async fn versions_of_run(&self, run: &RunId) -> Result<Vec<ModelVersion>> {
        self.versions_of_runs(std::slice::from_ref(run)).await
    }

    async fn versions_of_runs(&self, runs: &[RunId]) -> Result<Vec<ModelVersion>> {
        let runs = runs.to_vec();
        registry::versions_where(&self.index, "reading versions of runs", move |version| {
            runs.contains(&version.run_id)
        })
        .await
    }

    /// Reads only the runs that have versions, but for a model, whose readers need none.
    async fn downstream(&self, upstream: &Upstream) -> Result<Downstream> {
        if matches!(upstream, Upstream::Model { .. }) {
            return find_by_scanning_runs(self, upstream).await;
        }
        let what = format!("finding versions made from {upstream}");
        let versions =
            registry::versions_where(&self.index, &what, |version| !version.run_id.is_empty())
                .await?;
        let mut ids: Vec<RunId> = versions.iter().map(|one| one.run_id.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut runs = runs::get_all(&self.index, &what, ids).await?;
        runs.retain(|run| upstream.matches(run));
        let is_wanted = |version: &ModelVersion| runs.iter().any(|run| run.id == version.run_id);
        Ok(Downstream {
            versions: versions.into_iter().filter(is_wanted).collect(),
            runs,
            incomplete_reason: None,
        })
    }

    async fn revision(&self) -> Result<Option<u64>> {
        runs::revision(&self.index).await.map(Some)
    }
}
