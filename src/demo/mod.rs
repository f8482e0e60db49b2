//! Creates the demo store, a SQLite file with MLflow's schema, to try frontrunner without a server.
//!
//! MLflow 3.17.2 opens it without migration. The same `now` gives the same content except for paths.
//! [`DemoManifest`] names what tests and the tour refer to.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use thiserror::Error;

use crate::domain::{ExperimentId, Lifecycle, Millis};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

mod artifacts;
mod fixtures;
mod learning_curves;
mod paths;
mod rng;
mod seeder;
mod spec;
mod tables;

pub use fixtures::{
    BaselineManifest, DemoManifest, DemoVersion, ImageManifest, NestedManifest, ReleaseManifest,
    SweepManifest,
};

use paths::StorePaths;
use seeder::Seeder;
use tables::MlflowTables;

/// The schema of an empty MLflow 3.17.2 store, with its Alembic version.
const SCHEMA: &str = include_str!("schema.sql");

/// What to put into the demo store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoOptions {
    /// Number of runs of an additional experiment, `load-test`.
    pub load_test_runs: Option<u32>,
    /// The time that all other times are relative to, ms since the epoch.
    pub now: Millis,
}

/// One experiment of the demo store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoExperiment {
    /// A small integer, in the order of creation.
    pub id: ExperimentId,
    /// Unique in the store.
    pub name: Untrusted,
    /// One experiment is deleted.
    pub lifecycle: Lifecycle,
    /// Runs that are not deleted.
    pub active_runs: u32,
}

/// Why the demo store could not be created.
#[derive(Debug, Error)]
pub enum DemoError {
    /// The file or its artifact folder exists; nothing is overwritten.
    #[error("{} already exists; open it, remove it or choose another path", shown(.path))]
    AlreadyExists {
        /// The existing file or folder.
        path: PathBuf,
    },
    /// The path has no file name.
    #[error("{} is not a file path", shown(.path))]
    NotAFile {
        /// As given.
        path: PathBuf,
    },
    /// A file or folder can't be written.
    #[error("can't write {}: {source}", shown(.path))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// SQLite failed.
    #[error("can't write the demo store: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

fn shown(path: &Path) -> String {
    clean(&path.to_string_lossy()).into_owned()
}

/// Creates a demo store at `path` and its artifacts in `<path>.artifacts`.
///
/// # Errors
/// If either exists or can't be written. A failure leaves no files behind.
pub fn create(path: &Path, options: &DemoOptions) -> Result<DemoManifest, DemoError> {
    let paths = StorePaths::create(path)?;
    let result = populate(&paths, options);
    if result.is_err() {
        paths.remove();
    }
    result
}

/// Removes a demo store and its artifacts.
///
/// # Errors
/// If either exists and can't be removed.
pub fn remove(path: &Path) -> io::Result<()> {
    let is_gone = |result: io::Result<()>| match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    };
    is_gone(std::fs::remove_file(path))?;
    for end in ["-journal", "-wal", "-shm"] {
        is_gone(std::fs::remove_file(paths::with_suffix(path, end)))?;
    }
    is_gone(std::fs::remove_dir_all(paths::with_suffix(
        path,
        ".artifacts",
    )))
}

fn populate(paths: &StorePaths, options: &DemoOptions) -> Result<DemoManifest, DemoError> {
    let mut db = Connection::open(&paths.store)?;
    // Nothing else uses the file yet and a crash loses nothing of value, so don't wait for the disk.
    db.execute_batch(
        "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON;",
    )?;
    let transaction = db.transaction()?;
    transaction.execute_batch(SCHEMA)?;
    let manifest = fixtures::seed(
        Seeder::new(MlflowTables::new(&transaction), paths, options.now)?,
        options,
    )?;
    transaction.commit()?;
    db.execute_batch("PRAGMA journal_mode = DELETE;")?;
    db.close().map_err(|(_, error)| error)?;
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: DemoOptions = DemoOptions {
        load_test_runs: None,
        now: 1_795_000_000_000,
    };

    #[test]
    fn existing_files_are_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("demo.db");
        std::fs::write(&path, "mine").unwrap();
        assert!(matches!(
            create(&path, &OPTIONS),
            Err(DemoError::AlreadyExists { .. })
        ));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn failed_creation_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("demo.db.artifacts")).unwrap();
        let path = folder.path().join("demo.db");
        assert!(
            matches!(create(&path, &OPTIONS), Err(DemoError::AlreadyExists { path }) if path.ends_with("demo.db.artifacts"))
        );
        assert!(!path.exists());
    }

    #[test]
    fn database_satisfies_mlflow_invariants() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("demo.db");
        create(&path, &OPTIONS).unwrap();
        let db = Connection::open(&path).unwrap();
        let query = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(query("SELECT count(*) FROM pragma_foreign_key_check"), 0);
        assert_eq!(
            query(
                "SELECT count(*) FROM latest_metrics l WHERE (step, timestamp, value) <> (SELECT step, timestamp, value FROM metrics m \
                 WHERE m.run_uuid = l.run_uuid AND m.key = l.key ORDER BY step DESC, timestamp DESC, value DESC LIMIT 1)"
            ),
            0
        );
        assert_eq!(
            query(
                "SELECT (SELECT count(*) FROM latest_metrics) - (SELECT count(*) FROM (SELECT DISTINCT run_uuid, key FROM metrics))"
            ),
            0
        );
        assert_eq!(
            query("SELECT count(*) FROM metrics WHERE timestamp > 1795000000000"),
            0
        );
    }
}
