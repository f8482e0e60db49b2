//! The file and the artifact folder of a new demo store.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::DemoError;

pub(super) struct StorePaths {
    /// Absolute path of the store.
    pub store: PathBuf,
    /// Absolute path of the artifact folder.
    artifacts: PathBuf,
}

impl StorePaths {
    /// Creates the file and the folder; fails if either exists.
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
        let paths = Self {
            artifacts: with_suffix(&store, ".artifacts"),
            store,
        };
        fs::File::create_new(&paths.store).map_err(failed(&paths.store))?;
        if let Err(error) = fs::create_dir(&paths.artifacts) {
            let _ = fs::remove_file(&paths.store);
            return Err(failed(&paths.artifacts)(error));
        }
        Ok(paths)
    }

    /// Removes both after a failure.
    pub fn remove(&self) {
        let _ = fs::remove_file(&self.store);
        let _ = fs::remove_dir_all(&self.artifacts);
    }

    pub fn experiment_artifacts(&self, experiment: i64) -> String {
        self.artifacts
            .join(experiment.to_string())
            .to_string_lossy()
            .into_owned()
    }

    pub fn run_artifacts(&self, experiment: i64, run: &str) -> String {
        format!("{}/{run}/artifacts", self.experiment_artifacts(experiment))
    }

    pub fn model_artifacts(&self, experiment: i64, model: &str) -> String {
        format!(
            "{}/models/{model}/artifacts",
            self.experiment_artifacts(experiment)
        )
    }
}

/// The path with more characters at the end of its name.
pub(super) fn with_suffix(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Writes a file below a location, creating parent folders.
pub(super) fn write_file(
    location: &str,
    name: &str,
    text: impl AsRef<[u8]>,
) -> Result<(), DemoError> {
    let path = Path::new(location).join(name);
    let result = path
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(&path, text));
    result.map_err(|source| DemoError::Io { path, source })
}
