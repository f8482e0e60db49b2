//! Artifacts: where a run's or a logged model's files are, and reading them where that is on this machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};
use url::Url;

use super::SqliteStore;
use super::connection::{Failure, blocking};
use super::schema::Schema;
use super::values::{at, text};
use crate::domain::{Artifact, ArtifactHome, FaultKind, Preview};
use crate::store::local_files::{self, Refusal};
use crate::store::{Answer, limits};

/// Where `mlflow server` keeps proxied artifacts unless it is told otherwise, from the folder it is started in.
const PROXIED: &str = "mlartifacts";

impl From<Refusal> for Failure {
    fn from((kind, why): Refusal) -> Self {
        Self::Known(kind, why)
    }
}

/// The files and folders directly under `path`.
pub(super) async fn list(
    store: &SqliteStore,
    home: &ArtifactHome,
    path: &str,
) -> Answer<Vec<Artifact>> {
    let what = format!("listing artifacts of {}", name(home));
    let root = root(store, &what, home).await?;
    let path = path.to_owned();
    blocking(what, move || {
        if path.is_empty() && !root.exists() {
            return nothing_there(&root);
        }
        Ok(local_files::list(&root, &path)?)
    })
    .await
}

/// The first bytes of a file.
pub(super) async fn preview(
    store: &SqliteStore,
    home: &ArtifactHome,
    path: &str,
    limit: u64,
) -> Answer<Preview> {
    let what = format!("reading an artifact of {}", name(home));
    let root = root(store, &what, home).await?;
    let (path, limit) = (path.to_owned(), limit.min(limits::DOCUMENT_BYTES));
    blocking(what, move || Ok(local_files::preview(&root, &path, limit)?)).await
}

fn name(home: &ArtifactHome) -> String {
    match home {
        ArtifactHome::Run(id) => format!("run {}", id.clean()),
        ArtifactHome::LoggedModel(id) => format!("logged model {}", id.clean()),
    }
}

/// A run that logged no file has no folder. Where its experiment has one, that is all there is to say; where even
/// that is absent, the files may be on another machine.
fn nothing_there(root: &Path) -> Result<Vec<Artifact>, Failure> {
    if root.ancestors().skip(1).take(2).any(Path::is_dir) {
        return Ok(Vec::new());
    }
    let why = format!(
        "{} is not on this machine: no file was logged, or it was logged elsewhere",
        root.display()
    );
    Err(Failure::Known(FaultKind::Missing, why))
}

/// The folder of a home's artifacts.
async fn root(store: &SqliteStore, what: &str, home: &ArtifactHome) -> Answer<PathBuf> {
    let (schema, home) = (Arc::clone(&store.schema), home.clone());
    let beside = store
        .database
        .path()
        .parent()
        .unwrap_or(Path::new(""))
        .to_owned();
    store
        .database
        .read(what, move |connection| {
            folder(&location(connection, &schema, &home)?, &beside)
        })
        .await
}

fn location(
    connection: &Connection,
    schema: &Schema,
    home: &ArtifactHome,
) -> Result<String, Failure> {
    let (table, id, uri, value) = match home {
        ArtifactHome::Run(id) => ("runs", "run_uuid", "artifact_uri", id.raw()),
        ArtifactHome::LoggedModel(id) => {
            ("logged_models", "model_id", "artifact_location", id.raw())
        }
    };
    if !schema.has(table, uri) {
        return Err(Failure::Known(
            FaultKind::Unsupported,
            format!("the file has no {table}"),
        ));
    }
    let sql = format!("SELECT h.{uri} FROM {table} AS h WHERE h.{id} = ?1");
    let found = connection
        .query_row(&sql, [value], |row| Ok(text(at(row, 0)).raw().to_owned()))
        .optional()?;
    found.ok_or_else(|| Failure::Known(FaultKind::Missing, "there is no such thing".to_owned()))
}

/// The local folder that a location names; `beside` is the folder of the database.
fn folder(location: &str, beside: &Path) -> Result<PathBuf, Failure> {
    let unsupported = |why: String| Err(Failure::Known(FaultKind::Unsupported, why));
    let scheme = location
        .split_once(":/")
        .map(|(scheme, _)| scheme)
        .filter(|scheme| is_scheme(scheme));
    match scheme {
        None if location.is_empty() => {
            unsupported("the store does not say where they are".to_owned())
        }
        None => Ok(beside_or_here(Path::new(location), beside)),
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
            let stored = beside.join(PROXIED).join(&path);
            let is_known = stored
                .ancestors()
                .take(3)
                .any(|folder| folder.is_dir() && folder.starts_with(beside.join(PROXIED)));
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
fn beside_or_here(path: &Path, beside: &Path) -> PathBuf {
    let candidate = beside.join(path);
    if path.is_relative() && !candidate.exists() && path.exists() {
        path.to_owned()
    } else {
        candidate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(location: &str, beside: &Path) -> Result<PathBuf, FaultKind> {
        folder(location, beside).map_err(|failure| failure.during("").kind)
    }

    #[test]
    fn local_places_are_found_and_others_named() {
        let beside = Path::new("/data");
        assert_eq!(found("/a/b:/c", beside), Ok("/a/b:/c".into()));
        assert_eq!(
            found("file:///a/with%20space", beside),
            Ok("/a/with space".into())
        );
        assert_eq!(
            found("mlruns/1/r/artifacts", beside),
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
                found(elsewhere, beside),
                Err(FaultKind::Unsupported),
                "{elsewhere}"
            );
        }
    }

    #[test]
    fn proxied_artifacts_are_found_in_the_usual_folder() {
        let beside = tempfile::tempdir().unwrap();
        let stored = beside.path().join("mlartifacts/1/r/artifacts");
        std::fs::create_dir_all(&stored).unwrap();
        assert_eq!(
            found("mlflow-artifacts:/1/r/artifacts", beside.path()),
            Ok(stored)
        );
    }
}
