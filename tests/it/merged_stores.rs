//! Two stores read as one: a SQLite file and a real MLflow server, on the command line and on the screens.

#![expect(clippy::unwrap_used, reason = "a test that fails should panic")]

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::support::mlflow::{Server, V3, run_script};
use crate::support::program::Program;
use frontrunner::domain::{ArtifactOwner, RunId, StoreErrorKind};
use frontrunner::store::{
    AccessMode, ConnectOptions, LifecycleFilter, MergedStore, ReadOnlyReason, ReadStore,
    Resolution, RunQuery, STORE_TAG, StoreTarget, open,
};
use serde_json::Value;

const FILL: &str = r#"
import sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("elsewhere")
with mlflow.start_run(run_name="far") as run:
    mlflow.log_param("lr", 0.1)
    for step in range(20):
        mlflow.log_metric("auc", 0.5 + step / 100, step=step)
    mlflow.log_text("hello\n", "notes.txt")
    with mlflow.start_run(run_name="child", nested=True):
        mlflow.log_metric("auc", 0.4)
print(run.info.run_id)
"#;

fn server(folder: &std::path::Path) -> (Server, String) {
    let server = Server::start(V3, folder);
    let far = run_script(V3, FILL, &[&server.url])
        .lines()
        .last()
        .unwrap()
        .to_owned();
    (server, far)
}

#[test]
fn runs_of_a_file_and_a_server_are_merged() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let (server, far) = server(folder.path());
    let flags = ["--target", "mlflow.db", "--beside", &server.url];
    let experiments = program.json(&[&flags[..], &["experiments"]].concat());
    let names: BTreeSet<&str> = experiments
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains("churn-sweep") && names.contains("+elsewhere"),
        "{names:?}"
    );

    let compared =
        program.json(&[&flags[..], &["compare", "trial-33", &format!("+{far}")]].concat());
    assert_eq!(compared["runs"][1]["run_id"], format!("+{far}"));
    let auc = compared["rows"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["key"] == "auc")
        .unwrap();
    assert!(
        (auc["values"][1].as_f64().unwrap() - 0.69).abs() < 1e-9
            && auc["values"][0].as_f64().is_some(),
        "{auc}"
    );
    let store = compared["rows"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["key"] == STORE_TAG)
        .unwrap();
    assert_eq!(
        (&store["values"][0], &store["values"][1]),
        (&Value::from("mlflow.db"), &Value::from(server.url.as_str()))
    );

    // A run of the second store is named by its id or its name, with the sign before it.
    let chart = program.run(
        &[
            &flags[..],
            &[
                "chart", "trial-33", "+far", "--metric", "auc", "--out", "two.svg",
            ],
        ]
        .concat(),
    );
    assert_eq!(chart.code, 0, "{chart:?}");
    assert!(
        std::fs::read_to_string(program.folder().join("two.svg"))
            .unwrap()
            .contains("far")
    );

    let before = program.store_bytes();
    let refused = program.run(
        &[
            &flags[..],
            &["register", &format!("+{far}"), "--model", "m", "--yes"],
        ]
        .concat(),
    );
    assert_ne!(
        refused.code, 0,
        "what the second store has is not registered in the first: {refused:?}"
    );
    assert_eq!(program.store_bytes(), before);
}

#[tokio::test]
async fn requests_are_routed_to_their_store() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let (server, far) = server(folder.path());
    let first = open(
        &StoreTarget::Sqlite(program.store()),
        AccessMode::ReadOnly(ReadOnlyReason::Flag),
        &ConnectOptions::default(),
    )
    .await
    .unwrap()
    .reader;
    let second = open(
        &StoreTarget::parse(&server.url).unwrap(),
        AccessMode::ReadOnly(ReadOnlyReason::Flag),
        &ConnectOptions::default(),
    )
    .await
    .unwrap()
    .reader;
    let both = MergedStore::new(Arc::clone(&first), Arc::clone(&second));

    let experiments: Vec<_> = both
        .experiments(LifecycleFilter::Active)
        .await
        .unwrap()
        .into_iter()
        .map(|experiment| experiment.id)
        .collect();
    let mut query = RunQuery {
        experiments: experiments.clone(),
        filter: None,
        order_by: Vec::new(),
        lifecycle: LifecycleFilter::Active,
        page_size: 7,
    };
    let (mut seen, mut from) = (BTreeSet::new(), None);
    loop {
        let page = both.runs(&query, from.as_ref()).await.unwrap();
        for run in &page.items {
            assert!(seen.insert(run.id.clone()), "{} came twice", run.id.raw());
        }
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    let count = async |reader: &dyn ReadStore, sign: bool| {
        let experiments = experiments
            .iter()
            .filter(|id| id.raw().starts_with('+') == sign)
            .map(|id| id.raw().trim_start_matches('+').into());
        let query = RunQuery {
            experiments: experiments.collect(),
            page_size: 1_000,
            ..query.clone()
        };
        reader.runs(&query, None).await.unwrap().items.len()
    };
    assert_eq!(
        seen.len(),
        count(first.as_ref(), false).await + count(second.as_ref(), true).await
    );
    // Only the second's experiments: its pages are read at once.
    query.experiments.retain(|id| id.raw().starts_with('+'));
    assert!(
        both.runs(&query, None)
            .await
            .unwrap()
            .items
            .iter()
            .all(|run| run.id.raw().starts_with('+'))
    );

    let far: RunId = format!("+{far}").into();
    let own = seen
        .iter()
        .find(|id| !id.raw().starts_with('+'))
        .unwrap()
        .clone();
    let run = both.run(&far).await.unwrap();
    assert_eq!((&run.id, run.name.raw()), (&far, "far"));
    let children = both.nested_runs(&query.experiments, &far).await.unwrap();
    assert_eq!(
        children
            .iter()
            .map(|run| run.name.raw())
            .collect::<Vec<_>>(),
        ["child"]
    );
    let histories = both
        .histories(&[own, far.clone()], "auc", Resolution::Points(10))
        .await
        .unwrap();
    assert!(
        histories
            .iter()
            .any(|history| history.run == far && history.points.len() >= 2)
    );
    let files = both
        .artifacts(&ArtifactOwner::Run(far.clone()), "")
        .await
        .unwrap();
    assert_eq!(
        files.iter().map(|file| file.path.raw()).collect::<Vec<_>>(),
        ["notes.txt"]
    );
    let note = both
        .preview(&ArtifactOwner::Run(far.clone()), "notes.txt", 100)
        .await
        .unwrap();
    assert_eq!(note.bytes, b"hello\n");
    assert_eq!(
        both.versions_of_run(&far).await.unwrap_err().kind,
        StoreErrorKind::Unsupported
    );
    assert_eq!(
        both.models().await.unwrap().len(),
        first.models().await.unwrap().len(),
        "the registry is the first store's"
    );
}
