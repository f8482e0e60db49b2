//! The run table as a window on more runs than the session loads: the store sorts and filters all of them.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "the driver has more than this test needs; a failing test should panic"
)]

use frontrunner::demo::{DemoOptions, create};
use frontrunner::store::{
    AccessMode, ConnectOptions, LifecycleFilter, ReadOnlyReason, RunQuery, StoreTarget, open,
};
use frontrunner::table::filter::Filter;
use frontrunner::table::{Arrangement, DisplayRow, RunTable, SortKey, arrange};
use frontrunner::tui::app::Request;
use frontrunner::tui::app::layout::Size;

use crate::store_contract::dump_table;
use crate::support::driver::{Driver, NOW};

const RUNS: u32 = 2_500;

const SIZE: Size = Size {
    width: 160,
    height: 40,
};

/// The driver on a store of [`RUNS`] runs with a session that loads `max_runs`, and the table of all runs.
fn open_runs(folder: &std::path::Path, max_runs: u64) -> (Driver, RunTable) {
    let file = folder.join("mlflow.db");
    let options = DemoOptions {
        load_test_runs: Some(RUNS),
        now: NOW,
    };
    create(&file, &options).unwrap();
    let target = StoreTarget::Sqlite(file);
    let mode = AccessMode::ReadOnly(ReadOnlyReason::Flag);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let table = runtime.block_on(async {
        let options = ConnectOptions::default();
        let opened = open(&target, mode.clone(), &options);
        let reader = opened.await.unwrap().reader;
        let experiments = reader.experiments(LifecycleFilter::Active).await.unwrap();
        let found = experiments
            .iter()
            .find(|found| found.name.raw() == "load-test");
        let query = RunQuery {
            experiments: vec![found.unwrap().id.clone()],
            page_size: RUNS * 2,
            ..RunQuery::default()
        };
        let mut table = RunTable::default();
        table.upsert(&reader.runs(&query, None).await.unwrap().items);
        table
    });
    assert_eq!(table.len(), RUNS as usize);
    let mut driver = Driver::open_target(&target, mode, SIZE, tempfile::tempdir().unwrap());
    driver.app.shared.session.max_runs = max_runs;
    driver
        .press("f")
        .type_text("load-test")
        .press("enter enter")
        .advance(1_000);
    (driver, table)
}

fn ids(table: &RunTable, lines: &[DisplayRow]) -> Vec<String> {
    let id = |line: &DisplayRow| match line {
        DisplayRow::Run { row, .. } => Some(table.run_id(*row).raw().to_owned()),
        DisplayRow::Group { .. } => None,
    };
    lines.iter().filter_map(id).collect()
}

fn expected(table: &RunTable, filter: &str, sort: &str) -> Vec<String> {
    let arrangement = Arrangement {
        filter: (!filter.is_empty()).then(|| Filter::parse(filter).unwrap()),
        sort: (!sort.is_empty())
            .then(|| sort.parse().unwrap())
            .into_iter()
            .collect(),
        ..Arrangement::default()
    };
    ids(table, &arrange(table, &arrangement, NOW))
}

/// The listed runs are those of `all` around the cursor, which is at `position` (from 1).
fn assert_window(driver: &Driver, all: &[String], position: usize) {
    let runs = driver.runs();
    let listed = ids(&runs.table, &runs.lines);
    assert!(listed.len() <= 1_000, "bounded: {}", listed.len());
    let at = runs.window.position(runs.cursor.index);
    assert_eq!(at, position as u64, "{}", driver.screen());
    let begin = position - 1 - runs.cursor.index;
    assert_eq!(listed, all[begin..begin + listed.len()]);
}

#[test]
fn table_is_a_window_on_all_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (mut driver, table) = open_runs(folder.path(), 300);
    let newest = expected(&table, "", "");
    driver
        .assert_shows("run 1 of 2,500")
        .assert_shows("the store sorts and filters all runs");
    assert_window(&driver, &newest, 1);

    // Down to the end by pages, to the last run, and back.
    driver.press(&"ctrl-f ".repeat(40));
    let position = driver.runs().window.position(driver.runs().cursor.index);
    assert!(position > 1_000, "{position}");
    assert_window(&driver, &newest, usize::try_from(position).unwrap());
    driver.press("g g G").assert_shows("run 2,500 of 2,500");
    assert_window(&driver, &newest, 2_500);
    driver.press("ctrl-b");
    let position = driver.runs().window.position(driver.runs().cursor.index);
    assert!(position < 2_500);
    // A refresh keeps the place.
    driver.press("ctrl-r").advance(1_000);
    assert_window(&driver, &newest, usize::try_from(position).unwrap());
    driver.press("g g").assert_shows("run 1 of 2,500");
    check_order(&mut driver, &table);
    check_filter(&mut driver, &table);
}

#[test]
fn table_that_is_read_by_whole_tables_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let (mut driver, table) = open_runs(folder.path(), 100_000);
    let check = |driver: &Driver| {
        let runs = driver.runs();
        assert!(runs.loader.is_complete() && !runs.window.is_active());
        assert_eq!(ids(&runs.table, &runs.lines), expected(&table, "", ""));
        assert!(dump_table(&runs.table) == dump_table(&table));
    };
    check(&driver);
    driver.press("ctrl-r").advance(1_000);
    check(&driver);
}

/// The best run of all comes first, although most runs are not loaded.
fn check_order(driver: &mut Driver, table: &RunTable) {
    let is_metric = |driver: &Driver| {
        let key = driver.runs().columns.current_key();
        matches!(key, Some(frontrunner::table::ColumnKey::Metric(_)))
    };
    while !is_metric(driver) {
        driver.press("l");
    }
    let key = driver.runs().columns.current_key().unwrap().to_string();
    driver.press("s").advance(1_000);
    let descending = driver.runs().arrangement.sort[0].descending;
    let order = format!("{key} {}", if descending { "DESC" } else { "ASC" });
    let sorted = expected(table, "", &order);
    assert_window(driver, &sorted, 1);
    driver.press("G");
    assert_window(driver, &sorted, 2_500);
    driver.press("g g");
}

fn check_filter(driver: &mut Driver, table: &RunTable) {
    let filter = "is:failed OR run_name LIKE '%7%'";
    driver
        .press("s s f")
        .type_text(filter)
        .press("enter")
        .advance(1_000);
    let order = driver.runs().arrangement.sort.first();
    let order = order.map(SortKey::to_raw_string).unwrap_or_default();
    let matching = expected(table, filter, &order);
    assert!(matching.len() > 10 && matching.len() < 2_400);
    assert_eq!(driver.runs().window.total(), matching.len() as u64);
    assert_window(driver, &matching, 1);
    // Only words in all texts of all runs are beyond the store.
    driver
        .press("esc f")
        .type_text("zebra")
        .press("enter")
        .advance(1_000)
        .assert_shows("can't filter by zebra")
        .assert_shows("of 2,500");
    driver.press("esc").advance(1_000);
    driver.hold_replies().press("j j j");
    let is_listing = |(_, request): &(_, Request)| matches!(request, Request::Runs { .. });
    assert!(!driver.pending_requests().iter().any(is_listing));
    driver.release_replies();
}
