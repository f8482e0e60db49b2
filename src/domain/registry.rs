//! The model registry: registered models, their versions, stages and aliases; logged models of MLflow 3.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::{Alias, ExperimentId, LoggedModelId, ModelName, RunId, VersionNumber};
use super::metric::Metric;
use super::run::{KeyValue, find_value};
use super::{Lifecycle, Millis};
use crate::text::untrusted::Untrusted;

/// What MLflow writes over the source of a deleted version. A version that is still listed with it is the
/// leftover of a deletion that raced with a move.
pub(crate) const REDACTED_SOURCE: &str = "REDACTED-SOURCE-PATH";

/// A stage of the registry. MLflow knows these four; it is deprecated there, and everywhere in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stage {
    /// In no stage.
    None,
    /// Being tried.
    Staging,
    /// Serving.
    Production,
    /// Put away.
    Archived,
}

impl Stage {
    /// The stages, in the order of a model's life.
    pub const ALL: [Self; 4] = [Self::None, Self::Staging, Self::Production, Self::Archived];

    /// As MLflow spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Staging => "Staging",
            Self::Production => "Production",
            Self::Archived => "Archived",
        }
    }

    /// Whether a move to this stage can archive the versions that are in it: MLflow 3.17 answers 500 when asked to for
    /// the other two.
    #[must_use]
    pub fn can_archive_existing(self) -> bool {
        matches!(self, Self::Staging | Self::Production)
    }

    /// Reads a stage in any case, as MLflow does.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|stage| stage.as_str().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whether a version can be used yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionStatus {
    /// It can.
    Ready,
    /// The store is still copying it.
    Pending,
    /// The store could not make it.
    Failed,
    /// A word that this program does not know.
    Other(Untrusted),
}

impl VersionStatus {
    /// As MLflow spells it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Ready => "READY",
            Self::Pending => "PENDING_REGISTRATION",
            Self::Failed => "FAILED_REGISTRATION",
            Self::Other(text) => text.raw(),
        }
    }

    /// Reads MLflow's spelling; a store that says nothing means ready.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "" | "READY" => Self::Ready,
            "PENDING_REGISTRATION" => Self::Pending,
            "FAILED_REGISTRATION" => Self::Failed,
            other => Self::Other(other.into()),
        }
    }
}

/// A registered model.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisteredModel {
    /// Its name, which is its identity.
    pub name: ModelName,
    /// When it was made, ms since the epoch.
    pub creation_time: Option<Millis>,
    /// When it last changed, ms since the epoch; aliases do not change it.
    pub last_updated_time: Option<Millis>,
    /// What its owners say of it.
    pub description: Untrusted,
    /// Its tags.
    pub tags: Vec<KeyValue>,
    /// Its aliases and the version each leads to, which need not exist.
    pub aliases: Vec<(Alias, VersionNumber)>,
    /// The newest version of each stage.
    pub latest_versions: Vec<ModelVersion>,
}

impl RegisteredModel {
    /// The version that an alias leads to.
    #[must_use]
    pub fn version_for_alias(&self, alias: &str) -> Option<VersionNumber> {
        self.aliases
            .iter()
            .find(|(name, _)| name.raw() == alias)
            .map(|(_, version)| *version)
    }

    /// Whether this is a prompt of MLflow 3, which keeps prompts among the models.
    #[must_use]
    pub fn is_prompt(&self) -> bool {
        find_value(&self.tags, "mlflow.prompt.is_prompt")
            .is_some_and(|v| v.raw().eq_ignore_ascii_case("true"))
    }
}

/// One version of a registered model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelVersion {
    /// The model.
    pub name: ModelName,
    /// The version's number.
    pub version: VersionNumber,
    /// When it was made, ms since the epoch.
    pub creation_time: Option<Millis>,
    /// When it last changed, ms since the epoch; aliases do not change it.
    pub last_updated_time: Option<Millis>,
    /// Who made it, where the store knows.
    pub user: Untrusted,
    /// Its stage; a word that MLflow doesn't know is kept in `stage_text` and shown.
    pub stage: Stage,
    /// The stage as the store spelled it.
    pub stage_text: Untrusted,
    /// What its owners say of it.
    pub description: Untrusted,
    /// Where the model is: `runs:/…`, `models:/m-…`, or a plain location.
    pub source: Untrusted,
    /// The run it came from; empty where none was given.
    pub run_id: RunId,
    /// Whether it can be used.
    pub status: VersionStatus,
    /// What the store says of that.
    pub status_message: Untrusted,
    /// Its tags.
    pub tags: Vec<KeyValue>,
    /// The aliases that lead to it.
    pub aliases: Vec<Alias>,
}

impl ModelVersion {
    /// A tag's value.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&Untrusted> {
        find_value(&self.tags, key)
    }

    /// Whether the version was deleted while somebody moved it: it is listed, but its model is gone.
    #[must_use]
    pub fn is_half_deleted(&self) -> bool {
        self.source.raw() == REDACTED_SOURCE
    }

    /// The places in which it is served or tried, as they came: `Production`, `@champion`.
    #[must_use]
    pub fn slot_names(&self) -> Vec<String> {
        let stage = matches!(self.stage, Stage::Staging | Stage::Production)
            .then(|| self.stage.as_str().to_owned());
        stage
            .into_iter()
            .chain(self.aliases.iter().map(|alias| format!("@{}", alias.raw())))
            .collect()
    }

    /// The logged model of MLflow 3 that this version was made from.
    #[must_use]
    pub fn logged_model(&self) -> Option<LoggedModelId> {
        let id = self.source.raw().strip_prefix("models:/")?;
        (id.starts_with("m-") && !id.contains('/')).then(|| id.into())
    }
}

/// Somebody's request to move a version to a stage, open on the server: Databricks has these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TransitionRequest {
    /// The version.
    pub version: VersionNumber,
    /// Where to.
    #[serde(rename = "to")]
    pub to_stage: Stage,
    /// Who asks, as the server knows them.
    #[serde(rename = "by")]
    pub requested_by: Untrusted,
    /// Since when, ms since the epoch.
    #[serde(rename = "at")]
    pub requested_at: Option<Millis>,
    /// Why.
    pub comment: Untrusted,
}

impl TransitionRequest {
    /// In one line, cleaned: `bo asks for Production: better AUC`.
    #[must_use]
    pub fn summary(&self) -> String {
        let why = if self.comment.is_empty() {
            String::new()
        } else {
            format!(": {}", self.comment.clean())
        };
        format!(
            "{} asks for {}{why}",
            self.requested_by.clean(),
            self.to_stage
        )
    }
}

/// A logged model of MLflow 3: what `log_model` made, before anything is registered.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedModel {
    /// Its id.
    pub id: LoggedModelId,
    /// Its experiment.
    pub experiment_id: ExperimentId,
    /// The name given to `log_model`.
    pub name: Untrusted,
    /// When it was logged, ms since the epoch.
    pub creation_time: Option<Millis>,
    /// Where its files are.
    pub artifact_uri: Untrusted,
    /// `LOGGED_MODEL_READY`, `…_PENDING` or `…_UPLOAD_FAILED`.
    pub status: Untrusted,
    /// The kind of model: `sklearn`, `agent`, …
    pub model_type: Untrusted,
    /// The run that logged it; empty where there was none.
    pub source_run_id: RunId,
    /// Whether it is in use.
    pub lifecycle: Lifecycle,
    /// Its params.
    pub params: Vec<KeyValue>,
    /// Its tags.
    pub tags: Vec<KeyValue>,
    /// Metrics that were logged for it.
    pub metrics: Vec<Metric>,
}
