//! Stores: where experiments, runs and models are read from and written to.
//!
//! Two traits by capability: every store can [`Read`]; some can [`Write`] to the registry. [`open`] gives a
//! reader always, and a writer only when the session may write and the store can. A read-only session holds
//! no writer, and nothing in the program can make one from a reader.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::{
    Artifact, ArtifactHome, Experiment, ExperimentId, Fault, History, LoggedModel, LoggedModelId,
    ModelName, ModelVersion, Preview, RegisteredModel, RegistryWrite, Run, RunId,
    TransitionRequest, VersionNumber,
};

mod ahead;
mod beside;
mod changes;
pub mod limits;
mod local_files;
mod made_from;
mod nested;
mod open;
pub mod rest;
pub mod sqlite;
mod target;
mod thinning;
pub mod wandb;

pub use ahead::Ahead;
pub use beside::{Beside, STORE_TAG};
pub use changes::{Changed, RunChanges, changed};
pub use made_from::{Made, MadeFrom};
pub use open::{Access, Connection, Opened, open};
pub use target::{Target, TargetError};

/// The result of asking a store.
pub type Answer<T> = Result<T, Fault>;

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
pub enum View {
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
    pub view: View,
    /// How many runs a page should have.
    pub page_size: u32,
}

/// How many points of a history are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// All of them.
    Exact,
    /// About as many as this for each run, thinned out by the store if it can; the first and the last are kept.
    Points(u32),
    /// The same of the points between two steps, both of them among it.
    Between {
        /// About how many points.
        points: u32,
        /// The first step.
        first: i64,
        /// The last step.
        last: i64,
    },
}

/// What a store is and can do, found by asking it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Features {
    /// What answers: `MLflow 3.17.2`, `SQLite store, schema dc11669786a5`.
    pub product: String,
    /// Whether it takes MLflow's filter and order clauses, so that they can be pushed down.
    pub filters: bool,
    /// Whether histories of many runs come in one request.
    pub bulk_histories: bool,
    /// Whether a whole history costs no more than one that is thinned out.
    pub whole_histories: bool,
    /// Whether it has the logged models of MLflow 3.
    pub logged_models: bool,
    /// Whether it has a model registry.
    pub registry: bool,
    /// Why the registry can't be written, or nothing when it can.
    pub read_only: Option<String>,
}

/// What every store can do. Implementations never block the caller's thread.
#[async_trait]
pub trait Read: Send + Sync {
    /// The store's name for people, with no secret in it: `mlflow.db`, `https://mlflow.example.org`.
    fn name(&self) -> &str;

    /// The store's identity: the canonical path or the server's origin. The journal keeps entries by it.
    fn origin(&self) -> &str;

    /// What the store is and can do. Asked once, kept.
    async fn features(&self) -> Answer<Features>;

    /// All experiments of a view, with their tags.
    async fn experiments(&self, view: View) -> Answer<Vec<Experiment>>;

    /// A page of runs, from the beginning or from where the last page ended.
    async fn runs(&self, query: &RunQuery, from: Option<&PageToken>) -> Answer<Page<Run>>;

    /// What may have changed in a listing of active runs: the known runs that are still in it, and the new ones.
    async fn changes(&self, changes: &RunChanges) -> Answer<Vec<Run>> {
        changes::one_by_one(self, changes).await
    }

    /// The active runs of these experiments that are nested directly in a run, some thousands at most.
    async fn nested(&self, experiments: &[ExperimentId], parent: &RunId) -> Answer<Vec<Run>> {
        nested::nested(self, experiments, parent, None).await
    }

    /// One run, deleted or not.
    async fn run(&self, id: &RunId) -> Answer<Run>;

    /// The histories of one metric for several runs. Runs without the metric are left out.
    async fn histories(
        &self,
        runs: &[RunId],
        metric: &str,
        resolution: Resolution,
    ) -> Answer<Vec<History>>;

    /// The files and folders directly under `path` (empty for the root).
    async fn artifacts(&self, home: &ArtifactHome, path: &str) -> Answer<Vec<Artifact>>;

    /// The first `limit` bytes of a file.
    async fn preview(&self, home: &ArtifactHome, path: &str, limit: u64) -> Answer<Preview>;

    /// A logged model of MLflow 3.
    async fn logged_model(&self, id: &LoggedModelId) -> Answer<LoggedModel>;

    /// The logged models that a run of this experiment made.
    async fn logged_models(
        &self,
        experiment: &ExperimentId,
        run: &RunId,
    ) -> Answer<Vec<LoggedModel>>;

    /// All registered models, prompts left out.
    async fn models(&self) -> Answer<Vec<RegisteredModel>>;

    /// One registered model.
    async fn model(&self, name: &ModelName) -> Answer<RegisteredModel>;

    /// All versions of a model, newest first, with their aliases.
    async fn versions(&self, name: &ModelName) -> Answer<Vec<ModelVersion>>;

    /// The versions that were made from a run.
    async fn versions_of_run(&self, run: &RunId) -> Answer<Vec<ModelVersion>>;

    /// The open requests to move a version to a stage; nothing where the store has no such requests.
    async fn transition_requests(
        &self,
        _: &ModelName,
        _: VersionNumber,
    ) -> Answer<Option<Vec<TransitionRequest>>> {
        Ok(None)
    }

    /// The versions that were made from some runs.
    async fn versions_of_runs(&self, runs: &[RunId]) -> Answer<Vec<ModelVersion>> {
        made_from::one_by_one(self, runs).await
    }

    /// The versions that were made from something, and the runs between.
    async fn made_from(&self, of: &MadeFrom) -> Answer<Made> {
        made_from::by_runs(self, of).await
    }

    /// A cheap number that differs once the store's content may have changed; nothing where there is none.
    async fn pulse(&self) -> Answer<Option<u64>>;
}

/// What can be done to a registry. Only the journal's road calls this.
#[async_trait]
pub trait Write: Send + Sync {
    /// Carries out one write, once: nothing is ever sent again here. A fault says whether the write may have
    /// been carried out all the same ([`Fault::maybe_done`]).
    async fn write(&self, write: &RegistryWrite) -> Answer<Written>;

    /// How long a request that was given up may still be carried out, in ms.
    fn quiet_period(&self) -> u64;

    /// How long to wait before a read-back can be trusted to show a race, in ms.
    fn settle_period(&self) -> u64;

    /// The request that a write would send, as text with no secret in it: for `--plan`.
    fn describe(&self, write: &RegistryWrite) -> String;
}

/// What a write made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// A version, of which the store picked the number.
    Version(VersionNumber),
    /// Nothing to be told.
    Done,
}

/// A store that is shared by the parts of a session.
pub type Reader = Arc<dyn Read>;

/// The right to write to a store. A read-only session has none.
pub type Writer = Arc<dyn Write>;
