use serde_json::json;

use super::*;
use crate::analysis::{compare, find_best};
use crate::domain::{
    DatasetInput, Experiment, Lifecycle, Metric, ModelVersion, RegisteredModel, Run, RunStatus,
    Stage, StoreErrorKind, VersionNumber,
};
use crate::export::json::to_string;

fn as_json(record: &impl Serialize) -> serde_json::Value {
    serde_json::from_str(&to_string(record)).unwrap()
}

fn run(id: &str, acc: f64) -> Run {
    Run {
        name: "n".into(),
        status: RunStatus::Finished,
        start_time: Some(1),
        metrics: vec![Metric {
            key: "acc".into(),
            value: MetricValue::new(acc),
            timestamp: 0,
            step: 0,
        }],
        params: vec![KeyValue::new("lr", "0.1")],
        tags: vec![KeyValue::new("mlflow.parentRunId", "p")],
        datasets: vec![DatasetInput {
            name: "d".into(),
            digest: "1".into(),
            source_type: "local".into(),
            source: "{}".into(),
            schema: None,
            profile: None,
            context: Some("training".into()),
        }],
        ..Run::bare(id.into(), "7".into())
    }
}

fn version() -> ModelVersion {
    ModelVersion {
        creation_time: Some(5),
        stage: Stage::Production,
        stage_text: "Production".into(),
        source: "runs:/a/m".into(),
        run_id: "a".into(),
        tags: vec![KeyValue::new("k", "v")],
        aliases: vec!["champion".into()],
        ..ModelVersion::bare("iris".into(), VersionNumber(3))
    }
}

fn run_json(id: &str, acc: &serde_json::Value) -> serde_json::Value {
    json!({
        "run_id": id, "run_name": "n", "experiment_id": "7", "status": "FINISHED", "lifecycle_stage": "active", "start_time": 1, "end_time": null,
        "user_id": "", "artifact_uri": "", "metrics": {"acc": acc}, "params": {"lr": "0.1"}, "tags": {"mlflow.parentRunId": "p"},
        "datasets": [{"name": "d", "digest": "1", "source_type": "local", "source": "{}", "context": "training"}],
        "parent_run_id": "p",
    })
}

#[test]
fn run_record_matches_documented_shape() {
    assert_eq!(
        as_json(&RunRecord::from(&run("a", f64::NAN))),
        run_json("a", &json!("NaN"))
    );
}

#[test]
fn experiment_record_matches_documented_shape() {
    let experiment = Experiment {
        id: "1".into(),
        name: "iris".into(),
        artifact_location: Untrusted::default(),
        lifecycle: Lifecycle::Active,
        creation_time: Some(2),
        last_update_time: None,
        tags: vec![KeyValue::new("k", "v")],
        run_count: None,
        last_run_time: None,
    };
    let expected = json!({
        "experiment_id": "1", "name": "iris", "lifecycle_stage": "active", "creation_time": 2, "last_update_time": null, "tags": {"k": "v"},
    });
    assert_eq!(as_json(&ExperimentRecord::from(&experiment)), expected);
}

#[test]
fn best_record_includes_goal_and_ties() {
    let (goal, runs) = (
        "acc max".parse().unwrap(),
        [run("a", 0.9), run("b", 0.9), run("c", f64::NAN)],
    );
    let found = find_best(&runs, &goal, false).unwrap();
    let mut expected = run_json("a", &json!(0.9));
    let more = json!({
        "goal": {"metric": "acc", "direction": "max", "value": 0.9}, "considered": 2, "ties": ["b"], "left_out": {"NaN or infinite": 1},
    });
    expected
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    assert_eq!(as_json(&BestRecord::new(&found, &runs[0], &goal)), expected);
}

#[test]
fn compare_record_matches_documented_shape() {
    let record = as_json(&CompareRecord::new(
        &compare(vec![run("a", 0.5), run("b", 0.75)], Some(&"b".into())),
        true,
    ));
    assert_eq!(
        (&record["baseline"], &record["equal"], &record["differing"]),
        (&json!("b"), &json!(2), &json!(1))
    );
    let row = json!([{"kind": "metric", "key": "acc", "values": [0.5, 0.75], "differs": true, "best": [1], "delta": [-0.25, 0.0]}]);
    assert_eq!(record["rows"], row);
    assert_eq!(record["runs"][1], run_json("b", &json!(0.75)));
}

#[test]
fn model_and_version_records_match_documented_shape() {
    let model = RegisteredModel {
        description: "d".into(),
        aliases: vec![("champion".into(), VersionNumber(3))],
        latest_versions: vec![version()],
        ..RegisteredModel::bare("iris".into())
    };
    let version_json = json!({
        "name": "iris", "version": "3", "current_stage": "Production", "aliases": ["champion"], "status": "READY", "run_id": "a",
        "source": "runs:/a/m", "description": "", "creation_timestamp": 5, "last_updated_timestamp": null, "tags": {"k": "v"}, "metrics": {},
        "metrics_run_id": null, "is_prompt": false, "prompt": null,
    });
    let expected = json!({"name": "iris", "description": "d", "creation_timestamp": null, "last_updated_timestamp": null, "tags": {}, "aliases": {"champion": "3"}, "latest_versions": [version_json], "production_versions": ["3"], "staging_versions": [], "is_prompt": false});
    assert_eq!(as_json(&ModelRecord::from(&model)), expected);
    let with_run = as_json(&VersionRecord::new(
        &version(),
        Some(&run("a", f64::INFINITY)),
    ));
    assert_eq!(with_run["metrics"], json!({"acc": "Infinity"}));
}

#[test]
fn error_record_has_message_cause_and_hint() {
    let record = as_json(&ErrorRecord::from(&StoreError::new(
        StoreErrorKind::NotFound,
        "reading run a",
        "no such run",
    )));
    assert_eq!(record["error"]["code"], "missing");
    assert_eq!(
        (&record["error"]["message"], &record["error"]["cause"]),
        (&json!("reading run a"), &json!("no such run"))
    );
    assert!(
        record["error"]["next"]
            .as_str()
            .is_some_and(|next| !next.is_empty())
    );
}
