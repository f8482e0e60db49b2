//! Curves of metrics over steps or time, raw and smoothed, downsampled to the columns of the figure.

use jiff::tz::TimeZone;

use super::axis::{Axis, Quantity};
use super::downsample::downsample;
use super::figure::{Figure, LegendEntry, NonFinite, PaintStyle, Shape, Xy};
use super::scale::ScaleKind;
use super::smooth::Smoother;
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

impl CurveSeries<'_> {
    pub(super) fn time_origin(&self) -> Millis {
        let first = self.points.first().map_or(0, |point| point.timestamp);
        // A start after the first point comes from another clock.
        self.start.filter(|start| *start <= first).unwrap_or(first)
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
        return near
            .iter()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)));
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
    figure.notes = curve_notes(curves, &visible, options, fallback);
    if options.clip_outliers && visible_range != full_range {
        let text = format!(
            "axis clipped to the middle 98 %; values range from {:.4e} to {:.4e}",
            full_range.0, full_range.1
        );
        figure.notes.push(text);
    }
    figure
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
    let points = curve
        .points
        .iter()
        .map(|point| (x_position(x_axis, point, origin), height(point.value.get())));
    let raw = downsample(points.clone(), range, options.columns);
    let line = if options.smoothing > 0.0 {
        let mut smoother = Smoother::new(options.smoothing);
        let smooth = downsample(
            points.map(|(x, y)| (x, smoother.update(y).unwrap_or(f64::NAN))),
            range,
            options.columns,
        );
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

/// Marks at the last visible point and along the line, shifted for each series.
fn marker_positions(line: &[Xy], (low, high): (f64, f64), series: usize, along: usize) -> Vec<Xy> {
    let visible: Vec<Xy> = line
        .iter()
        .copied()
        .filter(|(x, y)| !y.is_nan() && *x >= low && *x <= high)
        .collect();
    let shift = (series % 8) as f64 / 8.0;
    let mut marks: Vec<Xy> = (0..along)
        .filter_map(|nth| {
            let x = low + (high - low) * (nth as f64 + shift) / along as f64;
            let at = visible.partition_point(|(other, _)| *other < x);
            visible
                .get(at)
                .copied()
                .filter(|(other, _)| *other < x + (high - low) / along as f64)
        })
        .collect();
    marks.extend(visible.last());
    marks
}

/// Marks for values that are not finite, at most one of each kind in a column.
fn non_finite_marks(
    curve: &CurveSeries<'_>,
    x_axis: XAxis,
    origin: Millis,
    (low, high): (f64, f64),
    columns: usize,
) -> Vec<(f64, NonFinite)> {
    let mut marks: Vec<(f64, NonFinite)> = Vec::new();
    let column = |x: f64| ((x - low) / (high - low) * columns as f64) as i64;
    for point in curve.points {
        let value = point.value.get();
        if value.is_finite() {
            continue;
        }
        let kind = match value {
            v if v.is_nan() => NonFinite::Nan,
            v if v > 0.0 => NonFinite::Infinite,
            _ => NonFinite::NegativeInfinite,
        };
        let x = x_position(x_axis, point, origin);
        let is_new = marks
            .iter()
            .rev()
            .take(3)
            .all(|(other, its)| *its != kind || column(*other) != column(x));
        if x >= low && x <= high && is_new {
            marks.push((x, kind));
        }
    }
    marks
}

fn curve_notes(
    curves: &[CurveSeries<'_>],
    visible: &VisibleValues,
    options: &CurveOptions,
    fallback: Option<&str>,
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
    notes.extend(fallback.map(str::to_owned));
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
mod tests {
    use super::*;
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
        assert_eq!(nearest_point(&curve(&[]), XAxis::Step, 0.0), None);
    }
}
