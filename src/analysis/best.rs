//! The best run by a goal.

use std::collections::BTreeMap;

use crate::domain::{Goal, Lifecycle, MetricValue, Millis, Run, RunId, RunStatus};
use crate::table::{ColumnKey, RowId, RunTable};

/// Why a run was not ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ExclusionReason {
    /// It is in the trash.
    Deleted,
    /// It is still running, failed or was killed.
    NotFinished,
    /// It never logged the metric.
    MissingMetric,
    /// The value is NaN or infinite.
    NotFinite,
}

impl ExclusionReason {
    /// The words after a count: `12 without the metric`.
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

/// The best run, and how it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct BestRun {
    /// The best run; of equal ones, the one that started first.
    pub run: RunId,
    /// Its value.
    pub value: MetricValue,
    /// Other runs with the same value, by their start.
    pub ties: Vec<RunId>,
    /// The number of runs that were ranked.
    pub candidates: usize,
    /// The number of runs that were not, by reason.
    pub excluded: Vec<(ExclusionReason, usize)>,
}

/// What ranking reads of a run.
struct Candidate<'a> {
    id: &'a RunId,
    is_deleted: bool,
    status: RunStatus,
    start: Option<Millis>,
    value: Option<MetricValue>,
}

/// Ranks active, finished runs with a finite value; with `any_status`, also those that run or failed.
///
/// # Errors
/// If every run is excluded: the numbers by reason.
pub fn find_best<'a>(
    runs: impl IntoIterator<Item = &'a Run>,
    goal: &Goal,
    any_status: bool,
) -> Result<BestRun, Vec<(ExclusionReason, usize)>> {
    let candidate = |run: &'a Run| Candidate {
        id: &run.id,
        is_deleted: run.lifecycle == Lifecycle::Deleted,
        status: run.status,
        start: run.start_time,
        value: run.metric(goal.metric.raw()),
    };
    rank(runs.into_iter().map(candidate), goal, any_status)
}

/// Ranks rows of a table as [`find_best`] ranks runs; finished ones only.
///
/// # Errors
/// If every run is excluded: the numbers by reason.
pub fn find_best_row(
    table: &RunTable,
    rows: &[RowId],
    goal: &Goal,
) -> Result<BestRun, Vec<(ExclusionReason, usize)>> {
    let metric = table.column(&ColumnKey::Metric(goal.metric.clone()));
    let candidate = |row: &RowId| Candidate {
        id: table.run_id(*row),
        is_deleted: table.is_deleted(*row),
        status: table.status(*row),
        start: table.start_time(*row),
        value: metric.number(*row, 0).map(MetricValue::new),
    };
    rank(rows.iter().map(candidate), goal, false)
}

fn rank<'a>(
    candidates: impl Iterator<Item = Candidate<'a>>,
    goal: &Goal,
    any_status: bool,
) -> Result<BestRun, Vec<(ExclusionReason, usize)>> {
    let mut excluded = BTreeMap::new();
    let mut ranked: Vec<(MetricValue, Candidate<'_>)> = Vec::new();
    for candidate in candidates {
        match candidate.ranked_value(any_status) {
            Ok(value) => ranked.push((value, candidate)),
            Err(reason) => *excluded.entry(reason).or_insert(0) += 1,
        }
    }
    let excluded: Vec<_> = excluded.into_iter().collect();
    let candidates = ranked.len();
    ranked.sort_by(|(a, _), (b, _)| goal.direction.cmp_best_first(*a, *b));
    let Some(value) = ranked.first().map(|(value, _)| *value) else {
        return Err(excluded);
    };
    ranked.retain(|(other, _)| *other == value);
    ranked.sort_by_key(|(_, run)| run.start.unwrap_or(Millis::MAX));
    let mut ids = ranked.into_iter().map(|(_, run)| run.id.clone());
    match ids.next() {
        Some(run) => Ok(BestRun {
            run,
            value,
            ties: ids.collect(),
            candidates,
            excluded,
        }),
        None => Err(excluded),
    }
}

impl Candidate<'_> {
    fn ranked_value(&self, any_status: bool) -> Result<MetricValue, ExclusionReason> {
        match self.value {
            _ if self.is_deleted => Err(ExclusionReason::Deleted),
            _ if self.status != RunStatus::Finished && !any_status => {
                Err(ExclusionReason::NotFinished)
            }
            None => Err(ExclusionReason::MissingMetric),
            Some(value) if !value.is_finite() => Err(ExclusionReason::NotFinite),
            Some(value) => Ok(value),
        }
    }
}

/// The likeliest goal for a table: suggested from the metrics that at least half as many runs have as the commonest one.
#[must_use]
pub fn infer_goal(table: &RunTable) -> Option<Goal> {
    let metrics = table.columns().into_iter().filter_map(|key| match &key {
        ColumnKey::Metric(name) => Some((table.column(&key).count(), name.clone())),
        _ => None,
    });
    let metrics: Vec<_> = metrics.collect();
    let most = metrics.iter().map(|(count, _)| *count).max()?;
    let common = metrics.iter().filter(|(count, _)| count * 2 >= most);
    Goal::suggest(common.map(|(_, name)| name))
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
