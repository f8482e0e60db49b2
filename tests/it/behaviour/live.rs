//! Live runs: values change, new runs are announced, stalled runs are marked, and a failing store is polled less often.

use frontrunner::domain::{Millis, RunId};
use frontrunner::tui::screens::RunsScreen;
use rusqlite::{Connection, params};

use super::runs_table::{at_runs, current_run_id, move_to_metric};
use crate::support::driver::{Driver, NOW, demo_manifest};

const MINUTE: Millis = 60_000;
/// Slightly more than the poll interval, in ms.
const INTERVAL: Millis = 5_500;

/// The cursor on the demo's active network run.
fn at_networks() -> Driver {
    let mut driver = at_runs("image-classifier");
    driver.press("/").type_text("convnext-tiny").press("enter");
    assert_eq!(
        current_run_id(&driver),
        demo_manifest().images.running.raw()
    );
    driver
}

fn db(driver: &Driver) -> Connection {
    Connection::open(driver.store()).unwrap()
}

/// Logs a metric in the way of MLflow.
fn log_metric(db: &Connection, run: &RunId, key: &str, value: f64, at: Millis, step: i64) {
    let row = params![key, value, at, run.raw(), step];
    db.execute("INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?1, ?2, ?3, ?4, ?5, 0)", row).unwrap();
    let latest = "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?1, ?2, ?3, ?4, ?5, 0) \
                  ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value, timestamp = excluded.timestamp, step = excluded.step";
    db.execute(latest, row).unwrap();
}

/// Inserts a run that starts now.
fn insert_run(db: &Connection, id: &str, name: &str, beside: &RunId, at: Millis) {
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

/// The screen line with this text.
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
fn running_run_updates_on_the_screen() {
    let mut driver = at_networks();
    let (run, metric) = (&demo_manifest().images.running, goal(&driver));
    let before = points(&driver, run);
    driver.press("space k");
    log_metric(&db(&driver), run, &metric, 0.123_456, driver.now, 1_000);
    driver.advance(INTERVAL);
    assert_eq!(current_run_id(&driver), run.raw());
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
    driver.advance(INTERVAL);
    assert!(
        line(&driver, "convnext-tiny").contains('✓'),
        "{}",
        driver.screen()
    );
}

#[test]
fn refresh_requests_only_possible_changes() {
    let mut driver = at_networks();
    let total = driver.runs().table.len();
    insert_run(
        &db(&driver),
        &"e".repeat(32),
        "newcomer",
        &demo_manifest().images.running,
        driver.now,
    );
    driver.hold_replies().advance(INTERVAL);
    let requested = format!("{:?}", driver.pending_requests());
    let (requested, ended) = requested.split_once("ended:").unwrap();
    assert!(
        ended.contains(demo_manifest().images.failed.raw()),
        "only whether it was deleted: {ended}"
    );
    assert!(
        requested.contains("Changes") && !requested.contains("Runs {"),
        "{requested}"
    );
    assert!(
        requested.contains(demo_manifest().images.running.raw())
            && !requested.contains(demo_manifest().images.failed.raw()),
        "{requested}"
    );
    driver.release_replies();
    assert_eq!(driver.runs().table.len(), total + 1);
    driver.hold_replies().advance(INTERVAL);
    assert_eq!(driver.pending_count(), 1, "one request per interval");
    driver.advance(10 * INTERVAL);
    assert_eq!(driver.pending_count(), 1, "and none before the reply");
}

#[test]
fn new_runs_are_announced_without_moving_rows() {
    let mut driver = at_networks();
    driver.press("g");
    let (id, rows) = (current_run_id(&driver), |driver: &Driver| {
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
        insert_run(
            &db,
            &format!("{n:032x}"),
            &format!("newcomer-{n}"),
            &demo_manifest().images.running,
            driver.now + n,
        );
    }
    // A table as high as the window, so that some lines are above it.
    driver.send(frontrunner::tui::app::Message::Resize {
        width: 120,
        height: 12,
    });
    driver.advance(INTERVAL);
    assert_eq!(current_run_id(&driver), id);
    assert_eq!(driver.notification(), "3 new runs");
    driver
        .assert_shows("3 new above (ctrl-n)")
        .assert_hides("newcomer");
    let after: Vec<String> = rows(&driver)
        .iter()
        .take(5)
        .map(|row| row.chars().take(30).collect())
        .collect();
    assert_eq!(after[..], before[..5], "{}", driver.screen());
    driver.advance(MINUTE);
    driver.assert_shows("3 new above");
    driver.press("ctrl-n");
    assert!(
        line(&driver, "newcomer-0").contains('+'),
        "{}",
        driver.screen()
    );
    driver.press("g");
    driver.assert_shows("newcomer-2").assert_hides("new above");
    driver.advance(10_000);
    assert!(
        !line(&driver, "newcomer-0").contains('+'),
        "the badges expired:\n{}",
        driver.screen()
    );
    driver.press("ctrl-n");
    assert_eq!(driver.notification(), "no new runs");
}

#[test]
fn deleted_run_leaves_the_table() {
    let mut driver = at_networks();
    let total = driver.runs().lines.len();
    db(&driver)
        .execute(
            "UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = ?1",
            [demo_manifest().images.running.raw()],
        )
        .unwrap();
    driver.advance(INTERVAL);
    driver.assert_hides("convnext-tiny").assert_shows(&format!(
        "{} of {} runs",
        total - 1,
        total - 1
    ));
}

#[test]
fn finished_run_that_was_deleted_elsewhere_leaves_the_table() {
    let mut driver = at_runs("churn-sweep");
    driver.press("j");
    let (total, id) = (driver.runs().lines.len(), current_run_id(&driver));
    let row = |driver: &Driver| driver.runs().current_row().unwrap();
    let name = driver.runs().run_label(row(&driver)).raw().to_owned();
    let set_stage = |driver: &Driver, stage: &str| {
        let sql = "UPDATE runs SET lifecycle_stage = ?2 WHERE run_uuid = ?1";
        let changed = db(driver).execute(sql, params![id, stage]).unwrap();
        assert_eq!(changed, 1);
    };
    driver.advance(INTERVAL);
    assert_eq!(driver.runs().lines.len(), total);
    set_stage(&driver, "deleted");
    driver.advance(INTERVAL);
    assert_eq!(driver.runs().lines.len(), total - 1, "{}", driver.screen());
    driver.assert_hides(&format!("{name} "));
    // A purge of deleted runs makes no difference, and neither does the next refresh.
    driver.advance(INTERVAL);
    assert_eq!(driver.runs().lines.len(), total - 1);
    assert_eq!(driver.runs().run_count(), total - 1);
}

#[test]
fn stalled_run_has_its_own_marker_everywhere() {
    let mut driver = at_runs("image-classifier");
    driver.press("f").type_text("is:stalled").press("enter");
    assert_eq!(driver.runs().lines.len(), 1, "{}", driver.screen());
    assert_eq!(
        current_run_id(&driver),
        demo_manifest().images.stalled.raw()
    );
    assert!(
        line(&driver, "swin-tiny").contains("! "),
        "{}",
        driver.screen()
    );
    driver
        .press("p")
        .assert_shows("! STALLED: quiet for 2d 00h;")
        .assert_shows("logs every 57.1s");
    driver
        .press("p enter")
        .assert_shows("▶ RUNNING")
        .assert_shows("! STALLED: quiet for 2d 00h; usually logs every 57.1s");
    driver.press("esc esc");
    assert!(
        line(&driver, "convnext-tiny").contains('▶'),
        "{}",
        driver.screen()
    );
}

#[test]
fn run_becomes_stalled_without_input() {
    let mut driver = at_networks();
    driver
        .press("f")
        .type_text("is:running NOT is:stalled")
        .press("enter");
    assert!(driver.runs().lines.len() == 1 && line(&driver, "convnext-tiny").contains('▶'));
    // Ten epochs of 24 s are less than the minimum timeout of five minutes.
    driver.advance(4 * MINUTE);
    driver.assert_shows("convnext-tiny");
    driver.advance(2 * MINUTE).advance(INTERVAL);
    driver
        .assert_hides("convnext-tiny")
        .assert_shows("no run matches the filter");
    driver.press("esc");
    assert!(
        line(&driver, "convnext-tiny").contains('!'),
        "{}",
        driver.screen()
    );
    log_metric(
        &db(&driver),
        &demo_manifest().images.running,
        &goal(&driver),
        0.5,
        driver.now,
        2_000,
    );
    driver.advance(INTERVAL);
    assert!(
        line(&driver, "convnext-tiny").contains('▶'),
        "active again:\n{}",
        driver.screen()
    );
}

#[test]
fn run_and_experiment_screens_are_polled_too() {
    let mut driver = at_networks();
    let metric = goal(&driver);
    driver.press("enter");
    log_metric(
        &db(&driver),
        &demo_manifest().images.running,
        &metric,
        0.123_456,
        driver.now,
        1_000,
    );
    driver.advance(INTERVAL);
    driver
        .assert_shows("0.1235")
        .assert_shows("step 1000")
        .assert_shows("live");
    driver.press("1 esc");
    let before = line(&driver, "image-classifier  ");
    insert_run(
        &db(&driver),
        &"e".repeat(32),
        "newcomer",
        &demo_manifest().images.running,
        driver.now,
    );
    driver.advance(3 * INTERVAL);
    let after = line(&driver, "image-classifier  ");
    assert!(
        before.contains(" 10 ") && after.contains(" 11 ") && after.contains(" s ago"),
        "{before}\n{after}"
    );
}

#[test]
fn header_shows_the_age_and_failures_back_off() {
    let mut driver = at_networks();
    driver.advance(INTERVAL).assert_shows("live");
    let (store, away) = (driver.store(), driver.store().with_extension("away"));
    std::fs::rename(&store, &away).unwrap();
    driver.advance(INTERVAL);
    driver
        .assert_shows("stale: ")
        .assert_shows("again every 10 s");
    let notification_count = driver.app.shared.notifications.all.len();
    driver.advance(5_000);
    driver.assert_shows("again every 10 s");
    driver.advance(INTERVAL);
    driver.assert_shows("again every 20 s");
    for _ in 0..40 {
        driver.advance(MINUTE);
    }
    driver
        .assert_shows("again every 5 min")
        .assert_shows("stale 40 min: ");
    assert_eq!(
        driver.app.shared.notifications.all.len(),
        notification_count,
        "notified once; the top line shows it until the next success"
    );
    std::fs::rename(&away, &store).unwrap();
    driver.advance(5 * MINUTE);
    driver
        .assert_shows("live")
        .assert_hides("again")
        .assert_hides("stale");
    driver.hold_replies().advance(INTERVAL);
    assert_eq!(driver.pending_count(), 1, "at the normal interval again");
}

#[test]
fn polling_adapts_to_response_time() {
    let mut driver = at_networks();
    driver.hold_replies().advance(INTERVAL);
    assert_eq!(driver.pending_count(), 1);
    driver.now += 6_000;
    driver.release_replies();
    driver.assert_shows("live, slow, again every 40 s");
    driver.hold_replies().advance(30_000);
    assert_eq!(driver.pending_count(), 0);
    driver.advance(10_000);
    assert_eq!(driver.pending_count(), 1);
    driver.release_replies();
    driver.assert_shows("live").assert_hides("slow");
}

#[test]
fn stale_data_shows_its_age() {
    let mut driver = Driver::new();
    driver.press("4 enter").assert_shows("live");
    driver.advance(29_000).assert_shows("20 s ago");
    driver.advance(4 * MINUTE).assert_shows("4 min ago");
    driver.press("ctrl-r").assert_shows("live");
}

#[test]
fn nothing_is_redrawn_without_a_change() {
    let mut driver = at_runs("churn-sweep");
    driver.advance(MINUTE);
    let before = driver.buffer();
    for _ in 0..30 {
        driver.hold_replies().advance(INTERVAL);
        assert!(
            driver.pending_count() == 1 && driver.buffer() == before,
            "a poll in flight changes nothing on the screen:\n{}",
            driver.screen()
        );
        driver.release_replies();
        assert_eq!(driver.buffer(), before, "{}", driver.screen());
    }
}

#[test]
fn marks_survive_filters_and_navigation() {
    let mut driver = at_networks();
    driver.press("space");
    driver
        .press("f")
        .type_text("is:failed")
        .press("enter")
        .assert_shows("● 1");
    driver
        .press("esc q f")
        .press("ctrl-u")
        .type_text("churn-sweep")
        .press("enter enter");
    move_to_metric(&mut driver, "auc");
    driver.press("s space");
    let marked = driver.app.shared.marks.ids();
    assert_eq!(marked.len(), 2);
    driver.press("4 6 2");
    assert_eq!(driver.app.shared.marks.ids(), marked);
    driver
        .press("c")
        .assert_shows("compare 2 runs")
        .assert_shows("convnext-tiny");
    driver
        .press("esc '")
        .assert_shows("marked runs: enter unmarks")
        .assert_shows("image-classifier")
        .assert_shows("churn-sweep")
        .assert_shows("baseline");
    driver
        .press("down enter")
        .assert_shows("● 1")
        .assert_hides("  churn-sweep  ");
    assert_eq!(driver.app.shared.marks.ids(), marked[..1]);
    driver.press("enter");
    assert!(driver.dialog().is_none() && driver.app.shared.marks.is_empty());
    assert!(driver.app.screen_as::<RunsScreen>().is_some());
    driver.press("'");
    assert!(
        driver.notification().contains("no run is marked"),
        "{}",
        driver.notification()
    );
    assert!(driver.now > NOW);
}
