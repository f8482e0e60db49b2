//! The curves of metrics: over steps or time, raw and smooth, reduced to the columns of the picture.

use jiff::tz::TimeZone;

use super::axis::{Axis, Quantity};
use super::downsample::downsample;
use super::figure::{Figure, LegendEntry, NonFinite, PaintStyle, Shape, Xy};
use super::scale::ScaleKind;
use super::smooth::Smoother;
use crate::domain::{Millis, Point};

/// What curves are drawn over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum XAxis {
    /// The step that a point was logged at.
    #[default]
    Step,
    /// The time since its run started.
    Relative,
    /// The time of day.
    Wall,
}

impl XAxis {
    /// The kinds, in the order in which a key goes through them.
    pub const ALL: [Self; 3] = [Self::Step, Self::Relative, Self::Wall];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Relative => "relative time",
            Self::Wall => "wall time",
        }
    }

    /// The next kind, round and round.
    #[must_use]
    pub fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }
}

/// One curve.
#[derive(Clone, Debug)]
pub struct CurveSeries<'a> {
    /// What it is called, safe to draw.
    pub label: String,
    /// Which series it is: what it is painted with.
    pub series: usize,
    /// Its points, in the order of step, then time.
    pub points: &'a [Point],
    /// When its run started, ms since the epoch; without, its first point stands for that.
    pub start: Option<Millis>,
    /// Whether the store left some points out.
    pub is_sampled: bool,
}

impl CurveSeries<'_> {
    fn time_origin(&self) -> Millis {
        let first = self.points.first().map_or(0, |point| point.timestamp);
        // A start after the first point is another clock's.
        self.start.filter(|start| *start <= first).unwrap_or(first)
    }
}

/// How curves are drawn.
#[derive(Clone, Debug)]
pub struct CurveOptions {
    /// Over what.
    pub x_axis: XAxis,
    /// How values are spread.
    pub scale: ScaleKind,
    /// The weight of what came before in the smooth line, from 0 (no smooth line) towards 1.
    pub smoothing: f64,
    /// Whether the axis leaves the outermost hundredth of the values on each side out.
    pub clip_outliers: bool,
    /// The part of the x axis that is seen; nothing for all of it.
    pub x_window: Option<(f64, f64)>,
    /// How many columns there are.
    pub columns: usize,
    /// How many marks a line has along its way, beside the one at its end.
    pub marker_count: usize,
    /// The zone in which times are told.
    pub zone: TimeZone,
}

/// Where a point of a run that began then stands on the x axis.
#[must_use]
pub fn x_position(over: XAxis, point: &Point, begin: Millis) -> f64 {
    match over {
        XAxis::Step => point.step as f64,
        XAxis::Relative => point.timestamp.saturating_sub(begin) as f64,
        XAxis::Wall => point.timestamp as f64,
    }
}

/// The point of a curve that is nearest to an x of the axis, for the crosshair; nothing for a curve without points.
#[must_use]
pub fn nearest_point<'a>(curve: &CurveSeries<'a>, over: XAxis, x: f64) -> Option<&'a Point> {
    let begin = curve.time_origin();
    let distance = |point: &Point| (x_position(over, point, begin) - x).abs();
    if over == XAxis::Step {
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

/// What the curves can be drawn over, and why that is not what was asked for: a metric that was logged without steps has
/// them all at 0, and would be a column of dots.
fn resolve_x_axis(curves: &[CurveSeries<'_>], asked: XAxis) -> (XAxis, Option<&'static str>) {
    let many = |curve: &&CurveSeries<'_>| curve.points.len() > 1;
    let spread = |of: fn(&Point) -> i64| {
        curves
            .iter()
            .filter(many)
            .any(|curve| curve.points.iter().any(|p| of(p) != of(&curve.points[0])))
    };
    let has_many = curves.iter().any(|curve| many(&curve));
    match asked {
        XAxis::Step if has_many && !spread(|p| p.step) && spread(|p| p.timestamp) => (
            XAxis::Relative,
            Some("all steps are equal: drawn over relative time"),
        ),
        XAxis::Relative | XAxis::Wall
            if has_many && !spread(|p| p.timestamp) && spread(|p| p.step) =>
        {
            (XAxis::Step, Some("all times are equal: drawn over steps"))
        }
        asked => (asked, None),
    }
}

/// How much of the values an axis that is clipped leaves out on each side.
const CLIP_FRACTION: f64 = 0.01;
/// How many values are looked at to find that.
const MAX_SAMPLED_VALUES: usize = 100_000;

/// What is seen of the curves, gathered in one pass.
#[derive(Default)]
struct VisibleValues {
    points: usize,
    nan: usize,
    infinite: usize,
    non_positive: usize,
    values: Vec<f64>,
    low: f64,
    high: f64,
}

impl VisibleValues {
    fn collect(
        curves: &[CurveSeries<'_>],
        over: XAxis,
        (low, high): (f64, f64),
        scale: ScaleKind,
    ) -> Self {
        let mut visible = Self {
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            ..Self::default()
        };
        let total: usize = curves.iter().map(|curve| curve.points.len()).sum();
        let stride = total.div_ceil(MAX_SAMPLED_VALUES).max(1);
        for curve in curves {
            let begin = curve.time_origin();
            for point in curve.points {
                let x = x_position(over, point, begin);
                if x < low || x > high {
                    continue;
                }
                visible.points += 1;
                let value = point.value.get();
                if value.is_nan() {
                    visible.nan += 1;
                } else if value.is_infinite() {
                    visible.infinite += 1;
                } else if scale == ScaleKind::Log && value <= 0.0 {
                    visible.non_positive += 1;
                } else {
                    (visible.low, visible.high) = (visible.low.min(value), visible.high.max(value));
                    if visible.points.is_multiple_of(stride) {
                        visible.values.push(value);
                    }
                }
            }
        }
        visible
    }

    /// The range without the outermost values.
    fn clipped_range(&mut self) -> (f64, f64) {
        let count = self.values.len();
        if count < 4 {
            return (self.low, self.high);
        }
        let outlier_count = ((count as f64 * CLIP_FRACTION).ceil() as usize).min(count / 4);
        let mut nth = |n: usize| *self.values.select_nth_unstable_by(n, f64::total_cmp).1;
        (nth(outlier_count), nth(count - 1 - outlier_count))
    }
}

/// The figure of curves.
#[must_use]
pub fn curves(
    title: impl Into<String>,
    curves: &[CurveSeries<'_>],
    options: &CurveOptions,
) -> Figure {
    let (over, fallback) = resolve_x_axis(curves, options.x_axis);
    let (quantity, kind) = match over {
        XAxis::Step => (Quantity::Integer, "step"),
        XAxis::Relative => (Quantity::Duration, "time since the run's start"),
        XAxis::Wall => (Quantity::Time(options.zone.clone()), "time"),
    };
    // Histories come in the order of their steps; times may go back.
    let ends = |curve: &CurveSeries<'_>| {
        let begin = curve.time_origin();
        let places = curve
            .points
            .iter()
            .map(|point| x_position(over, point, begin));
        let ends = match (over, curve.points.first(), curve.points.last()) {
            (XAxis::Step, Some(first), Some(last)) => (first.step as f64, last.step as f64),
            _ => places.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
                (low.min(x), high.max(x))
            }),
        };
        [ends.0, ends.1]
    };
    let all_ends: Vec<f64> = curves.iter().flat_map(ends).collect();
    let mut x = Axis::from_values(kind, quantity, ScaleKind::Linear, all_ends.iter().copied());
    if let Some(window) = options.x_window {
        x = x.with_range(window);
    }
    let range = x.range();
    let mut visible = VisibleValues::collect(curves, over, range, options.scale);
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
        add_curve(&mut figure, curve, over, range, options);
    }
    figure.notes = curve_notes(curves, &visible, options, fallback);
    if options.clip_outliers && visible_range != full_range {
        let text = format!(
            "axis clipped to the middle 98 %: values from {:.4e} to {:.4e}",
            full_range.0, full_range.1
        );
        figure.notes.push(text);
    }
    figure
}

fn add_curve(
    figure: &mut Figure,
    curve: &CurveSeries<'_>,
    over: XAxis,
    range: (f64, f64),
    options: &CurveOptions,
) {
    let begin = curve.time_origin();
    let height = |value: f64| {
        if options.scale == ScaleKind::Log && value <= 0.0 {
            f64::NAN
        } else {
            value
        }
    };
    let places = curve
        .points
        .iter()
        .map(|point| (x_position(over, point, begin), height(point.value.get())));
    let raw = downsample(places.clone(), range, options.columns);
    let line = if options.smoothing > 0.0 {
        let mut smoother = Smoother::new(options.smoothing);
        let smooth = downsample(
            places.map(|(x, y)| (x, smoother.update(y).unwrap_or(f64::NAN))),
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
        Shape::NonFinite(non_finite_marks(curve, over, begin, range, options.columns)),
    );
    figure.add_layer(PaintStyle::Series(curve.series), Shape::Dots(marks));
    figure.legend.push(LegendEntry {
        series: curve.series,
        label: curve.label.clone(),
    });
}

/// Where a line's marks stand: at its last place that is seen, and some along its way, each series' at other places.
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

/// The values that have no place, at most one of each kind in a column.
fn non_finite_marks(
    curve: &CurveSeries<'_>,
    over: XAxis,
    begin: Millis,
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
        let x = x_position(over, point, begin);
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
        notes.push("thinned out by the server: zooming in reads more".into());
    }
    notes.extend(fallback.map(str::to_owned));
    let counted = [
        (visible.nan, "NaN"),
        (visible.infinite, "infinite"),
        (
            visible.non_positive,
            "not above 0, which log has no place for",
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
                "1 not above 0, which log has no place for",
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
