//! Rank correlation of a param and a metric.

use std::collections::BTreeMap;

use super::features::Feature;

/// A rank correlation with its uncertainty or effect size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RankCorrelation {
    /// Spearman's rho, from -1 to 1, with the ends of its 95 % interval: Fisher's z with the standard error
    /// `sqrt((1 + rho²/2) / (n - 3))` (D. Bonett, T. Wright, "Sample size requirements for estimating Pearson, Kendall and Spearman
    /// correlations", 2000).
    Spearman {
        /// The coefficient.
        rho: f64,
        /// The lower end of the interval.
        low: f64,
        /// The upper end of the interval.
        high: f64,
        /// The number of runs with both values.
        runs: usize,
    },
    /// Epsilon squared, from 0 to 1: `H / (n - 1)` with the H of Kruskal and Wallis (M. Tomczak, E. Tomczak, "The need to report effect
    /// size estimates revisited", 2014).
    EpsilonSquared {
        /// The effect size.
        value: f64,
        /// The number of runs with both values.
        runs: usize,
    },
}

impl RankCorrelation {
    /// From 0 to 1, comparable between both kinds.
    #[must_use]
    pub fn strength(self) -> f64 {
        match self {
            Self::Spearman { rho, .. } => rho.abs(),
            Self::EpsilonSquared { value: squared, .. } => squared.sqrt(),
        }
    }
}

const MIN_RUNS: usize = 4;

pub(super) fn correlate(feature: &Feature, goal: &[f64]) -> Option<RankCorrelation> {
    let Some(numbers) = &feature.numbers else {
        return epsilon_squared(&feature.codes, goal);
    };
    let (x, y): (Vec<f64>, Vec<f64>) = numbers
        .iter()
        .zip(goal)
        .filter(|(x, _)| !x.is_nan())
        .map(|(x, y)| (*x, *y))
        .unzip();
    let rho = spearman(&x, &y).filter(|_| x.len() >= MIN_RUNS)?;
    let z = rho.clamp(-0.999_999_9, 0.999_999_9).atanh();
    let half = 1.959_963_985 * ((1.0 + rho * rho / 2.0) / (x.len() as f64 - 3.0)).sqrt();
    Some(RankCorrelation::Spearman {
        rho,
        low: (z - half).tanh(),
        high: (z + half).tanh(),
        runs: x.len(),
    })
}

/// Spearman's rho of two lists of numbers without NaN; absent if one of them is constant.
pub(super) fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    let (x, y) = (ranks(x), ranks(y));
    let mean = f64::midpoint(x.len() as f64, 1.0);
    let sum = |pairs: &mut dyn Iterator<Item = (f64, f64)>| {
        pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>()
    };
    let sum_of_squares = |values: &[f64]| sum(&mut values.iter().map(|value| (*value, *value)));
    let scale = (sum_of_squares(&x) * sum_of_squares(&y)).sqrt();
    (scale > 0.0).then(|| sum(&mut x.iter().copied().zip(y.iter().copied())) / scale)
}

/// The rank of each value from 1; equal values share the mean of their ranks.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut at = 0;
    while at < order.len() {
        let same = order[at..]
            .iter()
            .take_while(|other| values[**other].total_cmp(&values[order[at]]).is_eq())
            .count();
        for other in &order[at..at + same] {
            ranks[*other] = (2 * at + same + 1) as f64 / 2.0;
        }
        at += same;
    }
    ranks
}

fn epsilon_squared(codes: &[usize], goal: &[f64]) -> Option<RankCorrelation> {
    let count = goal.len();
    let ranks = ranks(goal);
    let mut groups: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for (code, rank) in codes.iter().zip(&ranks) {
        let (sum, size) = groups.entry(*code).or_default();
        (*sum, *size) = (*sum + rank, *size + 1.0);
    }
    if count < MIN_RUNS || groups.len() < 2 {
        return None;
    }
    let n = count as f64;
    let between = groups
        .values()
        .map(|(sum, size)| sum * sum / size)
        .sum::<f64>();
    let h = 12.0 / (n * (n + 1.0)) * between - 3.0 * (n + 1.0);
    // Ties reduce the variance of ranks.
    let mut ties: BTreeMap<u64, f64> = BTreeMap::new();
    for rank in ranks {
        *ties.entry(rank.to_bits()).or_default() += 1.0;
    }
    let tied = 1.0 - ties.values().map(|t| t * t * t - t).sum::<f64>() / (n * n * n - n);
    (tied > 0.0).then(|| RankCorrelation::EpsilonSquared {
        value: (h / tied / (n - 1.0)).clamp(0.0, 1.0),
        runs: count,
    })
}
