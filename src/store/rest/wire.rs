//! MLflow's JSON. Every field may be absent, null, or a number spelled as a string.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};

use crate::domain::{
    Alias, Artifact, DatasetInput, Experiment, KeyValue, Lifecycle, LoggedModel, Metric,
    MetricValue, ModelOutput, ModelVersion, Point, RegisteredModel, Run, RunStatus, Stage,
    TransitionRequest, VersionNumber, VersionStatus,
};
use crate::store::interner::Interner;
use crate::text::Untrusted;

/// A number or the text of one; `None` for anything else.
pub(super) fn int<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum LooseInt {
        Int(i64),
        Float(f64),
        Text(String),
        Other(IgnoredAny),
    }
    Ok(match Option::<LooseInt>::deserialize(deserializer)? {
        Some(LooseInt::Int(number)) => Some(number),
        Some(LooseInt::Float(number)) if number.fract() == 0.0 && number.abs() < 9e15 => {
            Some(number as i64)
        }
        Some(LooseInt::Text(text)) => text.trim().parse().ok(),
        Some(LooseInt::Float(_) | LooseInt::Other(_)) | None => None,
    })
}

/// A text, or the text of a number or a bool; empty for anything else.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum LooseText {
        Text(String),
        Number(serde_json::Number),
        Bool(bool),
        Other(IgnoredAny),
    }
    Ok(match Option::<LooseText>::deserialize(deserializer)? {
        Some(LooseText::Text(text)) => text,
        Some(LooseText::Number(number)) => number.to_string(),
        Some(LooseText::Bool(flag)) => flag.to_string(),
        Some(LooseText::Other(_)) | None => String::new(),
    })
}

/// A list; empty for null.
pub(super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A metric's value; NaN for what is not a number, so that one odd value does not fail the page.
fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<MetricValue>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum LooseValue {
        Value(MetricValue),
        Other(IgnoredAny),
    }
    Ok(match Option::<LooseValue>::deserialize(deserializer)? {
        Some(LooseValue::Value(value)) => Some(value),
        Some(LooseValue::Other(_)) => Some(MetricValue::new(f64::NAN)),
        None => None,
    })
}

/// A page of a listing, and the token of the next one; empty after the last.
pub(super) trait Paged: DeserializeOwned {
    type Item;
    fn into_parts(self) -> (Vec<Self::Item>, String);
}

macro_rules! page {
    ($name:ident, $field:ident: $item:ty) => {
        #[derive(Deserialize, Default)]
        #[serde(default)]
        pub(super) struct $name {
            #[serde(deserialize_with = "crate::store::rest::wire::list")]
            pub $field: Vec<$item>,
            #[serde(deserialize_with = "crate::store::rest::wire::text")]
            pub next_page_token: String,
        }

        impl crate::store::rest::wire::Paged for $name {
            type Item = $item;

            fn into_parts(self) -> (Vec<$item>, String) {
                (self.$field, self.next_page_token)
            }
        }
    };
}

pub(super) use page;

page!(ExperimentPage, experiments: WireExperiment);
page!(RunPage, runs: WireRun);
page!(MetricPage, metrics: WireMetric);
page!(FilePage, files: WireFile);
page!(ModelPage, registered_models: WireModel);
page!(VersionPage, model_versions: WireVersion);
page!(LoggedModelPage, models: WireLoggedModel);

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct WirePair {
    #[serde(deserialize_with = "text")]
    key: String,
    #[serde(deserialize_with = "text")]
    value: String,
}

fn into_pairs(pairs: Vec<WirePair>, keys: &mut Interner) -> Vec<KeyValue> {
    pairs
        .into_iter()
        .map(|pair| KeyValue {
            key: keys.intern(&pair.key),
            value: pair.value.into(),
        })
        .collect()
}

fn non_empty(text: String) -> Option<Untrusted> {
    (!text.is_empty()).then(|| text.into())
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct WireExperiment {
    #[serde(deserialize_with = "text")]
    experiment_id: String,
    #[serde(deserialize_with = "text")]
    name: String,
    #[serde(deserialize_with = "text")]
    artifact_location: String,
    #[serde(deserialize_with = "text")]
    lifecycle_stage: String,
    #[serde(deserialize_with = "int")]
    creation_time: Option<i64>,
    #[serde(deserialize_with = "int")]
    last_update_time: Option<i64>,
    #[serde(deserialize_with = "list")]
    tags: Vec<WirePair>,
}

impl WireExperiment {
    pub fn into_experiment(self, keys: &mut Interner) -> Experiment {
        Experiment {
            id: self.experiment_id.into(),
            name: self.name.into(),
            artifact_location: self.artifact_location.into(),
            lifecycle: Lifecycle::parse(&self.lifecycle_stage),
            creation_time: self.creation_time,
            last_update_time: self.last_update_time,
            tags: into_pairs(self.tags, keys),
            run_count: None,
            last_run_time: None,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct WireMetric {
    #[serde(deserialize_with = "text")]
    pub key: String,
    #[serde(deserialize_with = "value")]
    pub value: Option<MetricValue>,
    #[serde(deserialize_with = "int")]
    pub timestamp: Option<i64>,
    #[serde(deserialize_with = "int")]
    pub step: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub run_id: String,
}

impl WireMetric {
    /// `None` for a metric without a value.
    pub fn to_point(&self) -> Option<Point> {
        Some(Point {
            step: self.step.unwrap_or(0),
            timestamp: self.timestamp.unwrap_or(0),
            value: self.value?,
        })
    }

    fn into_metric(self, keys: &mut Interner) -> Option<Metric> {
        let point = self.to_point()?;
        Some(Metric {
            key: keys.intern(&self.key),
            value: point.value,
            timestamp: point.timestamp,
            step: point.step,
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireRunInfo {
    #[serde(deserialize_with = "text")]
    run_id: String,
    #[serde(deserialize_with = "text")]
    run_uuid: String,
    #[serde(deserialize_with = "text")]
    run_name: String,
    #[serde(deserialize_with = "text")]
    experiment_id: String,
    #[serde(deserialize_with = "text")]
    user_id: String,
    #[serde(deserialize_with = "text")]
    status: String,
    #[serde(deserialize_with = "int")]
    start_time: Option<i64>,
    #[serde(deserialize_with = "int")]
    end_time: Option<i64>,
    #[serde(deserialize_with = "text")]
    artifact_uri: String,
    #[serde(deserialize_with = "text")]
    lifecycle_stage: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireData {
    #[serde(deserialize_with = "list")]
    metrics: Vec<WireMetric>,
    #[serde(deserialize_with = "list")]
    params: Vec<WirePair>,
    #[serde(deserialize_with = "list")]
    tags: Vec<WirePair>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireDataset {
    #[serde(deserialize_with = "text")]
    name: String,
    #[serde(deserialize_with = "text")]
    digest: String,
    #[serde(deserialize_with = "text")]
    source_type: String,
    #[serde(deserialize_with = "text")]
    source: String,
    #[serde(deserialize_with = "text")]
    schema: String,
    #[serde(deserialize_with = "text")]
    profile: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireInput {
    #[serde(deserialize_with = "list")]
    tags: Vec<WirePair>,
    dataset: Option<WireDataset>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireModelRef {
    #[serde(deserialize_with = "text")]
    model_id: String,
    #[serde(deserialize_with = "int")]
    step: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireInputs {
    #[serde(deserialize_with = "list")]
    dataset_inputs: Vec<WireInput>,
    #[serde(deserialize_with = "list")]
    model_inputs: Vec<WireModelRef>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireOutputs {
    #[serde(deserialize_with = "list")]
    model_outputs: Vec<WireModelRef>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct WireRun {
    info: WireRunInfo,
    data: Option<WireData>,
    inputs: Option<WireInputs>,
    outputs: Option<WireOutputs>,
}

impl WireRun {
    pub fn into_run(self, keys: &mut Interner) -> Run {
        let (info, data) = (self.info, self.data.unwrap_or_default());
        let (inputs, outputs) = (
            self.inputs.unwrap_or_default(),
            self.outputs.unwrap_or_default(),
        );
        let id = if info.run_id.is_empty() {
            info.run_uuid
        } else {
            info.run_id
        };
        let tags = into_pairs(data.tags, keys);
        let tag_value = |key: &str| crate::domain::run::find_value(&tags, key).cloned();
        Run {
            id: id.into(),
            // Servers before 1.30 send the name and the user as tags only.
            name: non_empty(info.run_name)
                .or_else(|| tag_value("mlflow.runName"))
                .unwrap_or_default(),
            experiment_id: info.experiment_id.into(),
            status: RunStatus::parse(&info.status),
            lifecycle: Lifecycle::parse(&info.lifecycle_stage),
            user: non_empty(info.user_id)
                .or_else(|| tag_value("mlflow.user"))
                .unwrap_or_default(),
            // 0 stands for a run without a start.
            start_time: info.start_time.filter(|at| *at != 0),
            end_time: info.end_time.filter(|at| *at != 0),
            artifact_uri: info.artifact_uri.into(),
            metrics: data
                .metrics
                .into_iter()
                .filter_map(|metric| metric.into_metric(keys))
                .collect(),
            params: into_pairs(data.params, keys),
            datasets: inputs
                .dataset_inputs
                .into_iter()
                .map(|input| into_dataset_input(input, keys))
                .collect(),
            model_inputs: inputs
                .model_inputs
                .into_iter()
                .map(|model| model.model_id.into())
                .collect(),
            model_outputs: outputs
                .model_outputs
                .into_iter()
                .map(|model| ModelOutput {
                    model_id: model.model_id.into(),
                    step: model.step.unwrap_or(0),
                })
                .collect(),
            tags,
        }
    }
}

fn into_dataset_input(input: WireInput, keys: &mut Interner) -> DatasetInput {
    let context = input
        .tags
        .iter()
        .find(|tag| tag.key == "mlflow.data.context")
        .map(|tag| keys.intern(&tag.value));
    let dataset = input.dataset.unwrap_or_default();
    DatasetInput {
        name: keys.intern(&dataset.name),
        digest: keys.intern(&dataset.digest),
        source_type: keys.intern(&dataset.source_type),
        source: keys.intern(&dataset.source),
        schema: (!dataset.schema.is_empty()).then(|| keys.intern(&dataset.schema)),
        profile: (!dataset.profile.is_empty()).then(|| keys.intern(&dataset.profile)),
        context,
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct WireFile {
    #[serde(deserialize_with = "text")]
    path: String,
    is_dir: Option<bool>,
    #[serde(deserialize_with = "int")]
    file_size: Option<i64>,
}

impl WireFile {
    pub fn into_artifact(self) -> Artifact {
        let is_dir = self.is_dir.unwrap_or(false);
        let size = self
            .file_size
            .and_then(|size| u64::try_from(size).ok())
            .filter(|_| !is_dir);
        Artifact {
            path: self.path.into(),
            is_dir,
            size,
        }
    }
}

/// Signed addresses of files: those of runs and those of logged models have other names.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct SignedAddressPage {
    #[serde(deserialize_with = "list")]
    credential_infos: Vec<SignedAddress>,
    #[serde(deserialize_with = "list")]
    credentials: Vec<LoggedModelCredential>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct LoggedModelCredential {
    credential_info: SignedAddress,
}

/// A signed address, and the headers that it was signed with.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct SignedAddress {
    #[serde(deserialize_with = "text")]
    pub signed_uri: String,
    #[serde(deserialize_with = "list")]
    headers: Vec<WireHeader>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireHeader {
    #[serde(deserialize_with = "text")]
    name: String,
    #[serde(deserialize_with = "text")]
    value: String,
}

impl SignedAddressPage {
    pub fn into_addresses(self) -> Vec<SignedAddress> {
        let of_models = self.credentials.into_iter().map(|one| one.credential_info);
        self.credential_infos.into_iter().chain(of_models).collect()
    }
}

impl SignedAddress {
    pub fn header_pairs(&self) -> Vec<(String, String)> {
        let pair = |header: &WireHeader| (header.name.clone(), header.value.clone());
        self.headers.iter().map(pair).collect()
    }
}

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
pub(super) struct WireModel {
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
pub(super) fn aliases_of_version(
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
pub(super) struct WireVersion {
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
pub(super) struct WireLoggedModel {
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

/// The responses that contain one entity.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct EntityResponse {
    pub run: Option<WireRun>,
    pub registered_model: Option<WireModel>,
    pub model_version: Option<WireVersion>,
    pub model: Option<WireLoggedModel>,
}

/// The user that a server with MLflow's own users takes a request for.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct CurrentUser {
    pub user: WireUser,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct WireUser {
    #[serde(deserialize_with = "text")]
    pub username: String,
    pub is_admin: bool,
}

/// The open transition requests of a version, which Databricks calls activities.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TransitionRequestPage {
    pub requests: Vec<WireTransitionRequest>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireTransitionRequest {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tolerates_unexpected_types() {
        let json = r#"{"runs":[{"info":{"run_id":"a","start_time":"12","end_time":null,"status":7,"experiment_id":3},
            "data":{"metrics":[{"key":"m","value":"NaN","step":"4"},{"key":"n","value":{}},{"key":"gone"}],"params":null,
            "tags":[{"key":"k","value":true}]},"inputs":{}}],"next_page_token":null}"#;
        let page: RunPage = serde_json::from_str(json).unwrap();
        let run = page
            .runs
            .into_iter()
            .next()
            .unwrap()
            .into_run(&mut Interner::default());
        assert_eq!(
            (run.start_time, run.end_time, run.status),
            (Some(12), None, RunStatus::Unknown)
        );
        assert_eq!(run.experiment_id.raw(), "3");
        assert!(
            run.metrics.len() == 2 && run.metrics.iter().all(|metric| metric.value.get().is_nan())
        );
        assert_eq!(run.metrics[0].step, 4);
        assert_eq!(run.tag("k").map(Untrusted::raw), Some("true"));
    }

    #[test]
    fn steps_keep_full_precision() {
        let page: MetricPage =
            serde_json::from_str(r#"{"metrics":[{"key":"m","value":1,"step":9007199254740993}]}"#)
                .unwrap();
        assert_eq!(page.metrics[0].step, Some(9_007_199_254_740_993));
    }
}
