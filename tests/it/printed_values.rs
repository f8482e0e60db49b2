//! Values of every length and magnitude are printed whole: on a narrow terminal, in Markdown, in CSV and in the run table. Orders
//! and columns are checked as MLflow checks them.

use std::path::PathBuf;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::support::mlflow::run_script;
use crate::support::program::{ProgramOutput, run_to_end};
use crate::support::pty::PtyCommand;

const MLFLOW: &str = "3.17.2";

/// Writes runs whose values are hard to print.
const SCRIPT: &str = r#"
import math, sys, mlflow
from mlflow import MlflowClient
mlflow.set_tracking_uri("sqlite:///" + sys.argv[1]); c = MlflowClient()
for n in ("2", "first", "third"): c.create_run(c.create_experiment(n), run_name=f"in {n}")
m = c.create_registered_model("widths").name; r = c.create_run("0").info.run_id; c.create_model_version(m, f"runs:/{r}/model", r)
mlflow.set_experiment("widths")
for m in ({"loss": 12.5, "r2": -3.5}, {"loss": 0.0213, "r2": 0.8812}, {"loss": 12345.0}, {"loss": math.nan, "r2": 1.5}):
    with mlflow.start_run(): mlflow.log_metrics(m)
mlflow.set_experiment("lora")
for i in range(3):
    with mlflow.start_run(run_name=f"lora-{i}"):
        mlflow.log_param("peft_config.target_modules.attention.self.query.key.value.output.dense.lora", str(bool(i)))
        mlflow.log_param("config", str({"layers": [{"units": 64, "act": "relu"}] * 4, "dropout": 0.1 + i / 10}))
        mlflow.log_param("lr", "np.float64(0.1)" if i else "0.1")
        mlflow.log_param("layer_10", i); mlflow.log_param("layer_2", i)
        mlflow.log_metric("auc", 0.5); mlflow.log_metric("logloss", 0.7 - i / 10); mlflow.log_metric("system/cpu", i)
        mlflow.set_tag("message", "fix: \"thing\"\n\nbody\tend"); mlflow.set_tag("formula", "=1+1")
"#;

fn store() -> PathBuf {
    static STORE: OnceLock<TempDir> = OnceLock::new();
    let folder = STORE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mlflow.db");
        run_script(MLFLOW, SCRIPT, &[path.to_str().unwrap()]);
        folder
    });
    folder.path().join("mlflow.db")
}

fn run(arguments: &[&str]) -> ProgramOutput {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_frontrunner"));
    command
        .args(arguments)
        .arg("--target")
        .arg(store())
        .env("LANG", "C.UTF-8")
        .env("XDG_CONFIG_HOME", store().with_file_name("config"));
    run_to_end(command)
}

fn names(output: &ProgramOutput) -> Vec<String> {
    assert_eq!(output.code, 0, "{output:?}");
    let runs: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    let runs = runs.as_array().unwrap().iter();
    runs.map(|run| run["run_name"].as_str().unwrap().to_owned())
        .collect()
}

/// The output on a terminal of 80 columns, without line ends and repeated spaces.
fn on_terminal(arguments: &[&str]) -> String {
    let target = store();
    let arguments = [arguments, &["--target", target.to_str().unwrap()]].concat();
    let config = store().with_file_name("config");
    let mut pty = PtyCommand::new(env!("CARGO_BIN_EXE_frontrunner"), &arguments)
        .env("XDG_CONFIG_HOME", &config)
        .size(80, 60)
        .spawn();
    assert_eq!(pty.wait_for_end(), 0, "{}", pty.text());
    pty.text()
}

#[test]
fn narrow_terminal_lists_the_whole_history() {
    let history = on_terminal(&["history", "widths"]);
    for part in ["as widths", "to          widths/1", "origin      registry"] {
        assert!(history.contains(part), "{part}:\n{history}");
    }
    assert!(!history.contains("don't fit"), "{history}");
}

#[test]
fn narrow_terminal_shows_every_run_and_every_value() {
    let compared = on_terminal(&["compare", "lora-0", "lora-1", "lora-2", "--diff"]);
    for part in [
        "lora-0",
        "lora-1",
        "lora-2",
        "'dropout': 0.1",
        "'dropout': 0.2",
        "'dropout': 0.3",
    ] {
        let flat: String = compared.split_whitespace().collect();
        let part: String = part.split_whitespace().collect();
        assert!(
            flat.contains(&part) || compared.contains(&part),
            "{part}:\n{compared}"
        );
    }
    assert!(!compared.contains("start_time"), "{compared}");
    assert!(!compared.contains("system/cpu"), "{compared}");
    let (ten, two) = (
        compared.find("layer_10").unwrap(),
        compared.find("layer_2").unwrap(),
    );
    assert!(two < ten, "{compared}");
    let shown = on_terminal(&["show", "lora-1"]);
    for part in ["param", "True", "0.2}", "np.float64(0.1)"] {
        assert!(shown.contains(part), "{part}:\n{shown}");
    }
}

#[test]
fn numpy_scalars_are_no_difference() {
    let compared = run(&["compare", "lora-0", "lora-1", "--json"]);
    let compared: serde_json::Value = serde_json::from_str(&compared.stdout).unwrap();
    let rows = compared["rows"].as_array().unwrap();
    let lr = rows.iter().find(|row| row["key"] == "lr").unwrap();
    assert_eq!(lr["differs"], false);
}

#[test]
fn markdown_keeps_different_values_apart() {
    let page = run(&["compare", "lora-0", "lora-1", "lora-2", "--markdown"]).stdout;
    let line = page
        .lines()
        .find(|line| line.starts_with("| config"))
        .unwrap();
    let cells: std::collections::BTreeSet<&str> = line.trim_matches('|').split('|').collect();
    assert_eq!(cells.len(), 4, "{line}");
}

#[test]
fn csv_is_lossless_and_names_its_units() {
    let csv = run(&[
        "runs",
        "lora",
        "--csv",
        "--columns",
        "start_time,duration,tags.message,tags.formula",
    ]);
    let head = "start_time_ms,duration_ms,tags.message,tags.formula\r\n";
    assert!(csv.stdout.starts_with(head), "{csv:?}");
    let cell = "\"fix: \"\"thing\"\"\n\nbody\tend\",'=1+1\r\n";
    assert!(csv.stdout.contains(cell), "{csv:?}");
}

#[test]
fn orders_are_lists_as_in_mlflow() {
    let list = names(&run(&[
        "runs",
        "lora",
        "--json",
        "--order-by",
        "metrics.auc DESC, metrics.logloss ASC",
    ]));
    let repeated = [
        "runs",
        "lora",
        "--json",
        "--order-by",
        "metrics.auc DESC",
        "--order-by",
        "metrics.logloss",
    ];
    assert_eq!(list, ["lora-2", "lora-1", "lora-0"]);
    assert_eq!(names(&run(&repeated)), list);
    let oldest_first = [
        "runs",
        "lora",
        "--json",
        "--order-by",
        "metrics.auc DESC, start_time",
    ];
    assert_eq!(names(&run(&oldest_first)), ["lora-0", "lora-1", "lora-2"]);
}

#[test]
fn unknown_orders_and_columns_are_refused() {
    for (option, value, advice) in [
        ("--order-by", "nope", "no run has it"),
        (
            "--order-by",
            "metrics.auc DESCENDING",
            "did you mean `DESC`?",
        ),
        (
            "--order-by",
            "metrics.auc DESC NULLS FIRST",
            "missing values always come last",
        ),
        (
            "--order-by",
            "metrics.aucc DESC",
            "did you mean `metrics.auc`?",
        ),
        (
            "--columns",
            "run_name,metrics.aucc",
            "did you mean `metrics.auc`?",
        ),
        ("--columns", "strat_time", "did you mean `start_time`?"),
    ] {
        for format in ["--color=never", "--jsonl", "--csv"] {
            if format == "--jsonl" && option == "--columns" {
                continue;
            }
            let refused = run(&["runs", "lora", option, value, format]);
            assert_eq!(refused.code, 2, "{value}: {refused:?}");
            assert!(refused.stderr.contains(advice), "{value}: {refused:?}");
        }
    }
    // A key that only other runs have is known.
    let filtered = [
        "runs",
        "lora",
        "--filter",
        "run_name = 'none'",
        "--order-by",
        "metrics.auc",
    ];
    assert_eq!(run(&filtered).code, 0);
}

#[test]
fn goal_with_an_unknown_metric_offers_the_nearest() {
    let refused = run(&["best", "lora", "--goal", "loss"]);
    assert!(
        refused.code != 0 && refused.stderr.contains("`logloss min`"),
        "{refused:?}"
    );
}

#[test]
fn experiment_named_like_another_id_is_reported() {
    let refused = run(&["runs", "2"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("name:2"), "{refused:?}");
    assert_eq!(names(&run(&["runs", "name:2", "--json"])), ["in 2"]);
    assert_eq!(
        names(&run(&["runs", "--experiment", "first", "--json"])),
        ["in first"]
    );
}

#[test]
fn run_table_cuts_no_number() {
    let target = store();
    let config = store().with_file_name("config");
    let arguments = [
        "--target",
        target.to_str().unwrap(),
        "--experiment",
        "widths",
    ];
    let pty = PtyCommand::new(env!("CARGO_BIN_EXE_frontrunner"), &arguments)
        .env("XDG_CONFIG_HOME", &config)
        .size(80, 24)
        .spawn();
    pty.wait_for("4 of 4 runs");
    for value in ["12.5", "0.0213", "12345", "NaN", "-3.5", "0.8812"] {
        pty.wait_for(value);
    }
    let screen = pty.text();
    let table: Vec<&str> = screen.lines().skip(2).take(5).collect();
    assert!(table.iter().all(|line| !line.contains('…')), "{screen}");
    // Single points leave the room of their curves to other columns.
    assert!(!table[0].contains("curve"), "{screen}");
}
