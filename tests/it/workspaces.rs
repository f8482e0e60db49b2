//! Workspaces of MLflow 3.10 and later: two teams with the same names, in one file and on one server.

#![expect(clippy::unwrap_used, reason = "a test that fails should panic")]

use serde_json::json;

use crate::support::client::MlflowClient;
use crate::support::mlflow::{Server, V3};
use crate::support::program::Program;
use crate::support::pty::{Pty, PtyCommand};

/// An experiment and a model of the same names in two workspaces.
const FILL: &str = r#"
import json, urllib.request
body = json.dumps({"name": "vision"}).encode()
request = urllib.request.Request(
    url + "/api/3.0/mlflow/workspaces", body, {"Content-Type": "application/json"}
)
assert urllib.request.urlopen(request).status == 201
for workspace, run_name in [("default", "churn-run"), ("vision", "vision-run")]:
    mlflow.set_workspace(workspace)
    experiment = client.create_experiment("training")
    run = client.create_run(experiment, run_name=run_name)
    client.log_param(run.info.run_id, "team", workspace)
    client.create_registered_model("detector", description="of " + workspace)
    client.create_model_version("detector", "runs:/" + run.info.run_id + "/model", run.info.run_id)
answer = True
"#;

fn run_names(program: &Program, target: &str, workspace: &[&str]) -> Vec<String> {
    let listing = ["--target", target, "runs", "training"];
    let listed = program.json(&[&listing[..], workspace].concat());
    let runs = listed.as_array().unwrap();
    runs.iter()
        .map(|run| run["run_name"].as_str().unwrap().to_owned())
        .collect()
}

fn start(program: &Program, target: &str) -> Pty {
    let mut command = PtyCommand::new(
        env!("CARGO_BIN_EXE_frontrunner"),
        &["--target", target, "--read-only"],
    );
    for name in ["config", "data", "cache"] {
        command = command.env(
            &format!("FRONTRUNNER_{}_DIR", name.to_uppercase()),
            program.folder().join(name),
        );
    }
    command.size(80, 24).spawn()
}

/// Chooses the other workspace from the list, looks into it, and goes back.
fn switch_workspaces(program: &Program, target: &str) {
    let mut screen = start(program, target);
    screen.wait_for("training");
    screen.send("\r");
    screen.wait_for("churn-run");
    screen.send("\x17");
    screen.wait_for("workspaces");
    screen.send("vis\r");
    screen.wait_for("(vision)");
    screen.wait_for("training");
    screen.send("\r");
    screen.wait_for("vision-run");
    assert!(!screen.text().contains("churn-run"), "{}", screen.text());
    screen.send("\x17");
    screen.wait_for("this one");
    screen.send("default\r");
    screen.wait_until("the default workspace", || {
        !screen.text().contains("(vision)") && screen.text().contains("training")
    });
    screen.send("\r");
    screen.wait_for("churn-run");
    screen.send("Q");
    assert_eq!(screen.wait_for_end(), 0);
    assert!(screen.has_original_modes());
}

#[test]
fn workspaces_are_kept_apart_and_can_be_chosen() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(V3, folder.path(), &["--enable-workspaces"]);
    let mut client = MlflowClient::start(V3, folder.path(), &server.url);
    client.run(FILL, &json!({"url": server.url}));
    let file = folder.path().join("mlflow.db").display().to_string();

    for target in [&file, &server.url] {
        assert_eq!(run_names(&program, target, &[]), ["churn-run"]);
        let vision = ["--workspace", "vision"];
        assert_eq!(run_names(&program, target, &vision), ["vision-run"]);
        let models = program.json(&[&["--target", target, "models"][..], &vision].concat());
        assert_eq!(models[0]["description"], "of vision", "{models}");
        let checks = program.json(&["--target", target, "doctor"]).to_string();
        assert!(checks.contains("default, vision"), "{checks}");
        switch_workspaces(&program, target);
        assert_journal_is_of_one_workspace(&program, target);
    }
}

/// A move in one workspace is no history of the model of the same name in another one, and is not undone there.
fn assert_journal_is_of_one_workspace(program: &Program, target: &str) {
    let vision = ["--target", target, "--workspace", "vision"];
    let promote = ["promote", "detector/1", "--to", "@champion", "--yes"];
    let promoted = program.run(&[&vision[..], &promote].concat());
    assert_eq!(promoted.code, 0, "{promoted:?}");
    let last = ["rollback", "detector", "--plan"];
    let elsewhere = program.run(&[&["--target", target][..], &last].concat());
    assert_eq!(elsewhere.code, 3, "{elsewhere:?}");
    let undone = program.run(&[&vision[..], &["rollback", "detector", "--yes"]].concat());
    assert_eq!(undone.code, 0, "{undone:?}");
}

#[test]
fn workspace_that_does_not_open_leads_back_to_the_former_one() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(V3, folder.path(), &["--enable-workspaces"]);
    let mut client = MlflowClient::start(V3, folder.path(), &server.url);
    client.run(FILL, &json!({"url": server.url}));
    let file = folder.path().join("mlflow.db");
    let store = rusqlite::Connection::open(&file).unwrap();
    let execute = |sql| assert_eq!(store.execute(sql, []).unwrap(), 1);
    execute("INSERT INTO workspaces (name) VALUES ('short-lived')");

    let mut screen = start(&program, &file.display().to_string());
    screen.wait_for("training");
    screen.send("\x17");
    screen.wait_for("short-lived");
    // Deleted by somebody else while the list is open.
    execute("DELETE FROM workspaces WHERE name = 'short-lived'");
    screen.send("short\r");
    screen.wait_for("can't open workspace short-lived");
    screen.send("\r");
    screen.wait_for("churn-run");
    screen.send("Q");
    assert_eq!(screen.wait_for_end(), 0);
    assert!(screen.has_original_modes());
}

#[test]
fn stores_without_workspaces_say_so() {
    let program = Program::new();
    let store = program.store().display().to_string();
    let mut screen = start(&program, &store);
    screen.wait_for("iris");
    screen.send("\x17");
    screen.wait_for("no other workspace");
    screen.send("Q");
    assert_eq!(screen.wait_for_end(), 0);
}
