use proptest::prelude::*;

use super::*;
use crate::domain::{Alias, DatasetInput, KeyValue, Lifecycle, RunStatus, Stage, VersionNumber};

const RUN: &str = "509d999966b1409482122f5d2e84c7a3";
const PARENT: &str = "585c7046dd63478ca7a4d75285d278e5";
const MODEL: &str = "m-af987efcc78a43559d2cf1c289ec56f1";

fn version(source: &str, run_id: &str) -> ModelVersion {
    ModelVersion {
        creation_time: Some(0),
        source: source.into(),
        run_id: run_id.into(),
        ..ModelVersion::bare("iris".into(), VersionNumber(3))
    }
}

fn facts(version: ModelVersion) -> LineageFacts {
    let model = RegisteredModel::bare("iris".into());
    LineageFacts {
        evidence: crate::evidence::EvidenceReport::default(),
        ..LineageFacts::bare(version, model)
    }
}

/// A run as MLflow 2.22.5 recorded it.
fn trained_run() -> Run {
    let history = format!(
        r#"[{{"run_id": "{RUN}", "artifact_path": "model", "model_uuid": "268402f48927456ba72bbb2893737e49", "flavors": {{"python_function": {{}}, "sklearn": {{"sklearn_version": "1.9.1"}}}}}}]"#
    );
    Run {
        name: "trial".into(),
        status: RunStatus::Finished,
        artifact_uri: format!("/data/mlruns/1/{RUN}/artifacts").into(),
        params: vec![
            KeyValue::new("lr", "0.01"),
            KeyValue::new("depth", "4"),
            KeyValue::new("random_state", "7"),
        ],
        tags: vec![
            KeyValue::new(
                "mlflow.source.git.commit",
                "a1eb52f2622d2ad076ebd4f45522dc041e0ac448",
            ),
            KeyValue::new("mlflow.source.name", "train.py"),
            KeyValue::new("mlflow.source.git.dirty", "true"),
            KeyValue::new("mlflow.parentRunId", PARENT),
            KeyValue::new("mlflow.log-model.history", history),
        ],
        datasets: vec![DatasetInput {
            name: "iris-train".into(),
            digest: "15b4ff74".into(),
            source_type: "local".into(),
            source: r#"{"uri": "/data/iris.csv"}"#.into(),
            schema: None,
            profile: None,
            context: Some("training".into()),
        }],
        ..Run::bare(RUN.into(), "1".into())
    }
}

fn full_facts() -> LineageFacts {
    let mut facts = facts(version(
        &format!("/data/mlruns/1/{RUN}/artifacts/model"),
        RUN,
    ));
    facts.version.stage = Stage::Production;
    facts.version.aliases = vec!["champion".into()];
    facts.model.aliases = vec![
        (Alias::from("champion"), VersionNumber(3)),
        (Alias::from("old"), VersionNumber(1)),
    ];
    facts.run = Some(trained_run());
    facts.parents = vec![Run {
        name: "sweep".into(),
        ..Run::bare(PARENT.into(), "1".into())
    }];
    facts.files = vec![
        ModelFile::new("MLmodel", include_str!("samples/MLmodel")),
        ModelFile::new("requirements.txt", "mlflow==2.22.5\nnumpy==2.4.6\n"),
    ];
    facts
}

fn labels(graph: &Graph, kind: NodeKind) -> Vec<&str> {
    graph
        .nodes
        .iter()
        .filter(|node| node.kind == kind)
        .map(|node| node.label.raw())
        .collect()
}

fn states(graph: &Graph) -> Vec<(&str, Completeness)> {
    graph
        .reproducibility
        .iter()
        .map(|check| (check.aspect, check.state))
        .collect()
}

#[test]
fn mlflow_2_version_has_one_line_summary() {
    let graph = build(&full_facts());
    assert_eq!(
        graph.summary.raw(),
        "iris v3 = code a1eb52f (dirty) + data iris-train@15b4ff74 + lr=0.01, depth=4, random_state=7"
    );
    let version = graph
        .nodes
        .iter()
        .find(|node| node.kind == NodeKind::Version)
        .unwrap();
    assert_eq!(
        version.attribute("artifact_path").map(Untrusted::raw),
        Some("model")
    );
    assert_eq!(
        version.attribute("flavors").map(Untrusted::raw),
        Some("sklearn")
    );
}

#[test]
fn nodes_are_ordered_upstream_version_downstream() {
    use NodeKind::{Alias, Code, Dataset, Environment, Params, ParentRun, Run, Stage, Version};
    let graph = build(&full_facts());
    let kinds: Vec<NodeKind> = graph.nodes.iter().map(|node| node.kind).collect();
    assert_eq!(
        kinds,
        [
            ParentRun,
            Code,
            Dataset,
            Params,
            Run,
            Environment,
            Version,
            Stage,
            Alias
        ]
    );
    assert_eq!(labels(&graph, Alias), ["@champion"]);
    let known = |id: &NodeId| graph.node(id).is_some();
    assert!(
        graph
            .edges
            .iter()
            .all(|edge| known(&edge.from) && known(&edge.to)),
        "every edge joins two nodes"
    );
}

#[test]
fn checklist_of_complete_run_lacks_the_diff_and_the_arguments() {
    use Completeness::{Partial, Recorded as Yes};
    let graph = build(&full_facts());
    let expected = [
        ("code", Partial),
        ("data", Yes),
        ("params", Yes),
        ("seed", Yes),
        ("environment", Yes),
        ("run", Partial),
        ("model", Yes),
        ("signature", Yes),
    ];
    assert_eq!(states(&graph), expected);
    assert!(
        graph.reproducibility[0]
            .detail
            .contains("mlflow.source.git.diff")
    );
}

#[test]
fn unrecorded_items_name_the_mlflow_call() {
    let mut facts = facts(version("s3://somewhere/else", RUN));
    facts.run = Some(Run::bare(RUN.into(), "1".into()));
    let graph = build(&facts);
    assert_eq!(
        graph.summary.raw(),
        "iris v3 = code not recorded + data not recorded + params not recorded"
    );
    let absent: Vec<_> = graph
        .reproducibility
        .iter()
        .filter(|check| check.state == Completeness::NotRecorded)
        .map(|check| check.aspect)
        .collect();
    assert_eq!(
        absent,
        [
            "code",
            "data",
            "params",
            "seed",
            "environment",
            "run",
            "signature"
        ]
    );
    for (what, call) in [
        (0, "set_tag"),
        (1, "log_input"),
        (2, "log_params"),
        (3, "log_param("),
        (4, "pip_requirements"),
        (5, "mlflow.source.name"),
        (7, "infer_signature"),
    ] {
        assert!(
            graph.reproducibility[what].detail.contains(call),
            "{}",
            graph.reproducibility[what].detail
        );
    }
}

#[test]
fn missing_run_has_a_node_with_the_reason() {
    let mut gone = facts(version("models:/x/1", RUN));
    gone.missing = vec!["run 509d9999: deleted".into()];
    let graph = build(&gone);
    let run = graph
        .nodes
        .iter()
        .find(|node| node.kind == NodeKind::Run)
        .unwrap();
    assert_eq!(
        (run.label.raw(), run.attribute("why").map(Untrusted::raw)),
        ("run 509d9999: not found", Some("run 509d9999: deleted"))
    );
    assert_eq!(
        labels(&build(&facts(version("s3://x", ""))), NodeKind::Run),
        ["run not recorded"]
    );
    let by_source = facts(version(&format!("runs:/{RUN}/model"), ""));
    assert_eq!(
        labels(&build(&by_source), NodeKind::Run),
        ["run 509d9999: not found"]
    );
}

#[test]
fn missing_parent_has_a_node_and_cycles_end() {
    let mut facts = full_facts();
    facts.parents.clear();
    assert_eq!(
        labels(&build(&facts), NodeKind::ParentRun),
        ["run 585c7046: not found"]
    );
    let mut back = Run::bare(PARENT.into(), "1".into());
    back.tags = vec![KeyValue::new("mlflow.parentRunId", RUN)];
    facts.parents = vec![back];
    let graph = build(&facts);
    assert_eq!(labels(&graph, NodeKind::ParentRun), ["585c7046 (585c7046)"]);
}

fn logged_model() -> LoggedModel {
    LoggedModel {
        id: MODEL.into(),
        experiment_id: "1".into(),
        name: "clf".into(),
        creation_time: None,
        artifact_uri: Untrusted::default(),
        status: "LOGGED_MODEL_READY".into(),
        model_type: "sklearn".into(),
        source_run_id: RUN.into(),
        lifecycle: Lifecycle::Active,
        params: vec![KeyValue::new("C", "1.0")],
        tags: vec![
            KeyValue::new("mlflow.source.git.commit", "abcdef0123"),
            KeyValue::new("mlflow.source.git.diff", "+a\n-b"),
        ],
        metrics: Vec::new(),
        metric_runs: Vec::new(),
    }
}

#[test]
fn mlflow_3_version_links_through_its_logged_model() {
    let mut facts = facts(version(&format!("models:/{MODEL}"), RUN));
    facts.run = Some(Run {
        tags: Vec::new(),
        params: Vec::new(),
        model_inputs: vec!["m-base".into()],
        ..trained_run()
    });
    facts.logged_model = Some(logged_model());
    let graph = build(&facts);
    assert_eq!(
        graph.summary.raw(),
        "iris v3 = code abcdef0 (dirty) + data iris-train@15b4ff74 + C=1.0"
    );
    let code = graph
        .nodes
        .iter()
        .find(|node| node.kind == NodeKind::Code)
        .unwrap();
    assert_eq!(
        code.attribute("diff").map(Untrusted::raw),
        Some("2 lines, 5 bytes")
    );
    let edge = |from: &str, to: &str, kind| {
        graph.edges.contains(&Edge {
            from: NodeId(from.into()),
            to: NodeId(to.into()),
            kind,
        })
    };
    assert!(edge(
        &format!("run:{RUN}"),
        &format!("model:{MODEL}"),
        EdgeKind::Produced
    ));
    assert!(edge(
        &format!("model:{MODEL}"),
        "version:iris/3",
        EdgeKind::Produced
    ));
    assert!(edge("model:m-base", &format!("run:{RUN}"), EdgeKind::Read));
    assert!(!edge(
        &format!("run:{RUN}"),
        "version:iris/3",
        EdgeKind::Produced
    ));
    facts.logged_model = None;
    assert!(
        labels(&build(&facts), NodeKind::LoggedModel)
            .contains(&format!("{MODEL}: not found").as_str())
    );
}

#[test]
fn deleted_version_has_no_model() {
    let graph = build(&facts(version("REDACTED-SOURCE-PATH", "")));
    assert!(states(&graph).contains(&("model", Completeness::NotRecorded)));
}

#[test]
fn unset_seed_counts_as_not_recorded() {
    let mut facts = full_facts();
    facts.run = Some(Run {
        params: vec![KeyValue::new("random_state", "None")],
        ..trained_run()
    });
    let graph = build(&facts);
    assert_eq!(states(&graph)[3], ("seed", Completeness::NotRecorded));
    assert!(
        graph.reproducibility[3]
            .detail
            .starts_with("random_state=None")
    );
}

#[test]
fn data_without_location_or_context_is_partial() {
    let state = |change: fn(&mut DatasetInput)| {
        let mut facts = full_facts();
        let mut run = trained_run();
        run.datasets.iter_mut().for_each(change);
        facts.run = Some(run);
        states(&build(&facts))[1].1
    };
    assert_eq!(
        state(|dataset| dataset.context = Some("eval".into())),
        Completeness::Partial
    );
    assert_eq!(
        state(|dataset| dataset.source_type = "code".into()),
        Completeness::Partial
    );
    assert_eq!(
        state(|dataset| dataset.digest = "".into()),
        Completeness::Partial
    );
}

proptest! {
    #[test]
    fn hostile_store_text_leaves_every_node_a_label(text in any::<String>(), more in any::<String>()) {
        let mut facts = full_facts();
        let mut run = trained_run();
        run.name = text.as_str().into();
        run.params = vec![KeyValue::new(more.as_str(), text.as_str())];
        run.tags.push(KeyValue::new("mlflow.source.git.branch", text.as_str()));
        run.tags.push(KeyValue::new("mlflow.log-model.history", more.as_str()));
        run.datasets.iter_mut().for_each(|dataset| {
            dataset.name = text.as_str().into();
            dataset.source = more.as_str().into();
            dataset.schema = Some(text.as_str().into());
        });
        facts.run = Some(run);
        facts.version.source = more.as_str().into();
        facts.missing = vec![text.clone()];
        facts.files = vec![ModelFile::new("MLmodel", more.as_str()), ModelFile::new("requirements.txt", text.as_str())];
        let graph = build(&facts);
        for line in graph.warnings.iter().chain(graph.reproducibility.iter().map(|check| &check.detail)) {
            prop_assert!(!line.chars().any(|c| c.is_control() || crate::text::untrusted::is_hidden(c)), "{line:?}");
        }
        for node in &graph.nodes {
            prop_assert!(!node.label.is_empty() || node.kind == NodeKind::Params);
        }
    }
}
