//! MLflow's own SQLite file, opened directly: `mlflow.db` of MLflow 3.x and 2.x.
//!
//! The file belongs to MLflow, which may be writing it at the same time. Every question is short and fully fetched,
//! so that no training run ever waits for us longer than a few milliseconds, and nothing but the registry is ever
//! written. In a session that may not write there is no connection that could.
//!
//! A file in WAL mode, which MLflow never chooses, is read like any other, but SQLite itself then keeps its `-wal`
//! and `-shm` files beside it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{
    AccessMode, ChangedRunsQuery, Downstream, Features, LifecycleFilter, Page, PageToken,
    ReadStore, Resolution, Result, RunQuery, StoreHandle, Upstream,
};
use crate::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, LoggedModel, LoggedModelId, MetricHistory,
    ModelName, ModelVersion, Preview, RegisteredModel, Run, RunId, StoreErrorKind,
};
use crate::text::untrusted::clean;

mod artifacts;
mod changed_runs;
mod connection;
mod create_version;
mod downstream;
mod experiments;
mod histories;
mod logged_models;
mod nested_runs;
mod pagination;
mod registry;
mod registry_writes;
mod run_data;
mod run_lifecycle;
mod runs;
mod schema;
mod sql_preview;
mod validate;
mod values;
mod versions;
mod writer;

use connection::{Database, QueryError, ReadConnection, run_blocking};
use pagination::ListingCache;
use schema::Schema;
use writer::SqliteWriter;

/// Opens the file: for reading always, for writing only where the session and the file's schema allow it.
///
/// # Errors
/// When it is missing, unreadable, no SQLite file, or no MLflow store.
pub async fn open(path: &Path, mode: AccessMode) -> Result<StoreHandle> {
    let what = format!("opening {}", clean(&path.to_string_lossy()));
    let path = path.to_owned();
    let (database, schema, access) = run_blocking(what, move || {
        // An absolute path stays valid when the working folder changes, and is never parsed as a URI.
        let database = Database::new(std::fs::canonicalize(&path).unwrap_or(path));
        let read_connection = database.open_read_only()?;
        let schema = Schema::read(&read_connection.connection)?;
        if !schema.is_mlflow() {
            return Err(QueryError::Store(
                StoreErrorKind::InvalidResponse,
                "not an MLflow store: the database has no experiments and runs".to_owned(),
            ));
        }
        let access = match (schema.read_only_reason(), mode) {
            (Some(reason), _) | (None, AccessMode::ReadOnly(reason)) => Err(reason),
            (None, AccessMode::ReadWrite) => database.read_only_reason().map_or(Ok(()), Err),
        };
        Ok((database, schema, access))
    })
    .await?;
    let writer =
        access.map(|()| Arc::new(SqliteWriter::new(Arc::clone(&database))) as super::Writer);
    Ok(StoreHandle {
        reader: Arc::new(SqliteStore::new(database, Arc::new(schema))),
        writer,
    })
}

/// A file that is open for reading.
struct SqliteStore {
    name: String,
    origin: String,
    database: Arc<Database>,
    schema: Arc<Schema>,
    listing_cache: ListingCache,
    /// A connection of its own: SQLite counts other connections' changes for each connection separately.
    revision_connection: Arc<Mutex<Option<ReadConnection>>>,
}

impl SqliteStore {
    fn new(database: Arc<Database>, schema: Arc<Schema>) -> Self {
        let path = database.path();
        Self {
            name: path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned(),
            origin: path.to_string_lossy().into_owned(),
            listing_cache: ListingCache::default(),
            revision_connection: Arc::default(),
            database,
            schema,
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
            product: self.schema.product(),
            can_filter: false,
            has_bulk_histories: true,
            has_cheap_full_histories: true,
            has_logged_models: self.schema.has_table("logged_models"),
            has_registry: self.schema.has_registry(),
        })
    }

    async fn experiments(&self, view: LifecycleFilter) -> Result<Vec<Experiment>> {
        experiments::list(self, view).await
    }

    async fn runs(&self, query: &RunQuery, from: Option<&PageToken>) -> Result<Page<Run>> {
        runs::page(self, query, from).await
    }

    async fn changed_runs(&self, changes: &ChangedRunsQuery) -> Result<Vec<Run>> {
        changed_runs::changed_runs(self, changes).await
    }

    async fn nested_runs(&self, experiments: &[ExperimentId], parent: &RunId) -> Result<Vec<Run>> {
        nested_runs::nested_runs(self, experiments, parent).await
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

    async fn artifacts(&self, home: &ArtifactOwner, path: &str) -> Result<Vec<Artifact>> {
        artifacts::list(self, home, path).await
    }

    async fn preview(&self, home: &ArtifactOwner, path: &str, limit: u64) -> Result<Preview> {
        artifacts::preview(self, home, path, limit).await
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
        run_blocking("looking for changes", move || {
            let mut revision_connection = revision_connection
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let read_connection = match revision_connection
                .take()
                .filter(|held| database.is_current(held))
            {
                Some(held) => held,
                None => database.open_read_only()?,
            };
            let changes: i64 =
                read_connection
                    .connection
                    .pragma_query_value(None, "data_version", |row| row.get(0))?;
            let found = database.metadata()?;
            let mut hasher = DefaultHasher::new();
            (changes, found.len(), found.modified().ok()).hash(&mut hasher);
            *revision_connection = Some(read_connection);
            Ok(Some(hasher.finish()))
        })
        .await
    }
}
