//! Files that people write are small regular files, and output files never replace anything unasked.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::support::program::{Program, ProgramOutput};

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Every file that is read at the start of a command, with the command.
const INPUTS: [(&str, &[&str], i32); 4] = [
    ("config/config.toml", &["experiments"], 2),
    ("config/policy.toml", &["gates"], 2),
    ("frontrunner.toml", &["gates"], 2),
    ("review.json", &["review", "--submit", "review.json"], 2),
];

#[test]
fn pipes_and_devices_are_no_input_files() {
    for (name, arguments, exit) in INPUTS {
        for make in [make_pipe, |path: &Path| symlink("/dev/zero", path).unwrap()] {
            let program = Program::new();
            let path = program.folder().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            make(&path);
            let ended = program.run(arguments);
            assert_eq!(ended.code, exit, "{name}: {ended:?}");
            assert!(
                ended.stderr.contains("not a regular file"),
                "{name}: {ended:?}"
            );
        }
    }
}

#[test]
fn views_of_a_project_are_bounded() {
    use frontrunner::config::saved_views::ViewFiles;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(".frontrunner/views").join(name);
    std::fs::create_dir_all(path("")).unwrap();
    make_pipe(&path("pipe.toml"));
    symlink("/dev/zero", path("zero.toml")).unwrap();
    let filter = "x".repeat(3 << 20);
    for nth in 0..8 {
        std::fs::write(
            path(&format!("large-{nth}.toml")),
            format!("filter = '{filter}'\n"),
        )
        .unwrap();
    }
    let saved = ViewFiles::new(folder.path(), folder.path(), folder.path()).load_all();
    assert_eq!(saved.views.len(), 5, "16 MiB in all");
    assert_eq!(saved.errors.len(), 5);
}

fn compare(program: &Program, extra: &[&str]) -> ProgramOutput {
    let experiments = &program.manifest.experiments;
    let large = experiments.iter().find(|one| one.active_runs > 1).unwrap();
    let runs = program.run(&["runs", large.name.raw(), "--jsonl"]);
    let ids: Vec<String> = runs
        .stdout
        .lines()
        .take(2)
        .map(|line| {
            let run: serde_json::Value = serde_json::from_str(line).unwrap();
            run["run_id"].as_str().unwrap().to_owned()
        })
        .collect();
    program.run(&[&["compare", &ids[0], &ids[1]], extra].concat())
}

#[test]
fn output_files_replace_nothing_unasked() {
    let program = Program::new();
    let path = |name: &str| program.folder().join(name);
    std::fs::write(path("report.md"), "mine").unwrap();
    std::fs::write(path("private"), "mine").unwrap();
    symlink("private", path("link.md")).unwrap();
    symlink("nowhere", path("dangling.md")).unwrap();
    for name in ["report.md", "link.md", "dangling.md"] {
        let ended = compare(&program, &["--out", name]);
        assert_eq!(ended.code, 1, "{name}: {ended:?}");
        assert!(
            ended.stderr.contains(&format!("cannot write {name}")),
            "{ended:?}"
        );
    }
    assert_eq!(std::fs::read_to_string(path("report.md")).unwrap(), "mine");
    let linked = compare(&program, &["--out", "link.md", "--overwrite"]);
    assert_eq!(linked.code, 1, "{linked:?}");
    assert_eq!(std::fs::read_to_string(path("private")).unwrap(), "mine");
    assert!(!path("nowhere").exists());
    let replaced = compare(&program, &["--out", "report.md", "--overwrite"]);
    assert_eq!(replaced.code, 0, "{replaced:?}");
    assert_ne!(std::fs::read_to_string(path("report.md")).unwrap(), "mine");
    assert_eq!(compare(&program, &["--out", "new.html"]).code, 0);
}

#[test]
fn prepared_review_replaces_nothing_not_even_the_store() {
    let program = Program::new();
    let before = std::fs::read(program.store()).unwrap();
    for (name, exit) in [("mlflow.db", 1), ("new.json", 0), ("new.json", 1)] {
        let ended = program.run(&[
            "review",
            "churn-classifier/2",
            "--approve",
            "--prepare",
            name,
            "--read-only",
        ]);
        assert_eq!(ended.code, exit, "{name}: {ended:?}");
    }
    assert_eq!(std::fs::read(program.store()).unwrap(), before);
}
