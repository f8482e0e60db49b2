//! What a story says of an experiment, a run, a dataset or a model, before it is written.

use crate::domain::{Millis, RunStatus};

/// Milliseconds in a second.
pub(super) const SECOND: Millis = 1_000;
/// Milliseconds in a minute.
pub(super) const MINUTE: Millis = 60 * SECOND;
/// Milliseconds in an hour.
pub(super) const HOUR: Millis = 60 * MINUTE;
/// Milliseconds in a day.
pub(super) const DAY: Millis = 24 * HOUR;

/// The values of one metric.
pub(super) struct MetricSeries {
    /// The metric's key.
    pub key: String,
    /// The step of the first value; the others follow one by one.
    pub first_step: i64,
    /// The values.
    pub values: Vec<f64>,
}

/// A dataset: a name with a digest, and what MLflow notes of it.
#[derive(Clone)]
pub(super) struct DatasetSpec {
    /// MLflow's row id.
    pub id: String,
    /// The name, which several versions share.
    pub name: &'static str,
    /// The digest of the content.
    pub digest: String,
    /// The kind of source.
    pub source_type: &'static str,
    /// Where it is.
    pub uri: &'static str,
    /// The columns: MLflow's type and the name.
    pub columns: &'static [(&'static str, &'static str)],
    /// How many rows it has.
    pub rows: u64,
}

/// Where code was: one commit of one repository.
#[derive(Clone)]
pub(super) struct CommitSpec {
    /// The script, from the root of the repository.
    pub script: &'static str,
    /// The repository's address.
    pub repository: &'static str,
    /// The branch.
    pub branch: &'static str,
    /// The commit.
    pub commit: String,
}

/// A run on its way into the store.
pub(super) struct RunSpec {
    /// Its id.
    pub id: String,
    /// Its experiment.
    pub experiment: i64,
    /// Its name.
    pub name: String,
    /// Who ran it.
    pub user: &'static str,
    /// The script it ran.
    pub script: &'static str,
    /// What it says of itself.
    pub status: RunStatus,
    /// When it started.
    pub start_time: Millis,
    /// When it last logged.
    pub last_logged: Millis,
    /// Whether it ended, which it then did when it last logged.
    pub has_ended: bool,
    /// Whether it is in the trash.
    pub is_deleted: bool,
    /// Its params.
    pub params: Vec<(String, String)>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// Its metrics.
    pub series: Vec<MetricSeries>,
    /// The datasets it read, each with its role.
    pub datasets: Vec<(DatasetSpec, &'static str)>,
}

impl RunSpec {
    /// A finished run that started at `start` and took `took` ms.
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

    /// Who ran it.
    pub fn user(mut self, user: &'static str) -> Self {
        self.user = user;
        self
    }

    /// How it ended. A run that says it is running has not.
    pub fn status(mut self, status: RunStatus) -> Self {
        self.status = status;
        self.has_ended = status != RunStatus::Running;
        self
    }

    /// Adds a param; what is written is what Python would have written.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "params are given as literals of any type"
    )]
    pub fn param(mut self, key: &str, value: impl ToString) -> Self {
        self.params.push((key.to_owned(), value.to_string()));
        self
    }

    /// Adds a tag.
    pub fn tag(mut self, key: &str, value: impl Into<String>) -> Self {
        self.tags.push((key.to_owned(), value.into()));
        self
    }

    /// Adds a note.
    pub fn note(self, text: &str) -> Self {
        self.tag("mlflow.note.content", text)
    }

    /// Puts the run into another.
    pub fn parent(self, parent: &str) -> Self {
        self.tag("mlflow.parentRunId", parent)
    }

    /// Adds a metric with a history that begins at step 0.
    pub fn series(mut self, key: &str, values: Vec<f64>) -> Self {
        self.series.push(MetricSeries {
            key: key.to_owned(),
            first_step: 0,
            values,
        });
        self
    }

    /// Adds a metric that was logged once, at the end.
    pub fn metric(mut self, key: &str, value: f64) -> Self {
        self.series.push(MetricSeries {
            key: key.to_owned(),
            first_step: 0,
            values: vec![value],
        });
        self
    }

    /// Adds a dataset in a role: `training`, `eval`.
    pub fn dataset(mut self, dataset: &DatasetSpec, role: &'static str) -> Self {
        self.datasets.push((dataset.clone(), role));
        self
    }

    /// Says which code ran.
    pub fn code(mut self, code: &CommitSpec) -> Self {
        self.script = code.script;
        self.tag("mlflow.source.git.commit", &code.commit)
            .tag("mlflow.source.git.branch", code.branch)
            .tag("mlflow.source.git.repoURL", code.repository)
    }

    /// The last value of a metric.
    pub fn last_value(&self, key: &str) -> Option<f64> {
        self.series
            .iter()
            .find(|curve| curve.key == key)?
            .values
            .last()
            .copied()
    }
}

/// A logged model of MLflow 3 on its way into the store.
pub(super) struct LoggedModelSpec {
    /// Its id: `m-` and 32 hexadecimal digits.
    pub id: String,
    /// The name given to `log_model`.
    pub name: &'static str,
    /// Where its files are.
    pub location: String,
    /// The registered model and the version made from it.
    pub registered: Option<(&'static str, u32)>,
}

/// A registered model on its way into the store.
pub(super) struct ModelSpec {
    /// Its name.
    pub name: &'static str,
    /// When it was made.
    pub created_at: Millis,
    /// What its owners say of it.
    pub description: &'static str,
    /// Its tags.
    pub tags: &'static [(&'static str, &'static str)],
    /// Its aliases.
    pub aliases: &'static [(&'static str, u32)],
}

/// A version of a registered model on its way into the store.
pub(super) struct VersionSpec {
    /// The model.
    pub model: &'static str,
    /// The version's number.
    pub version: u32,
    /// When it was made.
    pub created_at: Millis,
    /// When it last changed.
    pub updated_at: Millis,
    /// Its stage.
    pub stage: crate::domain::Stage,
    /// What its owners say of it.
    pub description: &'static str,
    /// Where the model is.
    pub source: String,
    /// Where its files are.
    pub location: String,
    /// The run it came from; prompts come from none.
    pub run: Option<String>,
    /// Its tags.
    pub tags: Vec<(&'static str, String)>,
}
