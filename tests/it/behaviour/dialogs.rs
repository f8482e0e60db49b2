//! What dialogs offer, remember and say about their keys.

use frontrunner::table::ColumnKey;
use frontrunner::tui::app::layout::Size;
use frontrunner::tui::app::{Dialog, Message};
use frontrunner::tui::screens::{CompareScreen, LineageScreen, RunScreen, VersionsScreen};

use super::runs_table::at_runs;
use super::ways::{last_line, open};
use crate::support::driver::Driver;

const SMALL: Size = Size {
    width: 40,
    height: 10,
};

#[test]
fn column_list_is_a_check_list() {
    let mut driver = at_runs("churn-sweep");
    let is_shown = |driver: &Driver| {
        let columns = driver.runs().columns.visible();
        columns
            .iter()
            .any(|column| column.key.to_string() == "metrics.auc")
    };
    driver.press("C").type_text("metrics.auc").press("space");
    assert!(!is_shown(&driver), "space toggles at once");
    assert!(
        last_line(&driver).contains("esc restore"),
        "{}",
        last_line(&driver)
    );
    driver.press("esc");
    assert!(is_shown(&driver), "esc takes the changes back");
    assert!(driver.notification().contains("as they were"));
    driver
        .press("C")
        .type_text("metrics.auc")
        .press("space enter");
    assert!(!is_shown(&driver), "enter keeps them");
}

#[test]
fn filters_are_remembered_and_find_starts_empty() {
    let mut driver = at_runs("churn-sweep");
    driver
        .press("f")
        .type_text("metrics.auc > 0.8")
        .press("enter esc");
    assert_eq!(driver.runs().filter_text, "");
    driver.press("f up enter");
    assert_eq!(driver.runs().filter_text, "metrics.auc > 0.8");
    // A text that was given up comes back, too; down leads to the one before it was recalled.
    driver
        .press("f ctrl-u")
        .type_text("metrics.auc > 0.7")
        .press("esc");
    assert_eq!(driver.runs().filter_text, "metrics.auc > 0.8");
    driver.press("f up");
    assert_eq!(driver.runs().filter_text, "metrics.auc > 0.7");
    driver.press("down");
    assert_eq!(driver.runs().filter_text, "metrics.auc > 0.8");
    driver.press("esc /").type_text("trial-4").press("enter /");
    let Some(Dialog::Prompt(prompt)) = driver.dialog() else {
        panic!("{}", driver.screen())
    };
    assert_eq!(prompt.input.value(), "");
    driver.press("up");
    let Some(Dialog::Prompt(prompt)) = driver.dialog() else {
        panic!("{}", driver.screen())
    };
    assert_eq!(prompt.input.value(), "trial-4");
}

#[test]
fn unknown_filter_key_names_the_nearest_one() {
    for (filter, hint) in [
        (
            "metrics.aucc > 1",
            "no run has metrics.aucc: did you mean metrics.auc?",
        ),
        (
            "params.lerning_rate > 1",
            "did you mean params.learning_rate?",
        ),
        (
            "metrics.learning_rate > 1",
            "did you mean params.learning_rate?",
        ),
        (
            "params.boosting = 'gbdt' and (tags.zzzzqqq = '1')",
            "no run has tags.zzzzqqq",
        ),
    ] {
        let mut driver = at_runs("churn-sweep");
        driver.press("f").type_text(filter).assert_shows(hint);
        driver.press("enter");
        assert!(
            driver.notification().contains(hint),
            "{}",
            driver.notification()
        );
    }
    let mut driver = at_runs("churn-sweep");
    driver
        .press("f")
        .type_text("metrics.auc > 0.8 and status = 'FINISHED' and is:best and age < 9000d")
        .assert_hides("no run has");
}

#[test]
fn export_offers_the_next_free_name() {
    let mut driver = at_runs("churn-sweep");
    driver.press("space space c");
    assert!(driver.app.screen_as::<CompareScreen>().is_some());
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("comparison.md");
    std::fs::write(&name, "").unwrap();
    assert_eq!(
        frontrunner::ops::export::free_name(name.to_str().unwrap()),
        folder.path().join("comparison-2.md").to_str().unwrap()
    );
    driver.press("x").assert_shows("comparison");
    assert!(
        last_line(&driver).contains("enter write"),
        "{}",
        last_line(&driver)
    );
}

#[test]
fn artifact_preview_scrolls_and_images_name_their_key() {
    let mut driver = at_runs("churn-releases");
    driver.send(Message::Resize {
        width: 80,
        height: 10,
    });
    driver
        .press("enter F")
        .assert_shows("[Artifacts]")
        .assert_shows("README.md");
    driver.press("/").type_text("README").press("enter enter");
    // Without the top line, which shows the age of the data.
    let body = |driver: &Driver| {
        driver
            .screen()
            .lines()
            .skip(1)
            .collect::<Vec<_>>()
            .join("\n")
    };
    let first = body(&driver);
    assert!(first.contains("1-"), "the position is shown:\n{first}");
    driver.press("ctrl-d");
    assert_ne!(body(&driver), first);
    driver.press(&"pagedown ".repeat(30));
    let last = body(&driver);
    driver.press("pageup");
    assert_ne!(body(&driver), last, "going up works at once");
    driver.press(&"pageup ".repeat(30));
    assert_eq!(body(&driver), first);
    assert!(driver.app.screen_as::<RunScreen>().is_some());
}

#[test]
fn plan_says_what_enter_does_at_the_smallest_size() {
    let mut driver = open(SMALL);
    driver
        .press("4 f")
        .type_text("churn")
        .press("enter enter g P");
    driver.type_text("Production").press("enter");
    assert!(
        last_line(&driver).contains("enter next field"),
        "{}",
        last_line(&driver)
    );
    driver
        .press("enter")
        .type_text("churn-classifie")
        .press("enter");
    assert!(
        driver.notification().contains("churn-classifier"),
        "{}",
        driver.notification()
    );
    let shown: String = driver.notification().chars().take(20).collect();
    driver.assert_shows(&shown);
    driver.type_text("r").press("enter");
    assert!(
        last_line(&driver).contains("enter apply"),
        "{}",
        last_line(&driver)
    );
    driver.press("enter");
    assert!(
        last_line(&driver).contains("enter close"),
        "{}",
        last_line(&driver)
    );
}

#[test]
fn description_and_tags_are_edited() {
    let mut driver = Driver::new();
    driver
        .press("4 f")
        .type_text("churn")
        .press("enter enter g E");
    // Records cannot be changed, so they are not offered.
    driver
        .assert_shows("tag validation_status")
        .assert_hides("frontrunner.last");
    driver
        .type_text("team")
        .press("enter")
        .type_text("growth")
        .press("enter");
    driver.assert_shows("team").assert_shows("growth");
    driver.press("enter enter").assert_shows("verified");
    driver.press("enter");
    driver.press("E").type_text("team").assert_shows("growth");
    driver
        .press("esc E")
        .type_text("description")
        .press("enter ctrl-u");
    driver
        .type_text("calibrated")
        .press("enter enter enter")
        .assert_shows("verified");
    driver
        .press("enter 4 E")
        .assert_shows("edit churn-classifier");
    driver.press("enter ctrl-u").type_text("all of churn");
    driver.press("enter enter enter").assert_shows("verified");
    driver.press("enter E").type_text("domain").press("enter");
    driver.type_text("crm").press("enter enter enter");
    driver.assert_shows("verified");
    driver.press("enter E").type_text("domain");
    driver.assert_shows("crm");
}

#[test]
fn runs_are_edited_in_the_table_and_on_their_own_screen() {
    let mut driver = at_runs("churn-sweep");
    driver.press("space k").press("E");
    driver
        .assert_shows("description of")
        .assert_shows("name of")
        .assert_hides("tag mlflow.");
    driver.type_text("quality").press("enter");
    driver.type_text("reviewed").press("enter enter enter");
    driver.assert_shows("verified");
    driver.press("enter");
    // The table has the new column, and the mark is kept.
    assert_eq!(driver.app.shared.marks.len(), 1);
    let columns = driver.runs().columns.all.iter();
    let keys: Vec<_> = columns.map(|column| column.key.clone()).collect();
    let tag = ColumnKey::Tag("quality".into());
    assert!(keys.contains(&tag), "{keys:?}");
    driver.press("enter").press("tab tab tab");
    driver.assert_shows("quality").assert_shows("reviewed");
    driver.press("E").type_text("name of").press("enter ctrl-u");
    driver.type_text("winner").press("enter enter enter");
    driver.assert_shows("verified");
    driver.press("enter");
    driver.assert_shows("run › winner");
    // An empty text removes a tag.
    driver.press("E").type_text("quality").press("enter ctrl-u");
    driver.press("enter").assert_shows("no tag");
    driver.press("enter enter").assert_shows("verified");
    driver.press("enter").assert_hides("reviewed");
}

#[test]
fn last_change_of_a_model_is_undone_from_the_models() {
    let mut driver = Driver::new();
    driver.press("4 f").type_text("churn").press("enter U");
    assert!(
        driver.notification().contains("no change"),
        "{}",
        driver.notification()
    );
    driver
        .press("enter g P")
        .type_text("blessed")
        .press("enter enter enter");
    driver.assert_shows("verified");
    driver.press("enter 4 U");
    driver.assert_shows("undo: ").assert_shows("blessed");
}

#[test]
fn registered_model_is_opened() {
    let mut driver = at_runs("churn-releases");
    driver.press("R");
    if matches!(driver.dialog(), Some(Dialog::Picker(_))) {
        driver.press("enter");
    }
    driver.type_text("fresh-model").press("enter enter enter");
    driver.assert_shows("verified");
    driver.press("enter");
    assert!(
        driver.app.screen_as::<VersionsScreen>().is_some(),
        "{}",
        driver.screen()
    );
    driver.press("P enter").assert_shows("to Staging");
}

#[test]
fn promotion_offers_no_stage_that_the_version_has() {
    let mut driver = Driver::new();
    driver
        .press("4 f")
        .type_text("churn")
        .press("enter enter g P");
    let Some(Dialog::Picker(list)) = driver.dialog() else {
        panic!("{}", driver.screen())
    };
    let labels: Vec<&str> = list
        .items()
        .iter()
        .map(|item| item.label.as_str())
        .collect();
    assert!(
        !labels.contains(&"Staging"),
        "version 6 is in Staging: {labels:?}"
    );
    assert_eq!(labels.first(), Some(&"Production"));
    driver.press("esc L P").assert_shows("Production");
    assert!(driver.app.screen_as::<LineageScreen>().is_some());
}
