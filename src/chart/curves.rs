//! The curves of metrics: over steps or time, raw and smooth, reduced to the columns of the picture.

use jiff::tz::TimeZone;

use super::axis::{Axis, Quantity};
use super::figure::{Entry, Figure, Ink, Oddity, Shape, Xy};
use super::reduce::reduce;
use super::scale::ScaleKind;
use super::smooth::Smoother;
use crate::domain::{Millis, Point};

/// What curves are drawn over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Over {
    /// The step that a point was logged at.
    #[default]
    Step,
    /// The time since its run started.
    Relative,
    /// The time of day.
    Wall,
}

impl Over {
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
pub struct Curve<'a> {
    /// What it is called, safe to draw.
    pub label: String,
    /// Which series it is: what it is painted with.
    pub series: usize,
    /// Its points, in the order of step, then time.
    pub points: &'a [Point],
    /// When its run started, ms since the epoch; without, its first point stands for that.
    pub start: Option<Millis>,
    /// Whether the store left some points out.
    pub sampled: bool,
}

impl Curve<'_> {
    fn begin(&self) -> Millis {
        let first = self.points.first().map_or(0, |point| point.timestamp);
        // A start after the first point is another clock's.
        self.start.filter(|start| *start <= first).unwrap_or(first)
    }
}

/// How curves are drawn.
#[derive(Clone, Debug)]
pub struct CurveOptions {
    /// Over what.
    pub over: Over,
    /// How values are spread.
    pub scale: ScaleKind,
    /// The weight of what came before in the smooth line, from 0 (no smooth line) towards 1.
    pub smoothing: f64,
    /// Whether the axis leaves the outermost hundredth of the values on each side out.
    pub clip: bool,
    /// The part of the x axis that is seen; nothing for all of it.
    pub window: Option<(f64, f64)>,
    /// How many columns there are.
    pub columns: usize,
    /// How many marks a line has along its way, beside the one at its end.
    pub marks: usize,
    /// The zone in which times are told.
    pub zone: TimeZone,
}

/// Where a point of a run that began then stands on the x axis.
#[must_use]
pub fn place_of(over: Over, point: &Point, begin: Millis) -> f64 {
    match over {
        Over::Step => point.step as f64,
        Over::Relative => point.timestamp.saturating_sub(begin) as f64,
        Over::Wall => point.timestamp as f64,
    }
}

/// The point of a curve that is nearest to an x of the axis, for the crosshair; nothing for a curve without points.
#[must_use]
pub fn reading<'a>(curve: &Curve<'a>, over: Over, x: f64) -> Option<&'a Point> {
    let begin = curve.begin();
    let far = |point: &Point| (place_of(over, point, begin) - x).abs();
    if over == Over::Step {
        let after = curve
            .points
            .partition_point(|point| (point.step as f64) < x);
        let near = curve
            .points
            .get(after.saturating_sub(1)..(after + 1).min(curve.points.len()))?;
        return near.iter().min_by(|a, b| far(a).total_cmp(&far(b)));
    }
    curve.points.iter().min_by(|a, b| far(a).total_cmp(&far(b)))
}

/// What the curves can be drawn over, and why that is not what was asked for: a metric that was logged without steps has
/// them all at 0, and would be a column of dots.
fn drawable(curves: &[Curve<'_>], asked: Over) -> (Over, Option<&'static str>) {
    let many = |curve: &&Curve<'_>| curve.points.len() > 1;
    let spread = |of: fn(&Point) -> i64| {
        curves
            .iter()
            .filter(many)
            .any(|curve| curve.points.iter().any(|p| of(p) != of(&curve.points[0])))
    };
    let has_many = curves.iter().any(|curve| many(&curve));
    match asked {
        Over::Step if has_many && !spread(|p| p.step) && spread(|p| p.timestamp) => (
            Over::Relative,
            Some("all steps are equal: drawn over relative time"),
        ),
        Over::Relative | Over::Wall
            if has_many && !spread(|p| p.timestamp) && spread(|p| p.step) =>
        {
            (Over::Step, Some("all times are equal: drawn over steps"))
        }
        asked => (asked, None),
    }
}

/// How much of the values an axis that is clipped leaves out on each side.
const CLIPPED: f64 = 0.01;
/// How many values are looked at to find that.
const SAMPLE: usize = 100_000;

/// What is seen of the curves, gathered in one pass.
#[derive(Default)]
struct Seen {
    points: usize,
    nan: usize,
    infinite: usize,
    without_place: usize,
    values: Vec<f64>,
    low: f64,
    high: f64,
}

impl Seen {
    fn of(curves: &[Curve<'_>], over: Over, (low, high): (f64, f64), scale: ScaleKind) -> Self {
        let mut seen = Self {
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            ..Self::default()
        };
        let total: usize = curves.iter().map(|curve| curve.points.len()).sum();
        let stride = total.div_ceil(SAMPLE).max(1);
        for curve in curves {
            let begin = curve.begin();
            for point in curve.points {
                let x = place_of(over, point, begin);
                if x < low || x > high {
                    continue;
                }
                seen.points += 1;
                let value = point.value.get();
                if value.is_nan() {
                    seen.nan += 1;
                } else if value.is_infinite() {
                    seen.infinite += 1;
                } else if scale == ScaleKind::Log && value <= 0.0 {
                    seen.without_place += 1;
                } else {
                    (seen.low, seen.high) = (seen.low.min(value), seen.high.max(value));
                    if seen.points.is_multiple_of(stride) {
                        seen.values.push(value);
                    }
                }
            }
        }
        seen
    }

    /// The range without the outermost values.
    fn clipped(&mut self) -> (f64, f64) {
        let count = self.values.len();
        if count < 4 {
            return (self.low, self.high);
        }
        let out = ((count as f64 * CLIPPED).ceil() as usize).min(count / 4);
        let mut nth = |n: usize| *self.values.select_nth_unstable_by(n, f64::total_cmp).1;
        (nth(out), nth(count - 1 - out))
    }
}

/// The figure of curves.
#[must_use]
pub fn curves(title: impl Into<String>, curves: &[Curve<'_>], options: &CurveOptions) -> Figure {
    let (over, fallback) = drawable(curves, options.over);
    let (quantity, kind) = match over {
        Over::Step => (Quantity::Whole, "step"),
        Over::Relative => (Quantity::Span, "time since the run's start"),
        Over::Wall => (Quantity::Time(options.zone.clone()), "time"),
    };
    // Histories come in the order of their steps; times may go back.
    let ends = |curve: &Curve<'_>| {
        let begin = curve.begin();
        let places = curve
            .points
            .iter()
            .map(|point| place_of(over, point, begin));
        let ends = match (over, curve.points.first(), curve.points.last()) {
            (Over::Step, Some(first), Some(last)) => (first.step as f64, last.step as f64),
            _ => places.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
                (low.min(x), high.max(x))
            }),
        };
        [ends.0, ends.1]
    };
    let all_ends: Vec<f64> = curves.iter().flat_map(ends).collect();
    let mut x = Axis::over(kind, quantity, ScaleKind::Linear, all_ends.iter().copied());
    if let Some(window) = options.window {
        x = x.between(window);
    }
    let range = x.range();
    let mut seen = Seen::of(curves, over, range, options.scale);
    let whole = (seen.low, seen.high);
    let shown = if options.clip { seen.clipped() } else { whole };
    let y = Axis::over(
        "",
        Quantity::Number,
        options.scale,
        [shown.0, shown.1].into_iter(),
    )
    .with_margin();
    let mut figure = Figure::new(title, x, y);
    for curve in curves {
        draw(&mut figure, curve, over, range, options);
    }
    figure.notes = notes(curves, &seen, options, fallback);
    if options.clip && shown != whole {
        let text = format!(
            "axis clipped to the middle 98 %: values from {:.4e} to {:.4e}",
            whole.0, whole.1
        );
        figure.notes.push(text);
    }
    figure
}

fn draw(
    figure: &mut Figure,
    curve: &Curve<'_>,
    over: Over,
    range: (f64, f64),
    options: &CurveOptions,
) {
    let begin = curve.begin();
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
        .map(|point| (place_of(over, point, begin), height(point.value.get())));
    let raw = reduce(places.clone(), range, options.columns);
    let line = if options.smoothing > 0.0 {
        let mut smoother = Smoother::new(options.smoothing);
        let smooth = reduce(
            places.map(|(x, y)| (x, smoother.next(y).unwrap_or(f64::NAN))),
            range,
            options.columns,
        );
        figure.layer(Ink::Faint(curve.series), Shape::Line(raw));
        smooth
    } else {
        raw
    };
    let marks = marks(&line, range, curve.series, options.marks);
    figure.layer(Ink::Series(curve.series), Shape::Line(line));
    figure.layer(
        Ink::Series(curve.series),
        Shape::Odd(odd(curve, over, begin, range, options.columns)),
    );
    figure.layer(Ink::Series(curve.series), Shape::Dots(marks));
    figure.legend.push(Entry {
        series: curve.series,
        label: curve.label.clone(),
    });
}

/// Where a line's marks stand: at its last place that is seen, and some along its way, each series' at other places.
fn marks(line: &[Xy], (low, high): (f64, f64), series: usize, along: usize) -> Vec<Xy> {
    let seen: Vec<Xy> = line
        .iter()
        .copied()
        .filter(|(x, y)| !y.is_nan() && *x >= low && *x <= high)
        .collect();
    let shift = (series % 8) as f64 / 8.0;
    let mut marks: Vec<Xy> = (0..along)
        .filter_map(|nth| {
            let x = low + (high - low) * (nth as f64 + shift) / along as f64;
            let at = seen.partition_point(|(other, _)| *other < x);
            seen.get(at)
                .copied()
                .filter(|(other, _)| *other < x + (high - low) / along as f64)
        })
        .collect();
    marks.extend(seen.last());
    marks
}

/// The values that have no place, at most one of each kind in a column.
fn odd(
    curve: &Curve<'_>,
    over: Over,
    begin: Millis,
    (low, high): (f64, f64),
    columns: usize,
) -> Vec<(f64, Oddity)> {
    let mut marks: Vec<(f64, Oddity)> = Vec::new();
    let column = |x: f64| ((x - low) / (high - low) * columns as f64) as i64;
    for point in curve.points {
        let value = point.value.get();
        if value.is_finite() {
            continue;
        }
        let kind = match value {
            v if v.is_nan() => Oddity::Nan,
            v if v > 0.0 => Oddity::Infinite,
            _ => Oddity::NegativeInfinite,
        };
        let x = place_of(over, point, begin);
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

fn notes(
    curves: &[Curve<'_>],
    seen: &Seen,
    options: &CurveOptions,
    fallback: Option<&str>,
) -> Vec<String> {
    let plural = |count: usize, one: &str, many: &str| {
        format!("{count} {}", if count == 1 { one } else { many })
    };
    let about = if curves.iter().any(|curve| curve.sampled) {
        "≈ "
    } else {
        ""
    };
    let mut told = vec![format!(
        "{about}{} of {}",
        plural(seen.points, "point", "points"),
        plural(curves.len(), "curve", "curves")
    )];
    if !about.is_empty() {
        told.push("thinned out by the server: zooming in reads more".into());
    }
    told.extend(fallback.map(str::to_owned));
    let counted = [
        (seen.nan, "NaN"),
        (seen.infinite, "infinite"),
        (
            seen.without_place,
            "not above 0, which log has no place for",
        ),
    ];
    told.extend(
        counted
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}")),
    );
    if options.smoothing > 0.0 {
        told.push(format!(
            "EMA {}",
            crate::text::number::significant(options.smoothing, 3)
        ));
    }
    told
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
            over: Over::Step,
            scale: ScaleKind::Linear,
            smoothing: 0.0,
            clip: false,
            window: None,
            columns: 80,
            marks: 0,
            zone: TimeZone::UTC,
        }
    }

    fn curve(points: &[Point]) -> Curve<'_> {
        Curve {
            label: "a".into(),
            series: 0,
            points,
            start: Some(0),
            sampled: false,
        }
    }

    #[test]
    fn a_curve_with_gaps_keeps_its_axis_and_tells_them() {
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
            if let Shape::Odd(odd) = &layer.shape {
                Some(odd.clone())
            } else {
                None
            }
        });
        assert_eq!(odd, Some(vec![(1.0, Oddity::Nan), (2.0, Oddity::Infinite)]));
        assert_eq!(figure.notes, ["4 points of 1 curve", "1 NaN", "1 infinite"]);
    }

    #[test]
    fn without_steps_time_stands_in_and_that_is_said() {
        let points = points(&[(0, 1_000, 1.0), (0, 3_000, 2.0)]);
        let figure = curves("loss", &[curve(&points)], &options());
        assert_eq!(
            (figure.x.quantity.clone(), figure.x.range()),
            (Quantity::Span, (1_000.0, 3_000.0))
        );
        assert!(
            figure
                .notes
                .contains(&"all steps are equal: drawn over relative time".to_owned())
        );
    }

    #[test]
    fn clipping_leaves_the_outermost_out_and_says_so() {
        let values: Vec<_> = (0..200)
            .map(|n| (n, n, if n == 50 { 1e9 } else { f64::from(n as i32) }))
            .collect();
        let points = points(&values);
        let figure = curves(
            "loss",
            &[curve(&points)],
            &CurveOptions {
                clip: true,
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
    fn log_says_what_has_no_place_and_the_smooth_line_lies_over_the_raw_one() {
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
            matches!(figure.layers[0].ink, Ink::Faint(0))
                && matches!(figure.layers[1].ink, Ink::Series(0))
        );
    }

    #[test]
    fn the_crosshair_reads_the_nearest_point() {
        let points = points(&[(0, 0, 1.0), (10, 10, 2.0), (20, 20, 3.0)]);
        let at = |x| reading(&curve(&points), Over::Step, x).map(|point| point.step);
        assert_eq!(
            [at(-5.0), at(4.0), at(6.0), at(99.0)],
            [Some(0), Some(0), Some(10), Some(20)]
        );
        assert_eq!(
            reading(&curve(&points), Over::Relative, 11.0).map(|point| point.step),
            Some(10)
        );
        assert_eq!(reading(&curve(&[]), Over::Step, 0.0), None);
    }
}
