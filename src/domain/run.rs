//! Runs: what was trained, with which params, on which data, and what came of it.

use serde::Serialize;

use super::ids::{ExperimentId, LoggedModelId, RunId};
use super::metric::{Metric, MetricValue};
use super::{Lifecycle, Millis};
use crate::text::untrusted::Untrusted;

/// A key and its value: a param or a tag. Keys of one load share their text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyValue {
    /// The key.
    pub key: Untrusted,
    /// The value, as text.
    pub value: Untrusted,
}

impl KeyValue {
    /// A pair of a key and a value.
    pub fn new(key: impl Into<Untrusted>, value: impl Into<Untrusted>) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
        }
    }
}

/// The value under `key`, if there is one.
#[must_use]
pub fn find_value<'a>(pairs: &'a [KeyValue], key: &str) -> Option<&'a Untrusted> {
    pairs
        .iter()
        .find(|pair| pair.key.raw() == key)
        .map(|pair| &pair.value)
}

/// What a run says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RunStatus {
    /// Still going, or died without saying so.
    Running,
    /// Waiting to start.
    Scheduled,
    /// Ended as it should.
    Finished,
    /// Ended with an error.
    Failed,
    /// Ended by somebody.
    Killed,
    /// A word that this program does not know, or none.
    Unknown,
}

impl RunStatus {
    /// Every status, in the order in which they are told.
    pub const ALL: [Self; 6] = [
        Self::Running,
        Self::Scheduled,
        Self::Finished,
        Self::Failed,
        Self::Killed,
        Self::Unknown,
    ];

    /// As MLflow spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Scheduled => "SCHEDULED",
            Self::Finished => "FINISHED",
            Self::Failed => "FAILED",
            Self::Killed => "KILLED",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// Reads MLflow's spelling.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str().eq_ignore_ascii_case(text))
            .unwrap_or(Self::Unknown)
    }
}

/// A dataset that a run read, with the role it played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DatasetInput {
    /// The dataset's name.
    pub name: Untrusted,
    /// MLflow's digest of its content, 8 hex digits by default.
    pub digest: Untrusted,
    /// The kind of source: `local`, `s3`, `delta_table`, `hugging_face`, …
    pub source_type: Untrusted,
    /// The source: text that holds JSON.
    pub source: Untrusted,
    /// Its schema: text that holds JSON, or nothing.
    #[serde(skip)]
    pub schema: Option<Untrusted>,
    /// Its profile (`num_rows`, …): text that holds JSON, or nothing.
    #[serde(skip)]
    pub profile: Option<Untrusted>,
    /// The role: `training`, `eval`, … from the input's tag `mlflow.data.context`.
    pub context: Option<Untrusted>,
}

/// A logged model that a run made (MLflow 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelOutput {
    /// The logged model.
    pub model_id: LoggedModelId,
    /// The step at which it was logged.
    pub step: i64,
}

/// One run, with the latest value of each metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Its name; MLflow makes one up when none is given.
    pub name: Untrusted,
    /// The experiment it belongs to.
    pub experiment_id: ExperimentId,
    /// What it says of itself.
    pub status: RunStatus,
    /// Whether it is in use.
    pub lifecycle: Lifecycle,
    /// Who ran it.
    pub user: Untrusted,
    /// When it started, ms since the epoch.
    pub start_time: Option<Millis>,
    /// When it ended, ms since the epoch.
    pub end_time: Option<Millis>,
    /// Where its artifacts are.
    pub artifact_uri: Untrusted,
    /// The latest value of each metric.
    pub metrics: Vec<Metric>,
    /// Its params.
    pub params: Vec<KeyValue>,
    /// Its tags, MLflow's own among them.
    pub tags: Vec<KeyValue>,
    /// The datasets it read.
    pub datasets: Vec<DatasetInput>,
    /// The logged models it read (MLflow 3).
    pub model_inputs: Vec<LoggedModelId>,
    /// The logged models it made (MLflow 3).
    pub model_outputs: Vec<ModelOutput>,
}

impl Run {
    /// A run of which only the id and the experiment are known yet.
    #[must_use]
    pub fn bare(id: RunId, experiment_id: ExperimentId) -> Self {
        Self {
            id,
            experiment_id,
            name: Untrusted::default(),
            status: RunStatus::Unknown,
            lifecycle: Lifecycle::Active,
            user: Untrusted::default(),
            start_time: None,
            end_time: None,
            artifact_uri: Untrusted::default(),
            metrics: Vec::new(),
            params: Vec::new(),
            tags: Vec::new(),
            datasets: Vec::new(),
            model_inputs: Vec::new(),
            model_outputs: Vec::new(),
        }
    }

    /// The name, or the start of the id where the run has no name.
    #[must_use]
    pub fn label(&self) -> Untrusted {
        if self.name.is_empty() {
            Untrusted::from(self.id.short())
        } else {
            self.name.clone()
        }
    }

    /// The latest value of a metric.
    #[must_use]
    pub fn metric(&self, key: &str) -> Option<MetricValue> {
        self.metrics
            .iter()
            .find(|metric| metric.key.raw() == key)
            .map(|metric| metric.value)
    }

    /// A param's value.
    #[must_use]
    pub fn param(&self, key: &str) -> Option<&Untrusted> {
        find_value(&self.params, key)
    }

    /// A tag's value.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&Untrusted> {
        find_value(&self.tags, key)
    }

    /// The run that this one is nested in.
    #[must_use]
    pub fn parent(&self) -> Option<RunId> {
        self.tag("mlflow.parentRunId")
            .filter(|id| !id.is_empty())
            .map(|id| RunId::new(id.clone()))
    }

    /// How long it took, or has taken until `now`, in ms. Clocks that disagree give nothing.
    #[must_use]
    pub fn duration(&self, now: Millis) -> Option<Millis> {
        let end = match (self.end_time, self.status) {
            (Some(end), _) => end,
            (None, RunStatus::Running) => now,
            (None, _) => return None,
        };
        end.checked_sub(self.start_time?).filter(|ms| *ms >= 0)
    }
}
