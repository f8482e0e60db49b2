//! Deleting and restoring runs, undoing what was said, taking a version away.

use frontrunner::domain::VersionNumber;
use frontrunner::promotion::Outcome;
use frontrunner::tui::app::dialogs::{Dialog, PlanDialog, PlanPhase};
use frontrunner::tui::screens::VersionsScreen;

use super::runs_table::{at_runs, current_run_id, open_runs};
use crate::support::driver::Driver;

fn plan(driver: &Driver) -> &PlanDialog {
    match driver.dialog() {
        Some(Dialog::Plan(dialog)) => dialog,
        other => panic!("no plan: {other:?}\n{}", driver.screen()),
    }
}

/// Applies the plan that is shown, and closes it.
fn apply(driver: &mut Driver) {
    driver.press("enter").advance(1_000).press("enter");
    assert!(
        matches!(&plan(driver).phase, PlanPhase::Done(report) if report.outcome == Outcome::Verified),
        "{}",
        driver.screen()
    );
    driver.press("enter");
    assert!(driver.dialog().is_none());
}

/// Whether a run stands in the table.
fn is_listed(driver: &Driver, run: &str) -> bool {
    driver.runs().table.row_of(&run.into()).is_some()
}

#[test]
fn run_is_deleted_and_restored() {
    let mut driver = at_runs("churn-sweep");
    let run = current_run_id(&driver);
    driver
        .press("X")
        .assert_shows("delete run")
        .assert_shows("deleted_time");
    driver.type_text("a test run");
    apply(&mut driver);
    assert!(!is_listed(&driver, &run), "{}", driver.screen());
    driver.press(".").assert_shows("deleted runs");
    assert!(
        is_listed(&driver, &run) && driver.runs().lines.len() == 1,
        "{}",
        driver.screen()
    );
    driver.press("enter").assert_shows("MLflow's trash");
    driver.press("q");
    assert!(is_listed(&driver, &run), "{}", driver.screen());
    driver.press("X").assert_shows("restore run");
    apply(&mut driver);
    assert!(!is_listed(&driver, &run));
    driver.press(".");
    assert!(
        is_listed(&driver, &run) && driver.runs().lines.len() == 60,
        "{}",
        driver.screen()
    );
    driver
        .press("6")
        .assert_shows("delete run")
        .assert_shows("restore run")
        .assert_shows("a test run");
}

#[test]
fn marked_runs_share_one_plan_and_journal_entry() {
    let mut driver = at_runs("churn-sweep");
    let first = current_run_id(&driver);
    driver.press("space");
    let second = current_run_id(&driver);
    driver.press("space X").assert_shows("delete 2 runs");
    assert_eq!(plan(&driver).detail.as_ref().unwrap().plan.steps.len(), 2);
    apply(&mut driver);
    assert!(!is_listed(&driver, &first) && !is_listed(&driver, &second));
    assert_eq!(
        driver.app.shared.marks.len(),
        0,
        "what is gone is not marked"
    );
    driver.press("6 g U").assert_shows("undo: delete 2 runs");
    apply(&mut driver);
    driver.assert_shows("undone");
    driver.press("2");
    assert!(
        is_listed(&driver, &first) && is_listed(&driver, &second),
        "{}",
        driver.screen()
    );
}

#[test]
fn deleting_the_run_of_a_used_version_requires_typing_its_name() {
    let mut driver = at_runs("churn-releases");
    let versions = driver.runs().table.len();
    let mut confirmations = 0;
    for _ in 0..versions {
        driver.press("X");
        if let Some(name) = plan(&driver).required_name() {
            confirmations += 1;
            driver
                .assert_shows("was created from run")
                .assert_shows(&format!("type {name}"));
            driver.press("enter enter enter");
            assert!(
                matches!(plan(&driver).phase, PlanPhase::Ready),
                "without the name nothing is done:\n{}",
                driver.screen()
            );
            assert!(
                driver
                    .notification()
                    .contains(&format!("type {name} to confirm")),
                "{}",
                driver.notification()
            );
        }
        driver.press("esc j");
    }
    assert!(
        confirmations > 0 && confirmations < versions,
        "{confirmations} of {versions}"
    );
}

#[test]
fn run_is_deleted_from_its_screen() {
    let mut driver = at_runs("churn-sweep");
    driver.press("enter X").assert_shows("delete run");
    apply(&mut driver);
    driver.assert_shows("MLflow's trash: X restores it");
    driver.press("X").assert_shows("restore run");
    apply(&mut driver);
    driver.assert_hides("MLflow's trash");
}

#[test]
fn read_only_session_lists_deleted_runs_only() {
    let mut driver = open_runs(Driver::read_only(), "churn-sweep");
    driver.press("X");
    assert!(
        driver.dialog().is_none() && driver.notification().contains("read-only"),
        "{}",
        driver.notification()
    );
    driver.press(".").assert_shows("deleted runs");
    assert_eq!(driver.runs().lines.len(), 0);
}

#[test]
fn approval_is_undone_from_the_journal() {
    let mut driver = Driver::new();
    driver
        .press("4 f ctrl-u")
        .type_text("churn")
        .press("enter enter g D A enter")
        .assert_shows("approve churn-classifier");
    apply(&mut driver);
    driver
        .press("esc 6 g U")
        .assert_shows("undo: approve churn-classifier")
        .assert_shows("withdraw review")
        .assert_shows("no review");
    apply(&mut driver);
    driver.assert_shows("undone");
}

#[test]
fn version_is_deleted_and_registered_again() {
    let mut driver = Driver::new();
    driver
        .press("4 f ctrl-u")
        .type_text("churn")
        .press("enter enter");
    let free = |driver: &Driver| {
        let Some(versions) = driver.app.screen_as::<VersionsScreen>() else {
            panic!("{}", driver.screen())
        };
        versions
            .current()
            .filter(|version| version.slot_names().is_empty())
            .map(|version| version.version)
    };
    while free(&driver).is_none() {
        driver.press("j");
    }
    let gone = free(&driver).unwrap();
    driver.press("X").assert_shows("cannot be restored");
    driver
        .press("enter")
        .type_text("churn-classifier")
        .press("enter")
        .advance(1_000)
        .press("enter");
    assert!(
        matches!(&plan(&driver).phase, PlanPhase::Done(report) if report.outcome == Outcome::Verified),
        "{}",
        driver.screen()
    );
    driver
        .press("enter 6 g U")
        .assert_shows(&format!("replacing the deleted churn-classifier/{gone}"))
        .assert_shows("cannot be restored");
    driver.press("enter").advance(1_000).press("enter");
    let PlanPhase::Done(report) = &plan(&driver).phase else {
        panic!("{}", driver.screen())
    };
    assert_eq!(
        (
            &report.outcome,
            report.created_version > Some(VersionNumber(gone.0))
        ),
        (&Outcome::Verified, true)
    );
}
