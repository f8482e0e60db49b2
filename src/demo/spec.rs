//! Runs, datasets and models of the fixtures, before they are written to the store.

use crate::domain::{Millis, RunStatus};

pub(super) use crate::text::quantity::{DAY, HOUR, MINUTE, SECOND};

pub(super) struct MetricSeries {
    pub key: String,
    /// The step of the first value; each value is one step.
    pub first_step: i64,
    pub values: Vec<f64>,
}

#[derive(Clone)]
pub(super) struct DatasetSpec {
    /// MLflow's `dataset_uuid`.
    pub id: String,
    pub name: &'static str,
    pub digest: String,
    pub source_type: &'static str,
    pub uri: &'static str,
    /// MLflow type and name.
    pub columns: &'static [(&'static str, &'static str)],
    pub rows: u64,
}

#[derive(Clone)]
pub(super) struct CommitSpec {
    /// Relative to the root of the repository.
    pub script: &'static str,
    pub repository: &'static str,
    pub branch: &'static str,
    pub commit: String,
}

pub(super) struct RunSpec {
    pub id: String,
    pub experiment: i64,
    pub name: String,
    pub user: &'static str,
    pub script: &'static str,
    pub status: RunStatus,
    pub start_time: Millis,
    /// When the last metric was logged.
    pub last_logged: Millis,
    /// Whether `last_logged` is also the end time.
    pub has_ended: bool,
    pub is_deleted: bool,
    pub params: Vec<(String, String)>,
    pub tags: Vec<(String, String)>,
    pub series: Vec<MetricSeries>,
    /// Each with its role, such as `training`.
    pub datasets: Vec<(DatasetSpec, &'static str)>,
}

impl RunSpec {
    /// A finished run of `ana`.
    pub fn new(
        experiment: i64,
        id: String,
        name: impl Into<String>,
        start_time: Millis,
        duration: Millis,
    ) -> Self {
        Self {
            id,
            experiment,
            name: name.into(),
            user: "ana",
            script: "train.py",
            status: RunStatus::Finished,
            start_time,
            last_logged: start_time + duration,
            has_ended: true,
            is_deleted: false,
            params: Vec::new(),
            tags: Vec::new(),
            series: Vec::new(),
            datasets: Vec::new(),
        }
    }

    pub fn user(mut self, user: &'static str) -> Self {
        self.user = user;
        self
    }

    /// Sets the status; every status but `Running` ends the run.
    pub fn status(mut self, status: RunStatus) -> Self {
        self.status = status;
        self.has_ended = status != RunStatus::Running;
        self
    }

    /// Adds a param, spelled as Python would.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "params are given as literals of any type"
    )]
    pub fn param(mut self, key: &str, value: impl ToString) -> Self {
        self.params.push((key.to_owned(), value.to_string()));
        self
    }

    pub fn tag(mut self, key: &str, value: impl Into<String>) -> Self {
        self.tags.push((key.to_owned(), value.into()));
        self
    }

    pub fn note(self, text: &str) -> Self {
        self.tag("mlflow.note.content", text)
    }

    pub fn parent(self, parent: &str) -> Self {
        self.tag("mlflow.parentRunId", parent)
    }

    /// Adds a metric history that starts at step 0.
    pub fn series(mut self, key: &str, values: Vec<f64>) -> Self {
        self.series.push(MetricSeries {
            key: key.to_owned(),
            first_step: 0,
            values,
        });
        self
    }

    /// Adds a metric with one value, logged at the end.
    pub fn metric(self, key: &str, value: f64) -> Self {
        self.series(key, vec![value])
    }

    /// Adds a dataset in a role, such as `training`.
    pub fn dataset(mut self, dataset: &DatasetSpec, role: &'static str) -> Self {
        self.datasets.push((dataset.clone(), role));
        self
    }

    pub fn code(mut self, code: &CommitSpec) -> Self {
        self.script = code.script;
        self.tag("mlflow.source.git.commit", &code.commit)
            .tag("mlflow.source.git.branch", code.branch)
            .tag("mlflow.source.git.repoURL", code.repository)
    }

    pub fn last_value(&self, key: &str) -> Option<f64> {
        self.series
            .iter()
            .find(|curve| curve.key == key)?
            .values
            .last()
            .copied()
    }
}

pub(super) struct LoggedModelSpec {
    /// `m-` and 32 hex digits.
    pub id: String,
    pub name: &'static str,
    pub location: String,
    /// The registered model and version made from it.
    pub registered: Option<(&'static str, u32)>,
}

pub(super) struct ModelSpec {
    pub name: &'static str,
    pub created_at: Millis,
    pub description: &'static str,
    pub tags: &'static [(&'static str, &'static str)],
    pub aliases: &'static [(&'static str, u32)],
}

pub(super) struct VersionSpec {
    pub model: &'static str,
    pub version: u32,
    pub created_at: Millis,
    pub updated_at: Millis,
    pub stage: crate::domain::Stage,
    pub description: &'static str,
    pub source: String,
    pub location: String,
    /// `None` for prompts.
    pub run: Option<String>,
    pub tags: Vec<(String, String)>,
}
