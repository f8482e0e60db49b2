//! Experiments, runs and metrics.

use serde::Deserialize;

use super::{WirePair, int, into_pairs, list, non_empty, text, value};
use crate::domain::{
    DatasetInput, Experiment, Lifecycle, Metric, MetricValue, ModelOutput, Point, RUN_NAME_TAG,
    Run, RunStatus, USER_TAG,
};
use crate::store::interner::Interner;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::store::rest) struct WireExperiment {
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
pub(in crate::store::rest) struct WireMetric {
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

    pub(super) fn into_metric(self, keys: &mut Interner) -> Option<Metric> {
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
pub(super) struct WireData {
    #[serde(deserialize_with = "list")]
    pub(super) metrics: Vec<WireMetric>,
    #[serde(deserialize_with = "list")]
    pub(super) params: Vec<WirePair>,
    #[serde(deserialize_with = "list")]
    pub(super) tags: Vec<WirePair>,
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
pub(in crate::store::rest) struct WireRun {
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
                .or_else(|| tag_value(RUN_NAME_TAG))
                .unwrap_or_default(),
            experiment_id: info.experiment_id.into(),
            status: RunStatus::parse(&info.status),
            lifecycle: Lifecycle::parse(&info.lifecycle_stage),
            user: non_empty(info.user_id)
                .or_else(|| tag_value(USER_TAG))
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

#[cfg(test)]
mod tests {
    use super::super::{MetricPage, RunPage};
    use super::*;
    use crate::text::Untrusted;

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
