//! Experiments: what groups runs.

use serde::{Deserialize, Serialize};

use super::ids::ExperimentId;
use super::run::{KeyValue, find_value};
use super::{Direction, Goal, Millis};
use crate::text::untrusted::Untrusted;

/// Whether something is in use or in MLflow's trash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lifecycle {
    /// In use.
    Active,
    /// Deleted, until somebody restores it or runs MLflow's garbage collection.
    Deleted,
}

impl Lifecycle {
    /// As MLflow spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deleted => "deleted",
        }
    }

    /// Reads MLflow's spelling; anything but `deleted` is in use.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.eq_ignore_ascii_case("deleted") {
            Self::Deleted
        } else {
            Self::Active
        }
    }
}

/// One experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// Its id.
    pub id: ExperimentId,
    /// Its name.
    pub name: Untrusted,
    /// Where its artifacts go.
    pub artifact_location: Untrusted,
    /// Whether it is in use.
    pub lifecycle: Lifecycle,
    /// When it was made, ms since the epoch.
    pub creation_time: Option<Millis>,
    /// When it last changed, ms since the epoch; runs do not change it.
    pub last_update_time: Option<Millis>,
    /// Its tags, in the store's order.
    pub tags: Vec<KeyValue>,
    /// How many active runs it has, where the store can say it cheaply.
    pub run_count: Option<u64>,
    /// When its newest run started, ms since the epoch, where the store can say it cheaply.
    pub last_run_time: Option<Millis>,
}

impl Experiment {
    /// The goal that the experiment itself declares with MLflow's `mlflow.experiment.primaryMetric.*` tags.
    #[must_use]
    pub fn declared_goal(&self) -> Option<Goal> {
        let metric = find_value(&self.tags, "mlflow.experiment.primaryMetric.name")?;
        let greater = find_value(
            &self.tags,
            "mlflow.experiment.primaryMetric.greaterIsBetter",
        );
        let direction = match greater {
            Some(text) if text.raw().eq_ignore_ascii_case("false") => Direction::Min,
            Some(_) => Direction::Max,
            None => Direction::guess(metric.raw()),
        };
        Some(Goal {
            metric: metric.clone(),
            direction,
        })
    }
}
