//! Writing: registering, stages, aliases, the journal, undoing.

use frontrunner::domain::{Stage, VersionNumber};
use frontrunner::promotion::Outcome;
use frontrunner::promotion::journal::EntryState;
use frontrunner::tui::app::Screen;
use frontrunner::tui::app::overlays::{Overlay, PlanDialog, PlanStage};

use super::tables::{at_runs, current};
use crate::support::driver::{Driver, facts};

/// A session with the versions of the churn classifier on the screen, the cursor on one of them.
fn at_version(number: u64) -> Driver {
    go_to_version(Driver::new(), number)
}

fn go_to_version(mut driver: Driver, number: u64) -> Driver {
    driver
        .press("4 f ctrl-u")
        .text("churn")
        .press("enter enter");
    for _ in 0..20 {
        let Screen::Versions(versions) = driver.app.screen() else {
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
    panic!("there is no version {number}:\n{}", driver.screen());
}

fn plan(driver: &Driver) -> &PlanDialog {
    match driver.overlay() {
        Some(Overlay::Plan(dialog)) => dialog,
        other => panic!("no plan: {other:?}\n{}", driver.screen()),
    }
}

fn is_verified(driver: &Driver) -> bool {
    matches!(&plan(driver).stage, PlanStage::Done(report) if report.outcome == Outcome::Verified)
}

/// The stage and the aliases of a version, as the Versions screen knows them.
fn state(driver: &Driver, number: u64) -> (Stage, Vec<String>) {
    let Screen::Versions(versions) = driver.app.screen() else {
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

#[test]
fn a_run_is_registered_through_the_plan() {
    let mut driver = at_runs("churn-releases");
    driver.press("g r").text("fresh-model").press("enter");
    driver.sees("fresh-model").sees("what will be done");
    driver.text("first try").press("enter enter");
    assert!(is_verified(&driver), "{}", driver.screen());
    driver.press("enter");
    assert!(driver.overlay().is_none());
    driver.press("4");
    driver.sees("fresh-model");
    driver.press("6");
    driver.sees("fresh-model").sees("first try");
}

#[test]
fn names_are_offered_whenever_they_come_and_what_was_typed_stays() {
    let mut driver = at_runs("churn-releases");
    driver.press("g r");
    driver.sees("churn-classifier").sees("iris-forest");

    let mut driver = at_runs("churn-releases");
    driver.hold().press("g r").answer_one();
    driver.sees("register as").misses("iris-forest");
    driver.text("iris").release();
    driver.sees("iris-forest").misses("churn-classifier");
    driver.press("enter");
    assert!(
        plan(&driver).intent.to_string().contains("iris-forest"),
        "{}",
        plan(&driver).intent
    );
}

#[test]
fn registering_the_best_says_which_and_why_before_anything_is_written() {
    let mut driver = at_runs("churn-sweep");
    let before = std::fs::read(driver.store()).unwrap();
    driver.press("R");
    let Some(Overlay::Register(dialog)) = driver.overlay() else {
        panic!("{}", driver.screen())
    };
    assert_eq!(
        dialog.run,
        facts().sweep.best,
        "the failed run with the higher value is left out"
    );
    driver.sees("best by auc").sees("left out");
    driver.press("esc");
    assert!(driver.overlay().is_none());
    assert_eq!(
        std::fs::read(driver.store()).unwrap(),
        before,
        "nothing was written"
    );
}

#[test]
fn without_a_run_that_can_be_the_best_it_says_why() {
    let mut driver = at_runs("churn-sweep");
    driver.press("f").text("status = 'FAILED'").press("enter R");
    assert!(driver.overlay().is_none());
    assert!(
        driver.said().contains("no run can be the best"),
        "{}",
        driver.said()
    );
}

#[test]
fn a_reason_that_was_typed_is_there_again_when_the_same_is_planned() {
    let mut driver = at_version(5);
    driver
        .press("t")
        .text("Staging")
        .press("enter")
        .text("calibrated")
        .press("esc");
    driver
        .press("t")
        .text("Archived")
        .press("enter")
        .misses("calibrated");
    driver
        .press("esc t")
        .text("Staging")
        .press("enter")
        .sees("calibrated");
    driver.press("enter").wait(1_000).press("enter");
    assert!(is_verified(&driver), "{}", driver.screen());
    driver.press("enter 6").sees("calibrated");
}

#[test]
fn a_stage_that_is_not_protected_needs_no_name() {
    let mut driver = at_version(5);
    driver.press("t").text("Staging").press("enter");
    driver.press("enter enter");
    assert!(is_verified(&driver), "{}", driver.screen());
    driver.press("enter");
    assert_eq!(state(&driver, 5).0, Stage::Staging);
    assert_eq!(
        state(&driver, 6).0,
        Stage::Staging,
        "who was there is left there unless it is asked for"
    );
}

#[test]
fn production_asks_for_the_name_and_archives_on_demand() {
    let mut driver = at_version(6);
    driver.press("t").text("Production").press("enter ctrl-a");
    assert_eq!(plan(&driver).archive(), Some(true));
    driver.text("better").press("enter enter enter");
    assert!(
        matches!(plan(&driver).stage, PlanStage::Ready),
        "without the name nothing is done:\n{}",
        driver.screen()
    );
    assert!(
        driver.said().contains("type churn-classifier to confirm"),
        "{}",
        driver.said()
    );
    driver.text("churn-classifie").press("enter enter");
    assert!(
        matches!(plan(&driver).stage, PlanStage::Ready),
        "nor with a part of it"
    );
    driver.press("shift-tab");
    while plan(&driver).focus != frontrunner::tui::app::overlays::Field::Name {
        driver.press("tab");
    }
    driver.text("r").press("enter enter");
    assert!(is_verified(&driver), "{}", driver.screen());
    driver.press("enter");
    assert_eq!(
        (state(&driver, 6).0, state(&driver, 4).0),
        (Stage::Production, Stage::Archived)
    );
}

#[test]
fn the_name_that_confirms_is_typed_and_not_pasted() {
    let mut driver = at_version(6);
    driver.press("a").text("champion").press("enter enter");
    driver.take(frontrunner::tui::app::Message::Paste(
        "churn-classifier".into(),
    ));
    assert_eq!(plan(&driver).name.value(), "");
    assert!(
        driver.said().contains("typed, not pasted"),
        "{}",
        driver.said()
    );
}

/// Moves `@champion` to version 6 by keys, with the name typed.
fn crown(driver: &mut Driver) {
    driver
        .press("a")
        .text("champion")
        .press("enter")
        .text("wins")
        .press("enter")
        .text("churn-classifier")
        .press("enter enter");
    assert!(is_verified(driver), "{}", driver.screen());
    driver.press("enter");
}

#[test]
fn a_place_goes_back_to_who_had_it_on_one_key() {
    let mut driver = at_version(5);
    driver.press("U").sees("does not know who had the places");
    let before = state(&driver, 5);
    crown(&mut driver);
    driver.press("U").sees("@champion only");
    driver
        .text("regrets")
        .press("enter")
        .text("churn-classifier")
        .press("enter enter");
    assert!(is_verified(&driver), "{}", driver.screen());
    driver.press("enter");
    assert_eq!(state(&driver, 5), before);
}

#[test]
fn an_alias_is_moved_told_by_the_journal_and_put_back() {
    let mut driver = Driver::new();
    // The journal lies below on the way here: it must not be shown as it was before.
    driver.press("6");
    driver.sees("nothing was written");
    let mut driver = go_to_version(driver, 6);
    crown(&mut driver);
    assert!(
        state(&driver, 6).1.contains(&"champion".to_owned())
            && !state(&driver, 4).1.contains(&"champion".to_owned())
    );

    driver.press("6");
    driver.sees("champion").sees("wins").sees("ana");
    driver.press("u");
    assert!(
        matches!(plan(&driver).stage, PlanStage::Ready),
        "{}",
        driver.screen()
    );
    driver
        .press("enter")
        .text("churn-classifier")
        .press("enter enter");
    assert!(is_verified(&driver), "{}", driver.screen());
    driver.press("enter");
    let Screen::Journal(journal) = driver.app.screen() else {
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

    driver.press("j u");
    assert!(
        driver.overlay().is_none() && driver.said().contains("undone already"),
        "{}",
        driver.said()
    );
    let driver = go_to_version(driver, 4);
    assert!(
        state(&driver, 4).1.contains(&"champion".to_owned()),
        "{}",
        driver.screen()
    );
}

#[test]
fn an_alias_is_taken_away() {
    let mut driver = at_version(6);
    driver.press("a").text("remove").press("enter enter enter");
    assert!(is_verified(&driver), "{}", driver.screen());
    driver.press("enter");
    assert_eq!(state(&driver, 6).1, Vec::<String>::new());
}

#[test]
fn esc_leaves_a_plan_and_nothing_is_written() {
    let mut driver = at_version(6);
    let before = std::fs::read(driver.store()).unwrap();
    driver
        .press("t")
        .text("Production")
        .press("enter")
        .text("a reason")
        .press("enter")
        .text("churn-classifier")
        .press("esc");
    assert!(driver.overlay().is_none());
    assert_eq!(std::fs::read(driver.store()).unwrap(), before);
    driver.press("6");
    driver.sees("nothing was written");
}

#[test]
fn a_plan_under_way_can_not_be_called_back_and_its_end_is_told() {
    let mut driver = at_version(5);
    driver
        .press("t")
        .text("Staging")
        .press("enter")
        .press("enter")
        .hold()
        .press("enter esc");
    assert!(
        matches!(plan(&driver).stage, PlanStage::Applying(..)),
        "{}",
        driver.screen()
    );
    assert!(
        driver.said().contains("can't be called back"),
        "{}",
        driver.said()
    );
    driver.release();
    assert!(is_verified(&driver));
}

#[test]
fn keys_that_were_on_their_way_apply_no_plan() {
    let mut driver = at_version(5);
    driver.press("t").text("Staging").press("enter");
    let enter = || frontrunner::tui::app::Message::Key("enter".parse().unwrap());
    driver.now -= 400;
    (0..4).for_each(|_| driver.take(enter()));
    assert!(
        matches!(plan(&driver).stage, PlanStage::Ready),
        "{}",
        driver.screen()
    );
}

#[test]
fn what_somebody_else_changed_meanwhile_stops_the_plan() {
    let (mut driver, mut other) = (at_version(6), 0);
    driver
        .press("a")
        .text("champion")
        .press("enter enter")
        .text("churn-classifier")
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
        matches!(plan(&driver).stage, PlanStage::Refused(_)),
        "{}",
        driver.screen()
    );
    driver.press("esc ctrl-r");
    assert!(
        state(&driver, 5).1.contains(&"champion".to_owned()),
        "what the other did stays"
    );
}

#[test]
fn the_cursor_stays_on_its_version_when_another_appears() {
    let mut driver = at_version(4);
    let db = rusqlite::Connection::open(driver.store()).unwrap();
    let copy = "INSERT INTO model_versions (name, version, creation_time, last_updated_time, description, user_id, current_stage, \
                source, run_id, status) SELECT name, 7, creation_time, last_updated_time, description, user_id, 'None', source, run_id, \
                status FROM model_versions WHERE name = 'churn-classifier' AND version = 6";
    assert_eq!(db.execute(copy, []).unwrap(), 1);
    drop(db);
    // The answer comes while the stage is chosen: what was asked for one version must not reach another.
    driver.hold().press("ctrl-r t").release();
    driver.text("Staging").press("enter");
    driver.sees("move churn-classifier/4 to Staging");
    driver.press("esc");
    assert_eq!(state(&driver, 7).0, Stage::None, "the new one is there");
}

#[test]
fn a_read_only_session_refuses_each_write_with_a_line() {
    let mut driver = super::tables::open_runs(Driver::read_only(), "churn-releases");
    driver.sees("READ ONLY");
    let refused = |driver: &mut Driver, key: &str| {
        driver.press("esc").press(key);
        assert!(
            driver.overlay().is_none(),
            "{key} opened something:\n{}",
            driver.screen()
        );
        assert!(
            driver.said().contains("read-only"),
            "{key}: {}",
            driver.said()
        );
    };
    let id = current(&driver);
    for key in ["r", "R"] {
        driver.press(key);
        assert!(
            driver.overlay().is_none() && driver.said().contains("read-only"),
            "{key}: {}",
            driver.said()
        );
    }
    assert_eq!(current(&driver), id);
    let mut driver = go_to_version(Driver::read_only(), 6);
    driver.press("t");
    assert!(
        driver.overlay().is_none() && driver.said().contains("read-only"),
        "{}",
        driver.said()
    );
    refused(&mut driver, "a");
    driver.press("6 u");
    assert!(
        driver.overlay().is_none() && driver.said().contains("read-only"),
        "{}",
        driver.said()
    );
    driver.press("? ");
    driver.misses("undo this entry").misses("move to a stage");
    driver.press("esc :").text("alias");
    driver.misses("give or remove an alias");
}

#[test]
fn the_history_of_a_model_tells_who_moved_what_and_undoes_it() {
    let mut driver = at_version(6);
    driver.press("H");
    let before = events(&driver);
    driver.press("esc a").text("blessed").press("enter");
    driver.text("a good one").press("enter enter enter");
    driver
        .press("H")
        .sees("blessed")
        .sees("a good one")
        .sees("from this machine's journal");
    assert!(events(&driver) > before);
    driver.press("g u").sees("what will be done");
    driver.text("not so good").press("enter enter");
    assert!(is_verified(&driver), "{}", driver.screen());
    driver.press("enter g").sees("not so good");
}

#[test]
fn what_moves_while_the_history_is_seen_is_told() {
    let mut driver = at_version(6);
    driver.press("a").text("challenger-2").press("enter");
    driver.text("it wins").press("enter enter enter");
    driver.press("H").sees("it wins");
    let store = rusqlite::Connection::open(driver.store()).unwrap();
    store
        .execute("UPDATE registered_model_aliases SET version = 2 WHERE name = 'churn-classifier' AND alias = 'challenger-2'", [])
        .unwrap();
    let told = (0..60).any(|_| {
        driver.wait(1_000);
        driver.said().contains("no record says by whom")
    });
    assert!(told, "{}", driver.screen());
    driver.press("g").sees("changed with another tool");
}

#[test]
fn what_moves_in_any_model_is_told_beside_the_models() {
    let mut driver = Driver::new();
    driver.press("4").sees("churn-classifier");
    let store = rusqlite::Connection::open(driver.store()).unwrap();
    store.execute("UPDATE registered_model_aliases SET version = 2 WHERE name = 'churn-classifier' AND alias = 'champion'", []).unwrap();
    let told = (0..60).any(|_| {
        driver.wait(1_000);
        driver
            .said()
            .contains("@champion: churn-classifier/4 → churn-classifier/2")
    });
    assert!(told, "{}", driver.screen());
    assert_eq!(driver.alerts.len(), 1);
    driver.sees("@champion v2");
}

fn events(driver: &Driver) -> usize {
    let Screen::History(history) = driver.app.screen() else {
        panic!("{}", driver.screen())
    };
    history.lines().len()
}
