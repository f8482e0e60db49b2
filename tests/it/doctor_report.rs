//! `--version --verbose` and `doctor --report`: what a bug report has, and what it never has.

use crate::support::program::{Program, run_to_end};

#[test]
fn version_names_the_build_and_what_it_knows() {
    let program = Program::new();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        program.run(&["--version"]).stdout,
        format!("frontrunner {version}\n")
    );
    assert_eq!(
        program.run(&["-V"]).stdout,
        format!("frontrunner {version}\n")
    );
    let verbose = program.run(&["--version", "--verbose"]).stdout;
    for name in [
        "commit: ",
        "target: ",
        "stores: MLflow server, ",
        "MLflow schemas: ",
    ] {
        assert!(verbose.contains(name), "{name}: {verbose}");
    }
    let json = program.json(&["--version", "--verbose"]);
    assert_eq!(json["version"], version);
    let known = json["MLflow_schemas"].as_str().unwrap();
    // The schema of the demo store is that of the MLflow that the tests run.
    let product = program.run(&["doctor"]).stdout;
    let head = product
        .split("schema ")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap();
    assert!(known.contains(head), "{head}: {known}");
    assert!(
        known.contains(crate::support::mlflow::V3) && known.contains(crate::support::mlflow::V2)
    );
}

#[test]
fn verbose_needs_version() {
    assert_eq!(Program::new().run(&["--verbose", "models"]).code, 2);
}

#[test]
fn report_names_nobody() {
    let program = Program::new();
    let target = program.store().display().to_string();
    program.write_config(&format!(
        "default_profile = \"acme-prod\"\n[profile.acme-prod]\ntarget = {target:?}\nusername = \"bo@acme.example\"\n\
         [profile.other]\ntarget = \"https://mlflow.acme.example\"\nworkspace = \"secret-vision\"\n"
    ));
    let mut command = program.command(&["doctor", "--report"]);
    command.envs([
        ("HOME", program.folder().to_str().unwrap()),
        ("USER", "zoe.acme"),
        ("LOGNAME", "zoe.acme"),
        ("MLFLOW_TRACKING_USERNAME", "zoe@acme.example"),
        ("MLFLOW_TRACKING_TOKEN", "hunter2"),
        ("NO_PROXY", "intranet.acme.example"),
        ("FRONTRUNNER_LOG", "/srv/acme/frontrunner.log"),
    ]);
    command.env_remove("FRONTRUNNER_LOG");
    let ended = run_to_end(command);
    assert_eq!(ended.code, 0, "{ended:?}");
    let report = ended.stdout;
    let folder = program.folder().file_name().unwrap().to_str().unwrap();
    for private in [
        "acme",
        "zoe",
        "hunter2",
        "secret-vision",
        "churn",
        folder,
        "/tmp",
    ] {
        assert!(!report.contains(private), "{private}: {report}");
    }
    for public in [
        "### What happened",
        env!("CARGO_PKG_VERSION"),
        "| ok | store | kind | SQLite file |",
        "SQLite store, schema dc11669786a5",
        "| ok | environment | MLFLOW_TRACKING_TOKEN | set |",
        "| ok | settings | profiles | 2 |",
    ] {
        assert!(report.contains(public), "{public}: {report}");
    }
}

#[test]
fn report_has_the_error_that_prevents_opening_the_store() {
    let program = Program::new();
    let target = "https://mlflow.acme.invalid/secret-team";
    let ended = program.run(&["doctor", target, "--report"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(
        ended.stdout.contains("| PROBLEM | store | open |"),
        "{ended:?}"
    );
    assert!(
        !ended.stdout.contains("acme") && !ended.stdout.contains("secret-team"),
        "{ended:?}"
    );
}

#[test]
fn settings_that_cannot_be_read_are_reported_without_their_text() {
    let program = Program::new();
    program.write_config("acme_setting = \"hunter2\"\n");
    let ended = program.run(&["doctor", "--report"]);
    assert!(ended.stdout.contains("| PROBLEM | settings |"), "{ended:?}");
    assert!(!ended.stdout.contains("hunter2"), "{ended:?}");
    assert!(!ended.stdout.contains("acme_setting"), "{ended:?}");
}

#[test]
fn manual_pages_are_created_once() {
    let program = Program::new();
    let ended = program.run(&["man", "pages"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let page = program.folder().join("pages/frontrunner-promote.1");
    let text = std::fs::read_to_string(&page).unwrap();
    assert!(text.contains("frontrunner\\-promote") && text.contains("\\-\\-archive\\-existing"));
    assert_eq!(
        program.run(&["man", "pages"]).code,
        1,
        "pages are not replaced"
    );
    assert_eq!(program.run(&["man", "pages", "--overwrite"]).code, 0);
}
