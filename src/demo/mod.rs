//! The demo store: a SQLite file of MLflow's own schema with stories in it, to try this program on without a server.
//!
//! MLflow 3.17.2 opens it without migration. The same time yields the same store, byte by byte but for the paths in it.
//! Each story is a file of `stories/`; what tests and the tour want to find again is in [`DemoFacts`].

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use thiserror::Error;

use crate::domain::{ExperimentId, Lifecycle, Millis};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

mod artifacts;
mod evidence;
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

/// What a store of MLflow 3.17.2 begins with.
const SCHEMA: &str = include_str!("schema.sql");

/// What to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoOptions {
    /// How many runs a further experiment, `load-test`, should have; none leaves it out.
    pub load_test_runs: Option<u32>,
    /// The time that the stories are told relative to, ms since the epoch.
    pub now: Millis,
}

/// One experiment of the demo store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoExperiment {
    /// Its id.
    pub id: ExperimentId,
    /// Its name.
    pub name: Untrusted,
    /// Whether it is in use.
    pub lifecycle: Lifecycle,
    /// How many runs in use it has.
    pub active_runs: u32,
}

/// Why no demo store was made.
#[derive(Debug, Error)]
pub enum DemoError {
    /// There is something already; nothing is written over.
    #[error("{} is there already; open it, remove it, or name another file", shown(.path))]
    AlreadyExists {
        /// What is there.
        path: PathBuf,
    },
    /// The path names no file.
    #[error("{} names no file", shown(.path))]
    NotAFile {
        /// What was named.
        path: PathBuf,
    },
    /// A file can't be written.
    #[error("{} can't be written: {source}", shown(.path))]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// SQLite refused.
    #[error("the demo store can't be written: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

fn shown(path: &Path) -> String {
    clean(&path.to_string_lossy()).into_owned()
}

/// Makes a demo store at `path`, and its artifacts in `<path>.artifacts` beside it.
///
/// # Errors
/// When either is there already, or can't be written; then nothing is left behind.
pub fn create(path: &Path, options: &DemoOptions) -> Result<DemoManifest, DemoError> {
    let paths = StorePaths::create(path)?;
    let result = populate(&paths, options);
    if result.is_err() {
        paths.remove();
    }
    result
}

fn populate(paths: &StorePaths, options: &DemoOptions) -> Result<DemoManifest, DemoError> {
    let mut db = Connection::open(&paths.store)?;
    // Nobody else knows the file yet, and a crash leaves nothing worth keeping: no need to wait for the disk.
    db.execute_batch(
        "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON;",
    )?;
    let all = db.transaction()?;
    all.execute_batch(SCHEMA)?;
    let facts = fixtures::seed(
        Seeder::new(MlflowTables::new(&all), paths, options.now)?,
        options,
    )?;
    all.commit()?;
    db.execute_batch("PRAGMA journal_mode = DELETE;")?;
    db.close().map_err(|(_, error)| error)?;
    Ok(facts)
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
        let ask = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(ask("SELECT count(*) FROM pragma_foreign_key_check"), 0);
        assert_eq!(
            ask(
                "SELECT count(*) FROM latest_metrics l WHERE (step, timestamp, value) <> (SELECT step, timestamp, value FROM metrics m \
                 WHERE m.run_uuid = l.run_uuid AND m.key = l.key ORDER BY step DESC, timestamp DESC, value DESC LIMIT 1)"
            ),
            0
        );
        assert_eq!(
            ask(
                "SELECT (SELECT count(*) FROM latest_metrics) - (SELECT count(*) FROM (SELECT DISTINCT run_uuid, key FROM metrics))"
            ),
            0
        );
        assert_eq!(
            ask("SELECT count(*) FROM metrics WHERE timestamp > 1795000000000"),
            0
        );
    }
}
