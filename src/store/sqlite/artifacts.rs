//! Artifacts of runs and logged models, where their location is on this machine.

use std::path::{Path, PathBuf};

use super::SqliteStore;
use super::connection::{QueryError, Tables, run_blocking};
use super::values::text;
use crate::domain::{Artifact, ArtifactOwner, Preview};
use crate::store::artifact_location::{list_missing_root, local_path};
use crate::store::local_artifacts::{self, ArtifactError};
use crate::store::{ByteSender, Result, limits};
use crate::text::untrusted::clean;

impl From<ArtifactError> for QueryError {
    fn from((kind, why): ArtifactError) -> Self {
        Self::Store(kind, why)
    }
}

/// The files and folders directly under `path`.
pub(super) async fn list(
    store: &SqliteStore,
    owner: &ArtifactOwner,
    path: &str,
) -> Result<Vec<Artifact>> {
    let what = format!("listing artifacts of {}", describe_owner(owner));
    let root = artifact_root(store, &what, owner).await?;
    let path = path.to_owned();
    run_blocking(&what, move || {
        if path.is_empty() && !root.exists() {
            return Ok(list_missing_root(&root)?);
        }
        Ok(local_artifacts::list_directory(&root, &path)?)
    })
    .await
}

/// The first bytes of a file.
pub(super) async fn preview(
    store: &SqliteStore,
    owner: &ArtifactOwner,
    path: &str,
    limit: u64,
) -> Result<Preview> {
    let what = format!("reading an artifact of {}", describe_owner(owner));
    let root = artifact_root(store, &what, owner).await?;
    let (path, limit) = (path.to_owned(), limit.min(limits::ARTIFACT_BYTES));
    run_blocking(&what, move || {
        Ok(local_artifacts::read_prefix(&root, &path, limit)?)
    })
    .await
}

/// Sends all bytes of a file.
pub(super) async fn read(
    store: &SqliteStore,
    owner: &ArtifactOwner,
    path: &str,
    to: &ByteSender,
) -> Result<()> {
    let what = format!("reading {} of {}", clean(path), describe_owner(owner));
    let root = artifact_root(store, &what, owner).await?;
    let (path, to) = (path.to_owned(), to.clone());
    run_blocking(&what, move || {
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
async fn artifact_root(store: &SqliteStore, what: &str, owner: &ArtifactOwner) -> Result<PathBuf> {
    let owner = owner.clone();
    let database_dir = store.database.path().parent().unwrap_or(Path::new(""));
    let database_dir = database_dir.to_owned();
    let read =
        move |tables: Tables<'_>| Ok(local_path(&artifact_uri(tables, &owner)?, &database_dir)?);
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
        return QueryError::unsupported(format!("the file has no {table}.{uri}"));
    }
    let sql = format!("SELECT o.{uri} FROM {table} AS o WHERE o.{id} = ?1");
    match tables.first(&sql, [value], |row| text(row, 0).raw().to_owned())? {
        Some(uri) => Ok(uri),
        None => QueryError::not_found(&format!("no such {}", table.trim_end_matches('s'))),
    }
}
