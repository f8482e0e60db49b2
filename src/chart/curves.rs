//! Curves of metrics over steps or time, raw and smoothed, downsampled to the columns of the figure.

use jiff::tz::TimeZone;

use super::axis::{Axis, Quantity};
use super::bars::{bars, has_no_lines};
use super::curve_marks::{marker_positions, non_finite_marks};
use super::downsample::downsample;
use super::figure::{Figure, LegendEntry, PaintStyle, Shape, Xy};
use super::passes::{repeated_steps, split_passes};
use super::scale::ScaleKind;
use super::smooth::Smoother;
use super::time_unit::{suspected_unit, unit_note};
use super::visible_values::VisibleValues;
use crate::analysis::stats::min_max;
use crate::domain::{Millis, Point};

/// The quantity on the x axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum XAxis {
    /// The step of a point.
    #[default]
    Step,
    /// The time since the start of the run.
    Relative,
    /// The time of a point.
    Wall,
}

impl XAxis {
    /// Every kind, in the order of [`XAxis::next`].
    pub const ALL: [Self; 3] = [Self::Step, Self::Relative, Self::Wall];

    /// The name in titles.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Relative => "relative time",
            Self::Wall => "wall time",
        }
    }

    /// The next kind; the first after the last.
    #[must_use]
    pub fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }
}

/// A curve to draw.
#[derive(Clone, Debug)]
pub struct CurveSeries<'a> {
    /// The name in the legend, safe to draw.
    pub label: String,
    /// The series number, which decides the color.
    pub series: usize,
    /// Its points, in the order of step, then time.
    pub points: &'a [Point],
    /// The start of its run, ms since the epoch; without it, the first point counts as the start.
    pub start: Option<Millis>,
    /// Whether the store left points out.
    pub is_sampled: bool,
}

impl<'a> CurveSeries<'a> {
    pub(super) fn time_origin(&self) -> Millis {
        let first = self.points.first().map_or(0, |point| point.timestamp);
        let unit = |at: Millis| suspected_unit(at).map(|(unit, _)| unit);
        // A start after the first point comes from another clock, and one in another unit is not comparable.
        self.start
            .filter(|start| *start <= first && unit(*start) == unit(first))
            .unwrap_or(first)
    }

    /// The last point as MLflow's `latest_metrics` has it: the one with the greatest step, then time, then value. NaN counts as 0.
    #[must_use]
    pub fn latest(&self) -> Option<&'a Point> {
        let last = self.points.last()?;
        let is_last = |point: &&Point| (point.step, point.timestamp) == (last.step, last.timestamp);
        let rank = |point: &Point| match point.value.get() {
            value if value.is_nan() => 0.0,
            value => value,
        };
        let last_place = self.points.iter().rev().take_while(is_last);
        last_place.max_by(|a, b| rank(a).total_cmp(&rank(b)))
    }
}

/// Options of a curve figure.
#[derive(Clone, Debug)]
pub struct CurveOptions {
    /// The x axis, if the points allow it.
    pub x_axis: XAxis,
    /// The scale of the y axis.
    pub scale: ScaleKind,
    /// The weight of earlier values in the smoothed line, from 0 (no smoothed line) to below 1.
    pub smoothing: f64,
    /// Whether the y axis leaves out the outermost hundredth of the values on each side.
    pub clip_outliers: bool,
    /// The visible part of the x axis; `None` for all of it.
    pub x_window: Option<(f64, f64)>,
    /// The number of columns to downsample to.
    pub columns: usize,
    /// The number of marks along a line, in addition to the one at its end.
    pub marker_count: usize,
    /// The number of bars that have room, for metrics with one point per run.
    pub max_bars: usize,
    /// The time zone of labels.
    pub zone: TimeZone,
}

/// The x of a point; `origin` is the start of its run, ms since the epoch.
#[must_use]
pub fn x_position(x_axis: XAxis, point: &Point, origin: Millis) -> f64 {
    match x_axis {
        XAxis::Step => point.step as f64,
        XAxis::Relative => point.timestamp.saturating_sub(origin) as f64,
        XAxis::Wall => point.timestamp as f64,
    }
}

/// The point of a curve that is nearest to an x, for the crosshair.
#[must_use]
pub fn nearest_point<'a>(curve: &CurveSeries<'a>, x_axis: XAxis, x: f64) -> Option<&'a Point> {
    let origin = curve.time_origin();
    let distance = |point: &Point| (x_position(x_axis, point, origin) - x).abs();
    if x_axis == XAxis::Step {
        let after = curve
            .points
            .partition_point(|point| (point.step as f64) < x);
        let near = curve
            .points
            .get(after.saturating_sub(1)..(after + 1).min(curve.points.len()))?;
        let near = near
            .iter()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        // Of a step that was logged again, the latest value.
        let end = curve
            .points
            .partition_point(|point| point.step <= near.step);
        return curve.points.get(end.checked_sub(1)?);
    }
    curve
        .points
        .iter()
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))
}

/// The x axis that the points allow, and a note if it is not the requested one: a metric that was logged without steps has all points
/// at step 0.
fn resolve_x_axis(curves: &[CurveSeries<'_>], requested: XAxis) -> (XAxis, Option<&'static str>) {
    let many = |curve: &&CurveSeries<'_>| curve.points.len() > 1;
    let spread = |of: fn(&Point) -> i64| {
        curves
            .iter()
            .filter(many)
            .any(|curve| curve.points.iter().any(|p| of(p) != of(&curve.points[0])))
    };
    let has_many = curves.iter().any(|curve| many(&curve));
    match requested {
        XAxis::Step if has_many && !spread(|p| p.step) && spread(|p| p.timestamp) => (
            XAxis::Relative,
            Some("all steps are equal: drawn over relative time"),
        ),
        XAxis::Relative | XAxis::Wall
            if has_many && !spread(|p| p.timestamp) && spread(|p| p.step) =>
        {
            (XAxis::Step, Some("all times are equal: drawn over steps"))
        }
        requested => (requested, None),
    }
}

/// Builds the figure.
#[must_use]
pub fn curves(
    title: impl Into<String>,
    curves: &[CurveSeries<'_>],
    options: &CurveOptions,
) -> Figure {
    if has_no_lines(curves) {
        return bars(title, curves, options);
    }
    let (x_axis, fallback) = resolve_x_axis(curves, options.x_axis);
    let x = build_x_axis(curves, x_axis, options);
    let range = x.range();
    let mut visible = VisibleValues::collect(curves, x_axis, range, options.scale);
    let full_range = (visible.low, visible.high);
    let visible_range = if options.clip_outliers {
        visible.clipped_range()
    } else {
        full_range
    };
    let y = Axis::from_values(
        "",
        Quantity::Number,
        options.scale,
        [visible_range.0, visible_range.1].into_iter(),
    )
    .with_margin();
    let mut figure = Figure::new(title, x, y);
    for curve in curves {
        add_curve(&mut figure, curve, x_axis, range, options);
    }
    figure.notes.extend(fallback.map(str::to_owned));
    figure.notes.extend(match x_axis {
        XAxis::Step => repeat_note(curves),
        XAxis::Relative | XAxis::Wall => unit_note(curves, &options.zone),
    });
    if options.clip_outliers && visible_range != full_range {
        let text = format!(
            "axis clipped to the middle 98 %; values range from {:.4e} to {:.4e}",
            full_range.0, full_range.1
        );
        figure.notes.push(text);
    }
    let counts = curve_notes(curves, &visible, options);
    figure.notes.extend(counts);
    figure
}

/// A note about steps that were logged again.
fn repeat_note(curves: &[CurveSeries<'_>]) -> Option<String> {
    let repeats = curves.iter().map(|curve| repeated_steps(curve.points));
    let plural = |count: usize, one: &str, many: &str| {
        format!("{count} {}", if count == 1 { one } else { many })
    };
    let (steps, of) = repeats
        .filter(|count| *count > 0)
        .fold((0, 0), |(steps, of), count| (steps + count, of + 1));
    (steps > 0).then(|| {
        format!(
            "{} logged again in {} (resumed?): one line per pass; a time axis separates them",
            plural(steps, "step", "steps"),
            plural(of, "curve", "curves")
        )
    })
}

fn build_x_axis(curves: &[CurveSeries<'_>], x_axis: XAxis, options: &CurveOptions) -> Axis {
    let (quantity, title) = match x_axis {
        XAxis::Step => (Quantity::Integer, "step"),
        XAxis::Relative => (Quantity::Duration, "time since the run's start"),
        XAxis::Wall => (Quantity::Time(options.zone.clone()), "time"),
    };
    // Histories are sorted by step; times may go back.
    let ends = |curve: &CurveSeries<'_>| {
        let origin = curve.time_origin();
        match (x_axis, curve.points.first(), curve.points.last()) {
            (XAxis::Step, Some(first), Some(last)) => Some((first.step as f64, last.step as f64)),
            _ => min_max(
                curve
                    .points
                    .iter()
                    .map(|point| x_position(x_axis, point, origin)),
            ),
        }
    };
    let all_ends: Vec<f64> = curves
        .iter()
        .filter_map(ends)
        .flat_map(|(low, high)| [low, high])
        .collect();
    let axis = Axis::from_values(title, quantity, ScaleKind::Linear, all_ends.into_iter());
    match options.x_window {
        Some(window) => axis.with_range(window),
        None => axis,
    }
}

fn add_curve(
    figure: &mut Figure,
    curve: &CurveSeries<'_>,
    x_axis: XAxis,
    range: (f64, f64),
    options: &CurveOptions,
) {
    let origin = curve.time_origin();
    let height = |value: f64| {
        if options.scale == ScaleKind::Log && value <= 0.0 {
            f64::NAN
        } else {
            value
        }
    };
    let parts = split_passes(x_axis, curve.points);
    let (mut raw, mut smooth) = (Vec::new(), Vec::new());
    for part in &parts {
        let points = part
            .iter()
            .map(|point| (x_position(x_axis, point, origin), height(point.value.get())));
        append_line(&mut raw, downsample(points.clone(), range, options.columns));
        if options.smoothing > 0.0 {
            let mut smoother = Smoother::new(options.smoothing);
            let averages = points.map(|(x, y)| (x, smoother.update(y).unwrap_or(f64::NAN)));
            append_line(&mut smooth, downsample(averages, range, options.columns));
        }
    }
    let line = if options.smoothing > 0.0 {
        figure.add_layer(PaintStyle::Faint(curve.series), Shape::Line(raw));
        smooth
    } else {
        raw
    };
    let marks = marker_positions(&line, range, curve.series, options.marker_count);
    figure.add_layer(PaintStyle::Series(curve.series), Shape::Line(line));
    figure.add_layer(
        PaintStyle::Series(curve.series),
        Shape::NonFinite(non_finite_marks(
            curve,
            x_axis,
            origin,
            range,
            options.columns,
        )),
    );
    figure.add_layer(PaintStyle::Series(curve.series), Shape::Dots(marks));
    figure.legend.push(LegendEntry {
        series: curve.series,
        label: curve.label.clone(),
    });
}

/// Adds a part to a line, after a gap.
fn append_line(line: &mut Vec<Xy>, part: Vec<Xy>) {
    if let (Some((x, y)), false) = (line.last().copied(), part.is_empty())
        && !y.is_nan()
    {
        line.push((x, f64::NAN));
    }
    line.extend(part);
}

fn curve_notes(
    curves: &[CurveSeries<'_>],
    visible: &VisibleValues,
    options: &CurveOptions,
) -> Vec<String> {
    let plural = |count: usize, one: &str, many: &str| {
        format!("{count} {}", if count == 1 { one } else { many })
    };
    let about = if curves.iter().any(|curve| curve.is_sampled) {
        "≈ "
    } else {
        ""
    };
    let mut notes = vec![format!(
        "{about}{} of {}",
        plural(visible.points, "point", "points"),
        plural(curves.len(), "curve", "curves")
    )];
    if !about.is_empty() {
        notes.push("downsampled by the server; zoom in for more points".into());
    }
    let counted = [
        (visible.nan, "NaN"),
        (visible.infinite, "infinite"),
        (
            visible.non_positive,
            "not positive, and not on the log scale",
        ),
    ];
    notes.extend(
        counted
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}")),
    );
    if options.smoothing > 0.0 {
        notes.push(format!(
            "EMA {}",
            crate::text::number::format_significant(options.smoothing, 3)
        ));
    }
    notes
}

#[cfg(test)]
mod tests;
