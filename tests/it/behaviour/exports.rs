//! Tables and lineages written to files, downloads, and the preview that scrolls.

use std::path::PathBuf;

use frontrunner::tui::app::Message;
use serde_json::Value;

use super::registry::at_version;
use super::runs_table::at_runs;
use crate::support::driver::Driver;

/// Exports the screen to a new file and reads it.
fn export(driver: &mut Driver, name: &str) -> String {
    let path = driver.folder().join(name);
    driver
        .press("x ctrl-u")
        .type_text(path.to_str().unwrap())
        .press("enter");
    let done = driver.notification();
    assert!(done.starts_with("wrote "), "{name}: {done}");
    std::fs::read_to_string(path).unwrap()
}

fn export_json(driver: &mut Driver, name: &str) -> Vec<Value> {
    let text = export(driver, name);
    serde_json::from_str::<Vec<Value>>(&text).unwrap()
}

#[test]
fn run_table_is_exported_as_it_is_listed() {
    let mut driver = at_runs("churn-sweep");
    driver.press("f").type_text("is:best").press("enter");
    let count = driver.runs().lines.len();
    assert!(count > 0);
    let rows = export_json(&mut driver, "runs.json");
    assert_eq!(rows.len(), count, "the filter applies");
    let first = rows[0].as_object().unwrap();
    assert!(!first["run_id"].as_str().unwrap().is_empty(), "{first:?}");
    assert!(first.values().any(Value::is_number), "{first:?}");

    let mut driver = at_runs("churn-sweep");
    let csv = export(&mut driver, "runs.csv");
    let header = csv.lines().next().unwrap();
    assert!(
        header.contains("run_id,") && header.contains("metrics."),
        "{header}"
    );
    assert_eq!(csv.lines().count(), driver.runs().lines.len() + 1);
    let shown = driver.runs().columns.visible().len();
    driver.press("$ -");
    assert!(driver.runs().columns.visible().len() < shown);
    let narrower = export(&mut driver, "narrower.csv");
    let columns = |text: &str| text.lines().next().unwrap().matches(',').count();
    assert!(
        columns(&narrower) < columns(&csv),
        "hidden columns are left out"
    );
    let markdown = export(&mut driver, "runs.md");
    assert!(markdown.starts_with("| ") && markdown.lines().nth(1).unwrap().contains("---"));
    driver
        .press("x ctrl-u")
        .type_text("runs.xls")
        .press("enter");
    assert!(driver.notification().contains(".csv, .md or .json"));
}

#[test]
fn models_versions_history_journal_and_lineage_are_exported() {
    let mut driver = Driver::new();
    driver.press("4");
    let models = export_json(&mut driver, "models.json");
    assert!(
        models
            .iter()
            .any(|model| model["name"] == "churn-classifier"),
        "{models:?}"
    );
    assert!(export(&mut driver, "models.csv").starts_with("name,latest,production"));

    let mut driver = at_version(6);
    let versions = export(&mut driver, "versions.md");
    assert!(
        versions.contains("| version |") || versions.contains("version"),
        "{versions}"
    );
    let records = export_json(&mut driver, "versions.json");
    assert!(
        records.iter().any(|version| version["version"] == "6"),
        "{records:?}"
    );

    driver.press("H");
    let events = export_json(&mut driver, "history.json");
    assert!(!events.is_empty());
    let history = export(&mut driver, "history.csv");
    assert!(history.starts_with("when,who,action"), "{history}");
    driver.press("q L");
    let dot = export(&mut driver, "lineage.dot");
    assert!(dot.starts_with("digraph lineage {"), "{dot}");
    let markdown = export(&mut driver, "lineage.md");
    assert!(markdown.contains("churn-classifier"), "{markdown}");
    let graph: Value = serde_json::from_str(&export(&mut driver, "lineage.json")).unwrap();
    assert!(graph["nodes"].is_array());

    driver.press("6");
    let journal = export(&mut driver, "journal.csv");
    assert!(journal.starts_with("when,who,change,outcome"), "{journal}");
}

#[test]
fn files_of_a_run_are_downloaded_to_a_new_folder() {
    let mut driver = at_runs("churn-releases");
    driver.press("enter F").assert_shows("README.md");
    let folder = |driver: &Driver, name: &str| -> PathBuf { driver.folder().join(name) };
    let download = |driver: &mut Driver, to: &PathBuf| {
        driver
            .press("ctrl-s ctrl-u")
            .type_text(to.to_str().unwrap())
            .press("enter");
        driver.notification()
    };
    driver.press("/").type_text("README").press("enter ctrl-s");
    driver.assert_shows("download README.md to folder");
    driver.press("esc");
    let one = folder(&driver, "one");
    let done = download(&mut driver, &one);
    assert!(done.starts_with("downloaded 1 file ("), "{done}");
    let manifest = std::fs::read_to_string(one.join("SHA256SUMS")).unwrap();
    assert!(manifest.ends_with("  README.md\n"), "{manifest}");
    assert!(one.join("README.md").is_file());
    let again = download(&mut driver, &one);
    assert!(again.contains("exists already"), "{again}");

    driver.press("esc tab").assert_hides("[Artifacts]");
    driver
        .press("ctrl-s")
        .assert_shows("download all files to folder");
    driver.press("esc");
    let all = folder(&driver, "all");
    let done = download(&mut driver, &all);
    assert!(
        done.starts_with("downloaded ") && done.contains(" files ("),
        "{done}"
    );
    assert!(all.join("README.md").is_file());
}

#[test]
fn preview_of_a_run_scrolls_to_its_last_line() {
    let mut driver = at_runs("churn-releases");
    driver.send(Message::Resize {
        width: 80,
        height: 24,
    });
    driver.press("J");
    assert!(driver.notification().contains("p opens the preview"));
    driver.press("p").assert_shows(" more: J");
    let first = driver.screen();
    driver.press("J");
    assert_ne!(driver.screen(), first);
    for _ in 0..40 {
        driver.press("J");
    }
    driver.assert_hides(" more: J");
    let last = driver.screen();
    driver.press("K");
    assert_ne!(driver.screen(), last, "one key leaves the end");
    for _ in 0..40 {
        driver.press("K");
    }
    driver.assert_shows(" more: J");
}
