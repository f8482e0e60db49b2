//! Permutation importance by cross-validated random forests: five folds, each predicted by a forest of the other four.

use smartcore::ensemble::random_forest_regressor::{
    RandomForestRegressor, RandomForestRegressorParameters,
};
use smartcore::linalg::basic::matrix::DenseMatrix;

use super::features::Feature;
use crate::analysis::stats::MeanStdDev;
use crate::domain::rng::SplitMix64;

const FOLDS: usize = 5;
/// Shuffles of each param in each fold.
const REPEATS: usize = 4;
const TREES: u16 = 60;
const MAX_DEPTH: u16 = 12;
/// A fixed seed: equal runs give equal results.
const SEED: u64 = 0x5eed;

pub(super) struct ForestImportance {
    /// The share of the variance of unseen runs that is explained.
    pub r_squared: f64,
    /// For each feature, the share of the variance that is lost without it.
    pub param_losses: Vec<MeanStdDev>,
}

/// Fits the forests and shuffles each param; none for a constant goal.
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
            .map(|values| MeanStdDev::from_values(values))
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
        // A third of the columns at each split, as is usual for regression, but at least four.
        .with_m((columns / 3).max(columns.min(4)))
        .with_seed(SEED);
    RandomForestRegressor::fit(&DenseMatrix::from_2d_vec(&rows).ok()?, &goal, parameters).ok()
}

/// The sum of squared errors over runs, with the values of one feature permuted among them.
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
