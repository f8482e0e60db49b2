//! The goal: a metric and a direction, `accuracy max`. What "best" means here.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::metric::MetricValue;
use crate::text::untrusted::Untrusted;

/// Which way a metric gets better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// More is better.
    Max,
    /// Less is better.
    Min,
}

/// Words in a metric's key that tell that more of it is better; a word counts with a number behind it, too (`recall5`).
const MORE_IS_BETTER: [&str; 23] = [
    "acc",
    "accuracy",
    "auc",
    "auroc",
    "auprc",
    "roc",
    "f1",
    "fbeta",
    "precision",
    "recall",
    "sensitivity",
    "specificity",
    "r2",
    "map",
    "ndcg",
    "mrr",
    "iou",
    "dice",
    "bleu",
    "rouge",
    "kappa",
    "score",
    "reward",
];

/// Words in a metric's key that tell that less of it is better.
const LESS_IS_BETTER: [&str; 20] = [
    "loss",
    "error",
    "err",
    "mse",
    "rmse",
    "mae",
    "mape",
    "rmsle",
    "perplexity",
    "ppl",
    "nll",
    "bce",
    "wer",
    "cer",
    "fid",
    "brier",
    "latency",
    "duration",
    "time",
    "deviance",
];

impl Direction {
    /// The direction that the words in a metric's key tell; none where they tell nothing, as of a learning rate.
    #[must_use]
    pub fn from_metric_name(metric: &str) -> Option<Self> {
        let key = metric.to_ascii_lowercase();
        let any = |known: &[&str], ends: &[&str]| {
            key.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| {
                let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
                known.contains(&word)
                    || known.contains(&bare)
                    || ends.iter().any(|end| bare.ends_with(end))
            })
        };
        // Less goes first: `error_score` and `auc_loss` are errors and losses.
        if any(&LESS_IS_BETTER, &["loss", "error"]) {
            return Some(Self::Min);
        }
        any(&MORE_IS_BETTER, &["accuracy", "acc", "auc"]).then_some(Self::Max)
    }

    /// The likely direction of a metric that is a goal: as its key tells, else up.
    #[must_use]
    pub fn guess(metric: &str) -> Self {
        Self::from_metric_name(metric).unwrap_or(Self::Max)
    }

    /// Whether a change of a value is to the good.
    #[must_use]
    pub fn is_improvement(self, change: f64) -> bool {
        match self {
            Self::Max => change > 0.0,
            Self::Min => change < 0.0,
        }
    }

    /// `max` or `min`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Max => "max",
            Self::Min => "min",
        }
    }

    /// `↑` or `↓`.
    #[must_use]
    pub fn arrow(self) -> &'static str {
        match self {
            Self::Max => "↑",
            Self::Min => "↓",
        }
    }

    /// Best first; NaN and infinities after every number, whichever the direction.
    #[must_use]
    pub fn cmp_best_first(self, a: MetricValue, b: MetricValue) -> Ordering {
        let by_value = match self {
            Self::Max => b.get().total_cmp(&a.get()),
            Self::Min => a.get().total_cmp(&b.get()),
        };
        b.is_finite().cmp(&a.is_finite()).then(by_value)
    }
}

/// A metric and a direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    /// The metric's key.
    pub metric: Untrusted,
    /// Which way it gets better.
    pub direction: Direction,
}

impl Goal {
    /// The goal that metrics suggest by their keys: one that says how good a model is, best on data it has not seen; of
    /// several that say it equally well, the first.
    #[must_use]
    pub fn suggest<'a>(metrics: impl IntoIterator<Item = &'a Untrusted>) -> Option<Self> {
        let likely = |key: &str| {
            let key = key.to_lowercase();
            let has = |words: &[&str]| words.iter().any(|word| key.contains(word));
            let known = has(&["acc", "auc", "f1", "r2", "loss", "rmse", "mae"]);
            2 * u8::from(known && !has(&["train"])) + u8::from(has(&["val", "test", "eval"]))
        };
        let mut best: Option<(u8, &Untrusted)> = None;
        for key in metrics
            .into_iter()
            .filter(|key| !key.raw().starts_with("system/"))
        {
            let rank = likely(key.raw());
            if best.is_none_or(|(most, _)| rank > most) {
                best = Some((rank, key));
            }
        }
        best.map(|(_, key)| Self::guess(key.clone()))
    }

    /// A goal over a metric, in its likely direction.
    #[must_use]
    pub fn guess(metric: Untrusted) -> Self {
        Self {
            direction: Direction::guess(metric.raw()),
            metric,
        }
    }
}

impl fmt::Display for Goal {
    /// Safe to draw: `accuracy ↑`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.metric.clean(), self.direction.arrow())
    }
}

impl FromStr for Goal {
    type Err = String;

    /// Reads `accuracy max`, `accuracy min`, or a metric alone, whose direction is then guessed.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (metric, direction) = match text.rsplit_once(char::is_whitespace) {
            Some((metric, word)) => match word.to_ascii_lowercase().as_str() {
                "max" | "maximize" | "desc" | "↑" => (metric, Some(Direction::Max)),
                "min" | "minimize" | "asc" | "↓" => (metric, Some(Direction::Min)),
                _ => (text, None),
            },
            None => (text, None),
        };
        let metric = metric
            .trim()
            .strip_prefix("metrics.")
            .unwrap_or(metric.trim());
        if metric.is_empty() {
            return Err("a goal is a metric and a direction, such as 'accuracy max'".into());
        }
        Ok(Self {
            direction: direction.unwrap_or_else(|| Direction::guess(metric)),
            metric: metric.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goal_parses_with_and_without_a_direction() {
        let read = |text: &str| text.parse::<Goal>().map(|goal| goal.to_string());
        assert_eq!(read("accuracy max"), Ok("accuracy ↑".into()));
        assert_eq!(read("val/loss"), Ok("val/loss ↓".into()));
        assert_eq!(read("metrics.a b min"), Ok("a b ↓".into()));
        assert!(read("  ").is_err());
    }

    #[test]
    fn non_finite_values_rank_last() {
        let mut values = [f64::NAN, 0.2, f64::INFINITY, 0.9].map(MetricValue::new);
        values.sort_by(|a, b| Direction::Max.cmp_best_first(*a, *b));
        assert_eq!((values[0].get(), values[1].get()), (0.9, 0.2));
    }
}
