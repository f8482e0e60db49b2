//! The review of versions with planted traps, made by MLflow: thirteen questions, the same answers in every format.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use frontrunner::store::{AccessMode, StoreTarget};
use frontrunner::tui::app::layout::Size;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::driver::Driver;
use crate::support::mlflow::{V3, run_script};

/// The questions, as programs and people read them.
const QUESTIONS: [(&str, &str); 13] = [
    ("code", "Which code?"),
    ("dirty", "Uncommitted?"),
    ("data", "Which data?"),
    ("params", "Which params differ?"),
    ("metrics", "Better or worse?"),
    ("validation", "Validated?"),
    ("drift", "Drift?"),
    ("approval", "Who approved?"),
    ("serving", "Who serves it?"),
    ("last_move", "Who moved it last?"),
    ("reproducible", "Reproducible?"),
    ("not_known", "What is not known?"),
    ("outlook", "If promoted?"),
];

/// The store, made once.
fn store() -> &'static TempDir {
    static STORE: OnceLock<TempDir> = OnceLock::new();
    STORE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        run_script(
            V3,
            include_str!("review/make.py"),
            &[folder.path().to_str().unwrap()],
        );
        folder
    })
}

fn run_program(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontrunner"));
    command
        .arg("--target")
        .arg(folder.join("mlflow.db"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .env_remove("MLFLOW_TRACKING_URI");
    for name in ["config", "data", "cache"] {
        command.env(
            format!("FRONTRUNNER_{}_DIR", name.to_uppercase()),
            folder.join("home").join(name),
        );
    }
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 3 | 4)), "{errors}");
    format!("{}{errors}", String::from_utf8_lossy(&output.stdout))
}

fn review(version: &str) -> Value {
    let text = run_program(store().path(), &["review", version, "--json"]);
    serde_json::from_str(&text).unwrap()
}

/// The lines of each answer, joined.
fn answers(review: &Value) -> BTreeMap<String, String> {
    let all = review["answers"].as_array().unwrap();
    let keys: Vec<&str> = all.iter().map(|one| one["key"].as_str().unwrap()).collect();
    assert_eq!(keys, QUESTIONS.map(|(key, _)| key));
    all.iter()
        .map(|one| {
            let lines = one["lines"].as_array().unwrap();
            let lines: Vec<&str> = lines.iter().map(|line| line.as_str().unwrap()).collect();
            (one["key"].as_str().unwrap().to_owned(), lines.join("\n"))
        })
        .collect()
}

#[track_caller]
fn assert_answers(version: &str, expected: &[(&str, &str)]) {
    let review = review(version);
    let answers = answers(&review);
    assert!(answers.values().all(|answer| !answer.is_empty()));
    for (key, part) in expected {
        let answer = &answers[*key];
        assert!(
            answer.contains(part),
            "{version}, {key}: no {part} in:\n{answer}"
        );
    }
}

#[test]
fn candidate_is_compared_with_the_champion_in_every_answer() {
    assert_answers(
        "fraud/2",
        &[
            ("code", "commit bbbbbbb"),
            ("code", "the champion's is aaaaaaa"),
            ("dirty", "yes: uncommitted changes that were not recorded"),
            ("data", "the same as the champion's\n"),
            ("params", "2 of 3 differ"),
            ("params", "depth: 5, champion 3"),
            ("metrics", "1 better, 1 worse, 1 cannot be judged"),
            // Only the experiment's goal says that less regret is better.
            (
                "metrics",
                "regret, the goal: 0.4, worse by 0.1 (champion 0.3, lower is better)",
            ),
            ("metrics", "auc: 0.92, better by 0.02"),
            ("validation", "not yet: validation is pending"),
            ("drift", "not known: no drift report was found"),
            ("approval", "Reviewed-By is bo (tag of fraud/2)"),
            ("approval", "the champion: approved_by is elena"),
            ("serving", "not known"),
            ("serving", "Production: fraud/1, @champion: fraud/1"),
            ("serving", "Served at /v1/fraud."),
            ("last_move", "fraud/2: not known, no record was found"),
            (
                "reproducible",
                "run: partly: train.py, its arguments are not recorded",
            ),
            ("not_known", "drift: no drift report was found"),
            ("not_known", "who serves it"),
            ("outlook", "fraud/2 moves from None to Production"),
            (
                "outlook",
                "fraud/1 moves from Production to Archived, by the store",
            ),
            ("outlook", "@champion stays on fraud/1, which is archived"),
        ],
    );
    let review = review("fraud/2");
    // One of two evaluation sets is the training set: no leak.
    let warnings = review["warnings"].to_string();
    assert!(
        !warnings.contains("evaluated on training data"),
        "{warnings}"
    );
    assert!(
        warnings.contains("uncommitted changes were not recorded"),
        "{warnings}"
    );
    assert_eq!(review["same_size_other_content"][0], "model/MLmodel");
    assert_eq!(review["same_size_other_content"][1], "model/model.bin");
    let text = run_program(store().path(), &["review", "fraud/2"]);
    for part in [
        "- Python 3.11.7",
        "+ Python 3.12.8",
        "- device cuda",
        "model/model.bin  same size (4 B), other content",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn missing_run_external_model_and_dangling_champion_are_named() {
    assert_answers(
        "fraud/3",
        &[
            ("code", "could not be read, it may be deleted"),
            ("data", "could not be read, it may be deleted"),
            ("params", "could not be read, it may be deleted"),
            ("metrics", "could not be read, it may be deleted"),
            ("reproducible", "no\n"),
            ("not_known", "not read: run"),
        ],
    );
    assert_answers(
        "orphan/2",
        &[
            (
                "metrics",
                "@champion points to orphan/1, which does not exist",
            ),
            (
                "params",
                "@champion points to orphan/1, which does not exist",
            ),
            ("serving", "@champion: orphan/1 (does not exist)"),
        ],
    );
    let orphan = run_program(store().path(), &["review", "orphan/2"]);
    assert!(
        orphan.contains("The champion is unknown: @champion points to orphan/1"),
        "{orphan}"
    );
    assert_answers(
        "agent/1",
        &[("code", "not known"), ("metrics", "not known")],
    );
    let own = run_program(store().path(), &["review", "fraud/1"]);
    assert!(own.contains("fraud/1 is the champion itself"), "{own}");
}

#[test]
fn gate_that_reads_a_dangling_champion_does_not_pass() {
    let policy = store().path().join("dangling.toml");
    let text = "[[model.'*'.gate]]\nname = 'beats'\nrequire = '!has(champion) || candidate.metrics.auc > champion.metrics.auc'\n";
    std::fs::write(&policy, text).unwrap();
    let policy = policy.to_str().unwrap();
    let printed = run_program(
        store().path(),
        &["--policy", policy, "gates", "orphan/2", "--to", "@champion"],
    );
    assert!(printed.contains("absent"), "{printed}");
    assert!(
        printed.contains("orphan/1, which does not exist"),
        "{printed}"
    );
    let plan = run_program(
        store().path(),
        &[
            "--policy",
            policy,
            "promote",
            "orphan/2",
            "--to",
            "@champion",
            "--plan",
        ],
    );
    let lines: Vec<&str> = plan.lines().collect();
    assert!(lines[2].contains("the gate does not pass: beats"), "{plan}");
}

#[test]
fn plan_warns_as_the_lineage_does_before_the_change() {
    let arguments = [
        "promote",
        "fraud/2",
        "--to",
        "Production",
        "--archive-existing",
        "--plan",
    ];
    let json = run_program(store().path(), &[&arguments[..], &["--json"]].concat());
    let json: Value = serde_json::from_str(&json).unwrap();
    let warnings = json["plan"]["warnings"].to_string();
    for part in [
        "uncommitted changes were not recorded",
        "version_validated is pending",
        "@champion stays on fraud/1, which is archived",
    ] {
        assert!(warnings.contains(part), "{part}: {warnings}");
    }
    let text = run_program(store().path(), &arguments);
    let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part}: {text}"));
    assert!(at("verdict:") < at("warning:"));
    assert!(at("warning: @champion") < at("None → Production"));
    assert!(at("Production → Archived") < at("record on"));
    let vanished = run_program(
        store().path(),
        &["promote", "fraud/3", "--to", "Production", "--plan"],
    );
    assert!(
        vanished.contains("could not be read, it may be deleted"),
        "{vanished}"
    );
}

#[test]
fn every_format_has_the_thirteen_answers() {
    let markdown = run_program(store().path(), &["review", "fraud/2", "--markdown"]);
    let text = run_program(store().path(), &["review", "fraud/2"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mlflow.db");
    std::fs::copy(store().path().join("mlflow.db"), &file).unwrap();
    let size = Size {
        width: 80,
        height: 24,
    };
    let mut driver = Driver::open_target(
        &StoreTarget::Sqlite(file),
        AccessMode::ReadWrite,
        size,
        folder,
    );
    driver.press("4").press("f ctrl-u").type_text("fraud");
    driver.press("enter enter g j D");
    let mut screens = driver.screen();
    assert!(screens.contains("Verdict: no gate applies"), "{screens}");
    for _ in 0..10 {
        driver.press("pagedown");
        screens.push_str(&driver.screen());
    }
    for (_, question) in QUESTIONS {
        assert!(
            markdown.contains(&format!("**{question}**")),
            "{question}: {markdown}"
        );
        assert!(text.contains(question), "{question}: {text}");
        assert!(screens.contains(question), "{question}: {screens}");
    }
    for answer in [
        "2 of 3 differ",
        "the same as the champion's",
        "validation is pending",
    ] {
        assert!(markdown.contains(answer) && text.contains(answer) && screens.contains(answer));
    }
}

#[test]
fn review_of_a_prompt_is_about_its_text() {
    let text = run_program(store().path(), &["review", "asks/2", "--to", "@production"]);
    for part in [
        "the text differs from the champion's",
        "this text: Answer {{question}} in one line.",
        "the champion's: Answer {{question}}.",
        "does not apply: a prompt has no run",
        "yes: everything needed is recorded",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert!(!text.contains("not recorded"), "{text}");
    let text = run_program(store().path(), &["review", "asks/2"]);
    let title = text.lines().next().unwrap();
    assert!(title.contains("@champion"), "{text}");
}

#[test]
fn hundreds_of_aliases_are_counted() {
    let text = run_program(store().path(), &["review", "crowd/2"]);
    let first = text
        .lines()
        .find(|line| line.starts_with("Against"))
        .unwrap();
    assert!(first.contains("it holds @champion, "), "{first}");
    assert!(first.contains("and 295 more"), "{first}");
    assert!(text.contains("and 289 more aliases"), "{text}");
    assert!(text.contains("@champion: crowd/1"), "{text}");
}

#[test]
fn command_with_a_dangling_alias_names_what_it_points_to() {
    let text = run_program(store().path(), &["lineage", "orphan@champion"]);
    assert!(
        text.contains("@champion points to orphan/1, which does not exist"),
        "{text}"
    );
}
