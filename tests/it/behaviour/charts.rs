//! The curves of runs, and the drivers of the goal.

use frontrunner::chart::{Layer, Quantity, ScaleKind, Shape};
use frontrunner::store::AccessMode;
use frontrunner::tui::app::layout::Size;
use frontrunner::tui::app::{Message, Mouse};
use frontrunner::tui::screens::{ChartsScreen, DriversScreen};
use rusqlite::Connection;

use super::runs_table::at_runs;
use crate::support::driver::Driver;

fn charts(driver: &Driver) -> &ChartsScreen {
    driver.screen_as()
}

fn drivers(driver: &Driver) -> &DriversScreen {
    driver.screen_as()
}

/// The charts of the first four runs of the image classifier.
fn at_charts() -> Driver {
    let mut driver = at_runs("image-classifier");
    driver.press("space j space j space j space m");
    driver
}

fn range(driver: &Driver) -> (f64, f64) {
    let screen = charts(driver);
    screen.cached_figure(screen.selected).unwrap().x.range()
}

#[test]
fn marked_runs_form_a_grid_with_the_goal_first() {
    let driver = at_charts();
    let screen = charts(&driver);
    assert_eq!(screen.panels[0].title.raw(), "val/acc");
    assert_eq!(screen.panels.len(), 5);
    driver
        .assert_shows("▸ val/acc")
        .assert_shows("train/loss")
        .assert_shows("280 points of 4 curves")
        .assert_shows("● convnext-tiny");
}

#[test]
fn curves_use_every_point_and_keep_spikes() {
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
        assert_eq!((curve.points.len(), curve.is_sampled), (count, false));
        let lines = screen
            .cached_figure(0)
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
fn keys_change_axis_scale_and_smoothing() {
    let mut driver = at_charts();
    driver.press("enter a").assert_shows("relative time");
    assert_eq!(
        charts(&driver).cached_figure(0).unwrap().x.quantity,
        Quantity::Duration
    );
    driver.press("a").assert_shows("wall time");
    driver.press("a").assert_shows("step · linear");
    driver.press("e").assert_shows("log");
    assert_eq!(charts(&driver).style.scale, ScaleKind::Log);
    driver.press("e e ] ]").assert_shows("EMA 0.6");
    driver.press("[").assert_shows("EMA 0.3");
    driver
        .press("j j O")
        .assert_shows("outliers clipped")
        .assert_shows("axis clipped to the middle 98 %");
}

#[test]
fn crosshair_shows_the_logged_value() {
    let mut driver = at_charts();
    driver.press("enter l");
    let screen = charts(&driver);
    let curves = screen.curves(&driver.app.shared);
    let read = *screen.point_at_crosshair(&curves[0]).unwrap();
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
            .clipboard
            .last()
            .unwrap()
            .contains(&format!("\t{}\t{value}", read.step)),
        "{:?}",
        driver.clipboard
    );
}

#[test]
fn zoom_changes_the_range_and_zero_resets_it() {
    let mut driver = at_charts();
    driver.press("enter");
    let whole = range(&driver);
    driver.press("+");
    let near = range(&driver);
    assert!(near.0 > whole.0 && near.1 < whole.1);
    driver.press("}");
    assert!(range(&driver).0 > near.0);
    driver.press("0");
    assert_eq!(range(&driver), whole);
    // A click sets the crosshair, a drag sets the range, the wheel zooms.
    driver.send(Message::Mouse(Mouse::Click { x: 30, y: 10 }));
    assert!(charts(&driver).crosshair.is_some());
    driver.send(Message::Mouse(Mouse::Drag {
        from: (20, 10),
        to: (40, 10),
    }));
    let dragged = range(&driver);
    assert!(dragged.0 > whole.0 && dragged.1 < whole.1);
    driver.send(Message::Mouse(Mouse::Wheel(1)));
    assert!(range(&driver).1 > dragged.1);
}

#[test]
fn hidden_run_does_not_affect_the_axis() {
    let mut driver = at_charts();
    driver.press("enter tab j space");
    driver
        .assert_shows("∅ vit-base")
        .assert_shows("of 3 curves");
    driver.press("space").assert_shows("of 4 curves");
    driver.press("esc esc");
    assert!(
        !charts(&driver).is_maximized,
        "esc goes back one step at a time"
    );
}

#[test]
fn nan_is_marked_and_reported() {
    let mut driver = at_charts();
    driver
        .press("j enter")
        .press("j")
        .assert_shows("26 NaN")
        .assert_shows("×");
}

#[test]
fn system_metrics_have_their_own_page() {
    let mut driver = at_charts();
    driver
        .press(".")
        .assert_shows("no system metrics were logged");
    driver.press(".").assert_shows("val/acc");
}

#[test]
fn diverging_curves_show_the_step() {
    let mut driver = at_charts();
    driver
        .press("enter d")
        .assert_shows("diverges from convnext-tiny at step");
}

#[test]
fn divergence_is_reported_for_every_curve() {
    let mut driver = at_charts();
    driver.press("d").assert_shows("linear · divergence");
    let figure = charts(&driver).cached_figure(0).unwrap().clone();
    let note = &figure.notes[0];
    let runs = charts(&driver).runs();
    assert!(
        runs.iter().all(|run| note.contains(run.name.raw())),
        "{note}"
    );
    driver.press("enter");
    for run in ["vit-base", "vit-small"] {
        let listed = driver.screen().matches(run).count();
        assert_eq!(listed, 2, "{run} in note and legend: {}", driver.screen());
    }
}

#[test]
fn one_curve_has_nothing_to_diverge_from() {
    let mut driver = at_runs("image-classifier");
    driver
        .press("m enter d")
        .assert_shows("one curve: nothing to diverge from");
}

#[test]
fn metrics_with_one_point_are_bars() {
    let mut driver = at_runs("churn-sweep");
    driver
        .press("space j space j space m")
        .assert_shows("one point each: drawn as bars");
    let screen = charts(&driver);
    let has_bars = |layer: &Layer| matches!(layer.shape, Shape::Bars(_));
    let (panel, figure) = (0..screen.panels.len())
        .filter_map(|panel| Some((panel, screen.cached_figure(panel)?)))
        .find(|(_, figure)| figure.layers.iter().any(has_bars))
        .unwrap();
    let values: Vec<String> = figure
        .layers
        .iter()
        .filter_map(|layer| match &layer.shape {
            Shape::Bars(bars) => bars[0].text.clone(),
            _ => None,
        })
        .collect();
    assert_eq!(values.len(), 3);
    for value in values {
        driver.assert_shows(&value);
    }
    // Keys of the x axis do nothing: it has neither steps nor times.
    driver.press(&"l ".repeat(panel)).press("enter l + L");
    assert_eq!(charts(&driver).crosshair, None);
    assert_eq!(charts(&driver).zoom_range(panel), None);
    driver.send(Message::Mouse(Mouse::Click { x: 30, y: 10 }));
    assert_eq!(charts(&driver).crosshair, None);
    driver.assert_shows("drawn as bars");
}

#[test]
fn export_is_named_after_what_it_shows() {
    let mut driver = at_charts();
    driver
        .press("x")
        .assert_shows("visible charts to")
        .assert_shows("charts.png");
    driver
        .press("esc enter x")
        .assert_shows("export this chart to")
        .assert_shows("val-acc.png");
}

#[test]
fn wall_time_has_dates() {
    let mut driver = at_charts();
    driver.press("enter a a").assert_shows("wall time");
    let figure = charts(&driver).cached_figure(0).unwrap();
    let ticks = figure.x.ticks(3);
    let year = |label: &str| {
        let words = label.split(' ');
        words
            .filter(|word| word.len() == 4)
            .any(|word| word.parse::<u16>().is_ok())
    };
    assert!(year(&ticks[0].label), "{ticks:?}");
    driver.assert_shows(&ticks[0].label[..6]);
}

#[test]
fn every_bar_of_the_importance_and_every_parallel_axis_is_named() {
    for (width, height) in [(80, 24), (200, 50), (40, 10)] {
        let mut driver = Driver::open(AccessMode::ReadWrite, Size { width, height });
        driver.press("f c h u r n - s w e e p enter enter i");
        let screen = drivers(&driver);
        let all = screen.importance.get().unwrap().params.len();
        let figure = screen.figure().unwrap();
        let Quantity::Categories(names) = figure.y.quantity.clone() else {
            panic!("{:?}", figure.y);
        };
        if height >= 24 {
            assert_eq!(names.len(), all, "{width}x{height}");
        } else {
            assert!(
                figure
                    .notes
                    .iter()
                    .any(|note| note.contains(&format!("of {all} params")))
            );
        }
        let beside_axis = |name: &String| {
            let shown = driver.screen();
            shown.lines().any(|line| {
                let label = line.split('┤').next().filter(|_| line.contains('┤'));
                label.is_some_and(|label| {
                    name.starts_with(label.trim().trim_end_matches('…')) && !label.trim().is_empty()
                })
            })
        };
        for name in names.iter() {
            assert!(
                beside_axis(name),
                "{name} at {width}x{height}: {}",
                driver.screen()
            );
        }
        driver.press("tab");
        let figure = drivers(&driver).figure().unwrap().clone();
        let Quantity::Categories(axes) = &figure.x.quantity else {
            panic!("{:?}", figure.x);
        };
        let notches = |line: &&str| line.contains('┬');
        let screen = driver.screen();
        let axis = screen.lines().find(notches).unwrap();
        assert_eq!(
            axis.matches('┬').count(),
            axes.len(),
            "{width}x{height}: {screen}"
        );
    }
}

#[test]
fn chart_export_never_overwrites() {
    let mut driver = at_charts();
    let path = driver.folder().join("curves.svg");
    let name = path.to_str().unwrap().to_owned();
    driver
        .press("enter x ctrl-u")
        .type_text(&name)
        .press("enter");
    let svg = std::fs::read_to_string(&path).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("convnext-tiny") && svg.contains("val/acc"));
    assert!(
        driver.notification().starts_with("wrote "),
        "{}",
        driver.notification()
    );
    driver.press("x ctrl-u").type_text(&name).press("enter");
    assert!(
        driver.notification().contains("exists already"),
        "{}",
        driver.notification()
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), svg);
    driver
        .press("x ctrl-u")
        .type_text("curves.bmp")
        .press("enter");
    assert!(
        driver.notification().contains(".png or .svg"),
        "{}",
        driver.notification()
    );
}

#[test]
fn drivers_screen_shows_every_page() {
    let mut driver = at_runs("churn-sweep");
    driver
        .press("i")
        .assert_shows("param importance for auc")
        .assert_shows("R²")
        .assert_shows("learning_rate");
    let found = drivers(&driver).importance.get().unwrap();
    assert_eq!(
        found.params[0].key.raw(),
        "learning_rate",
        "learning_rate drives the demo's sweep"
    );
    assert!(found.r_squared.unwrap() > 0.3, "{:?}", found.r_squared);
    driver.press("enter").assert_shows("auc over learning_rate");
    assert_eq!(drivers(&driver).figure_spec().name, "scatter");
    driver.press("l").assert_hides("auc over learning_rate");
    driver
        .press("#")
        .type_text("boosting")
        .press("enter")
        .assert_shows("marks: boosting");
    driver.press("tab").assert_shows("mean auc ↑ over");
    driver
        .press("tab")
        .assert_shows("Pareto front")
        .assert_shows("latency_ms ↓")
        .assert_shows("on the front");
    driver.press("space").assert_shows("*");
    driver
        .press("tab")
        .assert_shows("nearest to")
        .assert_shows("→");
    driver.press("tab tab").assert_shows("params and auc ↑");
}

#[test]
fn few_runs_give_no_ranking() {
    let mut driver = at_runs("iris-baselines");
    driver
        .press("space j space j space c i")
        .assert_shows("too few runs to rank params");
}

#[test]
fn gpus_of_a_run_share_a_chart() {
    let mut driver = at_runs("image-classifier");
    driver
        .press("/")
        .type_text("resnet50-aug")
        .press("enter m .")
        .assert_shows("system/gpu_*_utilization_percentage");
    driver
        .press("f")
        .type_text("power")
        .press("enter enter")
        .assert_shows("resnet50-aug gpu 0")
        .assert_shows("resnet50-aug gpu 1")
        .assert_shows("of 2 curves");
}

#[test]
fn image_artifact_is_shown() {
    let mut driver = at_runs("image-classifier");
    driver
        .press("/")
        .type_text("resnet50-aug")
        .press("enter enter tab tab tab tab tab enter j enter");
    driver.assert_shows("plots/confusion_matrix.png");
    assert!(
        matches!(
            driver.dialog(),
            Some(frontrunner::tui::app::Dialog::Image(_))
        ),
        "{}",
        driver.screen()
    );
}

#[test]
fn version_shows_its_run_curves() {
    let mut driver = Driver::new();
    driver.press("4 g enter m");
    driver.assert_shows("› charts ›").assert_shows("release-6");
}
