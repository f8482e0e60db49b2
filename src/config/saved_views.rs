//! Saved views of the run table: one TOML file per view, in the config folder (the user's) or in
//! `.frontrunner/views/` of a repository (the team's). Each experiment's last layout is saved
//! automatically, in the data folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::diagnostics::Diagnostic;
use crate::files::{self, list_toml_files, read_text};

/// The team's views, relative to the folder in which the program starts.
const TEAM_DIR: &str = ".frontrunner/views";
/// Every file system takes names of this length with an extension.
const MAX_NAME_BYTES: usize = 100;
/// Enough for 12,000 columns of 250 characters.
const MAX_FILE_BYTES: u64 = 4 << 20;
/// The views of one folder together; parsing takes several times as much.
const MAX_FOLDER_BYTES: u64 = 16 << 20;
/// Saved table layouts; the oldest are deleted first.
const MAX_TABLE_STATES: usize = 200;

/// A view as a file spells it: columns, sort keys, filter and goal in the filter language. Applying it
/// leaves unset fields as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SavedView {
    /// Visible columns in order: `metrics.acc`, `params.lr`, `start_time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// Hidden columns; those in neither list keep their default visibility.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<String>,
    /// Sort keys, such as `metrics.acc DESC`, most significant first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sort: Vec<String>,
    /// In the filter language; empty for none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub filter: String,
    /// `flat`, `tree`, or the column to group by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Statistic in group rows: `mean`, `std`, `n`, `min`, `max` or `best`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistic: Option<String>,
    /// Such as `accuracy max`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
    /// Whether the preview is open.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub preview: bool,
    /// Whether columns with one value in all runs are folded.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub fold_constants: bool,
    /// Columns that stay visible at the left.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pinned: Vec<String>,
    /// Prefixes folded into one column each, such as `metrics.val/`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub folded: Vec<String>,
    /// Widths in cells of the columns that don't fit their contents.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub widths: BTreeMap<String, u16>,
}

/// Why a view can't be read, saved or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ViewError {
    /// The name can't be a file name.
    #[error(
        "invalid view name: use letters, digits, spaces, `.`, `-` and `_`, starting with a letter or digit"
    )]
    InvalidName,
    /// The file has an error, or can't be read or written.
    #[error(transparent)]
    File(#[from] Diagnostic),
}

impl SavedView {
    /// Parses a view; errors name `file`.
    ///
    /// # Errors
    /// At the first unknown key or invalid value.
    pub fn parse(text: &str, file: &str) -> Result<Self, ViewError> {
        toml::from_str(text).map_err(|error| {
            let diagnostic = Diagnostic::from_toml(text, &error, "key");
            diagnostic.in_file(file).into()
        })
    }

    /// TOML that [`Self::parse`] reads.
    #[must_use]
    pub fn to_toml(&self) -> String {
        // Strings, lists and flags always serialize.
        toml::to_string_pretty(self).unwrap_or_default()
    }
}

/// Named views, and the errors of those that can't be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedViews {
    /// By name; the user's views shadow the team's.
    pub views: BTreeMap<String, SavedView>,
    /// One per unreadable file.
    pub errors: Vec<ViewError>,
}

/// The folders of saved views.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewFiles {
    user: PathBuf,
    team: PathBuf,
    table_state: PathBuf,
}

impl ViewFiles {
    /// `config` and `data` are this program's folders, `here` the current one.
    #[must_use]
    pub fn new(config: &Path, data: &Path, here: &Path) -> Self {
        Self {
            user: config.join("views"),
            team: here.join(TEAM_DIR),
            table_state: data.join("tables"),
        }
    }

    /// The user's and the team's views.
    #[must_use]
    pub fn load_all(&self) -> SavedViews {
        let mut saved = SavedViews::default();
        for folder in [&self.team, &self.user] {
            let (paths, has_more) = list_toml_files(folder);
            let mut bytes_left = MAX_FOLDER_BYTES;
            for path in paths {
                let name = path.file_stem().and_then(|name| name.to_str());
                let Some(name) = name.filter(|name| is_valid_name(name)) else {
                    continue;
                };
                match read_view(&path, bytes_left.min(MAX_FILE_BYTES)) {
                    Ok((view, size)) => {
                        bytes_left = bytes_left.saturating_sub(size);
                        saved.views.insert(name.to_owned(), view);
                    }
                    Err(error) => saved.errors.push(error),
                }
            }
            if has_more {
                let folder = folder.to_string_lossy();
                let error = Diagnostic::of_file(folder, "has more views than are read");
                saved.errors.push(error.into());
            }
        }
        saved
    }

    /// Saves a view of the user, replacing one of the same name.
    ///
    /// # Errors
    /// If the name is invalid or the file can't be written.
    pub fn save(&self, name: &str, view: &SavedView) -> Result<(), ViewError> {
        if !is_valid_name(name) {
            return Err(ViewError::InvalidName);
        }
        write_atomically(&self.user.join(format!("{name}.toml")), view)
    }

    /// Deletes a view of the user. Team views are deleted in the repository.
    ///
    /// # Errors
    /// If the name is invalid or the file can't be deleted.
    pub fn delete(&self, name: &str) -> Result<(), ViewError> {
        if !is_valid_name(name) {
            return Err(ViewError::InvalidName);
        }
        let path = self.user.join(format!("{name}.toml"));
        fs::remove_file(&path).map_err(|error| io_error(&path, &error))
    }

    /// The saved layout of a table, if it is readable.
    #[must_use]
    pub fn load_table_state(&self, table: &str) -> Option<SavedView> {
        read_view(&self.table_state_path(table), MAX_FILE_BYTES)
            .ok()
            .map(|(view, _)| view)
    }

    /// Saves the layout of a table. `table` identifies a store and its experiments.
    ///
    /// # Errors
    /// If the file can't be written.
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
        let modified = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
        let mut files: Vec<_> = entries
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .map(|path| (modified(&path), path))
            .collect();
        files.sort();
        for (_, path) in files
            .iter()
            .take(files.len().saturating_sub(MAX_TABLE_STATES))
        {
            // Best effort: the next save tries again.
            let _ = fs::remove_file(path);
        }
    }
}

/// Rejects names that leave the folder or are hidden in it.
fn is_valid_name(name: &str) -> bool {
    let mut chars = name.chars();
    name.len() <= MAX_NAME_BYTES
        && !name.ends_with([' ', '.'])
        && chars.next().is_some_and(char::is_alphanumeric)
        && chars.all(|c| c.is_alphanumeric() || " .-_".contains(c))
}

fn io_error(path: &Path, error: &io::Error) -> ViewError {
    Diagnostic::of_file(path.to_string_lossy(), error.to_string()).into()
}

/// A view and the size of its file.
fn read_view(path: &Path, max_bytes: u64) -> Result<(SavedView, u64), ViewError> {
    let text = read_text(path, max_bytes).map_err(|error| io_error(path, &error))?;
    let view = SavedView::parse(&text, &path.to_string_lossy())?;
    Ok((view, text.len() as u64))
}

/// A crash leaves the old view intact.
fn write_atomically(path: &Path, view: &SavedView) -> Result<(), ViewError> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| files::replace(path, view.to_toml().as_bytes()))
        .map_err(|error| io_error(path, &error))
}

#[cfg(test)]
mod tests;
