//! Where a demo store stands: a file that was not there before, and a folder of artifacts beside it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::DemoError;

/// A new, empty file and a new folder beside it.
pub(super) struct StorePaths {
    /// The store's file, by its full path.
    pub store: PathBuf,
    /// The folder of artifacts, by its full path.
    artifacts: PathBuf,
}

impl StorePaths {
    /// Makes the file and the folder. Neither may be there: nothing of anybody's is ever written over.
    pub fn create(path: &Path) -> Result<Self, DemoError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source: io::Error| match source.kind() {
                io::ErrorKind::AlreadyExists => DemoError::AlreadyExists { path },
                _ => DemoError::Io { path, source },
            }
        };
        let name = path.file_name().ok_or_else(|| DemoError::NotAFile {
            path: path.to_owned(),
        })?;
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(failed(folder))?;
        let folder = folder.canonicalize().map_err(failed(folder))?;
        let store = folder.join(name);
        let mut artifacts = store.clone().into_os_string();
        artifacts.push(".artifacts");
        let paths = Self {
            store,
            artifacts: artifacts.into(),
        };
        fs::File::create_new(&paths.store).map_err(failed(&paths.store))?;
        if let Err(error) = fs::create_dir(&paths.artifacts) {
            let _ = fs::remove_file(&paths.store);
            return Err(failed(&paths.artifacts)(error));
        }
        Ok(paths)
    }

    /// Removes what was claimed, when the store could not be made.
    pub fn remove(&self) {
        let _ = fs::remove_file(&self.store);
        let _ = fs::remove_dir_all(&self.artifacts);
    }

    /// Where an experiment's artifacts go.
    pub fn experiment_artifacts(&self, experiment: i64) -> String {
        self.artifacts
            .join(experiment.to_string())
            .to_string_lossy()
            .into_owned()
    }

    /// Where a run's artifacts go.
    pub fn run_artifacts(&self, experiment: i64, run: &str) -> String {
        format!("{}/{run}/artifacts", self.experiment_artifacts(experiment))
    }

    /// Where a logged model's files go.
    pub fn model_artifacts(&self, experiment: i64, model: &str) -> String {
        format!(
            "{}/models/{model}/artifacts",
            self.experiment_artifacts(experiment)
        )
    }
}

/// Writes a file below one of these places, with the folders that lead to it.
pub(super) fn write_file(
    location: &str,
    name: &str,
    text: impl AsRef<[u8]>,
) -> Result<(), DemoError> {
    let path = Path::new(location).join(name);
    let written = path
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(&path, text));
    written.map_err(|source| DemoError::Io { path, source })
}
