//! Views of the run table: what a person keeps of how they look at runs. One TOML file a view, in the config folder for
//! oneself or in `.frontrunner/views/` of a repository for a team; and one for each experiment, kept without a word.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// A team's views, under the folder in which the program is started.
const TEAM_DIR: &str = ".frontrunner/views";
/// The longest name of a view, in bytes: what every file system takes, with room for the ending.
const MAX_NAME_BYTES: usize = 100;
/// The largest file that is read as a view, in bytes: 12,000 columns of 250 characters fit.
const MAX_FILE_BYTES: u64 = 4 << 20;
/// How many experiments' tables are remembered; the one that was left longest ago goes first.
const MAX_TABLE_STATES: usize = 200;

/// How runs are looked at, as a file says it: columns, orders, filters and goals in the words of the filter language.
/// What is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SavedView {
    /// The columns that are seen, in order: `metrics.acc`, `params.lr`, `start_time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// The columns that are not seen; one in neither list is seen as it would be without a view.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<String>,
    /// The order: `metrics.acc DESC`; the first goes first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sort: Vec<String>,
    /// The filter.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub filter: String,
    /// `flat`, `tree`, or the column that runs are grouped by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What the lines of groups show: `mean`, `std`, `n`, `min`, `max`, `best`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistic: Option<String>,
    /// `accuracy max`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
    /// Whether the preview is shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub preview: bool,
    /// Whether columns that are the same in every run are folded away.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub fold_constants: bool,
    /// The columns that stay at the left.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pinned: Vec<String>,
    /// The prefixes that are folded into one column each: `metrics.val/`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub folded: Vec<String>,
    /// Columns that are not as wide as what stands in them, in cells.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub widths: BTreeMap<String, u16>,
}

/// Why a view can't be read or kept.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ViewError {
    /// The name can't be a file's.
    #[error(
        "a view's name is a file's: letters, digits, spaces, `.`, `-` and `_`, beginning with a letter or a digit"
    )]
    InvalidName,
    /// The file is no view.
    #[error("{file}:{line}:{column}: {what}")]
    Malformed {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong.
        what: String,
    },
    /// The file can't be read or written.
    #[error("{file}: {why}")]
    Io {
        /// The file.
        file: String,
        /// What the system says.
        why: String,
    },
}

impl SavedView {
    /// Reads a view; `file` is what errors call it.
    ///
    /// # Errors
    /// When the text is none: with the place.
    pub fn parse(text: &str, file: &str) -> Result<Self, ViewError> {
        toml::from_str(text).map_err(|error| {
            let before = error
                .span()
                .and_then(|span| text.get(..span.start))
                .unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before
                .rsplit('\n')
                .next()
                .unwrap_or_default()
                .chars()
                .count()
                + 1;
            ViewError::Malformed {
                file: file.to_owned(),
                line,
                column,
                what: error.message().to_owned(),
            }
        })
    }

    /// The view as TOML.
    #[must_use]
    pub fn to_toml(&self) -> String {
        // Lists of texts, texts and flags: there is nothing in it that TOML can't say.
        toml::to_string_pretty(self).unwrap_or_default()
    }
}

/// The views of a person and their team, by name, and what was wrong with the files that are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedViews {
    /// The views. A person's own goes before their team's of the same name.
    pub views: BTreeMap<String, SavedView>,
    /// What could not be read.
    pub errors: Vec<ViewError>,
}

/// Where views are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewFiles {
    user: PathBuf,
    team: PathBuf,
    table_state: PathBuf,
}

impl ViewFiles {
    /// In these folders; `here` is where the program was started.
    #[must_use]
    pub fn new(config: &Path, data: &Path, here: &Path) -> Self {
        Self {
            user: config.join("views"),
            team: here.join(TEAM_DIR),
            table_state: data.join("tables"),
        }
    }

    /// All views that have a name.
    #[must_use]
    pub fn load_all(&self) -> SavedViews {
        let mut shelf = SavedViews::default();
        for folder in [&self.team, &self.user] {
            let Ok(entries) = fs::read_dir(folder) else {
                continue;
            };
            for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
                let name = path
                    .file_stem()
                    .and_then(|name| name.to_str())
                    .filter(|name| is_valid_name(name));
                let Some(name) = name.filter(|_| {
                    path.extension()
                        .is_some_and(|extension| extension == "toml")
                }) else {
                    continue;
                };
                match read_view(&path) {
                    Ok(view) => drop(shelf.views.insert(name.to_owned(), view)),
                    Err(error) => shelf.errors.push(error),
                }
            }
        }
        shelf
    }

    /// Keeps a view among one's own, in the place of one that has its name.
    ///
    /// # Errors
    /// When the name is none, or the file can't be written.
    pub fn save(&self, name: &str, view: &SavedView) -> Result<(), ViewError> {
        if !is_valid_name(name) {
            return Err(ViewError::InvalidName);
        }
        write_atomically(&self.user.join(format!("{name}.toml")), view)
    }

    /// Removes a view of one's own. A team's is removed in the repository.
    ///
    /// # Errors
    /// When it is not there, or can't be removed.
    pub fn delete(&self, name: &str) -> Result<(), ViewError> {
        if !is_valid_name(name) {
            return Err(ViewError::InvalidName);
        }
        let path = self.user.join(format!("{name}.toml"));
        fs::remove_file(&path).map_err(|error| io_error(&path, &error))
    }

    /// How a table was left; nothing when it is not remembered, or what is remembered can't be read any more.
    #[must_use]
    pub fn load_table_state(&self, table: &str) -> Option<SavedView> {
        read_view(&self.table_state_path(table)).ok()
    }

    /// Remembers how a table was left. `table` names a store and its experiments.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn save_table_state(&self, table: &str, view: &SavedView) -> Result<(), ViewError> {
        write_atomically(&self.table_state_path(table), view)?;
        self.prune_oldest();
        Ok(())
    }

    fn table_state_path(&self, table: &str) -> PathBuf {
        let digest = Sha256::digest(table.as_bytes());
        let name = digest
            .iter()
            .take(12)
            .fold(String::new(), |name, byte| name + &format!("{byte:02x}"));
        self.table_state.join(format!("{name}.toml"))
    }

    fn prune_oldest(&self) {
        let Ok(entries) = fs::read_dir(&self.table_state) else {
            return;
        };
        let left = |path: &Path| fs::metadata(path).and_then(|found| found.modified()).ok();
        let mut files: Vec<_> = entries
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .map(|path| (left(&path), path))
            .collect();
        files.sort();
        for (_, path) in files
            .iter()
            .take(files.len().saturating_sub(MAX_TABLE_STATES))
        {
            // One that stays is no harm: the next table that is left tries again.
            let _ = fs::remove_file(path);
        }
    }
}

/// Whether a text can be a view's name: nothing that leads out of its folder or hides in it.
fn is_valid_name(name: &str) -> bool {
    let mut chars = name.chars();
    name.len() <= MAX_NAME_BYTES
        && !name.ends_with([' ', '.'])
        && chars.next().is_some_and(char::is_alphanumeric)
        && chars.all(|c| c.is_alphanumeric() || " .-_".contains(c))
}

fn io_error(path: &Path, error: &io::Error) -> ViewError {
    ViewError::Io {
        file: path.to_string_lossy().into_owned(),
        why: error.to_string(),
    }
}

fn read_view(path: &Path) -> Result<SavedView, ViewError> {
    let size = fs::metadata(path)
        .map_err(|error| io_error(path, &error))?
        .len();
    if size > MAX_FILE_BYTES {
        return Err(io_error(
            path,
            &io::Error::other("it is too large for a view"),
        ));
    }
    SavedView::parse(
        &fs::read_to_string(path).map_err(|error| io_error(path, &error))?,
        &path.to_string_lossy(),
    )
}

/// Writes beside, then renames: a program that dies meanwhile leaves the old view whole.
fn write_atomically(path: &Path, view: &SavedView) -> Result<(), ViewError> {
    let temp_path = path.with_extension(format!("{}.new", std::process::id()));
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&temp_path, view.to_toml()))
        .and_then(|()| fs::rename(&temp_path, path))
        .map_err(|error| io_error(path, &error))
}

#[cfg(test)]
mod tests;
