//! Comparing: turned, grouped, inside of values and files, into files.

use super::runs_table::at_runs;
use crate::support::driver::Driver;

/// Three runs of the sweep side by side.
fn at_compare() -> Driver {
    let mut driver = at_runs("churn-sweep");
    driver.press("space j space j space c");
    driver
}

#[test]
fn transposing_keeps_the_cursor_on_its_value() {
    let mut driver = at_compare();
    driver
        .press("/")
        .type_text("learning_rate")
        .press("enter l y");
    let value = driver.clipboard.last().unwrap().clone();
    driver.press("T").assert_shows("◆ trial-59");
    driver.press("y");
    assert_eq!(driver.clipboard.last(), Some(&value));
    driver.press("T y");
    assert_eq!(driver.clipboard.last(), Some(&value));
}

#[test]
fn runs_are_grouped_by_value_with_spread() {
    let mut driver = at_runs("churn-sweep");
    driver
        .press("v j j j j j j j j j v c Z")
        .type_text("boosting")
        .press("enter");
    driver
        .assert_shows("boosting dart")
        .assert_shows(" ± ")
        .assert_shows("(n ");
    driver
        .press("esc")
        .assert_hides(" ± ")
        .assert_shows("trial-59");
}

#[test]
fn row_opens_its_value_diff() {
    let mut driver = at_compare();
    driver
        .press("/")
        .type_text("reg_lambda")
        .press("enter D")
        .assert_shows("reg_lambda")
        .assert_shows("+1 -1");
    driver.press("esc").assert_shows("showing only differences");
}

#[test]
fn shared_artifact_is_diffed_line_by_line() {
    let mut driver = at_runs("churn-releases");
    driver
        .press("space j space c F")
        .assert_shows("common files");
    let listed = driver.screen();
    assert!(
        listed.contains("MLmodel") || listed.contains(".json") || listed.contains(".txt"),
        "{listed}"
    );
    driver.press("enter");
    let shown = driver.screen();
    assert!(
        shown.contains("no differences")
            || shown.contains("@@")
            || shown.contains("packages are the same"),
        "{shown}"
    );
}

#[test]
fn unknown_commits_show_a_hint() {
    let mut driver = at_runs("churn-releases");
    driver
        .press("space j space c d /")
        .type_text("commit")
        .press("enter D");
    driver
        .assert_shows("the local repository does not have the commits")
        .assert_shows("a checkout of the repository, and git fetch");
}

#[test]
fn export_format_follows_the_file_extension() {
    let mut driver = at_compare();
    for (name, begins) in [
        ("c.md", "## 3 runs compared"),
        ("c.csv", "kind,key,"),
        ("c.json", "{"),
        ("c.html", "<!doctype html>"),
    ] {
        let path = driver.folder().join(name);
        driver
            .press("x ctrl-u")
            .type_text(path.to_str().unwrap())
            .press("enter");
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{name}: {error}; {}", driver.notification()));
        assert!(
            text.starts_with(begins),
            "{name}: {}",
            &text[..80.min(text.len())]
        );
        assert!(
            name != "c.html" || text.contains("<svg"),
            "a page has its curves"
        );
    }
}

#[test]
fn marked_versions_are_titled_by_their_numbers() {
    let mut driver = Driver::new();
    driver
        .press("4 f ctrl-u")
        .type_text("churn")
        .press("enter enter g b j j space");
    let screen = driver.screen();
    let line = |part: &str| screen.lines().find(|line| line.contains(part)).unwrap();
    assert!(line(" v6  ").starts_with(" ◆"), "{screen}");
    assert!(line(" v4  ").starts_with(" ●"), "{screen}");
    driver.press("3");
    let screen = driver.screen();
    let titles = screen.lines().find(|line| line.contains("◆ v6")).unwrap();
    assert!(
        titles.contains(" v4") && !titles.contains("release"),
        "{screen}"
    );
    driver.press("T").assert_shows("◆ v6").assert_shows("  v4");
}
