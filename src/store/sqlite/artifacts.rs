//! Artifacts: where a run's or a logged model's files are, and reading them where that is on this machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};
use url::Url;

use super::SqliteStore;
use super::connection::{QueryError, run_blocking};
use super::schema::Schema;
use super::values::{column_value, text};
use crate::domain::{Artifact, ArtifactOwner, Preview, StoreErrorKind};
use crate::store::local_artifacts::{self, ArtifactError};
use crate::store::{Result, limits};

/// Where `mlflow server` keeps proxied artifacts unless it is told otherwise, from the folder it is started in.
const PROXIED_ARTIFACTS_DIR: &str = "mlartifacts";

impl From<ArtifactError> for QueryError {
    fn from((kind, why): ArtifactError) -> Self {
        Self::Store(kind, why)
    }
}

/// The files and folders directly under `path`.
pub(super) async fn list(
    store: &SqliteStore,
    home: &ArtifactOwner,
    path: &str,
) -> Result<Vec<Artifact>> {
    let what = format!("listing artifacts of {}", describe_home(home));
    let root = artifact_root(store, &what, home).await?;
    let path = path.to_owned();
    run_blocking(what, move || {
        if path.is_empty() && !root.exists() {
            return list_missing_root(&root);
        }
        Ok(local_artifacts::list_directory(&root, &path)?)
    })
    .await
}

/// The first bytes of a file.
pub(super) async fn preview(
    store: &SqliteStore,
    home: &ArtifactOwner,
    path: &str,
    limit: u64,
) -> Result<Preview> {
    let what = format!("reading an artifact of {}", describe_home(home));
    let root = artifact_root(store, &what, home).await?;
    let (path, limit) = (path.to_owned(), limit.min(limits::ARTIFACT_BYTES));
    run_blocking(what, move || {
        Ok(local_artifacts::read_prefix(&root, &path, limit)?)
    })
    .await
}

fn describe_home(home: &ArtifactOwner) -> String {
    match home {
        ArtifactOwner::Run(id) => format!("run {}", id.clean()),
        ArtifactOwner::LoggedModel(id) => format!("logged model {}", id.clean()),
    }
}

/// A run that logged no file has no folder. Where its experiment has one, that is all there is to say; where even
/// that is absent, the files may be on another machine.
fn list_missing_root(root: &Path) -> Result<Vec<Artifact>, QueryError> {
    if root.ancestors().skip(1).take(2).any(Path::is_dir) {
        return Ok(Vec::new());
    }
    let why = format!(
        "{} is not on this machine: no file was logged, or it was logged elsewhere",
        root.display()
    );
    Err(QueryError::Store(StoreErrorKind::NotFound, why))
}

/// The folder of a home's artifacts.
async fn artifact_root(store: &SqliteStore, what: &str, home: &ArtifactOwner) -> Result<PathBuf> {
    let (schema, home) = (Arc::clone(&store.schema), home.clone());
    let database_dir = store
        .database
        .path()
        .parent()
        .unwrap_or(Path::new(""))
        .to_owned();
    store
        .database
        .read(what, move |connection| {
            local_path(&artifact_uri(connection, &schema, &home)?, &database_dir)
        })
        .await
}

fn artifact_uri(
    connection: &Connection,
    schema: &Schema,
    home: &ArtifactOwner,
) -> Result<String, QueryError> {
    let (table, id, uri, value) = match home {
        ArtifactOwner::Run(id) => ("runs", "run_uuid", "artifact_uri", id.raw()),
        ArtifactOwner::LoggedModel(id) => {
            ("logged_models", "model_id", "artifact_location", id.raw())
        }
    };
    if !schema.has_column(table, uri) {
        return Err(QueryError::Store(
            StoreErrorKind::Unsupported,
            format!("the file has no {table}"),
        ));
    }
    let sql = format!("SELECT h.{uri} FROM {table} AS h WHERE h.{id} = ?1");
    let found = connection
        .query_row(&sql, [value], |row| {
            Ok(text(column_value(row, 0)).raw().to_owned())
        })
        .optional()?;
    found.ok_or_else(|| {
        QueryError::Store(
            StoreErrorKind::NotFound,
            "there is no such thing".to_owned(),
        )
    })
}

/// The local folder that a location names; `beside` is the folder of the database.
fn local_path(location: &str, database_dir: &Path) -> Result<PathBuf, QueryError> {
    let unsupported = |why: String| Err(QueryError::Store(StoreErrorKind::Unsupported, why));
    let scheme = location
        .split_once(":/")
        .map(|(scheme, _)| scheme)
        .filter(|scheme| is_scheme(scheme));
    match scheme {
        None if location.is_empty() => {
            unsupported("the store does not say where they are".to_owned())
        }
        None => Ok(resolve_relative(Path::new(location), database_dir)),
        Some("file") => match Url::parse(location)
            .ok()
            .and_then(|url| url.to_file_path().ok())
        {
            Some(path) => Ok(path),
            None => unsupported(format!(
                "they are at {location}, which names no file on this machine"
            )),
        },
        Some("mlflow-artifacts") => {
            let path = Url::parse(location)
                .map(|url| url.path().trim_start_matches('/').to_owned())
                .unwrap_or_default();
            let stored = database_dir.join(PROXIED_ARTIFACTS_DIR).join(&path);
            let is_known = stored.ancestors().take(3).any(|folder| {
                folder.is_dir() && folder.starts_with(database_dir.join(PROXIED_ARTIFACTS_DIR))
            });
            if is_known
                && !Path::new(&path)
                    .components()
                    .any(|part| part == std::path::Component::ParentDir)
            {
                return Ok(stored);
            }
            unsupported(format!(
                "they are at {location}, behind the artifact proxy of this store's server: open the server instead"
            ))
        }
        Some(_) => unsupported(format!(
            "they are at {location}, which this program does not read; the store's server may"
        )),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// MLflow takes a relative path from the folder it was started in, which most often holds the database.
fn resolve_relative(path: &Path, database_dir: &Path) -> PathBuf {
    let candidate = database_dir.join(path);
    if path.is_relative() && !candidate.exists() && path.exists() {
        path.to_owned()
    } else {
        candidate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(location: &str, database_dir: &Path) -> Result<PathBuf, StoreErrorKind> {
        local_path(location, database_dir).map_err(|failure| failure.into_store_error("").kind)
    }

    #[test]
    fn resolves_local_paths_and_rejects_remote_uris() {
        let database_dir = Path::new("/data");
        assert_eq!(resolve("/a/b:/c", database_dir), Ok("/a/b:/c".into()));
        assert_eq!(
            resolve("file:///a/with%20space", database_dir),
            Ok("/a/with space".into())
        );
        assert_eq!(
            resolve("mlruns/1/r/artifacts", database_dir),
            Ok("/data/mlruns/1/r/artifacts".into())
        );
        for elsewhere in [
            "s3://bucket/x",
            "dbfs:/x",
            "mlflow-artifacts:/1/r/artifacts",
            "",
            "file://host/share",
        ] {
            assert_eq!(
                resolve(elsewhere, database_dir),
                Err(StoreErrorKind::Unsupported),
                "{elsewhere}"
            );
        }
    }

    #[test]
    fn finds_proxied_artifacts_in_the_default_directory() {
        let database_dir = tempfile::tempdir().unwrap();
        let stored = database_dir.path().join("mlartifacts/1/r/artifacts");
        std::fs::create_dir_all(&stored).unwrap();
        assert_eq!(
            resolve("mlflow-artifacts:/1/r/artifacts", database_dir.path()),
            Ok(stored)
        );
    }
}
