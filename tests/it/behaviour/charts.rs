//! The curves of runs, and what drives the goal.

use frontrunner::chart::{Quantity, ScaleKind, Shape};
use frontrunner::tui::app::{Message, Mouse, Screen};
use frontrunner::tui::screens::charts::Charts;
use frontrunner::tui::screens::drivers::{Drivers, Page};
use rusqlite::Connection;

use super::tables::at_runs;
use crate::support::driver::Driver;

fn charts(driver: &Driver) -> &Charts {
    match driver.app.screen() {
        Screen::Charts(charts) => charts,
        other => panic!("the screen is {:?}\n{}", other.scope(), driver.screen()),
    }
}

fn drivers(driver: &Driver) -> &Drivers {
    match driver.app.screen() {
        Screen::Drivers(drivers) => drivers,
        other => panic!("the screen is {:?}\n{}", other.scope(), driver.screen()),
    }
}

/// The charts of the first four runs of the image classifier.
fn at_charts() -> Driver {
    let mut driver = at_runs("image-classifier");
    driver.press("space j space j space j space m");
    driver
}

fn range(driver: &Driver) -> (f64, f64) {
    let screen = charts(driver);
    screen.built(screen.at).unwrap().x.range()
}

#[test]
fn the_marked_runs_stand_in_a_grid_the_goal_first() {
    let driver = at_charts();
    let screen = charts(&driver);
    assert_eq!(screen.panels[0].title.raw(), "val/acc");
    assert_eq!(screen.panels.len(), 5);
    driver
        .sees("▸ val/acc")
        .sees("train/loss")
        .sees("280 points of 4 curves")
        .sees("● convnext-tiny");
}

#[test]
fn every_point_of_a_file_is_behind_a_curve_and_no_spike_is_lost() {
    let mut driver = at_charts();
    driver.press("enter");
    let screen = charts(&driver);
    let db = Connection::open(driver.store()).unwrap();
    for run in screen.runs() {
        let question =
            "SELECT COUNT(*), MAX(value) FROM metrics WHERE run_uuid = ?1 AND key = 'val/acc'";
        let (count, most): (usize, f64) = db
            .query_row(question, [run.id.raw()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        let curves = screen.curves(&driver.app.shared);
        let curve = curves
            .iter()
            .find(|curve| curve.label == run.name.raw())
            .unwrap();
        assert_eq!((curve.points.len(), curve.sampled), (count, false));
        let lines = screen
            .built(0)
            .unwrap()
            .layers
            .iter()
            .filter_map(|layer| match &layer.shape {
                Shape::Line(line) => Some(line),
                _ => None,
            });
        let highest = |line: &Vec<(f64, f64)>| {
            line.iter()
                .map(|(_, y)| *y)
                .fold(f64::NEG_INFINITY, f64::max)
        };
        assert!(
            lines
                .map(highest)
                .any(|highest| highest.to_bits() == most.to_bits()),
            "{} has no {most}",
            run.name.raw()
        );
    }
}

#[test]
fn keys_choose_the_axis_the_scale_and_how_smooth() {
    let mut driver = at_charts();
    driver.press("enter a").sees("relative time");
    assert_eq!(charts(&driver).built(0).unwrap().x.quantity, Quantity::Span);
    driver.press("a").sees("wall time");
    driver.press("a").sees("step · linear");
    driver.press("s").sees("log");
    assert_eq!(charts(&driver).style.scale, ScaleKind::Log);
    driver.press("s s ] ]").sees("EMA 0.6");
    driver.press("[").sees("EMA 0.3");
    driver
        .press("j j i")
        .sees("outliers clipped")
        .sees("axis clipped to the middle 98 %");
}

#[test]
fn the_crosshair_reads_the_value_that_was_logged() {
    let mut driver = at_charts();
    driver.press("enter l");
    let screen = charts(&driver);
    let curves = screen.curves(&driver.app.shared);
    let read = *screen.read(&curves[0]).unwrap();
    let db = Connection::open(driver.store()).unwrap();
    let question =
        "SELECT value FROM metrics WHERE run_uuid = ?1 AND key = 'val/acc' AND step = ?2";
    let id = screen.runs()[0].id.raw().to_owned();
    drop(curves);
    let value: f64 = db
        .query_row(question, rusqlite::params![id, read.step], |row| row.get(0))
        .unwrap();
    assert_eq!(value.to_bits(), read.value.get().to_bits());
    driver.press("y");
    assert!(
        driver
            .copied
            .last()
            .unwrap()
            .contains(&format!("\t{}\t{value}", read.step)),
        "{:?}",
        driver.copied
    );
}

#[test]
fn zooming_moves_the_ends_and_zero_brings_the_whole_back() {
    let mut driver = at_charts();
    driver.press("enter");
    let whole = range(&driver);
    driver.press("+");
    let near = range(&driver);
    assert!(near.0 > whole.0 && near.1 < whole.1);
    driver.press("L");
    assert!(range(&driver).0 > near.0);
    driver.press("0");
    assert_eq!(range(&driver), whole);
    // A click sets the crosshair, a drag the ends, the wheel zooms.
    driver.take(Message::Mouse(Mouse::Click { x: 30, y: 10 }));
    assert!(charts(&driver).cross.is_some());
    driver.take(Message::Mouse(Mouse::Drag {
        from: (20, 10),
        to: (40, 10),
    }));
    let dragged = range(&driver);
    assert!(dragged.0 > whole.0 && dragged.1 < whole.1);
    driver.take(Message::Mouse(Mouse::Wheel(1)));
    assert!(range(&driver).1 > dragged.1);
}

#[test]
fn a_hidden_run_leaves_the_axis_to_the_others() {
    let mut driver = at_charts();
    driver.press("enter tab j space");
    driver.sees("∅ vit-base").sees("of 3 curves");
    driver.press("space").sees("of 4 curves");
    driver.press("esc esc");
    assert!(!charts(&driver).alone, "one step back after the other");
}

#[test]
fn nan_is_marked_at_its_step_and_told() {
    let mut driver = at_charts();
    driver.press("j enter").press("j").sees("26 NaN").sees("×");
}

#[test]
fn what_the_machine_did_has_its_own_page() {
    let mut driver = at_charts();
    driver.press("T").sees("no system metric was logged");
    driver.press("T").sees("val/acc");
}

#[test]
fn curves_that_part_say_where() {
    let mut driver = at_charts();
    driver
        .press("enter d")
        .sees("parts from convnext-tiny at step");
}

#[test]
fn a_chart_is_written_once_and_never_over_another_file() {
    let mut driver = at_charts();
    let path = driver.folder().join("curves.svg");
    let name = path.to_str().unwrap().to_owned();
    driver.press("enter x ctrl-u").text(&name).press("enter");
    let svg = std::fs::read_to_string(&path).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("convnext-tiny") && svg.contains("val/acc"));
    assert!(driver.said().starts_with("written: "), "{}", driver.said());
    driver.press("x ctrl-u").text(&name).press("enter");
    assert!(
        driver.said().contains("is there already"),
        "{}",
        driver.said()
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), svg);
    driver.press("x ctrl-u").text("curves.bmp").press("enter");
    assert!(driver.said().contains(".png or .svg"), "{}", driver.said());
}

#[test]
fn what_drives_the_goal_is_found_and_looked_at_from_all_sides() {
    let mut driver = at_runs("churn-sweep");
    driver
        .press("i")
        .sees("what goes with auc")
        .sees("R²")
        .sees("learning_rate");
    let found = drivers(&driver).importance.get().unwrap();
    assert_eq!(
        found.params[0].key.raw(),
        "learning_rate",
        "the demo's sweep is driven by it"
    );
    assert!(found.explained.unwrap() > 0.3, "{:?}", found.explained);
    driver.press("enter").sees("auc over learning_rate");
    assert_eq!(drivers(&driver).page, Page::Scatter);
    driver.press("l").misses("auc over learning_rate");
    driver
        .press("v")
        .text("boosting")
        .press("enter")
        .sees("marks: boosting");
    driver.press("tab").sees("mean auc ↑ over");
    driver
        .press("tab")
        .sees("the front")
        .sees("latency_ms ↓")
        .sees("on the front");
    driver.press("space").sees("*");
    driver.press("tab").sees("nearest to").sees("→");
    driver.press("tab tab").sees("params and auc ↑");
}

#[test]
fn few_runs_make_no_ranking_on_the_screen() {
    let mut driver = at_runs("iris-baselines");
    driver
        .press("space j space j space c i")
        .sees("too few to rank params");
}

#[test]
fn gpus_of_a_run_are_drawn_together() {
    let mut driver = at_runs("image-classifier");
    driver
        .press("/")
        .text("resnet50-aug")
        .press("enter m T")
        .sees("system/gpu_*_utilization_percentage");
    driver
        .press("f")
        .text("power")
        .press("enter enter")
        .sees("resnet50-aug gpu 0")
        .sees("resnet50-aug gpu 1")
        .sees("of 2 curves");
}

#[test]
fn an_image_among_the_artifacts_is_shown() {
    let mut driver = at_runs("image-classifier");
    driver
        .press("/")
        .text("resnet50-aug")
        .press("enter enter tab tab tab tab tab enter j enter");
    driver.sees("plots/confusion_matrix.png");
    assert!(
        matches!(
            driver.overlay(),
            Some(frontrunner::tui::app::Overlay::Picture(_))
        ),
        "{}",
        driver.screen()
    );
}

#[test]
fn a_version_shows_the_curves_of_its_run() {
    let mut driver = Driver::new();
    driver.press("4 g enter m");
    driver.sees("› charts ›").sees("release-6");
}
