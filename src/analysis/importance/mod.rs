//! Param importance for a metric, by two methods, each with its uncertainty.
//!
//! * **Random-forest permutation importance** (L. Breiman, "Random Forests", 2001): a forest learns the metric from the params. The
//!   importance of a param is the share of the metric's variance that its predictions of unseen runs lose once the param is shuffled;
//!   mean and standard deviation over folds and shuffles.
//! * **Rank correlation**: Spearman's rho with a 95 % interval for numbers, epsilon squared of Kruskal and Wallis for text.
//!
//! Neither shows causes. From few runs, or if the forest predicts nothing, there is no ranking.

mod features;
mod forest;
mod rank_correlation;

use super::stats::MeanStdDev;
use crate::domain::Run;
use crate::text::Untrusted;

pub use rank_correlation::RankCorrelation;

use features::Feature;
use forest::ForestImportance;

/// With fewer runs, no forest is fitted: its folds would have one run.
pub const MIN_RUNS: usize = 10;
/// With fewer runs for each param, the ranking is uncertain.
const MIN_RUNS_PER_PARAM: usize = 5;
/// Of more runs, every nth is used.
const MAX_RUNS: usize = 2_000;
/// Of more params, those with the strongest correlation are used.
const MAX_PARAMS: usize = 60;
/// Params whose ranks correlate more closely are collinear.
const COLLINEAR_RHO: f64 = 0.98;

/// The importance of a param.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamImportance {
    /// The param's key.
    pub key: Untrusted,
    /// Whether all values are numbers.
    pub is_numeric: bool,
    /// The number of distinct values.
    pub distinct_values: usize,
    /// The share of the metric's variance that the forest loses without it; about 0 for none.
    pub permutation: Option<MeanStdDev>,
    /// The rank correlation with the metric; absent for too few runs.
    pub rank_correlation: Option<RankCorrelation>,
    /// Params that always change together with it.
    pub collinear_with: Vec<Untrusted>,
}

/// The importance of all params for a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// The metric.
    pub metric: Untrusted,
    /// The number of runs that were used.
    pub runs: usize,
    /// The number of runs without a finite value, or beyond the limit.
    pub excluded: usize,
    /// The share of the variance of unseen runs that the forest explains (R²); absent without a forest.
    pub r_squared: Option<f64>,
    /// The params that differ between the runs, the most important first.
    pub params: Vec<ParamImportance>,
    /// Reasons to distrust the ranking; safe to draw.
    pub warnings: Vec<String>,
}

/// Ranks params by their importance for a metric. Takes a second or two for 1,000 runs with 30 params.
#[must_use]
pub fn importance(runs: &[Run], metric: &str) -> Importance {
    let value = |run: &Run| {
        run.metrics
            .iter()
            .find(|m| m.key.raw() == metric)
            .map(|m| m.value.get())
            .filter(|v| v.is_finite())
    };
    let all: Vec<(&Run, f64)> = runs
        .iter()
        .filter_map(|run| Some((run, value(run)?)))
        .collect();
    let stride = all.len().div_ceil(MAX_RUNS).max(1);
    let used: Vec<(&Run, f64)> = all.into_iter().step_by(stride).collect();
    let goal: Vec<f64> = used.iter().map(|(_, value)| *value).collect();
    let runs_used: Vec<&Run> = used.iter().map(|(run, _)| *run).collect();
    let mut features = features::features(&runs_used);
    let mut ranks: Vec<Option<RankCorrelation>> = features
        .iter()
        .map(|feature| rank_correlation::correlate(feature, &goal))
        .collect();
    let dropped = keep_strongest(&mut features, &mut ranks);
    let is_constant = goal
        .windows(2)
        .all(|pair| pair[0].total_cmp(&pair[1]).is_eq());
    let forest = (goal.len() >= MIN_RUNS && !features.is_empty() && !is_constant)
        .then(|| forest::permutation_importance(&features, &goal))
        .flatten();
    let params = rank_params(&features, &ranks, forest.as_ref());
    let r_squared = forest.map(|forest| forest.r_squared);
    let warnings = warnings(goal.len(), params.len(), r_squared, is_constant, dropped);
    Importance {
        metric: metric.into(),
        runs: goal.len(),
        excluded: runs.len() - goal.len(),
        r_squared,
        params,
        warnings,
    }
}

/// The params by the loss of the forest, then by the strength of their correlation.
fn rank_params(
    features: &[Feature],
    ranks: &[Option<RankCorrelation>],
    forest: Option<&ForestImportance>,
) -> Vec<ParamImportance> {
    let collinear_with = |feature: &Feature| -> Vec<Untrusted> {
        features
            .iter()
            .filter(|other| other.key != feature.key && is_collinear(feature, other))
            .map(|other| other.key.clone())
            .collect()
    };
    let mut params: Vec<ParamImportance> = features
        .iter()
        .enumerate()
        .map(|(at, feature)| ParamImportance {
            key: feature.key.clone(),
            is_numeric: feature.numbers.is_some(),
            distinct_values: feature.distinct_count(),
            permutation: forest.map(|forest| forest.param_losses[at]),
            rank_correlation: ranks[at],
            collinear_with: collinear_with(feature),
        })
        .collect();
    let loss = |param: &ParamImportance| param.permutation.map_or(0.0, |loss| loss.mean);
    let strength = |param: &ParamImportance| {
        let correlation = param.rank_correlation;
        correlation.map_or(0.0, RankCorrelation::strength)
    };
    params.sort_by(|a, b| {
        loss(b)
            .total_cmp(&loss(a))
            .then_with(|| strength(b).total_cmp(&strength(a)))
    });
    params
}

/// Keeps the params with the strongest correlation; returns the number of dropped ones.
fn keep_strongest(features: &mut Vec<Feature>, ranks: &mut Vec<Option<RankCorrelation>>) -> usize {
    let dropped = features.len().saturating_sub(MAX_PARAMS);
    if dropped > 0 {
        let mut both: Vec<_> = features.drain(..).zip(ranks.drain(..)).collect();
        both.sort_by(|(_, a), (_, b)| {
            b.map_or(0.0, RankCorrelation::strength)
                .total_cmp(&a.map_or(0.0, RankCorrelation::strength))
        });
        both.truncate(MAX_PARAMS);
        (*features, *ranks) = both.into_iter().unzip();
    }
    dropped
}

/// Whether one of two params determines the other.
fn is_collinear(a: &Feature, b: &Feature) -> bool {
    match (&a.numbers, &b.numbers) {
        (Some(x), Some(y)) if x.len() > 3 => {
            rank_correlation::spearman(x, y).is_some_and(|rho| rho.abs() > COLLINEAR_RHO)
        }
        _ => a.is_same_partition(b),
    }
}

fn warnings(
    runs: usize,
    params: usize,
    r_squared: Option<f64>,
    is_constant: bool,
    dropped: usize,
) -> Vec<String> {
    let mut warnings = Vec::new();
    if is_constant && runs > 0 {
        warnings.push("the metric is equal in all runs".into());
    } else if runs < MIN_RUNS {
        warnings.push(format!(
            "too few runs to rank params: {runs} with a finite value, {MIN_RUNS} needed"
        ));
    } else if let Some(r_squared) = r_squared.filter(|r_squared| *r_squared <= 0.05) {
        warnings.push(format!(
            "the forest does not predict unseen runs (R² {r_squared:.2}): ignore the ranking"
        ));
    } else if params > 0 && runs < MIN_RUNS_PER_PARAM * params {
        warnings.push(format!(
            "{runs} runs for {params} params: the ranking is uncertain"
        ));
    }
    if dropped > 0 {
        warnings.push(format!(
            "{dropped} params with weaker correlation were left out"
        ));
    }
    warnings
}

#[cfg(test)]
mod tests;
