//! Artifacts of runs and logged models.

use std::path::Path;

use super::SqlStore;
use super::tables::{QueryError, Tables, params};
use super::values::text;
use crate::domain::{Artifact, ArtifactOwner, Preview};
use crate::store::artifact_location::ArtifactRoot;
use crate::store::local_artifacts::ArtifactError;
use crate::store::{ByteSender, Result};
use crate::text::untrusted::clean;

impl From<ArtifactError> for QueryError {
    fn from((kind, why): ArtifactError) -> Self {
        Self::new(kind, why)
    }
}

/// The files and folders directly under `path`.
pub(super) async fn list(
    store: &SqlStore,
    owner: &ArtifactOwner,
    path: &str,
) -> Result<Vec<Artifact>> {
    let what = format!("listing artifacts of {}", describe_owner(owner));
    let root = artifact_root(store, &what, owner).await?;
    root.list(&store.objects, path, &what).await
}

/// The first bytes of a file.
pub(super) async fn preview(
    store: &SqlStore,
    owner: &ArtifactOwner,
    path: &str,
    limit: u64,
) -> Result<Preview> {
    let what = format!("reading an artifact of {}", describe_owner(owner));
    let root = artifact_root(store, &what, owner).await?;
    root.preview(&store.objects, (path, limit), &what).await
}

/// Sends all bytes of a file.
pub(super) async fn read(
    store: &SqlStore,
    owner: &ArtifactOwner,
    path: &str,
    to: &ByteSender,
) -> Result<()> {
    let what = format!("reading {} of {}", clean(path), describe_owner(owner));
    let root = artifact_root(store, &what, owner).await?;
    root.read(&store.objects, (path, to), &what).await
}

fn describe_owner(owner: &ArtifactOwner) -> String {
    match owner {
        ArtifactOwner::Run(id) => format!("run {}", id.clean()),
        ArtifactOwner::LoggedModel(id) => format!("logged model {}", id.clean()),
    }
}

async fn artifact_root(
    store: &SqlStore,
    what: &str,
    owner: &ArtifactOwner,
) -> Result<ArtifactRoot> {
    let owner = owner.clone();
    // Relative locations of a database server are those of this folder.
    let base = store.database.folder().unwrap_or(Path::new("")).to_owned();
    let read = move |tables: Tables<'_>| {
        let uri = artifact_uri(tables, &owner)?;
        Ok(ArtifactRoot::parse(&uri, &base)?)
    };
    store.database.read(what, read).await
}

fn artifact_uri(tables: Tables<'_>, owner: &ArtifactOwner) -> Result<String, QueryError> {
    let (table, id, uri, value) = match owner {
        ArtifactOwner::Run(id) => ("runs", "run_uuid", "artifact_uri", id.raw()),
        ArtifactOwner::LoggedModel(id) => {
            ("logged_models", "model_id", "artifact_location", id.raw())
        }
    };
    if !tables.schema.has_column(table, uri) {
        return QueryError::unsupported(format!("the store has no {table}.{uri}"));
    }
    let sql = format!("SELECT o.{uri} FROM {table} AS o WHERE o.{id} = ?1");
    match tables.first(&sql, &params![value], |row| text(row, 0).raw().to_owned())? {
        Some(uri) => Ok(uri),
        None => QueryError::not_found(&format!("no such {}", table.trim_end_matches('s'))),
    }
}
