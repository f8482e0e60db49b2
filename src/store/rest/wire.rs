//! MLflow's JSON, as tolerant as it has to be: every field may be absent, null, or spelled as a string.

use std::collections::HashSet;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::domain::{
    Alias, Artifact, DatasetInput, Experiment, Lifecycle, LoggedModel, Metric, MetricValue,
    ModelOutput, ModelVersion, Pair, Point, RegisteredModel, Run, RunStatus, Stage, VersionNumber,
    VersionStatus,
};
use crate::text::Untrusted;

/// Texts that come again and again on one page, kept once.
#[derive(Default)]
pub(super) struct Keys(HashSet<Untrusted>);

impl Keys {
    fn share(&mut self, text: String) -> Untrusted {
        if let Some(known) = self.0.get(text.as_str()) {
            return known.clone();
        }
        let kept = Untrusted::from(text);
        self.0.insert(kept.clone());
        kept
    }
}

/// A number, or the text of one; anything else is absent.
pub(super) fn int<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Spelled {
        Int(i64),
        Real(f64),
        Text(String),
        Other(IgnoredAny),
    }
    Ok(match Option::<Spelled>::deserialize(deserializer)? {
        Some(Spelled::Int(number)) => Some(number),
        Some(Spelled::Real(number)) if number.fract() == 0.0 && number.abs() < 9e15 => {
            Some(number as i64)
        }
        Some(Spelled::Text(text)) => text.trim().parse().ok(),
        Some(Spelled::Real(_) | Spelled::Other(_)) | None => None,
    })
}

/// A text, or a number or a bool as the text of it; null is absent.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Spelled {
        Text(String),
        Number(serde_json::Number),
        Bool(bool),
        Other(IgnoredAny),
    }
    Ok(match Option::<Spelled>::deserialize(deserializer)? {
        Some(Spelled::Text(text)) => text,
        Some(Spelled::Number(number)) => number.to_string(),
        Some(Spelled::Bool(flag)) => flag.to_string(),
        Some(Spelled::Other(_)) | None => String::new(),
    })
}

/// A list, or null for none.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A value of a metric; what is no number is NaN, so that one odd value does not take a page away.
fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<MetricValue>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Spelled {
        Value(MetricValue),
        Other(IgnoredAny),
    }
    Ok(match Option::<Spelled>::deserialize(deserializer)? {
        Some(Spelled::Value(value)) => Some(value),
        Some(Spelled::Other(_)) => Some(MetricValue::new(f64::NAN)),
        None => None,
    })
}

/// A page of something, and where the next one begins.
macro_rules! page {
    ($name:ident, $field:ident: $item:ty) => {
        #[derive(Deserialize, Default)]
        #[serde(default)]
        pub(super) struct $name {
            #[serde(deserialize_with = "list")]
            pub $field: Vec<$item>,
            #[serde(deserialize_with = "text")]
            pub next_page_token: String,
        }
    };
}

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

fn pairs(pairs: Vec<WirePair>, keys: &mut Keys) -> Vec<Pair> {
    pairs
        .into_iter()
        .map(|pair| Pair {
            key: keys.share(pair.key),
            value: pair.value.into(),
        })
        .collect()
}

fn filled(text: String) -> Option<Untrusted> {
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
    pub fn read(self, keys: &mut Keys) -> Experiment {
        Experiment {
            id: self.experiment_id.into(),
            name: self.name.into(),
            artifact_location: self.artifact_location.into(),
            lifecycle: Lifecycle::parse(&self.lifecycle_stage),
            creation_time: self.creation_time,
            last_update_time: self.last_update_time,
            tags: pairs(self.tags, keys),
            runs: None,
            last_run: None,
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
    /// The point; a metric without a value is none.
    pub fn point(&self) -> Option<Point> {
        Some(Point {
            step: self.step.unwrap_or(0),
            timestamp: self.timestamp.unwrap_or(0),
            value: self.value?,
        })
    }

    fn read(self, keys: &mut Keys) -> Option<Metric> {
        let point = self.point()?;
        Some(Metric {
            key: keys.share(self.key),
            value: point.value,
            timestamp: point.timestamp,
            step: point.step,
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireInfo {
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
    info: WireInfo,
    data: Option<WireData>,
    inputs: Option<WireInputs>,
    outputs: Option<WireOutputs>,
}

impl WireRun {
    pub fn read(self, keys: &mut Keys) -> Run {
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
        let tags = pairs(data.tags, keys);
        let named = |key: &str| crate::domain::run::value_of(&tags, key).cloned();
        Run {
            id: id.into(),
            // Servers before 1.30 tell the name and the user as tags only.
            name: filled(info.run_name)
                .or_else(|| named("mlflow.runName"))
                .unwrap_or_default(),
            experiment_id: info.experiment_id.into(),
            status: RunStatus::parse(&info.status),
            lifecycle: Lifecycle::parse(&info.lifecycle_stage),
            user: filled(info.user_id)
                .or_else(|| named("mlflow.user"))
                .unwrap_or_default(),
            // A run that was made without a start says 0.
            start_time: info.start_time.filter(|at| *at != 0),
            end_time: info.end_time.filter(|at| *at != 0),
            artifact_uri: info.artifact_uri.into(),
            metrics: data
                .metrics
                .into_iter()
                .filter_map(|metric| metric.read(keys))
                .collect(),
            params: pairs(data.params, keys),
            datasets: inputs
                .dataset_inputs
                .into_iter()
                .map(|input| dataset(input, keys))
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

fn dataset(input: WireInput, keys: &mut Keys) -> DatasetInput {
    let context = input
        .tags
        .iter()
        .find(|tag| tag.key == "mlflow.data.context")
        .map(|tag| keys.share(tag.value.clone()));
    let dataset = input.dataset.unwrap_or_default();
    DatasetInput {
        name: keys.share(dataset.name),
        digest: keys.share(dataset.digest),
        source_type: keys.share(dataset.source_type),
        source: keys.share(dataset.source),
        schema: (!dataset.schema.is_empty()).then(|| keys.share(dataset.schema)),
        profile: (!dataset.profile.is_empty()).then(|| keys.share(dataset.profile)),
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
    pub fn read(self) -> Artifact {
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
    pub fn read(self, keys: &mut Keys) -> RegisteredModel {
        let aliases: Vec<(Alias, VersionNumber)> = self
            .aliases
            .into_iter()
            .filter_map(|alias| Some((alias.alias.into(), alias.version.parse().ok()?)))
            .collect();
        let mut latest_versions: Vec<ModelVersion> = self
            .latest_versions
            .into_iter()
            .filter_map(|v| v.read(keys))
            .collect();
        // Versions inside a model come without their aliases.
        for version in &mut latest_versions {
            version.aliases = held_by(&aliases, version.version);
        }
        RegisteredModel {
            name: self.name.into(),
            creation_time: self.creation_timestamp,
            last_updated_time: self.last_updated_timestamp,
            description: self.description.into(),
            tags: pairs(self.tags, keys),
            aliases,
            latest_versions,
        }
    }
}

/// The aliases that lead to a version.
pub(super) fn held_by(aliases: &[(Alias, VersionNumber)], version: VersionNumber) -> Vec<Alias> {
    aliases
        .iter()
        .filter(|(_, holder)| *holder == version)
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
    aliases: Vec<String>,
}

impl WireVersion {
    /// The version; one whose number is none can't be named, so it is left out.
    pub fn read(self, keys: &mut Keys) -> Option<ModelVersion> {
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
            tags: pairs(self.tags, keys),
            aliases: self.aliases.into_iter().map(Alias::from).collect(),
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireModelInfo {
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
    info: WireModelInfo,
    data: Option<WireData>,
}

impl WireLoggedModel {
    pub fn read(self, keys: &mut Keys) -> LoggedModel {
        let (info, data) = (self.info, self.data.unwrap_or_default());
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
            params: pairs(data.params, keys),
            tags: pairs(info.tags, keys),
            metrics: data
                .metrics
                .into_iter()
                .filter_map(|metric| metric.read(keys))
                .collect(),
        }
    }
}

/// The answers that hold one thing.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct One {
    pub run: Option<WireRun>,
    pub registered_model: Option<WireModel>,
    pub model_version: Option<WireVersion>,
    pub model: Option<WireLoggedModel>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_types_do_not_take_a_page_away() {
        let json = r#"{"runs":[{"info":{"run_id":"a","start_time":"12","end_time":null,"status":7,"experiment_id":3},
            "data":{"metrics":[{"key":"m","value":"NaN","step":"4"},{"key":"n","value":{}},{"key":"gone"}],"params":null,
            "tags":[{"key":"k","value":true}]},"inputs":{}}],"next_page_token":null}"#;
        let page: RunPage = serde_json::from_str(json).unwrap();
        let run = page
            .runs
            .into_iter()
            .next()
            .unwrap()
            .read(&mut Keys::default());
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
    fn a_step_keeps_every_digit() {
        let page: MetricPage =
            serde_json::from_str(r#"{"metrics":[{"key":"m","value":1,"step":9007199254740993}]}"#)
                .unwrap();
        assert_eq!(page.metrics[0].step, Some(9_007_199_254_740_993));
    }
}
