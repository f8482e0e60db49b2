//! Experiments, which group runs.

use serde::{Deserialize, Serialize};

use super::ids::ExperimentId;
use super::run::{KeyValue, find_value};
use super::{Direction, Goal, Millis};
use crate::text::untrusted::Untrusted;

/// MLflow's lifecycle stage of experiments, runs and logged models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lifecycle {
    /// Not deleted.
    Active,
    /// In MLflow's trash, until it is restored or `mlflow gc` removes it.
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

    /// Parses MLflow's spelling; anything but `deleted` is active.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.eq_ignore_ascii_case("deleted") {
            Self::Deleted
        } else {
            Self::Active
        }
    }
}

/// An experiment without its runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// Unique in the store.
    pub id: ExperimentId,
    /// Unique in the workspace.
    pub name: Untrusted,
    /// Root of its runs' artifacts.
    pub artifact_location: Untrusted,
    /// Active or deleted.
    pub lifecycle: Lifecycle,
    /// In ms since the epoch.
    pub creation_time: Option<Millis>,
    /// In ms since the epoch; changes of runs don't count.
    pub last_update_time: Option<Millis>,
    /// In the store's order.
    pub tags: Vec<KeyValue>,
    /// Number of active runs, if the store can count them cheaply.
    pub run_count: Option<u64>,
    /// Start of the newest run in ms since the epoch, if the store can find it cheaply.
    pub last_run_time: Option<Millis>,
}

impl Experiment {
    /// When its newest run started, or when it was last changed where the store does not tell. `None` without runs.
    #[must_use]
    pub fn last_activity(&self) -> Option<Millis> {
        let changed = self.last_update_time.or(self.creation_time);
        let is_empty = self.run_count == Some(0);
        self.last_run_time.or(changed.filter(|_| !is_empty))
    }

    /// The goal in MLflow's `mlflow.experiment.primaryMetric.*` tags.
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
