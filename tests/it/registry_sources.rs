//! Registered models, prompts and external models that MLflow wrote, read from the file and from a server, and
//! registrations that MLflow's own client then loads.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::path::Path;

use serde_json::{Value, json};

use crate::support::mlflow::{Server, V2, V3, run_script};
use crate::support::program::{Program, ProgramOutput, run_to_end};

/// A run with two models, ten versions of which three are in Production, and a prompt; with MLflow 3 also an external
/// model, and a version whose source is the location of a logged model.
const MAKE: &str = r#"
import sys, mlflow, numpy as np
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression
folder = sys.argv[1]
is_v3 = mlflow.__version__.startswith("3.")
mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
client = MlflowClient()
experiment = mlflow.create_experiment("grid", artifact_location=f"{folder}/files")
mlflow.set_experiment("grid")
# Explicit requirements: inferring them takes half a minute.
requirements = mlflow.sklearn.get_default_pip_requirements()
X, y = np.array([[1.0], [2.0], [3.0], [4.0]]), [0, 1, 0, 1]
with mlflow.start_run(run_name="grid") as run:
    for name in ("model", "best_estimator"):
        path = {"name": name} if is_v3 else {"artifact_path": name}
        info = mlflow.sklearn.log_model(LogisticRegression().fit(X, y), pip_requirements=requirements, **path)
    mlflow.log_text("a picture of the data", "notes/readme.txt")
client.create_registered_model("ten")
for version in range(1, 11):
    client.create_model_version("ten", f"runs:/{run.info.run_id}/model", run.info.run_id)
for version in (2, 9, 10):
    client.transition_model_version_stage("ten", str(version), "Production")
prompts = mlflow.genai if is_v3 else mlflow
prompts.register_prompt(name="qa", template="Answer {{question}}.", commit_message="first")
prompts.register_prompt(name="qa", template="Answer {{question}} in one line.", commit_message="shorter")
prompts.set_prompt_alias("qa", "production", 2)
if is_v3:
    agent = mlflow.create_external_model(name="agent")
    with mlflow.start_run(run_name="judge"):
        mlflow.log_metric("exact/mean", 0.7, model_id=agent.model_id)
    mlflow.register_model(f"models:/{agent.model_id}", "agent")
    logged = mlflow.get_logged_model(info.model_id)
    client.create_registered_model("raw")
    client.create_model_version("raw", logged.artifact_location)
"#;

/// What MLflow's own client says of registered models: the class of what it loads.
const LOAD: &str = r#"
import json, sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
print()
print(json.dumps({name: type(mlflow.pyfunc.load_model(f"models:/{name}/1")).__name__ for name in sys.argv[2:]}))
"#;

const POLICY: &str = r#"
[[model."*".gate]]
name = "can be called"
require = 'candidate.external == false'
[[model."*".gate]]
name = "signed"
require = 'lineage.signature == "recorded"'
[[model."*".gate]]
name = "good"
require = 'candidate.metrics["exact/mean"] > 0.5'
"#;

struct Store<'a> {
    program: &'a Program,
    target: String,
}

impl Store<'_> {
    fn run(&self, arguments: &[&str]) -> ProgramOutput {
        let target = ["--target", self.target.as_str()];
        run_to_end(self.program.command(&[arguments, &target].concat()))
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        let value = serde_json::from_str(&output.stdout);
        value.unwrap_or_else(|error| panic!("{arguments:?}: {error}: {output:?}"))
    }
}

/// Runs the checks on the file and on a server over it.
fn with_stores(version: &str, check: impl Fn(&Store<'_>, &str)) {
    let (program, folder) = (Program::new(), tempfile::tempdir().unwrap());
    run_script(version, MAKE, &[folder.path().to_str().unwrap()]);
    let file = folder.path().join("mlflow.db");
    let store = |target: &str| Store {
        program: &program,
        target: target.to_owned(),
    };
    check(&store(file.to_str().unwrap()), "file");
    let server = Server::start(version, folder.path());
    check(&store(&server.url), "server");
    assert_loads(version, folder.path(), &["file", "server"]);
}

/// MLflow loads what was registered.
fn assert_loads(version: &str, folder: &Path, models: &[&str]) {
    let uri = format!("sqlite:///{}/mlflow.db", folder.display());
    let printed = run_script(version, LOAD, &[&[uri.as_str()], models].concat());
    let loaded: Value = serde_json::from_str(printed.trim_end().lines().last().unwrap()).unwrap();
    for model in models {
        assert_eq!(loaded[model], "PyFuncModel", "{version} {model}");
    }
}

/// Registers by name; what is no model is refused.
fn check_registration(store: &Store<'_>, model: &str, is_v3: bool) {
    let register = ["register", "grid", "--model", model, "--yes"];
    let ambiguous = store.run(&register);
    assert_eq!(ambiguous.code, 3, "{ambiguous:?}");
    for name in ["--artifact model", "--artifact best_estimator"] {
        assert!(ambiguous.stderr.contains(name), "{ambiguous:?}");
    }
    for path in ["nope", "notes", "notes/readme.txt"] {
        let refused = store.run(&[&register[..], &["--artifact", path]].concat());
        assert_eq!(refused.code, 3, "{path}: {refused:?}");
        assert!(refused.stderr.contains("best_estimator"), "{refused:?}");
    }
    assert_eq!(store.run(&["versions", model]).code, 3);
    let made = store.json(&[&register[..], &["--artifact", "best_estimator"]].concat());
    assert_eq!(made["verified"], true, "{made}");
    let versions = store.json(&["versions", model]);
    let source = versions[0]["source"].as_str().unwrap();
    let expected = if is_v3 { "models:/m-" } else { "runs:/" };
    assert!(source.starts_with(expected), "{source}");
    let twice = store.run(&[&register[..], &["--artifact", "best_estimator"]].concat());
    assert_eq!(twice.code, 4, "{twice:?}");
}

fn check_production(store: &Store<'_>) {
    let models = store.json(&["models"]);
    let ten = models
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["name"] == "ten");
    assert_eq!(ten.unwrap()["production_versions"], json!(["10", "9", "2"]));
    let table = store.run(&["models"]).stdout;
    assert!(table.contains("10, 9, 2"), "{table}");
    assert!(!table.contains("qa"), "{table}");
    let history = store.run(&["history", "ten"]).stdout;
    for version in ["ten/2", "ten/9", "ten/10"] {
        let held = format!("{version} in Production since before ");
        assert!(history.contains(&held), "{history}");
    }
    assert!(history.contains("by whom is not recorded"), "{history}");
}

fn check_prompts(store: &Store<'_>) {
    let prompts = store.json(&["models", "--prompts"]);
    assert_eq!(
        (&prompts[0]["name"], &prompts[0]["is_prompt"], &prompts[1]),
        (&json!("qa"), &json!(true), &Value::Null)
    );
    let versions = store.json(&["versions", "qa"]);
    let texts: Vec<(&Value, &Value)> = versions
        .as_array()
        .unwrap()
        .iter()
        .map(|version| (&version["version"], &version["prompt"]))
        .collect();
    assert_eq!(
        texts,
        [
            (&json!("2"), &json!("Answer {{question}} in one line.")),
            (&json!("1"), &json!("Answer {{question}}."))
        ]
    );
    assert_eq!(versions[0]["aliases"], json!(["production"]));
    let lineage = store.json(&["lineage", "qa/1"]);
    assert_eq!(lineage["nodes"][0]["label"], "prompt qa v1");
    assert_eq!(lineage["missing"], json!([]));
    let diff = store.run(&["compare", "qa/1", "qa/2"]).stdout;
    for line in ["-Answer {{question}}.", "+Answer {{question}} in one line."] {
        assert!(diff.contains(line), "{diff}");
    }
    let plan = store.json(&["promote", "qa/1", "--to", "@next", "--plan"]);
    let steps = plan["plan"]["steps"].as_array().unwrap();
    assert!(steps.iter().any(|step| step["target"] == "@next"), "{plan}");
}

fn check_external(store: &Store<'_>) {
    let versions = store.json(&["versions", "agent"]);
    assert_eq!(versions[0]["metrics"], json!({"exact/mean": 0.7}));
    let lineage = store.json(&["lineage", "agent/1"]);
    let state = |what: &str| {
        let checks = lineage["reproducibility"].as_array().unwrap();
        checks.iter().find(|check| check["what"] == what).unwrap()["state"].clone()
    };
    assert_eq!(
        (state("signature"), state("model")),
        (json!("not_recorded"), json!("not_recorded"))
    );
    let nodes = lineage["nodes"].as_array().unwrap();
    let judge = nodes.iter().find(|node| node["kind"] == "evaluation_run");
    let label = judge.unwrap()["label"].as_str().unwrap();
    assert!(label.starts_with("judge"), "{label}");
    let warnings = lineage["warnings"].to_string();
    assert!(warnings.contains("the model is external"), "{warnings}");

    let policy = store.program.folder().join("policy.toml");
    std::fs::write(&policy, POLICY).unwrap();
    let gates = store.json(&["gates", "agent/1", "--policy", policy.to_str().unwrap()]);
    let text = gates.to_string();
    let verdicts: Vec<(&str, &str)> = gates["gates"]
        .as_array()
        .unwrap_or_else(|| panic!("{text}"))
        .iter()
        .map(|gate| {
            (
                gate["name"].as_str().unwrap(),
                gate["verdict"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        verdicts,
        [
            ("can be called", "fail"),
            ("signed", "fail"),
            ("good", "pass")
        ]
    );
}

/// The location of a logged model leads to that model and its run.
fn check_raw_source(store: &Store<'_>) {
    let versions = store.json(&["versions", "raw"]);
    let source = versions[0]["source"].as_str().unwrap();
    assert!(source.ends_with("/artifacts"), "{source}");
    let lineage = store.json(&["lineage", "raw/1"]);
    let nodes = lineage["nodes"].as_array().unwrap();
    let label = |kind: &str| {
        let node = nodes.iter().find(|node| node["kind"] == kind);
        node.unwrap()["label"].as_str().unwrap().to_owned()
    };
    assert_eq!(label("logged_model"), "best_estimator");
    assert!(label("run").starts_with("grid"), "{}", label("run"));
}

#[test]
fn registry_of_mlflow_3_is_read_and_written_as_mlflow_does() {
    with_stores(V3, |store, model| {
        check_registration(store, model, true);
        check_production(store);
        check_prompts(store);
        check_external(store);
        check_raw_source(store);
    });
}

#[test]
fn registry_of_mlflow_2_is_read_and_written_as_mlflow_does() {
    with_stores(V2, |store, model| {
        check_registration(store, model, false);
        check_production(store);
        check_prompts(store);
    });
}

#[test]
fn demo_has_a_history_and_undo_corrects_the_last_record() {
    let program = Program::new();
    let history = program.run(&["history", "churn-classifier"]).stdout;
    for text in [
        "move churn-classifier/4 to Production",
        "elena",
        "set @champion on churn-classifier/4",
    ] {
        assert!(history.contains(text), "{text}: {history}");
    }
    assert!(!history.contains("not recorded: "), "{history}");
    let last = |version: &str| -> Value {
        let versions = program.json(&["versions", "churn-classifier"]);
        let mut all = versions.as_array().unwrap().iter();
        let found = all.find(|known| known["version"] == version).unwrap();
        serde_json::from_str(found["tags"]["frontrunner.last"].as_str().unwrap()).unwrap()
    };
    let promote = [
        "promote",
        "churn-classifier/6",
        "--to",
        "Production",
        "--archive-existing",
        "--yes",
    ];
    assert_eq!(program.run(&promote).code, 0);
    assert_eq!(last("6")["action"], "move churn-classifier/6 to Production");
    assert_eq!(last("4"), last("6"));
    assert_eq!(
        program.run(&["rollback", "churn-classifier", "--yes"]).code,
        0
    );
    for version in ["4", "6"] {
        let action = last(version)["action"].as_str().unwrap().to_owned();
        assert!(action.starts_with("undo: "), "{version}: {action}");
    }
    let versions = program.json(&["versions", "churn-classifier"]);
    assert_eq!(versions[0]["current_stage"], "Staging");
}
