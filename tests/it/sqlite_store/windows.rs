//! Windows: a database filters and orders runs exactly as the table of all runs does.

use std::path::Path;

use frontrunner::demo::{DemoOptions, create};
use frontrunner::store::{
    AccessMode, LifecycleFilter, ReadOnlyReason, Reader, RunQuery, RunWindow, WindowQuery,
    WindowRange,
};
use frontrunner::table::filter::Filter;
use frontrunner::table::{Arrangement, DisplayRow, RunTable, SortKey, arrange};
use rusqlite::Connection;

use serde_json::json;

use super::open_store;
use crate::database_store::{COPY, client_of, read_only};
use crate::support::database::{Kind, shared_or_skip};

const NOW: i64 = 1_780_000_000_000;

/// A store of 300 runs, some of them with odd values.
fn fixture(folder: &Path) -> std::path::PathBuf {
    let file = folder.join("mlflow.db");
    let options = DemoOptions {
        load_test_runs: Some(300),
        now: NOW,
    };
    create(&file, &options).unwrap();
    let database = Connection::open(&file).unwrap();
    let ids: Vec<String> = {
        let sql = "SELECT r.run_uuid FROM runs AS r JOIN experiments AS e ON e.experiment_id = r.experiment_id \
                   WHERE e.name = 'load-test' ORDER BY r.run_uuid";
        let mut statement = database.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let texts = [
        "1e-3", "nan", "adam", "Größe", "", "10", "9", "-inf", "0x10", " 7 ",
    ];
    let values = [0.0, -1.5, f64::MAX, -f64::MAX, 0.25, -0.0];
    for (at, id) in ids.iter().enumerate().filter(|(at, _)| at % 3 != 0) {
        let (text, value) = (texts[at % texts.len()], values[at % values.len()]);
        let odd = |table: &str, text: &str| {
            let sql =
                format!("INSERT INTO {table} (key, value, run_uuid) VALUES ('odd key', ?1, ?2)");
            database.execute(&sql, [text, id]).unwrap();
        };
        odd("params", text);
        odd("tags", if at % 2 == 0 { text } else { "zebra" });
        let sql = "INSERT INTO tags (key, value, run_uuid) VALUES ('numbers', ?1, ?2)";
        database.execute(sql, [&(at % 17).to_string(), id]).unwrap();
        let sql = "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) \
                   VALUES ('odd', ?1, 0, 0, ?2, ?3)";
        database.execute(sql, (value, at % 7 == 0, id)).unwrap();
        if at % 5 == 0 {
            let sql = "UPDATE runs SET name = '', start_time = ?1, status = 'KILLED', end_time = NULL WHERE run_uuid = ?2";
            database
                .execute(sql, (Some(NOW).filter(|_| at % 2 == 0), id))
                .unwrap();
        }
    }
    file
}

struct Listing {
    reader: Reader,
    base: WindowQuery,
    table: RunTable,
}

impl Listing {
    async fn open(file: &Path) -> Self {
        let mode = AccessMode::ReadOnly(ReadOnlyReason::Flag);
        Self::read(open_store(file, mode).await.reader).await
    }

    async fn read(reader: Reader) -> Self {
        let experiments = reader.experiments(LifecycleFilter::Active).await.unwrap();
        let id = experiments
            .iter()
            .find(|found| found.name.raw() == "load-test")
            .map(|found| found.id.clone())
            .unwrap();
        let query = RunQuery {
            experiments: vec![id.clone()],
            ..RunQuery::default()
        };
        let mut table = RunTable::default();
        table.upsert(&reader.runs(&query, None).await.unwrap().items);
        assert_eq!(table.len(), 300);
        let base = WindowQuery {
            experiments: vec![id],
            ..WindowQuery::default()
        };
        Self {
            reader,
            base,
            table,
        }
    }

    fn expected(&self, filter: Option<&str>, sort: &[SortKey]) -> Vec<String> {
        let arrangement = Arrangement {
            filter: filter.map(|filter| Filter::parse(filter).unwrap()),
            sort: sort.to_vec(),
            ..Arrangement::default()
        };
        let lines = arrange(&self.table, &arrangement, NOW);
        let rows = lines.iter().filter_map(|line| match line {
            DisplayRow::Run { row, .. } => Some(self.table.run_id(*row).raw().to_owned()),
            DisplayRow::Group { .. } => None,
        });
        rows.collect()
    }

    fn query(&self, filter: Option<&str>, sort: &[SortKey]) -> Option<WindowQuery> {
        let condition = filter.map(|filter| Filter::parse(filter).unwrap().to_run_condition());
        Some(WindowQuery {
            condition: condition.map(Result::unwrap),
            order: sort
                .iter()
                .map(SortKey::to_run_order)
                .collect::<Option<_>>()?,
            ..self.base.clone()
        })
    }

    async fn window(&self, query: &WindowQuery, range: WindowRange) -> RunWindow {
        self.reader.run_window(query, range).await.unwrap()
    }
}

fn ids(window: &RunWindow) -> Vec<String> {
    let ids = window.runs.iter().map(|run| run.id.raw().to_owned());
    ids.collect()
}

const ALL: WindowRange = WindowRange::At {
    offset: 0,
    limit: 1_000,
};

#[tokio::test]
async fn windows_are_ordered_as_the_table_of_all_runs() {
    let folder = tempfile::tempdir().unwrap();
    assert_orders(&Listing::open(&fixture(folder.path())).await).await;
}

#[tokio::test]
async fn postgres_orders_and_filters_as_the_table_of_all_runs() {
    let Some(server) = shared_or_skip(Kind::Postgres) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = fixture(folder.path());
    let uri = server.uri(&server.create_database(None));
    // MLflow's client creates the tables.
    let mut client = client_of(folder.path(), &uri);
    let source = format!("sqlite:///{}", file.display());
    client.run(COPY, &json!({"source_uri": source, "target_uri": uri}));
    drop(client);
    let listing = Listing::read(read_only(&uri).await.reader).await;
    assert_orders(&listing).await;
    assert_filters(&listing).await;
}

async fn assert_orders(listing: &Listing) {
    let columns = listing.table.columns();
    let mut ordered = 0;
    for column in &columns {
        for descending in [false, true] {
            let key = SortKey {
                column: column.clone(),
                descending,
            };
            let second = SortKey {
                column: "metrics.odd".parse().unwrap(),
                descending,
            };
            for sort in [vec![key.clone()], vec![key.clone(), second]] {
                let Some(query) = listing.query(None, &sort) else {
                    continue;
                };
                ordered += 1;
                let all = listing.window(&query, ALL).await;
                assert_eq!(ids(&all), listing.expected(None, &sort), "{sort:?}");
            }
        }
    }
    assert!(
        ordered >= 4 * (columns.len() - 1),
        "all but datasets: {ordered}"
    );
}

#[tokio::test]
async fn windows_are_filtered_as_the_table_of_all_runs() {
    let folder = tempfile::tempdir().unwrap();
    assert_filters(&Listing::open(&fixture(folder.path())).await).await;
}

async fn assert_filters(listing: &Listing) {
    for filter in [
        "metrics.odd > -1",
        "metrics.odd != 0",
        "metrics.odd = 0 OR metrics.odd >= 1.7976931348623157e308",
        "NOT metrics.odd > 0",
        "metrics.odd NOT BETWEEN -1 AND 1",
        "metrics.odd IN (0, 0.25)",
        "metrics.odd IS NULL",
        "metrics.absent IS NULL AND metrics.odd IS NOT NULL",
        "params.`odd key` < 8",
        "params.`odd key` != 9",
        "params.`odd key` NOT IN (9, 10)",
        "params.`odd key` = 'adam'",
        "params.`odd key` != 'adam'",
        "params.`odd key` IN ('adam', '')",
        "params.`odd key` ILIKE 'gr__E'",
        "params.`odd key` ILIKE '%ÖSS%'",
        "tags.`odd key` LIKE 'z%' AND NOT tags.numbers > 8",
        "tags.`odd key` NOT LIKE '%a%'",
        "status = 'KILLED' OR is:finished",
        "run_name IS NULL",
        "run_name LIKE '%1%' AND (is:failed OR metrics.odd < 0)",
        "parent_run_id IS NOT NULL",
        "source IS NOT NULL AND user_id != 'nobody'",
        "start_time IS NULL OR duration < 1h",
        "duration IS NULL",
        "experiment_id IS NOT NULL AND experiment_id != '0'",
    ] {
        let query = listing.query(Some(filter), &[]).unwrap();
        let expected = listing.expected(Some(filter), &[]);
        let all = listing.window(&query, ALL).await;
        assert_eq!(ids(&all), expected, "{filter}");
        assert_eq!(all.total, expected.len() as u64, "{filter}");
    }
}

#[tokio::test]
async fn parts_of_a_listing_fit_together() {
    let folder = tempfile::tempdir().unwrap();
    let file = fixture(folder.path());
    let listing = Listing::open(&file).await;
    let sort = ["metrics.odd DESC".parse().unwrap()];
    let query = listing.query(None, &sort).unwrap();
    let expected = listing.expected(None, &sort);
    let first = listing.window(&query, WindowRange::First(40)).await;
    assert_eq!((ids(&first), first.total), (expected[..40].to_vec(), 300));
    let at = |offset, limit| WindowRange::At { offset, limit };
    for (offset, limit) in [(40, 60), (100, 150), (250, 200), (300, 10), (900, 10)] {
        let part = listing.window(&query, at(offset, limit)).await;
        let begin = usize::min(offset as usize, 300);
        let end = usize::min(begin + limit as usize, 300);
        assert_eq!(ids(&part), expected[begin..end], "{offset}");
        assert_eq!(part.total, 300);
    }
    // Newest first, some runs started in another order than that of their rows, and some have no start.
    let newest = listing.query(None, &[]).unwrap();
    let newest_first = listing.expected(None, &[]);
    for limit in [1, 40, 250, 300, 400] {
        let first = listing.window(&newest, WindowRange::First(limit)).await;
        let end = usize::min(limit as usize, 300);
        assert_eq!(ids(&first), newest_first[..end], "{limit}");
    }
    // A deleted run leaves a gap until the listing begins again.
    let database = Connection::open(&file).unwrap();
    let sql = "UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = ?1";
    database.execute(sql, [&expected[41]]).unwrap();
    let part = listing.window(&query, at(40, 3)).await;
    assert_eq!(ids(&part), [expected[40].clone(), expected[42].clone()]);
    let first = listing.window(&query, WindowRange::First(1)).await;
    assert_eq!((ids(&first), first.total), (expected[..1].to_vec(), 299));
    let part = listing.window(&query, at(40, 2)).await;
    assert_eq!(ids(&part), [expected[40].clone(), expected[42].clone()]);
}
