//! Trees: parents and nested runs, with filters and with partially loaded tables.

use frontrunner::table::DisplayRow;
use frontrunner::tui::app::Request;
use rusqlite::{Connection, params};

use super::runs_table::{at_runs, current_run_id};
use crate::support::driver::{Driver, NOW, demo_manifest};

/// The names of the lines, indented by depth, in parentheses if they don't pass the filter.
fn tree(driver: &Driver) -> Vec<String> {
    let runs = driver.runs();
    let line = |line: &DisplayRow| match line {
        DisplayRow::Run {
            row,
            depth,
            is_match: passes,
            ..
        } => {
            let name = runs.run_label(*row).clean().into_owned();
            format!(
                "{}{}",
                "  ".repeat((*depth).into()),
                if *passes { name } else { format!("({name})") }
            )
        }
        DisplayRow::Group { value, .. } => value.clone(),
    };
    runs.lines.iter().map(line).collect()
}

/// The search, whose nested runs started before 150 others: the first page has the search without them.
fn partially_loaded() -> Driver {
    let mut driver = Driver::new();
    let db = Connection::open(driver.store()).unwrap();
    let parent = demo_manifest().nested.parent.raw();
    for n in 0..150 {
        let new = "INSERT INTO runs (run_uuid, name, status, start_time, end_time, lifecycle_stage, artifact_uri, experiment_id, \
                   source_type, source_name, entry_point_name, user_id, source_version) SELECT ?1, ?1, 'FINISHED', ?3, ?3, 'active', \
                   artifact_uri, experiment_id, source_type, source_name, entry_point_name, user_id, source_version FROM runs \
                   WHERE run_uuid = ?2";
        db.execute(
            new,
            params![format!("{n:032}"), parent, NOW - (n + 2) * 120_000],
        )
        .unwrap();
    }
    db.execute(
        "UPDATE runs SET start_time = ?1 WHERE run_uuid = ?2",
        params![NOW - 10, parent],
    )
    .unwrap();
    drop(db);
    driver
        .press("f")
        .type_text("iris-baselines")
        .press("enter")
        .hold_replies()
        .press("enter");
    while driver.runs().table.is_empty() {
        driver.reply_to_one();
    }
    driver.press("esc").release_replies();
    driver.reply_to_cancelled();
    assert_eq!(driver.runs().table.len(), 100, "{}", driver.screen());
    driver.press("Z").type_text("tree").press("enter g");
    assert_eq!(current_run_id(&driver), parent);
    driver
}

#[test]
fn expanding_a_parent_fetches_nested_runs() {
    let mut driver = partially_loaded();
    assert!(
        tree(&driver).iter().all(|line| !line.starts_with(' ')),
        "nothing nested is loaded"
    );
    driver.press("z");
    assert!(
        driver.notification().contains("nested run"),
        "{}",
        driver.notification()
    );
    let found = tree(&driver);
    assert!(found.iter().any(|line| line == "  depth-8"), "{found:?}");
    assert!(
        !found.iter().any(|line| line.contains("fold-1")),
        "direct children only: {found:?}"
    );
    let at = found.iter().position(|line| line == "  depth-8").unwrap();
    driver.press(&"j ".repeat(at)).press("z");
    assert!(
        tree(&driver).iter().any(|line| line == "    fold-1"),
        "{:?}",
        tree(&driver)
    );
    assert_eq!(
        driver.runs().table.len(),
        100 + found.iter().filter(|line| line.starts_with("  ")).count() + 3
    );

    let before = tree(&driver);
    driver.press("g z").hold_replies().press("z");
    assert_eq!(
        driver.pending_count(),
        0,
        "loaded children are not requested again"
    );
    driver.release_replies();
    assert_eq!(tree(&driver), before);
}

#[test]
fn run_without_nested_runs_says_so_without_a_request() {
    let mut driver = partially_loaded();
    driver.press("j z");
    assert!(
        driver.notification().contains("no nested runs"),
        "{}",
        driver.notification()
    );
    driver.press("ctrl-r");
    assert_eq!(driver.runs().table.len(), 167, "everything is loaded");
    driver.press("g").hold_replies().press("z z j z");
    assert!(
        !driver
            .pending_requests()
            .iter()
            .any(|(_, request)| matches!(request, Request::ChildRuns(..)))
    );
}

#[test]
fn esc_cancels_the_nested_run_request() {
    let mut driver = partially_loaded();
    driver.hold_replies().press("z");
    let nested = |driver: &Driver| {
        driver
            .pending_requests()
            .iter()
            .filter(|(_, request)| matches!(request, Request::ChildRuns(..)))
            .count()
    };
    assert_eq!(nested(&driver), 1);
    driver.press("esc");
    assert_eq!(nested(&driver), 0, "{:?}", driver.pending_requests());
    assert_eq!(driver.reply_to_cancelled(), 1);
    assert_eq!(
        driver.runs().table.len(),
        100,
        "the late reply changes nothing"
    );
}

#[test]
fn filtered_out_parents_stay_as_uncounted_rows() {
    let mut driver = at_runs("iris-baselines");
    driver
        .press("Z")
        .type_text("tree")
        .press("enter f")
        .type_text("is:nested")
        .press("enter");
    let lines = tree(&driver);
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.starts_with('('))
            .collect::<Vec<_>>(),
        ["(grid-search)"],
        "{lines:?}"
    );
    driver.assert_shows(&format!("{} of 17 runs", lines.len() - 1));
    driver.press("G v g v");
    assert_eq!(
        driver.app.shared.marks.len(),
        lines.len() - 1,
        "a range skips parents that don't pass the filter"
    );
    driver.press("u g space");
    assert_eq!(
        driver.app.shared.marks.ids(),
        [demo_manifest().nested.parent.clone()],
        "such a parent can be marked on its own"
    );
}
