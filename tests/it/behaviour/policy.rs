//! A policy on the screens: gate results of versions, the review, an overridden gate.

use frontrunner::tui::app::Message;

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

/// Everything that the open review shows, page by page.
fn review_text(driver: &mut Driver) -> String {
    let mut text = String::new();
    driver.press("g");
    for _ in 0..8 {
        text.push_str(&driver.screen());
        driver.press("pagedown");
    }
    text
}

#[track_caller]
fn assert_review_shows(driver: &mut Driver, parts: &[&str]) {
    let text = review_text(driver);
    for part in parts {
        assert!(text.contains(part), "{part} is not in the review:\n{text}");
    }
}

/// On a narrow screen the title takes two lines; the frame has it already.
#[test]
fn review_begins_below_its_title() {
    let mut driver = versions();
    driver.send(Message::Resize {
        width: 40,
        height: 10,
    });
    driver.press("D");
    let screen = driver.screen();
    // The slot is shown at any size; the path has the model's name.
    let title = screen.lines().nth(1).unwrap();
    assert!(title.contains("v6 for @champion"), "{screen}");
    let first = screen.lines().nth(2).unwrap();
    assert!(first.contains("Against churn-classifier/4"), "{screen}");
}

#[test]
fn review_is_wrapped_again_when_the_terminal_is_resized() {
    let mut resized = versions();
    resized.press("D");
    let mut narrow = versions();
    for driver in [&mut resized, &mut narrow] {
        driver.send(Message::Resize {
            width: 40,
            height: 10,
        });
    }
    narrow.press("D");
    assert_eq!(review_text(&mut resized), review_text(&mut narrow));
}

#[test]
fn review_can_be_for_another_slot() {
    let mut driver = versions();
    driver
        .press("D")
        .assert_shows("review churn-classifier/6 for @champion")
        .assert_shows("1 of 2 gates does not pass: signed off");
    // The slots are listed with their holders; leaving the list leads back.
    driver
        .press("tab")
        .assert_shows("review churn-classifier/6 for")
        .assert_shows("@champion")
        .assert_shows("held by version 4, shown now");
    driver
        .press("esc")
        .assert_shows("review churn-classifier/6 for @champion");
    driver.press("tab").type_text("prod");
    driver
        .press("enter")
        .assert_shows("review churn-classifier/6 for Production");
    // The decision is about the slot on the screen.
    driver.press("A").assert_shows("for Production");
    driver
        .press("esc")
        .assert_shows("review churn-classifier/6 for Production");
    driver.press("tab").type_text("@blue");
    driver
        .press("enter")
        .assert_shows("review churn-classifier/6 for @blue");
}

#[test]
fn read_only_reviewer_prepares_a_file_on_the_screen() {
    let mut driver = Driver::read_only();
    driver
        .press("4 f ctrl-u")
        .type_text("churn")
        .press("enter enter g D");
    driver.press("A").assert_shows("a file is prepared");
    let file = driver.store().with_file_name("prepared.json");
    driver
        .type_text("seen the curves")
        .press("enter ctrl-u")
        .type_text(file.to_str().unwrap())
        .press("enter")
        .assert_shows("frontrunner review --submit");
    let text = std::fs::read_to_string(&file).unwrap();
    for part in ["\"approve\"", "\"seen the curves\"", "\"Production\""] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // A second review does not overwrite it.
    driver.press("A down").assert_shows("reject (up or down");
    driver.type_text("slow").press("enter ctrl-u");
    driver.type_text(file.to_str().unwrap()).press("enter");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn gate_results_are_shown_in_versions_and_review() {
    let mut driver = versions();
    driver.assert_shows("gates").assert_shows("1/2");
    driver.press("D").assert_shows("signed off");
    assert_review_shows(&mut driver, &["Gates that pass", "has a run"]);
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
    driver.press("enter D");
    assert_review_shows(&mut driver, &["approve for", "seen the curves"]);
}

#[test]
fn evidence_is_shown_in_versions_and_review() {
    let mut driver = versions();
    driver
        .assert_shows("Evidently")
        .assert_shows("✗ dataset_drift true");
    driver.press("D");
    assert_review_shows(&mut driver, &["not as expected", "drift_share"]);
}

#[test]
fn plan_names_the_policy_files_of_its_gates() {
    let mut driver = Driver::new().with_policy_file("/etc/team/policy.toml", POLICY);
    driver
        .press("4 f ctrl-u")
        .type_text("churn")
        .press("enter enter g P")
        .type_text("challenger-2")
        .press("enter");
    let mut text = driver.screen();
    driver.press("pagedown");
    text.push_str(&driver.screen());
    assert!(
        text.contains("policy in force: /etc/team/policy.toml"),
        "{text}"
    );
}

const BLOCKED: &str = r#"
[model."churn-classifier"]
protected = ["@champion"]
overrides = ["ana"]
[[model."churn-classifier".gate]]
name = "signed off"
require = "candidate.tags.signed == 'yes'"
"#;

/// Takes version 4 out of Production, then plans to undo that.
fn blocked_undo(policy: &str) -> Driver {
    let mut driver = Driver::new().with_policy(policy);
    driver.press("4 f ctrl-u").type_text("churn");
    driver.press("enter enter g j j P").type_text("Archived");
    driver.press("enter enter enter").assert_shows("verified");
    driver.press("enter 6 U").assert_shows("undo: move");
    driver.assert_shows("signed off");
    driver.press("enter enter");
    driver
}

#[test]
fn gate_that_stops_an_undo_names_the_way_on() {
    let mut driver = blocked_undo(BLOCKED);
    let refusal = driver.notification();
    assert!(
        refusal.contains("gate signed off did not pass")
            && refusal.contains("ctrl-o overrides it, with a reason"),
        "{refusal}"
    );
    driver.press("ctrl-o").assert_shows("overridden");
    let others = BLOCKED.replace("ana", "bob");
    let refusal = blocked_undo(&others).notification();
    assert!(refusal.contains("does not let you override"), "{refusal}");
}
