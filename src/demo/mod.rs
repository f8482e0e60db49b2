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
mod curves;
mod draft;
mod evidence;
mod fixtures;
mod noise;
mod place;
mod rows;
mod teller;

pub use fixtures::{
    BaselineFacts, DemoFacts, ImageFacts, NestedFacts, ReleaseFacts, SweepFacts, VersionFacts,
};

use place::Place;
use rows::Rows;
use teller::Teller;

/// What a store of MLflow 3.17.2 begins with.
const SCHEMA: &str = include_str!("schema.sql");

/// What to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoOptions {
    /// How many runs a further experiment, `load-test`, should have; none leaves it out.
    pub runs: Option<u32>,
    /// The time that the stories are told relative to, ms since the epoch.
    pub now: Millis,
}

/// One experiment of the demo store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExperimentFacts {
    /// Its id.
    pub id: ExperimentId,
    /// Its name.
    pub name: Untrusted,
    /// Whether it is in use.
    pub lifecycle: Lifecycle,
    /// How many runs in use it has.
    pub runs: u32,
}

/// Why no demo store was made.
#[derive(Debug, Error)]
pub enum DemoError {
    /// There is something already; nothing is written over.
    #[error("{} is there already; open it, remove it, or name another file", shown(.path))]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// The path names no file.
    #[error("{} names no file", shown(.path))]
    NoFile {
        /// What was named.
        path: PathBuf,
    },
    /// A file can't be written.
    #[error("{} can't be written: {source}", shown(.path))]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// SQLite refused.
    #[error("the demo store can't be written: {0}")]
    Store(#[from] rusqlite::Error),
}

fn shown(path: &Path) -> String {
    clean(&path.to_string_lossy()).into_owned()
}

/// Makes a demo store at `path`, and its artifacts in `<path>.artifacts` beside it.
///
/// # Errors
/// When either is there already, or can't be written; then nothing is left behind.
pub fn make(path: &Path, options: &DemoOptions) -> Result<DemoFacts, DemoError> {
    let place = Place::claim(path)?;
    let made = fill(&place, options);
    if made.is_err() {
        place.abandon();
    }
    made
}

fn fill(place: &Place, options: &DemoOptions) -> Result<DemoFacts, DemoError> {
    let mut db = Connection::open(&place.store)?;
    // Nobody else knows the file yet, and a crash leaves nothing worth keeping: no need to wait for the disk.
    db.execute_batch(
        "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON;",
    )?;
    let all = db.transaction()?;
    all.execute_batch(SCHEMA)?;
    let facts = fixtures::tell(Teller::new(Rows::new(&all), place, options.now)?, options)?;
    all.commit()?;
    db.execute_batch("PRAGMA journal_mode = DELETE;")?;
    db.close().map_err(|(_, error)| error)?;
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: DemoOptions = DemoOptions {
        runs: None,
        now: 1_795_000_000_000,
    };

    #[test]
    fn nothing_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("demo.db");
        std::fs::write(&path, "mine").unwrap();
        assert!(matches!(
            make(&path, &OPTIONS),
            Err(DemoError::Exists { .. })
        ));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn what_can_not_be_made_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("demo.db.artifacts")).unwrap();
        let path = folder.path().join("demo.db");
        assert!(
            matches!(make(&path, &OPTIONS), Err(DemoError::Exists { path }) if path.ends_with("demo.db.artifacts"))
        );
        assert!(!path.exists());
    }

    #[test]
    fn rows_keep_mlflows_promises_to_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("demo.db");
        make(&path, &OPTIONS).unwrap();
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
