//! Stores of experiments, runs and models.
//!
//! There is a trait for each capability: [`ReadStore`] and [`WriteStore`]. [`open`] returns a
//! reader, and a writer if the session and the store allow it. A read-only session has no writer,
//! and nothing can make one from a reader.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::downsample::downsample;
use crate::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, LoggedModel, LoggedModelId, MetricHistory,
    ModelName, ModelVersion, Point, Preview, RegisteredModel, Run, RunCondition, RunId, RunOrder,
    SlotKinds, Stage, StoreError, StoreErrorKind, StoreWrite, TransitionRequest, VersionNumber,
};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

mod access;
mod artifact_location;
mod backend;
mod describe_write;
mod downstream;
mod file;
mod interner;
pub mod limits;
mod local;
mod local_artifacts;
mod managed;
mod merged;
mod mlflow_names;
mod objects;
mod pagination;
mod registry_target;
pub mod rest;
mod run_queries;
mod run_scan;
mod split;
mod sql;
mod target_uri;
mod version_source;
pub mod wandb;

pub use access::{AccessMode, ReadOnlyReason, StoreHandle};
pub use backend::{
    BACKENDS, Backend, StoreTarget, StoreTargetError, default_paths, open, target_forms,
};
pub use downstream::{Downstream, Upstream};
pub use managed::{AzureMlWorkspace, ManagedTarget, SageMakerArn, SageMakerResource};
pub use merged::{MergedStore, STORE_TAG};
pub use registry_target::{RegistryTarget, open_registry};
pub use rest::{ConnectOptions, LoginStep};
pub use run_queries::{ChangedRuns, ChangedRunsQuery, poll_changed_runs};
pub use run_scan::{RunScan, ScanChunk};
pub use split::with_registry;
pub use sql::{DatabaseKind, DatabaseUri, DatabaseVariables, KNOWN_SCHEMAS, sqlite_version};

/// The workspace of those who choose none, in stores with workspaces: MLflow 3.10 and later.
pub const DEFAULT_WORKSPACE: &str = "default";

/// The identity of a workspace: two of one store have models of the same names. The default one has that of the store, as before
/// there were others.
fn workspace_origin(store: &str, workspace: Option<&str>) -> String {
    match workspace.filter(|name| *name != DEFAULT_WORKSPACE) {
        Some(name) => format!("{store}?workspace={name}"),
        None => store.to_owned(),
    }
}

/// The result of a request to a store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// An opaque token, valid for the store that returned it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageToken(pub String);

/// One page of a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// In the store's order.
    pub items: Vec<T>,
    /// The token of the next page; `None` after the last one.
    pub next: Option<PageToken>,
    /// The number of items on all pages, if the store knows it at no cost.
    pub total: Option<u64>,
}

/// Selects by lifecycle; MLflow's `ViewType`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LifecycleFilter {
    /// Not deleted.
    #[default]
    Active,
    /// In the trash.
    Deleted,
    /// Both.
    All,
}

/// A query for runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunQuery {
    /// Empty for all experiments.
    pub experiments: Vec<ExperimentId>,
    /// A filter in MLflow's grammar, for a store with [`Features::can_filter`].
    pub filter: Option<String>,
    /// Order clauses in MLflow's grammar (`metrics.acc DESC`); empty for newest first.
    pub order_by: Vec<String>,
    /// Selects by the run's own lifecycle.
    pub lifecycle: LifecycleFilter,
    /// The most runs on a page; a store may return fewer.
    pub page_size: u32,
}

/// A listing of runs that a store filters and orders as the run table does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WindowQuery {
    /// Empty for all experiments.
    pub experiments: Vec<ExperimentId>,
    /// Selects by the run's own lifecycle.
    pub lifecycle: LifecycleFilter,
    /// `None` for all runs.
    pub condition: Option<RunCondition>,
    /// The first key first; runs that are equal in all keys are newest first, then by id.
    pub order: Vec<RunOrder>,
}

/// A part of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowRange {
    /// The first runs of a new listing. The store need not order the others.
    First(u32),
    /// Runs at a position. The store keeps the order of the listing from its first use until the next
    /// [`WindowRange::First`], so that the parts of one listing fit together.
    At {
        /// The position of the first run.
        offset: u64,
        /// The most runs.
        limit: u32,
    },
}

/// Some runs of a listing, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunWindow {
    /// Without those that were deleted since the listing was ordered.
    pub runs: Vec<Run>,
    /// The runs of the whole listing.
    pub total: u64,
}

/// How many points of each history to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// All points.
    Full,
    /// About this many, down-sampled by the store where it can; the first and the last point are
    /// kept.
    Points(u32),
    /// About this many of the points between two steps, both inclusive.
    StepRange {
        /// About how many points.
        points: u32,
        /// The first step.
        first: i64,
        /// The last step.
        last: i64,
    },
}

impl Resolution {
    /// Reduces a full history, its points in order, to this resolution.
    pub(crate) fn sample(
        self,
        run: RunId,
        key: Untrusted,
        mut points: Vec<Point>,
    ) -> MetricHistory {
        let (points, is_sampled) = match self {
            Self::Full => (points, false),
            Self::Points(target_len) => downsample(points, target_len as usize),
            Self::StepRange {
                points: target_len,
                first,
                last,
            } => {
                points.retain(|point| (first..=last).contains(&point.step));
                downsample(points, target_len as usize)
            }
        };
        MetricHistory {
            run,
            key,
            points,
            is_sampled,
        }
    }
}

/// The product and the features of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Features {
    /// `MLflow 3.17.2`, `SQLite store, schema dc11669786a5`.
    pub product: String,
    /// Supports MLflow's filter and order clauses.
    pub can_filter: bool,
    /// Reads any part of a filtered, ordered listing: [`ReadStore::run_window`].
    pub has_windows: bool,
    /// Reads the histories of many runs in one request.
    pub has_bulk_histories: bool,
    /// Reads a full history at the cost of a sampled one.
    pub has_cheap_full_histories: bool,
    /// Has the logged models of MLflow 3.
    pub has_logged_models: bool,
    /// Has a model registry.
    pub has_registry: bool,
    /// May have requests to transition a version, which MLflow's own servers and stores lack.
    pub has_transition_requests: bool,
}

/// Takes the bytes of a file in parts, as fast as they are written.
pub type ByteSender = tokio::sync::mpsc::Sender<Vec<u8>>;

/// Reads a store. Implementations never block the caller's thread.
#[async_trait]
pub trait ReadStore: Send + Sync {
    /// For users, without secrets: `mlflow.db`, `https://mlflow.example.org`.
    fn name(&self) -> &str;

    /// The store's identity, by which the journal keeps entries: the canonical path or the server's
    /// address, with the workspace if it is another one than the default.
    fn origin(&self) -> &str;

    /// The folder around a store on this machine: a project's files are looked for in it.
    fn local_folder(&self) -> Option<&Path> {
        None
    }

    /// The address of the web UI up to the paths of its pages.
    fn web_url(&self) -> Option<&str> {
        None
    }

    /// What a version of the registry can hold.
    fn slot_kinds(&self) -> SlotKinds {
        SlotKinds::BOTH
    }

    /// Why the store can't apply a write, which is known before anything is sent, and what to do instead; `None` if it can.
    fn refusal(&self, write: &StoreWrite) -> Option<String> {
        self.slot_kinds().refuse_write(write).map(str::to_owned)
    }

    /// Whether versions have tags, which writes are recorded in.
    fn has_version_tags(&self) -> bool {
        true
    }

    /// Whether the files of runs can be read.
    fn has_files(&self) -> bool {
        true
    }

    /// How long requests still wait for the server's limits; `None` if none does.
    fn rate_limit_wait(&self) -> Option<Duration> {
        None
    }

    /// The steps of the login, for users, up to the first that fails; none for a store without a login.
    async fn login_steps(&self) -> Vec<LoginStep> {
        Vec::new()
    }

    /// The store as `MLFLOW_TRACKING_URI` names it.
    fn tracking_uri(&self) -> String {
        self.origin().to_owned()
    }

    /// Detected by the first call.
    async fn features(&self) -> Result<Features>;

    /// [`Self::features`] of a store whose models are in another one: its own registry is not looked for.
    async fn features_of_runs(&self) -> Result<Features> {
        self.features().await
    }

    /// The names of the workspaces that a session can choose; empty if the store has none, or does
    /// not list them.
    async fn workspaces(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// All experiments with this lifecycle, with their tags.
    async fn experiments(&self, lifecycle: LifecycleFilter) -> Result<Vec<Experiment>>;

    /// A page of runs: the first one, or the one of a token.
    async fn runs(&self, query: &RunQuery, from: Option<&PageToken>) -> Result<Page<Run>>;

    /// All runs of a query without filter and order, of which there are about `total`, read by whole tables; `None` where
    /// that is slower than page by page, or not supported.
    async fn scan_runs(&self, query: &RunQuery, total: u64) -> Result<Option<RunScan>> {
        let _ = (query, total);
        Ok(None)
    }

    /// A part of a filtered, ordered listing, and its length; for a store with [`Features::has_windows`].
    async fn run_window(&self, query: &WindowQuery, range: WindowRange) -> Result<RunWindow> {
        let _ = (query, range);
        Err(StoreError::new(
            StoreErrorKind::Unsupported,
            "reading a part of a listing",
            "this kind of store can't filter and order runs",
        ))
    }

    /// The known runs that are still active, and new ones.
    async fn changed_runs(&self, query: &ChangedRunsQuery) -> Result<Vec<Run>> {
        run_queries::read_changed_runs(self, query).await
    }

    /// Which of these runs were deleted. The default is for stores in which no run can be deleted.
    async fn deleted_runs(&self, _: &[ExperimentId], _: &[RunId]) -> Result<Vec<RunId>> {
        Ok(Vec::new())
    }

    /// The active runs of these experiments that are nested directly in a run, up to
    /// [`limits::NESTED_RUNS`].
    async fn nested_runs(&self, experiments: &[ExperimentId], parent: &RunId) -> Result<Vec<Run>> {
        run_queries::read_nested_runs(self, experiments, parent, None).await
    }

    /// One run, deleted or not.
    async fn run(&self, id: &RunId) -> Result<Run>;

    /// The histories of one metric. Runs without the metric are left out.
    async fn histories(
        &self,
        runs: &[RunId],
        metric: &str,
        resolution: Resolution,
    ) -> Result<Vec<MetricHistory>>;

    /// The files and folders directly under `path` (empty for the root).
    async fn artifacts(&self, owner: &ArtifactOwner, path: &str) -> Result<Vec<Artifact>>;

    /// The first `limit` bytes of a file, or fewer by the store's own limit.
    async fn preview(&self, owner: &ArtifactOwner, path: &str, limit: u64) -> Result<Preview>;

    /// Sends all bytes of a file of any size. The file is complete when this returns without an error.
    async fn read_artifact(
        &self,
        owner: &ArtifactOwner,
        path: &str,
        to: &ByteSender,
    ) -> Result<()> {
        let _ = (owner, path, to);
        Err(StoreError::new(
            StoreErrorKind::Unsupported,
            format!("reading {}", clean(path)),
            "files of this kind of store can't be downloaded",
        ))
    }

    /// A logged model of MLflow 3.
    async fn logged_model(&self, id: &LoggedModelId) -> Result<LoggedModel>;

    /// The active logged models that a run of this experiment made.
    async fn logged_models(
        &self,
        experiment: &ExperimentId,
        run: &RunId,
    ) -> Result<Vec<LoggedModel>>;

    /// All registered models, without prompts.
    async fn models(&self) -> Result<Vec<RegisteredModel>>;

    /// All prompts, which MLflow stores as registered models.
    async fn prompts(&self) -> Result<Vec<RegisteredModel>> {
        Ok(Vec::new())
    }

    /// One registered model.
    async fn model(&self, name: &ModelName) -> Result<RegisteredModel>;

    /// All versions of a model, newest first, with their aliases.
    async fn versions(&self, name: &ModelName) -> Result<Vec<ModelVersion>>;

    /// A model with all of its versions: [`Self::model`] and [`Self::versions`] of the same moment, without a second request
    /// for what both need.
    async fn model_and_versions(
        &self,
        name: &ModelName,
    ) -> Result<(RegisteredModel, Vec<ModelVersion>)> {
        Ok((self.model(name).await?, self.versions(name).await?))
    }

    /// The numbers of a model's versions, in any order: less than [`Self::versions`] where a listing is not complete.
    async fn version_numbers(&self, model: &RegisteredModel) -> Result<Vec<VersionNumber>> {
        let versions = self.versions(&model.name).await?;
        Ok(versions.into_iter().map(|one| one.version).collect())
    }

    /// The versions made from a run.
    async fn versions_of_run(&self, run: &RunId) -> Result<Vec<ModelVersion>>;

    /// The open requests to transition a version; `None` if the store has no such feature.
    async fn transition_requests(
        &self,
        _: &ModelName,
        _: VersionNumber,
    ) -> Result<Option<Vec<TransitionRequest>>> {
        Ok(None)
    }

    /// The versions made from any of these runs.
    async fn versions_of_runs(&self, runs: &[RunId]) -> Result<Vec<ModelVersion>> {
        downstream::versions_of_each_run(self, runs).await
    }

    /// The versions made from a dataset, commit, run or model, and their runs.
    async fn downstream(&self, upstream: &Upstream) -> Result<Downstream> {
        downstream::find_by_scanning_runs(self, upstream).await
    }

    /// A number that changes whenever the content may have changed; `None` if the store has no
    /// cheap one.
    async fn revision(&self) -> Result<Option<u64>>;
}

/// Fills in [`RegisteredModel::staged_versions`] from versions of any models.
fn add_staged_versions(models: &mut [RegisteredModel], versions: &[ModelVersion]) {
    let mut staged: HashMap<&ModelName, Vec<(Stage, VersionNumber)>> = HashMap::new();
    for version in versions {
        if matches!(version.stage, Stage::Staging | Stage::Production) {
            let of_model = staged.entry(&version.name).or_default();
            of_model.push((version.stage, version.version));
        }
    }
    for model in models {
        let mut held = staged.remove(&model.name).unwrap_or_default();
        held.sort_unstable_by_key(|(_, version)| Reverse(*version));
        model.staged_versions = held;
    }
}

/// Writes to a store. Only `ops::apply` calls this, so that every write is in the journal.
#[async_trait]
pub trait WriteStore: Send + Sync {
    /// Applies a write, sent at most once; again only if the server's limits refused it. The error says whether it may have been applied anyway
    /// ([`StoreError::outcome_unknown`]).
    async fn write(&self, write: &StoreWrite) -> Result<WriteResponse>;

    /// Starts a transaction for these writes, in a store that has them.
    async fn begin(&self, _: &[&StoreWrite]) -> Result<Option<Box<dyn WriteTransaction>>> {
        Ok(None)
    }

    /// How long after a timeout a write may still be applied, in ms.
    fn settle_window(&self) -> u64;

    /// How long until a racing write is visible to a read, in ms.
    fn read_back_delay(&self) -> u64;

    /// The request or statements of a write, without secrets, for `--plan`.
    fn describe(&self, write: &StoreWrite) -> String;
}

/// Several writes of which all are applied or none, rolled back when it is dropped.
#[async_trait]
pub trait WriteTransaction: Send + Sync {
    /// Reads the store as the transaction sees it. What it read can't be changed by others before
    /// the transaction ends, or the transaction fails.
    fn reader(&self) -> &dyn ReadStore;

    /// Applies a write, visible to others after [`Self::commit`].
    async fn write(&self, write: &StoreWrite) -> Result<WriteResponse>;

    /// Ends the transaction. The error says whether it may have been committed anyway
    /// ([`StoreError::outcome_unknown`]).
    async fn commit(self: Box<Self>) -> Result<()>;
}

/// The result of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteResponse {
    /// The new version, numbered by the store.
    CreatedVersion(VersionNumber),
    /// Any other write.
    Done,
}

/// A store shared by the parts of a session.
pub type Reader = Arc<dyn ReadStore>;

/// Write access to a store. A read-only session has none.
pub type Writer = Arc<dyn WriteStore>;
