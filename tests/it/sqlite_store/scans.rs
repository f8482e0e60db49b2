//! Files whose tables can't be read as a whole: their runs are read page by page.

use frontrunner::demo::{DemoOptions, create};
use frontrunner::ops::list_runs::{RunPage, list_runs};
use frontrunner::store::{Reader, RunQuery};
use frontrunner::table::RunTable;
use rusqlite::Connection as Sql;

use super::*;
use crate::store_contract::{dump_table, load_table};

/// A file with this many runs in one experiment.
fn create_runs(folder: &Path, runs: u32) -> std::path::PathBuf {
    let path = folder.join("mlflow.db");
    let options = DemoOptions {
        load_test_runs: Some(runs),
        now: 1_795_000_000_000,
    };
    create(&path, &options).unwrap();
    path
}

async fn open_reader(path: &Path) -> Reader {
    let access = AccessMode::ReadOnly(ReadOnlyReason::Flag);
    let target = StoreTarget::Sqlite(path.to_owned());
    let opened = open(&target, access, &ConnectOptions::default()).await;
    opened.unwrap().reader
}

fn small_pages() -> RunQuery {
    RunQuery {
        page_size: 10,
        ..RunQuery::default()
    }
}

#[tokio::test]
async fn table_without_rowids_is_read_page_by_page() {
    let folder = tempfile::tempdir().unwrap();
    let path = create_runs(folder.path(), 100);
    let (table, is_scanned) = load_table(&open_reader(&path).await, &small_pages(), 0).await;
    assert!(is_scanned && !table.is_empty());
    let expected = dump_table(&table);
    let sql = Sql::open(&path).unwrap();
    sql.execute_batch(
        "CREATE TABLE copy (key VARCHAR(250) NOT NULL, value VARCHAR(8000), run_uuid VARCHAR(32) NOT NULL, \
         PRIMARY KEY (key, run_uuid)) WITHOUT ROWID; \
         INSERT INTO copy (key, value, run_uuid) SELECT key, value, run_uuid FROM tags; \
         DROP TABLE tags; ALTER TABLE copy RENAME TO tags;",
    )
    .unwrap();
    let (table, _) = load_table(&open_reader(&path).await, &small_pages(), 0).await;
    let actual = dump_table(&table);
    assert_eq!(actual, expected);
}

#[tokio::test]
async fn file_that_is_rewritten_meanwhile_is_read_page_by_page() {
    let folder = tempfile::tempdir().unwrap();
    // The params are read in four parts, of which at most three are read ahead.
    let path = create_runs(folder.path(), 5_000);
    let reader = open_reader(&path).await;
    let mut pages = list_runs(small_pages(), None).scanning_from(0);
    let (mut table, mut restarts) = (RunTable::default(), 0);
    let mut add = |page: RunPage| {
        if page.is_restart {
            (table, restarts) = (RunTable::default(), restarts + 1);
        }
        table.add_page(&page.runs, page.part.as_ref(), page.end.is_some());
        restarts
    };
    while add(pages.next(reader.as_ref()).await.unwrap()) == 0 {}
    let sql = Sql::open(&path).unwrap();
    sql.busy_timeout(std::time::Duration::from_mins(1)).unwrap();
    sql.execute_batch("DELETE FROM params WHERE rowid % 7 = 0; VACUUM;")
        .unwrap();
    while !pages.is_done() {
        add(pages.next(reader.as_ref()).await.unwrap());
    }
    assert_eq!(restarts, 2);
    let (paged, _) = load_table(&reader, &small_pages(), u64::MAX).await;
    assert!(dump_table(&table) == dump_table(&paged));
}
