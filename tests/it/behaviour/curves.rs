//! Curve columns: best value, its step, and shape.

use frontrunner::table::{CellValue, ColumnKey, CurveStat, RowId};
use frontrunner::tui::app::Request;
use rusqlite::Connection;

use super::runs_table::{at_runs, move_to_metric, open_runs};
use crate::support::driver::Driver;

fn key(fact: CurveStat, metric: &str) -> ColumnKey {
    ColumnKey::Curve(fact, metric.into())
}

fn number(driver: &Driver, row: RowId, column: &ColumnKey) -> Option<f64> {
    match driver.runs().table.cell(row, column, 0) {
        CellValue::Number(value) => Some(value),
        _ => None,
    }
}

/// The highest value of a metric's history and its first step, from SQLite.
fn highest(driver: &Driver, run: &str, metric: &str) -> Option<(f64, i64)> {
    let db = Connection::open(driver.store()).unwrap();
    let question = "SELECT value, step FROM metrics WHERE run_uuid = ?1 AND key = ?2 AND is_nan = 0 ORDER BY value DESC, step LIMIT 1";
    db.query_row(question, [run, metric], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
    .ok()
}

/// Adds the first curve column of a metric, and others by name.
fn add_derived_columns(driver: &mut Driver, metric: &str, names: &[&str]) {
    move_to_metric(driver, metric);
    for name in names {
        driver.press("+").type_text(name).press("enter");
    }
}

#[test]
fn best_value_and_step_use_the_full_history() {
    let mut driver = at_runs("churn-sweep");
    add_derived_columns(&mut driver, "auc", &["best auc", "best step", "verdict"]);
    driver
        .assert_shows("best auc")
        .assert_shows("best step auc")
        .assert_shows("verdict auc");
    let rows: Vec<RowId> = (0..20).filter_map(|line| driver.runs().row(line)).collect();
    let mut compared = 0;
    for row in rows {
        let id = driver.runs().table.run_id(row).raw().to_owned();
        let found = number(&driver, row, &key(CurveStat::Max, "auc")).zip(number(
            &driver,
            row,
            &key(CurveStat::MaxStep, "auc"),
        ));
        assert_eq!(
            found.map(|(value, step)| (value, step as i64)),
            highest(&driver, &id, "auc"),
            "{id}"
        );
        compared += usize::from(found.is_some());
    }
    assert!(compared > 10, "{compared}");
}

#[test]
fn sorting_by_curves_reports_unloaded_ones() {
    let mut driver = at_runs("churn-sweep");
    add_derived_columns(&mut driver, "auc", &["best auc"]);
    driver
        .press("l s")
        .assert_shows("sorted by best auc")
        .assert_shows(" curves (~ loads the rest)");
    driver
        .hold_replies()
        .press("~")
        .assert_shows("loading curves, 0 of ");
    driver.press("esc").release_replies();
    driver.reply_to_cancelled();
    driver.assert_shows("~ loads the rest");
    driver
        .press("~")
        .assert_hides("~ loads the rest")
        .assert_hides("loading curves");
    let runs = driver.runs();
    let best: Vec<f64> = (0..runs.lines.len())
        .filter_map(|line| number(&driver, runs.row(line)?, &key(CurveStat::Max, "auc")))
        .collect();
    assert!(
        best.len() > 50 && best.windows(2).all(|pair| pair[0] >= pair[1]),
        "{best:?}"
    );
    driver.press("~");
    assert!(
        driver.notification().contains("all curves are loaded"),
        "{}",
        driver.notification()
    );
}

#[test]
fn diverged_run_shows_the_step() {
    let mut driver = at_runs("image-classifier");
    let metric = driver
        .runs()
        .columns
        .visible()
        .iter()
        .find_map(|column| match &column.key {
            ColumnKey::Metric(key) if key.raw().contains("loss") => Some(key.raw().to_owned()),
            _ => None,
        });
    add_derived_columns(&mut driver, &metric.unwrap(), &["verdict"]);
    driver.assert_shows("NaN at ");
}

#[test]
fn only_visible_curves_are_requested_once() {
    let mut driver = at_runs("churn-sweep");
    add_derived_columns(&mut driver, "auc", &["best auc"]);
    driver.hold_replies().press("j j k");
    assert_eq!(driver.pending_count(), 0, "{:?}", driver.pending_requests());
    driver.press("G");
    let requested: Vec<usize> = driver
        .pending_requests()
        .iter()
        .filter_map(|(_, request)| {
            if let Request::Histories { runs, .. } = request {
                Some(runs.len())
            } else {
                None
            }
        })
        .collect();
    assert_eq!(requested.len(), 1, "{requested:?}");
    assert!(requested[0] < 40, "{requested:?}");
    driver.assert_shows("…");
    driver.release_replies();
    assert!(driver.runs().table.curve_count("auc") > 40);
}

#[test]
fn view_saves_curve_columns() {
    let mut driver = at_runs("churn-sweep");
    add_derived_columns(&mut driver, "auc", &["best auc"]);
    let columns = |driver: &Driver| {
        driver
            .runs()
            .columns
            .visible()
            .iter()
            .map(|column| column.key.to_string())
            .collect::<Vec<_>>()
    };
    let before = columns(&driver);
    let at = before
        .iter()
        .position(|column| column == "metrics.auc")
        .unwrap();
    assert_eq!(before[at + 1], "max(metrics.auc)");
    driver.press("q enter");
    assert_eq!(columns(&driver), before);
    driver.press("0").press(&"l ".repeat(at)).press("+ enter");
    assert!(
        !columns(&driver).contains(&"max(metrics.auc)".to_owned()),
        "choosing it again hides it"
    );
    let mut other = open_runs(Driver::read_only(), "churn-sweep");
    other
        .press("0 +")
        .assert_shows("columns for the curve of auc");
}
