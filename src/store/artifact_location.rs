//! Where the artifacts of a run or a logged model are: on this machine or in an object store.

use std::path::{Path, PathBuf};

use url::Url;

use super::local::run_blocking;
use super::local_artifacts::{ArtifactError, list_directory, read_prefix, send_file};
use super::objects::{ObjectClients, ObjectLocation};
use super::{ByteSender, limits};
use crate::domain::{Artifact, Preview, StoreError, StoreErrorKind};

/// Where `mlflow server` stores proxied artifacts by default, relative to its working folder.
const PROXIED_ARTIFACTS_DIR: &str = "mlartifacts";

/// The variable of MLflow's server for where it stores proxied artifacts.
const PROXIED_ARTIFACTS_VARIABLE: &str = "MLFLOW_ARTIFACTS_DESTINATION";

/// Where the artifacts of a run or a logged model are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ArtifactRoot {
    /// A folder on this machine.
    Local(PathBuf),
    /// A folder in an object store.
    Objects(ObjectLocation),
}

impl ArtifactRoot {
    /// The root of an artifact URI; relative paths are relative to `base_dir`.
    pub(super) fn parse(location: &str, base_dir: &Path) -> Result<Self, ArtifactError> {
        let destination = std::env::var(PROXIED_ARTIFACTS_VARIABLE).ok();
        let mapped = destination
            .filter(|destination| !destination.is_empty())
            .and_then(|destination| map_proxied(location, &destination));
        let location = mapped.as_deref().unwrap_or(location);
        match ObjectLocation::parse(location) {
            Some(found) => found.map(Self::Objects),
            None => local_path(location, base_dir).map(Self::Local),
        }
    }

    /// The files and folders directly under `path`.
    pub(super) async fn list(
        self,
        objects: &ObjectClients,
        path: &str,
        what: &str,
    ) -> Result<Vec<Artifact>, StoreError> {
        match self {
            Self::Objects(location) => objects.list(&location, path, what).await,
            Self::Local(root) => {
                let path = path.to_owned();
                read_local(what, move || {
                    if path.is_empty() && !root.exists() {
                        return list_missing_root(&root);
                    }
                    list_directory(&root, &path)
                })
                .await
            }
        }
    }

    /// The first bytes of a file.
    pub(super) async fn preview(
        self,
        objects: &ObjectClients,
        (path, limit): (&str, u64),
        what: &str,
    ) -> Result<Preview, StoreError> {
        let limit = limit.min(limits::ARTIFACT_BYTES);
        match self {
            Self::Objects(location) => objects.preview(&location, path, limit, what).await,
            Self::Local(root) => {
                let path = path.to_owned();
                read_local(what, move || read_prefix(&root, &path, limit)).await
            }
        }
    }

    /// Sends all bytes of a file.
    pub(super) async fn read(
        self,
        objects: &ObjectClients,
        (path, to): (&str, &ByteSender),
        what: &str,
    ) -> Result<(), StoreError> {
        match self {
            Self::Objects(location) => objects.read(&location, path, to, what).await,
            Self::Local(root) => {
                let (path, to) = (path.to_owned(), to.clone());
                read_local(what, move || send_file(&root, &path, &to)).await
            }
        }
    }
}

async fn read_local<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> Result<T, ArtifactError> + Send + 'static,
) -> Result<T, StoreError> {
    let read = run_blocking(what, work).await?;
    read.map_err(|(kind, why)| StoreError::new(kind, what, why))
}

/// The location of proxied artifacts in the server's own destination.
fn map_proxied(location: &str, destination: &str) -> Option<String> {
    let path = location.strip_prefix("mlflow-artifacts:")?;
    let path = match path.strip_prefix("//") {
        // A host follows.
        Some(rest) => rest.split_once('/')?.1,
        None => path,
    };
    let is_plain = !path.split('/').any(|part| part == "..");
    is_plain.then(|| {
        let (destination, path) = (destination.trim_end_matches('/'), path.trim_matches('/'));
        format!("{destination}/{path}")
    })
}

/// A run that logged no file has no folder: there are no artifacts if its experiment has one.
/// Otherwise the files may be on another machine.
fn list_missing_root(root: &Path) -> Result<Vec<Artifact>, ArtifactError> {
    if root.ancestors().skip(1).take(2).any(Path::is_dir) {
        return Ok(Vec::new());
    }
    let why = format!(
        "{} is not on this machine: no file was logged, or it was logged elsewhere",
        root.display()
    );
    Err((StoreErrorKind::NotFound, why))
}

/// The local folder of an artifact URI; relative ones are relative to `base_dir`.
pub(super) fn local_path(location: &str, base_dir: &Path) -> Result<PathBuf, ArtifactError> {
    let unsupported = |why: String| Err((StoreErrorKind::Unsupported, why));
    let scheme = location
        .split_once(":/")
        .map(|(scheme, _)| scheme)
        .filter(|scheme| is_scheme(scheme));
    match scheme {
        None if location.is_empty() => unsupported("the artifact location is empty".to_owned()),
        None => Ok(resolve_relative(Path::new(location), base_dir)),
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
            let stored = base_dir.join(PROXIED_ARTIFACTS_DIR).join(&path);
            let is_known = stored.ancestors().take(3).any(|folder| {
                folder.is_dir() && folder.starts_with(base_dir.join(PROXIED_ARTIFACTS_DIR))
            });
            if is_known
                && !Path::new(&path)
                    .components()
                    .any(|part| part == std::path::Component::ParentDir)
            {
                return Ok(stored);
            }
            unsupported(format!(
                "the artifacts are at {location}, which only the server can resolve; open the server, or set \
                 {PROXIED_ARTIFACTS_VARIABLE} to its --artifacts-destination"
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

/// MLflow resolves a relative path in its working folder, which most often contains the store.
fn resolve_relative(path: &Path, base_dir: &Path) -> PathBuf {
    let candidate = base_dir.join(path);
    if path.is_relative() && !candidate.exists() && path.exists() {
        path.to_owned()
    } else {
        candidate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(location: &str, base_dir: &Path) -> Result<PathBuf, StoreErrorKind> {
        local_path(location, base_dir).map_err(|(kind, _)| kind)
    }

    #[test]
    fn resolves_local_paths_and_rejects_remote_uris() {
        let base_dir = Path::new("/data");
        assert_eq!(resolve("/a/b:/c", base_dir), Ok("/a/b:/c".into()));
        assert_eq!(
            resolve("file:///a/with%20space", base_dir),
            Ok("/a/with space".into())
        );
        assert_eq!(
            resolve("mlruns/1/r/artifacts", base_dir),
            Ok("/data/mlruns/1/r/artifacts".into())
        );
        for elsewhere in [
            "hdfs://host/x",
            "dbfs:/x",
            "mlflow-artifacts:/1/r/artifacts",
            "",
            "file://host/share",
        ] {
            assert_eq!(
                resolve(elsewhere, base_dir),
                Err(StoreErrorKind::Unsupported),
                "{elsewhere}"
            );
        }
    }

    #[test]
    fn proxied_artifacts_are_mapped_to_the_destination_of_the_server() {
        for (location, destination, expected) in [
            (
                "mlflow-artifacts:/1/r/artifacts",
                "s3://b/root/",
                Some("s3://b/root/1/r/artifacts"),
            ),
            (
                "mlflow-artifacts://host:5000/1/r",
                "/data",
                Some("/data/1/r"),
            ),
            ("mlflow-artifacts:/../r", "/data", None),
            ("s3://b/1/r", "/data", None),
        ] {
            assert_eq!(
                map_proxied(location, destination).as_deref(),
                expected,
                "{location}"
            );
        }
    }

    #[test]
    fn finds_proxied_artifacts_in_the_default_directory() {
        let base_dir = tempfile::tempdir().unwrap();
        let stored = base_dir.path().join("mlartifacts/1/r/artifacts");
        std::fs::create_dir_all(&stored).unwrap();
        assert_eq!(
            resolve("mlflow-artifacts:/1/r/artifacts", base_dir.path()),
            Ok(stored)
        );
    }
}
