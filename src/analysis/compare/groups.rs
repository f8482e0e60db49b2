//! Comparison of groups of runs, such as repetitions with other seeds: the mean of each metric and its deviation.

use std::collections::BTreeMap;

use super::{Comparison, compare_with_directions};
use crate::analysis::stats::MeanStdDev;
use crate::domain::{Direction, KeyValue, Metric, MetricValue, Run, RunId};
use crate::text::Untrusted;

/// The statistics of a metric in a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupStats {
    /// The sample standard deviation; absent for one value.
    pub std_dev: Option<f64>,
    /// The number of finite values.
    pub count: usize,
}

/// Compares groups of runs with the same value of a param. A group has the means of the finite values of its metrics, and the params,
/// tags and datasets that all its runs share; its first run gives its id.
#[must_use]
pub fn compare_groups(
    runs: &[Run],
    by: &Untrusted,
    directions: &dyn Fn(&str) -> Option<Direction>,
) -> Comparison {
    let mut groups: Vec<(Option<&Untrusted>, Vec<&Run>)> = Vec::new();
    for run in runs {
        let value = run
            .params
            .iter()
            .find(|param| param.key == *by)
            .map(|param| &param.value);
        match groups.iter_mut().find(|(known, _)| *known == value) {
            Some((_, members)) => members.push(run),
            None => groups.push((value, vec![run])),
        }
    }
    let group_stats: Vec<BTreeMap<Untrusted, GroupStats>> = groups
        .iter()
        .map(|(_, members)| group_stats(members))
        .collect();
    let merged: Vec<Run> = groups
        .iter()
        .map(|(value, members)| merge_runs(by, *value, members))
        .collect();
    let baseline: Option<RunId> = merged.first().map(|run| run.id.clone());
    let mut comparison = compare_with_directions(merged, baseline.as_ref(), directions);
    for row in comparison
        .rows
        .iter_mut()
        .filter(|row| row.kind == super::RowKind::Metric)
    {
        row.group_stats = group_stats
            .iter()
            .map(|of| of.get(&row.key).copied())
            .collect();
    }
    comparison
}

fn finite_metrics<'a>(members: &'a [&Run]) -> impl Iterator<Item = (&'a Untrusted, f64)> {
    members
        .iter()
        .flat_map(|run| &run.metrics)
        .map(|metric| (&metric.key, metric.value.get()))
        .filter(|(_, value)| value.is_finite())
}

fn group_stats(members: &[&Run]) -> BTreeMap<Untrusted, GroupStats> {
    let mut values: BTreeMap<&Untrusted, Vec<f64>> = BTreeMap::new();
    finite_metrics(members).for_each(|(key, value)| values.entry(key).or_default().push(value));
    let stats = |values: Vec<f64>| GroupStats {
        std_dev: (values.len() > 1).then(|| MeanStdDev::from_values(&values).std_dev),
        count: values.len(),
    };
    values
        .into_iter()
        .map(|(key, values)| (key.clone(), stats(values)))
        .collect()
}

fn merge_runs(by: &Untrusted, value: Option<&Untrusted>, members: &[&Run]) -> Run {
    let Some(first) = members.first() else {
        return Run::bare(RunId::default(), crate::domain::ExperimentId::default());
    };
    let mut run = Run::bare(first.id.clone(), first.experiment_id.clone());
    let value = value.map_or("—", Untrusted::raw);
    run.name = format!("{} {value}, {} runs", by.raw(), members.len()).into();
    run.status = first.status;
    let in_all = |of: fn(&Run) -> &Vec<KeyValue>| -> Vec<KeyValue> {
        of(first)
            .iter()
            .filter(|pair| members.iter().all(|run| of(run).contains(pair)))
            .cloned()
            .collect()
    };
    run.params = in_all(|run| &run.params);
    run.tags = in_all(|run| &run.tags);
    run.datasets = first
        .datasets
        .iter()
        .filter(|data| members.iter().all(|run| run.datasets.contains(data)))
        .cloned()
        .collect();
    let mut sums: BTreeMap<&Untrusted, (f64, f64)> = BTreeMap::new();
    finite_metrics(members).for_each(|(key, value)| {
        let (sum, count) = sums.entry(key).or_default();
        (*sum, *count) = (*sum + value, *count + 1.0);
    });
    let metric = |(key, (sum, count)): (&Untrusted, (f64, f64))| Metric {
        key: key.clone(),
        value: MetricValue::new(sum / count),
        timestamp: 0,
        step: 0,
    };
    run.metrics = sums.into_iter().map(metric).collect();
    run
}
