//! Runs the script of `frontrunner reproduce`: it restores a real MLflow training with uncommitted changes.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::path::Path;
use std::process::Command;

use crate::support::mlflow::{V2, V3, python, run_script};
use crate::support::program::{Program, run_to_end};
use serde_json::Value;

/// Trains in a checkout whose `train.py` differs from its commit, and registers the model as `it's iris`.
const TRAIN: &str = r#"
import pathlib, subprocess, sys
folder = pathlib.Path(sys.argv[1])
origin, work = folder / "origin", folder / "work"
git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
run = lambda *args, **more: subprocess.run([*git, *args], check=True, capture_output=True, text=True, **more).stdout
run("init", "-q", str(origin))
(origin / "train.py").write_text("C = 1\n")
run("-C", str(origin), "add", "train.py")
run("-C", str(origin), "commit", "-qm", "Train")
run("clone", "-q", str(origin), str(work))
(work / "train.py").write_text("C = 2\n")
sys.argv = [str(work / "train.py")]

import mlflow, pandas as pd
from sklearn.linear_model import LogisticRegression
mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
experiment = mlflow.create_experiment("iris", artifact_location=str(folder / "artifacts"))
X, y = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0]}), [0, 1, 0, 1]
with mlflow.start_run(experiment_id=experiment):
    mlflow.set_tag("mlflow.source.git.repoURL", str(origin))
    mlflow.set_tag("mlflow.source.git.diff", run("-C", str(work), "diff"))
    mlflow.log_params({"C": 2, "why": "it's a $(touch pwned) `test`"})
    data = mlflow.data.from_pandas(X.assign(y=y), source="/data/iris.csv", name="iris-train", targets="y")
    mlflow.log_input(data, context="training")
    for name, table in [("same", X), ("other", X + 1)]:
        X.to_csv(folder / f"{name}.csv", index=False)
        read = mlflow.data.from_pandas(table, source=str(folder / f"{name}.csv"), name=name)
        mlflow.log_input(read, context="test")
    # Explicit requirements: inferring them takes half a minute.
    requirements = mlflow.sklearn.get_default_pip_requirements()
    info = mlflow.sklearn.log_model(LogisticRegression(C=2).fit(X, y), "model", pip_requirements=requirements)
mlflow.register_model(info.model_uri, "it's iris")
"#;

fn assert_reproduces(version: &str) {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    run_script(version, TRAIN, &[folder.path().to_str().unwrap()]);
    let store = folder.path().join("mlflow.db");
    let arguments = [
        "reproduce",
        "it's iris/1",
        "--target",
        store.to_str().unwrap(),
    ];
    let output = run_to_end(program.command(&arguments));
    assert_eq!(output.code, 0, "{output:?}");
    let steps: Value = serde_json::from_str(
        &run_to_end(program.command(&[&arguments[..], &["--json"]].concat())).stdout,
    )
    .unwrap();
    let state = |what: &str| {
        steps["steps"]
            .as_array()
            .unwrap()
            .iter()
            .find(|step| step["what"] == what)
            .unwrap()["state"]
            .clone()
    };
    assert_eq!(
        [state("code"), state("params"), state("run"), state("data")],
        ["recorded", "recorded", "partly", "recorded"]
    );
    assert!(
        output.stdout.contains("iris-train@")
            && output
                .stdout
                .contains("was at /data/iris.csv on the training machine"),
        "{}",
        output.stdout
    );

    // Everything except creating the environment and training in it.
    let lines: Vec<&str> = output
        .stdout
        .lines()
        .filter(|line| !line.starts_with("env/") && !line.ends_with("-m venv env"))
        .collect();
    let again = folder.path().join("again");
    std::fs::create_dir(&again).unwrap();
    let printed = run_shell(&lines.join("\n"), version, &again);
    let checked = |file: &str, end: &str| {
        let file = format!("{file}.csv");
        let mut lines = printed.lines().filter(|line| line.contains("digest"));
        lines.any(|line| line.contains(&file) && line.contains(end))
    };
    assert!(checked("same", "as recorded"), "{printed}");
    assert!(checked("other", "but recorded was"), "{printed}");
    assert!(checked("iris", "is not here"), "{printed}");
    let code = again.join("code");
    assert_eq!(
        std::fs::read_to_string(code.join("train.py")).unwrap(),
        "C = 2\n"
    );
    let params: Value =
        serde_json::from_str(&std::fs::read_to_string(code.join("params.json")).unwrap()).unwrap();
    assert_eq!(
        (params["C"].as_str(), params["why"].as_str()),
        (Some("2"), Some("it's a $(touch pwned) `test`"))
    );
    assert!(
        std::fs::read_to_string(code.join("requirements.txt"))
            .unwrap()
            .contains("scikit-learn==")
    );
    assert!(code.join("registered/MLmodel").exists());
    assert!(!code.join("pwned").exists() && !again.join("pwned").exists());
}

/// Runs a script and returns what it printed.
fn run_shell(lines: &str, version: &str, folder: &Path) -> String {
    let bin = python(version).parent().unwrap().to_owned();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let made = Command::new("sh")
        .args(["-c", lines])
        .current_dir(folder)
        .env("PATH", path)
        .env("MLFLOW_DISABLE_TELEMETRY", "true")
        .output();
    let made = made.unwrap();
    assert!(
        made.status.success(),
        "{lines}\n{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let printed = [made.stdout, made.stderr].concat();
    String::from_utf8_lossy(&printed).into_owned()
}

#[test]
fn mlflow_3_run_is_reproduced() {
    assert_reproduces(V3);
}

#[test]
fn mlflow_2_run_is_reproduced() {
    assert_reproduces(V2);
}
