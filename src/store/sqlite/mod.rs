//! MLflow's SQLite file (`mlflow.db` of MLflow 3.x and 2.x), opened directly.
//!
//! MLflow may be writing the file at the same time. Every query is short and fetched at once, so
//! that no training run waits longer than a few milliseconds, and only the registry and the
//! lifecycle of runs are ever written. A read-only session has no connection that could write.
//!
//! A file in WAL mode, which MLflow never chooses, is read like any other. SQLite then keeps `-wal` and
//! `-shm` files next to it; those that a session made are removed at its end, unless others use them.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{
    AccessMode, ByteSender, ChangedRunsQuery, Downstream, Features, LifecycleFilter, Page,
    PageToken, ReadStore, Resolution, Result, RunQuery, StoreHandle, Upstream, Writer,
};
use crate::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, LoggedModel, LoggedModelId, MetricHistory,
    ModelName, ModelVersion, Preview, RegisteredModel, Run, RunId, StoreErrorKind,
};
use crate::store::pagination::ListingCache;
use crate::text::untrusted::clean;

mod artifacts;
mod connection;
mod create_version;
mod downstream;
mod experiments;
mod histories;
mod known_schemas;
mod logged_models;
mod registry;
mod run_data;
mod run_queries;
mod runs;
mod schema;
mod sql_preview;
mod values;
mod versions;
mod writer;
mod writes;

pub use known_schemas::{KNOWN_SCHEMAS, sqlite_version};

use connection::{Database, QueryError, ReadConnection, run_blocking};
use writer::SqliteWriter;

/// Opens the file.
///
/// # Errors
/// When it is missing, unreadable or not an MLflow store.
pub async fn open(path: &Path, mode: AccessMode) -> Result<StoreHandle> {
    let what = format!("opening {}", clean(&path.to_string_lossy()));
    let path = path.to_owned();
    let (database, access) = run_blocking(&what, move || {
        // An absolute path stays valid when the working folder changes, and is never parsed as a
        // URI.
        let database = Database::open(std::fs::canonicalize(&path).unwrap_or(path))?;
        if !database.schema().is_mlflow() {
            return Err(QueryError::Store(
                StoreErrorKind::InvalidResponse,
                "not an MLflow store: the database has no experiments and runs".to_owned(),
            ));
        }
        if let Some(table) = database.schema().view_in_place_of_table() {
            return Err(QueryError::Store(
                StoreErrorKind::InvalidResponse,
                format!("not an MLflow store: {table} is a view, not a table"),
            ));
        }
        let access = match (database.schema().read_only_reason(), mode) {
            (Some(reason), _) | (None, AccessMode::ReadOnly(reason)) => Err(reason),
            (None, AccessMode::ReadWrite) => database.read_only_reason().map_or(Ok(()), Err),
        };
        Ok((database, access))
    })
    .await?;
    let writer = access.map(|()| Arc::new(SqliteWriter(Arc::clone(&database))) as Writer);
    Ok(StoreHandle {
        reader: Arc::new(SqliteStore::new(database)),
        writer,
    })
}

struct SqliteStore {
    name: String,
    origin: String,
    /// Kept open: `PRAGMA data_version` counts changes relative to its connection. It closes before the database does.
    revision_connection: Arc<Mutex<Option<ReadConnection>>>,
    database: Arc<Database>,
    listing_cache: ListingCache,
}

impl SqliteStore {
    fn new(database: Arc<Database>) -> Self {
        let path = database.path();
        let file_name = path.file_name().unwrap_or(path.as_os_str());
        Self {
            name: file_name.to_string_lossy().into_owned(),
            origin: path.to_string_lossy().into_owned(),
            listing_cache: ListingCache::default(),
            revision_connection: Arc::default(),
            database,
        }
    }
}

#[async_trait]
impl ReadStore for SqliteStore {
    fn name(&self) -> &str {
        &self.name
    }

    fn origin(&self) -> &str {
        &self.origin
    }

    fn local_folder(&self) -> Option<&Path> {
        self.database.path().parent()
    }

    fn tracking_uri(&self) -> String {
        format!("sqlite:///{}", self.origin)
    }

    async fn features(&self) -> Result<Features> {
        Ok(Features {
            product: self.database.schema().product(),
            can_filter: false,
            has_bulk_histories: true,
            has_cheap_full_histories: true,
            has_logged_models: self.database.schema().has_table("logged_models"),
            has_registry: self.database.schema().has_registry(),
            has_transition_requests: false,
        })
    }

    async fn experiments(&self, lifecycle: LifecycleFilter) -> Result<Vec<Experiment>> {
        experiments::list(self, lifecycle).await
    }

    async fn runs(&self, query: &RunQuery, from: Option<&PageToken>) -> Result<Page<Run>> {
        runs::page(self, query, from).await
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
        let (database, revision_connection) = (
            Arc::clone(&self.database),
            Arc::clone(&self.revision_connection),
        );
        run_blocking("checking for changes", move || {
            let mut connection = revision_connection
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let current = database.reuse_or_open(connection.take())?;
            let changes: i64 =
                current
                    .connection
                    .pragma_query_value(None, "data_version", |row| row.get(0))?;
            let metadata = database.metadata()?;
            let mut hasher = DefaultHasher::new();
            (changes, metadata.len(), metadata.modified().ok()).hash(&mut hasher);
            *connection = Some(current);
            Ok(Some(hasher.finish()))
        })
        .await
    }
}
