//! Metrics without a course, such as a final score: one bar per run.

use super::axis::{Axis, Quantity};
use super::curves::{CurveOptions, CurveSeries};
use super::figure::{Bar, Figure, Label, PaintStyle, Shape};
use super::scale::ScaleKind;
use crate::domain::Point;
use crate::text::number::format_significant;

/// Digits of the value at a bar.
const VALUE_DIGITS: usize = 4;
/// The part of the axis beyond the longest bar, for its value.
const VALUE_ROOM: f64 = 0.25;

/// Whether no curve has two points apart in step or time, so that there is no line to draw.
pub(super) fn has_no_lines(curves: &[CurveSeries<'_>]) -> bool {
    let is_one_place = |curve: &CurveSeries<'_>| {
        let place = |point: &Point| (point.step, point.timestamp);
        let first = curve.points.first().map(place);
        curve.points.iter().all(|point| Some(place(point)) == first)
    };
    curves.iter().any(|curve| !curve.points.is_empty()) && curves.iter().all(is_one_place)
}

/// Bars from 0 to the latest value of each curve, the first on top.
pub(super) fn bars(
    title: impl Into<String>,
    curves: &[CurveSeries<'_>],
    options: &CurveOptions,
) -> Figure {
    let all: Vec<(&CurveSeries<'_>, f64)> = curves
        .iter()
        .filter_map(|curve| Some((curve, curve.latest()?.value.get())))
        .collect();
    let drawn = &all[..all.len().min(options.max_bars.max(1))];
    // Rows count from the bottom.
    let names = drawn.iter().rev().map(|(curve, _)| curve.label.clone());
    let y = Axis::categorical("", names.collect());
    let mut figure = Figure::new(title, value_axis(drawn, options.scale), y);
    figure.add_layer(PaintStyle::Muted, Shape::Rules(vec![0.0]));
    let mut non_finite = Vec::new();
    for ((curve, value), row) in drawn.iter().zip((0..drawn.len()).rev()) {
        let text = format_significant(*value, VALUE_DIGITS);
        if value.is_finite() {
            let bar = Bar {
                end: (*value, row as f64),
                error: None,
                text: Some(text),
            };
            figure.add_layer(PaintStyle::Series(curve.series), Shape::Bars(vec![bar]));
        } else {
            non_finite.push(Label {
                position: (figure.x.value_at(0.1), row as f64),
                text,
            });
        }
    }
    figure.notes = notes(&all, drawn.len(), non_finite.len(), options.scale);
    figure.add_layer(PaintStyle::Emphasis, Shape::Labels(non_finite));
    figure
}

/// From 0 to the values, with room for the text at the longest bar.
fn value_axis(drawn: &[(&CurveSeries<'_>, f64)], scale: ScaleKind) -> Axis {
    // A bar starts at 0, which has no place on a log scale.
    let kind = match scale {
        ScaleKind::Log => ScaleKind::Linear,
        other => other,
    };
    let values = drawn.iter().map(|(_, value)| *value);
    let finite = values.filter(|value| value.is_finite()).chain([0.0]);
    let axis = Axis::from_values("", Quantity::Number, kind, finite.clone());
    if !finite.clone().any(|value| value != 0.0) {
        return axis.with_range((0.0, 1.0));
    }
    let below = if finite.clone().any(|value| value < 0.0) {
        -VALUE_ROOM
    } else {
        0.0
    };
    let above = if finite.clone().any(|value| value > 0.0) {
        1.0 + VALUE_ROOM
    } else {
        1.0
    };
    let range = (axis.value_at(below), axis.value_at(above));
    axis.with_range(range)
}

fn notes(
    all: &[(&CurveSeries<'_>, f64)],
    drawn: usize,
    non_finite: usize,
    scale: ScaleKind,
) -> Vec<String> {
    let has_more = all.iter().any(|(curve, _)| {
        let bits = |point: &Point| point.value.get().to_bits();
        let is_other = |point: &Point| bits(point) != bits(&curve.points[0]);
        curve.points.iter().any(is_other)
    });
    let mut notes = Vec::new();
    if has_more {
        notes.push("several values at one step and time: the latest is drawn".to_owned());
    }
    if scale == ScaleKind::Log {
        notes.push("bars start at 0: linear scale".to_owned());
    }
    if drawn < all.len() {
        notes.push(format!("{drawn} of {} bars fit", all.len()));
    }
    if non_finite > 0 {
        notes.push(format!("{non_finite} without a finite value"));
    }
    if !has_more {
        notes.push("one point each: drawn as bars".to_owned());
    }
    notes
}
