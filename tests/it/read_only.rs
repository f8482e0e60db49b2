//! A read-only session can't write: whatever is typed, a server is only asked to read, and a file keeps every byte.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can not go on should fail"
)]

mod key_walk;

use std::collections::BTreeSet;

use crate::support::mlflow::{Server, V3};
use crate::support::program::Program;
use crate::support::recorder::RecordingProxy;
use frontrunner::store::rest::endpoints::{ALLOWED, is_allowed_read};

/// A promotion, which leaves an entry in the journal that could be undone.
const PROMOTION: [&str; 7] = [
    "promote",
    "churn-classifier/6",
    "--to",
    "Production",
    "--reason",
    "better AUC",
    "--yes",
];

/// Every subcommand that asks a store, with the code that it ends with.
fn commands(program: &Program) -> Vec<(Vec<String>, i32)> {
    let run = program.manifest.baselines.versions[1].run.raw();
    let other = program.manifest.baselines.versions[0].run.raw();
    let entry = std::fs::read_to_string(program.journal()).unwrap();
    let entry = entry.lines().find_map(|line| {
        serde_json::from_str::<serde_json::Value>(line).unwrap()["id"]
            .as_str()
            .map(str::to_owned)
    });
    let undo = format!(
        "rollback churn-classifier --yes --entry {}",
        entry.unwrap_or_default()
    );
    let lines = [
        ("experiments --all".to_owned(), 0),
        ("runs iris-baselines".to_owned(), 0),
        (
            "runs churn-releases --filter metrics.auc>0.88".to_owned(),
            0,
        ),
        (format!("show {run}"), 0),
        (format!("compare {run} {other}"), 0),
        (
            format!(
                "chart {run} {other} --metric accuracy --out {}",
                program.folder().join("chart.png").display()
            ),
            0,
        ),
        ("best churn-releases".to_owned(), 0),
        ("drivers churn-releases --goal auc".to_owned(), 0),
        ("models".to_owned(), 0),
        ("versions churn-classifier".to_owned(), 0),
        ("lineage churn-classifier/6".to_owned(), 0),
        ("lineage churn-classifier/6 --dot".to_owned(), 0),
        ("versions --made-from digest:e767a939".to_owned(), 0),
        (format!("versions --made-from run:{run}"), 0),
        ("download no-such-run --out nowhere".to_owned(), 3),
        ("evidence churn-classifier/6 --explain".to_owned(), 0),
        ("versions churn-classifier --evidence".to_owned(), 0),
        ("reproduce churn-classifier/6".to_owned(), 0),
        ("history churn-classifier".to_owned(), 0),
        ("history churn-classifier --at 2026-01-01".to_owned(), 0),
        ("gates churn-classifier/6".to_owned(), 0),
        ("review churn-classifier/6".to_owned(), 0),
        (
            format!(
                "review churn-classifier/6 --approve --prepare {}",
                program.folder().join("review.json").display()
            ),
            0,
        ),
        ("watch churn-classifier --looks 1".to_owned(), 0),
        ("review churn-classifier/6 --approve --yes".to_owned(), 5),
        ("tag churn-classifier/6 team=growth --yes".to_owned(), 5),
        ("describe churn-classifier text --yes".to_owned(), 5),
        ("delete churn-classifier/1 --yes".to_owned(), 5),
        (format!("delete {run} {other} --yes"), 5),
        ("runs churn-sweep --deleted".to_owned(), 0),
        // What is already in use is not restored.
        (format!("restore {run} --yes"), 0),
        // MLflow has no such requests.
        (
            "request churn-classifier/5 --to Production --yes".to_owned(),
            4,
        ),
        ("doctor".to_owned(), 0),
        ("config show".to_owned(), 0),
        ("completions bash".to_owned(), 0),
        (
            "promote churn-classifier/5 --to Staging --plan".to_owned(),
            0,
        ),
        (format!("register {run} --model fresh --yes"), 5),
        (
            format!("register {run} --model iris-forest --again --yes"),
            5,
        ),
        ("copy churn-classifier/6 --to copied --plan".to_owned(), 0),
        ("copy churn-classifier/6 --to copied --yes".to_owned(), 5),
        (
            "promote churn-classifier/5 --to Production --archive-existing --yes".to_owned(),
            5,
        ),
        (
            "promote churn-classifier/5 --to @champion --yes".to_owned(),
            5,
        ),
        ("demote churn-classifier/6 --yes".to_owned(), 5),
        ("demote churn-classifier@champion --yes".to_owned(), 5),
        ("rollback churn-classifier --yes".to_owned(), 5),
        (undo, 5),
    ];
    lines
        .into_iter()
        .map(|(line, code)| (line.split(' ').map(str::to_owned).collect(), code))
        .collect()
}

/// Runs every subcommand for looking only. Returns the lines that ended otherwise than they should.
fn run_all_commands(program: &Program, target: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for (line, code) in commands(program) {
        let line: Vec<&str> = line
            .iter()
            .map(String::as_str)
            .chain(["--read-only", "--target", target])
            .collect();
        let ended = program.run(&line);
        if ended.code != code || (code == 5 && !ended.stderr.contains("nothing was written")) {
            wrong.push(format!("{line:?} should end with {code}: {ended:?}"));
        }
    }
    wrong
}

/// The subcommands that no store is asked by.
const COMMANDS_WITHOUT_STORE: [&str; 3] = ["demo", "help", "man"];

#[test]
fn every_subcommand_is_covered() {
    let program = Program::new();
    program.run(&PROMOTION);
    let help = program.run(&["--help"]).stdout;
    let listed = help
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.is_empty());
    let listed: BTreeSet<&str> = listed
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let lines = commands(&program);
    let tried: BTreeSet<&str> = lines
        .iter()
        .map(|(line, _)| line[0].as_str())
        .chain(COMMANDS_WITHOUT_STORE)
        .collect();
    assert_eq!(listed, tried);
}

#[test]
fn server_receives_only_reads() {
    let program = Program::new();
    let server = Server::start(V3, program.folder());
    let recorder = RecordingProxy::start(&server.url);
    // What is looked for can be seen: a session that may write does.
    assert_eq!(
        program
            .run(&[&PROMOTION[..], &["--target", &recorder.url]].concat())
            .code,
        0
    );
    assert!(
        recorder
            .take_requests()
            .iter()
            .any(|(method, path)| !is_allowed_read(method, path)),
        "a write was not recorded"
    );

    recorder.keep_answers();
    let wrong = run_all_commands(&program, &recorder.url);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    std::thread::scope(|threads| {
        for screens in key_walk::SCREENS.chunks(5) {
            let (program, target) = (&program, &recorder.url);
            threads.spawn(move || {
                for screen in screens {
                    key_walk::walk_screen(program.folder(), target, screen);
                }
            });
        }
    });
    let requests = recorder.take_requests();
    let writes: Vec<_> = requests
        .iter()
        .filter(|(method, path)| !is_allowed_read(method, path))
        .collect();
    assert!(writes.is_empty(), "{writes:?}");
    // The walk went everywhere: nothing that the app reads was left out.
    let asked_for = |template: &str| {
        requests
            .iter()
            .any(|(_, path)| matches_template(path, template))
    };
    let unasked: Vec<_> = ALLOWED
        .iter()
        .map(|(.., template)| *template)
        .filter(|template| !asked_for(template))
        .collect();
    assert_eq!(unasked, UNTESTED_ENDPOINTS);
}

/// Endpoints without a request here: one version by itself, lists of workspaces of a server that has none, transition requests, and
/// all that only Databricks and Unity Catalog have.
const UNTESTED_ENDPOINTS: [&str; 15] = [
    "api/3.0/mlflow/workspaces",
    "api/2.0/mlflow/model-versions/get",
    "api/2.0/mlflow/transition-requests/list",
    "api/2.0/mlflow/artifacts/credentials-for-read",
    "api/2.0/mlflow/logged-models/{}/artifacts/credentials-for-download",
    "api/2.0/mlflow/users/current",
    "api/2.0/mlflow/unity-catalog/registered-models/search",
    "api/2.0/mlflow/unity-catalog/registered-models/get",
    "api/2.0/mlflow/unity-catalog/model-versions/search",
    "api/2.0/mlflow/unity-catalog/model-versions/get",
    "api/2.1/unity-catalog/models",
    "api/2.1/unity-catalog/models/{}",
    "api/2.1/unity-catalog/models/{}/versions",
    "api/2.1/unity-catalog/catalogs",
    "api/2.1/unity-catalog/schemas",
];

/// Whether a path is one of a template's.
fn matches_template(path: &str, template: &str) -> bool {
    let parts: Vec<&str> = path
        .split('?')
        .next()
        .unwrap_or_default()
        .trim_matches('/')
        .split('/')
        .collect();
    let wanted: Vec<&str> = template.split('/').collect();
    parts.len() == wanted.len()
        && parts
            .iter()
            .zip(&wanted)
            .all(|(part, wanted)| *wanted == "{}" || part == wanted)
}

/// What is looked for can be seen: the same keys write where the session may.
#[test]
fn writing_keys_write_in_a_writable_session() {
    let program = Program::new();
    let (bytes, target) = (program.store_bytes(), program.store().display().to_string());
    key_walk::promote_until_written(program.folder(), &target, || program.store_bytes() != bytes);
}

#[test]
fn sqlite_file_is_unchanged() {
    let program = Program::new();
    assert_eq!(program.run(&PROMOTION).code, 0);
    let (bytes, journal) = (
        program.store_bytes(),
        std::fs::read(program.journal()).unwrap(),
    );
    let changed = std::fs::metadata(program.store())
        .unwrap()
        .modified()
        .unwrap();
    let target = program.store().display().to_string();
    let wrong = run_all_commands(&program, &target);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    key_walk::assert_writing_keys_are_refused(program.folder(), &target);
    for screen in key_walk::SCREENS {
        key_walk::walk_screen(program.folder(), &target, screen);
    }
    assert!(program.store_bytes() == bytes, "the file was changed");
    assert!(
        std::fs::metadata(program.store())
            .unwrap()
            .modified()
            .unwrap()
            == changed,
        "the file was written"
    );
    assert!(
        std::fs::read(program.journal()).unwrap() == journal,
        "the journal was changed"
    );
    let beside = std::fs::read_dir(program.folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let beside: Vec<_> = beside
        .filter(|name| name.starts_with("mlflow.db-"))
        .collect();
    assert!(beside.is_empty(), "{beside:?}");
}
