//! Registered models, versions, transition requests and logged models.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::run::WireData;
use super::{WirePair, int, into_pairs, list, text};
use crate::domain::{
    Alias, Lifecycle, LoggedModel, ModelVersion, RegisteredModel, Stage, TransitionRequest,
    VersionNumber, VersionStatus,
};
use crate::store::interner::Interner;

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireAlias {
    #[serde(deserialize_with = "text")]
    alias: String,
    #[serde(deserialize_with = "text")]
    version: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::store::rest) struct WireModel {
    #[serde(deserialize_with = "text")]
    name: String,
    #[serde(deserialize_with = "int")]
    creation_timestamp: Option<i64>,
    #[serde(deserialize_with = "int")]
    last_updated_timestamp: Option<i64>,
    #[serde(deserialize_with = "text")]
    description: String,
    #[serde(deserialize_with = "list")]
    latest_versions: Vec<WireVersion>,
    #[serde(deserialize_with = "list")]
    tags: Vec<WirePair>,
    #[serde(deserialize_with = "list")]
    aliases: Vec<WireAlias>,
}

impl WireModel {
    pub fn into_registered_model(self, keys: &mut Interner) -> RegisteredModel {
        let aliases: Vec<(Alias, VersionNumber)> = self
            .aliases
            .into_iter()
            .filter_map(|alias| Some((alias.alias.into(), alias.version.parse().ok()?)))
            .collect();
        let mut latest_versions: Vec<ModelVersion> = self
            .latest_versions
            .into_iter()
            .filter_map(|v| v.into_version(keys))
            .collect();
        // The versions of a model are sent without their aliases.
        for version in &mut latest_versions {
            version.aliases = aliases_of_version(&aliases, version.version);
        }
        RegisteredModel {
            name: self.name.into(),
            creation_time: self.creation_timestamp,
            last_updated_time: self.last_updated_timestamp,
            description: self.description.into(),
            tags: into_pairs(self.tags, keys),
            aliases,
            latest_versions,
            staged_versions: Vec::new(),
        }
    }
}

/// The aliases of a version.
pub(in crate::store::rest) fn aliases_of_version(
    aliases: &[(Alias, VersionNumber)],
    version: VersionNumber,
) -> Vec<Alias> {
    aliases
        .iter()
        .filter(|(_, target)| *target == version)
        .map(|(alias, _)| alias.clone())
        .collect()
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::store::rest) struct WireVersion {
    #[serde(deserialize_with = "text")]
    name: String,
    #[serde(deserialize_with = "text")]
    version: String,
    #[serde(deserialize_with = "int")]
    creation_timestamp: Option<i64>,
    #[serde(deserialize_with = "int")]
    last_updated_timestamp: Option<i64>,
    #[serde(deserialize_with = "text")]
    user_id: String,
    #[serde(deserialize_with = "text")]
    current_stage: String,
    #[serde(deserialize_with = "text")]
    description: String,
    #[serde(deserialize_with = "text")]
    source: String,
    #[serde(deserialize_with = "text")]
    run_id: String,
    #[serde(deserialize_with = "text")]
    status: String,
    #[serde(deserialize_with = "text")]
    status_message: String,
    #[serde(deserialize_with = "list")]
    tags: Vec<WirePair>,
    #[serde(deserialize_with = "list")]
    aliases: Vec<VersionAlias>,
}

/// MLflow sends the name, Unity Catalog an object with it.
#[derive(Deserialize)]
#[serde(untagged)]
enum VersionAlias {
    Name(String),
    Pair(WireAlias),
    Other(IgnoredAny),
}

impl VersionAlias {
    fn into_alias(self) -> Option<Alias> {
        match self {
            Self::Name(name) => Some(name.into()),
            Self::Pair(pair) => Some(pair.alias.into()),
            Self::Other(_) => None,
        }
    }
}

impl WireVersion {
    /// `None` for a version whose number is invalid: it can't be named.
    pub fn into_version(self, keys: &mut Interner) -> Option<ModelVersion> {
        Some(ModelVersion {
            name: self.name.into(),
            version: self.version.parse().ok()?,
            creation_time: self.creation_timestamp,
            last_updated_time: self.last_updated_timestamp,
            user: self.user_id.into(),
            stage: Stage::parse(&self.current_stage).unwrap_or(Stage::None),
            stage_text: if self.current_stage.is_empty() {
                "None".into()
            } else {
                self.current_stage.into()
            },
            description: self.description.into(),
            source: self.source.into(),
            run_id: self.run_id.into(),
            status: VersionStatus::parse(&self.status),
            status_message: self.status_message.into(),
            tags: into_pairs(self.tags, keys),
            aliases: self
                .aliases
                .into_iter()
                .filter_map(VersionAlias::into_alias)
                .collect(),
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireLoggedModelInfo {
    #[serde(deserialize_with = "text")]
    model_id: String,
    #[serde(deserialize_with = "text")]
    experiment_id: String,
    #[serde(deserialize_with = "text")]
    name: String,
    #[serde(deserialize_with = "int")]
    creation_timestamp_ms: Option<i64>,
    #[serde(deserialize_with = "text")]
    artifact_uri: String,
    #[serde(deserialize_with = "text")]
    status: String,
    #[serde(deserialize_with = "text")]
    model_type: String,
    #[serde(deserialize_with = "text")]
    source_run_id: String,
    #[serde(deserialize_with = "list")]
    tags: Vec<WirePair>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::store::rest) struct WireLoggedModel {
    info: WireLoggedModelInfo,
    data: Option<WireData>,
}

impl WireLoggedModel {
    pub fn into_logged_model(self, keys: &mut Interner) -> LoggedModel {
        let (info, data) = (self.info, self.data.unwrap_or_default());
        let logged = data.metrics.iter().map(|metric| {
            let run = metric.run_id.as_str().into();
            (metric.timestamp.unwrap_or_default(), run)
        });
        let metric_runs = LoggedModel::order_metric_runs(logged.collect());
        LoggedModel {
            id: info.model_id.into(),
            experiment_id: info.experiment_id.into(),
            name: info.name.into(),
            creation_time: info.creation_timestamp_ms,
            artifact_uri: info.artifact_uri.into(),
            status: info.status.into(),
            model_type: info.model_type.into(),
            source_run_id: info.source_run_id.into(),
            lifecycle: Lifecycle::Active,
            params: into_pairs(data.params, keys),
            tags: into_pairs(info.tags, keys),
            metrics: data
                .metrics
                .into_iter()
                .filter_map(|metric| metric.into_metric(keys))
                .collect(),
            metric_runs,
        }
    }
}

/// The open transition requests of a version, which Databricks calls activities.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::store::rest) struct TransitionRequestPage {
    pub requests: Vec<WireTransitionRequest>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::store::rest) struct WireTransitionRequest {
    #[serde(deserialize_with = "text")]
    to_stage: String,
    #[serde(deserialize_with = "text")]
    user_id: String,
    #[serde(deserialize_with = "text")]
    comment: String,
    #[serde(deserialize_with = "int")]
    creation_timestamp: Option<i64>,
}

impl WireTransitionRequest {
    /// `None` for a request to an unknown stage.
    pub fn into_request(self, version: VersionNumber) -> Option<TransitionRequest> {
        Some(TransitionRequest {
            version,
            to_stage: Stage::parse(&self.to_stage)?,
            requested_by: self.user_id.into(),
            requested_at: self.creation_timestamp,
            comment: self.comment.into(),
        })
    }
}
