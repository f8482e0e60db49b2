//! Comparing: turned, grouped, inside of values and files, into files.

use super::tables::at_runs;
use crate::support::driver::Driver;

/// Three runs of the sweep side by side.
fn at_compare() -> Driver {
    let mut driver = at_runs("churn-sweep");
    driver.press("space j space j space c");
    driver
}

#[test]
fn a_comparison_is_turned_and_the_cursor_stays_on_its_value() {
    let mut driver = at_compare();
    driver.press("/").text("learning_rate").press("enter l y");
    let value = driver.copied.last().unwrap().clone();
    driver.press("t").sees("◆ trial-59");
    driver.press("y");
    assert_eq!(driver.copied.last(), Some(&value));
    driver.press("t y");
    assert_eq!(driver.copied.last(), Some(&value));
}

#[test]
fn runs_of_one_value_stand_together_with_their_spread() {
    let mut driver = at_runs("churn-sweep");
    driver
        .press("v j j j j j j j j j v c z")
        .text("boosting")
        .press("enter");
    driver.sees("boosting dart").sees(" ± ").sees("(n ");
    driver.press("esc").misses(" ± ").sees("trial-59");
}

#[test]
fn a_row_is_looked_into() {
    let mut driver = at_compare();
    driver
        .press("/")
        .text("reg_lambda")
        .press("enter D")
        .sees("reg_lambda")
        .sees("+1 -1");
    driver.press("esc").sees("showing only what differs");
}

#[test]
fn a_file_that_both_runs_have_is_compared_line_by_line() {
    let mut driver = at_runs("churn-releases");
    driver.press("space j space c F").sees("files of both");
    let listed = driver.screen();
    assert!(
        listed.contains("MLmodel") || listed.contains(".json") || listed.contains(".txt"),
        "{listed}"
    );
    driver.press("enter");
    let shown = driver.screen();
    assert!(
        shown.contains("nothing differs")
            || shown.contains("@@")
            || shown.contains("packages are the same"),
        "{shown}"
    );
}

#[test]
fn commits_that_no_repository_here_has_say_what_to_do() {
    let mut driver = at_runs("churn-releases");
    driver
        .press("space j space c d /")
        .text("commit")
        .press("enter D");
    driver
        .sees("git does not know these commits here")
        .sees("a checkout of the repository, and git fetch");
}

#[test]
fn a_comparison_is_written_in_the_form_that_its_name_asks_for() {
    let mut driver = at_compare();
    for (name, begins) in [
        ("c.md", "### 3 runs compared"),
        ("c.csv", "kind,key,"),
        ("c.json", "{"),
        ("c.html", "<!doctype html>"),
    ] {
        let path = driver.folder().join(name);
        driver
            .press("x ctrl-u")
            .text(path.to_str().unwrap())
            .press("enter");
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{name}: {error}; {}", driver.said()));
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
