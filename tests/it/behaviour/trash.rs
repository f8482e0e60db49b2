//! Deleting and restoring runs, undoing what was said, taking a version away.

use frontrunner::domain::VersionNumber;
use frontrunner::promotion::Outcome;
use frontrunner::tui::app::Screen;
use frontrunner::tui::app::overlays::{Overlay, PlanDialog, PlanStage};

use super::tables::{at_runs, current, open_runs};
use crate::support::driver::Driver;

fn plan(driver: &Driver) -> &PlanDialog {
    match driver.overlay() {
        Some(Overlay::Plan(dialog)) => dialog,
        other => panic!("no plan: {other:?}\n{}", driver.screen()),
    }
}

/// Applies the plan that is shown, and closes it.
fn apply(driver: &mut Driver) {
    driver.press("enter").wait(1_000).press("enter");
    assert!(
        matches!(&plan(driver).stage, PlanStage::Done(report) if report.outcome == Outcome::Verified),
        "{}",
        driver.screen()
    );
    driver.press("enter");
    assert!(driver.overlay().is_none());
}

/// Whether a run stands in the table.
fn is_listed(driver: &Driver, run: &str) -> bool {
    driver.runs().table.row_of(&run.into()).is_some()
}

#[test]
fn a_run_goes_into_the_trash_and_comes_back_from_there() {
    let mut driver = at_runs("churn-sweep");
    let run = current(&driver);
    driver.press("X").sees("delete run").sees("deleted_time");
    driver.text("a test run");
    apply(&mut driver);
    assert!(!is_listed(&driver, &run), "{}", driver.screen());
    driver.press("T").sees("deleted runs");
    assert!(
        is_listed(&driver, &run) && driver.runs().lines.len() == 1,
        "{}",
        driver.screen()
    );
    driver.press("enter").sees("MLflow's trash");
    driver.press("q");
    assert!(is_listed(&driver, &run), "{}", driver.screen());
    driver.press("B").sees("restore run");
    apply(&mut driver);
    assert!(!is_listed(&driver, &run));
    driver.press("T");
    assert!(
        is_listed(&driver, &run) && driver.runs().lines.len() == 60,
        "{}",
        driver.screen()
    );
    driver
        .press("6")
        .sees("delete run")
        .sees("restore run")
        .sees("a test run");
}

#[test]
fn the_marked_runs_are_one_plan_and_one_entry() {
    let mut driver = at_runs("churn-sweep");
    let first = current(&driver);
    driver.press("space");
    let second = current(&driver);
    driver.press("space X").sees("delete 2 runs");
    assert_eq!(plan(&driver).planned.as_ref().unwrap().plan.steps.len(), 2);
    apply(&mut driver);
    assert!(!is_listed(&driver, &first) && !is_listed(&driver, &second));
    assert_eq!(
        driver.app.shared.marks.len(),
        0,
        "what is gone is not marked"
    );
    driver.press("6 g u").sees("undo: delete 2 runs");
    apply(&mut driver);
    driver.sees("undone");
    driver.press("2");
    assert!(
        is_listed(&driver, &first) && is_listed(&driver, &second),
        "{}",
        driver.screen()
    );
}

#[test]
fn the_run_of_a_version_in_use_asks_for_its_name() {
    let mut driver = at_runs("churn-releases");
    let versions = driver.runs().table.len();
    let mut asked = 0;
    for _ in 0..versions {
        driver.press("X");
        if let Some(name) = plan(&driver).asked_name() {
            asked += 1;
            driver
                .sees("was made from run")
                .sees(&format!("type {name}"));
            driver.press("enter enter enter");
            assert!(
                matches!(plan(&driver).stage, PlanStage::Ready),
                "without the name nothing is done:\n{}",
                driver.screen()
            );
            assert!(
                driver.said().contains(&format!("type {name} to confirm")),
                "{}",
                driver.said()
            );
        }
        driver.press("esc j");
    }
    assert!(asked > 0 && asked < versions, "{asked} of {versions}");
}

#[test]
fn one_run_is_deleted_from_its_own_screen() {
    let mut driver = at_runs("churn-sweep");
    driver.press("enter X").sees("delete run");
    apply(&mut driver);
    driver.sees("MLflow's trash: B restores it");
    driver.press("B").sees("restore run");
    apply(&mut driver);
    driver.misses("MLflow's trash");
}

#[test]
fn a_session_that_may_only_look_finds_what_is_deleted_and_leaves_it() {
    let mut driver = open_runs(Driver::read_only(), "churn-sweep");
    driver.press("X");
    assert!(
        driver.overlay().is_none() && driver.said().contains("read-only"),
        "{}",
        driver.said()
    );
    driver.press("T").sees("deleted runs");
    assert_eq!(driver.runs().lines.len(), 0);
}

#[test]
fn an_approval_is_taken_back_from_the_journal() {
    let mut driver = Driver::new();
    driver
        .press("4 f ctrl-u")
        .text("churn")
        .press("enter enter g D a")
        .sees("approve churn-classifier");
    apply(&mut driver);
    driver
        .press("esc 6 g u")
        .sees("undo: approve churn-classifier")
        .sees("take back review")
        .sees("no review");
    apply(&mut driver);
    driver.sees("undone");
}

#[test]
fn a_version_is_deleted_and_its_run_registered_again() {
    let mut driver = Driver::new();
    driver
        .press("4 f ctrl-u")
        .text("churn")
        .press("enter enter");
    let free = |driver: &Driver| {
        let Screen::Versions(versions) = driver.app.screen() else {
            panic!("{}", driver.screen())
        };
        versions
            .current()
            .filter(|version| version.places().is_empty())
            .map(|version| version.version)
    };
    while free(&driver).is_none() {
        driver.press("j");
    }
    let gone = free(&driver).unwrap();
    driver.press("X").sees("can't be brought back");
    driver
        .press("enter")
        .text("churn-classifier")
        .press("enter")
        .wait(1_000)
        .press("enter");
    assert!(
        matches!(&plan(&driver).stage, PlanStage::Done(report) if report.outcome == Outcome::Verified),
        "{}",
        driver.screen()
    );
    driver
        .press("enter 6 g u")
        .sees(&format!("for the deleted churn-classifier/{gone}"))
        .sees("itself can't be brought back");
    driver.press("enter").wait(1_000).press("enter");
    let PlanStage::Done(report) = &plan(&driver).stage else {
        panic!("{}", driver.screen())
    };
    assert_eq!(
        (
            &report.outcome,
            report.created > Some(VersionNumber(gone.0))
        ),
        (&Outcome::Verified, true)
    );
}
