//! Several goals at once: the runs of which no other is better in one goal and as good in all others.

use crate::domain::{Goal, MetricValue, Run};

/// The runs by how many fronts lie before theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParetoFronts {
    /// For each run its front, from 1; nothing for one without a number in each goal.
    pub fronts: Vec<Option<usize>>,
    /// How many runs have no number in some goal.
    pub excluded: usize,
}

/// The most fronts that are told apart; what lies behind them is in the last.
const MAX_FRONTS: usize = 5;

/// The fronts of runs by goals. Runs that are equal in all goals are on one front. Takes the square of the number of runs.
#[must_use]
pub fn pareto_fronts(runs: &[Run], goals: &[Goal]) -> ParetoFronts {
    // Greater is better in all of them.
    let score = |run: &Run| -> Option<Vec<f64>> {
        let one = |goal: &Goal| {
            let value = run
                .metrics
                .iter()
                .find(|metric| metric.key == goal.metric)?
                .value
                .get();
            value.is_finite().then(|| {
                if goal.direction.is_improvement(1.0) {
                    value
                } else {
                    -value
                }
            })
        };
        goals.iter().map(one).collect()
    };
    let scores: Vec<Option<Vec<f64>>> = runs.iter().map(score).collect();
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

/// A metric's number, if it has one: for figures of fronts.
#[must_use]
pub fn finite_metric(run: &Run, goal: &Goal) -> Option<f64> {
    run.metrics
        .iter()
        .find(|metric| metric.key == goal.metric)
        .map(|metric| metric.value)
        .filter(|v| v.is_finite())
        .map(MetricValue::get)
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
