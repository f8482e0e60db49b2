//! Policy, gates, approvals and reviews on the command line, over a file and a real MLflow server, judged by MLflow's own client.

#![expect(clippy::unwrap_used, reason = "a test that can not go on should fail")]

use crate::support::mlflow::{Server, V2, V3, run_script};
use crate::support::program::{Program, ProgramOutput, run_to_end};
use serde_json::{Value, json};

const POLICY: &str = r#"
[model."churn-*"]
overrides = ["ana"]

[[model."churn-*".gate]]
name = "beats the champion"
to = ["Production", "@champion"]
require = "!has(champion) || candidate.metrics.auc >= champion.metrics.auc + 0.002"
else = "needs +0.002 auc on the champion"

[[model."churn-*".gate]]
name = "data and code are known"
require = "has(candidate.code.commit) && size(candidate.datasets) > 0"

[model."churn-*".approval]
by_someone_else = true
"#;

/// A program with the policy beside it.
fn program() -> Program {
    let program = Program::new();
    std::fs::write(program.folder().join("frontrunner.toml"), POLICY).unwrap();
    program
}

fn run_as(program: &Program, who: &str, arguments: &[&str]) -> ProgramOutput {
    let mut command = program.command(arguments);
    command.env("USER", who);
    run_to_end(command)
}

const PROMOTION: [&str; 6] = [
    "promote",
    "churn-classifier/6",
    "--to",
    "Production",
    "--archive-existing",
    "--yes",
];

#[test]
fn failing_gates_set_the_exit_code_and_block() {
    let program = program();
    let before = program.store_bytes();
    let gates = program.run(&["gates", "churn-classifier/6", "--json"]);
    assert_eq!(gates.code, 4, "{gates:?}");
    let output: Value = serde_json::from_str(&gates.stdout).unwrap();
    let verdicts: Vec<_> = output["gates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gate| gate["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(
        (verdicts, &output["passes"]),
        (vec!["pass", "pass", "absent"], &json!(false))
    );
    let refused = program.run(&PROMOTION);
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(
        refused.stderr.contains("approvals did not pass: 0 of 1"),
        "{refused:?}"
    );
    assert!(
        program.store_bytes() == before && !program.journal().exists(),
        "something was written"
    );
    // The version and the champion are named with their places.
    let gates = program.run(&["gates", "churn-classifier/6"]);
    let champion = "v6 for Production; the champion is v4, in Production, @champion";
    assert!(gates.stderr.contains(champion), "{gates:?}");
    let fails = program.run(&["gates", "churn-classifier/3", "--to", "@champion"]);
    assert!(
        fails.code == 4 && fails.stdout.contains("needs +0.002 auc"),
        "{fails:?}"
    );
}

#[test]
fn invalid_policy_blocks_everything() {
    let program = program();
    std::fs::write(
        program.folder().join("frontrunner.toml"),
        POLICY.replace("candidate.metrics", "candidate.metric"),
    )
    .unwrap();
    let before = program.store_bytes();
    for arguments in [&["gates"][..], &PROMOTION] {
        let refused = program.run(arguments);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(
            refused.stderr.contains("frontrunner.toml:8:")
                && refused.stderr.contains("did you mean `metrics`?"),
            "{refused:?}"
        );
    }
    assert_eq!(
        program.run(&["versions", "churn-classifier"]).code,
        0,
        "looking goes on"
    );
    assert!(program.store_bytes() == before);
    std::fs::write(
        program.folder().join("frontrunner.toml"),
        "read_only = true",
    )
    .unwrap();
    assert_eq!(
        program.run(&PROMOTION).code,
        5,
        "a policy can forbid writing"
    );
    assert!(program.store_bytes() == before);
}

#[test]
fn approval_lapses_when_facts_change() {
    let program = program();
    assert_eq!(
        run_as(
            &program,
            "bob",
            &[
                "review",
                "churn-classifier/6",
                "--approve",
                "--reason",
                "fine",
                "--yes"
            ]
        )
        .code,
        0
    );
    assert_eq!(program.run(&["gates", "churn-classifier/6"]).code, 0);
    assert_eq!(
        program
            .run(&["gates", "churn-classifier/6", "--to", "@champion"])
            .code,
        4,
        "it was for Production"
    );
    // Our own records change nothing of what was seen; a tag of the version does.
    assert_eq!(
        program
            .run(&["tag", "churn-classifier/6", "threshold=0.4", "--yes"])
            .code,
        0
    );
    let lapsed = program.run(&["gates", "churn-classifier/6"]);
    assert!(
        lapsed.code == 4 && lapsed.stdout.contains("1 lapsed"),
        "{lapsed:?}"
    );
    assert_eq!(
        program
            .run(&[
                "tag",
                "churn-classifier/6",
                "threshold",
                "--remove",
                "--yes"
            ])
            .code,
        0
    );
    assert_eq!(program.run(&PROMOTION).code, 0);
    let history = program.json(&["history", "churn-classifier"]);
    assert!(
        history[0]["gates"]
            .as_str()
            .unwrap()
            .contains("approvals: pass"),
        "{history}"
    );
}

#[test]
fn read_only_reviewer_exports_an_approval_file() {
    let program = program();
    let before = program.store_bytes();
    let prepare = [
        "--read-only",
        "review",
        "churn-classifier/6",
        "--approve",
        "--reason",
        "looked at it",
        "--prepare",
        "r.json",
    ];
    assert_eq!(run_as(&program, "bob", &prepare).code, 0);
    assert!(
        program.store_bytes() == before,
        "the reviewer wrote to the store"
    );
    assert_eq!(
        run_as(&program, "ana", &["review", "--submit", "r.json", "--yes"]).code,
        0
    );
    let own = program.run(&["gates", "churn-classifier/6"]);
    assert_eq!(own.code, 4, "who promotes could have made it up: {own:?}");
    assert_eq!(
        run_as(&program, "cleo", &["gates", "churn-classifier/6"]).code,
        0
    );
    // About other facts it is not taken.
    assert_eq!(
        program
            .run(&["tag", "churn-classifier/6", "threshold=0.4", "--yes"])
            .code,
        0
    );
    assert_eq!(
        run_as(&program, "ana", &["review", "--submit", "r.json", "--yes"]).code,
        7
    );
}

#[test]
fn gate_override_needs_permission_and_records_the_reason() {
    let program = program();
    // The gate that stops the promotion is named with the option that overrides it, for those who can.
    let stopped = run_as(&program, "ana", &PROMOTION);
    let way_on = "override the gate with `--override approvals --reason 'why'`";
    assert!(stopped.stderr.contains(way_on), "{}", stopped.stderr);
    let stopped = run_as(&program, "bob", &PROMOTION);
    assert!(!stopped.stderr.contains("--override"), "{}", stopped.stderr);
    let past = [&PROMOTION[..], &["--override", "approvals"]].concat();
    assert_eq!(
        run_as(&program, "bob", &[&past[..], &["--reason", "now"]].concat()).code,
        4,
        "bob may not"
    );
    assert_eq!(run_as(&program, "ana", &past).code, 4, "without a reason");
    assert_eq!(
        run_as(
            &program,
            "ana",
            &[&past[..], &["--reason", "an incident"]].concat()
        )
        .code,
        0
    );
    let history = program.json(&["history", "churn-classifier"]);
    let recorded = (
        history[0]["gates"].as_str().unwrap(),
        history[0]["reason"].as_str().unwrap(),
    );
    assert!(
        recorded.0.contains("approvals: overridden") && recorded.1 == "an incident",
        "{history}"
    );
}

#[test]
fn review_packet_is_markdown_and_json() {
    let program = program();
    let page = program
        .run(&["review", "churn-classifier/6", "--markdown"])
        .stdout;
    for part in [
        "## Review: churn-classifier/6 for Production",
        "Against churn-classifier/4, the champion",
        "❔ absent: 0 of 1 approvals",
        "auc, the goal: 0.8952, better by 0.0078",
        "+ lightgbm",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let packet = program.json(&["review", "churn-classifier/6"]);
    assert_eq!(
        (
            &packet["champion"]["version"],
            &packet["passes"],
            packet["gates"].as_array().unwrap().len()
        ),
        (&json!(4), &json!(false), 3)
    );
}

/// What MLflow's own client says of a version.
const VERSION: &str = "
import json, sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
version = client.get_model_version('churn-classifier', '6')
tags = {key: value for key, value in version.tags.items()}
print()
print(json.dumps({'tags': tags, 'description': version.description, 'model': client.get_registered_model('churn-classifier').description,
    'versions': sorted(int(v.version) for v in client.search_model_versions(\"name = 'churn-classifier'\"))}))
";

fn version_metadata(version: &str, target: &str) -> Value {
    let printed = run_script(version, VERSION, &[target]);
    serde_json::from_str(printed.trim_end().lines().last().unwrap()).unwrap()
}

/// Says everything that can be said of a version, and deletes another.
fn write_all_metadata(program: &Program, target: &str) {
    for line in [
        "review churn-classifier/6 --approve --yes --reason fine",
        "tag churn-classifier/6 team=growth --yes",
        "tag churn-classifier/6 owner=dana --yes",
        "tag churn-classifier/6 owner --remove --yes",
        "describe churn-classifier/6 shadowed --yes",
        "describe churn-classifier churns --yes",
        "delete churn-classifier/2 --yes",
    ] {
        let arguments: Vec<&str> = line.split(' ').chain(["--target", target]).collect();
        let done = run_as(program, "bob", &arguments);
        assert_eq!(done.code, 0, "{line}: {done:?}");
    }
    let held = program.run(&["delete", "churn-classifier/4", "--yes", "--target", target]);
    assert!(
        held.code == 4 && held.stderr.contains("demote it first"),
        "{held:?}"
    );
}

fn assert_metadata(metadata: &Value) {
    let tags = metadata["tags"].as_object().unwrap();
    assert_eq!(
        (tags.get("team"), tags.get("owner")),
        (Some(&json!("growth")), None)
    );
    let approval = tags
        .iter()
        .find(|(key, _)| key.starts_with("frontrunner.approval."))
        .unwrap()
        .1;
    assert_eq!(
        serde_json::from_str::<Value>(approval.as_str().unwrap()).unwrap()["by"],
        "bob"
    );
    assert_eq!(
        (&metadata["description"], &metadata["model"]),
        (&json!("shadowed"), &json!("churns"))
    );
    assert!(!metadata["versions"].as_array().unwrap().contains(&json!(2)));
}

#[test]
fn mlflow_reads_metadata_written_to_a_file() {
    let program = program();
    write_all_metadata(&program, "mlflow.db");
    assert_metadata(&version_metadata(
        V3,
        &format!("sqlite:///{}", program.store().display()),
    ));
}

#[test]
fn mlflow_reads_metadata_written_to_servers() {
    for version in [V3, V2] {
        let program = program();
        let server = if version == V3 {
            Server::start(version, program.folder())
        } else {
            old_server(&program)
        };
        write_all_metadata(&program, &server.url);
        assert_metadata(&version_metadata(version, &server.url));
    }
}

/// MLflow 2 over a store of its own, with a model of the same name.
fn old_server(program: &Program) -> Server {
    std::fs::remove_file(program.store()).unwrap();
    let server = Server::start(V2, program.folder());
    let make = "
import sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
run = client.create_run('0')
client.log_metric(run.info.run_id, 'auc', 0.9)
client.set_terminated(run.info.run_id)
client.create_registered_model('churn-classifier')
for _ in range(6):
    client.create_model_version('churn-classifier', f'runs:/{run.info.run_id}/model', run.info.run_id)
client.transition_model_version_stage('churn-classifier', '4', 'Production')
";
    run_script(V2, make, &[&server.url]);
    server
}

#[test]
fn watch_reports_changes_and_users() {
    let program = Program::new();
    let mut watch = program.command(&[
        "watch",
        "churn-classifier",
        "--every",
        "1",
        "--looks",
        "5",
        "--jsonl",
    ]);
    watch
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null());
    let watching = watch.spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    assert_eq!(
        program
            .run(&[
                "promote",
                "churn-classifier/5",
                "--to",
                "@shadow",
                "--yes",
                "--reason",
                "try it"
            ])
            .code,
        0
    );
    let output = watching.wait_with_output().unwrap();
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&line["target"], &line["to"], &line["who"], &line["reason"]),
        (
            &json!("@shadow"),
            &json!("churn-classifier/5"),
            &json!("ana"),
            &json!("try it")
        )
    );
}

/// The pipeline of the README, as it stands in `examples/ci`, on a real server.
#[test]
fn readme_pipeline_promotes_only_improvements() {
    let program = Program::new();
    let server = Server::start(V3, program.folder());
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ci");
    for file in ["pipeline.sh", "train.py", "frontrunner.toml"] {
        std::fs::copy(examples.join(file), program.folder().join(file)).unwrap();
    }
    let binaries = [
        crate::support::mlflow::python(V3),
        env!("CARGO_BIN_EXE_frontrunner").into(),
    ];
    let path: Vec<String> = binaries
        .iter()
        .map(|binary| binary.parent().unwrap().display().to_string())
        .collect();
    let build = |c: &str| {
        let mut pipeline = program.command(&[]);
        let environment: Vec<_> = pipeline
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        pipeline = std::process::Command::new("sh");
        pipeline
            .arg("pipeline.sh")
            .current_dir(program.folder())
            .env_clear()
            .envs(environment);
        pipeline.env(
            "PATH",
            format!("{}:{}", path.join(":"), std::env::var("PATH").unwrap()),
        );
        pipeline.envs([
            ("MLFLOW_TRACKING_URI", server.url.as_str()),
            ("C", c),
            ("GIT_PYTHON_REFRESH", "quiet"),
            // Requirements are not what this is about, and inferring them takes half a minute.
            ("MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT", "1"),
        ]);
        run_to_end(pipeline)
    };
    let champion = || {
        let printed = run_script(
            V3,
            "import sys, mlflow; print(mlflow.MlflowClient(sys.argv[1]).get_model_version_by_alias('churn', 'champion').version)",
            &[&server.url],
        );
        printed.trim().lines().last().unwrap().to_owned()
    };
    let first = build("1.0");
    assert_eq!((first.code, champion().as_str()), (0, "1"), "{first:?}");
    let worse = build("0.0001");
    assert_eq!((worse.code, champion().as_str()), (4, "1"), "{worse:?}");
    let review = std::fs::read_to_string(program.folder().join("review.md")).unwrap();
    assert!(
        review.contains("❌ fail: is worse than the champion"),
        "{review}"
    );
    let again = build("1.0");
    assert_eq!((again.code, champion().as_str()), (0, "3"), "{again:?}");
}
