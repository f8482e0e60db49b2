//! Where this program keeps its files: the folders of the platform, unless a variable names others.

use std::path::PathBuf;

use directories::ProjectDirs;
use thiserror::Error;

use super::EnvLookup;

/// There is no folder to keep files in.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no home folder: set HOME, or FRONTRUNNER_CONFIG_DIR and FRONTRUNNER_DATA_DIR")]
pub struct NoHomeDir;

/// The folders of this program. None of them is made by looking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directories {
    /// For what a person writes: `config.toml`, keymaps, themes.
    pub config: PathBuf,
    /// For what must be kept: the journal, the demo store.
    pub data: PathBuf,
    /// For what can be thrown away.
    pub cache: PathBuf,
}

impl Directories {
    /// The folders: `FRONTRUNNER_CONFIG_DIR`, `FRONTRUNNER_DATA_DIR` and `FRONTRUNNER_CACHE_DIR` where they are set,
    /// the platform's own (`XDG_*` on Linux) elsewhere.
    ///
    /// # Errors
    /// When a folder is not set and there is no home to derive it from.
    pub fn find(lookup: EnvLookup<'_>) -> Result<Self, NoHomeDir> {
        let home = ProjectDirs::from("", "", "frontrunner");
        let folder = |name: &str, own: fn(&ProjectDirs) -> &std::path::Path| {
            lookup(name)
                .map(PathBuf::from)
                .or_else(|| home.as_ref().map(|dirs| own(dirs).to_owned()))
        };
        let config = folder("FRONTRUNNER_CONFIG_DIR", ProjectDirs::config_dir).ok_or(NoHomeDir)?;
        let data = folder("FRONTRUNNER_DATA_DIR", ProjectDirs::data_dir).ok_or(NoHomeDir)?;
        let cache = folder("FRONTRUNNER_CACHE_DIR", ProjectDirs::cache_dir)
            .unwrap_or_else(|| data.join("cache"));
        Ok(Self {
            config,
            data,
            cache,
        })
    }

    /// The settings.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The journal of every write.
    #[must_use]
    pub fn journal_file(&self) -> PathBuf {
        self.data.join("journal.jsonl")
    }

    /// The store that `demo` makes when no other file is named.
    #[must_use]
    pub fn demo_store(&self) -> PathBuf {
        self.data.join("demo").join("mlflow.db")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_variable_overrides_a_directory() {
        let lookup = |name: &str| {
            name.starts_with("FRONTRUNNER_")
                .then(|| format!("/tmp/{name}"))
        };
        let found = Directories::find(&lookup).unwrap();
        assert_eq!(
            found.config_file(),
            PathBuf::from("/tmp/FRONTRUNNER_CONFIG_DIR/config.toml")
        );
        assert_eq!(
            found.journal_file(),
            PathBuf::from("/tmp/FRONTRUNNER_DATA_DIR/journal.jsonl")
        );
        assert_eq!(found.cache, PathBuf::from("/tmp/FRONTRUNNER_CACHE_DIR"));
    }
}
