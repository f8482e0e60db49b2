//! Comparison of runs, property by property.

use serde::Serialize;

use super::properties::{self, Aligned, align, align_sorted};
use crate::analysis::value_diff;
use crate::analysis::value_diff::Equality;
use crate::domain::{Direction, Run, RunId};
use crate::text::Untrusted;
use crate::text::number::format_exact;

/// The section of a comparison row, in display order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RowKind {
    /// Name, status, start, duration, user, experiment.
    Attribute,
    /// A param.
    Param,
    /// The latest value of a metric.
    Metric,
    /// A tag that is not MLflow's own.
    Tag,
    /// A dataset, by its name and context: the digest.
    Dataset,
    /// Commit, branch, repository, dirty, source, entry point.
    Code,
    /// Image, project, cluster, interpreter, host.
    Environment,
}

impl RowKind {
    /// The name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attribute => "attribute",
            Self::Param => "param",
            Self::Metric => "metric",
            Self::Tag => "tag",
            Self::Dataset => "dataset",
            Self::Code => "code",
            Self::Environment => "environment",
        }
    }
}

/// One property of all compared runs.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparisonRow {
    /// Its section.
    pub kind: RowKind,
    /// Its key.
    pub key: Untrusted,
    /// The value of each run as text, metrics with all digits.
    pub values: Vec<Option<Untrusted>>,
    /// The value of each run as a number, for metrics.
    pub numbers: Vec<Option<f64>>,
    /// Whether the runs differ. Spellings of one number are equal (`1e-3` and `0.001`), and so are two NaN; missing, empty and `None`
    /// are three values.
    pub differs: bool,
    /// Whether equal values have several spellings: `1e-3` and `0.001`.
    pub differs_in_spelling: bool,
    /// For metrics: the runs with the best value, by `direction`; empty if all are equal or there is one value.
    pub best_runs: Vec<usize>,
    /// For metrics of groups: the statistics of each group; else empty.
    pub group_stats: Vec<Option<GroupStats>>,
    /// For metrics: the value minus the baseline's, if both are finite.
    pub delta: Vec<Option<f64>>,
    /// For metrics: the direction in which it improves.
    pub direction: Option<Direction>,
    /// The index of the baseline.
    pub baseline: usize,
}

impl ComparisonRow {
    /// Whether the runs differ in a way that is worth showing: no two runs start at the same time.
    #[must_use]
    pub fn is_difference(&self) -> bool {
        self.differs && !(self.kind == RowKind::Attribute && self.key.raw() == "start_time")
    }

    /// Whether it is one of MLflow's system metrics, such as the load of a GPU.
    #[must_use]
    pub fn is_system_metric(&self) -> bool {
        self.kind == RowKind::Metric && self.key.raw().starts_with("system/")
    }

    /// For metrics: the delta in percent of the baseline's magnitude; absent if the baseline is 0.
    #[must_use]
    pub fn delta_percent(&self, run: usize) -> Option<f64> {
        let base = self.numbers.get(self.baseline).copied().flatten()?;
        let delta = self.delta.get(run).copied().flatten()?;
        (base != 0.0)
            .then(|| delta / base.abs() * 100.0)
            .filter(|percent| percent.is_finite())
    }

    /// For metrics: whether a run is better than the baseline; absent if they are equal or the direction is unknown.
    #[must_use]
    pub fn is_better(&self, run: usize) -> Option<bool> {
        let delta = self
            .delta
            .get(run)
            .copied()
            .flatten()
            .filter(|delta| *delta != 0.0)?;
        Some(self.direction?.is_improvement(delta))
    }
}

/// A comparison of runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The runs, in the order of the columns.
    pub runs: Vec<Run>,
    /// The index of the baseline.
    pub baseline: usize,
    /// Every property, by section; attributes and code in a fixed order, the rest by key.
    pub rows: Vec<ComparisonRow>,
}

impl Comparison {
    /// The number of rows that are equal in all runs.
    #[must_use]
    pub fn equal_count(&self) -> usize {
        self.rows.iter().filter(|row| !row.differs).count()
    }

    /// The number of rows that differ; see [`ComparisonRow::is_difference`].
    #[must_use]
    pub fn different_count(&self) -> usize {
        self.rows.iter().filter(|row| row.is_difference()).count()
    }
}

/// Compares runs with a baseline, or with the first one. A metric's name decides its direction; if it decides none, no value is the
/// best.
#[must_use]
pub fn compare(runs: Vec<Run>, baseline: Option<&RunId>) -> Comparison {
    compare_with_directions(runs, baseline, &Direction::from_metric_name)
}

/// Compares runs as [`compare`] does, with directions by metric name from the caller.
#[must_use]
pub fn compare_with_directions(
    runs: Vec<Run>,
    baseline: Option<&RunId>,
    directions: &dyn Fn(&str) -> Option<Direction>,
) -> Comparison {
    let baseline = baseline
        .and_then(|id| runs.iter().position(|run| run.id == *id))
        .unwrap_or(0);
    let texts = |kind, aligned: Aligned<Untrusted>| {
        aligned
            .into_iter()
            .map(move |(key, values)| text_row(kind, key, values, baseline))
    };
    let tags = align_sorted(&runs, properties::tags)
        .into_iter()
        .map(|(key, values)| (properties::tag_title(key), values))
        .collect();
    let mut metrics = align_sorted(&runs, properties::metrics);
    // System metrics come after the model's.
    metrics.sort_by_key(|(key, _)| key.raw().starts_with("system/"));
    let rows = texts(RowKind::Attribute, align(&runs, properties::attributes))
        .chain(texts(
            RowKind::Param,
            align_sorted(&runs, properties::params),
        ))
        .chain(metrics.into_iter().map(|(key, numbers)| {
            let direction = directions(key.raw());
            metric_row(key, numbers, baseline, direction)
        }))
        .chain(texts(RowKind::Tag, tags))
        .chain(texts(
            RowKind::Dataset,
            align_sorted(&runs, properties::datasets),
        ))
        .chain(texts(RowKind::Code, align(&runs, properties::code)))
        .chain(texts(
            RowKind::Environment,
            align_sorted(&runs, properties::environment),
        ))
        .collect();
    Comparison {
        runs,
        baseline,
        rows,
    }
}

fn text_row(
    kind: RowKind,
    key: Untrusted,
    values: Vec<Option<Untrusted>>,
    baseline: usize,
) -> ComparisonRow {
    let equality = |pair: &[Option<Untrusted>]| match pair {
        [Some(a), Some(b)] if a != b && matches!(kind, RowKind::Param | RowKind::Tag) => {
            value_diff::compare_values(a.raw(), b.raw())
        }
        [a, b] if a != b => Equality::Different,
        _ => Equality::Same,
    };
    let pairs: Vec<Equality> = values.windows(2).map(equality).collect();
    let differs = pairs.contains(&Equality::Different);
    let differs_in_spelling = !differs && pairs.iter().any(|pair| *pair != Equality::Same);
    let none = vec![None; values.len()];
    ComparisonRow {
        kind,
        key,
        values,
        numbers: none.clone(),
        differs,
        differs_in_spelling,
        best_runs: Vec::new(),
        group_stats: Vec::new(),
        delta: none,
        direction: None,
        baseline,
    }
}

fn metric_row(
    key: Untrusted,
    numbers: Vec<Option<f64>>,
    baseline: usize,
    direction: Option<Direction>,
) -> ComparisonRow {
    let same = |a: &Option<f64>, b: &Option<f64>| {
        a == b || matches!((a, b), (Some(a), Some(b)) if a.is_nan() && b.is_nan())
    };
    let base = numbers
        .get(baseline)
        .copied()
        .flatten()
        .filter(|base| base.is_finite());
    ComparisonRow {
        kind: RowKind::Metric,
        key,
        values: numbers
            .iter()
            .map(|number| number.map(|number| format_exact(number).into()))
            .collect(),
        differs: numbers
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if !same(a, b))),
        differs_in_spelling: false,
        group_stats: Vec::new(),
        best_runs: direction
            .map(|direction| best_indices(&numbers, direction))
            .unwrap_or_default(),
        delta: numbers
            .iter()
            .map(|number| Some(number.filter(|n| n.is_finite())? - base?))
            .collect(),
        direction,
        numbers,
        baseline,
    }
}

/// The indices of the best numbers; none if there is only one number, or all are equal.
fn best_indices(numbers: &[Option<f64>], direction: Direction) -> Vec<usize> {
    let finite = || {
        numbers
            .iter()
            .enumerate()
            .filter_map(|(index, number)| Some((index, number.filter(|n| n.is_finite())?)))
    };
    let pick = match direction {
        Direction::Max => f64::max,
        Direction::Min => f64::min,
    };
    let Some(best) = finite().map(|(_, number)| number).reduce(pick) else {
        return Vec::new();
    };
    #[expect(
        clippy::float_cmp,
        reason = "the best is one of the numbers, not computed from them"
    )]
    let (best, rest): (Vec<_>, Vec<_>) = finite().partition(|(_, number)| *number == best);
    if rest.is_empty() {
        Vec::new()
    } else {
        best.into_iter().map(|(index, _)| index).collect()
    }
}

mod groups;
#[cfg(test)]
mod tests;

pub use groups::{GroupStats, compare_groups};
