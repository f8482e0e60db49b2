//! The run table: experiments, order, filter, columns, marks and comparison.

use frontrunner::table::{CellValue, ColumnKey};
use frontrunner::tui::app::Dialog;
use frontrunner::tui::screens::{CompareScreen, ExperimentsScreen, RunsScreen};

use crate::support::driver::{Driver, demo_manifest};

/// Opens the runs of an experiment.
pub fn at_runs(experiment: &str) -> Driver {
    open_runs(Driver::new(), experiment)
}

pub fn open_runs(mut driver: Driver, experiment: &str) -> Driver {
    driver.press("f").type_text(experiment).press("enter enter");
    assert_eq!(driver.runs().name, experiment, "{}", driver.screen());
    driver
}

/// Moves the column cursor to a metric.
pub fn move_to_metric(driver: &mut Driver, metric: &str) {
    let column = ColumnKey::Metric(metric.into());
    driver.press("0");
    for _ in 0..200 {
        if driver
            .runs()
            .columns
            .current_key()
            .is_some_and(|key| key == column)
        {
            return;
        }
        driver.press("l");
    }
    panic!("there is no column {column}:\n{}", driver.screen());
}

/// The values of a metric, from the first line to the last.
pub fn metric_values(driver: &Driver, metric: &str) -> Vec<Option<f64>> {
    let runs = driver.runs();
    let key = ColumnKey::Metric(metric.into());
    let value = |line| match runs.table.cell(runs.row(line).unwrap(), &key, 0) {
        CellValue::Number(value) => Some(value),
        _ => None,
    };
    (0..runs.lines.len()).map(value).collect()
}

/// The id of the run under the cursor.
pub fn current_run_id(driver: &Driver) -> String {
    let runs = driver.runs();
    runs.table
        .run_id(runs.current_row().unwrap())
        .raw()
        .to_owned()
}

#[test]
fn experiment_opens_its_runs() {
    let driver = at_runs("churn-sweep");
    assert_eq!(driver.runs().lines.len(), 60);
    driver.assert_shows("churn-sweep");
    let count = |name: &str| {
        demo_manifest()
            .experiments
            .iter()
            .find(|experiment| experiment.name.raw() == name)
            .unwrap()
            .active_runs as usize
    };
    assert_eq!(
        at_runs("churn-releases").runs().lines.len(),
        count("churn-releases")
    );
}

#[test]
fn marked_experiments_open_together() {
    let mut driver = Driver::new();
    driver
        .press("f")
        .type_text("churn")
        .press("enter")
        .press("space space enter");
    assert_eq!(driver.runs().experiments.len(), 2);
    driver.assert_shows("2 experiments");
}

#[test]
fn non_finite_values_sort_last_in_both_orders() {
    let mut driver = at_runs("image-classifier");
    move_to_metric(&mut driver, "val/loss");
    let mut orders = Vec::new();
    for _ in 0..2 {
        driver.press("s");
        let all = metric_values(&driver, "val/loss");
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
        "lower losses come first: {orders:?}"
    );
    assert!(
        orders[1].is_sorted_by(|a, b| a >= b) && orders[1].len() > 2,
        "{orders:?}"
    );
}

#[test]
fn third_press_removes_the_order() {
    let mut driver = at_runs("churn-sweep");
    driver.assert_shows("goal max auc");
    driver.assert_shows("newest first");
    move_to_metric(&mut driver, "auc");
    let order = |driver: &Driver| -> Vec<bool> {
        let keys = driver.runs().arrangement.sort.iter();
        keys.map(|key| key.descending).collect()
    };
    driver.press("s");
    assert_eq!(order(&driver), [true]);
    driver.press("s");
    assert_eq!(order(&driver), [false]);
    driver.press("s");
    assert!(order(&driver).is_empty());
    driver.assert_shows("newest first");
}

#[test]
fn hidden_columns_are_counted() {
    let mut driver = at_runs("churn-sweep");
    move_to_metric(&mut driver, "accuracy");
    driver.press("-");
    driver.assert_shows("1 column hidden");
    assert_eq!(driver.notification(), "accuracy is hidden");
}

#[test]
fn second_sort_key_breaks_ties() {
    let mut driver = at_runs("image-classifier");
    driver.press("0 s");
    move_to_metric(&mut driver, "val/loss");
    driver.press("S");
    assert_eq!(driver.runs().arrangement.sort.len(), 2);
}

#[test]
fn invalid_filter_keeps_the_rows() {
    let mut driver = at_runs("churn-sweep");
    driver
        .press("f")
        .type_text("status = 'FAILED'")
        .press("enter");
    let failed = driver.runs().lines.len();
    assert!((1..60).contains(&failed), "{failed} failed runs");
    assert_eq!(current_run_id(&driver), demo_manifest().sweep.leaked.raw());

    driver.press("f").type_text(" and (").press("enter");
    assert_eq!(
        driver.runs().lines.len(),
        failed,
        "an invalid filter keeps the rows"
    );
    let Some(Dialog::Prompt(prompt)) = driver.dialog() else {
        panic!("a mistake is accepted:\n{}", driver.screen())
    };
    assert_eq!(
        prompt.input.value(),
        "status = 'FAILED' and (",
        "the typed text stays"
    );
    let error = prompt.feedback.error.clone().unwrap();
    driver.assert_shows(&error.message);

    driver.press("esc");
    assert_eq!(
        driver.runs().filter_text,
        "status = 'FAILED'",
        "esc restores the previous filter"
    );
    assert_eq!(driver.runs().lines.len(), failed);
    driver.press("esc");
    assert_eq!(
        (
            driver.runs().lines.len(),
            driver.runs().filter_text.as_str()
        ),
        (60, ""),
        "esc clears the filter, then closes the screen"
    );
    driver.press("esc");
    assert!(driver.app.screen_as::<ExperimentsScreen>().is_some());
}

#[test]
fn filter_applies_while_typing_and_reverts_on_cancel() {
    let mut driver = at_runs("churn-sweep");
    driver.press("f").type_text("metrics.auc > 0.99");
    assert!(driver.runs().lines.len() < 60);
    driver.press("esc");
    assert_eq!(driver.runs().lines.len(), 60);
}

#[test]
fn comparison_shows_differences_first() {
    let mut driver = at_runs("churn-sweep");
    driver.press("g space space c");
    let Some(compare) = driver.app.screen_as::<CompareScreen>() else {
        panic!("{}", driver.screen())
    };
    assert_eq!(compare.ids.len(), 2);
    let (few, marked) = (compare.visible_lines().len(), driver.app.shared.marks.ids());
    assert_eq!(compare.ids, marked);
    driver.press("d");
    let Some(compare) = driver.app.screen_as::<CompareScreen>() else {
        panic!()
    };
    assert!(
        compare.visible_lines().len() > few,
        "all rows are more than the differing rows"
    );
}

#[test]
fn baseline_stays_in_the_first_row() {
    let mut driver = at_runs("churn-sweep");
    driver.press("g space space space c l l b");
    let marks = driver.app.shared.marks.clone();
    let Some(compare) = driver.app.screen_as::<CompareScreen>() else {
        panic!("{}", driver.screen())
    };
    assert_eq!(compare.selected_column, 0);
    assert_eq!(marks.baseline(), compare.ids.first());
    let third = compare.ids[0].clone();
    driver.press("esc 3");
    let Some(compare) = driver.app.screen_as::<CompareScreen>() else {
        panic!("{}", driver.screen())
    };
    assert_eq!(
        compare.ids[0], third,
        "the reopened comparison has the same baseline"
    );
}

#[test]
fn comparing_one_run_asks_for_another() {
    let mut driver = at_runs("churn-sweep");
    driver.press("3");
    assert!(
        driver.notification().contains("mark two or more"),
        "{}",
        driver.notification()
    );
    assert!(driver.app.screen_as::<RunsScreen>().is_some());
}

#[test]
fn hidden_columns_are_shown_again_by_name() {
    let mut driver = at_runs("churn-sweep");
    let has = |driver: &Driver| {
        driver
            .runs()
            .columns
            .visible()
            .iter()
            .any(|column| column.key.to_string() == "metrics.auc")
    };
    assert!(has(&driver));
    driver
        .press("C")
        .type_text("metrics.auc")
        .press("space enter");
    assert!(!has(&driver), "{}", driver.screen());
    driver
        .press("C")
        .type_text("metrics.auc")
        .press("space enter");
    assert!(has(&driver));
    move_to_metric(&mut driver, "auc");
    driver.press("-");
    assert!(!has(&driver), "one key hides the column under the cursor");
}

#[test]
fn marks_survive_the_filter_the_order_and_other_screens() {
    let mut driver = at_runs("churn-sweep");
    driver.press("g space");
    let marked = driver.app.shared.marks.ids();
    driver
        .press("f")
        .type_text("metrics.auc > 2")
        .press("enter");
    assert_eq!(driver.runs().lines.len(), 0);
    driver.press("esc s 4 6 2");
    driver.runs();
    assert_eq!(driver.app.shared.marks.ids(), marked);
    driver
        .press("1 f ctrl-u")
        .type_text("churn-releases")
        .press("enter enter space c");
    let Some(compare) = driver.app.screen_as::<CompareScreen>() else {
        panic!("{}", driver.screen())
    };
    assert_eq!(
        compare.ids.len(),
        2,
        "runs of two experiments are in one table"
    );
    assert_eq!(compare.ids[0], marked[0]);
}

#[test]
fn range_is_marked_and_marks_are_cleared() {
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
    driver.press("Z").type_text("tree").press("enter");
    assert_eq!(driver.runs().lines.len(), flat);
    let parent = driver
        .runs()
        .table
        .row_of(&demo_manifest().nested.parent)
        .unwrap();
    let at = (0..flat)
        .find(|line| driver.runs().row(*line) == Some(parent))
        .unwrap();
    driver.press("g");
    driver.press(&"j ".repeat(at));
    driver.press("z");
    assert!(driver.runs().lines.len() < flat, "the children are folded");
    driver.press("z");
    assert_eq!(driver.runs().lines.len(), flat);
}
