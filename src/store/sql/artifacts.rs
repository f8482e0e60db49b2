//! Artifacts of runs and logged models, where their location is on this machine.

use std::path::{Path, PathBuf};

use super::SqlStore;
use super::tables::{QueryError, Tables, params};
use super::values::text;
use crate::domain::{Artifact, ArtifactOwner, Preview};
use crate::store::artifact_location::{list_missing_root, local_path};
use crate::store::local_artifacts::{self, ArtifactError};
use crate::store::{ByteSender, Result, limits};
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
    let path = path.to_owned();
    store
        .database
        .run_blocking(&what, move || {
            if path.is_empty() && !root.exists() {
                return Ok(list_missing_root(&root)?);
            }
            Ok(local_artifacts::list_directory(&root, &path)?)
        })
        .await
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
    let (path, limit) = (path.to_owned(), limit.min(limits::ARTIFACT_BYTES));
    store
        .database
        .run_blocking(&what, move || {
            Ok(local_artifacts::read_prefix(&root, &path, limit)?)
        })
        .await
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
    let (path, to) = (path.to_owned(), to.clone());
    store
        .database
        .run_blocking(&what, move || {
            Ok(local_artifacts::send_file(&root, &path, &to)?)
        })
        .await
}

fn describe_owner(owner: &ArtifactOwner) -> String {
    match owner {
        ArtifactOwner::Run(id) => format!("run {}", id.clean()),
        ArtifactOwner::LoggedModel(id) => format!("logged model {}", id.clean()),
    }
}

/// The folder of an owner's artifacts.
async fn artifact_root(store: &SqlStore, what: &str, owner: &ArtifactOwner) -> Result<PathBuf> {
    let owner = owner.clone();
    // Relative locations of a database server are those of this folder.
    let base = store.database.folder().unwrap_or(Path::new("")).to_owned();
    let read = move |tables: Tables<'_>| Ok(local_path(&artifact_uri(tables, &owner)?, &base)?);
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
