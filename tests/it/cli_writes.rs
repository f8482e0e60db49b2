//! The command line, writing: what it refuses, what it does, and what real MLflow then says.

#![expect(clippy::unwrap_used, reason = "a test that can not go on should fail")]

use crate::support::mlflow::{Server, V3, script};
use crate::support::program::{Program, ended};
use serde_json::{Value, json};

/// Asks MLflow's own client for every version's stage and aliases.
const JUDGE: &str = "
import json, sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
versions = client.search_model_versions(\"name = 'churn-classifier'\")
aliases = client.get_registered_model('churn-classifier').aliases
print()
print(json.dumps({'stages': {str(v.version): v.current_stage for v in versions}, 'aliases': {a: str(v) for a, v in aliases.items()}}))
";

fn judged(target: &str) -> Value {
    let printed = script(V3, JUDGE, &[target]);
    serde_json::from_str(printed.trim_end().lines().last().unwrap()).unwrap()
}

fn sqlite(program: &Program) -> String {
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

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&PROMOTION[..], more].concat()
}

#[test]
fn a_plan_shows_the_steps_and_writes_nothing() {
    let program = Program::new();
    let before = program.bytes();
    let told = program.json(&with(&["--plan"]));
    let steps = told["plan"]["steps"].as_array().unwrap();
    assert!(
        steps
            .iter()
            .any(|step| step["after"].as_str().unwrap().contains("Production")),
        "{told}"
    );
    assert!(
        steps.len() >= 2,
        "what the store archives by itself is a step, too: {told}"
    );
    assert_eq!(
        (&told["applied"], &told["verified"], &told["journal_id"]),
        (&json!(false), &json!(false), &Value::Null)
    );
    assert!(told["plan"]["fingerprint"].is_string());
    let text = program.run(&with(&["--plan"]));
    assert!(text.out.contains("nothing was written"), "{text:?}");
    assert!(!text.out.contains('\u{1b}'), "{text:?}");
    assert!(program.bytes() == before, "the store was changed");
    assert!(!program.journal().exists());
}

#[test]
fn without_a_terminal_to_ask_on_nothing_is_written() {
    let program = Program::new();
    let before = program.bytes();
    let refused = program.run(&with(&[]));
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("--yes"), "{refused:?}");
    assert!(program.bytes() == before, "the store was changed");
}

#[test]
fn a_read_only_session_writes_nothing_whoever_asked_for_it() {
    let program = Program::new();
    let before = program.bytes();
    let by_flag = program.command(&with(&["--yes", "--read-only"]));
    let mut by_variable = program.command(&with(&["--yes"]));
    by_variable.env("FRONTRUNNER_READ_ONLY", "true");
    program.configure(&format!(
        "[profile.look]\ntarget = \"{}\"\nread_only = true",
        program.store().display()
    ));
    let by_profile = program.command(&with(&["--yes", "--profile", "look"]));
    for command in [by_flag, by_variable, by_profile] {
        let refused = ended(command);
        assert_eq!(refused.code, 5, "{refused:?}");
        assert!(refused.err.contains("nothing was sent"), "{refused:?}");
    }
    assert!(program.bytes() == before, "the store was changed");
    assert!(!program.journal().exists());
}

#[test]
fn a_promotion_is_told_by_history_and_undone_by_rollback() {
    let program = Program::new();
    let before = judged(&sqlite(&program));
    assert_eq!(
        (&before["stages"]["4"], &before["stages"]["6"]),
        (&json!("Production"), &json!("Staging"))
    );
    let done = program.json(&with(&["--yes"]));
    assert_eq!(
        (&done["applied"], &done["verified"]),
        (&json!(true), &json!(true))
    );
    let after = judged(&sqlite(&program));
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
    assert_eq!(judged(&sqlite(&program)), before);
    let nothing_left = program.run(&["rollback", "churn-classifier", "--yes"]);
    assert_eq!(nothing_left.code, 3, "{nothing_left:?}");
}

#[test]
fn what_is_so_already_is_done_and_not_written_again() {
    let program = Program::new();
    let before = program.bytes();
    let told = program.json(&["promote", "churn-classifier/6", "--to", "staging", "--yes"]);
    assert_eq!(
        (&told["applied"], &told["verified"]),
        (&json!(false), &json!(true))
    );
    assert!(program.bytes() == before, "the store was changed");
}

#[test]
fn an_alias_moves_goes_away_and_comes_back() {
    let program = Program::new();
    let before = judged(&sqlite(&program));
    program.json(&[
        "promote",
        "churn-classifier@challenger",
        "--to",
        "@champion",
        "--yes",
    ]);
    assert_eq!(judged(&sqlite(&program))["aliases"]["champion"], "6");
    program.json(&["rollback", "churn-classifier", "--to", "@champion", "--yes"]);
    assert_eq!(judged(&sqlite(&program)), before);
    program.json(&["demote", "churn-classifier@challenger", "--yes"]);
    assert_eq!(judged(&sqlite(&program))["aliases"].get("challenger"), None);
    program.json(&["rollback", "churn-classifier", "--yes"]);
    assert_eq!(judged(&sqlite(&program)), before);
}

#[test]
fn a_wrong_place_is_wrong_usage_and_a_missing_version_matches_nothing() {
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
fn a_runs_model_is_registered_once_unless_again_is_said() {
    let program = Program::new();
    let version = &program.facts.baselines.versions[1];
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
    assert!(twice.err.contains("--again"), "{twice:?}");
    let again = program.json(&[&register[..], &["--again"]].concat());
    assert_eq!(again["version"], "2");
}

#[test]
fn a_run_without_a_recorded_model_needs_a_path() {
    let program = Program::new();
    let run = program.facts.sweep.last.raw();
    let refused = program.run(&["register", run, "--model", "fresh", "--yes"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.err.contains("--artifact"), "{refused:?}");
    let plan = program.run(&[
        "register",
        run,
        "--model",
        "fresh",
        "--artifact",
        "model",
        "--plan",
    ]);
    assert_eq!(plan.code, 0, "{plan:?}");
    assert!(plan.out.contains(&format!("runs:/{run}/model")), "{plan:?}");
}

#[test]
fn the_same_road_leads_to_a_server() {
    let program = Program::new();
    let server = Server::start(V3, program.folder());
    let before = judged(&server.url);
    let at_server =
        |arguments: &[&str]| program.json(&[arguments, &["--target", &server.url]].concat());
    let version = &program.facts.baselines.versions[1];
    let made = at_server(&["register", version.run.raw(), "--model", "fresh", "--yes"]);
    assert_eq!(
        (&made["verified"], &made["version"]),
        (&json!(true), &json!("1"))
    );
    assert_eq!(at_server(&with(&["--yes"]))["verified"], true);
    assert_eq!(judged(&server.url)["stages"]["6"], "Production");
    assert_eq!(
        at_server(&["rollback", "churn-classifier", "--yes"])["verified"],
        true
    );
    assert_eq!(judged(&server.url), before);
    let plan = program.run(&with(&["--plan", "--target", &server.url]));
    assert!(
        plan.out.contains("transition-stage"),
        "the exact request is shown: {plan:?}"
    );
}
