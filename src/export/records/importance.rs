//! What goes with a goal.

use serde::Serialize;

use crate::analysis::importance::{Importance, RankCorrelation};
use crate::domain::Goal;
use crate::text::Untrusted;

/// Which params go with a goal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImportanceRecord {
    /// The metric.
    pub metric: Untrusted,
    /// `max` or `min`.
    pub direction: &'static str,
    /// How many runs were looked at.
    pub runs: usize,
    /// How many had no number.
    #[serde(rename = "left_out")]
    pub excluded: usize,
    /// R² of the forest in runs that it has not seen; null without a forest.
    #[serde(rename = "explained")]
    pub r_squared: Option<f64>,
    /// The params, the most important first.
    pub params: Vec<ParamRecord>,
    /// What has to be known before it is believed.
    #[serde(rename = "cautions")]
    pub caveats: Vec<String>,
}

/// What one param has to do with it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParamRecord {
    /// Its key.
    pub key: Untrusted,
    /// How many different values it has.
    pub values: usize,
    /// Permutation importance by the forest.
    pub forest: Option<ForestRecord>,
    /// The rank correlation.
    pub rank: Option<RankRecord>,
    /// Params that it can't be told apart from.
    #[serde(rename = "together")]
    pub indistinguishable_from: Vec<Untrusted>,
}

/// The part of the variance that is lost without a param.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ForestRecord {
    /// The mean over folds and shuffles.
    pub mean: f64,
    /// Their standard deviation.
    pub sd: f64,
}

/// How ranks go together.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum RankRecord {
    /// Spearman's rho with its 95 % interval.
    Spearman {
        /// Rho.
        rho: f64,
        /// The lower end.
        low: f64,
        /// The upper end.
        high: f64,
        /// Of how many runs.
        runs: usize,
    },
    /// Epsilon squared of Kruskal and Wallis.
    EpsilonSquared {
        /// Its value.
        value: f64,
        /// Of how many runs.
        runs: usize,
    },
}

impl ImportanceRecord {
    /// The record of what was found.
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
