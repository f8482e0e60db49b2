//! The lineage: walked by arrows, entered, folded, asked backwards.

use frontrunner::lineage::NodeKind;
use frontrunner::tui::app::{Message, Overlay, Screen};
use frontrunner::tui::screens::lineage::LineageScreen;
use frontrunner::tui::screens::made_from::MadeFromScreen;
use rusqlite::{Connection, params};

use crate::support::driver::{Driver, facts};

/// The lineage of the newest version of the churn classifier.
fn at_lineage(mut driver: Driver) -> Driver {
    driver
        .press("4 f ctrl-u")
        .text("churn")
        .press("enter enter g L");
    driver
}

fn lineage(driver: &Driver) -> &LineageScreen {
    match driver.app.screen() {
        Screen::Lineage(screen) => screen,
        other => panic!("the screen is {:?}\n{}", other.scope(), driver.screen()),
    }
}

fn made_from(driver: &Driver) -> &MadeFromScreen {
    match driver.app.screen() {
        Screen::MadeFrom(screen) => screen,
        other => panic!("the screen is {:?}\n{}", other.scope(), driver.screen()),
    }
}

/// What is under the cursor.
fn under(driver: &Driver) -> (NodeKind, String) {
    let node = lineage(driver).current().unwrap();
    (node.kind, node.label.raw().to_owned())
}

/// A sweep of nested runs, a second version and a base model of the newest version's run, and a run that read its model.
fn with_kin(driver: &Driver, children: usize) {
    let db = Connection::open(driver.store()).unwrap();
    let release = &facts().releases.versions[5];
    let (run, model) = (
        release.run.raw(),
        release.logged_model.as_ref().unwrap().raw(),
    );
    let base = &facts().releases.versions[4];
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
fn the_arrows_walk_from_the_version_to_its_causes_and_to_what_it_became() {
    let mut driver = at_lineage(Driver::new());
    assert_eq!(
        under(&driver),
        (NodeKind::Version, "churn-classifier v6".into())
    );
    driver.press("left");
    assert_eq!(
        under(&driver).0,
        NodeKind::Evidence,
        "what stands at the same height"
    );
    driver.press("k k");
    assert_eq!(under(&driver).0, NodeKind::LoggedModel);
    driver.press("j");
    assert_eq!(under(&driver).0, NodeKind::Environment);
    driver.press("k h");
    assert_eq!(under(&driver).0, NodeKind::Run);
    driver.press("h k k k k");
    assert_eq!(under(&driver).0, NodeKind::Code);
    driver.press("h k");
    assert_eq!(under(&driver).0, NodeKind::Code, "there is nothing further");
    driver.press("g l");
    assert_eq!(under(&driver), (NodeKind::Stage, "Staging".into()));
    driver.press("down");
    assert_eq!(under(&driver).0, NodeKind::Alias);
}

#[test]
fn find_and_the_mouse_go_to_a_node() {
    let mut driver = at_lineage(Driver::new());
    driver.press("/").text("holdout").press("enter");
    assert_eq!(
        under(&driver),
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
    driver.take(Message::Mouse(frontrunner::tui::app::Mouse::Click {
        x: x as u16,
        y: y as u16,
    }));
    assert_eq!(under(&driver).0, NodeKind::Run);
}

#[test]
fn enter_opens_the_run_and_esc_comes_back_to_where_it_was() {
    let mut driver = at_lineage(Driver::new());
    driver.press("h h enter");
    driver.sees("› run › release-6");
    driver.press("esc");
    assert_eq!(under(&driver).0, NodeKind::Run);
    driver.press("g enter");
    assert!(
        matches!(driver.app.screen(), Screen::Versions(_)),
        "{}",
        driver.screen()
    );
    driver.press("esc h j enter");
    assert!(
        driver.said().contains("facts are all shown"),
        "{}",
        driver.said()
    );
}

#[test]
fn enter_on_data_lists_every_version_that_was_made_from_it_and_leads_on() {
    let mut driver = at_lineage(Driver::new());
    driver.press("/").text("customers@").press("enter enter");
    let versions = |driver: &Driver| {
        made_from(driver)
            .lines()
            .iter()
            .map(|version| version.version.0)
            .collect::<Vec<_>>()
    };
    assert_eq!(versions(&driver), [6, 5, 4]);
    driver
        .sees("made from digest:")
        .sees("release-4")
        .sees("Production");
    driver.press("f").text("production").press("enter");
    assert_eq!(versions(&driver), [4]);
    driver.press("enter");
    assert_eq!(
        under(&driver),
        (NodeKind::Version, "churn-classifier v4".into())
    );
    driver.press("esc esc Y");
    assert!(
        driver
            .copied
            .last()
            .unwrap()
            .starts_with("frontrunner versions --made-from digest:"),
        "{:?}",
        driver.copied
    );
    driver.press("esc esc g h h b");
    assert_eq!(versions(&driver), [6]);
    driver.sees("made from run:");
    driver
        .press("esc / ctrl-u")
        .text("cdc988d")
        .press("enter b");
    driver.sees("made from commit:");
    assert_eq!(versions(&driver), [6]);
    driver.press("esc g l b");
    assert!(driver.said().contains("not recorded"), "{}", driver.said());
}

#[test]
fn a_sweep_folds_and_what_is_picked_from_it_stands_by_itself() {
    let driver = Driver::new();
    with_kin(&driver, 998);
    let mut driver = at_lineage(driver);
    driver.press("/").text("trial-500").press("enter");
    driver.sees("nested runs").sees("+ 9");
    driver.press("z");
    let Some(Overlay::Picker(list)) = driver.overlay() else {
        panic!("no list:\n{}", driver.screen())
    };
    assert!(list.items().len() > 900, "{}", list.items().len());
    driver.text("trial-777").press("enter");
    assert_eq!(
        under(&driver),
        (NodeKind::ChildRun, "trial-777 (00000000)".into())
    );
    driver.sees("│trial-777");
    driver.press("enter");
    driver.sees("› run › trial-777");
    driver.press("esc z");
    driver.misses("│trial-777").sees("+ 9");
    driver.press("z esc");
    assert!(driver.overlay().is_none());
}

#[test]
fn models_around_the_version_lead_to_their_lineages() {
    let driver = Driver::new();
    with_kin(&driver, 3);
    let mut driver = at_lineage(driver);
    driver
        .sees("… v5")
        .sees("distill")
        .sees("… v8")
        .sees("… v9");
    driver.press("/").text("classifier v5").press("enter");
    assert_eq!(
        under(&driver),
        (NodeKind::OtherVersion, "churn-classifier v5".into())
    );
    driver.press("enter");
    assert_eq!(
        under(&driver),
        (NodeKind::Version, "churn-classifier v5".into())
    );
    driver.press("h k k b");
    driver.sees("made from model:");
    assert_eq!(
        made_from(&driver)
            .lines()
            .iter()
            .map(|version| version.name.raw())
            .collect::<Vec<_>>(),
        ["churn-classifier", "iris-forest"]
    );
    driver.press("esc esc g l l");
    assert_eq!(
        under(&driver),
        (NodeKind::OtherVersion, "iris-forest v9".into())
    );
}

#[test]
fn warnings_and_the_checklist_are_seen_at_every_size() {
    for (width, height) in [(40, 10), (60, 16), (80, 24), (200, 50)] {
        let mut driver = at_lineage(Driver::new());
        driver.take(Message::Resize { width, height });
        driver.sees("▲").sees("✓");
        // At any size every node can be stood on, and what is stood on is seen.
        for key in ["h", "h", "h", "j", "j", "j", "l", "l", "l", "l", "j"] {
            driver.press(key);
            let screen = lineage(&driver);
            let drawing = screen.drawing(driver.app.size);
            let under = drawing.box_of(screen.cursor.at).unwrap();
            assert!(
                drawing.boxes[under].area.is_some(),
                "{width}x{height}\n{}",
                driver.screen()
            );
        }
    }
}
