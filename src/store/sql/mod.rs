//! MLflow's databases, opened directly: SQLite files, PostgreSQL, MySQL and MariaDB.
//!
//! MLflow has one schema for all of them, and the queries are shared: `dialect` has what differs, `tables` what a
//! database offers to a query. Each database has a module for its connections.
//!
//! MLflow may be writing at the same time. Every query is short and fetched at once, so that no training run waits
//! longer than a few milliseconds, and only the registry and the lifecycle of runs are ever written. Reads can not write:
//! a SQLite file is opened read-only, and on a server each read is a `READ ONLY` transaction.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use super::{
    AccessMode, ByteSender, ChangedRunsQuery, Downstream, Features, LifecycleFilter, Page,
    PageToken, ReadStore, Resolution, Result, RunQuery, RunScan, RunWindow, StoreHandle, Upstream,
    WindowQuery, WindowRange, Writer,
};
use crate::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, LoggedModel, LoggedModelId, MetricHistory,
    ModelName, ModelVersion, Preview, RegisteredModel, Run, RunId, StoreErrorKind,
};
use crate::store::objects::ObjectClients;
use crate::store::pagination::ListingCache;

mod artifacts;
mod create_version;
mod database;
mod dialect;
mod downstream;
mod experiments;
mod histories;
mod known_schemas;
mod logged_models;
mod metadata;
pub(super) mod mysql;
pub(super) mod postgres;
mod registry;
mod run_data;
mod run_queries;
mod runs;
mod scan;
mod schema;
mod server;
mod sql_preview;
pub(super) mod sqlite;
mod tables;
mod tls;
mod uri;
mod values;
mod variables;
mod versions;
mod window;
mod workspaces;
mod writer;
mod writes;

use database::{Database, Source};
pub use known_schemas::KNOWN_SCHEMAS;
use schema::Schema;
pub use sqlite::sqlite_version;
use tables::QueryError;
pub use uri::{DatabaseKind, DatabaseUri};
pub use variables::DatabaseVariables;
use writer::SqlWriter;

/// A store in an open database, and a writer if the session and the database allow it.
fn handle(database: Arc<dyn Database>, access: Result<(), super::ReadOnlyReason>) -> StoreHandle {
    StoreHandle {
        writer: access.map(|()| Arc::new(SqlWriter(Arc::clone(&database))) as Writer),
        reader: Arc::new(SqlStore::new(Source::new(database))),
    }
}

/// Whether the schema is one of MLflow, and whether a session may write to it.
fn check_schema(
    schema: &Schema,
    mode: AccessMode,
) -> Result<Result<(), super::ReadOnlyReason>, QueryError> {
    let invalid = |why| Err(QueryError::new(StoreErrorKind::InvalidResponse, why));
    if !schema.is_mlflow() {
        return invalid("not an MLflow store: the database has no experiments and runs".to_owned());
    }
    if let Some(table) = schema.view_in_place_of_table() {
        return invalid(format!(
            "not an MLflow store: {table} is a view, not a table"
        ));
    }
    Ok(match (schema.read_only_reason(), mode) {
        (Some(reason), _) | (None, AccessMode::ReadOnly(reason)) => Err(reason),
        (None, AccessMode::ReadWrite) => Ok(()),
    })
}

struct SqlStore {
    database: Source,
    listing_cache: ListingCache,
    windows: window::Listings,
    objects: ObjectClients,
}

impl SqlStore {
    fn new(database: Source) -> Self {
        Self {
            database,
            listing_cache: ListingCache::default(),
            windows: window::Listings::default(),
            objects: ObjectClients::default(),
        }
    }
}

#[async_trait]
impl ReadStore for SqlStore {
    fn name(&self) -> &str {
        &self.database.identity().name
    }

    fn origin(&self) -> &str {
        &self.database.identity().origin
    }

    fn local_folder(&self) -> Option<&Path> {
        self.database.folder()
    }

    fn tracking_uri(&self) -> String {
        self.database.identity().tracking_uri.clone()
    }

    async fn features(&self) -> Result<Features> {
        Ok(Features {
            product: self.database.schema().product(),
            can_filter: false,
            has_windows: self.database.schema().dialect().window.is_some(),
            has_bulk_histories: true,
            has_cheap_full_histories: true,
            has_logged_models: self.database.schema().has_table("logged_models"),
            has_registry: self.database.schema().has_registry(),
            has_transition_requests: false,
        })
    }

    async fn workspaces(&self) -> Result<Vec<String>> {
        let what = "reading workspaces";
        self.database.read(what, workspaces::names).await
    }

    async fn experiments(&self, lifecycle: LifecycleFilter) -> Result<Vec<Experiment>> {
        experiments::list(self, lifecycle).await
    }

    async fn runs(&self, query: &RunQuery, from: Option<&PageToken>) -> Result<Page<Run>> {
        runs::page(self, query, from).await
    }

    async fn scan_runs(&self, query: &RunQuery, total: u64) -> Result<Option<RunScan>> {
        scan::start(self, query, total).await
    }

    async fn run_window(&self, query: &WindowQuery, range: WindowRange) -> Result<RunWindow> {
        window::read(self, query, range).await
    }

    async fn changed_runs(&self, changes: &ChangedRunsQuery) -> Result<Vec<Run>> {
        run_queries::changed_runs(self, changes).await
    }

    async fn deleted_runs(&self, _: &[ExperimentId], runs: &[RunId]) -> Result<Vec<RunId>> {
        run_queries::deleted_runs(self, runs).await
    }

    async fn nested_runs(&self, experiments: &[ExperimentId], parent: &RunId) -> Result<Vec<Run>> {
        run_queries::nested_runs(self, experiments, parent).await
    }

    async fn run(&self, id: &RunId) -> Result<Run> {
        runs::get(self, id).await
    }

    async fn histories(
        &self,
        runs: &[RunId],
        metric: &str,
        resolution: Resolution,
    ) -> Result<Vec<MetricHistory>> {
        histories::read_histories(self, runs, metric, resolution).await
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
        logged_models::get(self, id).await
    }

    async fn logged_models(
        &self,
        experiment: &ExperimentId,
        run: &RunId,
    ) -> Result<Vec<LoggedModel>> {
        logged_models::of_run(self, experiment, run).await
    }

    async fn models(&self) -> Result<Vec<RegisteredModel>> {
        registry::models(self).await
    }

    async fn prompts(&self) -> Result<Vec<RegisteredModel>> {
        registry::prompts(self).await
    }

    async fn model(&self, name: &ModelName) -> Result<RegisteredModel> {
        registry::model(self, name).await
    }

    async fn versions(&self, name: &ModelName) -> Result<Vec<ModelVersion>> {
        registry::versions(self, name).await
    }

    async fn versions_of_run(&self, run: &RunId) -> Result<Vec<ModelVersion>> {
        registry::versions_of_run(self, run).await
    }

    async fn downstream(&self, of: &Upstream) -> Result<Downstream> {
        downstream::find_downstream(self, of).await
    }

    async fn revision(&self) -> Result<Option<u64>> {
        self.database.revision().await
    }
}
