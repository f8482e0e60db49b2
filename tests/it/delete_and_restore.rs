//! The command line, taking things away and bringing them back: runs, tags, descriptions, versions; MLflow's own client judges.

#![expect(clippy::unwrap_used, reason = "a test that can not go on should fail")]

use crate::support::mlflow::{Server, V2, V3, run_script};
use crate::support::program::Program;
use serde_json::{Value, json};

/// What MLflow's own client says of a run and of a model.
const REGISTRY_STATE: &str = "
import json, sys
from mlflow import MlflowClient
from mlflow.entities import ViewType
client = MlflowClient(sys.argv[1])
run = client.get_run(sys.argv[2])
there = lambda view: run.info.run_id in {r.info.run_id for r in client.search_runs([run.info.experiment_id], run_view_type=view)}
version = client.get_model_version('churn-classifier', '6')
print()
print(json.dumps({
    'lifecycle': run.info.lifecycle_stage,
    'listed': [there(ViewType.ACTIVE_ONLY), there(ViewType.DELETED_ONLY)],
    'tags': {k: v for k, v in version.tags.items() if not k.startswith('frontrunner.')},
    'approvals': len([k for k in version.tags if k.startswith('frontrunner.approval.')]),
    'about': [version.description or '', client.get_registered_model('churn-classifier').description or ''],
    'versions': sorted(int(v.version) for v in client.search_model_versions(\"name = 'churn-classifier'\")),
}))
";

fn registry_state(version: &str, target: &str, run: &str) -> Value {
    let printed = run_script(version, REGISTRY_STATE, &[target, run]);
    serde_json::from_str(printed.trim_end().lines().last().unwrap()).unwrap()
}

fn sqlite_uri(program: &Program) -> String {
    format!("sqlite:///{}", program.store().display())
}

#[test]
fn runs_are_deleted_listed_and_restored() {
    let program = Program::new();
    let (run, target) = (
        program.manifest.sweep.last.raw().to_owned(),
        sqlite_uri(&program),
    );
    let before = registry_state(V3, &target, &run);
    assert_eq!(
        (&before["lifecycle"], &before["listed"]),
        (&json!("active"), &json!([true, false]))
    );
    let plan = program.run(&["delete", &run, "--plan"]);
    assert!(
        plan.stdout.contains("deleted_time") && plan.stdout.contains("nothing was written"),
        "{plan:?}"
    );
    let done = program.json(&["delete", &run[..8], "--reason", "a test run", "--yes"]);
    assert_eq!(
        (&done["applied"], &done["verified"]),
        (&json!(true), &json!(true))
    );
    let after = registry_state(V3, &target, &run);
    assert_eq!(
        (&after["lifecycle"], &after["listed"]),
        (&json!("deleted"), &json!([false, true]))
    );
    let again = program.json(&["delete", &run, "--yes"]);
    assert_eq!(
        (&again["applied"], &again["verified"]),
        (&json!(false), &json!(true)),
        "it is deleted already"
    );
    let deleted = program.json(&["runs", "churn-sweep", "--deleted"]);
    assert!(
        deleted
            .as_array()
            .unwrap()
            .iter()
            .any(|listed| listed["run_id"] == json!(run)),
        "{deleted}"
    );
    assert_eq!(program.json(&["restore", &run, "--yes"])["verified"], true);
    assert_eq!(registry_state(V3, &target, &run), before);
}

#[test]
fn run_deletion_is_undone_by_journal_id() {
    let program = Program::new();
    let (run, other) = (
        program.manifest.sweep.last.raw(),
        program.manifest.sweep.best.raw(),
    );
    let target = sqlite_uri(&program);
    let done = program.run(&["delete", run, other, "--yes"]);
    assert!(
        done.stdout
            .contains("undo with frontrunner rollback --entry "),
        "{done:?}"
    );
    let entry = done
        .stdout
        .split("rollback --entry ")
        .nth(1)
        .unwrap()
        .trim()
        .to_owned();
    assert_eq!(registry_state(V3, &target, other)["lifecycle"], "deleted");
    // Somebody restores one of them with another tool: the other one is left to be restored.
    run_script(
        V3,
        "import sys, mlflow; mlflow.MlflowClient(sys.argv[1]).restore_run(sys.argv[2])",
        &[&target, run],
    );
    let undone = program.json(&["rollback", "--entry", &entry, "--yes"]);
    assert_eq!(
        (
            &undone["verified"],
            undone["plan"]["steps"].as_array().unwrap().len()
        ),
        (&json!(true), 1),
        "{undone}"
    );
    assert_eq!(registry_state(V3, &target, other)["lifecycle"], "active");
    assert_eq!(
        program.run(&["rollback", "--yes"]).code,
        2,
        "without a model an entry is needed"
    );
}

#[test]
fn deleting_the_run_of_a_used_version_warns() {
    let program = Program::new();
    let versions = program.json(&["versions", "churn-classifier"]);
    let serves = |version: &&Value| version["current_stage"] == "Production";
    let run = versions.as_array().unwrap().iter().find(serves).unwrap()["run_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let plan = program.run(&["delete", &run, "--plan"]);
    assert!(
        plan.stdout.contains("holds Production")
            && plan.stdout.contains("type the name to confirm"),
        "{plan:?}"
    );
    program.json(&["delete", &run, "--yes"]);
    let history = program.json(&["history", "churn-classifier"]);
    let is_deletion = |event: &Value| {
        event["action"] == json!(format!("delete run {}", &run[..8])) && event["to"] == "deleted"
    };
    assert!(
        history.as_array().unwrap().iter().any(is_deletion),
        "the run of a version is part of its model's history: {history}"
    );
    assert_eq!(program.json(&["restore", &run, "--yes"])["verified"], true);
}

#[test]
fn metadata_changes_are_undone() {
    let program = Program::new();
    let (run, target) = (program.manifest.sweep.last.raw(), sqlite_uri(&program));
    let before = registry_state(V3, &target, run);
    let changes: [&[&str]; 4] = [
        &["tag", "churn-classifier/6", "team=growth"],
        &["describe", "churn-classifier/6", "the best so far"],
        &["describe", "churn-classifier", "who leaves"],
        &["review", "churn-classifier/6", "--approve"],
    ];
    for words in changes {
        assert_eq!(
            program.json(&[words, &["--yes"]].concat())["verified"],
            true,
            "{words:?}"
        );
        assert_ne!(registry_state(V3, &target, run), before, "{words:?}");
        assert_eq!(
            program.json(&["rollback", "churn-classifier", "--yes"])["verified"],
            true,
            "{words:?}"
        );
        assert_eq!(registry_state(V3, &target, run), before, "{words:?}");
    }
    // A tag that another user changed since is not undone.
    program.json(&["tag", "churn-classifier/6", "team=growth", "--yes"]);
    let theirs = "import sys, mlflow; mlflow.MlflowClient(sys.argv[1]).set_model_version_tag('churn-classifier', '6', 'team', 'ads')";
    run_script(V3, theirs, &[&target]);
    let refused = program.run(&["rollback", "churn-classifier", "--yes"]);
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(
        refused.stderr.contains("changed since") && refused.stderr.contains("is “ads”, not"),
        "{refused:?}"
    );
    assert_eq!(registry_state(V3, &target, run)["tags"]["team"], "ads");
}

#[test]
fn deleted_version_is_registered_again() {
    let program = Program::new();
    let (run, target) = (program.manifest.sweep.last.raw(), sqlite_uri(&program));
    let before = registry_state(V3, &target, run)["versions"].clone();
    let number = before.as_array().unwrap()[0].as_u64().unwrap();
    let version = format!("churn-classifier/{number}");
    let plan = program.run(&["delete", &version, "--plan"]);
    assert!(plan.stdout.contains("cannot be restored"), "{plan:?}");
    let done = program.run(&["delete", &version, "--yes"]);
    assert!(
        done.stdout
            .contains("registers its run again as a new version"),
        "{done:?}"
    );
    let again = program.json(&["restore", &version, "--yes"]);
    assert_eq!(again["verified"], true, "{again}");
    let next = before
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_u64().unwrap())
        .max()
        .unwrap()
        + 1;
    assert_eq!(again["version"], json!(next.to_string()));
    let unknown = program.run(&["restore", "churn-classifier/99", "--yes"]);
    assert_eq!(unknown.code, 3, "{unknown:?}");
    assert!(
        unknown
            .stderr
            .contains("frontrunner register RUN --model churn-classifier"),
        "{unknown:?}"
    );
}

#[test]
fn delete_and_restore_work_on_servers() {
    for version in [V3, V2] {
        let program = Program::new();
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(version, folder.path());
        let made = "
import sys, mlflow
client = mlflow.MlflowClient(sys.argv[1])
run = client.create_run('0', run_name='wise-owl-3').info.run_id
client.set_terminated(run)
client.create_registered_model('churn-classifier')
for _ in range(6):
    client.create_model_version('churn-classifier', f'runs:/{run}/model', run)
client.set_registered_model_alias('churn-classifier', 'champion', '6')
print(run)
";
        let run = run_script(version, made, &[&server.url])
            .trim()
            .lines()
            .last()
            .unwrap()
            .to_owned();
        let at = |arguments: &[&str]| {
            program.run(&[arguments, &["--yes", "--json", "--target", &server.url]].concat())
        };
        let before = registry_state(version, &server.url, &run);
        let plan = program.run(&["delete", "wise-owl-3", "--plan", "--target", &server.url]);
        assert!(
            plan.stdout.contains("churn-classifier/6 holds @champion"),
            "{version}: {plan:?}"
        );
        assert!(
            plan.stdout.contains("runs/delete"),
            "the exact request is shown: {plan:?}"
        );
        assert_eq!(at(&["delete", "wise-owl-3"]).code, 0, "{version}");
        assert_eq!(
            registry_state(version, &server.url, &run)["lifecycle"],
            "deleted",
            "{version}"
        );
        assert_eq!(at(&["restore", "wise-owl-3"]).code, 0, "{version}");
        let changes: [&[&str]; 3] = [
            &["tag", "churn-classifier/6", "team=growth"],
            &["describe", "churn-classifier", "who"],
            &["review", "churn-classifier/6", "--reject"],
        ];
        for words in changes {
            assert_eq!(
                (at(words).code, at(&["rollback", "churn-classifier"]).code),
                (0, 0),
                "{version}: {words:?}"
            );
            assert_eq!(
                registry_state(version, &server.url, &run),
                before,
                "{version}: {words:?}"
            );
        }
        let refused = program.run(&[
            "request",
            "churn-classifier/6",
            "--to",
            "Production",
            "--yes",
            "--target",
            &server.url,
        ]);
        assert_eq!(
            refused.code, 4,
            "MLflow has no transition requests: {refused:?}"
        );
    }
}
