//! Importance of params for a goal.

use serde::Serialize;

use crate::analysis::importance::{Importance, RankCorrelation};
use crate::domain::Goal;
use crate::text::Untrusted;

/// The importance of params for a goal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImportanceRecord {
    /// The goal's metric.
    pub metric: Untrusted,
    /// `max` or `min`.
    pub direction: &'static str,
    /// The number of analyzed runs.
    pub runs: usize,
    /// The number of runs without the metric.
    #[serde(rename = "left_out")]
    pub excluded: usize,
    /// R² of the forest on held-out runs; null without a forest.
    #[serde(rename = "explained")]
    pub r_squared: Option<f64>,
    /// Most important first.
    pub params: Vec<ParamRecord>,
    /// Limits of the analysis, as sentences.
    #[serde(rename = "cautions")]
    pub caveats: Vec<String>,
}

/// The importance of one param.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParamRecord {
    /// The param's key.
    pub key: Untrusted,
    /// The number of its distinct values.
    pub values: usize,
    /// Permutation importance in the forest; null without a forest.
    pub forest: Option<ForestRecord>,
    /// Rank correlation with the metric.
    pub rank: Option<RankRecord>,
    /// Params that vary with it.
    #[serde(rename = "together")]
    pub indistinguishable_from: Vec<Untrusted>,
}

/// The share of explained variance lost by permuting a param.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ForestRecord {
    /// The mean over folds and shuffles.
    pub mean: f64,
    /// The standard deviation over folds and shuffles.
    pub sd: f64,
}

/// A rank correlation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum RankRecord {
    /// Spearman's rho with its 95 % confidence interval.
    Spearman {
        /// Rho.
        rho: f64,
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
        /// The number of runs.
        runs: usize,
    },
    /// Kruskal-Wallis epsilon squared.
    EpsilonSquared {
        /// Epsilon squared.
        value: f64,
        /// The number of runs.
        runs: usize,
    },
}

impl ImportanceRecord {
    /// The record of an analysis.
    #[must_use]
    pub fn new(importance: &Importance, goal: &Goal) -> Self {
        let rank = |rank: RankCorrelation| match rank {
            RankCorrelation::Spearman {
                rho,
                low,
                high,
                runs,
            } => RankRecord::Spearman {
                rho,
                low,
                high,
                runs,
            },
            RankCorrelation::EpsilonSquared {
                value: squared,
                runs,
            } => RankRecord::EpsilonSquared {
                value: squared,
                runs,
            },
        };
        let param = |param: &crate::analysis::importance::ParamImportance| ParamRecord {
            key: param.key.clone(),
            values: param.distinct_values,
            forest: param.permutation.map(|loss| ForestRecord {
                mean: loss.mean,
                sd: loss.std_dev,
            }),
            rank: param.rank_correlation.map(rank),
            indistinguishable_from: param.collinear_with.clone(),
        };
        Self {
            metric: goal.metric.clone(),
            direction: goal.direction.as_str(),
            runs: importance.runs,
            excluded: importance.excluded,
            r_squared: importance.r_squared,
            params: importance.params.iter().map(param).collect(),
            caveats: importance.warnings.clone(),
        }
    }
}
