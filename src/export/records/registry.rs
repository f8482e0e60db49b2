//! Registered models and their versions.

use serde::Serialize;

use super::{OrderedMap, metrics};
use crate::domain::{
    Alias, MetricValue, Millis, ModelName, ModelVersion, RegisteredModel, Run, RunId, Stage,
    VersionNumber,
};
use crate::text::Untrusted;

/// A registered model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelRecord {
    /// Unique in the store.
    pub name: ModelName,
    /// Markdown, as MLflow's UI renders it.
    pub description: Untrusted,
    /// Ms since the epoch.
    pub creation_timestamp: Option<Millis>,
    /// Ms since the epoch.
    pub last_updated_timestamp: Option<Millis>,
    /// By key.
    pub tags: OrderedMap<Untrusted>,
    /// The version of each alias.
    pub aliases: OrderedMap<VersionNumber>,
    /// The latest version of each stage.
    pub latest_versions: Vec<VersionRecord>,
    /// All versions in Production, newest first.
    pub production_versions: Vec<VersionNumber>,
    /// All versions in Staging, newest first.
    pub staging_versions: Vec<VersionNumber>,
    /// Whether it is a prompt.
    pub is_prompt: bool,
}

impl From<&RegisteredModel> for ModelRecord {
    fn from(model: &RegisteredModel) -> Self {
        Self {
            name: model.name.clone(),
            description: model.description.clone(),
            creation_timestamp: model.creation_time,
            last_updated_timestamp: model.last_updated_time,
            tags: (&model.tags).into(),
            aliases: OrderedMap(
                model
                    .aliases
                    .iter()
                    .map(|(alias, version)| (alias.text().clone(), *version))
                    .collect(),
            ),
            latest_versions: model
                .latest_versions
                .iter()
                .map(|version| VersionRecord::new(version, None))
                .collect(),
            production_versions: model.versions_in(Stage::Production),
            staging_versions: model.versions_in(Stage::Staging),
            is_prompt: model.is_prompt(),
        }
    }
}

/// A version of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VersionRecord {
    /// The registered model's name.
    pub name: ModelName,
    /// The number, as a string.
    pub version: VersionNumber,
    /// As the store spells it.
    pub current_stage: Untrusted,
    /// Its aliases.
    pub aliases: Vec<Alias>,
    /// `READY` once its files are registered.
    pub status: Untrusted,
    /// The id of its source run.
    pub run_id: RunId,
    /// The URI of the model.
    pub source: Untrusted,
    /// Markdown, as MLflow's UI renders it.
    pub description: Untrusted,
    /// Ms since the epoch.
    pub creation_timestamp: Option<Millis>,
    /// Ms since the epoch.
    pub last_updated_timestamp: Option<Millis>,
    /// By key.
    pub tags: OrderedMap<Untrusted>,
    /// The metrics of its run; empty if the run was not read.
    pub metrics: OrderedMap<MetricValue>,
    /// The run of `metrics`: a version without a run has that of its logged model.
    pub metrics_run_id: Option<RunId>,
    /// Whether it is a version of a prompt.
    pub is_prompt: bool,
    /// The text of a prompt's version.
    pub prompt: Option<Untrusted>,
}

impl VersionRecord {
    /// The record of a version.
    #[must_use]
    pub fn new(version: &ModelVersion, run: Option<&Run>) -> Self {
        let stage_text = &version.stage_text;
        Self {
            name: version.name.clone(),
            version: version.version,
            current_stage: if stage_text.is_empty() {
                version.stage.as_str().into()
            } else {
                stage_text.clone()
            },
            aliases: version.aliases.clone(),
            status: version.status.as_str().into(),
            run_id: version.run_id.clone(),
            source: version.source.clone(),
            description: version.description.clone(),
            creation_timestamp: version.creation_time,
            last_updated_timestamp: version.last_updated_time,
            tags: (&version.tags).into(),
            metrics: metrics(run.map_or(&[], |run| &run.metrics)),
            metrics_run_id: run.map(|run| run.id.clone()),
            is_prompt: version.is_prompt(),
            prompt: version.prompt_text(),
        }
    }
}
