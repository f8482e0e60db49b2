//! The best run by a goal.

use std::collections::BTreeMap;

use crate::domain::{Goal, Lifecycle, MetricValue, Millis, Run, RunId, RunStatus};
use crate::table::{ColumnKey, RunTable};

/// Why a run was not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ExclusionReason {
    /// It is in the trash.
    Deleted,
    /// It has not finished, or failed.
    NotFinished,
    /// It never logged the metric.
    MissingMetric,
    /// The value is NaN or infinite.
    NotFinite,
}

impl ExclusionReason {
    /// In words that follow a count: `12 without the metric`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::NotFinished => "not finished",
            Self::MissingMetric => "without the metric",
            Self::NotFinite => "NaN or infinite",
        }
    }
}

/// The best run and what was looked at to find it.
#[derive(Clone, Debug, PartialEq)]
pub struct BestRun {
    /// The best run; of several that are equal, the one that started first.
    pub run: RunId,
    /// Its value.
    pub value: MetricValue,
    /// Other runs with the same value, by their start.
    pub ties: Vec<RunId>,
    /// How many runs were ranked: active, finished (unless any status was asked for), with a number.
    pub candidates: usize,
    /// How many were left out, and why.
    pub excluded: Vec<(ExclusionReason, usize)>,
}

/// The best of `runs` by `goal`, among the active, finished ones whose value is a number; with `any_status`
/// also those that run or failed. Of several equal ones, the one that started first.
///
/// # Errors
/// When every run was left out: how many, and why.
pub fn find_best<'a>(
    runs: impl IntoIterator<Item = &'a Run>,
    goal: &Goal,
    any_status: bool,
) -> Result<BestRun, Vec<(ExclusionReason, usize)>> {
    let mut excluded = BTreeMap::new();
    let mut ranked: Vec<(MetricValue, &Run)> = Vec::new();
    for run in runs {
        match candidate_value(run, goal, any_status) {
            Ok(value) => ranked.push((value, run)),
            Err(why) => *excluded.entry(why).or_insert(0) += 1,
        }
    }
    let excluded: Vec<_> = excluded.into_iter().collect();
    let Some(value) = ranked
        .iter()
        .map(|(value, _)| *value)
        .min_by(|a, b| goal.direction.cmp_best_first(*a, *b))
    else {
        return Err(excluded);
    };
    let considered = ranked.len();
    ranked.retain(|(other, _)| *other == value);
    ranked.sort_by_key(|(_, run)| run.start_time.unwrap_or(Millis::MAX));
    let mut equal = ranked.into_iter().map(|(_, run)| run.id.clone());
    match equal.next() {
        Some(run) => Ok(BestRun {
            run,
            value,
            ties: equal.collect(),
            candidates: considered,
            excluded,
        }),
        None => Err(excluded),
    }
}

/// The likeliest goal of a table, where nobody said one: among the metrics that most runs have.
#[must_use]
pub fn infer_goal(table: &RunTable) -> Option<Goal> {
    let metrics = table.columns().into_iter().filter_map(|key| match &key {
        ColumnKey::Metric(name) => Some((table.column(&key).count(), name.clone())),
        _ => None,
    });
    let metrics: Vec<_> = metrics.collect();
    let most = metrics.iter().map(|(present, _)| *present).max()?;
    Goal::suggest(
        metrics
            .iter()
            .filter(|(present, _)| present * 2 >= most)
            .map(|(_, name)| name),
    )
}

fn candidate_value(
    run: &Run,
    goal: &Goal,
    any_status: bool,
) -> Result<MetricValue, ExclusionReason> {
    if run.lifecycle == Lifecycle::Deleted {
        return Err(ExclusionReason::Deleted);
    }
    if run.status != RunStatus::Finished && !any_status {
        return Err(ExclusionReason::NotFinished);
    }
    match run.metric(goal.metric.raw()) {
        None => Err(ExclusionReason::MissingMetric),
        Some(value) if !value.is_finite() => Err(ExclusionReason::NotFinite),
        Some(value) => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Direction, Metric};

    fn run(id: &str, value: Option<f64>, start: Option<Millis>) -> Run {
        let metrics = value.map(|value| Metric {
            key: "acc".into(),
            value: MetricValue::new(value),
            timestamp: 0,
            step: 0,
        });
        Run {
            status: RunStatus::Finished,
            start_time: start,
            metrics: metrics.into_iter().collect(),
            ..Run::bare(id.into(), "1".into())
        }
    }

    fn goal(direction: Direction) -> Goal {
        Goal {
            metric: "acc".into(),
            direction,
        }
    }

    #[test]
    fn best_follows_the_direction() {
        let runs = [
            run("a", Some(0.5), None),
            run("b", Some(0.9), None),
            run("c", Some(0.1), None),
        ];
        assert_eq!(
            find_best(&runs, &goal(Direction::Max), false)
                .unwrap()
                .run
                .raw(),
            "b"
        );
        assert_eq!(
            find_best(&runs, &goal(Direction::Min), false)
                .unwrap()
                .run
                .raw(),
            "c"
        );
    }

    #[test]
    fn ties_go_to_the_earliest_run_and_list_the_others() {
        let runs = [
            run("late", Some(0.9), Some(5)),
            run("unknown", Some(0.9), None),
            run("early", Some(0.9), Some(1)),
        ];
        let best = find_best(&runs, &goal(Direction::Max), false).unwrap();
        assert_eq!(best.run.raw(), "early");
        assert_eq!(
            best.ties.iter().map(RunId::raw).collect::<Vec<_>>(),
            ["late", "unknown"]
        );
    }

    #[test]
    fn zero_and_minus_zero_tie() {
        let runs = [
            run("plus", Some(0.0), Some(2)),
            run("minus", Some(-0.0), Some(1)),
        ];
        let best = find_best(&runs, &goal(Direction::Max), false).unwrap();
        assert_eq!((best.run.raw(), best.ties.len()), ("minus", 1));
    }

    #[test]
    fn excluded_runs_are_counted_by_reason() {
        let deleted = Run {
            lifecycle: Lifecycle::Deleted,
            ..run("d", Some(9.0), None)
        };
        let failed = Run {
            status: RunStatus::Failed,
            ..run("f", Some(8.0), None)
        };
        let runs = [
            run("a", Some(0.5), None),
            deleted,
            failed,
            run("m", None, None),
            run("n", Some(f64::NAN), None),
        ];
        let strict = find_best(&runs, &goal(Direction::Max), false).unwrap();
        assert_eq!((strict.run.raw(), strict.candidates), ("a", 1));
        let reasons = [
            ExclusionReason::Deleted,
            ExclusionReason::NotFinished,
            ExclusionReason::MissingMetric,
            ExclusionReason::NotFinite,
        ];
        assert_eq!(strict.excluded, reasons.map(|why| (why, 1)));
        let loose = find_best(&runs, &goal(Direction::Max), true).unwrap();
        assert_eq!((loose.run.raw(), loose.candidates), ("f", 2));
    }

    #[test]
    fn no_candidate_returns_exclusion_reasons() {
        assert_eq!(
            find_best(&[run("m", None, None)], &goal(Direction::Max), false),
            Err(vec![(ExclusionReason::MissingMetric, 1)])
        );
        assert_eq!(find_best(&[], &goal(Direction::Max), false), Err(vec![]));
    }
}
