//! What holds on every screen: going back, answers that come late, rows that arrive, the palette, themes, small terminals.

use frontrunner::store::Access;
use frontrunner::tui::app::layout::Size;
use frontrunner::tui::app::{Message, Screen};

use super::tables::{at_runs, current, to_metric};
use crate::support::driver::Driver;

#[test]
fn the_theme_changes_with_one_key_and_what_is_shown_does_not() {
    let mut driver = at_runs("churn-sweep");
    let (text, colours) = (driver.screen(), driver.buffer());
    driver.press("ctrl-t");
    assert!(driver.said().starts_with("theme: "), "{}", driver.said());
    driver.press("esc");
    assert_eq!(driver.screen(), text);
    assert_ne!(driver.buffer(), colours, "the colours are others");
    let themes = driver.app.shared.session.themes.len();
    driver.press(&"ctrl-t ".repeat(themes - 1)).press("esc");
    assert_eq!(driver.buffer(), colours, "round and round");
}

#[test]
fn the_palette_runs_an_action_by_a_part_of_its_name() {
    let mut driver = at_runs("churn-sweep");
    driver.press("ctrl-p").text("journ").press("enter");
    assert!(
        matches!(driver.app.screen(), Screen::Journal(_)),
        "{}",
        driver.screen()
    );
    driver.press(":").text("messages").press("enter");
    driver.sees("messages, newest first");
    driver.press("q esc");
    driver.runs();
}

#[test]
fn going_elsewhere_and_back_finds_everything_as_it_was() {
    let mut driver = at_runs("churn-sweep");
    to_metric(&mut driver, "auc");
    driver
        .press("s f")
        .text("metrics.auc > 0.5")
        .press("enter j j j space");
    let (text, id) = (driver.screen(), current(&driver));
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
        "z esc",
        "/ esc",
        "R esc",
        "r esc",
        "f esc",
    ] {
        driver.press(way);
        driver.wait(60_000).press("ctrl-r");
        assert_eq!(current(&driver), id, "{way}:\n{}", driver.screen());
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
fn the_cursor_stays_on_its_run_when_rows_arrive() {
    let mut driver = at_runs("churn-releases");
    driver.press("j j");
    let (id, before) = (current(&driver), driver.runs().lines.len());
    let db = rusqlite::Connection::open(driver.store()).unwrap();
    let experiment = crate::support::driver::facts().releases.experiment.raw();
    let copy = "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time, \
                deleted_time, source_version, lifecycle_stage, artifact_uri, experiment_id) SELECT 'ffff' || substr(run_uuid, 5), \
                'new-' || name, source_type, source_name, entry_point_name, user_id, status, start_time + 86400000000, end_time, \
                deleted_time, source_version, lifecycle_stage, artifact_uri, experiment_id FROM runs WHERE experiment_id = ?1 LIMIT 3";
    assert_eq!(db.execute(copy, [experiment]).unwrap(), 3);
    drop(db);
    driver.press("ctrl-r");
    assert_eq!(driver.runs().lines.len(), before + 3);
    assert_eq!(current(&driver), id);
    assert_eq!(driver.runs().cursor.at, 5, "the new ones stand above");
}

#[test]
fn what_comes_for_a_screen_that_was_left_does_nothing() {
    let mut driver = Driver::new();
    driver.press("f").text("churn-sweep").press("enter");
    driver.hold().press("enter");
    driver.runs();
    driver.press("q");
    let (text, notices) = (driver.screen(), driver.app.shared.notices.all.len());
    assert!(
        matches!(driver.app.screen(), Screen::Experiments(_)),
        "{text}"
    );
    assert!(driver.waiting() > 0, "a page of runs is still on its way");
    driver.release();
    assert_eq!(driver.screen(), text);
    assert_eq!(driver.app.shared.notices.all.len(), notices);
}

#[test]
fn an_answer_that_was_taken_back_changes_nothing() {
    let mut driver = at_runs("churn-sweep");
    driver.hold().press("ctrl-r");
    assert!(driver.waiting() > 0);
    driver.press("esc");
    assert!(
        driver.said().contains("stopped loading"),
        "{}",
        driver.said()
    );
    let text = driver.screen();
    assert_eq!(
        driver.answer_what_was_cancelled(),
        1,
        "loading was taken back"
    );
    assert_eq!(driver.screen(), text);
    driver.release();
    assert_eq!(driver.runs().lines.len(), 60, "what had come stays");
}

#[test]
fn a_plan_for_a_dialog_that_was_left_does_not_open_one() {
    let mut driver = Driver::new();
    driver
        .press("4 f")
        .text("churn")
        .press("enter enter t")
        .hold()
        .text("Staging")
        .press("enter esc");
    assert!(driver.overlay().is_none());
    driver.release();
    assert!(driver.overlay().is_none(), "{}", driver.screen());
}

#[test]
fn keys_work_while_nothing_is_answered() {
    let mut driver = at_runs("churn-sweep");
    driver.hold().press("ctrl-r j j space s l");
    assert_eq!(driver.app.shared.marks.len(), 1);
    driver.press("6 4 1");
    assert!(matches!(driver.app.screen(), Screen::Experiments(_)));
    driver.release();
}

#[test]
fn find_goes_round_and_tells_what_is_not_there() {
    let mut driver = at_runs("churn-sweep");
    let name = driver
        .runs()
        .run_label(driver.runs().row(7).unwrap())
        .raw()
        .to_owned();
    driver.press("/").text(&name).press("enter");
    assert_eq!(driver.runs().cursor.at, 7);
    driver.press("n");
    assert_eq!(driver.runs().cursor.at, 7, "the only one is found again");
    driver.press("/ ctrl-u").text("zzzz").press("enter n");
    assert!(driver.said().contains("is not here"), "{}", driver.said());
}

#[test]
fn ctrl_c_takes_back_first_and_quits_then() {
    let mut driver = at_runs("churn-sweep");
    driver.press("C ctrl-c");
    assert!(driver.overlay().is_none() && !driver.quit);
    driver.press("j ctrl-c");
    assert!(!driver.quit, "another key between them begins anew");
    driver.press("ctrl-c");
    assert!(driver.quit);
}

#[test]
fn q_leaves_screen_by_screen() {
    let mut driver = at_runs("churn-sweep");
    driver.press("q");
    assert!(matches!(driver.app.screen(), Screen::Experiments(_)) && !driver.quit);
    driver.press("q");
    assert!(driver.quit);
}

#[test]
fn copies_are_whole() {
    let mut driver = at_runs("churn-sweep");
    let id = current(&driver);
    driver.press("Y");
    to_metric(&mut driver, "auc");
    driver.press("y");
    assert_eq!(driver.copied[0], id);
    assert!(
        driver.copied[1].parse::<f64>().is_ok(),
        "{:?}",
        driver.copied
    );
}

#[test]
fn every_screen_is_drawn_at_every_size() {
    let mut driver = Driver::open(
        Access::ReadWrite,
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
        "r",
        "esc",
    ]
    .into_iter()
    .chain([
        "4", "enter", "t", "enter", "esc", "a", "esc", "L", "j", "esc", "6",
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
            driver.take(Message::Resize { width, height });
            let lines = crate::support::driver::lines(&driver.buffer());
            assert_eq!(lines.len(), usize::from(height));
            if (width, height) == (39, 9) {
                assert_eq!(
                    lines.iter().filter(|line| !line.is_empty()).count(),
                    1,
                    "{lines:?}"
                );
                assert!(lines[0].contains("39x9 is too small"), "{lines:?}");
            }
        }
        driver.take(Message::Resize {
            width: 40,
            height: 10,
        });
    }
}
