//! Stores: where experiments, runs and models are read from and written to.
//!
//! Two traits by capability: every store can [`Read`]; some can [`Write`] to the registry. [`open`] gives a
//! reader always, and a writer only when the session may write and the store can. A read-only session holds
//! no writer, and nothing in the program can make one from a reader.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::downsample::downsample;
use crate::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, LoggedModel, LoggedModelId, MetricHistory,
    ModelName, ModelVersion, Point, Preview, RegisteredModel, Run, RunId, StoreError, StoreWrite,
    TransitionRequest, VersionNumber,
};
use crate::text::Untrusted;

mod access;
mod backend;
mod changed_runs;
mod downstream;
pub mod limits;
mod local_artifacts;
mod merged;
mod nested_runs;
pub mod rest;
pub mod sqlite;
pub mod wandb;

pub use access::{AccessMode, ReadOnlyReason, StoreHandle};
pub use backend::{
    BACKENDS, Backend, StoreTarget, StoreTargetError, default_paths, open, target_forms,
};
pub use changed_runs::{ChangedRuns, ChangedRunsQuery, poll_changed_runs};
pub use downstream::{Downstream, Upstream};
pub use merged::{MergedStore, STORE_TAG};
pub use rest::ConnectOptions;

/// The result of asking a store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Where the next page begins: opaque, made by the store that reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageToken(pub String);

/// A part of a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The items, in the store's order.
    pub items: Vec<T>,
    /// Where the next page begins; nothing after the last one.
    pub next: Option<PageToken>,
    /// How many items all pages have together, where the store can say it cheaply.
    pub total: Option<u64>,
}

/// Which of what may be deleted is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LifecycleFilter {
    /// In use.
    #[default]
    Active,
    /// Deleted.
    Deleted,
    /// Both.
    All,
}

/// A question for runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunQuery {
    /// In which experiments.
    pub experiments: Vec<ExperimentId>,
    /// A filter in MLflow's own grammar, or nothing. Only a store whose [`Features::filters`] is set takes one.
    pub filter: Option<String>,
    /// Order clauses in MLflow's own grammar (`metrics.acc DESC`); none means newest first.
    pub order_by: Vec<String>,
    /// Active, deleted, or both.
    pub lifecycle: LifecycleFilter,
    /// How many runs a page should have.
    pub page_size: u32,
}

/// How many points of each history to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// All points.
    Full,
    /// About this many, down-sampled by the store where it can; the first and the last point are kept.
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

/// What a store is and can do, found by asking it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Features {
    /// What answers: `MLflow 3.17.2`, `SQLite store, schema dc11669786a5`.
    pub product: String,
    /// Whether it takes MLflow's filter and order clauses, so that they can be pushed down.
    pub can_filter: bool,
    /// Whether histories of many runs come in one request.
    pub has_bulk_histories: bool,
    /// Whether a whole history costs no more than one that is thinned out.
    pub has_cheap_full_histories: bool,
    /// Whether it has the logged models of MLflow 3.
    pub has_logged_models: bool,
    /// Whether it has a model registry.
    pub has_registry: bool,
}

/// What every store can do. Implementations never block the caller's thread.
#[async_trait]
pub trait ReadStore: Send + Sync {
    /// The store's name for people, with no secret in it: `mlflow.db`, `https://mlflow.example.org`.
    fn name(&self) -> &str;

    /// The store's identity, by which the journal keeps entries: the canonical path or the server's address.
    fn origin(&self) -> &str;

    /// The folder around a store on this machine: a project's files are looked for in it.
    fn local_folder(&self) -> Option<&Path> {
        None
    }

    /// The address of the web UI, without a trailing slash.
    fn web_url(&self) -> Option<&str> {
        None
    }

    /// The store as `MLFLOW_TRACKING_URI` names it.
    fn tracking_uri(&self) -> String {
        self.origin().to_owned()
    }

    /// What the store is and can do. Asked once, kept.
    async fn features(&self) -> Result<Features>;

    /// All experiments of a view, with their tags.
    async fn experiments(&self, view: LifecycleFilter) -> Result<Vec<Experiment>>;

    /// A page of runs, from the beginning or from where the last page ended.
    async fn runs(&self, query: &RunQuery, from: Option<&PageToken>) -> Result<Page<Run>>;

    /// What may have changed in a listing of active runs: the known runs that are still in it, and the new ones.
    async fn changed_runs(&self, changes: &ChangedRunsQuery) -> Result<Vec<Run>> {
        changed_runs::read_each(self, changes).await
    }

    /// The active runs of these experiments that are nested directly in a run, some thousands at most.
    async fn nested_runs(&self, experiments: &[ExperimentId], parent: &RunId) -> Result<Vec<Run>> {
        nested_runs::collect_nested_runs(self, experiments, parent, None).await
    }

    /// One run, deleted or not.
    async fn run(&self, id: &RunId) -> Result<Run>;

    /// The histories of one metric for several runs. Runs without the metric are left out.
    async fn histories(
        &self,
        runs: &[RunId],
        metric: &str,
        resolution: Resolution,
    ) -> Result<Vec<MetricHistory>>;

    /// The files and folders directly under `path` (empty for the root).
    async fn artifacts(&self, home: &ArtifactOwner, path: &str) -> Result<Vec<Artifact>>;

    /// The first `limit` bytes of a file.
    async fn preview(&self, home: &ArtifactOwner, path: &str, limit: u64) -> Result<Preview>;

    /// A logged model of MLflow 3.
    async fn logged_model(&self, id: &LoggedModelId) -> Result<LoggedModel>;

    /// The logged models that a run of this experiment made.
    async fn logged_models(
        &self,
        experiment: &ExperimentId,
        run: &RunId,
    ) -> Result<Vec<LoggedModel>>;

    /// All registered models, prompts left out.
    async fn models(&self) -> Result<Vec<RegisteredModel>>;

    /// One registered model.
    async fn model(&self, name: &ModelName) -> Result<RegisteredModel>;

    /// All versions of a model, newest first, with their aliases.
    async fn versions(&self, name: &ModelName) -> Result<Vec<ModelVersion>>;

    /// The versions that were made from a run.
    async fn versions_of_run(&self, run: &RunId) -> Result<Vec<ModelVersion>>;

    /// The open requests to move a version to a stage; nothing where the store has no such requests.
    async fn transition_requests(
        &self,
        _: &ModelName,
        _: VersionNumber,
    ) -> Result<Option<Vec<TransitionRequest>>> {
        Ok(None)
    }

    /// The versions that were made from some runs.
    async fn versions_of_runs(&self, runs: &[RunId]) -> Result<Vec<ModelVersion>> {
        downstream::versions_of_each_run(self, runs).await
    }

    /// The versions that were made from something, and the runs between.
    async fn downstream(&self, upstream: &Upstream) -> Result<Downstream> {
        downstream::find_by_scanning_runs(self, upstream).await
    }

    /// A cheap number that differs once the store's content may have changed; nothing where there is none.
    async fn revision(&self) -> Result<Option<u64>>;
}

/// What can be done to a registry. Only the journal's road calls this.
#[async_trait]
pub trait WriteStore: Send + Sync {
    /// Carries out one write, once: nothing is ever sent again here. A fault says whether the write may have
    /// been carried out all the same ([`Fault::maybe_done`]).
    async fn write(&self, write: &StoreWrite) -> Result<WriteResponse>;

    /// How long a request that was given up may still be carried out, in ms.
    fn settle_window(&self) -> u64;

    /// How long to wait before a read-back can be trusted to show a race, in ms.
    fn read_back_delay(&self) -> u64;

    /// The request that a write would send, as text with no secret in it: for `--plan`.
    fn describe(&self, write: &StoreWrite) -> String;
}

/// What a write made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteResponse {
    /// A version, of which the store picked the number.
    CreatedVersion(VersionNumber),
    /// Nothing to be told.
    Done,
}

/// A store that is shared by the parts of a session.
pub type Reader = Arc<dyn ReadStore>;

/// The right to write to a store. A read-only session has none.
pub type Writer = Arc<dyn WriteStore>;
