//! Runs and their params, tags and inputs.

use serde::{Deserialize, Serialize};

use super::ids::{ExperimentId, LoggedModelId, RunId};
use super::metric::{Metric, MetricValue};
use super::{Lifecycle, Millis};
use crate::text::untrusted::Untrusted;

/// The tag with a run's name, which old versions of MLflow store nowhere else: setting it renames the run.
pub const RUN_NAME_TAG: &str = "mlflow.runName";

/// The tag with the user who made a run, which old versions of MLflow store nowhere else.
pub const USER_TAG: &str = "mlflow.user";

/// The tag in which a store on this machine names what it could not read of a run, an experiment, a model
/// or a version; not in the store itself.
pub const UNREADABLE_TAG: &str = "frontrunner.unreadable";

/// A param or a tag. Listings intern keys, so that equal keys share their text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyValue {
    /// Unique in its list.
    pub key: Untrusted,
    /// As text, even for numeric params.
    pub value: Untrusted,
}

impl KeyValue {
    /// Converts both texts.
    pub fn new(key: impl Into<Untrusted>, value: impl Into<Untrusted>) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
        }
    }
}

/// The value of the first pair with `key`.
#[must_use]
pub fn find_value<'a>(pairs: &'a [KeyValue], key: &str) -> Option<&'a Untrusted> {
    pairs
        .iter()
        .find(|pair| pair.key.raw() == key)
        .map(|pair| &pair.value)
}

/// The status that a run reports; a crashed run stays `Running`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RunStatus {
    /// Started, not ended.
    Running,
    /// Waiting to start.
    Scheduled,
    /// Ended without an error.
    Finished,
    /// Ended with an error.
    Failed,
    /// Ended by a user or a scheduler.
    Killed,
    /// Missing or not one of MLflow's.
    Unknown,
}

impl RunStatus {
    /// In display order.
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

/// A dataset input of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DatasetInput {
    /// Shared by all versions of a dataset.
    pub name: Untrusted,
    /// MLflow's digest of the content, 8 hex digits by default.
    pub digest: Untrusted,
    /// The kind of source: `local`, `s3`, `delta_table`, `hugging_face`, …
    pub source_type: Untrusted,
    /// JSON as text.
    pub source: Untrusted,
    /// JSON as text.
    #[serde(skip)]
    pub schema: Option<Untrusted>,
    /// JSON as text, with `num_rows` and the like.
    #[serde(skip)]
    pub profile: Option<Untrusted>,
    /// The role, such as `training` or `eval`, from the input tag `mlflow.data.context`.
    pub context: Option<Untrusted>,
}

/// A logged model that a run created (MLflow 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelOutput {
    /// `m-…`.
    pub model_id: LoggedModelId,
    /// The step at which it was logged.
    pub step: i64,
}

/// A run with the latest value of each metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Unique in the store.
    pub id: RunId,
    /// May be empty or shared; MLflow generates one by default.
    pub name: Untrusted,
    /// The experiment that contains it.
    pub experiment_id: ExperimentId,
    /// As reported by the run.
    pub status: RunStatus,
    /// Active or deleted.
    pub lifecycle: Lifecycle,
    /// As recorded by the client; not verified.
    pub user: Untrusted,
    /// In ms since the epoch.
    pub start_time: Option<Millis>,
    /// In ms since the epoch; `None` while running.
    pub end_time: Option<Millis>,
    /// Root of its artifacts.
    pub artifact_uri: Untrusted,
    /// One per key, with the latest value.
    pub metrics: Vec<Metric>,
    /// In the store's order.
    pub params: Vec<KeyValue>,
    /// Including MLflow's system tags.
    pub tags: Vec<KeyValue>,
    /// Dataset inputs.
    pub datasets: Vec<DatasetInput>,
    /// Logged models that it used (MLflow 3).
    pub model_inputs: Vec<LoggedModelId>,
    /// Logged models that it created (MLflow 3).
    pub model_outputs: Vec<ModelOutput>,
}

impl Run {
    /// A run of which only the ID and the experiment are known.
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

    /// The name, or a short ID if the run has no name.
    #[must_use]
    pub fn label(&self) -> Untrusted {
        if self.name.is_empty() {
            Untrusted::from(self.id.short())
        } else {
            self.name.clone()
        }
    }

    /// The latest value of a metric by key.
    #[must_use]
    pub fn metric(&self, key: &str) -> Option<MetricValue> {
        self.metrics
            .iter()
            .find(|metric| metric.key.raw() == key)
            .map(|metric| metric.value)
    }

    /// The value of a param by key.
    #[must_use]
    pub fn param(&self, key: &str) -> Option<&Untrusted> {
        find_value(&self.params, key)
    }

    /// The value of a tag by key.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&Untrusted> {
        find_value(&self.tags, key)
    }

    /// The parent of a nested run.
    #[must_use]
    pub fn parent(&self) -> Option<RunId> {
        self.tag("mlflow.parentRunId")
            .filter(|id| !id.is_empty())
            .map(|id| RunId::new(id.clone()))
    }

    /// Duration in ms, up to `now` for a running run; `None` if it would be negative.
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
