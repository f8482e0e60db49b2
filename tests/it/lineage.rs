//! Lineage against real MLflow: what 3.17 and 2.22 record of an ordinary training script is told whole.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod related_runs;

use crate::support::mlflow::{V2, V3, script};
use frontrunner::domain::{
    DatasetInput, ModelVersion, Pair, RegisteredModel, Run, Stage, VersionNumber, VersionStatus,
};
use frontrunner::lineage::{Facts, Graph, ModelSource, NodeKind, Recorded, build};
use frontrunner::text::Untrusted;
use serde_json::{Map, Value};

fn text(value: &Value) -> Untrusted {
    value.as_str().unwrap_or_default().into()
}

fn pairs(map: &Value) -> Vec<Pair> {
    map.as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| Pair::new(key.as_str(), text(value)))
        .collect()
}

fn dataset(told: &Value) -> DatasetInput {
    DatasetInput {
        name: text(&told["name"]),
        digest: text(&told["digest"]),
        source_type: text(&told["source_type"]),
        source: text(&told["source"]),
        schema: Some(text(&told["schema"])),
        profile: Some(text(&told["profile"])),
        context: Some(text(&told["tags"]["mlflow.data.context"])),
    }
}

/// Trains with a version of MLflow, and takes what its store says as facts.
fn trained(mlflow: &str) -> Facts {
    let folder = tempfile::tempdir().unwrap();
    let printed = script(
        mlflow,
        include_str!("lineage/train.py"),
        &[folder.path().to_str().unwrap()],
    );
    let told: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    let files: &Map<String, Value> = told["files"].as_object().unwrap();
    let run = Run {
        name: "trial".into(),
        artifact_uri: text(&told["artifact_uri"]),
        tags: pairs(&told["tags"]),
        params: pairs(&told["params"]),
        datasets: told["datasets"]
            .as_array()
            .unwrap()
            .iter()
            .map(dataset)
            .collect(),
        ..Run::bare(told["run_id"].as_str().unwrap().into(), "1".into())
    };
    Facts {
        version: ModelVersion {
            name: "iris".into(),
            version: VersionNumber(1),
            creation_time: None,
            last_updated_time: None,
            user: Untrusted::default(),
            stage: Stage::None,
            stage_text: Untrusted::default(),
            description: Untrusted::default(),
            source: text(&told["source"]),
            run_id: told["version_run_id"].as_str().unwrap().into(),
            status: VersionStatus::Ready,
            status_message: Untrusted::default(),
            tags: Vec::new(),
            aliases: Vec::new(),
        },
        model: RegisteredModel {
            name: "iris".into(),
            creation_time: None,
            last_updated_time: None,
            description: Untrusted::default(),
            tags: Vec::new(),
            aliases: Vec::new(),
            latest_versions: Vec::new(),
        },
        run: Some(run),
        parents: Vec::new(),
        logged_model: None,
        files: files
            .iter()
            .map(|(name, content)| (name.clone(), text(content)))
            .collect(),
        evidence: frontrunner::evidence::Report::default(),
        missing: Vec::new(),
    }
}

fn everything_is_recorded(facts: &Facts) -> Graph {
    let graph = build(facts);
    assert_eq!(graph.missing, Vec::<String>::new());
    for check in &graph.reproducibility {
        assert_eq!(
            check.state,
            Recorded::Recorded,
            "{}: {}",
            check.what,
            check.detail
        );
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
        ["source", "rows", "columns"].map(|key| data.known(key).unwrap().raw()),
        ["/data/iris.csv", "4", "3: a, b, y"]
    );
    let environment = graph
        .nodes
        .iter()
        .find(|node| node.kind == NodeKind::Environment)
        .unwrap();
    assert!(
        environment
            .known("packages")
            .unwrap()
            .raw()
            .contains("scikit-learn==")
    );
    graph
}

#[test]
fn mlflow_3_comes_through_a_logged_model() {
    let facts = trained(V3);
    assert!(
        facts.version.logged_model().is_some(),
        "{:?}",
        facts.version.source
    );
    let graph = everything_is_recorded(&facts);
    assert!(
        graph
            .nodes
            .iter()
            .any(|node| node.kind == NodeKind::LoggedModel)
    );
}

#[test]
fn mlflow_2_leads_to_a_folder_of_the_run() {
    let facts = trained(V2);
    let run = facts.run.as_ref().unwrap();
    let source = ModelSource::read(facts.version.source.raw(), Some(run.artifact_uri.raw()));
    assert_eq!(
        source.path.as_deref(),
        Some("model"),
        "{:?}",
        facts.version.source
    );
    let graph = everything_is_recorded(&facts);
    let version = graph
        .nodes
        .iter()
        .find(|node| node.kind == NodeKind::Version)
        .unwrap();
    assert_eq!(
        version.known("flavors").map(Untrusted::raw),
        Some("sklearn")
    );
}
