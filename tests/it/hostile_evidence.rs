//! Hostile artifacts in a real MLflow store: each is a line of the report, memory is bounded, and other evidence is still found.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::fs::{File, create_dir_all, write};
use std::io::{Cursor, Read, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::mlflow::{V3, run_script};
use serde_json::Value;

/// The peak of resident memory, in kB.
const MAX_MEMORY_KB: u64 = 256 << 10;

const CREATE_STORE: &str = r#"
import sys, mlflow
folder = sys.argv[1]
mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
client = mlflow.MlflowClient()
run = client.create_run(client.create_experiment("churn", artifact_location=folder + "/store"))
client.create_registered_model("churn")
client.create_model_version("churn", run.info.artifact_uri + "/model", run.info.run_id)
print(run.info.artifact_uri)
"#;

fn sample(path: &str) -> Vec<u8> {
    std::fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/it/evidence/samples")
            .join(path),
    )
    .unwrap()
}

fn zip_bomb() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = zip::ZipWriter::new(Cursor::new(&mut bytes));
    writer
        .start_file(
            "MAR-INF/MANIFEST.json",
            zip::write::SimpleFileOptions::default(),
        )
        .unwrap();
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..256 {
        writer.write_all(&zeros).unwrap();
    }
    writer
        .start_file("../../up.json", zip::write::SimpleFileOptions::default())
        .unwrap();
    writer.finish().unwrap();
    bytes
}

/// What is planted in folders of their own, so that nothing is of the same kind as what is good.
fn write_hostile_files(root: &Path) {
    for folder in [
        "good", "big", "deep", "zip", "links", "alias", "words", "many", "values",
    ] {
        create_dir_all(root.join(folder)).unwrap();
    }
    write(
        root.join("good/validation.json"),
        sample("great_expectations/v1.5.11_good.json"),
    )
    .unwrap();
    write(
        root.join("good/drift.json"),
        sample("evidently/v0.7.0_nodrift_tests.json"),
    )
    .unwrap();
    write(
        root.join("good/drift.csv"),
        sample("nannyml/v0.10.7_missing_flat.csv"),
    )
    .unwrap();
    File::create(root.join("big/evaluation.json"))
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    write(root.join("deep/a.json"), "[".repeat(100_000)).unwrap();
    // The names that integrations require before they read a file.
    write(
        root.join("deep/b.yaml"),
        format!("# pipelineInfo name\n{}", "[".repeat(100_000)),
    )
    .unwrap();
    write(
        root.join("deep/c.yaml"),
        format!("# pipelineInfo name\n{}", "- ".repeat(100_000)),
    )
    .unwrap();
    write(root.join("zip/model.mar"), zip_bomb()).unwrap();
    symlink("/etc/passwd", root.join("links/passwd.json")).unwrap();
    symlink("/dev/zero", root.join("links/zero.json")).unwrap();
    symlink("..", root.join("links/up")).unwrap();
    symlink("loop.json", root.join("links/loop.json")).unwrap();
    let pipe = root.join("links/pipe.json");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    symlink(&pipe, root.join("links/to_pipe.json")).unwrap();
    let laughs = (1..12).fold(
        "pipelineInfo: {name: x}\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned(),
        |text, n| {
            format!(
                "{text}a{n}: &a{n} [{}]\n",
                vec![format!("*a{}", n - 1); 10].join(",")
            )
        },
    );
    write(root.join("alias/pipeline.yaml"), laughs).unwrap();
    write(root.join("words/latin.json"), b"{\"metrics\": \"\xe9\"}").unwrap();
    write(root.join("words/zeros.json"), b"{\"metrics\": \"\0\"}").unwrap();
    write(root.join("words/utf16.json"), b"\xff\xfe{\0}\0").unwrap();
    write(root.join("words/half.json"), b"\xff\xfe{\0}").unwrap();
    write(root.join("words/escape\u{1b}[2J.json"), "{}").unwrap();
    write(
        root.join("values/wide.json"),
        format!("{{\"metrics\": [{}0]}}", "{\"\":0},".repeat(500_000)),
    )
    .unwrap();
    write(
        root.join("values/flat.json"),
        format!("{{\"flat\": [{}0]}}", "0,".repeat(500_000)),
    )
    .unwrap();
    for n in 0..9_000 {
        File::create(root.join(format!("many/{n}.json"))).unwrap();
    }
    let more = root.join("many/more");
    create_dir_all(&more).unwrap();
    for n in 0..100_000 {
        File::create(more.join(n.to_string())).unwrap();
    }
}

/// Runs the program. Returns its JSON and its peak memory in kB.
fn run_measured(mut command: Command) -> (Value, u64) {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut out = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        out.read_to_string(&mut text).map(|_| text).unwrap()
    });
    let mut most = 0;
    // The kernel keeps the highest mark: what is missed is what came in the last few ms.
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let mark = text.lines().find_map(|line| {
            line.strip_prefix("VmHWM:")?
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        });
        most = most.max(mark.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(2));
    }
    let text = reader.join().unwrap();
    (
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")),
        most,
    )
}

fn fact<'v>(report: &'v Value, tool: &str, name: &str) -> &'v Value {
    let tool = report["evidence"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"] == tool)
        .unwrap_or_else(|| panic!("{tool}: {report}"));
    let fact = tool["facts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|fact| fact["name"] == name)
        .unwrap();
    fact.get("value").unwrap_or_else(|| panic!("{fact}"))
}

#[test]
fn hostile_artifacts_are_reported_and_the_rest_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let root = run_script(V3, CREATE_STORE, &[folder.path().to_str().unwrap()]);
    let root = Path::new(root.lines().last().unwrap().trim_start_matches("file://")).to_owned();
    write_hostile_files(&root);
    let config = folder.path().join("home/config/integrations");
    create_dir_all(&config).unwrap();
    write(
        config.join("slow.toml"),
        "name = \"Slow\"\n[[find]]\nartifact = [\"values/flat.json\"]\n[find.facts]\nall = { path = \"$..*..*\", take = \"count\" }\n",
    )
    .unwrap();
    write(
        config.join("wrong.toml"),
        "name = \"Wrong\"\n[[find]]\nartifact = [\"a\"]\nwhen = \"no path\"\n",
    )
    .unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontrunner"));
    command
        .arg("--target")
        .arg(folder.path().join("mlflow.db"))
        .args(["evidence", "churn/1", "--explain", "--json"]);
    command
        .current_dir(folder.path())
        .env_remove("MLFLOW_TRACKING_URI");
    for name in ["config", "data", "cache"] {
        command.env(
            format!("FRONTRUNNER_{}_DIR", name.to_uppercase()),
            folder.path().join("home").join(name),
        );
    }
    let (report, peak) = run_measured(command);
    println!("peak memory: {} MB", peak >> 10);
    assert!(peak < MAX_MEMORY_KB, "{peak} kB");
    assert!(peak > 5 << 10, "memory was not measured: {peak} kB");

    assert_eq!(fact(&report, "great_expectations", "success"), true);
    assert_eq!(
        fact(&report, "great_expectations", "evaluated"),
        1,
        "a link to the root lists no file twice"
    );
    assert_eq!(fact(&report, "evidently", "tests_failed"), 0);
    assert_eq!(fact(&report, "nannyml", "last_alert"), false);

    let lines = format!("{}{}", report["looked"], report["problems"]);
    for part in [
        "big/evaluation.json: too large: 1024 MB",
        "deep/b.yaml: invalid YAML",
        "deep/c.yaml: invalid YAML",
        "zip/model.mar: MAR-INF/MANIFEST.json is larger than 4 MB",
        "links/passwd.json: the link points outside the artifact folder",
        "links/zero.json: the link points outside the artifact folder",
        "links/pipe.json: not a regular file",
        "links/to_pipe.json: not a regular file",
        "links/loop.json: ",
        "links/up lists the same files as a folder above it",
        "alias/pipeline.yaml: invalid YAML",
        "words/half.json: ",
        "values/wide.json: more than 600000 values",
        "many/ has 9001 entries, read 1000",
        "many/more: the folder has more than 10000 entries",
        "too many for a path with",
        "wrong.toml:4:8: invalid JSONPath",
    ] {
        assert!(
            lines.contains(part),
            "no {part} in:\n{}",
            lines.chars().take(20_000).collect::<String>()
        );
    }
    assert!(
        !report.to_string().contains("root:x:0"),
        "the report contains /etc/passwd"
    );
}
