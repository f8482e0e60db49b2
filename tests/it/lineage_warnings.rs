//! A store of planted traps, made by MLflow: each is among the warnings of its version, in text and in JSON, without a search.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::mlflow::{V2, V3, run_script};
use serde_json::Value;

/// What a version hides, and what is told of it.
const EXPECTED_WARNINGS: [(&str, &str); 11] = [
    ("dirty", "its code had changes that were not committed"),
    ("no data", "no version of its data is recorded"),
    ("other data", "its data is not the champion's (v1)"),
    ("deleted", "is deleted: restore it"),
    (
        "leaked data",
        "it was judged on the data that it was trained on",
    ),
    (
        "leaked seed",
        "the seed leaks: split_seed and seed are both 11",
    ),
    (
        "other split",
        "the seed leaks: split_seed is 12, and 11 for the champion (v1)",
    ),
    ("failed validation", "Great Expectations: success is false"),
    ("drift", "Evidently: dataset_drift is true"),
    (
        "served",
        "served by KServe churn-served, though it holds no alias and no stage",
    ),
    (
        "archived",
        "served by KServe churn-archived, though it is archived",
    ),
];

fn run_program(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontrunner"));
    command
        .arg("--target")
        .arg(folder.join("mlflow.db"))
        .args(arguments);
    command
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
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn warnings(folder: &Path, version: &str) -> Vec<String> {
    let graph: Value =
        serde_json::from_str(&run_program(folder, &["lineage", version, "--json"])).unwrap();
    graph["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line.as_str().unwrap().to_owned())
        .collect()
}

fn assert_all_warnings(mlflow: &str) {
    let folder = tempfile::tempdir().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/evidence/samples");
    let printed = run_script(
        mlflow,
        include_str!("lineage_warnings/make.py"),
        &[folder.path().to_str().unwrap(), samples.to_str().unwrap()],
    );
    let numbers: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    let version = |what: &str| format!("churn/{}", numbers[what].to_string().trim_matches('"'));
    for what in ["champion", "good"] {
        assert_eq!(
            warnings(folder.path(), &version(what)),
            Vec::<String>::new(),
            "{what} has nothing to warn of"
        );
    }
    for (what, part) in EXPECTED_WARNINGS {
        let all = warnings(folder.path(), &version(what));
        assert!(
            all.iter().any(|line| line.contains(part)),
            "{what}: {part} is not among:\n{}",
            all.join("\n")
        );
        // The gravest comes first, and there is none that was not planted: what is older, are the samples; and whose test data is the
        // training data, has other data than the champion.
        let is_planted = |line: &String| line.contains(part.split(':').next().unwrap());
        let follows = |line: &String| {
            is_planted(line)
                || line.starts_with("older than")
                || (what == "leaked data" && line.contains("champion"))
        };
        assert!(
            is_planted(&all[0]) && all.iter().all(follows),
            "{what}: {}",
            all.join("\n")
        );
        let text = run_program(folder.path(), &["lineage", &version(what)]);
        assert!(text.contains(part), "{what}: {text}");
    }
}

#[test]
fn mlflow_3_lineage_has_every_expected_warning() {
    assert_all_warnings(V3);
}

#[test]
fn mlflow_2_lineage_has_every_expected_warning() {
    assert_all_warnings(V2);
}
