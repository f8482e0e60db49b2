//! The forest: grown on four fifths of the runs, judged on the rest, five times.

use smartcore::ensemble::random_forest_regressor::{
    RandomForestRegressor, RandomForestRegressorParameters,
};
use smartcore::linalg::basic::matrix::DenseMatrix;

use super::features::Feature;
use crate::analysis::stats::MeanStdDev;
use crate::domain::rng::SplitMix64;
use crate::table::{Statistic, SummaryStats};

/// Parts that the runs are cut into: each is predicted by a forest of the others.
const FOLDS: usize = 5;
/// How often a param is shuffled in each part.
const REPEATS: usize = 4;
/// Trees of a forest.
const TREES: u16 = 60;
/// How deep a tree grows at most.
const MAX_DEPTH: u16 = 12;
/// What the shuffling begins with: the same runs give the same answer.
const SEED: u64 = 0x5eed;

/// What the forest says.
pub(super) struct ForestImportance {
    /// How much of the variance it explains in runs that it has not seen (R²).
    pub r_squared: f64,
    /// For each feature the part of the variance that is lost without it: mean and standard deviation.
    pub param_losses: Vec<MeanStdDev>,
}

/// Grows the forests and shuffles each param; nothing where a forest can't be grown.
pub(super) fn permutation_importance(
    features: &[Feature],
    goal: &[f64],
) -> Option<ForestImportance> {
    let mean = goal.iter().sum::<f64>() / goal.len() as f64;
    let variance = goal.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / goal.len() as f64;
    if !(variance > 0.0 && variance.is_finite()) {
        return None;
    }
    let mut rng = SplitMix64::new(SEED);
    let order = rng.permutation(goal.len());
    let mut losses: Vec<Vec<f64>> = vec![Vec::new(); features.len()];
    let mut squares = 0.0;
    for fold in 0..FOLDS {
        let (test, train): (Vec<usize>, Vec<usize>) =
            order.iter().partition(|at| **at % FOLDS == fold);
        let forest = fit_forest(features, goal, &train)?;
        let identity: Vec<usize> = (0..test.len()).collect();
        let base = squared_error(&forest, features, goal, &test, None, &identity)?;
        squares += base;
        for (at, lost) in losses.iter_mut().enumerate() {
            for _ in 0..REPEATS {
                let shuffled = rng.permutation(test.len());
                let error = squared_error(&forest, features, goal, &test, Some(at), &shuffled)?;
                lost.push((error - base) / test.len() as f64 / variance);
            }
        }
    }
    let r_squared = 1.0 - squares / goal.len() as f64 / variance;
    Some(ForestImportance {
        r_squared,
        param_losses: losses
            .iter()
            .map(|values| mean_and_deviation(values))
            .collect(),
    })
}

fn fit_forest(
    features: &[Feature],
    goal: &[f64],
    runs: &[usize],
) -> Option<RandomForestRegressor<f64, f64, DenseMatrix<f64>, Vec<f64>>> {
    let rows: Vec<Vec<f64>> = runs
        .iter()
        .map(|run| {
            features
                .iter()
                .flat_map(|f| f.columns.iter().map(|c| c[*run]))
                .collect()
        })
        .collect();
    let goal: Vec<f64> = runs.iter().map(|run| goal[*run]).collect();
    let columns = rows.first()?.len();
    let parameters = RandomForestRegressorParameters::default()
        .with_n_trees(TREES.into())
        .with_max_depth(MAX_DEPTH)
        .with_min_samples_leaf(1)
        // A third of the columns at each split, as is usual for regression; all of them where there are few.
        .with_m((columns / 3).max(columns.min(4)))
        .with_seed(SEED);
    RandomForestRegressor::fit(&DenseMatrix::from_2d_vec(&rows).ok()?, &goal, parameters).ok()
}

/// The sum of squared errors over runs, with one feature's values taken from other runs among them.
fn squared_error(
    forest: &RandomForestRegressor<f64, f64, DenseMatrix<f64>, Vec<f64>>,
    features: &[Feature],
    goal: &[f64],
    runs: &[usize],
    shuffled: Option<usize>,
    order: &[usize],
) -> Option<f64> {
    let row = |nth: usize| {
        let columns = features.iter().enumerate().flat_map(|(at, feature)| {
            let run = if shuffled == Some(at) {
                runs[order[nth]]
            } else {
                runs[nth]
            };
            feature.columns.iter().map(move |column| column[run])
        });
        columns.collect::<Vec<f64>>()
    };
    let rows: Vec<Vec<f64>> = (0..runs.len()).map(row).collect();
    let predicted = forest
        .predict(&DenseMatrix::from_2d_vec(&rows).ok()?)
        .ok()?;
    Some(
        predicted
            .iter()
            .zip(runs)
            .map(|(predicted, run)| (predicted - goal[*run]).powi(2))
            .sum(),
    )
}

fn mean_and_deviation(values: &[f64]) -> MeanStdDev {
    let stats = SummaryStats::from_values(values.iter().copied());
    let get = |statistic| stats.get(statistic, None).unwrap_or(0.0);
    MeanStdDev {
        mean: get(Statistic::Mean),
        std_dev: get(Statistic::StdDev),
    }
}
