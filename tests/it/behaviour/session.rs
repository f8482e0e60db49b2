//! Behavior of every screen: navigation, late replies, new rows, the palette, themes, small terminals.

use frontrunner::store::AccessMode;
use frontrunner::tui::app::Message;
use frontrunner::tui::app::layout::Size;
use frontrunner::tui::screens::{ExperimentsScreen, JournalScreen};

use super::runs_table::{at_runs, current_run_id, move_to_metric};
use crate::support::driver::Driver;

#[test]
fn theme_key_changes_colors_only() {
    let mut driver = at_runs("churn-sweep");
    let (text, colors) = (driver.screen(), driver.buffer());
    driver.press("ctrl-t");
    assert!(
        driver.notification().starts_with("theme: "),
        "{}",
        driver.notification()
    );
    driver.press("esc");
    assert_eq!(driver.screen(), text);
    assert_ne!(driver.buffer(), colors, "the colors changed");
    let themes = driver.app.shared.session.theme_names.len();
    driver.press(&"ctrl-t ".repeat(themes - 1)).press("esc");
    assert_eq!(driver.buffer(), colors, "the themes wrap around");
}

#[test]
fn palette_matches_part_of_an_action_name() {
    let mut driver = at_runs("churn-sweep");
    driver.press("ctrl-p").type_text("journ").press("enter");
    assert!(
        driver.app.screen_as::<JournalScreen>().is_some(),
        "{}",
        driver.screen()
    );
    driver.press(":").type_text("messages").press("enter");
    driver.assert_shows("messages, newest first");
    driver.press("q esc");
    driver.runs();
}

#[test]
fn screen_state_survives_navigation() {
    let mut driver = at_runs("churn-sweep");
    move_to_metric(&mut driver, "auc");
    driver
        .press("s f")
        .type_text("metrics.auc > 0.5")
        .press("enter j j j space");
    let (text, id) = (driver.screen(), current_run_id(&driver));
    for way in [
        "6 esc",
        "4 esc",
        "6 4 2",
        "1 2",
        "1 esc esc",
        "enter esc",
        "p p",
        "? esc",
        ": esc",
        "C esc",
        "M esc",
        "Z esc",
        "/ esc",
        "R esc",
        "f esc",
    ] {
        driver.press(way);
        driver.advance(60_000).press("ctrl-r");
        assert_eq!(current_run_id(&driver), id, "{way}:\n{}", driver.screen());
        assert_eq!(driver.runs().filter_text, "metrics.auc > 0.5", "{way}");
        let now = driver.screen();
        let rows = |text: &str| {
            text.lines()
                .skip(1)
                .take(36)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(rows(&now), rows(&text), "{way}");
    }
}

#[test]
fn cursor_stays_on_its_run_when_rows_arrive() {
    let mut driver = at_runs("churn-releases");
    driver.press("j j");
    let (id, before) = (current_run_id(&driver), driver.runs().lines.len());
    let db = rusqlite::Connection::open(driver.store()).unwrap();
    let experiment = crate::support::driver::demo_manifest()
        .releases
        .experiment
        .raw();
    let copy = "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time, \
                deleted_time, source_version, lifecycle_stage, artifact_uri, experiment_id) SELECT 'ffff' || substr(run_uuid, 5), \
                'new-' || name, source_type, source_name, entry_point_name, user_id, status, start_time + 86400000000, end_time, \
                deleted_time, source_version, lifecycle_stage, artifact_uri, experiment_id FROM runs WHERE experiment_id = ?1 LIMIT 3";
    assert_eq!(db.execute(copy, [experiment]).unwrap(), 3);
    drop(db);
    driver.press("ctrl-r");
    assert_eq!(driver.runs().lines.len(), before + 3);
    assert_eq!(current_run_id(&driver), id);
    assert_eq!(driver.runs().cursor.index, 5, "the new runs are above");
}

#[test]
fn reply_for_a_closed_screen_is_ignored() {
    let mut driver = Driver::new();
    driver.press("f").type_text("churn-sweep").press("enter");
    driver.hold_replies().press("enter");
    driver.runs();
    driver.press("q");
    let (text, notifications) = (driver.screen(), driver.app.shared.notifications.all.len());
    assert!(
        driver.app.screen_as::<ExperimentsScreen>().is_some(),
        "{text}"
    );
    assert!(driver.pending_count() > 0, "a page of runs is pending");
    driver.release_replies();
    assert_eq!(driver.screen(), text);
    assert_eq!(driver.app.shared.notifications.all.len(), notifications);
}

#[test]
fn reply_to_a_cancelled_request_is_ignored() {
    let mut driver = at_runs("churn-sweep");
    driver.hold_replies().press("ctrl-r");
    assert!(driver.pending_count() > 0);
    driver.press("esc");
    assert!(
        driver.notification().contains("stopped loading"),
        "{}",
        driver.notification()
    );
    let text = driver.screen();
    assert_eq!(driver.reply_to_cancelled(), 1, "one request was cancelled");
    assert_eq!(driver.screen(), text);
    driver.release_replies();
    assert_eq!(driver.runs().lines.len(), 60, "loaded runs stay");
}

#[test]
fn plan_for_a_closed_dialog_is_ignored() {
    let mut driver = Driver::new();
    driver
        .press("4 f")
        .type_text("churn")
        .press("enter enter P")
        .hold_replies()
        .type_text("Staging")
        .press("enter esc");
    assert!(driver.dialog().is_none());
    driver.release_replies();
    assert!(driver.dialog().is_none(), "{}", driver.screen());
}

#[test]
fn keys_work_while_requests_are_pending() {
    let mut driver = at_runs("churn-sweep");
    driver.hold_replies().press("ctrl-r j j space s l");
    assert_eq!(driver.app.shared.marks.len(), 1);
    driver.press("6 4 1");
    assert!(driver.app.screen_as::<ExperimentsScreen>().is_some());
    driver.release_replies();
}

#[test]
fn find_wraps_and_reports_no_match() {
    let mut driver = at_runs("churn-sweep");
    let name = driver
        .runs()
        .run_label(driver.runs().row(7).unwrap())
        .raw()
        .to_owned();
    driver.press("/").type_text(&name).press("enter");
    assert_eq!(driver.runs().cursor.index, 7);
    driver.press("n");
    assert_eq!(
        driver.runs().cursor.index,
        7,
        "the only match is found again"
    );
    driver.press("/ ctrl-u").type_text("zzzz").press("enter n");
    assert!(
        driver.notification().contains("no match for"),
        "{}",
        driver.notification()
    );
}

#[test]
fn ctrl_c_cancels_then_quits() {
    let mut driver = at_runs("churn-sweep");
    driver.press("C ctrl-c");
    assert!(driver.dialog().is_none() && !driver.has_quit);
    driver.press("j ctrl-c");
    assert!(!driver.has_quit, "another key resets the interrupt");
    driver.press("ctrl-c");
    assert!(driver.has_quit);
}

#[test]
fn q_closes_one_screen_at_a_time() {
    let mut driver = at_runs("churn-sweep");
    driver.press("q");
    assert!(driver.app.screen_as::<ExperimentsScreen>().is_some() && !driver.has_quit);
    driver.press("q");
    assert!(driver.has_quit);
}

#[test]
fn copied_values_are_complete() {
    let mut driver = at_runs("churn-sweep");
    let id = current_run_id(&driver);
    driver.press("Y");
    move_to_metric(&mut driver, "auc");
    driver.press("y");
    assert_eq!(driver.clipboard[0], id);
    assert!(
        driver.clipboard[1].parse::<f64>().is_ok(),
        "{:?}",
        driver.clipboard
    );
}

#[test]
fn every_screen_draws_at_every_size() {
    let mut driver = Driver::open(
        AccessMode::ReadWrite,
        Size {
            width: 40,
            height: 10,
        },
    );
    for keys in [
        "f",
        "esc",
        "enter",
        "p",
        "f",
        "esc",
        "C",
        "esc",
        "enter",
        "tab tab",
        "esc",
        "space space c",
        "esc",
        "?",
        "esc",
        ":",
        "esc",
        "R",
        "esc",
    ]
    .into_iter()
    .chain([
        "4", "enter", "P", "enter", "esc", "E", "esc", "L", "j", "esc", "6",
    ]) {
        driver.press(keys);
        for (width, height) in [
            (40, 10),
            (1, 1),
            (39, 9),
            (80, 24),
            (200, 50),
            (40, 60),
            (300, 10),
        ] {
            driver.send(Message::Resize { width, height });
            let lines = crate::support::driver::lines(&driver.buffer());
            assert_eq!(lines.len(), usize::from(height));
            if (width, height) == (39, 9) {
                assert_eq!(
                    lines.iter().filter(|line| !line.is_empty()).count(),
                    1,
                    "{lines:?}"
                );
                assert!(lines[0].contains("39x9 too small"), "{lines:?}");
            }
        }
        driver.send(Message::Resize {
            width: 40,
            height: 10,
        });
    }
}

#[test]
fn copied_names_are_one_word_of_a_shell() {
    let mut driver = Driver::new();
    let store = rusqlite::Connection::open(driver.store()).unwrap();
    let rename = "UPDATE experiments SET name = ?1 WHERE name = ?2";
    for (name, old) in [
        ("a; touch x #", "churn-sweep"),
        ("two\nlines", "a; touch x #"),
    ] {
        assert_eq!(store.execute(rename, [name, old]).unwrap(), 1);
        driver.press("ctrl-r f ctrl-u").type_text(&name[..2]);
        driver.press("enter y");
        if name.contains('\n') {
            assert_eq!(driver.clipboard.len(), 1);
            assert!(driver.notification().contains("not copied"));
        } else {
            assert_eq!(driver.clipboard, ["'a; touch x #'"]);
        }
    }
}
