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
    Access, Answer, Features, Made, MadeFrom, Opened, Page, PageToken, Read, Resolution,
    RunChanges, RunQuery, View,
};
use crate::domain::{
    Artifact, ArtifactHome, Experiment, ExperimentId, FaultKind, History, LoggedModel,
    LoggedModelId, ModelName, ModelVersion, Preview, RegisteredModel, Run, RunId,
};
use crate::text::untrusted::clean;

mod artifacts;
mod changes;
mod connection;
mod describe;
mod experiments;
mod histories;
mod listing;
mod logged_models;
mod made_from;
mod names;
mod nested;
mod new_version;
mod newest;
mod registry;
mod run_parts;
mod runs;
mod schema;
mod trash;
mod values;
mod versions;
mod writer;

use connection::{Database, Failure, Held, blocking};
use listing::Walks;
use schema::Schema;
use writer::SqliteWriter;

/// Opens the file: for reading always, for writing only where the session and the file's schema allow it.
///
/// # Errors
/// When it is missing, unreadable, no SQLite file, or no MLflow store.
pub async fn open(path: &Path, access: Access) -> Answer<Opened> {
    let what = format!("opening {}", clean(&path.to_string_lossy()));
    let path = path.to_owned();
    let (database, schema, denied) = blocking(what, move || {
        // An absolute path keeps its meaning if the folder is changed, and is never taken for an address.
        let database = Database::new(std::fs::canonicalize(&path).unwrap_or(path));
        let held = database.hold()?;
        let schema = Schema::read(&held.connection)?;
        if !schema.is_mlflow() {
            let why = "it is a SQLite file, but no MLflow store: it has no experiments and runs";
            return Err(Failure::Known(FaultKind::Malformed, why.to_owned()));
        }
        let denied = if access == Access::ReadWrite {
            database.why_not_written()
        } else {
            None
        };
        Ok((database, schema, denied))
    })
    .await?;
    let read_only = if schema.has_registry() {
        schema.why_not_written()
    } else {
        Some("the file has no model registry".to_owned())
    };
    let read_only = read_only.or(denied);
    let may_write = access == Access::ReadWrite && read_only.is_none();
    let store = Arc::new(SqliteStore::new(database, Arc::new(schema), read_only));
    let writer = may_write
        .then(|| Arc::new(SqliteWriter::new(Arc::clone(&store.database))) as super::Writer);
    Ok(Opened {
        reader: store,
        writer,
    })
}

/// A file that is open for reading.
struct SqliteStore {
    name: String,
    origin: String,
    database: Arc<Database>,
    schema: Arc<Schema>,
    read_only: Option<String>,
    walks: Walks,
    /// A connection of its own: SQLite counts other connections' changes for each connection separately.
    pulse: Arc<Mutex<Option<Held>>>,
}

impl SqliteStore {
    fn new(database: Arc<Database>, schema: Arc<Schema>, read_only: Option<String>) -> Self {
        let path = database.path();
        Self {
            name: path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned(),
            origin: path.to_string_lossy().into_owned(),
            walks: Walks::default(),
            pulse: Arc::default(),
            database,
            schema,
            read_only,
        }
    }
}

#[async_trait]
impl Read for SqliteStore {
    fn name(&self) -> &str {
        &self.name
    }

    fn origin(&self) -> &str {
        &self.origin
    }

    async fn features(&self) -> Answer<Features> {
        Ok(Features {
            product: self.schema.product(),
            filters: false,
            bulk_histories: true,
            whole_histories: true,
            logged_models: self.schema.has_table("logged_models"),
            registry: self.schema.has_registry(),
            read_only: self.read_only.clone(),
        })
    }

    async fn experiments(&self, view: View) -> Answer<Vec<Experiment>> {
        experiments::all(self, view).await
    }

    async fn runs(&self, query: &RunQuery, from: Option<&PageToken>) -> Answer<Page<Run>> {
        runs::page(self, query, from).await
    }

    async fn changes(&self, changes: &RunChanges) -> Answer<Vec<Run>> {
        newest::changes(self, changes).await
    }

    async fn nested(&self, experiments: &[ExperimentId], parent: &RunId) -> Answer<Vec<Run>> {
        nested::of(self, experiments, parent).await
    }

    async fn run(&self, id: &RunId) -> Answer<Run> {
        runs::one(self, id).await
    }

    async fn histories(
        &self,
        runs: &[RunId],
        metric: &str,
        resolution: Resolution,
    ) -> Answer<Vec<History>> {
        histories::of(self, runs, metric, resolution).await
    }

    async fn artifacts(&self, home: &ArtifactHome, path: &str) -> Answer<Vec<Artifact>> {
        artifacts::list(self, home, path).await
    }

    async fn preview(&self, home: &ArtifactHome, path: &str, limit: u64) -> Answer<Preview> {
        artifacts::preview(self, home, path, limit).await
    }

    async fn logged_model(&self, id: &LoggedModelId) -> Answer<LoggedModel> {
        logged_models::one(self, id).await
    }

    async fn logged_models(
        &self,
        experiment: &ExperimentId,
        run: &RunId,
    ) -> Answer<Vec<LoggedModel>> {
        logged_models::of_run(self, experiment, run).await
    }

    async fn models(&self) -> Answer<Vec<RegisteredModel>> {
        registry::models(self).await
    }

    async fn model(&self, name: &ModelName) -> Answer<RegisteredModel> {
        registry::model(self, name).await
    }

    async fn versions(&self, name: &ModelName) -> Answer<Vec<ModelVersion>> {
        registry::versions(self, name).await
    }

    async fn versions_of_run(&self, run: &RunId) -> Answer<Vec<ModelVersion>> {
        registry::versions_of_run(self, run).await
    }

    async fn made_from(&self, of: &MadeFrom) -> Answer<Made> {
        made_from::of(self, of).await
    }

    async fn pulse(&self) -> Answer<Option<u64>> {
        let (database, pulse) = (Arc::clone(&self.database), Arc::clone(&self.pulse));
        blocking("looking for changes", move || {
            let mut pulse = pulse.lock().unwrap_or_else(PoisonError::into_inner);
            let held = match pulse.take().filter(|held| database.is_current(held)) {
                Some(held) => held,
                None => database.hold()?,
            };
            let changes: i64 = held
                .connection
                .pragma_query_value(None, "data_version", |row| row.get(0))?;
            let found = database.metadata()?;
            let mut hasher = DefaultHasher::new();
            (changes, found.len(), found.modified().ok()).hash(&mut hasher);
            *pulse = Some(held);
            Ok(Some(hasher.finish()))
        })
        .await
    }
}
