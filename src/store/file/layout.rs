//! The folders of a file store: which paths are stores, experiments and runs.
//!
//! A folder counts by its `meta.yaml`, not by its name: beside a database, `mlruns/` holds only artifacts.

use std::ffi::OsStr;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use super::meta::RunMeta;
use super::small_file::read_text;
use crate::store::limits;

/// The file that makes a folder an experiment, a run, a model or a version.
pub(super) const META_FILE: &str = "meta.yaml";
/// The deleted experiments.
pub(super) const TRASH_DIR: &str = ".trash";
/// In the root, the registry; in an experiment, its logged models.
pub(super) const MODELS_DIR: &str = "models";
/// The folders of an experiment that are not runs.
const RESERVED_DIRS: [&str; 4] = ["tags", "datasets", "traces", MODELS_DIR];
/// The default name of a store.
const DEFAULT_DIR: &str = "mlruns";

/// An experiment's folder.
#[derive(Clone, Debug)]
pub(super) struct ExperimentDir {
    pub(super) path: PathBuf,
    /// The folder's name.
    pub(super) id: String,
    pub(super) is_deleted: bool,
}

impl ExperimentDir {
    /// The folders that may be runs.
    pub(super) fn run_dirs(&self) -> io::Result<Vec<PathBuf>> {
        let mut found = subfolders(&self.path)?;
        found.retain(|(name, _)| !RESERVED_DIRS.contains(&name.as_str()));
        Ok(found.into_iter().map(|(_, path)| path).collect())
    }
}

/// The store that a path names: its root, the folder around `mlruns/`, or one of its experiments or runs.
pub(crate) fn find_store(path: &Path) -> Option<PathBuf> {
    if path.join(META_FILE).is_file() {
        let absolute = path.canonicalize().ok()?;
        let parents = absolute.ancestors().skip(1).take(3);
        return parents
            .filter(|parent| is_store(parent))
            .map(Path::to_owned)
            .next();
    }
    [path.to_owned(), path.join(DEFAULT_DIR)]
        .into_iter()
        .find(|folder| is_store(folder))
}

/// The store in a project's folder.
pub(crate) fn find_project_store(folder: &Path) -> Option<PathBuf> {
    Some(folder.join(DEFAULT_DIR)).filter(|root| is_store(root))
}

/// Whether a folder contains an experiment, a deleted experiment or a registered model.
fn is_store(root: &Path) -> bool {
    if root.join(META_FILE).exists() {
        return false;
    }
    let has = |folder: &Path, is_member: fn(&str, &Path) -> bool| {
        subfolders(folder).is_ok_and(|found| found.iter().any(|(name, path)| is_member(name, path)))
    };
    has(root, is_experiment)
        || has(&root.join(TRASH_DIR), is_experiment)
        || has(&root.join(MODELS_DIR), |_, path| {
            path.join(META_FILE).is_file()
        })
}

fn is_experiment(name: &str, path: &Path) -> bool {
    let file = path.join(META_FILE);
    if name == TRASH_DIR || name == MODELS_DIR || !file.is_file() {
        return false;
    }
    match read_text(&file, limits::FILE_STORE_META_BYTES).map(|text| RunMeta::parse(&text)) {
        // Runs and logged models name their experiment, too.
        Ok(Ok(meta)) => meta.experiment_id.is_some() && meta.is_experiment(),
        // A torn file: MLflow's ids of experiments are numbers.
        _ => name.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// All experiments, by folder name; those in the trash last.
pub(super) fn experiment_dirs(root: &Path) -> io::Result<Vec<ExperimentDir>> {
    let mut found: Vec<ExperimentDir> = Vec::new();
    for (folder, is_deleted) in [(root.to_owned(), false), (root.join(TRASH_DIR), true)] {
        let dirs = match subfolders(&folder) {
            Ok(dirs) => dirs,
            Err(error) if is_deleted && error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let mut dirs: Vec<_> = dirs
            .into_iter()
            .filter(|(name, path)| {
                name != TRASH_DIR && name != MODELS_DIR && path.join(META_FILE).is_file()
            })
            .map(|(id, path)| ExperimentDir {
                path,
                id,
                is_deleted,
            })
            // MLflow prefers the active one of two folders with one id.
            .filter(|dir| found.iter().all(|known| known.id != dir.id))
            .collect();
        dirs.sort_by(|a, b| a.id.cmp(&b.id));
        found.append(&mut dirs);
    }
    Ok(found)
}

/// The folders directly in a folder, with their names. Links are followed.
pub(super) fn subfolders(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_dir(&entry)
            && let Some(name) = entry.file_name().to_str()
        {
            found.push((name.to_owned(), entry.path()));
        }
    }
    Ok(found)
}

fn is_dir(entry: &DirEntry) -> bool {
    match entry.file_type() {
        Ok(kind) if kind.is_symlink() => entry.path().is_dir(),
        Ok(kind) => kind.is_dir(),
        Err(_) => false,
    }
}

/// A folder inside another one, by a name from outside. `None` for a name that would lead elsewhere.
pub(super) fn child(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut parts = Path::new(name).components();
    match (parts.next(), parts.next()) {
        (Some(std::path::Component::Normal(part)), None) if part == OsStr::new(name) => {
            Some(folder.join(name))
        }
        _ => None,
    }
}

/// A run's folder in an experiment, if it has one.
pub(super) fn run_dir(experiment: &Path, id: &str) -> Option<PathBuf> {
    let path = child(experiment, id).filter(|_| !RESERVED_DIRS.contains(&id))?;
    path.join(META_FILE).is_file().then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn a_folder_of_artifacts_is_no_store() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("mlruns");
        write(&root, "1/abc/artifacts/model/MLmodel", "");
        write(&root, "1/models/m-1/artifacts/MLmodel", "");
        assert_eq!(find_store(&root), None);
        assert_eq!(find_project_store(folder.path()), None);
        write(&root, "1/meta.yaml", "experiment_id: '1'\nname: a\n");
        assert_eq!(find_store(&root), Some(root.clone()));
        assert_eq!(find_store(folder.path()), Some(root.clone()));
        assert_eq!(find_project_store(folder.path()), Some(root));
    }

    #[test]
    fn experiments_and_runs_lead_to_their_store() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("runs");
        write(&root, "exp/meta.yaml", "experiment_id: exp\nname: a\n");
        write(
            &root,
            "exp/r1/meta.yaml",
            "experiment_id: exp\nrun_id: r1\n",
        );
        for path in ["", "exp", "exp/r1"] {
            assert_eq!(find_store(&root.join(path)), Some(root.clone()), "{path}");
        }
        assert!(run_dir(&root.join("exp"), "r1").is_some());
        for id in ["../exp", "..", ".", "", "r1/", "r1/.", "tags", "r2", "/etc"] {
            assert_eq!(run_dir(&root.join("exp"), id), None, "{id}");
        }
    }

    #[test]
    fn torn_or_deleted_experiments_and_models_make_a_store() {
        for path in ["7/meta.yaml", ".trash/7/meta.yaml", "models/shop/meta.yaml"] {
            let folder = tempfile::tempdir().unwrap();
            write(folder.path(), path, "");
            assert!(find_store(folder.path()).is_some(), "{path}");
        }
    }
}
