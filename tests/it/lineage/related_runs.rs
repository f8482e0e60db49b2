//! Related records of a version in real MLflow, read from its file and its server, in the checkout of the training.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::mlflow::{Server, V2, V3, run_script};

/// The program's JSON, run in the checkout.
fn run_json(folder: &Path, target: &str, arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_frontrunner"))
        .args(arguments)
        .args(["--target", target, "--json", "--read-only"])
        .current_dir(folder)
        .envs(
            ["CONFIG", "DATA", "CACHE"]
                .map(|name| (format!("FRONTRUNNER_{name}_DIR"), folder.join("own"))),
        )
        .env_remove("MLFLOW_TRACKING_URI")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The labels of the nodes of a kind.
fn labels<'a>(graph: &'a Value, kind: &str) -> BTreeSet<&'a str> {
    let nodes = graph["nodes"].as_array().unwrap().iter();
    nodes
        .filter(|node| node["kind"] == kind)
        .map(|node| node["label"].as_str().unwrap())
        .collect()
}

/// The edges by the labels of their ends.
fn edges(graph: &Value) -> BTreeSet<(String, String, String)> {
    let label = |id: &Value| {
        let node = graph["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|node| node["id"] == *id)
            .unwrap();
        node["label"].as_str().unwrap().to_owned()
    };
    let edge = |edge: &Value| {
        (
            label(&edge["from"]),
            edge["kind"].as_str().unwrap().to_owned(),
            label(&edge["to"]),
        )
    };
    graph["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(edge)
        .collect()
}

fn versions(folder: &Path, target: &str, what: &str) -> BTreeSet<String> {
    let listed = run_json(folder, target, &["versions", "--made-from", what]);
    let name = |version: &Value| {
        format!(
            "{} {}",
            version["name"].as_str().unwrap(),
            version["version"].as_str().unwrap()
        )
    };
    listed.as_array().unwrap().iter().map(name).collect()
}

fn string_set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

fn assert_related_runs(mlflow: &'static str) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    let printed = run_script(
        mlflow,
        include_str!("sweep.py"),
        &[folder.to_str().unwrap()],
    );
    let ids: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    let server = Server::start(mlflow, &folder);
    let file = folder.join("mlflow.db").display().to_string();
    let id = |key: &str| ids[key].as_str().unwrap().to_owned();
    let mut seen = Vec::new();
    for target in [file.as_str(), server.url.as_str()] {
        let graph = run_json(&folder, target, &["lineage", "iris/2"]);
        assert_eq!(labels(&graph, "child_run").len(), 200);
        let code = graph["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|node| node["kind"] == "code")
            .unwrap();
        assert_eq!(code["facts"]["subject"], "Tune it");
        assert_eq!(code["facts"]["author"], "Ana");
        assert_eq!(graph["since"]["version"], "1");
        let commits = graph["since"]["commits"].as_array().unwrap();
        assert!(
            commits.len() == 1 && commits[0].as_str().unwrap().ends_with("Tune it"),
            "{commits:?}"
        );
        // Descendants of the data, the commits, the sweep.
        let tuned = ["iris 2", "iris-other 1", "iris-prod 1"];
        assert_eq!(
            versions(&folder, target, &format!("digest:{}", id("digest"))),
            string_set(["base 1", "iris 1", "iris 2", "iris-other 1", "iris-prod 1"])
        );
        let commit = ids["commits"][0].as_str().unwrap();
        assert_eq!(
            versions(&folder, target, &format!("commit:{commit}")),
            string_set(["base 1", "iris 1"])
        );
        assert_eq!(
            versions(&folder, target, &format!("commit:{}", &commit[..8])),
            string_set(["base 1", "iris 1"])
        );
        assert_eq!(
            versions(&folder, target, &format!("run:{}", id("sweep"))),
            string_set(tuned)
        );
        assert_eq!(versions(&folder, target, "digest:00000000"), string_set([]));
        // A copy leads to its original.
        let copy = run_json(&folder, target, &["lineage", "iris-prod/1"]);
        assert!(
            labels(&copy, "other_version").contains("iris v2"),
            "{}: {:?}",
            ids["copied"],
            labels(&copy, "other_version")
        );
        let copies = labels(&graph, "other_version").contains("iris-prod v1")
            && edges(&graph)
                .iter()
                .any(|(from, _, to)| from == "iris v2" && to == "iris-prod v1");
        assert!(
            copies,
            "the copy is an effect of the version: {:?}",
            edges(&graph)
        );
        let environment = labels(&copy, "environment");
        assert!(
            environment.iter().all(|label| label.contains("packages")) && environment.len() == 1,
            "a copy has the original's files: {environment:?}"
        );
        if mlflow == V3 {
            assert_fine_tuned(&graph, &folder, target, &id);
        } else {
            assert_eq!(
                labels(&graph, "other_version"),
                BTreeSet::from(["iris-other v1", "iris-prod v1"])
            );
        }
        seen.push((edges(&graph), labels(&graph, "child_run").len()));
    }
    assert_eq!(seen[0].0, seen[1].0, "the file and the server differ");
    let rows = run_json(
        &folder,
        &file,
        &[
            "versions",
            "iris",
            "--made-from",
            &format!("digest:{}", id("digest")),
        ],
    );
    assert_eq!(
        rows.as_array()
            .unwrap()
            .iter()
            .map(|row| row["version"].clone())
            .collect::<Vec<_>>(),
        [json!("2"), json!("1")]
    );
}

/// Models that runs loaded, in MLflow 3.
fn assert_fine_tuned(graph: &Value, folder: &Path, target: &str, id: &dyn Fn(&str) -> String) {
    let all = edges(graph);
    let sweep = format!("sweep ({})", &id("sweep")[..8]);
    let distill = format!("distill ({})", &id("distill")[..8]);
    let expected = [
        ("base v1", "names", "base"),
        ("base", "read", &sweep),
        (&sweep, "produced", "tuned"),
        ("tuned", "produced", "iris v2"),
        ("iris v2", "read", &distill),
        (&distill, "produced", "iris-small v1"),
    ];
    for (from, kind, to) in expected {
        assert!(
            all.contains(&(from.to_owned(), kind.to_owned(), to.to_owned())),
            "{from} {kind} {to}: {all:#?}"
        );
    }
    assert_eq!(
        versions(folder, target, &format!("model:{}", id("tuned"))),
        string_set(["iris-small 1"])
    );
    assert!(versions(folder, target, &format!("model:{}", id("base"))).contains("iris 2"));
}

#[test]
fn mlflow_3_sweep_lists_all_related_runs() {
    assert_related_runs(V3);
}

#[test]
fn mlflow_2_sweep_lists_all_related_runs() {
    assert_related_runs(V2);
}
