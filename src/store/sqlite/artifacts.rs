//! Artifacts of runs and logged models, where their location is on this machine.

use std::path::{Path, PathBuf};

use url::Url;

use super::SqliteStore;
use super::connection::{QueryError, Tables, run_blocking};
use super::values::text;
use crate::domain::{Artifact, ArtifactOwner, Preview};
use crate::store::local_artifacts::{self, ArtifactError};
use crate::store::{Result, limits};

/// Where `mlflow server` stores proxied artifacts by default, relative to its working folder.
const PROXIED_ARTIFACTS_DIR: &str = "mlartifacts";

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
            return list_missing_root(&root);
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

fn describe_owner(owner: &ArtifactOwner) -> String {
    match owner {
        ArtifactOwner::Run(id) => format!("run {}", id.clean()),
        ArtifactOwner::LoggedModel(id) => format!("logged model {}", id.clean()),
    }
}

/// A run that logged no file has no folder: there are no artifacts if its experiment has one.
/// Otherwise the files may be on another machine.
fn list_missing_root(root: &Path) -> Result<Vec<Artifact>, QueryError> {
    if root.ancestors().skip(1).take(2).any(Path::is_dir) {
        return Ok(Vec::new());
    }
    QueryError::not_found(&format!(
        "{} is not on this machine: no file was logged, or it was logged elsewhere",
        root.display()
    ))
}

/// The folder of an owner's artifacts.
async fn artifact_root(store: &SqliteStore, what: &str, owner: &ArtifactOwner) -> Result<PathBuf> {
    let owner = owner.clone();
    let database_dir = store.database.path().parent().unwrap_or(Path::new(""));
    let database_dir = database_dir.to_owned();
    let read = move |tables: Tables<'_>| local_path(&artifact_uri(tables, &owner)?, &database_dir);
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

/// The local folder of an artifact URI; relative ones are relative to the database's folder.
fn local_path(location: &str, database_dir: &Path) -> Result<PathBuf, QueryError> {
    let unsupported = QueryError::unsupported;
    let scheme = location
        .split_once(":/")
        .map(|(scheme, _)| scheme)
        .filter(|scheme| is_scheme(scheme));
    match scheme {
        None if location.is_empty() => unsupported("the artifact location is empty".to_owned()),
        None => Ok(resolve_relative(Path::new(location), database_dir)),
        Some("file") => match Url::parse(location)
            .ok()
            .and_then(|url| url.to_file_path().ok())
        {
            Some(path) => Ok(path),
            None => unsupported(format!(
                "the artifact location {location} is not on this machine"
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
                "the artifacts are at {location}, behind the server's artifact proxy; open the server instead"
            ))
        }
        Some(_) => unsupported(format!(
            "can't read artifacts at {location}; open the store's server instead"
        )),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// MLflow resolves a relative path in its working folder, which most often contains the database.
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
    use crate::domain::StoreErrorKind;

    fn resolve(location: &str, database_dir: &Path) -> Result<PathBuf, StoreErrorKind> {
        local_path(location, database_dir).map_err(|error| error.into_store_error("").kind)
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
