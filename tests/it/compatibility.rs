//! Files and stores written by the first build still load, and `--json` still prints what it printed then.
//!
//! `first_build/` was recorded at commit 11892f0: a journal and a store with the tags of its writes, a saved view, a
//! keymap, settings, a policy, a recogniser, and what the subcommands printed from them. `{DIR}` and `{STORE}` are put
//! in for the folder and the store's file. `demo/` is what the same commit printed about the demo store.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::program::{Program, ProgramOutput, run_to_end};

/// Keys whose values are sentences: they must be there and have the same type, and may be worded anew.
const PROSE: &[&str] = &[
    "action",
    "after",
    "before",
    "cause",
    "detail",
    "display",
    "else",
    "fix",
    "hint",
    "label",
    "line",
    "lines",
    "message",
    "missing",
    "next",
    "note",
    "notes",
    "reason",
    "summary",
    "text",
    "title",
    "unreadable",
    "warnings",
    "what",
    "why",
    "id",
    "plan",
    "entry",
];

fn recorded(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/compatibility")
        .join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(recorded(path)).unwrap()
}

/// The first build's files in a fresh folder, opened by today's build.
struct FirstBuild(tempfile::TempDir);

impl FirstBuild {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        for name in ["config/views", "config/recognisers", "data"] {
            std::fs::create_dir_all(dir.join(name)).unwrap();
        }
        let mut archive =
            zip::ZipArchive::new(std::fs::File::open(recorded("first_build/store.zip")).unwrap())
                .unwrap();
        let mut store = Vec::new();
        archive
            .by_name("mlflow.db")
            .unwrap()
            .read_to_end(&mut store)
            .unwrap();
        std::fs::write(dir.join("mlflow.db"), store).unwrap();
        let origin = dir
            .join("mlflow.db")
            .canonicalize()
            .unwrap()
            .display()
            .to_string();
        std::fs::write(
            dir.join("data/journal.jsonl"),
            read("first_build/journal.jsonl").replace("{STORE}", &origin),
        )
        .unwrap();
        for (from, to) in [
            ("policy.toml", "frontrunner.toml"),
            ("view.toml", "config/views/mine.toml"),
            ("keymap.toml", "config/keymap.toml"),
            ("config.toml", "config/config.toml"),
            ("recogniser.toml", "config/recognisers/notes.toml"),
        ] {
            std::fs::write(dir.join(to), read(&format!("first_build/{from}"))).unwrap();
        }
        Self(folder)
    }

    fn run(&self, arguments: &[&str]) -> ProgramOutput {
        let dir = self.0.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_frontrunner"));
        command
            .args(arguments)
            .current_dir(dir)
            .stdin(Stdio::null())
            .env_clear();
        command.envs([("USER", "ana"), ("LANG", "C.UTF-8"), ("TZ", "UTC")]);
        command.envs(
            ["PATH", "HOME"]
                .into_iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?))),
        );
        for name in ["config", "data", "cache"] {
            command.env(
                format!("FRONTRUNNER_{}_DIR", name.to_uppercase()),
                dir.join(name),
            );
        }
        run_to_end(command)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.run(&[arguments, &["--json"]].concat());
        let dir = self.0.path().canonicalize().unwrap().display().to_string();
        let text = ended.stdout.replace(&dir, "{DIR}");
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {ended:?}"))
    }
}

/// The element that an older version's element is compared with. Checks and steps can be added; `what` identifies them.
fn counterpart<'a>(before: &Value, now: &'a [Value]) -> Option<&'a Value> {
    let what = before.get("what")?;
    now.iter().find(|other| other.get("what") == Some(what))
}

/// Every difference between two values, by path; sentences differ only by their type. Commands may be added.
fn differences(path: &str, before: &Value, now: &Value, found: &mut Vec<String>) {
    match (before, now) {
        (Value::Object(before), Value::Object(now)) => {
            for (key, value) in before {
                match now.get(key) {
                    Some(other) => differences(&format!("{path}.{key}"), value, other, found),
                    None => found.push(format!("{path}.{key} is gone")),
                }
            }
        }
        (Value::Array(before), Value::Array(now))
            if before.iter().all(|item| counterpart(item, now).is_some()) && !before.is_empty() =>
        {
            for (index, before) in before.iter().enumerate() {
                let other = counterpart(before, now).unwrap();
                differences(&format!("{path}[{index}]"), before, other, found);
            }
        }
        (Value::Array(before), Value::Array(now))
            if path.ends_with(".commands") && before.iter().all(|item| now.contains(item)) => {}
        (Value::Array(before), Value::Array(now)) if before.len() == now.len() => {
            for (index, (before, now)) in before.iter().zip(now).enumerate() {
                differences(&format!("{path}[{index}]"), before, now, found);
            }
        }
        _ if before == now => {}
        _ => {
            let keys = path
                .split('.')
                .map(|part| part.split('[').next().unwrap_or_default());
            let is_reason = before
                .as_str()
                .is_some_and(|text| text.starts_with("unreadable: "));
            let is_prose = is_reason || keys.into_iter().any(|key| PROSE.contains(&key));
            if !(is_prose && std::mem::discriminant(before) == std::mem::discriminant(now)) {
                found.push(format!("{path}: {before} is now {now}"));
            }
        }
    }
}

fn same(name: &str, before: &Value, now: &Value) {
    let mut found = Vec::new();
    differences("$", before, now, &mut found);
    assert!(found.is_empty(), "{name}:\n  {}", found.join("\n  "));
}

#[test]
fn files_of_the_first_build_load_and_print_the_same_json() {
    let first = FirstBuild::new();
    for (name, arguments) in [
        ("history", &["history", "churn-classifier"][..]),
        ("versions", &["versions", "churn-classifier", "--evidence"]),
        (
            "gates",
            &["gates", "churn-classifier/3", "--to", "@champion"],
        ),
        (
            "review",
            &["review", "churn-classifier/3", "--to", "@champion"],
        ),
        ("lineage", &["lineage", "churn-classifier/6"]),
        (
            "plan",
            &[
                "promote",
                "churn-classifier/3",
                "--to",
                "@champion",
                "--plan",
            ],
        ),
        ("rollback", &["rollback", "churn-classifier", "--plan"]),
        ("config", &["config", "show"]),
        ("models", &["models"]),
    ] {
        let before: Value =
            serde_json::from_str(&read(&format!("first_build/expected/{name}.json"))).unwrap();
        same(name, &before, &first.json(arguments));
    }
}

#[test]
fn a_write_of_the_first_build_can_be_undone() {
    let first = FirstBuild::new();
    let done = first.run(&["rollback", "churn-classifier", "--yes", "--reason", "undo"]);
    assert_eq!(done.code, 0, "{done:?}");
}

#[test]
fn the_demo_prints_the_same_json_as_the_first_build() {
    let program = Program::new();
    let sweep = ["--experiment", "churn-sweep"];
    for (name, arguments) in [
        ("experiments", vec!["experiments"]),
        (
            "runs",
            vec![
                "runs",
                "churn-sweep",
                "--order-by",
                "metrics.auc DESC",
                "--limit",
                "3",
            ],
        ),
        ("nested", vec!["runs", "image-classifier", "--limit", "3"]),
        ("models", vec!["models"]),
        (
            "versions",
            vec!["versions", "churn-classifier", "--evidence"],
        ),
        ("lineage", vec!["lineage", "churn-classifier@champion"]),
        ("reproduce", vec!["reproduce", "churn-classifier/4"]),
        ("best", vec!["best", "churn-sweep", "--goal", "auc max"]),
        (
            "drivers",
            vec!["drivers", "churn-sweep", "--goal", "auc max"],
        ),
        (
            "compare",
            [&["compare", "trial-33", "trial-40", "--diff"][..], &sweep].concat(),
        ),
        ("show", [&["show", "trial-33"][..], &sweep].concat()),
    ] {
        let dir = program
            .folder()
            .canonicalize()
            .unwrap()
            .display()
            .to_string();
        let text = program.json(&arguments).to_string().replace(&dir, "{DIR}");
        let now: Value = serde_json::from_str(&text).unwrap();
        let file = recorded(&format!("demo/{name}.json"));
        if std::env::var_os("FRONTRUNNER_RECORD").is_some() {
            std::fs::write(&file, serde_json::to_string_pretty(&now).unwrap() + "\n").unwrap();
        }
        let before: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        same(name, &before, &now);
    }
}
