//! Writes: registration, stages, aliases, the journal, undo.

use frontrunner::domain::{Stage, VersionNumber};
use frontrunner::promotion::Outcome;
use frontrunner::promotion::journal::EntryState;
use frontrunner::tui::app::dialogs::{Dialog, PlanDialog, PlanPhase};
use frontrunner::tui::screens::{JournalScreen, VersionsScreen};

use super::runs_table::{at_runs, current_run_id};
use crate::support::driver::{Driver, demo_manifest};

/// A session on the versions of the churn classifier, with the cursor on one of them.
pub fn at_version(number: u64) -> Driver {
    go_to_version(Driver::new(), number)
}

fn go_to_version(mut driver: Driver, number: u64) -> Driver {
    driver
        .press("4 f ctrl-u")
        .type_text("churn")
        .press("enter enter");
    for _ in 0..20 {
        let Some(versions) = driver.app.screen_as::<VersionsScreen>() else {
            panic!("{}", driver.screen())
        };
        if versions
            .current()
            .is_some_and(|version| version.version == VersionNumber(number))
        {
            return driver;
        }
        driver.press("j");
    }
    panic!("no version {number}:\n{}", driver.screen());
}

fn plan(driver: &Driver) -> &PlanDialog {
    match driver.dialog() {
        Some(Dialog::Plan(dialog)) => dialog,
        other => panic!("no plan: {other:?}\n{}", driver.screen()),
    }
}

pub fn is_verified(driver: &Driver) -> bool {
    matches!(&plan(driver).phase, PlanPhase::Done(report) if report.outcome == Outcome::Verified)
}

/// The stage and the aliases of a version on the Versions screen.
fn state(driver: &Driver, number: u64) -> (Stage, Vec<String>) {
    let Some(versions) = driver.app.screen_as::<VersionsScreen>() else {
        panic!("{}", driver.screen())
    };
    let data = versions.data.get().unwrap();
    let version = data
        .versions
        .iter()
        .find(|version| version.version == VersionNumber(number))
        .unwrap();
    (
        version.stage,
        version
            .aliases
            .iter()
            .map(|alias| alias.raw().to_owned())
            .collect(),
    )
}

/// Registers the first run of the table, also if it is not the best.
fn register_first(driver: &mut Driver) {
    driver.press("g R");
    if matches!(driver.dialog(), Some(Dialog::Picker(_))) {
        driver.press("enter");
    }
}

#[test]
fn run_is_registered_through_the_plan_dialog() {
    let mut driver = at_runs("churn-releases");
    register_first(&mut driver);
    driver.type_text("fresh-model").press("enter");
    driver
        .assert_shows("fresh-model")
        .assert_shows("planned writes");
    driver.type_text("first try").press("enter enter");
    assert!(is_verified(&driver), "{}", driver.screen());
    driver.press("enter");
    assert!(driver.dialog().is_none());
    driver.press("4");
    driver.assert_shows("fresh-model");
    driver.press("6");
    driver.assert_shows("fresh-model").assert_shows("first try");
}

#[test]
fn new_version_is_shown_after_its_registration() {
    let mut driver = at_runs("churn-releases");
    driver.press("g R");
    if matches!(driver.dialog(), Some(Dialog::Picker(_))) {
        driver.press("enter");
    }
    driver.type_text("fresh-model").press("enter enter enter");
    assert!(is_verified(&driver), "{}", driver.screen());
    driver.press("enter");
    let Some(versions) = driver.app.screen_as::<VersionsScreen>() else {
        panic!("{}", driver.screen())
    };
    assert_eq!(versions.current().unwrap().version, VersionNumber(1));
    driver.assert_shows("fresh-model/1");
    driver.press("esc").assert_shows("churn-releases");
}

#[test]
fn version_is_copied_to_another_model() {
    let mut driver = at_version(6);
    driver.press("R").assert_shows("copy churn-classifier/6");
    driver
        .assert_shows("copy to")
        .assert_hides("models:/churn-classifier/6");
    driver.type_text("churn-production").press("enter");
    driver.assert_shows("copy churn-classifier/6 to churn-production");
    driver.assert_shows("a copy of churn-classifier/6");
    driver.press("enter enter");
    assert!(is_verified(&driver), "{}", driver.screen());
    driver.press("enter").assert_shows("churn-production/1");
    driver
        .press("H")
        .assert_shows("copy churn-classifier/6 to churn-production");
    // A prompt is text, which is no model to copy.
    let mut driver = Driver::new();
    driver.press("4 . enter R");
    assert!(
        driver.dialog().is_none() && driver.notification().contains("is a prompt"),
        "{}",
        driver.screen()
    );
}

#[test]
fn prompts_are_listed_on_request() {
    let mut driver = Driver::new();
    driver.press("4").assert_hides("1 prompts");
    driver.press(".").assert_shows("prompts, by");
    driver.press("enter");
    driver
        .assert_shows("of a prompt")
        .assert_shows("Write to {{name}} in two sentences.");
    driver.press("D");
    assert!(driver.notification().contains("first version"));
    // Prompts have no stages: they are promoted by alias.
    driver.press("A").assert_shows("for @champion");
    driver.press("tab").assert_hides("Production");
    driver.press("esc esc");
    driver.press("4 .").assert_shows("churn-classifier");
}

#[test]
fn tags_and_description_of_a_version_are_readable() {
    let driver = at_version(4);
    driver
        .assert_shows("approved_by")
        .assert_shows("elena")
        .assert_shows("Retrained on customers")
        .assert_shows("set @champion on churn-classifier/4 by elena")
        .assert_hides("{\"id\"");
}

#[test]
fn late_name_suggestions_keep_typed_text() {
    let mut driver = at_runs("churn-releases");
    register_first(&mut driver);
    driver
        .assert_shows("churn-classifier")
        .assert_shows("iris-forest");

    let mut driver = at_runs("churn-releases");
    driver.hold_replies();
    register_first(&mut driver);
    driver.reply_to_one();
    driver
        .assert_shows("register as")
        .assert_hides("iris-forest");
    driver.type_text("iris").release_replies();
    driver
        .assert_shows("iris-forest")
        .assert_hides("churn-classifier");
    driver.press("enter");
    assert!(
        plan(&driver).intent.to_string().contains("iris-forest"),
        "{}",
        plan(&driver).intent
    );
}

#[test]
fn register_best_names_the_run_and_reason_first() {
    let mut driver = at_runs("churn-sweep");
    let before = std::fs::read(driver.store()).unwrap();
    driver
        .press("j R")
        .assert_shows("this run: ")
        .assert_shows("best run: ");
    driver.press("down enter");
    let Some(Dialog::Register(dialog)) = driver.dialog() else {
        panic!("{}", driver.screen())
    };
    assert_eq!(
        dialog.run,
        demo_manifest().sweep.best,
        "the failed run with the higher value is left out"
    );
    driver.assert_shows("best by auc").assert_shows("excluded");
    driver.press("esc");
    assert!(driver.dialog().is_none());
    assert_eq!(
        std::fs::read(driver.store()).unwrap(),
        before,
        "nothing was written"
    );
}

#[test]
fn register_best_explains_when_there_is_no_candidate() {
    let mut driver = at_runs("churn-sweep");
    driver
        .press("f")
        .type_text("status = 'FAILED'")
        .press("enter R")
        .assert_shows("no run can be ranked by");
    // Nothing is left that could be registered.
    driver
        .press("esc f ctrl-u")
        .type_text("metrics.auc > 2")
        .press("enter R");
    assert!(driver.dialog().is_none());
    assert!(
        driver.notification().contains("no run can be ranked"),
        "{}",
        driver.notification()
    );
}

#[test]
fn typed_reason_is_restored_for_the_same_plan() {
    let mut driver = at_version(5);
    driver
        .press("P")
        .type_text("Staging")
        .press("enter")
        .type_text("calibrated")
        .press("esc");
    driver
        .press("P")
        .type_text("Archived")
        .press("enter")
        .assert_hides("calibrated");
    driver
        .press("esc P")
        .type_text("Staging")
        .press("enter")
        .assert_shows("calibrated");
    driver.press("enter").advance(1_000).press("enter");
    assert!(is_verified(&driver), "{}", driver.screen());
    driver.press("enter 6").assert_shows("calibrated");
}

#[test]
fn unprotected_stage_needs_no_confirmation_name() {
    let mut driver = at_version(5);
    driver.press("P").type_text("Staging").press("enter");
    driver.press("enter enter");
    assert!(is_verified(&driver), "{}", driver.screen());
    driver.press("enter");
    assert_eq!(state(&driver, 5).0, Stage::Staging);
    assert_eq!(
        state(&driver, 6).0,
        Stage::Staging,
        "existing versions are archived on request only"
    );
}

#[test]
fn production_requires_the_name_and_can_archive() {
    let mut driver = at_version(6);
    driver
        .press("P")
        .type_text("Production")
        .press("enter ctrl-a");
    assert_eq!(plan(&driver).archive_existing(), Some(true));
    driver.type_text("better").press("enter enter enter");
    assert!(
        matches!(plan(&driver).phase, PlanPhase::Ready),
        "without the name nothing is done:\n{}",
        driver.screen()
    );
    assert!(
        driver
            .notification()
            .contains("type churn-classifier to confirm"),
        "{}",
        driver.notification()
    );
    driver.type_text("churn-classifie").press("enter enter");
    assert!(
        matches!(plan(&driver).phase, PlanPhase::Ready),
        "a part of the name does not confirm"
    );
    driver.press("shift-tab");
    while plan(&driver).focus != frontrunner::tui::app::dialogs::PlanField::Name {
        driver.press("tab");
    }
    driver.type_text("r").press("enter enter");
    assert!(is_verified(&driver), "{}", driver.screen());
    driver.press("enter");
    assert_eq!(
        (state(&driver, 6).0, state(&driver, 4).0),
        (Stage::Production, Stage::Archived)
    );
}

#[test]
fn confirmation_name_cannot_be_pasted() {
    let mut driver = at_version(6);
    driver.press("P").type_text("champion").press("enter enter");
    driver.send(frontrunner::tui::app::Message::Paste(
        "churn-classifier".into(),
    ));
    assert_eq!(plan(&driver).confirmation.value(), "");
    assert!(
        driver.notification().contains("can't be pasted"),
        "{}",
        driver.notification()
    );
}

/// Moves `@champion` to version 6 with keys, confirmed by the name.
fn make_champion(driver: &mut Driver) {
    driver
        .press("P")
        .type_text("champion")
        .press("enter")
        .type_text("wins")
        .press("enter")
        .type_text("churn-classifier")
        .press("enter enter");
    assert!(is_verified(driver), "{}", driver.screen());
    driver.press("enter");
}

#[test]
fn restore_previous_holder_with_one_key() {
    let mut driver = at_version(5);
    driver
        .press("U")
        .assert_shows("no previous holder of the stage or aliases");
    let before = state(&driver, 5);
    make_champion(&mut driver);
    driver.press("U").assert_shows("@champion only");
    driver
        .type_text("regrets")
        .press("enter")
        .type_text("churn-classifier")
        .press("enter enter");
    assert!(is_verified(&driver), "{}", driver.screen());
    driver.press("enter");
    assert_eq!(state(&driver, 5), before);
}

#[test]
fn alias_move_is_journaled_and_undone() {
    let mut driver = Driver::new();
    // The journal is open below: it must show the new entry later.
    driver.press("6");
    driver.assert_shows("no writes to this store from this machine yet");
    let mut driver = go_to_version(driver, 6);
    make_champion(&mut driver);
    assert!(
        state(&driver, 6).1.contains(&"champion".to_owned())
            && !state(&driver, 4).1.contains(&"champion".to_owned())
    );

    driver.press("6");
    driver
        .assert_shows("champion")
        .assert_shows("wins")
        .assert_shows("ana");
    driver.press("U");
    assert!(
        matches!(plan(&driver).phase, PlanPhase::Ready),
        "{}",
        driver.screen()
    );
    driver
        .press("enter")
        .type_text("churn-classifier")
        .press("enter enter");
    assert!(is_verified(&driver), "{}", driver.screen());
    driver.press("enter");
    let Some(journal) = driver.app.screen_as::<JournalScreen>() else {
        panic!("{}", driver.screen())
    };
    let entries = journal.data.get().unwrap();
    assert_eq!(entries.len(), 2);
    assert!(
        entries
            .iter()
            .all(|entry| matches!(entry.state, EntryState::Ended(Outcome::Verified)))
    );
    assert_eq!(entries[0].undone_by.as_ref(), Some(&entries[1].id));

    driver.press("j U");
    assert!(
        driver.dialog().is_none() && driver.notification().contains("already undone"),
        "{}",
        driver.notification()
    );
    let driver = go_to_version(driver, 4);
    assert!(
        state(&driver, 4).1.contains(&"champion".to_owned()),
        "{}",
        driver.screen()
    );
}

#[test]
fn alias_is_removed() {
    let mut driver = at_version(6);
    driver
        .press("P")
        .type_text("remove")
        .press("enter enter enter");
    assert!(is_verified(&driver), "{}", driver.screen());
    driver.press("enter");
    assert_eq!(state(&driver, 6).1, Vec::<String>::new());
}

#[test]
fn esc_cancels_a_plan_without_writing() {
    let mut driver = at_version(6);
    let before = std::fs::read(driver.store()).unwrap();
    driver
        .press("P")
        .type_text("Production")
        .press("enter")
        .type_text("a reason")
        .press("enter")
        .type_text("churn-classifier")
        .press("esc");
    assert!(driver.dialog().is_none());
    assert_eq!(std::fs::read(driver.store()).unwrap(), before);
    driver.press("6");
    driver.assert_shows("no writes to this store from this machine yet");
}

#[test]
fn running_plan_cannot_be_cancelled_and_reports_its_outcome() {
    let mut driver = at_version(5);
    driver
        .press("P")
        .type_text("Staging")
        .press("enter")
        .press("enter")
        .hold_replies()
        .press("enter esc");
    assert!(
        matches!(plan(&driver).phase, PlanPhase::Applying(..)),
        "{}",
        driver.screen()
    );
    assert!(
        driver.notification().contains("can't be cancelled"),
        "{}",
        driver.notification()
    );
    driver.release_replies();
    assert!(is_verified(&driver));
}

#[test]
fn buffered_keys_do_not_apply_a_plan() {
    let mut driver = at_version(5);
    driver.press("P").type_text("Staging").press("enter");
    let enter = || frontrunner::tui::app::Message::Key("enter".parse().unwrap());
    driver.now -= 400;
    (0..4).for_each(|_| driver.send(enter()));
    assert!(
        matches!(plan(&driver).phase, PlanPhase::Ready),
        "{}",
        driver.screen()
    );
}

#[test]
fn concurrent_change_stops_the_plan() {
    let (mut driver, mut other) = (at_version(6), 0);
    driver
        .press("P")
        .type_text("champion")
        .press("enter enter")
        .type_text("churn-classifier")
        .press("enter");
    let db = rusqlite::Connection::open(driver.store()).unwrap();
    other += db
        .execute(
            "UPDATE registered_model_aliases SET version = 5 WHERE alias = 'champion'",
            [],
        )
        .unwrap();
    assert_eq!(other, 1);
    drop(db);
    driver.press("enter");
    assert!(
        matches!(plan(&driver).phase, PlanPhase::Failed(_)),
        "{}",
        driver.screen()
    );
    driver.press("esc ctrl-r");
    assert!(
        state(&driver, 5).1.contains(&"champion".to_owned()),
        "the concurrent change stays"
    );
}

#[test]
fn cursor_stays_on_its_version_when_a_new_one_appears() {
    let mut driver = at_version(4);
    let db = rusqlite::Connection::open(driver.store()).unwrap();
    let copy = "INSERT INTO model_versions (name, version, creation_time, last_updated_time, description, user_id, current_stage, \
                source, run_id, status) SELECT name, 7, creation_time, last_updated_time, description, user_id, 'None', source, run_id, \
                status FROM model_versions WHERE name = 'churn-classifier' AND version = 6";
    assert_eq!(db.execute(copy, []).unwrap(), 1);
    drop(db);
    // The reply arrives while the stage is chosen: the move must not reach another version.
    driver.hold_replies().press("ctrl-r P").release_replies();
    driver.type_text("Staging").press("enter");
    driver.assert_shows("move churn-classifier/4 to Staging");
    driver.press("esc");
    assert_eq!(state(&driver, 7).0, Stage::None, "the new version exists");
}

#[test]
fn read_only_session_refuses_every_write() {
    let mut driver = super::runs_table::open_runs(Driver::read_only(), "churn-releases");
    driver.assert_shows("READ ONLY");
    let refused = |driver: &mut Driver, key: &str| {
        driver.press("esc").press(key);
        assert!(
            driver.dialog().is_none(),
            "{key} opened something:\n{}",
            driver.screen()
        );
        assert!(
            driver.notification().contains("read-only"),
            "{key}: {}",
            driver.notification()
        );
    };
    let id = current_run_id(&driver);
    for key in ["R", "X"] {
        driver.press(key);
        assert!(
            driver.dialog().is_none() && driver.notification().contains("read-only"),
            "{key}: {}",
            driver.notification()
        );
    }
    assert_eq!(current_run_id(&driver), id);
    let mut driver = go_to_version(Driver::read_only(), 6);
    driver.press("P");
    assert!(
        driver.dialog().is_none() && driver.notification().contains("read-only"),
        "{}",
        driver.notification()
    );
    refused(&mut driver, "X");
    // A reviewer prepares a file.
    driver.press("A");
    assert!(matches!(driver.dialog(), Some(Dialog::Review(_))));
    driver.press("esc 6 U");
    assert!(
        driver.dialog().is_none() && driver.notification().contains("read-only"),
        "{}",
        driver.notification()
    );
    driver.press("? ");
    driver
        .assert_hides("undo this entry, or")
        .assert_hides("move this version to a stage, or");
    driver.press("esc :").type_text("alias");
    driver.assert_hides("set an alias");
}
