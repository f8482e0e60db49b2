//! Experiments and runs.

use serde::Serialize;

use super::{OrderedMap, metrics};
use crate::analysis::BestRun;
use crate::domain::{
    DatasetInput, Direction, Experiment, ExperimentId, Goal, MetricValue, Millis, Run, RunId,
    RunStatus,
};
use crate::text::Untrusted;

/// An experiment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExperimentRecord {
    /// Its id.
    pub experiment_id: ExperimentId,
    /// Its name.
    pub name: Untrusted,
    /// `active` or `deleted`.
    pub lifecycle_stage: &'static str,
    /// Ms since the epoch.
    pub creation_time: Option<Millis>,
    /// Ms since the epoch.
    pub last_update_time: Option<Millis>,
    /// By key.
    pub tags: OrderedMap<Untrusted>,
}

impl From<&Experiment> for ExperimentRecord {
    fn from(experiment: &Experiment) -> Self {
        Self {
            experiment_id: experiment.id.clone(),
            name: experiment.name.clone(),
            lifecycle_stage: experiment.lifecycle.as_str(),
            creation_time: experiment.creation_time,
            last_update_time: experiment.last_update_time,
            tags: (&experiment.tags).into(),
        }
    }
}

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunRecord {
    /// Its id.
    pub run_id: RunId,
    /// Its name.
    pub run_name: Untrusted,
    /// Its experiment.
    pub experiment_id: ExperimentId,
    /// `RUNNING`, `FINISHED`, `FAILED`, …
    pub status: RunStatus,
    /// `active` or `deleted`.
    pub lifecycle_stage: &'static str,
    /// Ms since the epoch.
    pub start_time: Option<Millis>,
    /// Ms since the epoch; null while it runs.
    pub end_time: Option<Millis>,
    /// The user that started it.
    pub user_id: Untrusted,
    /// The root of its artifacts.
    pub artifact_uri: Untrusted,
    /// The last logged value of each metric.
    pub metrics: OrderedMap<MetricValue>,
    /// By key.
    pub params: OrderedMap<Untrusted>,
    /// By key, with MLflow's own.
    pub tags: OrderedMap<Untrusted>,
    /// Dataset inputs.
    pub datasets: Vec<DatasetInput>,
    /// The id of the parent run.
    pub parent_run_id: Option<RunId>,
}

impl From<&Run> for RunRecord {
    fn from(run: &Run) -> Self {
        Self {
            run_id: run.id.clone(),
            run_name: run.name.clone(),
            experiment_id: run.experiment_id.clone(),
            status: run.status,
            lifecycle_stage: run.lifecycle.as_str(),
            start_time: run.start_time,
            end_time: run.end_time,
            user_id: run.user.clone(),
            artifact_uri: run.artifact_uri.clone(),
            metrics: metrics(&run.metrics),
            params: (&run.params).into(),
            tags: (&run.tags).into(),
            datasets: run.datasets.clone(),
            parent_run_id: run.parent(),
        }
    }
}

/// The best run by a goal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BestRecord {
    /// The best run.
    #[serde(flatten)]
    pub run: RunRecord,
    /// The goal and the run's value.
    pub goal: GoalRecord,
    /// The number of ranked runs.
    pub considered: usize,
    /// Ids of runs with the same value.
    pub ties: Vec<RunId>,
    /// The number of unranked runs, by reason.
    #[serde(rename = "left_out")]
    pub excluded: OrderedMap<usize>,
}

/// A goal and the best value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GoalRecord {
    /// The metric's key.
    pub metric: Untrusted,
    /// `max` or `min`.
    pub direction: &'static str,
    /// The best value.
    pub value: MetricValue,
}

impl BestRecord {
    /// The record of a ranking; `run` is its best run.
    #[must_use]
    pub fn new(best: &BestRun, run: &Run, goal: &Goal) -> Self {
        let direction: Direction = goal.direction;
        Self {
            run: run.into(),
            goal: GoalRecord {
                metric: goal.metric.clone(),
                direction: direction.as_str(),
                value: best.value,
            },
            considered: best.candidates,
            ties: best.ties.clone(),
            excluded: OrderedMap(
                best.excluded
                    .iter()
                    .map(|(why, count)| (why.as_str().into(), *count))
                    .collect(),
            ),
        }
    }
}
