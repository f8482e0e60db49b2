//! Every subcommand that reads, over wandb's own runs; and those that write, which say why they don't.

use serde_json::Value;

use super::samples;
use crate::support::program::Program;

#[test]
fn reading_subcommands_work_on_wandb_runs() {
    let program = Program::new();
    let target = samples("0.19.11");
    let target = target.to_str().unwrap();
    let ask = |arguments: &[&str]| program.json(&[arguments, &["--target", target]].concat());
    let experiments = ask(&["experiments"]);
    let names: Vec<&str> = experiments
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 2, "{experiments}");
    let runs = ask(&["runs", "ana-team/churn"]);
    assert_eq!(runs.as_array().map(Vec::len), Some(3));
    let filtered = ask(&[
        "runs",
        "ana-team/churn",
        "--filter",
        "metrics.loss < 0.5 and tags.candidate = 'true'",
    ]);
    assert_eq!(filtered.as_array().map(Vec::len), Some(1), "{filtered}");
    let shown = ask(&["show", "forest-1", "--experiment", "ana-team/churn"]);
    assert!(shown.to_string().contains("best_loss.min"));
    let compared = ask(&["compare", "aaaa1111", "bbbb2222"]);
    assert!(compared.to_string().contains("optim.name"));
    let best = ask(&["best", "ana-team/churn", "--goal", "loss min"]);
    assert!(best.to_string().contains("aaaa1111"), "{best}");
    let picture = program.folder().join("loss.svg");
    let drawn = program.run(&[
        "chart",
        "aaaa1111",
        "bbbb2222",
        "--metric",
        "loss",
        "--out",
        picture.to_str().unwrap(),
        "--target",
        target,
    ]);
    assert_eq!(drawn.code, 0, "{drawn:?}");
    assert!(std::fs::read_to_string(picture).is_ok_and(|svg| svg.contains("forest-1")));
}

#[test]
fn writes_and_registry_commands_are_unsupported() {
    let program = Program::new();
    let target = samples("0.16.6");
    let target = target.to_str().unwrap();
    let models = program.run(&["models", "--target", target]);
    assert_ne!(models.code, 0);
    assert!(
        models.stderr.contains("no model registry") && models.stderr.contains("mlflow.db"),
        "{models:?}"
    );
    for writes in [
        &[
            "register",
            "aaaa1111",
            "--model",
            "churn",
            "--artifact",
            "media",
        ][..],
        &["promote", "churn/1", "--to", "@champion"],
    ] {
        let output = program.run(&[writes, &["--yes", "--target", target]].concat());
        assert_ne!(output.code, 0);
        assert!(
            output.stderr.contains("no model registry")
                || output.stderr.contains("can only be read"),
            "{writes:?}: {output:?}"
        );
    }
    let doctor: Value = program.json(&["doctor", target]);
    assert!(doctor.to_string().contains("W&B local runs"), "{doctor}");
}
