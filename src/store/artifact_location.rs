//! Where the artifacts of a run or a logged model are on this machine.

use std::path::{Path, PathBuf};

use url::Url;

use super::local_artifacts::ArtifactError;
use crate::domain::{Artifact, StoreErrorKind};

/// Where `mlflow server` stores proxied artifacts by default, relative to its working folder.
const PROXIED_ARTIFACTS_DIR: &str = "mlartifacts";

/// A run that logged no file has no folder: there are no artifacts if its experiment has one.
/// Otherwise the files may be on another machine.
pub(super) fn list_missing_root(root: &Path) -> Result<Vec<Artifact>, ArtifactError> {
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
            "s3://bucket/x",
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
