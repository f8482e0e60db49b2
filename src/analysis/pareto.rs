//! Pareto fronts: runs that no other run beats in all goals.

use crate::domain::{Direction, Goal, MetricValue, Run};

/// The front of each run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParetoFronts {
    /// One entry a run, counted from 1; absent for a run without a finite value of each goal.
    pub fronts: Vec<Option<usize>>,
    /// The number of runs without a front.
    pub excluded: usize,
}

/// The last front holds all runs behind it.
const MAX_FRONTS: usize = 5;

/// Sorts runs into fronts. Runs that are equal in all goals share one. Takes the square of the number of runs.
#[must_use]
pub fn pareto_fronts(runs: &[Run], goals: &[Goal]) -> ParetoFronts {
    let scores: Vec<Option<Vec<f64>>> = runs
        .iter()
        .map(|run| goals.iter().map(|goal| score(run, goal)).collect())
        .collect();
    let mut fronts: Vec<Option<usize>> = vec![None; runs.len()];
    let mut remaining: Vec<usize> = (0..runs.len()).filter(|at| scores[*at].is_some()).collect();
    let excluded = runs.len() - remaining.len();
    for nth in 1..=MAX_FRONTS {
        let is_dominated = |at: &usize| {
            remaining
                .iter()
                .any(|other| dominates(scores[*other].as_deref(), scores[*at].as_deref()))
        };
        let (behind, on): (Vec<usize>, Vec<usize>) = remaining
            .iter()
            .copied()
            .partition(|at| nth < MAX_FRONTS && is_dominated(at));
        for at in on {
            fronts[at] = Some(nth);
        }
        remaining = behind;
    }
    ParetoFronts { fronts, excluded }
}

fn dominates(a: Option<&[f64]>, b: Option<&[f64]>) -> bool {
    let (Some(a), Some(b)) = (a, b) else {
        return false;
    };
    a.iter().zip(b).all(|(a, b)| a >= b) && a.iter().zip(b).any(|(a, b)| a > b)
}

/// The value of a goal's metric, if it is finite.
#[must_use]
pub fn finite_metric(run: &Run, goal: &Goal) -> Option<f64> {
    run.metric(goal.metric.raw())
        .filter(|value| value.is_finite())
        .map(MetricValue::get)
}

/// The same, negated where less is better: a greater score is better for every goal.
pub(crate) fn score(run: &Run, goal: &Goal) -> Option<f64> {
    let value = finite_metric(run, goal)?;
    Some(match goal.direction {
        Direction::Max => value,
        Direction::Min => -value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Metric;
    use proptest::prelude::*;

    fn run(values: &[f64]) -> Run {
        let mut run = Run::bare("a".into(), "1".into());
        let metric = |(n, value): (usize, &f64)| Metric {
            key: format!("m{n}").into(),
            value: MetricValue::new(*value),
            timestamp: 0,
            step: 0,
        };
        run.metrics = values.iter().enumerate().map(metric).collect();
        run
    }

    fn goals(texts: &[&str]) -> Vec<Goal> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn first_front_is_non_dominated() {
        let runs = [
            run(&[0.9, 5.0]),
            run(&[0.8, 1.0]),
            run(&[0.8, 5.0]),
            run(&[f64::NAN, 0.0]),
            run(&[0.9, 5.0]),
        ];
        let found = pareto_fronts(&runs, &goals(&["m0 max", "m1 min"]));
        assert_eq!(found.fronts, [Some(1), Some(1), Some(2), None, Some(1)]);
        assert_eq!(found.excluded, 1);
    }

    proptest! {
        #[test]
        fn first_front_holds_exactly_the_non_dominated_runs(values in prop::collection::vec((0_i32..9, 0_i32..9, 0_i32..9), 0..40)) {
            let runs: Vec<Run> = values.iter().map(|(a, b, c)| run(&[f64::from(*a), f64::from(*b), f64::from(*c)])).collect();
            let found = pareto_fronts(&runs, &goals(&["m0 max", "m1 min", "m2 max"]));
            let better = |a: &(i32, i32, i32), b: &(i32, i32, i32)| a.0 >= b.0 && a.1 <= b.1 && a.2 >= b.2 && a != b;
            for (at, value) in values.iter().enumerate() {
                prop_assert_eq!(found.fronts[at] == Some(1), !values.iter().any(|other| better(other, value)));
            }
        }
    }
}
