//! Goals: a metric and a direction, such as `accuracy max`, by which runs are ranked.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::metric::MetricValue;
use crate::text::untrusted::Untrusted;

/// The direction in which a metric improves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Higher is better.
    Max,
    /// Lower is better.
    Min,
}

/// Words in keys of metrics to maximize, also with a number appended (`recall5`).
const HIGHER_IS_BETTER: [&str; 23] = [
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

/// Words in keys of metrics to minimize.
const LOWER_IS_BETTER: [&str; 20] = [
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
    /// The direction by the words in a metric's key; `None` if they don't decide, as in `learning_rate`.
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
        // `error_score` and `auc_loss` are an error and a loss, so these words take precedence.
        if any(&LOWER_IS_BETTER, &["loss", "error"]) {
            return Some(Self::Min);
        }
        any(&HIGHER_IS_BETTER, &["accuracy", "acc", "auc"]).then_some(Self::Max)
    }

    /// The direction by the metric's key, else `Max`.
    #[must_use]
    pub fn guess(metric: &str) -> Self {
        Self::from_metric_name(metric).unwrap_or(Self::Max)
    }

    /// Whether a change of the value improves it.
    #[must_use]
    pub fn is_improvement(self, change: f64) -> bool {
        match self {
            Self::Max => change > 0.0,
            Self::Min => change < 0.0,
        }
    }

    /// `max` or `min`, as [`Goal`] parses it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Max => "max",
            Self::Min => "min",
        }
    }

    /// `↑` for `Max`, `↓` for `Min`.
    #[must_use]
    pub fn arrow(self) -> &'static str {
        match self {
            Self::Max => "↑",
            Self::Min => "↓",
        }
    }

    /// Best first; NaN and infinities last in either direction.
    #[must_use]
    pub fn cmp_best_first(self, a: MetricValue, b: MetricValue) -> Ordering {
        let by_value = match self {
            Self::Max => b.get().total_cmp(&a.get()),
            Self::Min => a.get().total_cmp(&b.get()),
        };
        b.is_finite().cmp(&a.is_finite()).then(by_value)
    }
}

/// The metric by which runs are ranked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    /// Key of the metric.
    pub metric: Untrusted,
    /// Whether to maximize or minimize it.
    pub direction: Direction,
}

impl Goal {
    /// Guesses a goal from metric keys: a known quality metric, preferably on validation data; the first
    /// of equals.
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

    /// A goal whose direction is guessed from the metric's key.
    #[must_use]
    pub fn guess(metric: Untrusted) -> Self {
        Self {
            direction: Direction::guess(metric.raw()),
            metric,
        }
    }
}

impl Goal {
    /// Direction and metric, safe to draw: `max accuracy`.
    #[must_use]
    pub fn in_words(&self) -> String {
        format!("{} {}", self.direction.as_str(), self.metric.clean())
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

    /// Parses `accuracy max`, `accuracy min`, or a metric alone with a guessed direction.
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
            return Err("expected a metric and a direction, such as 'accuracy max'".into());
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
