//! A policy on the screens: verdicts beside versions, the review, and a gate that is gone past.

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
    let mut driver = Driver::new().under(POLICY);
    driver
        .press("4 f ctrl-u")
        .text("churn")
        .press("enter enter g");
    driver
}

#[test]
fn verdicts_stand_beside_each_version_and_on_its_review() {
    let mut driver = versions();
    driver.sees("gates").sees("1/2");
    driver.press("D").sees("signed off").sees("has a run");
    driver.press("esc").misses("signed off:");
}

#[test]
fn a_gate_stops_a_plan_until_it_is_gone_past_with_a_reason() {
    let mut driver = versions();
    driver
        .press("a")
        .text("challenger-2")
        .press("enter")
        .sees("signed off");
    driver.text("an incident").press("enter enter");
    driver.press("enter").misses("verified");
    driver.press("ctrl-o").sees("overridden");
}

#[test]
fn a_reviewer_s_word_goes_on_record_from_the_review() {
    let mut driver = versions();
    driver.press("D").sees("approve");
    driver.press("a").sees("frontrunner.approval");
    driver
        .text("seen the curves")
        .press("enter enter")
        .sees("verified");
    driver
        .press("enter D")
        .sees("approve for")
        .sees("seen the curves");
}

#[test]
fn what_other_tools_left_stands_beside_the_versions_and_in_the_review() {
    let mut driver = versions();
    driver.sees("Evidently").sees("✗ dataset_drift true");
    driver
        .press("D")
        .sees("not as it should be")
        .sees("drift_share");
}
