//! The command line, writing: what it refuses, what it does, and what real MLflow then says.

#![expect(clippy::unwrap_used, reason = "a test that can not go on should fail")]

use crate::support::mlflow::{Server, V3, run_script};
use crate::support::program::{Program, run_to_end};
use serde_json::{Value, json};

/// Asks MLflow's own client for every version's stage and aliases.
const REGISTRY_STATE: &str = "
import json, sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
versions = client.search_model_versions(\"name = 'churn-classifier'\")
aliases = client.get_registered_model('churn-classifier').aliases
print()
print(json.dumps({'stages': {str(v.version): v.current_stage for v in versions}, 'aliases': {a: str(v) for a, v in aliases.items()}}))
";

fn registry_state(target: &str) -> Value {
    let printed = run_script(V3, REGISTRY_STATE, &[target]);
    serde_json::from_str(printed.trim_end().lines().last().unwrap()).unwrap()
}

fn sqlite_uri(program: &Program) -> String {
    format!("sqlite:///{}", program.store().display())
}

const PROMOTION: [&str; 7] = [
    "promote",
    "churn-classifier/6",
    "--to",
    "Production",
    "--archive-existing",
    "--reason",
    "better AUC\u{1b}[2J",
];

fn promotion_with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&PROMOTION[..], more].concat()
}

#[test]
fn plan_shows_steps_and_writes_nothing() {
    let program = Program::new();
    let before = program.store_bytes();
    let output = program.json(&promotion_with(&["--plan"]));
    let steps = output["plan"]["steps"].as_array().unwrap();
    assert!(
        steps
            .iter()
            .any(|step| step["after"].as_str().unwrap().contains("Production")),
        "{output}"
    );
    assert!(
        steps.len() >= 2,
        "what the store archives by itself is a step, too: {output}"
    );
    assert_eq!(
        (
            &output["applied"],
            &output["verified"],
            &output["journal_id"]
        ),
        (&json!(false), &json!(false), &Value::Null)
    );
    assert!(output["plan"]["fingerprint"].is_string());
    let text = program.run(&promotion_with(&["--plan"]));
    assert!(text.stdout.contains("nothing was written"), "{text:?}");
    assert!(!text.stdout.contains('\u{1b}'), "{text:?}");
    assert!(program.store_bytes() == before, "the store was changed");
    assert!(!program.journal().exists());
}

#[test]
fn without_a_terminal_nothing_is_written() {
    let program = Program::new();
    let before = program.store_bytes();
    let refused = program.run(&promotion_with(&[]));
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(refused.stderr.contains("--yes"), "{refused:?}");
    assert!(program.store_bytes() == before, "the store was changed");
}

#[test]
fn read_only_from_any_source_prevents_writes() {
    let program = Program::new();
    let before = program.store_bytes();
    let by_flag = program.command(&promotion_with(&["--yes", "--read-only"]));
    let mut by_variable = program.command(&promotion_with(&["--yes"]));
    by_variable.env("FRONTRUNNER_READ_ONLY", "true");
    program.write_config(&format!(
        "[profile.look]\ntarget = \"{}\"\nread_only = true",
        program.store().display()
    ));
    let by_profile = program.command(&promotion_with(&["--yes", "--profile", "look"]));
    for command in [by_flag, by_variable, by_profile] {
        let refused = run_to_end(command);
        assert_eq!(refused.code, 5, "{refused:?}");
        assert!(
            refused.stderr.contains("nothing was written"),
            "{refused:?}"
        );
    }
    assert!(program.store_bytes() == before, "the store was changed");
    assert!(!program.journal().exists());
}

#[test]
fn promotion_appears_in_history_and_is_rolled_back() {
    let program = Program::new();
    let before = registry_state(&sqlite_uri(&program));
    assert_eq!(
        (&before["stages"]["4"], &before["stages"]["6"]),
        (&json!("Production"), &json!("Staging"))
    );
    let done = program.json(&promotion_with(&["--yes"]));
    assert_eq!(
        (&done["applied"], &done["verified"]),
        (&json!(true), &json!(true))
    );
    let after = registry_state(&sqlite_uri(&program));
    assert_eq!(
        (&after["stages"]["4"], &after["stages"]["6"]),
        (&json!("Archived"), &json!("Production"))
    );
    assert_eq!(after["aliases"], before["aliases"]);

    let history = program.json(&["history", "churn-classifier"]);
    let event = history
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["origin"] == "journal")
        .unwrap();
    assert_eq!(
        (&event["journal_id"], &event["who"]),
        (&done["journal_id"], &json!("ana"))
    );
    assert!(
        event["reason"].as_str().unwrap().contains("better AUC"),
        "{event}"
    );

    let undone = program.json(&["rollback", "churn-classifier", "--yes"]);
    assert_eq!(undone["verified"], true);
    assert_eq!(registry_state(&sqlite_uri(&program)), before);
    let nothing_left = program.run(&["rollback", "churn-classifier", "--yes"]);
    assert_eq!(nothing_left.code, 3, "{nothing_left:?}");
}

#[test]
fn applied_state_is_not_written_again() {
    let program = Program::new();
    let before = program.store_bytes();
    let output = program.json(&["promote", "churn-classifier/6", "--to", "staging", "--yes"]);
    assert_eq!(
        (&output["applied"], &output["verified"]),
        (&json!(false), &json!(true))
    );
    assert!(program.store_bytes() == before, "the store was changed");
}

#[test]
fn alias_is_moved_removed_and_restored() {
    let program = Program::new();
    let before = registry_state(&sqlite_uri(&program));
    program.json(&[
        "promote",
        "churn-classifier@challenger",
        "--to",
        "@champion",
        "--yes",
    ]);
    assert_eq!(
        registry_state(&sqlite_uri(&program))["aliases"]["champion"],
        "6"
    );
    program.json(&["rollback", "churn-classifier", "--to", "@champion", "--yes"]);
    assert_eq!(registry_state(&sqlite_uri(&program)), before);
    program.json(&["demote", "churn-classifier@challenger", "--yes"]);
    assert_eq!(
        registry_state(&sqlite_uri(&program))["aliases"].get("challenger"),
        None
    );
    program.json(&["rollback", "churn-classifier", "--yes"]);
    assert_eq!(registry_state(&sqlite_uri(&program)), before);
}

#[test]
fn invalid_slot_and_missing_version_have_exit_codes() {
    let program = Program::new();
    for (version, place, code) in [
        ("churn-classifier/6", "Prod", 2),
        ("churn-classifier/99", "Production", 3),
        ("nobody/1", "@x", 3),
    ] {
        let wrong = program.run(&["promote", version, "--to", place, "--yes"]);
        assert_eq!(wrong.code, code, "{version} {place}: {wrong:?}");
    }
    assert!(!program.journal().exists());
}

#[test]
fn run_is_registered_once_unless_again_is_given() {
    let program = Program::new();
    let version = &program.manifest.baselines.versions[1];
    let register = ["register", version.run.raw(), "--model", "fresh", "--yes"];
    let done = program.json(&register);
    assert_eq!(
        (&done["verified"], &done["version"]),
        (&json!(true), &json!("1"))
    );
    let made = program.json(&["versions", "fresh"]);
    let source = format!("models:/{}", version.logged_model.as_ref().unwrap().raw());
    assert_eq!(
        (&made[0]["source"], &made[0]["run_id"]),
        (&json!(source), &json!(version.run.raw()))
    );
    let twice = program.run(&register);
    assert_eq!(twice.code, 4, "{twice:?}");
    assert!(twice.stderr.contains("--again"), "{twice:?}");
    let again = program.json(&[&register[..], &["--again"]].concat());
    assert_eq!(again["version"], "2");
}

#[test]
fn version_is_copied_to_another_model_once() {
    let program = Program::new();
    let copy = ["copy", "churn-classifier/6", "--to", "production", "--yes"];
    let plan = program.run(&["copy", "churn-classifier/6", "--to", "production", "--plan"]);
    assert!(
        plan.stdout.contains("a copy of churn-classifier/6"),
        "{plan:?}"
    );
    let done = program.json(&copy);
    assert_eq!(
        (&done["verified"], &done["version"]),
        (&json!(true), &json!("1"))
    );
    let made = program.json(&["versions", "production"]);
    let original = program.json(&["versions", "churn-classifier"]);
    assert_eq!(made[0]["source"], "models:/churn-classifier/6");
    assert_eq!(original[0]["version"], "6");
    assert_eq!(made[0]["run_id"], original[0]["run_id"]);
    let twice = program.run(&copy);
    assert_eq!(twice.code, 4, "{twice:?}");
    assert!(twice.stderr.contains("--again"), "{twice:?}");
    let again = program.json(&[&copy[..], &["--again"]].concat());
    assert_eq!(again["version"], "2");
    let missing = program.run(&["copy", "churn-classifier/99", "--to", "production", "--yes"]);
    assert_eq!(missing.code, 3, "{missing:?}");
}

#[test]
fn run_without_a_logged_model_needs_a_path() {
    let program = Program::new();
    let run = program.manifest.sweep.last.raw();
    let refused = program.run(&["register", run, "--model", "fresh", "--yes"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.stderr.contains("--artifact"), "{refused:?}");
    let plan = program.run(&[
        "register",
        run,
        "--model",
        "fresh",
        "--artifact",
        "model",
        "--plan",
    ]);
    assert_eq!(plan.code, 3, "{plan:?}");
    assert!(
        plan.stderr
            .contains(&format!("no model at runs:/{run}/model")),
        "{plan:?}"
    );
}

#[test]
fn writes_work_on_a_server() {
    let program = Program::new();
    let server = Server::start(V3, program.folder());
    let before = registry_state(&server.url);
    let at_server =
        |arguments: &[&str]| program.json(&[arguments, &["--target", &server.url]].concat());
    let version = &program.manifest.baselines.versions[1];
    let made = at_server(&["register", version.run.raw(), "--model", "fresh", "--yes"]);
    assert_eq!(
        (&made["verified"], &made["version"]),
        (&json!(true), &json!("1"))
    );
    let copied = at_server(&["copy", "churn-classifier/6", "--to", "copied", "--yes"]);
    assert_eq!(
        (&copied["verified"], &copied["version"]),
        (&json!(true), &json!("1"))
    );
    assert_eq!(at_server(&promotion_with(&["--yes"]))["verified"], true);
    assert_eq!(registry_state(&server.url)["stages"]["6"], "Production");
    assert_eq!(
        at_server(&["rollback", "churn-classifier", "--yes"])["verified"],
        true
    );
    assert_eq!(registry_state(&server.url), before);
    let plan = program.run(&promotion_with(&["--plan", "--target", &server.url]));
    assert!(
        plan.stdout.contains("transition-stage"),
        "the exact request is shown: {plan:?}"
    );
}
