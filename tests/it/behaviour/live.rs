//! Runs that go on: values change, new ones are announced, quiet ones are told apart, and a store that suffers is spared.

use frontrunner::domain::{Millis, RunId};
use frontrunner::tui::app::Screen;
use rusqlite::{Connection, params};

use super::tables::{at_runs, current, to_metric};
use crate::support::driver::{Driver, NOW, facts};

const MINUTE: Millis = 60_000;
/// The session's interval, and a little.
const INTERVAL: Millis = 5_500;

/// The demo's running network, under the cursor of its table.
fn at_networks() -> Driver {
    let mut driver = at_runs("image-classifier");
    driver.press("/").text("convnext-tiny").press("enter");
    assert_eq!(current(&driver), facts().images.running.raw());
    driver
}

fn db(driver: &Driver) -> Connection {
    Connection::open(driver.store()).unwrap()
}

/// What MLflow does when a run logs a metric.
fn log(db: &Connection, run: &RunId, key: &str, value: f64, at: Millis, step: i64) {
    let row = params![key, value, at, run.raw(), step];
    db.execute("INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?1, ?2, ?3, ?4, ?5, 0)", row).unwrap();
    let latest = "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?1, ?2, ?3, ?4, ?5, 0) \
                  ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value, timestamp = excluded.timestamp, step = excluded.step";
    db.execute(latest, row).unwrap();
}

/// A run that begins now.
fn begin(db: &Connection, id: &str, name: &str, beside: &RunId, at: Millis) {
    let new = "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time, \
               deleted_time, source_version, lifecycle_stage, artifact_uri, experiment_id) SELECT ?1, ?2, source_type, source_name, \
               entry_point_name, user_id, 'RUNNING', ?4, NULL, NULL, source_version, 'active', artifact_uri, experiment_id FROM runs \
               WHERE run_uuid = ?3";
    assert_eq!(
        db.execute(new, params![id, name, beside.raw(), at])
            .unwrap(),
        1
    );
}

/// The line of the screen that has a text.
fn line(driver: &Driver, text: &str) -> String {
    let screen = driver.screen();
    screen
        .lines()
        .find(|line| line.contains(text))
        .unwrap_or_else(|| panic!("no {text} in\n{screen}"))
        .to_owned()
}

fn goal(driver: &Driver) -> String {
    driver
        .runs()
        .goal(&driver.app.shared)
        .unwrap()
        .metric
        .raw()
        .to_owned()
}

fn points(driver: &Driver, run: &RunId) -> usize {
    driver
        .app
        .shared
        .histories
        .get(run, &goal(driver))
        .unwrap()
        .len()
}

#[test]
fn a_running_run_changes_on_the_screen_by_itself() {
    let mut driver = at_networks();
    let (run, metric) = (&facts().images.running, goal(&driver));
    let before = points(&driver, run);
    driver.press("space k");
    log(&db(&driver), run, &metric, 0.123_456, driver.now, 1_000);
    driver.wait(INTERVAL);
    assert_eq!(current(&driver), run.raw());
    assert!(
        line(&driver, "convnext-tiny").contains("0.1235"),
        "{}",
        driver.screen()
    );
    assert!(
        line(&driver, "convnext-tiny").contains('◆'),
        "its mark stays:\n{}",
        driver.screen()
    );
    assert_eq!(points(&driver, run), before + 1, "its curve grows");

    db(&driver)
        .execute(
            "UPDATE runs SET status = 'FINISHED', end_time = ?2 WHERE run_uuid = ?1",
            params![run.raw(), driver.now],
        )
        .unwrap();
    driver.wait(INTERVAL);
    assert!(
        line(&driver, "convnext-tiny").contains('✓'),
        "{}",
        driver.screen()
    );
}

#[test]
fn a_refresh_asks_for_what_may_have_changed_only() {
    let mut driver = at_networks();
    let total = driver.runs().table.len();
    begin(
        &db(&driver),
        &"e".repeat(32),
        "newcomer",
        &facts().images.running,
        driver.now,
    );
    driver.hold().wait(INTERVAL);
    let asked = format!("{:?}", driver.asked());
    assert!(
        asked.contains("Changes") && !asked.contains("Runs {"),
        "{asked}"
    );
    assert!(
        asked.contains(facts().images.running.raw())
            && !asked.contains(facts().images.failed.raw()),
        "{asked}"
    );
    driver.release();
    assert_eq!(driver.runs().table.len(), total + 1);
    driver.hold().wait(INTERVAL);
    assert_eq!(driver.waiting(), 1, "one question an interval");
    driver.wait(10 * INTERVAL);
    assert_eq!(driver.waiting(), 1, "and none before the answer");
}

#[test]
fn new_runs_are_announced_and_nothing_moves() {
    let mut driver = at_networks();
    driver.press("g");
    let (id, rows) = (current(&driver), |driver: &Driver| {
        driver
            .screen()
            .lines()
            .skip(3)
            .take(10)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    let before: Vec<String> = rows(&driver)
        .iter()
        .map(|row| row.chars().take(30).collect())
        .collect();
    let db = db(&driver);
    for n in 0..3 {
        begin(
            &db,
            &format!("{n:032x}"),
            &format!("newcomer-{n}"),
            &facts().images.running,
            driver.now + n,
        );
    }
    // A table as high as the window, so that there is an above.
    driver.take(frontrunner::tui::app::Message::Resize {
        width: 120,
        height: 12,
    });
    driver.wait(INTERVAL);
    assert_eq!(current(&driver), id);
    assert_eq!(driver.said(), "3 new runs");
    driver.sees("3 new above (ctrl-n)").misses("newcomer");
    let after: Vec<String> = rows(&driver)
        .iter()
        .take(5)
        .map(|row| row.chars().take(30).collect())
        .collect();
    assert_eq!(after[..], before[..5], "{}", driver.screen());
    driver.wait(MINUTE);
    driver.sees("3 new above");
    driver.press("ctrl-n");
    assert!(
        line(&driver, "newcomer-0").contains('+'),
        "{}",
        driver.screen()
    );
    driver.press("g");
    driver.sees("newcomer-2").misses("new above");
    driver.wait(10_000);
    assert!(
        !line(&driver, "newcomer-0").contains('+'),
        "they were looked at:\n{}",
        driver.screen()
    );
    driver.press("ctrl-n");
    assert_eq!(driver.said(), "no run is new here");
}

#[test]
fn a_run_that_left_the_store_leaves_the_table() {
    let mut driver = at_networks();
    let total = driver.runs().lines.len();
    db(&driver)
        .execute(
            "UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = ?1",
            [facts().images.running.raw()],
        )
        .unwrap();
    driver.wait(INTERVAL);
    driver
        .misses("convnext-tiny")
        .sees(&format!("{} of {} runs", total - 1, total - 1));
}

#[test]
fn a_quiet_run_has_its_own_sign_and_word_everywhere() {
    let mut driver = at_runs("image-classifier");
    driver.press("f").text("is:stalled").press("enter");
    assert_eq!(driver.runs().lines.len(), 1, "{}", driver.screen());
    assert_eq!(current(&driver), facts().images.quiet.raw());
    assert!(
        line(&driver, "swin-tiny").contains("! "),
        "{}",
        driver.screen()
    );
    driver
        .press("p")
        .sees("! STALLED: quiet for 2d 00h;")
        .sees("logs every 57.1s");
    driver
        .press("p enter")
        .sees("▶ RUNNING")
        .sees("! STALLED: quiet for 2d 00h; usually logs every 57.1s");
    driver.press("esc esc");
    assert!(
        line(&driver, "convnext-tiny").contains('▶'),
        "{}",
        driver.screen()
    );
}

#[test]
fn a_run_stalls_while_nobody_touches_anything() {
    let mut driver = at_networks();
    driver
        .press("f")
        .text("is:running NOT is:stalled")
        .press("enter");
    assert!(driver.runs().lines.len() == 1 && line(&driver, "convnext-tiny").contains('▶'));
    // Ten epochs of 24 s are less than the five minutes that are let to every run.
    driver.wait(4 * MINUTE);
    driver.sees("convnext-tiny");
    driver.wait(2 * MINUTE).wait(INTERVAL);
    driver
        .misses("convnext-tiny")
        .sees("no run passes the filter");
    driver.press("esc");
    assert!(
        line(&driver, "convnext-tiny").contains('!'),
        "{}",
        driver.screen()
    );
    log(
        &db(&driver),
        &facts().images.running,
        &goal(&driver),
        0.5,
        driver.now,
        2_000,
    );
    driver.wait(INTERVAL);
    assert!(
        line(&driver, "convnext-tiny").contains('▶'),
        "it is back:\n{}",
        driver.screen()
    );
}

#[test]
fn an_open_run_and_the_experiments_follow_too() {
    let mut driver = at_networks();
    let metric = goal(&driver);
    driver.press("enter");
    log(
        &db(&driver),
        &facts().images.running,
        &metric,
        0.123_456,
        driver.now,
        1_000,
    );
    driver.wait(INTERVAL);
    driver.sees("0.1235").sees("step 1000").sees("live");
    driver.press("1 esc");
    let before = line(&driver, "image-classifier  ");
    begin(
        &db(&driver),
        &"e".repeat(32),
        "newcomer",
        &facts().images.running,
        driver.now,
    );
    driver.wait(3 * INTERVAL);
    let after = line(&driver, "image-classifier  ");
    assert!(
        before.contains(" 10 ") && after.contains(" 11 ") && after.contains(" s ago"),
        "{before}\n{after}"
    );
}

#[test]
fn the_top_line_tells_the_age_and_a_store_that_fails_is_asked_less_often() {
    let mut driver = at_networks();
    driver.wait(INTERVAL).sees("live");
    let (store, away) = (driver.store(), driver.store().with_extension("away"));
    std::fs::rename(&store, &away).unwrap();
    driver.wait(INTERVAL);
    driver.sees("stale: ").sees("again every 10 s");
    let told = driver.app.shared.notices.all.len();
    driver.wait(5_000);
    driver.sees("again every 10 s");
    driver.wait(INTERVAL);
    driver.sees("again every 20 s");
    for _ in 0..40 {
        driver.wait(MINUTE);
    }
    driver.sees("again every 5 min").sees("stale 40 min: ");
    assert_eq!(
        driver.app.shared.notices.all.len(),
        told,
        "it is said once; the top line says it all the time"
    );
    std::fs::rename(&away, &store).unwrap();
    driver.wait(5 * MINUTE);
    driver.sees("live").misses("again").misses("stale");
    driver.hold().wait(INTERVAL);
    assert_eq!(driver.waiting(), 1, "at its own pace again");
}

#[test]
fn slow_answers_make_it_slower_and_quick_ones_make_it_quick() {
    let mut driver = at_networks();
    driver.hold().wait(INTERVAL);
    assert_eq!(driver.waiting(), 1);
    driver.now += 6_000;
    driver.release();
    driver.sees("live, slow, again every 40 s");
    driver.hold().wait(30_000);
    assert_eq!(driver.waiting(), 0);
    driver.wait(10_000);
    assert_eq!(driver.waiting(), 1);
    driver.release();
    driver.sees("live").misses("slow");
}

#[test]
fn what_is_not_read_again_tells_its_age() {
    let mut driver = Driver::new();
    driver.press("4 enter").sees("live");
    driver.wait(29_000).sees("20 s ago");
    driver.wait(4 * MINUTE).sees("4 min ago");
    driver.press("ctrl-r").sees("live");
}

#[test]
fn where_nothing_changes_nothing_is_drawn() {
    let mut driver = at_runs("churn-sweep");
    driver.wait(MINUTE);
    let before = driver.buffer();
    for _ in 0..30 {
        driver.hold().wait(INTERVAL);
        assert!(
            driver.waiting() == 1 && driver.buffer() == before,
            "asking shows nothing:\n{}",
            driver.screen()
        );
        driver.release();
        assert_eq!(driver.buffer(), before, "{}", driver.screen());
    }
}

#[test]
fn marks_survive_filters_screens_and_experiments() {
    let mut driver = at_networks();
    driver.press("space");
    driver
        .press("f")
        .text("is:failed")
        .press("enter")
        .sees("● 1");
    driver
        .press("esc q f")
        .press("ctrl-u")
        .text("churn-sweep")
        .press("enter enter");
    to_metric(&mut driver, "auc");
    driver.press("s space");
    let marked = driver.app.shared.marks.ids();
    assert_eq!(marked.len(), 2);
    driver.press("4 6 2");
    assert_eq!(driver.app.shared.marks.ids(), marked);
    driver
        .press("c")
        .sees("compare 2 runs")
        .sees("convnext-tiny");
    driver
        .press("esc '")
        .sees("marked: enter takes a mark away")
        .sees("image-classifier")
        .sees("churn-sweep")
        .sees("baseline");
    driver
        .press("down enter")
        .sees("● 1")
        .misses("  churn-sweep  ");
    assert_eq!(driver.app.shared.marks.ids(), marked[..1]);
    driver.press("enter");
    assert!(driver.overlay().is_none() && driver.app.shared.marks.is_empty());
    assert!(matches!(driver.app.screen(), Screen::Runs(_)));
    driver.press("'");
    assert!(
        driver.said().contains("no run is marked"),
        "{}",
        driver.said()
    );
    assert!(driver.now > NOW);
}
