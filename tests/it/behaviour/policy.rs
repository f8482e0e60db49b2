//! A policy on the screens: gate results of versions, the review, an overridden gate.

use crate::support::driver::Driver;

const POLICY: &str = r#"
[model."churn-classifier"]
protected = ["@champion"]
overrides = ["ana"]
[[model."churn-classifier".gate]]
name = "has a run"
require = "has(candidate.run)"
[[model."churn-classifier".gate]]
name = "signed off"
require = "candidate.tags.signed == 'yes'"
"#;

/// The versions of the churn model, the newest under the cursor.
fn versions() -> Driver {
    let mut driver = Driver::new().with_policy(POLICY);
    driver
        .press("4 f ctrl-u")
        .type_text("churn")
        .press("enter enter g");
    driver
}

#[test]
fn gate_results_are_shown_in_versions_and_review() {
    let mut driver = versions();
    driver.assert_shows("gates").assert_shows("1/2");
    driver
        .press("D")
        .assert_shows("signed off")
        .assert_shows("has a run");
    driver.press("esc").assert_hides("signed off:");
}

#[test]
fn failing_gate_blocks_until_overridden_with_a_reason() {
    let mut driver = versions();
    driver
        .press("P")
        .type_text("challenger-2")
        .press("enter")
        .assert_shows("signed off");
    driver.type_text("an incident").press("enter enter");
    driver.press("enter").assert_hides("verified");
    driver.press("ctrl-o").assert_shows("overridden");
}

#[test]
fn approval_is_recorded_from_the_review() {
    let mut driver = versions();
    driver.press("D").assert_shows("approve");
    driver.press("A enter").assert_shows("frontrunner.approval");
    driver
        .type_text("seen the curves")
        .press("enter enter")
        .assert_shows("verified");
    driver
        .press("enter D")
        .assert_shows("approve for")
        .assert_shows("seen the curves");
}

#[test]
fn evidence_is_shown_in_versions_and_review() {
    let mut driver = versions();
    driver
        .assert_shows("Evidently")
        .assert_shows("✗ dataset_drift true");
    driver
        .press("D")
        .assert_shows("not as expected")
        .assert_shows("drift_share");
}
