//! Versions with one problem each, made by MLflow: `lineage` warns of it first, in text and in JSON.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::mlflow::{V2, V3, run_script};
use serde_json::Value;

/// The problem of a version, and its warning.
const EXPECTED_WARNINGS: [(&str, &str); 11] = [
    ("dirty", "dirty commit"),
    ("no data", "data version not recorded"),
    (
        "other data",
        "data differs from the champion's (v1, @champion)",
    ),
    ("deleted", "is deleted: restore it"),
    ("leaked data", "evaluated on training data"),
    ("leaked seed", "seed leak: split_seed and seed are both 11"),
    (
        "other split",
        "seed leak: split_seed is 12, the champion's (v1, @champion) is 11",
    ),
    ("failed validation", "Great Expectations: success is false"),
    ("drift", "Evidently: dataset_drift is true"),
    (
        "served",
        "served by KServe churn-served but has no stage and no alias",
    ),
    ("archived", "served by KServe churn-archived but archived"),
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
            "{what} has no problem"
        );
    }
    for (what, part) in EXPECTED_WARNINGS {
        let all = warnings(folder.path(), &version(what));
        assert!(
            all.iter().any(|line| line.contains(part)),
            "{what}: no {part} in:\n{}",
            all.join("\n")
        );
        // The problem comes first. Two others are expected: the samples are older than the versions, and evaluating on the training
        // data changes the data.
        let is_expected = |line: &String| line.contains(part.split(':').next().unwrap());
        let follows = |line: &String| {
            is_expected(line)
                || line.starts_with("evidence older than")
                || (what == "leaked data" && line.contains("champion"))
        };
        assert!(
            is_expected(&all[0]) && all.iter().all(follows),
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
