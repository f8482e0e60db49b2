//! Groups: by any column, with a statistic of each numeric column in their lines.

use frontrunner::table::{ColumnKey, Line, Statistic};

use super::tables::{at_runs, to_metric, values};
use crate::support::driver::Driver;

/// The groups, each as its value and how many runs it has.
fn groups(driver: &Driver) -> Vec<(String, usize)> {
    let group = |line: &Line| {
        if let Line::Group { value, rows } = line {
            Some((value.clone(), rows.len()))
        } else {
            None
        }
    };
    driver.runs().lines.iter().filter_map(group).collect()
}

/// What each group shows of a metric.
fn figures(driver: &Driver, metric: &str) -> Vec<f64> {
    let runs = driver.runs();
    let key = ColumnKey::Metric(metric.into());
    let better = runs.arrangement.better(&key);
    let figure = |line: usize| {
        runs.spread(line, &key)
            .and_then(|spread| spread.get(runs.arrangement.statistic, better))
    };
    (0..runs.lines.len()).filter_map(figure).collect()
}

/// The sweep, by the depth of its trees, with every group folded.
fn by_depth() -> Driver {
    let mut driver = at_runs("churn-sweep");
    driver.press("z").text("max_depth").press("enter");
    let all = groups(&driver).len();
    for line in 0..all {
        driver.press("g").press(&"j ".repeat(line)).press("Z");
    }
    assert_eq!(driver.runs().lines.len(), all, "{}", driver.screen());
    driver
}

#[test]
fn any_column_groups_and_the_one_under_the_cursor_is_first() {
    let mut driver = at_runs("churn-sweep");
    to_metric(&mut driver, "auc");
    driver.press("z").sees("by metrics.auc");
    driver.press("enter");
    assert_eq!(
        driver.runs().grouped_by(),
        Some(&ColumnKey::Metric("auc".into()))
    );
    driver.press("z").text("max_depth").press("enter");
    assert_eq!(
        driver.runs().grouped_by(),
        Some(&ColumnKey::Param("max_depth".into())),
        "{}",
        driver.screen()
    );
    assert_eq!(
        groups(&driver).iter().map(|(_, runs)| runs).sum::<usize>(),
        60,
        "no run is lost"
    );
    driver.sees("by max_depth: auc mean");
    driver.press("z").text("flat").press("enter");
    assert!(groups(&driver).is_empty());
}

#[test]
fn a_key_goes_through_the_statistics_and_the_line_above_names_each() {
    let mut driver = by_depth();
    to_metric(&mut driver, "auc");
    let mut seen = Vec::new();
    for statistic in Statistic::ALL {
        assert_eq!(driver.runs().arrangement.statistic, statistic);
        driver
            .press("g")
            .sees(&format!("auc {} of", statistic.as_str()));
        seen.push(figures(&driver, "auc"));
        driver.press("%");
    }
    assert_eq!(driver.runs().arrangement.statistic, Statistic::Mean);
    let [mean, std, n, min, max, best] = seen.as_slice() else {
        panic!("{seen:?}")
    };
    assert!(best == max, "more of an auc is better");
    for group in 0..mean.len() {
        assert!(
            min[group] <= mean[group] && mean[group] <= max[group],
            "{seen:?}"
        );
    }
    assert_eq!(
        std.len(),
        n.iter().filter(|n| **n > 1.0).count(),
        "one value has no deviation"
    );
    assert!(n.iter().sum::<f64>() <= 60.0);
}

#[test]
fn figures_are_those_of_the_runs_below_them() {
    let mut driver = by_depth();
    to_metric(&mut driver, "auc");
    let mean = figures(&driver, "auc");
    let mut flat = at_runs("churn-sweep");
    let depth = groups(&driver)[0].0.clone();
    flat.press("f")
        .text(&format!("params.max_depth = '{depth}'"))
        .press("enter");
    let own: Vec<f64> = values(&flat, "auc")
        .into_iter()
        .flatten()
        .filter(|value| value.is_finite())
        .collect();
    let expected = own.iter().sum::<f64>() / own.len() as f64;
    assert!((mean[0] - expected).abs() < 1e-12, "{mean:?} {expected}");
}

#[test]
fn groups_sort_by_the_statistic_of_the_sort_column() {
    let mut driver = by_depth();
    to_metric(&mut driver, "auc");
    driver.press("s");
    assert!(
        figures(&driver, "auc").is_sorted_by(|a, b| a >= b),
        "{:?}",
        figures(&driver, "auc")
    );
    driver.press("%");
    assert!(
        figures(&driver, "auc").is_sorted_by(|a, b| a >= b),
        "by the deviation now: {:?}",
        figures(&driver, "auc")
    );
    driver.press("s");
    assert!(
        figures(&driver, "auc").is_sorted(),
        "{:?}",
        figures(&driver, "auc")
    );
}

#[test]
fn what_does_not_count_is_said() {
    let mut driver = at_runs("image-classifier");
    driver.press("z").text("by status").press("enter");
    to_metric(&mut driver, "val/loss");
    let line = (0..driver.runs().lines.len()).find(|line| {
        driver
            .runs()
            .spread(*line, &ColumnKey::Metric("val/loss".into()))
            .is_some_and(|spread| spread.left_out > 0)
    });
    let line = line.unwrap_or_else(|| panic!("one of the runs diverged:\n{}", driver.screen()));
    driver.press("g").press(&"j ".repeat(line));
    driver.sees("1 no finite number");
    driver.press("p").sees("no finite number").sees("std");
}

#[test]
fn a_view_keeps_the_grouping_and_its_statistic() {
    let mut driver = at_runs("churn-sweep");
    driver.press("%");
    assert!(
        driver.said().contains("there are no groups"),
        "{}",
        driver.said()
    );
    driver.press("z").text("max_depth").press("enter % %");
    driver.press("q").press("enter");
    let view = driver.runs().view();
    assert_eq!(
        (view.group.as_deref(), view.statistic.as_deref()),
        (Some("params.max_depth"), Some("n"))
    );
    assert_eq!(driver.runs().arrangement.statistic, Statistic::Count);
}
