//! Looking: experiments, runs, order, filter, columns, marks, comparing.

use frontrunner::table::{Cell, ColumnKey};
use frontrunner::tui::app::{Overlay, Screen};

use crate::support::driver::{Driver, facts};

/// A session with the runs of an experiment on the screen.
pub fn at_runs(experiment: &str) -> Driver {
    open_runs(Driver::new(), experiment)
}

pub fn open_runs(mut driver: Driver, experiment: &str) -> Driver {
    driver.press("f").text(experiment).press("enter enter");
    assert_eq!(driver.runs().name, experiment, "{}", driver.screen());
    driver
}

/// Moves the column cursor to a metric.
pub fn to_metric(driver: &mut Driver, metric: &str) {
    let column = ColumnKey::Metric(metric.into());
    driver.press("0");
    for _ in 0..200 {
        if driver
            .runs()
            .columns
            .current()
            .is_some_and(|key| key == column)
        {
            return;
        }
        driver.press("l");
    }
    panic!("there is no column {column}:\n{}", driver.screen());
}

/// The values of a metric from the first line to the last; nothing where a run has none.
pub fn values(driver: &Driver, metric: &str) -> Vec<Option<f64>> {
    let runs = driver.runs();
    let key = ColumnKey::Metric(metric.into());
    let value = |line| match runs.table.cell(runs.row(line).unwrap(), &key, 0) {
        Cell::Number(value) => Some(value),
        _ => None,
    };
    (0..runs.lines.len()).map(value).collect()
}

/// The id of the run under the cursor.
pub fn current(driver: &Driver) -> String {
    let runs = driver.runs();
    runs.table.id(runs.current().unwrap()).raw().to_owned()
}

#[test]
fn an_experiment_opens_its_runs() {
    let driver = at_runs("churn-sweep");
    assert_eq!(driver.runs().lines.len(), 60);
    driver.sees("churn-sweep");
    let count = |name: &str| {
        facts()
            .experiments
            .iter()
            .find(|experiment| experiment.name.raw() == name)
            .unwrap()
            .runs as usize
    };
    assert_eq!(
        at_runs("churn-releases").runs().lines.len(),
        count("churn-releases")
    );
}

#[test]
fn several_marked_experiments_open_together() {
    let mut driver = Driver::new();
    driver
        .press("f")
        .text("churn")
        .press("enter")
        .press("space space enter");
    assert_eq!(driver.runs().experiments.len(), 2);
    driver.sees("2 experiments");
}

#[test]
fn a_metric_sorts_both_ways_and_what_is_no_number_comes_last_both_ways() {
    let mut driver = at_runs("image-classifier");
    to_metric(&mut driver, "val/loss");
    let mut orders = Vec::new();
    for _ in 0..2 {
        driver.press("s");
        let all = values(&driver, "val/loss");
        let numbers: Vec<f64> = all
            .iter()
            .copied()
            .flatten()
            .filter(|value| !value.is_nan())
            .collect();
        let rest = &all[numbers.len()..];
        assert!(
            rest.iter().all(|value| value.is_none_or(f64::is_nan)),
            "{all:?}"
        );
        assert!(
            rest.iter().any(|value| value.is_some_and(f64::is_nan)),
            "one of them is NaN: {all:?}"
        );
        orders.push(numbers);
    }
    assert!(
        orders[0].is_sorted_by(|a, b| a <= b),
        "a loss is best when it is small: {orders:?}"
    );
    assert!(
        orders[1].is_sorted_by(|a, b| a >= b) && orders[1].len() > 2,
        "{orders:?}"
    );
}

#[test]
fn a_second_key_orders_what_the_first_leaves_equal() {
    let mut driver = at_runs("image-classifier");
    driver.press("0 s");
    to_metric(&mut driver, "val/loss");
    driver.press("S");
    assert_eq!(driver.runs().arrangement.sort.len(), 2);
}

#[test]
fn a_filter_narrows_and_a_mistake_keeps_the_rows() {
    let mut driver = at_runs("churn-sweep");
    driver.press("f").text("status = 'FAILED'").press("enter");
    let failed = driver.runs().lines.len();
    assert!((1..60).contains(&failed), "{failed} failed runs");
    assert_eq!(current(&driver), facts().sweep.leaked.raw());

    driver.press("f").text(" and (").press("enter");
    assert_eq!(
        driver.runs().lines.len(),
        failed,
        "a filter with a mistake in it leaves the rows"
    );
    let Some(Overlay::Prompt(prompt)) = driver.overlay() else {
        panic!("a mistake is accepted:\n{}", driver.screen())
    };
    assert_eq!(
        prompt.input.value(),
        "status = 'FAILED' and (",
        "nothing that was typed is lost"
    );
    let error = prompt.advice.error.clone().unwrap();
    driver.sees(&error.message);

    driver.press("esc");
    assert_eq!(
        driver.runs().filter_text,
        "status = 'FAILED'",
        "leaving the field puts back what was there"
    );
    assert_eq!(driver.runs().lines.len(), failed);
    driver.press("esc");
    assert_eq!(
        (
            driver.runs().lines.len(),
            driver.runs().filter_text.as_str()
        ),
        (60, ""),
        "esc drops the filter, then the screen"
    );
    driver.press("esc");
    assert!(matches!(driver.app.screen(), Screen::Experiments(_)));
}

#[test]
fn rows_follow_while_a_filter_is_typed_and_come_back_when_it_is_left() {
    let mut driver = at_runs("churn-sweep");
    driver.press("f").text("metrics.auc > 0.99");
    assert!(driver.runs().lines.len() < 60);
    driver.press("esc");
    assert_eq!(driver.runs().lines.len(), 60);
}

#[test]
fn marked_runs_are_compared_with_only_what_differs_first() {
    let mut driver = at_runs("churn-sweep");
    driver.press("g space space c");
    let Screen::Compare(compare) = driver.app.screen() else {
        panic!("{}", driver.screen())
    };
    assert_eq!(compare.ids.len(), 2);
    let (few, marked) = (compare.lines().len(), driver.app.shared.marks.ids());
    assert_eq!(compare.ids, marked);
    driver.press("d");
    let Screen::Compare(compare) = driver.app.screen() else {
        panic!()
    };
    assert!(
        compare.lines().len() > few,
        "everything is more than the differences"
    );
}

#[test]
fn the_baseline_stands_first_and_keeps_its_place() {
    let mut driver = at_runs("churn-sweep");
    driver.press("g space space space c l l b");
    let marks = driver.app.shared.marks.clone();
    let Screen::Compare(compare) = driver.app.screen() else {
        panic!("{}", driver.screen())
    };
    assert_eq!(compare.column, 0);
    assert_eq!(marks.baseline(), compare.ids.first());
    let third = compare.ids[0].clone();
    driver.press("esc 3");
    let Screen::Compare(compare) = driver.app.screen() else {
        panic!("{}", driver.screen())
    };
    assert_eq!(
        compare.ids[0], third,
        "the comparison that is opened again has the same baseline"
    );
}

#[test]
fn comparing_one_run_says_what_is_missing() {
    let mut driver = at_runs("churn-sweep");
    driver.press("3");
    assert!(
        driver.said().contains("mark two or more"),
        "{}",
        driver.said()
    );
    assert!(matches!(driver.app.screen(), Screen::Runs(_)));
}

#[test]
fn columns_are_hidden_and_shown_again_by_name() {
    let mut driver = at_runs("churn-sweep");
    let has = |driver: &Driver| {
        driver
            .runs()
            .columns
            .seen()
            .iter()
            .any(|column| column.key.to_string() == "metrics.auc")
    };
    assert!(has(&driver));
    driver.press("C").text("metrics.auc").press("enter esc");
    assert!(!has(&driver), "{}", driver.screen());
    driver.press("C").text("metrics.auc").press("enter esc");
    assert!(has(&driver));
    to_metric(&mut driver, "auc");
    driver.press("-");
    assert!(!has(&driver), "one key hides the column under the cursor");
}

#[test]
fn marks_survive_the_filter_the_order_and_other_screens() {
    let mut driver = at_runs("churn-sweep");
    driver.press("g space");
    let marked = driver.app.shared.marks.ids();
    driver.press("f").text("metrics.auc > 2").press("enter");
    assert_eq!(driver.runs().lines.len(), 0);
    driver.press("esc s 4 6 2");
    driver.runs();
    assert_eq!(driver.app.shared.marks.ids(), marked);
    driver
        .press("1 f ctrl-u")
        .text("churn-releases")
        .press("enter enter space c");
    let Screen::Compare(compare) = driver.app.screen() else {
        panic!("{}", driver.screen())
    };
    assert_eq!(
        compare.ids.len(),
        2,
        "runs of two experiments stand side by side"
    );
    assert_eq!(compare.ids[0], marked[0]);
}

#[test]
fn a_range_is_marked_and_all_marks_are_cleared() {
    let mut driver = at_runs("churn-sweep");
    driver.press("g v j j j v");
    assert_eq!(driver.app.shared.marks.len(), 4);
    driver.press("u");
    assert!(driver.app.shared.marks.is_empty());
}

#[test]
fn nested_runs_fold_under_their_parents() {
    let mut driver = at_runs("iris-baselines");
    let flat = driver.runs().lines.len();
    driver.press("z").text("tree").press("enter");
    assert_eq!(driver.runs().lines.len(), flat);
    let parent = driver.runs().table.row_of(&facts().nested.parent).unwrap();
    let at = (0..flat)
        .find(|line| driver.runs().row(*line) == Some(parent))
        .unwrap();
    driver.press("g");
    driver.press(&"j ".repeat(at));
    driver.press("Z");
    assert!(
        driver.runs().lines.len() < flat,
        "the children are folded away"
    );
    driver.press("Z");
    assert_eq!(driver.runs().lines.len(), flat);
}
