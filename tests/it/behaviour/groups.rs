//! Groups by any column, with statistics of the numeric columns.

use frontrunner::table::{ColumnKey, DisplayRow, Statistic};

use super::runs_table::{at_runs, metric_values, move_to_metric};
use crate::support::driver::Driver;

/// The value and the number of runs of each group.
fn groups(driver: &Driver) -> Vec<(String, usize)> {
    let group = |line: &DisplayRow| {
        if let DisplayRow::Group { value, rows } = line {
            Some((value.clone(), rows.len()))
        } else {
            None
        }
    };
    driver.runs().lines.iter().filter_map(group).collect()
}

/// The statistic of a metric in each group.
fn statistic_values(driver: &Driver, metric: &str) -> Vec<f64> {
    let runs = driver.runs();
    let key = ColumnKey::Metric(metric.into());
    let better = runs.arrangement.direction_of(&key);
    let figure = |line: usize| {
        runs.group_spread(line, &key)
            .and_then(|spread| spread.get(runs.arrangement.statistic, better))
    };
    (0..runs.lines.len()).filter_map(figure).collect()
}

/// The sweep grouped by tree depth, all groups folded.
fn grouped_by_depth() -> Driver {
    let mut driver = at_runs("churn-sweep");
    driver.press("Z").type_text("max_depth").press("enter");
    let all = groups(&driver).len();
    for line in 0..all {
        driver.press("g").press(&"j ".repeat(line)).press("z");
    }
    assert_eq!(driver.runs().lines.len(), all, "{}", driver.screen());
    driver
}

#[test]
fn group_picker_starts_with_the_current_column() {
    let mut driver = at_runs("churn-sweep");
    move_to_metric(&mut driver, "auc");
    driver.press("Z").assert_shows("by metrics.auc");
    driver.press("enter");
    assert_eq!(
        driver.runs().group_column(),
        Some(&ColumnKey::Metric("auc".into()))
    );
    driver.press("Z").type_text("max_depth").press("enter");
    assert_eq!(
        driver.runs().group_column(),
        Some(&ColumnKey::Param("max_depth".into())),
        "{}",
        driver.screen()
    );
    assert_eq!(
        groups(&driver).iter().map(|(_, runs)| runs).sum::<usize>(),
        60,
        "no run is lost"
    );
    driver.assert_shows("by max_depth: auc mean");
    driver.press("Z").type_text("flat").press("enter");
    assert!(groups(&driver).is_empty());
}

#[test]
fn statistic_key_cycles_and_header_names_it() {
    let mut driver = grouped_by_depth();
    move_to_metric(&mut driver, "auc");
    let mut seen = Vec::new();
    for statistic in Statistic::ALL {
        assert_eq!(driver.runs().arrangement.statistic, statistic);
        driver
            .press("g")
            .assert_shows(&format!("auc {} of", statistic.as_str()));
        seen.push(statistic_values(&driver, "auc"));
        driver.press("%");
    }
    assert_eq!(driver.runs().arrangement.statistic, Statistic::Mean);
    let [mean, std, n, min, max, best] = seen.as_slice() else {
        panic!("{seen:?}")
    };
    assert!(best == max, "a higher auc is better");
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
fn group_statistics_match_their_runs() {
    let mut driver = grouped_by_depth();
    move_to_metric(&mut driver, "auc");
    let mean = statistic_values(&driver, "auc");
    let mut flat = at_runs("churn-sweep");
    let depth = groups(&driver)[0].0.clone();
    flat.press("f")
        .type_text(&format!("params.max_depth = '{depth}'"))
        .press("enter");
    let own: Vec<f64> = metric_values(&flat, "auc")
        .into_iter()
        .flatten()
        .filter(|value| value.is_finite())
        .collect();
    let expected = own.iter().sum::<f64>() / own.len() as f64;
    assert!((mean[0] - expected).abs() < 1e-12, "{mean:?} {expected}");
}

#[test]
fn groups_sort_by_the_sort_column_statistic() {
    let mut driver = grouped_by_depth();
    move_to_metric(&mut driver, "auc");
    driver.press("s");
    assert!(
        statistic_values(&driver, "auc").is_sorted_by(|a, b| a >= b),
        "{:?}",
        statistic_values(&driver, "auc")
    );
    driver.press("%");
    assert!(
        statistic_values(&driver, "auc").is_sorted_by(|a, b| a >= b),
        "sorted by the deviation: {:?}",
        statistic_values(&driver, "auc")
    );
    driver.press("s");
    assert!(
        statistic_values(&driver, "auc").is_sorted(),
        "{:?}",
        statistic_values(&driver, "auc")
    );
}

#[test]
fn excluded_values_are_reported() {
    let mut driver = at_runs("image-classifier");
    driver.press("Z").type_text("by status").press("enter");
    move_to_metric(&mut driver, "val/loss");
    let line = (0..driver.runs().lines.len()).find(|line| {
        driver
            .runs()
            .group_spread(*line, &ColumnKey::Metric("val/loss".into()))
            .is_some_and(|spread| spread.excluded > 0)
    });
    let line = line.unwrap_or_else(|| panic!("one of the runs diverged:\n{}", driver.screen()));
    driver.press("g").press(&"j ".repeat(line));
    driver.assert_shows("1 not finite");
    driver
        .press("p")
        .assert_shows("no finite number")
        .assert_shows("std");
}

#[test]
fn view_saves_grouping_and_statistic() {
    let mut driver = at_runs("churn-sweep");
    driver.press("%");
    assert!(
        driver.notification().contains("no groups"),
        "{}",
        driver.notification()
    );
    driver.press("Z").type_text("max_depth").press("enter % %");
    driver.press("q").press("enter");
    let view = driver.runs().current_view();
    assert_eq!(
        (view.group.as_deref(), view.statistic.as_deref()),
        (Some("params.max_depth"), Some("n"))
    );
    assert_eq!(driver.runs().arrangement.statistic, Statistic::Count);
}

#[test]
fn all_groups_fold_at_once() {
    let mut driver = at_runs("churn-sweep");
    driver.press("*");
    assert!(
        driver.notification().contains("no groups"),
        "{}",
        driver.notification()
    );
    driver.press("Z").type_text("max_depth").press("enter");
    let (all, lines) = (groups(&driver).len(), driver.runs().lines.len());
    assert!(all > 1 && lines > all);
    driver.press("G *");
    assert_eq!(driver.runs().lines.len(), all, "{}", driver.screen());
    assert_eq!(
        driver.runs().cursor.index,
        all - 1,
        "the cursor is on its group"
    );
    driver.press("g z *");
    assert_eq!(driver.runs().lines.len(), all, "one was unfolded");
    driver.press("*");
    assert_eq!(driver.runs().lines.len(), lines);
}

#[test]
fn group_durations_leave_out_running_runs() {
    let mut driver = at_runs("image-classifier");
    driver.press("Z").type_text("status").press("enter");
    let key = "duration".parse::<ColumnKey>().unwrap();
    let running = groups(&driver)
        .iter()
        .position(|(value, _)| value.eq_ignore_ascii_case("running"));
    driver.press("*");
    let stats = driver.runs().group_spread(running.unwrap(), &key);
    let Some(stats) = stats else {
        panic!("no duration:\n{}", driver.screen())
    };
    assert!(stats.n == 0 && stats.running > 0, "{stats:?}");
}
