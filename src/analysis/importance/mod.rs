//! Which params go with a metric, by two named methods, each with its uncertainty.
//!
//! * **Random-forest permutation importance** (L. Breiman, "Random Forests", 2001): a forest learns the metric from the params; how
//!   much worse does it predict runs that it has not seen once one param is shuffled among them? Told as the part of the metric's
//!   variance that is then lost, mean and standard deviation over folds and shuffles.
//! * **Rank correlation**: Spearman's rho with a 95 % interval for numbers, epsilon squared of Kruskal and Wallis for words.
//!
//! Neither says what causes what. From few runs, or where the forest predicts nothing, no ranking is made.

mod features;
mod forest;
mod rank_correlation;

use super::stats::MeanStdDev;
use crate::domain::Run;
use crate::text::Untrusted;

pub use rank_correlation::RankCorrelation;

use features::Feature;

/// Below so many runs no forest is grown: its folds would be of one run.
pub const MIN_RUNS: usize = 10;
/// With fewer runs for each param than this, the ranking is a hint.
const MIN_RUNS_PER_PARAM: usize = 5;
/// The most runs that are looked at; of more, evenly many.
const MAX_RUNS: usize = 2_000;
/// The most params that are looked at: the ones with the strongest correlation.
const MAX_PARAMS: usize = 60;
/// Two params whose ranks go together so closely can't be told apart.
const COLLINEAR_RHO: f64 = 0.98;

/// What a param has to do with the metric.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamImportance {
    /// The param's key.
    pub key: Untrusted,
    /// Whether its values are numbers.
    pub is_numeric: bool,
    /// How many different values it has.
    pub distinct_values: usize,
    /// The part of the metric's variance that the forest loses without it: mean and standard deviation; about 0 for none.
    pub permutation: Option<MeanStdDev>,
    /// How closely the ranks go together; nothing where there are too few runs.
    pub rank_correlation: Option<RankCorrelation>,
    /// Params that it can't be told apart from: they always change together.
    pub collinear_with: Vec<Untrusted>,
}

/// What goes with a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// The metric.
    pub metric: Untrusted,
    /// How many runs were looked at.
    pub runs: usize,
    /// How many have no finite value of the metric, or were too many.
    pub excluded: usize,
    /// How much of the metric's variance the forest explains in runs that it has not seen (R²); nothing without a forest.
    pub r_squared: Option<f64>,
    /// The params that differ between the runs, the most important first.
    pub params: Vec<ParamImportance>,
    /// What has to be known before it is believed.
    pub warnings: Vec<String>,
}

/// Which params go with a metric among these runs. Takes a second or two for 1,000 runs of 30 params.
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
    let is_flat = goal
        .windows(2)
        .all(|pair| pair[0].total_cmp(&pair[1]).is_eq());
    let forest = (goal.len() >= MIN_RUNS && !features.is_empty() && !is_flat)
        .then(|| forest::permutation_importance(&features, &goal))
        .flatten();
    let collinear_with = |at: usize| -> Vec<Untrusted> {
        let others = features
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at);
        others
            .filter(|(_, other)| is_collinear(&features[at], other))
            .map(|(_, other)| other.key.clone())
            .collect()
    };
    let mut params: Vec<ParamImportance> = (0..features.len())
        .map(|at| ParamImportance {
            key: features[at].key.clone(),
            is_numeric: features[at].numbers.is_some(),
            distinct_values: features[at].distinct_count(),
            permutation: forest.as_ref().map(|forest| forest.param_losses[at]),
            rank_correlation: ranks[at],
            collinear_with: collinear_with(at),
        })
        .collect();
    let strength = |param: &ParamImportance| {
        (
            param.permutation.map_or(0.0, |loss| loss.mean),
            param
                .rank_correlation
                .map_or(0.0, RankCorrelation::strength),
        )
    };
    params.sort_by(|a, b| {
        let (a, b) = (strength(a), strength(b));
        b.0.total_cmp(&a.0).then_with(|| b.1.total_cmp(&a.1))
    });
    let r_squared = forest.map(|forest| forest.r_squared);
    let warnings = warnings(goal.len(), params.len(), r_squared, is_flat, dropped);
    Importance {
        metric: metric.into(),
        runs: goal.len(),
        excluded: runs.len() - goal.len(),
        r_squared,
        params,
        warnings,
    }
}

/// Keeps the params with the strongest correlation; returns how many are dropped.
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

/// Whether two params always change together: one tells the other.
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
    is_flat: bool,
    dropped: usize,
) -> Vec<String> {
    let mut warnings = Vec::new();
    if is_flat && runs > 0 {
        warnings.push("the metric is the same in all runs: nothing goes with it".into());
    } else if runs < MIN_RUNS {
        warnings.push(format!(
            "{runs} runs are too few to rank params: {MIN_RUNS} with a number are needed"
        ));
    } else if let Some(explained) = r_squared.filter(|explained| *explained <= 0.05) {
        warnings.push(format!("the forest explains nothing in runs that it has not seen (R² {explained:.2}): read no ranking out of it"));
    } else if params > 0 && runs < MIN_RUNS_PER_PARAM * params {
        warnings.push(format!(
            "{runs} runs for {params} params: take the ranking as a hint"
        ));
    }
    if dropped > 0 {
        warnings.push(format!(
            "{dropped} params with weaker correlation are left out"
        ));
    }
    warnings
}

#[cfg(test)]
mod tests;
