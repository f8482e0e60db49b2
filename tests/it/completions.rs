//! A shell that completes a command line gets live values: read-only, without an error, in bounded time.

use std::net::TcpListener;
use std::process::Command;

use crate::support::program::{Program, ProgramOutput, run_to_end};

/// What the program answers to fish for a line whose last word is being typed.
fn complete(program: &Program, line: &[&str]) -> ProgramOutput {
    run_to_end(completion_command(program, line))
}

fn completion_command(program: &Program, line: &[&str]) -> Command {
    let words = [&["--", "frontrunner"], line].concat();
    let mut command = program.command(&words);
    command.env("COMPLETE", "fish");
    command
}

/// The values that are offered, without the words about them.
fn values(program: &Program, line: &[&str]) -> Vec<String> {
    let ended = complete(program, line);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{line:?}");
    ended
        .stdout
        .lines()
        .map(|line| line.split('\t').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn values_come_from_the_store() {
    let program = Program::new();
    let run = program.manifest.baselines.versions[0].run.raw().to_owned();
    for (line, expected) in [
        (&["runs", "churn-s"][..], "churn-sweep"),
        (&["best", "--experiment", "churn-s"], "churn-sweep"),
        (
            &["show", "--experiment", "churn-sweep", "trial-3"],
            "trial-33",
        ),
        (&["show", &run[..8]], &run),
        (&["chart", "trial-33", "--metric", "val/"], "val/acc"),
        (&["versions", "churn-c"], "churn-classifier"),
        (&["lineage", "churn-classifier/"], "churn-classifier/6"),
        (
            &["lineage", "churn-classifier@"],
            "churn-classifier@champion",
        ),
        (
            &["promote", "churn-classifier/6", "--to", "@ch"],
            "@champion",
        ),
        (
            &["promote", "churn-classifier/6", "--to", "Pro"],
            "Production",
        ),
        (&["--target", "mlflow.db", "runs", "churn-s"], "churn-sweep"),
        (&["--theme", "cat"], "catppuccin-mocha"),
        (&["mod"], "models"),
        (&["--target", "mlf"], "mlflow.db"),
    ] {
        let values = values(&program, line);
        assert!(
            values.iter().any(|value| value == expected),
            "{line:?}: {values:?}"
        );
    }
}

#[test]
fn profiles_are_targets() {
    let program = Program::new();
    program.write_config("[profile.prod]\ntarget = \"https://u:hunter2@mlflow.example.org\"\n");
    let ended = complete(&program, &["--target", "@"]);
    assert!(ended.stdout.contains("@prod\t"), "{ended:?}");
    assert!(!ended.stdout.contains("hunter2"), "{ended:?}");
    assert_eq!(values(&program, &["--profile", "p"]), ["prod"]);
}

#[test]
fn nothing_is_written_and_no_error_is_printed() {
    let program = Program::new();
    let before = program.store_bytes();
    let closed = "http://127.0.0.1:9";
    for line in [
        &["runs", "churn"][..],
        &["--target", "demo", "runs", ""],
        &["--target", closed, "runs", ""],
        &["--target", "no-such.db", "runs", ""],
        &["--profile", "nobody", "runs", ""],
        &["no-such-subcommand", ""],
    ] {
        let ended = complete(&program, line);
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{line:?}");
    }
    assert_eq!(before, program.store_bytes());
    assert!(
        !program.folder().join("data").exists(),
        "the demo was created"
    );
}

#[test]
fn server_that_never_answers_is_given_up() {
    let program = Program::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("http://{}", listener.local_addr().unwrap());
    // The test ends only if the program does.
    let values = values(&program, &["--target", &target, "runs", ""]);
    assert!(
        values.iter().all(|value| value.starts_with('-')),
        "{values:?}"
    );
}

#[test]
fn every_shell_gets_a_script_that_asks_the_program() {
    let program = Program::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = program.run(&["completions", shell]).stdout;
        assert!(script.contains("COMPLETE"), "{shell}: {script}");
    }
    let script = program.folder().join("completion.bash");
    std::fs::write(&script, program.run(&["completions", "bash"]).stdout).unwrap();
    if let Ok(output) = Command::new("bash").arg("-n").arg(&script).output() {
        assert!(output.status.success(), "{output:?}");
    }
}
