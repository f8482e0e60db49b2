//! Pushdown to a real MLflow server: on a partially loaded experiment it finds the same runs, in the same order, as the table of
//! all runs.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "the driver has more than this test needs; a failing test should panic"
)]

use frontrunner::demo::{DemoOptions, create};
use frontrunner::domain::Run;
use frontrunner::store::{
    AccessMode, ConnectOptions, LifecycleFilter, ReadOnlyReason, Reader, RunQuery, StoreTarget,
    open,
};
use frontrunner::table::filter::Filter;
use frontrunner::table::{Arrangement, DisplayRow, RunTable, SortKey, arrange};
use frontrunner::tui::app::Request;
use frontrunner::tui::app::layout::Size;
use frontrunner::tui::screens::RunsScreen;

use crate::support::driver::{Driver, NOW};
use crate::support::mlflow::{Server, V3};

const RUNS: u32 = 700;

/// All runs of the experiment, from the file.
async fn load_all_runs(reader: &Reader) -> RunTable {
    let experiments = reader.experiments(LifecycleFilter::Active).await.unwrap();
    let id = experiments
        .iter()
        .find(|experiment| experiment.name.raw() == "load-test")
        .unwrap()
        .id
        .clone();
    let query = RunQuery {
        experiments: vec![id],
        page_size: 1_000,
        ..RunQuery::default()
    };
    let runs: Vec<Run> = reader.runs(&query, None).await.unwrap().items;
    assert_eq!(runs.len(), RUNS as usize);
    let mut table = RunTable::default();
    table.upsert(&runs);
    table
}

/// The ids of the runs among the lines, in order.
fn ids(table: &RunTable, lines: &[DisplayRow]) -> Vec<String> {
    let id = |line: &DisplayRow| {
        if let DisplayRow::Run { row, .. } = line {
            Some(table.run_id(*row).raw().to_owned())
        } else {
            None
        }
    };
    lines.iter().filter_map(id).collect()
}

fn expected(table: &RunTable, filter: &str, sort: &[&str]) -> Vec<String> {
    let filter = (!filter.is_empty()).then(|| Filter::parse(filter).unwrap());
    let sort: Vec<SortKey> = sort.iter().map(|key| key.parse().unwrap()).collect();
    ids(
        table,
        &arrange(
            table,
            &Arrangement {
                filter,
                sort,
                ..Arrangement::default()
            },
            NOW,
        ),
    )
}

fn visible_ids(driver: &Driver) -> Vec<String> {
    ids(&driver.runs().table, &driver.runs().lines)
}

/// Opens the experiment and stops loading after the first page.
fn partially_loaded(server: &Server) -> Driver {
    let target = StoreTarget::Server(server.url.parse().unwrap());
    let mut driver = Driver::open_target(
        &target,
        AccessMode::ReadOnly(ReadOnlyReason::Flag),
        Size {
            width: 160,
            height: 40,
        },
        tempfile::tempdir().unwrap(),
    );
    driver
        .press("f")
        .type_text("load-test")
        .press("enter")
        .hold_replies()
        .press("enter");
    let is_loaded = |runs: &RunsScreen| !runs.table.is_empty();
    while !driver.app.screen_as().is_some_and(is_loaded) {
        driver.reply_to_one();
    }
    driver.press("esc").release_replies();
    driver.reply_to_cancelled();
    assert_eq!(driver.runs().table.len(), 100, "{}", driver.screen());
    driver
}

/// Filters with few matches: by number, by text, with OR, and one that the server does in part.
fn filters(table: &RunTable) -> Vec<String> {
    let keys: Vec<String> = table.columns().iter().map(ToString::to_string).collect();
    let metric = keys.iter().find(|key| key.starts_with("metrics.")).unwrap();
    let name = |row: usize| expected(table, "", &[])[row].clone();
    let middle = {
        let sorted = expected(table, "", &[&format!("{metric} DESC")]);
        let row = table.row_of(&sorted[40].as_str().into()).unwrap();
        table
            .column(&metric.parse().unwrap())
            .number(row, NOW)
            .unwrap()
    };
    vec![
        format!("{metric} > {middle}"),
        format!("run_id = '{}'", name(650)),
        format!(
            "run_id = '{}' OR run_id = '{}' OR {metric} > {middle}",
            name(300),
            name(699)
        ),
        format!("{metric} > {middle} AND NOT is:failed"),
    ]
}

#[test]
fn server_filters_and_sorts_unloaded_runs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mlflow.db");
    create(
        &file,
        &DemoOptions {
            load_test_runs: Some(RUNS),
            now: NOW,
        },
    )
    .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let table = runtime.block_on(async {
        let opened = open(
            &StoreTarget::Sqlite(file),
            AccessMode::ReadOnly(ReadOnlyReason::Flag),
            &ConnectOptions::default(),
        )
        .await
        .unwrap();
        load_all_runs(&opened.reader).await
    });
    let server = Server::start(V3, folder.path());
    let mut driver = partially_loaded(&server);

    for filter in filters(&table) {
        let found = expected(&table, &filter, &[]);
        driver
            .press("f")
            .type_text(&filter)
            .press("enter")
            .advance(1_000);
        assert_eq!(visible_ids(&driver), found, "{filter}\n{}", driver.screen());
        assert!(
            !found.is_empty() && found.len() < 100,
            "{filter} finds {}",
            found.len()
        );
        driver
            .assert_shows("filter, in the store (all ")
            .assert_shows("partly loaded (r loads all)");
        driver.press("esc");
    }
    check_free_text_is_not_pushed_down(&mut driver);
    check_server_order(&mut driver, &table);
    check_run_limit_is_reported(&server);
}

fn check_free_text_is_not_pushed_down(driver: &mut Driver) {
    driver
        .press("f")
        .type_text("zebra")
        .press("enter")
        .assert_shows("filter, local: zebra");
    driver.press("esc");
}

fn check_server_order(driver: &mut Driver, table: &RunTable) {
    while !matches!(
        driver.runs().columns.current_key(),
        Some(frontrunner::table::ColumnKey::Metric(_))
    ) {
        driver.press("l");
    }
    let key = driver.runs().columns.current_key().unwrap().to_string();
    driver.press("s").advance(1_000);
    let descending = driver.runs().arrangement.sort[0].descending;
    let order = format!("{key} {}", if descending { "DESC" } else { "ASC" });
    let whole = expected(table, "", &[&order]);
    driver.assert_shows("sorted by the store, the first ");
    assert_eq!(
        visible_ids(driver)[..100],
        whole[..100],
        "{order}\n{}",
        driver.screen()
    );
    // More pages are loaded as the cursor nears the last listed run.
    driver.press(&"ctrl-f ".repeat(4));
    let at = driver.runs().cursor.index;
    assert!(at > 100, "{at}");
    assert_eq!(visible_ids(driver)[..at + 50], whole[..at + 50]);
    driver.press("ctrl-r");
    assert_eq!(visible_ids(driver), whole, "all runs are loaded");
    driver
        .assert_hides("by the store")
        .assert_hides("partly loaded");
    driver.hold_replies().press("s");
    assert!(
        !driver
            .pending_requests()
            .iter()
            .any(|(_, request)| matches!(request, Request::Runs { .. })),
        "no request to the server"
    );
}

fn check_run_limit_is_reported(server: &Server) {
    let target = StoreTarget::Server(server.url.parse().unwrap());
    let mut driver = Driver::open_target(
        &target,
        AccessMode::ReadOnly(ReadOnlyReason::Flag),
        Size {
            width: 160,
            height: 40,
        },
        tempfile::tempdir().unwrap(),
    );
    driver.app.shared.session.max_runs = 100;
    driver
        .press("f")
        .type_text("load-test")
        .press("enter enter");
    assert_eq!(driver.runs().table.len(), 100);
    driver.assert_shows("the newest and the store's matches");
}
