//! Lineage against real MLflow: an ordinary training script with 3.17 and 2.22 has a complete lineage.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod related_runs;

use crate::support::mlflow::{V2, V3, run_script};
use frontrunner::domain::{
    DatasetInput, KeyValue, ModelVersion, RegisteredModel, Run, VersionNumber,
};
use frontrunner::lineage::{
    ArtifactSource, Completeness, Graph, LineageFacts, ModelFile, NodeKind, build,
};
use frontrunner::text::Untrusted;
use serde_json::{Map, Value};

fn text(value: &Value) -> Untrusted {
    value.as_str().unwrap_or_default().into()
}

fn pairs(map: &Value) -> Vec<KeyValue> {
    map.as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| KeyValue::new(key.as_str(), text(value)))
        .collect()
}

fn dataset(dataset: &Value) -> DatasetInput {
    DatasetInput {
        name: text(&dataset["name"]),
        digest: text(&dataset["digest"]),
        source_type: text(&dataset["source_type"]),
        source: text(&dataset["source"]),
        schema: Some(text(&dataset["schema"])),
        profile: Some(text(&dataset["profile"])),
        context: Some(text(&dataset["tags"]["mlflow.data.context"])),
    }
}

/// Trains with a version of MLflow and reads the facts from its store.
fn train_and_load_facts(mlflow: &str) -> LineageFacts {
    let folder = tempfile::tempdir().unwrap();
    let printed = run_script(
        mlflow,
        include_str!("lineage/train.py"),
        &[folder.path().to_str().unwrap()],
    );
    let output: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    let files: &Map<String, Value> = output["files"].as_object().unwrap();
    let run = Run {
        name: "trial".into(),
        artifact_uri: text(&output["artifact_uri"]),
        tags: pairs(&output["tags"]),
        params: pairs(&output["params"]),
        datasets: output["datasets"]
            .as_array()
            .unwrap()
            .iter()
            .map(dataset)
            .collect(),
        ..Run::bare(output["run_id"].as_str().unwrap().into(), "1".into())
    };
    LineageFacts {
        run: Some(run),
        files: files
            .iter()
            .map(|(name, content)| ModelFile::new(name, text(content)))
            .collect(),
        evidence: frontrunner::evidence::EvidenceReport::default(),
        ..LineageFacts::bare(
            ModelVersion {
                source: text(&output["source"]),
                run_id: output["version_run_id"].as_str().unwrap().into(),
                ..ModelVersion::bare("iris".into(), VersionNumber(1))
            },
            RegisteredModel::bare("iris".into()),
        )
    }
}

fn assert_everything_is_recorded(facts: &LineageFacts) -> Graph {
    let graph = build(facts);
    assert_eq!(graph.missing, Vec::<String>::new());
    for check in &graph.reproducibility {
        // MLflow does not record with which arguments a script was called.
        let expected = if check.aspect == "run" {
            Completeness::Partial
        } else {
            Completeness::Recorded
        };
        assert_eq!(check.state, expected, "{}: {}", check.aspect, check.detail);
    }
    let summary = graph.summary.raw();
    assert!(
        summary.starts_with("iris v1 = code ") && summary.contains(" + data iris-train@"),
        "{summary}"
    );
    assert!(summary.contains("random_state=7"), "{summary}");
    let data = graph
        .nodes
        .iter()
        .find(|node| node.kind == NodeKind::Dataset)
        .unwrap();
    assert_eq!(
        ["source", "rows", "columns"].map(|key| data.attribute(key).unwrap().raw()),
        ["/data/iris.csv", "4", "3: a, b, y"]
    );
    let environment = graph
        .nodes
        .iter()
        .find(|node| node.kind == NodeKind::Environment)
        .unwrap();
    assert!(
        environment
            .attribute("packages")
            .unwrap()
            .raw()
            .contains("scikit-learn==")
    );
    graph
}

#[test]
fn mlflow_3_version_comes_from_a_logged_model() {
    let facts = train_and_load_facts(V3);
    assert!(
        facts.version.logged_model().is_some(),
        "{:?}",
        facts.version.source
    );
    let graph = assert_everything_is_recorded(&facts);
    assert!(
        graph
            .nodes
            .iter()
            .any(|node| node.kind == NodeKind::LoggedModel)
    );
}

#[test]
fn mlflow_2_version_comes_from_a_run_artifact() {
    let facts = train_and_load_facts(V2);
    let run = facts.run.as_ref().unwrap();
    let source = ArtifactSource::parse(facts.version.source.raw(), Some(run.artifact_uri.raw()));
    assert_eq!(
        source.artifact_path.as_deref(),
        Some("model"),
        "{:?}",
        facts.version.source
    );
    let graph = assert_everything_is_recorded(&facts);
    let version = graph
        .nodes
        .iter()
        .find(|node| node.kind == NodeKind::Version)
        .unwrap();
    assert_eq!(
        version.attribute("flavors").map(Untrusted::raw),
        Some("sklearn")
    );
}
