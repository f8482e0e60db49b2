//! Tests of curve figures.

use super::*;
use crate::chart::NonFinite;
use crate::domain::MetricValue;

fn points(values: &[(i64, i64, f64)]) -> Vec<Point> {
    values
        .iter()
        .map(|(step, timestamp, value)| Point {
            step: *step,
            timestamp: *timestamp,
            value: MetricValue::new(*value),
        })
        .collect()
}

fn options() -> CurveOptions {
    CurveOptions {
        x_axis: XAxis::Step,
        scale: ScaleKind::Linear,
        smoothing: 0.0,
        clip_outliers: false,
        x_window: None,
        columns: 80,
        marker_count: 0,
        max_bars: 9,
        zone: TimeZone::UTC,
    }
}

fn curve(points: &[Point]) -> CurveSeries<'_> {
    CurveSeries {
        label: "a".into(),
        series: 0,
        points,
        start: Some(0),
        is_sampled: false,
    }
}

#[test]
fn non_finite_points_are_gaps_and_noted() {
    let points = points(&[
        (0, 0, 1.0),
        (1, 10, f64::NAN),
        (2, 20, f64::INFINITY),
        (3, 30, 3.0),
    ]);
    let figure = curves("loss", &[curve(&points)], &options());
    let (low, high) = figure.y.range();
    assert!(low < 1.0 && high > 3.0 && high < 4.0);
    let odd = figure.layers.iter().find_map(|layer| {
        if let Shape::NonFinite(odd) = &layer.shape {
            Some(odd.clone())
        } else {
            None
        }
    });
    assert_eq!(
        odd,
        Some(vec![(1.0, NonFinite::Nan), (2.0, NonFinite::Infinite)])
    );
    assert_eq!(figure.notes, ["4 points of 1 curve", "1 NaN", "1 infinite"]);
}

#[test]
fn constant_steps_fall_back_to_relative_time_with_a_note() {
    let points = points(&[(0, 1_000, 1.0), (0, 3_000, 2.0)]);
    let figure = curves("loss", &[curve(&points)], &options());
    assert_eq!(
        (figure.x.quantity.clone(), figure.x.range()),
        (Quantity::Duration, (1_000.0, 3_000.0))
    );
    assert!(
        figure
            .notes
            .contains(&"all steps are equal: drawn over relative time".to_owned())
    );
}

#[test]
fn clipping_drops_outliers_with_a_note() {
    let values: Vec<_> = (0..200)
        .map(|n| (n, n, if n == 50 { 1e9 } else { f64::from(n as i32) }))
        .collect();
    let points = points(&values);
    let figure = curves(
        "loss",
        &[curve(&points)],
        &CurveOptions {
            clip_outliers: true,
            ..options()
        },
    );
    assert!(figure.y.range().1 < 300.0, "{:?}", figure.y.range());
    assert!(
        figure
            .notes
            .iter()
            .any(|note| note.starts_with("axis clipped")),
        "{:?}",
        figure.notes
    );
}

#[test]
fn log_scale_notes_non_positive_values_and_draws_smooth_over_raw() {
    let points = points(&[(0, 0, 0.0), (1, 1, 10.0), (2, 2, 1000.0)]);
    let options = CurveOptions {
        scale: ScaleKind::Log,
        smoothing: 0.5,
        ..options()
    };
    let figure = curves("loss", &[curve(&points)], &options);
    assert_eq!(
        figure.notes,
        [
            "3 points of 1 curve",
            "1 not positive, and not on the log scale",
            "EMA 0.5"
        ]
    );
    assert!(
        matches!(figure.layers[0].style, PaintStyle::Faint(0))
            && matches!(figure.layers[1].style, PaintStyle::Series(0))
    );
}

#[test]
fn single_points_are_bars_with_their_values() {
    let scores = [points(&[(0, 5, 0.5)]), points(&[(7, 9, -0.25)])];
    let nan = points(&[(0, 5, f64::NAN)]);
    let all: Vec<CurveSeries<'_>> = scores.iter().chain([&nan]).map(|p| curve(p)).collect();
    let figure = curves("acc", &all, &options());
    let ends: Vec<(Xy, Option<String>)> = figure
        .layers
        .iter()
        .filter_map(|layer| match &layer.shape {
            Shape::Bars(bars) => Some((bars[0].end, bars[0].text.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(
        ends,
        [
            ((0.5, 2.0), Some("0.5".into())),
            ((-0.25, 1.0), Some("-0.25".into()))
        ]
    );
    assert_eq!(
        figure.notes,
        ["1 without a finite value", "one point each: drawn as bars"]
    );
    let few = CurveOptions {
        max_bars: 2,
        scale: ScaleKind::Log,
        ..options()
    };
    let figure = curves("acc", &all, &few);
    assert_eq!(
        figure.notes[..2],
        ["bars start at 0: linear scale", "2 of 3 bars fit"]
    );
    assert!(figure.x.position(0.0).is_some());
}

#[test]
fn passes_of_a_resumed_run_are_lines_with_a_note() {
    let first = (0..20).map(|n| (n, n, 1.0));
    let again = (10..30).map(|n| (n, 100 + n, 2.0));
    let mut all: Vec<(i64, i64, f64)> = first.chain(again).collect();
    all.sort_by_key(|(step, time, _)| (*step, *time));
    let points = points(&all);
    let figure = curves("loss", &[curve(&points)], &options());
    assert_eq!(
        figure.notes,
        [
            "10 steps logged again in 1 curve (resumed?): one line per pass; a time axis separates them",
            "40 points of 1 curve"
        ]
    );
    let strokes = |figure: &Figure| match &figure.layers[0].shape {
        Shape::Line(line) => figure.strokes(line),
        other => panic!("{other:?}"),
    };
    let flat = |stroke: &Vec<Xy>| {
        stroke
            .windows(2)
            .all(|two| two[0].1.to_bits() == two[1].1.to_bits())
    };
    assert_eq!(strokes(&figure).len(), 2);
    assert!(strokes(&figure).iter().all(flat), "{:?}", strokes(&figure));
    let over_time = CurveOptions {
        x_axis: XAxis::Relative,
        ..options()
    };
    let figure = curves("loss", &[curve(&points)], &over_time);
    let drawn = strokes(&figure);
    assert!(drawn.len() == 1 && drawn[0].is_sorted_by(|a, b| a.0 <= b.0));
}

#[test]
fn seconds_logged_as_milliseconds_are_suspected_over_time() {
    let points = points(&[(0, 1_700_000_000, 1.0), (1, 1_700_000_001, 2.0)]);
    let wall = CurveOptions {
        x_axis: XAxis::Wall,
        ..options()
    };
    let figure = curves("loss", &[curve(&points)], &wall);
    assert_eq!(
        figure.notes[0],
        "times look like seconds, not milliseconds: in seconds they start 2023-11-14 22:13"
    );
    assert!(figure.x.ticks(2)[0].label.starts_with("Jan 20 1970 16:13"));
    let figure = curves("loss", &[curve(&points)], &options());
    assert_eq!(figure.notes, ["2 points of 1 curve"]);
    // A start in seconds with times in ms: the run did not take 54 years.
    let points = self::points(&[(0, 1_700_000_000_000, 1.0), (1, 1_700_000_001_000, 2.0)]);
    let start = CurveSeries {
        start: Some(1_700_000_000),
        ..curve(&points)
    };
    let relative = CurveOptions {
        x_axis: XAxis::Relative,
        ..options()
    };
    assert_eq!(
        curves("loss", &[start], &relative).x.range(),
        (0.0, 1_000.0)
    );
}

#[test]
fn latest_is_the_last_by_step_time_and_value() {
    let latest = |values: &[(i64, i64, f64)]| {
        let points = points(values);
        curve(&points).latest().map(|point| point.value.get())
    };
    assert_eq!(latest(&[(0, 9, 1.0), (1, 2, 5.0)]), Some(5.0));
    assert_eq!(latest(&[(1, 2, 5.0), (1, 2, 3.0)]), Some(5.0));
    assert_eq!(latest(&[(1, 2, -5.0), (1, 3, -7.0)]), Some(-7.0));
    assert!(latest(&[(1, 2, -5.0), (1, 2, f64::NAN)]).is_some_and(f64::is_nan));
    assert_eq!(latest(&[]), None);
}

#[test]
fn nearest_point_finds_the_closest_x() {
    let points = points(&[(0, 0, 1.0), (10, 10, 2.0), (20, 20, 3.0)]);
    let at = |x| nearest_point(&curve(&points), XAxis::Step, x).map(|point| point.step);
    assert_eq!(
        [at(-5.0), at(4.0), at(6.0), at(99.0)],
        [Some(0), Some(0), Some(10), Some(20)]
    );
    assert_eq!(
        nearest_point(&curve(&points), XAxis::Relative, 11.0).map(|point| point.step),
        Some(10)
    );
    let again = self::points(&[(0, 0, 1.0), (10, 10, 2.0), (10, 90, 3.0)]);
    let value = nearest_point(&curve(&again), XAxis::Step, 9.0).map(|point| point.value.get());
    assert_eq!(value, Some(3.0));
    assert_eq!(nearest_point(&curve(&[]), XAxis::Step, 0.0), None);
}
