//! The dialog of a plan: reading it in a small terminal, its messages, its reason.

use frontrunner::tui::app::dialogs::{PlanDialog, PlanField};
use frontrunner::tui::app::layout::Size;
use frontrunner::tui::app::{Dialog, Message, Mouse};

use super::registry::{at_version, is_verified};
use crate::support::driver::{Driver, lines};

const SMALL: Size = Size {
    width: 40,
    height: 10,
};

fn resize(driver: &mut Driver, size: Size) {
    driver.send(Message::Resize {
        width: size.width,
        height: size.height,
    });
}

/// The plan that moves the newest version to Production, which is protected, in a terminal of this size.
fn production_plan(size: Size) -> Driver {
    let mut driver = at_version(6);
    resize(&mut driver, size);
    driver.press("P").type_text("Production").press("enter");
    driver
}

fn plan(driver: &Driver) -> &PlanDialog {
    match driver.dialog() {
        Some(Dialog::Plan(dialog)) => dialog,
        other => panic!("no plan: {other:?}\n{}", driver.screen()),
    }
}

/// The visible lines of the plan's text.
fn page(driver: &Driver) -> Vec<String> {
    let notice = driver.app.shared.notifications.current(driver.app.now);
    let body = plan(driver).layout(driver.app.size, notice).body;
    let rows = lines(&driver.buffer());
    let inside = |row: &String| {
        let cells = row.chars().skip(body.x.into()).take(body.width.into());
        cells.collect::<String>().trim_end().to_owned()
    };
    let first = usize::from(body.y);
    rows[first..first + usize::from(body.height)]
        .iter()
        .map(inside)
        .collect()
}

/// Every line of the plan's text.
fn text(driver: &Driver) -> Vec<String> {
    let notice = driver.app.shared.notifications.current(driver.app.now);
    let width = plan(driver).layout(driver.app.size, notice).body.width;
    let all = plan(driver).lines(&driver.app.shared, width);
    let line = |spans: &Vec<(String, _)>| {
        let text: String = spans.iter().map(|(text, _)| text.as_str()).collect();
        text.trim_end().to_owned()
    };
    all.iter().map(line).collect()
}

/// Fails unless the frame of the dialog is whole.
#[track_caller]
fn assert_framed(driver: &Driver) {
    let notice = driver.app.shared.notifications.current(driver.app.now);
    let frame = plan(driver).layout(driver.app.size, notice).frame;
    let rows = lines(&driver.buffer());
    let cell = |x: u16, y: u16| rows[usize::from(y)].chars().nth(x.into());
    let (right, bottom) = (frame.right() - 1, frame.bottom() - 1);
    assert_eq!(cell(frame.x, bottom), Some('╰'), "{}", driver.screen());
    assert_eq!(cell(right, bottom), Some('╯'), "{}", driver.screen());
    for y in frame.y + 1..bottom {
        assert_eq!(cell(frame.x, y), Some('│'), "{}", driver.screen());
        assert_eq!(cell(right, y), Some('│'), "{}", driver.screen());
    }
}

#[test]
fn every_line_is_reached_by_page_and_by_line() {
    for size in [
        SMALL,
        Size {
            width: 80,
            height: 24,
        },
    ] {
        for key in ["pagedown", "down"] {
            let mut driver = production_plan(size);
            let all = text(&driver);
            let mut seen = page(&driver);
            assert!(seen.len() >= 4, "{}", driver.screen());
            for _ in 0..all.len() {
                let before = plan(&driver).scroll;
                driver.press(key);
                let moved = plan(&driver).scroll - before;
                let shown = page(&driver);
                assert!(moved <= shown.len(), "{key} skips lines");
                assert!(key == "pagedown" || moved <= 1);
                seen.extend_from_slice(&shown[shown.len() - moved..]);
            }
            assert_eq!(seen, all, "{key}");
            driver.assert_hides("more line");
            // Going up works at once, whatever was pressed at the end.
            let last = page(&driver);
            driver.press("up");
            assert_ne!(page(&driver), last);
            driver.press(&"pageup ".repeat(all.len()));
            assert_eq!(page(&driver), all[..last.len()]);
        }
    }
}

#[test]
fn wheel_scrolls_by_lines_that_stay_visible() {
    let mut driver = production_plan(SMALL);
    let first = page(&driver);
    driver.send(Message::Mouse(Mouse::Wheel(1)));
    let scrolled = plan(&driver).scroll;
    assert!((1..=first.len()).contains(&scrolled), "{scrolled}");
    driver.send(Message::Mouse(Mouse::Wheel(-1)));
    assert_eq!(page(&driver), first);
}

#[test]
fn lines_wrap_instead_of_being_cut() {
    for size in [
        SMALL,
        Size {
            width: 60,
            height: 20,
        },
    ] {
        let driver = production_plan(size);
        let all = text(&driver).join(" ");
        let words: Vec<&str> = all.split_whitespace().collect();
        let all = words.join(" ");
        for part in [
            "move churn-classifier/6 Staging → Production",
            "archive the versions that hold it now ctrl-a",
            "an older record → frontrunner.last",
        ] {
            assert!(all.contains(part), "{part} is not in {all}");
        }
    }
}

/// The frame has no room for the title.
#[test]
fn cut_title_is_whole_in_the_text() {
    let driver = production_plan(SMALL);
    let title = "move churn-classifier/6 to Production";
    driver.assert_hides(title);
    assert!(text(&driver).join(" ").contains(title));
}

#[test]
fn label_and_messages_fit_inside_the_frame() {
    let mut driver = production_plan(SMALL);
    assert_framed(&driver);
    driver
        .press("enter")
        .assert_shows("type churn-classifier to confirm:");
    assert_framed(&driver);
    // The message is whole, in more than one line.
    driver
        .press("enter")
        .assert_shows("the slot is")
        .assert_shows("protected");
    assert_framed(&driver);
    driver.type_text("wrong").press("enter");
    driver.assert_shows("wrong does not match: type");
    assert_framed(&driver);
    driver
        .press("shift-tab shift-tab")
        .assert_shows("name to confirm: wrong");
    driver
        .press("enter ctrl-u")
        .type_text("churn-classifier")
        .press("enter");
    let screen = driver.screen();
    let button = screen.lines().find(|line| line.contains("[ apply ]"));
    assert!(
        button.is_some_and(|line| line.contains("enter applies") && !line.contains('…')),
        "{screen}"
    );
    for height in [12, 16, 24] {
        resize(&mut driver, Size { width: 60, height });
        assert_framed(&driver);
    }
}

#[test]
fn outcome_is_visible_after_scrolling() {
    let mut driver = production_plan(SMALL);
    driver
        .press("pagedown pagedown enter")
        .type_text("churn-classifier");
    driver
        .press("enter pagedown enter")
        .assert_shows("✓ verified");
    assert_framed(&driver);
}

#[test]
fn messages_of_a_plan_disappear_with_what_they_are_about() {
    let mut driver = production_plan(SMALL);
    driver.press("enter").type_text("wrong").press("enter");
    driver.assert_shows("wrong does not match");
    driver.press("ctrl-u").type_text("churn-classifier");
    driver.press("enter").assert_hides("does not match");
    driver.press("enter").assert_shows("✓ verified");
    assert_eq!(driver.notification(), "");
}

#[test]
fn refusal_disappears_when_the_plan_is_cancelled() {
    const POLICY: &str = r#"
[[model."churn-classifier".gate]]
name = "signed off"
require = "candidate.tags.signed == 'yes'"
"#;
    let mut driver = Driver::new().with_policy(POLICY);
    driver
        .press("4 f ctrl-u")
        .type_text("churn")
        .press("enter enter g P");
    driver.type_text("challenger-2").press("enter enter enter");
    assert!(
        driver.notification().contains("signed off"),
        "{}",
        driver.screen()
    );
    driver.press("esc").assert_hides("did not pass");
    assert_eq!(driver.notification(), "");
}

#[test]
fn reason_of_a_cancelled_undo_is_for_that_undo_only() {
    let mut driver = at_version(5);
    driver
        .press("P")
        .type_text("Staging")
        .press("enter enter enter");
    assert!(is_verified(&driver), "{}", driver.screen());
    driver.press("enter 6 U").assert_shows("undo");
    driver.type_text("rollback").press("enter esc");
    driver.press("U").assert_shows("rollback");
    driver
        .press("esc 4 enter P")
        .type_text("Archived")
        .press("enter enter enter");
    assert!(is_verified(&driver), "{}", driver.screen());
    driver.press("enter 6 g U");
    assert_eq!(plan(&driver).reason.value(), "", "{}", driver.screen());
    // The registry has changed: what was typed before may no longer be the reason.
    driver.press("esc j U");
    assert_eq!(plan(&driver).reason.value(), "", "{}", driver.screen());
}

#[test]
fn text_typed_on_the_button_is_the_reason() {
    let mut driver = at_version(5);
    driver.press("P").type_text("Staging").press("enter tab");
    assert_eq!(plan(&driver).focus, PlanField::Apply);
    driver.press("space");
    assert_eq!(plan(&driver).focus, PlanField::Apply);
    driver.type_text("now calibrated");
    assert_eq!(plan(&driver).focus, PlanField::Reason);
    driver.press("tab");
    driver.send(Message::Paste(", twice".into()));
    assert_eq!(plan(&driver).reason.value(), "now calibrated, twice");
    driver.press("enter").advance(1_000).press("enter");
    assert!(is_verified(&driver), "{}", driver.screen());
    driver
        .press("enter 6")
        .assert_shows("now calibrated, twice");
}
