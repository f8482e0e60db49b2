//! The lineage: walking with arrows, opening nodes, folding, downstream versions.

use frontrunner::lineage::NodeKind;
use frontrunner::tui::app::{Dialog, Message};
use frontrunner::tui::screens::{DownstreamScreen, LineageScreen, VersionsScreen};
use rusqlite::{Connection, params};

use crate::support::driver::{Driver, demo_manifest};

/// The lineage of the newest version of the churn classifier.
fn at_lineage(mut driver: Driver) -> Driver {
    driver
        .press("4 f ctrl-u")
        .type_text("churn")
        .press("enter enter g L");
    driver
}

fn lineage(driver: &Driver) -> &LineageScreen {
    driver.screen_as()
}

fn made_from(driver: &Driver) -> &DownstreamScreen {
    driver.screen_as()
}

/// The kind and the label of the node under the cursor.
fn node_under_cursor(driver: &Driver) -> (NodeKind, String) {
    let node = lineage(driver).current().unwrap();
    (node.kind, node.label.raw().to_owned())
}

/// A sweep of nested runs, a second version and a base model of the newest version's run, and a run that read its model.
fn with_related_runs(driver: &Driver, children: usize) {
    let db = Connection::open(driver.store()).unwrap();
    let release = &demo_manifest().releases.versions[5];
    let (run, model) = (
        release.run.raw(),
        release.logged_model.as_ref().unwrap().raw(),
    );
    let base = &demo_manifest().releases.versions[4];
    let insert = |id: &str, name: &str| {
        let sql = "INSERT INTO runs (run_uuid, name, status, lifecycle_stage, experiment_id, start_time) \
                   SELECT ?1, ?2, 'FINISHED', 'active', experiment_id, start_time FROM runs WHERE run_uuid = ?3";
        db.execute(sql, params![id, name, run]).unwrap();
    };
    for nth in 0..children {
        let id = format!("{nth:032x}");
        insert(&id, &format!("trial-{nth:03}"));
        db.execute(
            "INSERT INTO tags (key, value, run_uuid) VALUES ('mlflow.parentRunId', ?1, ?2)",
            params![run, id],
        )
        .unwrap();
    }
    insert(&"f".repeat(32), "distill");
    let reads = "INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step) \
                 VALUES (?1, 'RUN_INPUT', ?2, 'MODEL_INPUT', ?3, 0)";
    db.execute(reads, params!["i1", "f".repeat(32), model])
        .unwrap();
    db.execute(
        reads,
        params!["i2", run, base.logged_model.as_ref().unwrap().raw()],
    )
    .unwrap();
    let version = "INSERT INTO model_versions (name, version, creation_time, current_stage, source, run_id, status) \
                   VALUES ('iris-forest', ?1, 1, 'None', ?2, ?3, 'READY')";
    db.execute(version, params![8, "s3://elsewhere", run])
        .unwrap();
    db.execute(version, params![9, "s3://elsewhere", "f".repeat(32)])
        .unwrap();
}

#[test]
fn arrows_walk_upstream_and_downstream() {
    let mut driver = at_lineage(Driver::new());
    assert_eq!(
        node_under_cursor(&driver),
        (NodeKind::Version, "churn-classifier v6".into())
    );
    driver.press("left");
    assert_eq!(
        node_under_cursor(&driver).0,
        NodeKind::Evidence,
        "the neighbor in the same row"
    );
    driver.press("k k");
    assert_eq!(node_under_cursor(&driver).0, NodeKind::LoggedModel);
    driver.press("j");
    assert_eq!(node_under_cursor(&driver).0, NodeKind::Environment);
    driver.press("k h");
    assert_eq!(node_under_cursor(&driver).0, NodeKind::Run);
    driver.press("h k k k k");
    assert_eq!(node_under_cursor(&driver).0, NodeKind::Code);
    driver.press("h k");
    assert_eq!(
        node_under_cursor(&driver).0,
        NodeKind::Code,
        "the edge of the graph"
    );
    driver.press("g l");
    assert_eq!(
        node_under_cursor(&driver),
        (NodeKind::Stage, "Staging".into())
    );
    driver.press("down");
    assert_eq!(node_under_cursor(&driver).0, NodeKind::Alias);
}

#[test]
fn find_and_mouse_select_a_node() {
    let mut driver = at_lineage(Driver::new());
    driver.press("/").type_text("holdout").press("enter");
    assert_eq!(
        node_under_cursor(&driver),
        (
            NodeKind::Dataset,
            "customers-holdout@0f86a010 (eval)".into()
        )
    );
    let screen = driver.screen();
    let (y, line) = screen
        .lines()
        .enumerate()
        .find(|(_, line)| line.contains("release-6"))
        .unwrap();
    let x = line.chars().take_while(|c| *c != 'r').count();
    driver.send(Message::Mouse(frontrunner::tui::app::Mouse::Click {
        x: x as u16,
        y: y as u16,
    }));
    assert_eq!(node_under_cursor(&driver).0, NodeKind::Run);
}

#[test]
fn enter_opens_the_run_and_esc_returns() {
    let mut driver = at_lineage(Driver::new());
    driver.press("h h enter");
    driver.assert_shows("› run › release-6");
    driver.press("esc");
    assert_eq!(node_under_cursor(&driver).0, NodeKind::Run);
    driver.press("g enter");
    assert!(
        driver.app.screen_as::<VersionsScreen>().is_some(),
        "{}",
        driver.screen()
    );
    driver.press("esc h j enter");
    assert!(
        matches!(driver.dialog(), Some(Dialog::Diff(_))),
        "a node without a screen shows its facts:\n{}",
        driver.screen()
    );
}

#[test]
fn small_screen_cuts_neither_the_summary_nor_the_warnings() {
    let mut driver = at_lineage(Driver::new());
    driver.send(Message::Resize {
        width: 80,
        height: 24,
    });
    let graph = lineage(&driver).graph().unwrap().clone();
    let words = |text: &str| {
        let text = text.replace(['│', '▲'], " ");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let screen = words(&driver.screen());
    assert!(screen.contains(&words(graph.summary.raw())), "{screen}");
    assert!(graph.warnings.len() > 2);
    for warning in &graph.warnings {
        assert!(screen.contains(&words(warning)), "{warning}\n{screen}");
    }
    driver
        .assert_shows("│drift, 1 f")
        .assert_hides("T09:45")
        .assert_hides("(and ");
    driver.send(Message::Resize {
        width: 120,
        height: 30,
    });
    driver.assert_shows("│drift, 1 failed ");
}

#[test]
fn facts_dialog_shows_what_the_pane_cuts() {
    let mut driver = at_lineage(Driver::new());
    driver.send(Message::Resize {
        width: 80,
        height: 24,
    });
    driver.press("p");
    driver
        .assert_shows("version_validated")
        .assert_shows("run: partly");
    driver
        .press("G")
        .assert_shows("created: 2026-11-16 09:45:40 UTC");
    driver.press("esc");
    assert!(driver.dialog().is_none());
    // Every neighbour of the run has a line of its own, and words are not broken.
    driver.press("h h p");
    for part in [
        "run release-6 (",
        "from: code cdc988d (dirty)",
        "from: data customers-holdout@0f86a010 (eval)",
        "to: logged model model",
    ] {
        driver.assert_shows(part);
    }
}

#[test]
fn facts_in_the_pane_are_not_cut_while_there_is_room() {
    let mut driver = at_lineage(Driver::new());
    driver.send(Message::Resize {
        width: 80,
        height: 24,
    });
    driver.press("h h");
    driver.assert_shows("status FINISHED");
}

#[test]
fn fold_key_lists_the_folded_nodes_from_every_box() {
    let mut driver = at_lineage(Driver::new());
    driver.send(Message::Resize {
        width: 80,
        height: 24,
    });
    driver.assert_shows("+ 2 tools");
    assert_eq!(node_under_cursor(&driver).0, NodeKind::Version);
    driver.press("z");
    driver
        .assert_shows("2 folded tools")
        .assert_shows("pending");
    driver.press("enter");
    assert_eq!(node_under_cursor(&driver).0, NodeKind::Evidence);
    driver.press("z");
    driver.assert_shows("+ 2 tools");
    driver.send(Message::Resize {
        width: 200,
        height: 50,
    });
    driver.press("z");
    assert!(
        driver.notification().contains("nothing is folded"),
        "{}",
        driver.screen()
    );
}

#[test]
fn enter_on_a_dataset_lists_downstream_versions() {
    let mut driver = at_lineage(Driver::new());
    driver
        .press("/")
        .type_text("customers@")
        .press("enter enter");
    let versions = |driver: &Driver| {
        made_from(driver)
            .visible_versions()
            .iter()
            .map(|version| version.version.0)
            .collect::<Vec<_>>()
    };
    assert_eq!(versions(&driver), [6, 5, 4]);
    driver
        .assert_shows("made from digest:")
        .assert_shows("release-4")
        .assert_shows("Production");
    driver.press("f").type_text("production").press("enter");
    assert_eq!(versions(&driver), [4]);
    driver.press("enter");
    assert_eq!(
        node_under_cursor(&driver),
        (NodeKind::Version, "churn-classifier v4".into())
    );
    driver.press("esc esc Y");
    assert!(
        driver
            .clipboard
            .last()
            .unwrap()
            .starts_with("frontrunner versions --made-from digest:"),
        "{:?}",
        driver.clipboard
    );
    driver.press("esc esc g h h B");
    assert_eq!(versions(&driver), [6]);
    driver.assert_shows("made from run:");
    driver
        .press("esc / ctrl-u")
        .type_text("cdc988d")
        .press("enter B");
    driver.assert_shows("made from commit:");
    assert_eq!(versions(&driver), [6]);
    driver.press("esc g l B");
    assert!(
        driver.notification().contains("not recorded"),
        "{}",
        driver.notification()
    );
}

#[test]
fn sweep_is_folded_except_for_the_selected_run() {
    let driver = Driver::new();
    with_related_runs(&driver, 998);
    let mut driver = at_lineage(driver);
    driver.press("/").type_text("trial-500").press("enter");
    driver.assert_shows("nested runs").assert_shows("+ 9");
    driver.press("z");
    let Some(Dialog::Picker(list)) = driver.dialog() else {
        panic!("no list:\n{}", driver.screen())
    };
    assert!(list.items().len() > 900, "{}", list.items().len());
    driver.type_text("trial-777").press("enter");
    assert_eq!(
        node_under_cursor(&driver),
        (NodeKind::ChildRun, "trial-777 (00000000)".into())
    );
    driver.assert_shows("│trial-777");
    driver.press("enter");
    driver.assert_shows("› run › trial-777");
    driver.press("esc z");
    driver.assert_hides("│trial-777").assert_shows("+ 9");
    driver.press("z esc");
    assert!(driver.dialog().is_none());
}

#[test]
fn related_models_open_their_lineage() {
    let driver = Driver::new();
    with_related_runs(&driver, 3);
    let mut driver = at_lineage(driver);
    driver
        .assert_shows("… v5")
        .assert_shows("distill")
        .assert_shows("… v8")
        .assert_shows("… v9");
    driver.press("/").type_text("classifier v5").press("enter");
    assert_eq!(
        node_under_cursor(&driver),
        (NodeKind::OtherVersion, "churn-classifier v5".into())
    );
    // The version under the cursor is the one that is promoted.
    driver.press("P").assert_shows("promote churn-classifier/5");
    driver.press("esc enter");
    assert_eq!(
        node_under_cursor(&driver),
        (NodeKind::Version, "churn-classifier v5".into())
    );
    driver.press("h k k B");
    driver.assert_shows("made from model:");
    assert_eq!(
        made_from(&driver)
            .visible_versions()
            .iter()
            .map(|version| version.name.raw())
            .collect::<Vec<_>>(),
        ["churn-classifier", "iris-forest"]
    );
    driver.press("esc esc g l l");
    assert_eq!(
        node_under_cursor(&driver),
        (NodeKind::OtherVersion, "iris-forest v9".into())
    );
}

#[test]
fn warnings_and_checklist_are_visible_at_every_size() {
    for (width, height) in [(40, 10), (60, 16), (80, 24), (200, 50)] {
        let mut driver = at_lineage(Driver::new());
        driver.send(Message::Resize { width, height });
        driver.assert_shows("▲").assert_shows("✓");
        // At any size every node can be selected, and the selected node is visible.
        for key in ["h", "h", "h", "j", "j", "j", "l", "l", "l", "l", "j"] {
            driver.press(key);
            let screen = lineage(&driver);
            let drawing = screen.graph_layout(driver.app.size);
            let under = drawing.box_of(screen.cursor.index).unwrap();
            assert!(
                drawing.boxes[under].area.is_some(),
                "{width}x{height}\n{}",
                driver.screen()
            );
        }
    }
}
