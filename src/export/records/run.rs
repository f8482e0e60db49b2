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
    /// When it was made, ms.
    pub creation_time: Option<Millis>,
    /// When it last changed, ms.
    pub last_update_time: Option<Millis>,
    /// Its tags.
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
    /// What it says of itself.
    pub status: RunStatus,
    /// `active` or `deleted`.
    pub lifecycle_stage: &'static str,
    /// When it started, ms.
    pub start_time: Option<Millis>,
    /// When it ended, ms.
    pub end_time: Option<Millis>,
    /// Who ran it.
    pub user_id: Untrusted,
    /// Where its artifacts are.
    pub artifact_uri: Untrusted,
    /// The latest value of each metric.
    pub metrics: OrderedMap<MetricValue>,
    /// Its params.
    pub params: OrderedMap<Untrusted>,
    /// Its tags, MLflow's own among them.
    pub tags: OrderedMap<Untrusted>,
    /// What it read: name, digest, source type, source, context.
    pub datasets: Vec<DatasetInput>,
    /// The run it is nested in.
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

/// The best run, and what it was found by.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BestRecord {
    /// The run.
    #[serde(flatten)]
    pub run: RunRecord,
    /// What "best" means, and the run's value.
    pub goal: GoalRecord,
    /// How many runs were ranked.
    pub considered: usize,
    /// Other runs with the same value.
    pub ties: Vec<RunId>,
    /// How many runs were left out, by reason.
    #[serde(rename = "left_out")]
    pub excluded: OrderedMap<usize>,
}

/// A goal, and the value that reached furthest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GoalRecord {
    /// The metric's key.
    pub metric: Untrusted,
    /// `max` or `min`.
    pub direction: &'static str,
    /// The value.
    pub value: MetricValue,
}

impl BestRecord {
    /// The record of what was found for a goal; `run` is the run that it names.
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
