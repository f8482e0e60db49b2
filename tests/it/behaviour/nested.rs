//! Trees: parents and what is nested in them, whatever the filter and however much is loaded.

use frontrunner::table::Line;
use frontrunner::tui::app::Request;
use rusqlite::{Connection, params};

use super::tables::{at_runs, current};
use crate::support::driver::{Driver, NOW, facts};

/// The names of the lines, indented as they are nested; in parentheses what does not pass the filter.
fn tree(driver: &Driver) -> Vec<String> {
    let runs = driver.runs();
    let line = |line: &Line| match line {
        Line::Run {
            row, depth, passes, ..
        } => {
            let name = runs.run_label(*row).clean().into_owned();
            format!(
                "{}{}",
                "  ".repeat((*depth).into()),
                if *passes { name } else { format!("({name})") }
            )
        }
        Line::Group { value, .. } => value.clone(),
    };
    runs.lines.iter().map(line).collect()
}

/// The search with its nested runs, begun before 150 others: the first page holds the search and none of what is nested in it.
fn half_loaded() -> Driver {
    let mut driver = Driver::new();
    let db = Connection::open(driver.store()).unwrap();
    let parent = facts().nested.parent.raw();
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
        .text("iris-baselines")
        .press("enter")
        .hold()
        .press("enter");
    while driver.runs().table.is_empty() {
        driver.answer_one();
    }
    driver.press("esc").release();
    driver.answer_what_was_cancelled();
    assert_eq!(driver.runs().table.len(), 100, "{}", driver.screen());
    driver.press("z").text("tree").press("enter g");
    assert_eq!(current(&driver), parent);
    driver
}

#[test]
fn opening_a_parent_fetches_what_is_nested_in_it() {
    let mut driver = half_loaded();
    assert!(
        tree(&driver).iter().all(|line| !line.starts_with(' ')),
        "nothing nested is loaded"
    );
    driver.press("Z");
    assert!(driver.said().contains("nested in it"), "{}", driver.said());
    let found = tree(&driver);
    assert!(found.iter().any(|line| line == "  depth-8"), "{found:?}");
    assert!(
        !found.iter().any(|line| line.contains("fold-1")),
        "only what is nested directly: {found:?}"
    );
    let at = found.iter().position(|line| line == "  depth-8").unwrap();
    driver.press(&"j ".repeat(at)).press("Z");
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
    driver.press("g Z").hold().press("Z");
    assert_eq!(driver.waiting(), 0, "what was fetched is not fetched again");
    driver.release();
    assert_eq!(tree(&driver), before);
}

#[test]
fn a_run_without_nested_runs_says_so_and_a_whole_table_asks_nobody() {
    let mut driver = half_loaded();
    driver.press("j Z");
    assert!(
        driver.said().contains("no run is nested in it"),
        "{}",
        driver.said()
    );
    driver.press("ctrl-r");
    assert_eq!(driver.runs().table.len(), 167, "everything is loaded");
    driver.press("g").hold().press("Z Z j Z");
    assert!(
        !driver
            .asked()
            .iter()
            .any(|(_, request)| matches!(request, Request::Nested(..)))
    );
}

#[test]
fn looking_for_nested_runs_is_stopped_with_esc() {
    let mut driver = half_loaded();
    driver.hold().press("Z");
    let nested = |driver: &Driver| {
        driver
            .asked()
            .iter()
            .filter(|(_, request)| matches!(request, Request::Nested(..)))
            .count()
    };
    assert_eq!(nested(&driver), 1);
    driver.press("esc");
    assert_eq!(nested(&driver), 0, "{:?}", driver.asked());
    assert_eq!(driver.answer_what_was_cancelled(), 1);
    assert_eq!(
        driver.runs().table.len(),
        100,
        "an answer that nobody waits for changes nothing"
    );
}

#[test]
fn parents_that_do_not_pass_hold_their_nested_runs_and_count_for_nothing() {
    let mut driver = at_runs("iris-baselines");
    driver
        .press("z")
        .text("tree")
        .press("enter f")
        .text("is:nested")
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
    driver.sees(&format!("{} of 17 runs", lines.len() - 1));
    driver.press("G v g v");
    assert_eq!(
        driver.app.shared.marks.len(),
        lines.len() - 1,
        "a range marks what passes"
    );
    driver.press("u g space");
    assert_eq!(
        driver.app.shared.marks.ids(),
        [facts().nested.parent.clone()],
        "by itself it can be marked"
    );
}
