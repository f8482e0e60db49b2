//! Columns of what curves come to: best value, its step, verdict.

use frontrunner::table::{Cell, ColumnKey, Fact, Row};
use frontrunner::tui::app::Request;
use rusqlite::Connection;

use super::tables::{at_runs, open_runs, to_metric};
use crate::support::driver::Driver;

fn key(fact: Fact, metric: &str) -> ColumnKey {
    ColumnKey::Curve(fact, metric.into())
}

fn number(driver: &Driver, row: Row, column: &ColumnKey) -> Option<f64> {
    match driver.runs().table.cell(row, column, 0) {
        Cell::Number(value) => Some(value),
        _ => None,
    }
}

/// The highest value of a metric's history and its first step, as SQLite says.
fn highest(driver: &Driver, run: &str, metric: &str) -> Option<(f64, i64)> {
    let db = Connection::open(driver.store()).unwrap();
    let question = "SELECT value, step FROM metrics WHERE run_uuid = ?1 AND key = ?2 AND is_nan = 0 ORDER BY value DESC, step LIMIT 1";
    db.query_row(question, [run, metric], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
    .ok()
}

/// Shows the first column that is offered of a metric's curve, and others by name.
fn derive(driver: &mut Driver, metric: &str, names: &[&str]) {
    to_metric(driver, metric);
    for name in names {
        driver.press("D").text(name).press("enter");
    }
}

#[test]
fn the_best_value_and_its_step_are_those_of_the_whole_history() {
    let mut driver = at_runs("churn-sweep");
    derive(&mut driver, "auc", &["best auc", "best step", "verdict"]);
    driver
        .sees("best auc")
        .sees("best step auc")
        .sees("verdict auc");
    let rows: Vec<Row> = (0..20).filter_map(|line| driver.runs().row(line)).collect();
    let mut told = 0;
    for row in rows {
        let id = driver.runs().table.id(row).raw().to_owned();
        let found = number(&driver, row, &key(Fact::Max, "auc")).zip(number(
            &driver,
            row,
            &key(Fact::MaxStep, "auc"),
        ));
        assert_eq!(
            found.map(|(value, step)| (value, step as i64)),
            highest(&driver, &id, "auc"),
            "{id}"
        );
        told += usize::from(found.is_some());
    }
    assert!(told > 10, "{told}");
}

#[test]
fn an_order_by_curves_says_how_many_it_knows_and_a_key_reads_the_rest() {
    let mut driver = at_runs("churn-sweep");
    derive(&mut driver, "auc", &["best auc"]);
    driver
        .press("l s")
        .sees("sorted by best auc")
        .sees(" curves (F reads the rest)");
    driver.hold().press("F").sees("reading curves, 0 of ");
    driver.press("esc").release();
    driver.answer_what_was_cancelled();
    driver.sees("F reads the rest");
    driver
        .press("F")
        .misses("F reads the rest")
        .misses("reading curves");
    let runs = driver.runs();
    let best: Vec<f64> = (0..runs.lines.len())
        .filter_map(|line| number(&driver, runs.row(line)?, &key(Fact::Max, "auc")))
        .collect();
    assert!(
        best.len() > 50 && best.windows(2).all(|pair| pair[0] >= pair[1]),
        "{best:?}"
    );
    driver.press("F");
    assert!(
        driver.said().contains("all curves are read"),
        "{}",
        driver.said()
    );
}

#[test]
fn a_diverged_run_says_where() {
    let mut driver = at_runs("image-classifier");
    let metric = driver
        .runs()
        .columns
        .seen()
        .iter()
        .find_map(|column| match &column.key {
            ColumnKey::Metric(key) if key.raw().contains("loss") => Some(key.raw().to_owned()),
            _ => None,
        });
    derive(&mut driver, &metric.unwrap(), &["verdict"]);
    driver.sees("NaN at ");
}

#[test]
fn only_visible_curves_are_asked_for_and_none_twice() {
    let mut driver = at_runs("churn-sweep");
    derive(&mut driver, "auc", &["best auc"]);
    driver.hold().press("j j k");
    assert_eq!(driver.waiting(), 0, "{:?}", driver.asked());
    driver.press("G");
    let asked: Vec<usize> = driver
        .asked()
        .iter()
        .filter_map(|(_, request)| {
            if let Request::Histories { runs, .. } = request {
                Some(runs.len())
            } else {
                None
            }
        })
        .collect();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0] < 40, "{asked:?}");
    driver.sees("…");
    driver.release();
    assert!(driver.runs().table.curves_told("auc") > 40);
}

#[test]
fn columns_of_curves_belong_to_the_view() {
    let mut driver = at_runs("churn-sweep");
    derive(&mut driver, "auc", &["best auc"]);
    let columns = |driver: &Driver| {
        driver
            .runs()
            .columns
            .seen()
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
    driver.press("0").press(&"l ".repeat(at)).press("D enter");
    assert!(
        !columns(&driver).contains(&"max(metrics.auc)".to_owned()),
        "the same choice hides it"
    );
    let mut other = open_runs(Driver::read_only(), "churn-sweep");
    other.press("0 D").sees("columns of the curve of auc");
}
