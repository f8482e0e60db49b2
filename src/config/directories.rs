//! The config, data and cache folders.

use std::path::PathBuf;

use directories::ProjectDirs;
use thiserror::Error;

use super::EnvLookup;

/// Neither a home folder nor the variables that replace it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no home folder: set HOME, or FRONTRUNNER_CONFIG_DIR and FRONTRUNNER_DATA_DIR")]
pub struct NoHomeDir;

/// The folders of this program. Finding them does not create them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directories {
    /// Files that a person writes: `config.toml`, keymap, themes, views.
    pub config: PathBuf,
    /// Files to keep: the journal, the demo store.
    pub data: PathBuf,
    /// Files that can be deleted at any time.
    pub cache: PathBuf,
}

impl Directories {
    /// `FRONTRUNNER_CONFIG_DIR`, `FRONTRUNNER_DATA_DIR` and `FRONTRUNNER_CACHE_DIR`; unset ones default
    /// to the platform's folders (`XDG_*` on Linux).
    ///
    /// # Errors
    /// If the config or data folder is not set and there is no home folder.
    pub fn find(lookup: EnvLookup<'_>) -> Result<Self, NoHomeDir> {
        let home = ProjectDirs::from("", "", "frontrunner");
        let folder = |name: &str, default: fn(&ProjectDirs) -> &std::path::Path| {
            lookup(name)
                .map(PathBuf::from)
                .or_else(|| home.as_ref().map(|dirs| default(dirs).to_owned()))
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

    /// The settings file; it may not exist.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The user's key bindings; the file may not exist.
    #[must_use]
    pub fn keymap_file(&self) -> PathBuf {
        self.config.join("keymap.toml")
    }

    /// The folder of the user's themes; it may not exist.
    #[must_use]
    pub fn themes(&self) -> PathBuf {
        self.config.join("themes")
    }

    /// The journal file; it may not exist.
    #[must_use]
    pub fn journal_file(&self) -> PathBuf {
        self.data.join("journal.jsonl")
    }

    /// The store that `demo` creates by default, and the one that it was last created anew as.
    #[must_use]
    pub fn demo_store(&self) -> PathBuf {
        let folder = self.data.join("demo");
        if let Some(number) = self.last_demo_number() {
            return folder.join(format!("demo-{number}.db"));
        }
        let old = folder.join("mlflow.db");
        // The first release named it like any MLflow store.
        if old.exists() {
            old
        } else {
            folder.join("demo.db")
        }
    }

    /// The name of the next demo store: `demo-2.db` after `demo.db`.
    #[must_use]
    pub fn next_demo_store(&self) -> PathBuf {
        let number = self.last_demo_number().unwrap_or(1).saturating_add(1);
        self.data.join("demo").join(format!("demo-{number}.db"))
    }

    fn last_demo_number(&self) -> Option<u32> {
        let entries = std::fs::read_dir(self.data.join("demo")).ok()?;
        let number = |name: &str| {
            let number = name.strip_prefix("demo-")?.strip_suffix(".db")?;
            number.parse().ok()
        };
        entries
            .flatten()
            .filter_map(|entry| number(entry.file_name().to_str()?))
            .max()
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
