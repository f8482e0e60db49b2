//! Reading subcommands of the built program, over a demo store.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::io::Read;
use std::process::Stdio;

use crate::support::mlflow::free_port;
use crate::support::program::{Program, ProgramOutput, run_to_end};
use serde_json::{Value, json};

/// Keys of an object, in order.
fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap_or_else(|| panic!("{value} is not an object"))
        .keys()
        .map(String::as_str)
        .collect()
}

fn ids(runs: &Value) -> Vec<&str> {
    runs.as_array()
        .unwrap()
        .iter()
        .map(|run| run["run_id"].as_str().unwrap())
        .collect()
}

/// The JSON error of a failed command.
fn error(ended: &ProgramOutput) -> Value {
    let value: Value =
        serde_json::from_str(&ended.stderr).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    assert_eq!(
        keys(&value["error"])[..4],
        ["code", "message", "cause", "next"]
    );
    value["error"].clone()
}

#[test]
fn experiments_are_listed_with_mlflow_fields() {
    let program = Program::new();
    let active = program.json(&["experiments"]);
    let all = program.json(&["experiments", "--all"]);
    let fields = keys(&active[0]);
    for field in [
        "experiment_id",
        "name",
        "lifecycle_stage",
        "creation_time",
        "last_update_time",
        "tags",
    ] {
        assert!(
            fields.contains(&field),
            "{field} is missing from {fields:?}"
        );
    }
    assert_eq!(
        all.as_array().unwrap().len(),
        program.manifest.experiments.len()
    );
    assert!(active.as_array().unwrap().len() < program.manifest.experiments.len());
    assert!(active[0]["experiment_id"].is_string());
}

#[test]
fn runs_are_sorted_filtered_and_limited() {
    let program = Program::new();
    let releases = &program.manifest.releases;
    let all = program.json(&["runs", "churn-releases", "--order-by", "metrics.auc DESC"]);
    assert_eq!(all.as_array().unwrap().len(), releases.versions.len());
    assert_eq!(ids(&all)[0], releases.versions.last().unwrap().run.raw());
    let by_id = program.json(&[
        "runs",
        releases.experiment.raw(),
        "--order-by",
        "metrics.auc DESC",
        "--limit",
        "2",
    ]);
    assert_eq!(ids(&by_id), ids(&all)[..2]);
    let slow = program.json(&[
        "runs",
        "churn-releases",
        "--filter",
        "metrics.latency_ms > 40 or run_name = 'release-1'",
    ]);
    assert_eq!(slow.as_array().unwrap().len(), 3);
    let table = program.run(&[
        "runs",
        "churn-releases",
        "--limit",
        "2",
        "--columns",
        "run_name,metrics.auc",
    ]);
    assert_eq!(table.stdout.lines().count(), 3, "{table:?}");
    assert!(table.stderr.contains("2 of 6 runs"), "{table:?}");
}

#[test]
fn jsonl_matches_the_list() {
    let program = Program::new();
    let list = program.json(&["runs", "churn-sweep"]);
    let lines = program.run(&["runs", "churn-sweep", "--jsonl"]);
    let read: Vec<Value> = lines
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(Value::Array(read), list);
}

#[test]
fn csv_has_every_column_and_every_run() {
    let program = Program::new();
    let csv = program.run(&["runs", "churn-sweep", "--csv"]);
    let head = csv.stdout.lines().next().unwrap();
    assert!(
        head.split(',').any(|column| column == "metrics.auc"),
        "{head}"
    );
    assert_eq!(csv.stdout.matches("\r\n").count(), 61);
    let both = program.run(&["runs", "churn-sweep", "--csv", "--json"]);
    assert_eq!(both.code, 2, "{both:?}");
}

#[test]
fn escape_sequences_in_names_are_cleaned() {
    let program = Program::new();
    let hostile = program.manifest.baselines.escape.raw();
    for form in ["--json", "--jsonl", "--csv", "--markdown", "--color=never"] {
        for arguments in [
            &["runs", "iris-baselines", form][..],
            &["show", hostile, form],
            &["show", "\u{1b}[31mre", form],
        ] {
            let ProgramOutput {
                stdout: out,
                stderr: err,
                ..
            } = program.run(arguments);
            let bad = out
                .chars()
                .chain(err.chars())
                .find(|c| c.is_control() && !matches!(c, '\n' | '\r'));
            assert_eq!(bad, None, "{arguments:?}");
        }
    }
    assert_eq!(
        program.json(&["show", hostile])["run_name"],
        "\u{1b}[31mred"
    );
    assert_eq!(program.json(&["show", "\u{1b}[31mred"])["run_id"], hostile);
}

#[test]
fn run_is_resolved_by_id_prefix_or_name() {
    let program = Program::new();
    let id = program.manifest.sweep.best.raw();
    assert_eq!(program.json(&["show", &id[..8]])["run_id"], id);
    let short = program.run(&["show", &id[..5]]);
    assert_eq!(short.code, 3, "{short:?}");
    assert!(short.stderr.contains("6 characters"), "{short:?}");
    let unicode = program.json(&["show", "größe-π-模型", "--experiment", "iris-baselines"]);
    assert_eq!(unicode["run_id"], program.manifest.baselines.unicode.raw());
}

#[test]
fn ambiguous_run_name_is_an_error() {
    let program = Program::new();
    let (one, other) = (
        program.manifest.releases.versions[0].run.raw(),
        program.manifest.sweep.best.raw(),
    );
    let db = rusqlite::Connection::open(program.store()).unwrap();
    db.execute(
        "UPDATE runs SET name = 'twin' WHERE run_uuid IN (?1, ?2)",
        [one, other],
    )
    .unwrap();
    db.execute(
        "UPDATE tags SET value = 'twin' WHERE key = 'mlflow.runName' AND run_uuid IN (?1, ?2)",
        [one, other],
    )
    .unwrap();
    drop(db);
    let ambiguous = program.run(&["show", "twin"]);
    assert_eq!(ambiguous.code, 3, "{ambiguous:?}");
    assert!(
        ambiguous.stderr.contains(one) && ambiguous.stderr.contains(other),
        "{ambiguous:?}"
    );
    assert_eq!(
        program.json(&["show", "twin", "--experiment", "churn-sweep"])["run_id"],
        other
    );
}

#[test]
fn best_run_reports_what_was_considered() {
    let program = Program::new();
    let best = program.json(&["best", "churn-sweep", "--goal", "auc max"]);
    assert_eq!(best["run_id"], program.manifest.sweep.best.raw());
    assert_eq!(
        best["goal"],
        json!({"metric": "auc", "direction": "max", "value": program.manifest.sweep.best_auc})
    );
    assert!(best["considered"].as_u64().unwrap() <= 60 && best["ties"].is_array());
    let declared = program.json(&["best", "churn-releases"]);
    assert_eq!(declared["goal"]["metric"], "auc");
    let none = program.run(&["best", "churn-sweep", "--goal", "no-such-metric max"]);
    assert_eq!(none.code, 3, "{none:?}");
    let no_goal = program.run(&["best", "empty-experiment"]);
    assert_eq!(no_goal.code, 2, "{no_goal:?}");
}

#[test]
fn comparison_can_show_differences_only() {
    let program = Program::new();
    let runs: Vec<&str> = program
        .manifest
        .releases
        .versions
        .iter()
        .map(|version| version.run.raw())
        .collect();
    let whole = program.json(&["compare", runs[3], runs[5]]);
    let diff = program.json(&["compare", runs[3], runs[5], "--diff"]);
    assert!(whole["rows"].as_array().unwrap().len() > diff["rows"].as_array().unwrap().len());
    assert!(
        diff["rows"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["differs"] == true)
    );
    assert_eq!(
        (&whole["equal"], &whole["differing"]),
        (&diff["equal"], &diff["differing"])
    );
    assert_eq!(keys(&diff["rows"][0])[..2], ["kind", "key"]);
    let markdown = program.run(&[
        "compare",
        "release-4",
        "release-6",
        "--baseline",
        "release-4",
        "--markdown",
    ]);
    assert!(
        markdown
            .stdout
            .starts_with("## 2 runs compared, baseline release-4\n"),
        "{markdown:?}"
    );
    let alone = program.run(&["compare", runs[0], runs[0]]);
    assert_eq!(alone.code, 2, "{alone:?}");
}

#[test]
fn comparison_html_is_self_contained() {
    let program = Program::new();
    let written = program.run(&["compare", "resnet50-aug", "vit-small", "--out", "page.html"]);
    assert_eq!(
        (written.code, written.stdout.as_str()),
        (0, ""),
        "{written:?}"
    );
    let page = std::fs::read_to_string(program.folder().join("page.html")).unwrap();
    assert!(
        page.contains("<svg") && page.contains("val/acc") && page.contains("default-src 'none'")
    );
    assert!(!page.contains("src=") && !page.contains("href=") && !page.contains("<script"));
    assert_eq!(
        program
            .run(&["compare", "resnet50-aug", "vit-small", "--out", "page.doc"])
            .code,
        2
    );
}

#[test]
fn charts_are_valid_image_files() {
    let program = Program::new();
    let runs = ["resnet50-aug", "vit-small", "convnext-tiny"];
    for (name, more) in [
        ("a.svg", &["--smooth", "0.6", "--clip"][..]),
        (
            "b.png",
            &["--over", "relative", "--scale", "symlog", "--dark"],
        ),
    ] {
        let flags = [
            "--metric",
            "val/acc",
            "--metric",
            "train/loss",
            "--out",
            name,
        ];
        let output = program.json(&[&["chart"], &runs[..], &flags, more].concat());
        assert_eq!(output["file"], name);
        let bytes = std::fs::read(program.folder().join(name)).unwrap();
        assert_eq!(output["bytes"], bytes.len());
        let (width, height) = if name.ends_with("svg") {
            let tree =
                resvg::usvg::Tree::from_data(&bytes, &resvg::usvg::Options::default()).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            assert!(
                runs.iter().all(|run| text.contains(run))
                    && text.contains("train/loss")
                    && text.contains("NaN")
            );
            (tree.size().width() as u32, tree.size().height() as u32)
        } else {
            let picture = image::load_from_memory(&bytes).unwrap().to_rgb8();
            let colours: std::collections::HashSet<[u8; 3]> =
                picture.pixels().map(|pixel| pixel.0).collect();
            assert!(colours.len() > 30, "{} colours", colours.len());
            picture.dimensions()
        };
        assert!(width > height && width >= 1_200, "{width}x{height}");
    }
    let none = program.run(&[
        "chart",
        "resnet50-aug",
        "--metric",
        "nothing",
        "--out",
        "c.png",
    ]);
    assert_eq!(none.code, 3, "{none:?}");
    assert_eq!(
        program
            .run(&["chart", "resnet50-aug", "--metric", "lr", "--out", "c.gif"])
            .code,
        2
    );
}

#[test]
fn importance_is_reported_with_uncertainty() {
    let program = Program::new();
    let output = program.json(&["drivers", "churn-sweep", "--goal", "auc max"]);
    assert_eq!(output["params"][0]["key"], "learning_rate");
    assert!(
        output["explained"].as_f64().unwrap() > 0.3
            && output["params"][0]["forest"]["sd"].as_f64().unwrap() > 0.0,
        "{output}"
    );
    assert_eq!(output["params"][0]["rank"]["method"], "spearman");
    let few = program.json(&["drivers", "churn-releases"]);
    assert!(
        few["explained"].is_null() && few["cautions"][0].as_str().unwrap().contains("too few"),
        "{few}"
    );
    assert_eq!(
        program
            .run(&["drivers", "churn-sweep", "--goal", "nothing max"])
            .code,
        3
    );
}

#[test]
fn invalid_filter_is_marked() {
    let program = Program::new();
    let wrong = program.run(&["runs", "churn-sweep", "--filter", "metrics.auc >"]);
    assert_eq!(wrong.code, 2, "{wrong:?}");
    let lines: Vec<&str> = wrong.stderr.lines().collect();
    assert!(
        lines[1].contains("metrics.auc >") && lines[2].trim_end().ends_with('^'),
        "{wrong:?}"
    );
}

#[test]
fn models_versions_and_lineage_are_printed() {
    let program = Program::new();
    let releases = &program.manifest.releases;
    let models = program.json(&["models"]);
    let churn = models
        .as_array()
        .unwrap()
        .iter()
        .find(|model| model["name"] == releases.model.raw())
        .unwrap();
    assert_eq!(churn["aliases"]["champion"], releases.champion.to_string());
    let versions = program.json(&["versions", "churn-classifier"]);
    assert_eq!(versions[0]["version"], releases.versions.len().to_string());
    assert!(versions[0]["metrics"]["auc"].is_number());
    let lineage = program.json(&["lineage", "churn-classifier@champion"]);
    let kinds: Vec<&Value> = lineage["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| &node["kind"])
        .collect();
    assert!(
        kinds.contains(&&json!("version")) && kinds.contains(&&json!("run")),
        "{kinds:?}"
    );
    let dot = program.run(&["lineage", "churn-classifier@champion", "--dot"]);
    assert!(dot.stdout.starts_with("digraph lineage {"), "{dot:?}");
    let page = program.run(&["lineage", "churn-classifier@champion", "--markdown"]);
    assert!(
        page.stdout
            .starts_with("## Lineage of churn-classifier v4\n")
            && page.stdout.contains("```mermaid\nflowchart LR\n"),
        "{page:?}"
    );
    let data = lineage["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|node| node["kind"] == "dataset")
        .unwrap();
    let made = program.json(&[
        "versions",
        "--made-from",
        &format!("digest:{}", data["facts"]["digest"].as_str().unwrap()),
    ]);
    let numbers: Vec<&Value> = made
        .as_array()
        .unwrap()
        .iter()
        .map(|version| &version["version"])
        .collect();
    assert_eq!(numbers, [&json!("6"), &json!("5"), &json!("4")]);
    for (what, code) in [
        ("digest:00000000", 0),
        ("data:x", 2),
        ("commit:abc", 2),
        ("", 2),
    ] {
        let run = program.run(&["versions", "--made-from", what]);
        assert_eq!(run.code, code, "{what}: {run:?}");
    }
    for (named, code) in [
        ("churn-classifier/99", 3),
        ("churn-classifer/1", 3),
        ("churn-classifier@nobody", 3),
        ("churn-classifier", 2),
    ] {
        let wrong = program.run(&["lineage", named]);
        assert_eq!(wrong.code, code, "{named}: {wrong:?}");
    }
}

#[test]
fn failures_are_one_json_object_on_stderr() {
    let program = Program::new();
    let missing = program.run(&["runs", "churn-swep", "--json"]);
    assert_eq!((missing.code, missing.stdout.as_str()), (3, ""));
    assert_eq!(error(&missing)["code"], "no_match");
    let usage = program.run(&["runs", "--bogus", "--json"]);
    assert_eq!(
        (usage.code, error(&usage)["code"].as_str()),
        (2, Some("usage"))
    );
    let unused = format!("http://127.0.0.1:{}", free_port());
    let unreachable = program.run(&["experiments", "--json", "--target", &unused]);
    assert_eq!(unreachable.code, 6, "{unreachable:?}");
    assert_eq!(error(&unreachable)["code"], "unreachable");
    let file = program.run(&["experiments", "--json", "--target", "no-such.db"]);
    assert!(file.code == 3 || file.code == 6, "{file:?}");
}

#[test]
fn closed_pipe_is_not_an_error() {
    let program = Program::new();
    let mut child = program
        .command(&["runs", "churn-sweep", "--jsonl"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}

#[test]
fn store_resolution_order_is_as_documented() {
    let program = Program::new();
    let other = Program::new();
    let db = rusqlite::Connection::open(other.store()).unwrap();
    db.execute(
        "UPDATE experiments SET name = 'elsewhere' WHERE name = 'churn-sweep'",
        [],
    )
    .unwrap();
    drop(db);
    let elsewhere = other.store().to_str().unwrap().to_owned();
    let names = |ended: ProgramOutput| ended.stdout.contains("elsewhere");
    assert!(!names(program.run(&["experiments"])));
    program.write_config(&format!(
        "default_profile = \"there\"\n[profile.there]\ntarget = \"{elsewhere}\""
    ));
    assert!(names(program.run(&["experiments"])));
    let mut command = program.command(&["experiments"]);
    command.env(
        "MLFLOW_TRACKING_URI",
        format!("sqlite:///{}", program.store().display()),
    );
    assert!(!names(run_to_end(command)));
    assert!(names(program.run(&["experiments", "--target", "@there"])));
    assert!(!names(program.run(&[
        "experiments",
        "--target",
        "mlflow.db"
    ])));
}

#[test]
fn invalid_setting_is_marked_and_doctor_still_works() {
    let program = Program::new();
    program.write_config("mouse = true\nthme = \"night\"\n");
    let wrong = program.run(&["config", "check"]);
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert!(
        wrong
            .stderr
            .contains("config.toml:2:1: unknown setting `thme`; did you mean `theme`?"),
        "{wrong:?}"
    );
    let doctor = program.run(&["doctor", "--json"]);
    assert_eq!(doctor.code, 2, "{doctor:?}");
    assert_eq!(
        serde_json::from_str::<Value>(&doctor.stdout).unwrap()["ok"],
        false
    );
}

#[test]
fn doctor_prints_no_secret() {
    let program = Program::new();
    for form in ["--json", "--csv", "--color=never"] {
        let mut command = program.command(&["doctor", form]);
        command
            .env("MLFLOW_TRACKING_PASSWORD", "hunter2")
            .env("MLFLOW_TRACKING_TOKEN", "hunter2");
        command.env("HTTPS_PROXY", "http://ana:hunter2@proxy:3128");
        let doctor = run_to_end(command);
        assert_eq!(doctor.code, 0, "{doctor:?}");
        assert!(
            !doctor.stdout.contains("hunter2") && !doctor.stderr.contains("hunter2"),
            "{doctor:?}"
        );
        assert!(
            doctor.stdout.contains("MLFLOW_TRACKING_PASSWORD"),
            "{doctor:?}"
        );
    }
}

#[test]
fn demo_creates_a_store_and_never_overwrites() {
    let program = Program::new();
    let made = program.json(&["demo", "--path", "mine.db", "--runs", "25", "--no-open"]);
    assert_eq!(made["path"], "mine.db");
    let load = made["experiments"]
        .as_array()
        .unwrap()
        .iter()
        .find(|experiment| experiment["name"] == "load-test")
        .unwrap();
    assert_eq!(load["runs"], 25);
    let again = program.run(&["demo", "--path", "mine.db", "--no-open"]);
    assert_eq!(again.code, 1, "{again:?}");
    assert!(again.stderr.contains("already exists"), "{again:?}");
}
