//! Scatter plots of runs over two properties, and the Pareto front of two goals.

use super::axis::{Axis, Quantity};
use super::figure::{Figure, LegendEntry, PaintStyle, Shape, Xy};
use super::property::{Dimension, Property};
use super::registry::FigureInput;
use crate::domain::Run;
use crate::text::number::format_significant;

/// The most groups with marks of their own.
const MAX_GROUPS: usize = 8;

/// Runs as points between two properties.
struct Points {
    x: Dimension,
    y: Dimension,
    count: usize,
}

impl Points {
    fn new(runs: &[Run], x: &Property, y: &Property) -> Self {
        Self {
            x: Dimension::new(runs, x),
            y: Dimension::new(runs, y),
            count: runs.len(),
        }
    }

    fn figure(&self) -> Figure {
        let title = format!("{} over {}", self.y.axis.title, self.x.axis.title);
        Figure::new(title, self.x.axis.clone(), self.y.axis.clone())
    }

    /// The points of the runs, by index, that pass and have both values.
    fn of(&self, is_included: impl Fn(usize) -> bool) -> Vec<Xy> {
        (0..self.count)
            .filter(|run| is_included(*run))
            .filter_map(|run| Some((self.x.values[run]?, self.y.values[run]?)))
            .collect()
    }
}

/// Marks distinguish the values of a third property: categories, or quartiles of numbers.
pub(super) fn build(input: &FigureInput<'_>) -> Option<Figure> {
    let points = Points::new(input.runs, input.x, input.y);
    let groups = match input.color_by {
        Some(property) => Groups::new(input.runs, property),
        None => Groups {
            of_run: vec![Some(0); input.runs.len()],
            labels: Vec::new(),
        },
    };
    let mut figure = points.figure();
    for group in 0..groups.labels.len().max(1) {
        let dots = points.of(|run| groups.of_run[run] == Some(group));
        let dots = jitter(dots, &points.x);
        figure.add_layer(PaintStyle::Series(group), Shape::Dots(dots));
    }
    let labels = groups.labels.into_iter().enumerate();
    figure.legend = labels
        .map(|(series, label)| LegendEntry { series, label })
        .collect();
    let drawn = points.of(|_| true).len();
    figure
        .notes
        .push(format!("{drawn} of {} runs have both values", points.count));
    if let Some(property) = input.color_by {
        figure.notes.push(format!("marks: {}", property.title()));
    }
    Some(figure)
}

/// The runs of the first front, joined and emphasized, over those of later fronts; the first two goals are the axes.
pub(super) fn build_pareto_front(input: &FigureInput<'_>) -> Option<Figure> {
    let [first, second, ..] = input.goals else {
        return None;
    };
    let metric = |goal: &crate::domain::Goal| Property::Metric(goal.metric.clone());
    let points = Points::new(input.runs, &metric(second), &metric(first));
    let front = |run: usize| input.fronts.get(run).copied().flatten();
    let mut on_front = points.of(|run| front(run) == Some(1));
    on_front.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let behind = points.of(|run| front(run).is_some_and(|front| front > 1));
    let mut figure = points.figure();
    figure.add_layer(PaintStyle::Muted, Shape::Dots(behind));
    figure.add_layer(PaintStyle::Emphasis, Shape::Line(on_front.clone()));
    figure.notes.push(format!(
        "{} of {} runs on the front",
        on_front.len(),
        points.count
    ));
    figure.add_layer(PaintStyle::Emphasis, Shape::Dots(on_front));
    Some(figure)
}

/// Moves dots of one category apart, each by a fixed offset of its index.
fn jitter(dots: Vec<Xy>, x: &Dimension) -> Vec<Xy> {
    if !x.is_categorical {
        return dots;
    }
    dots.into_iter()
        .enumerate()
        .map(|(nth, (x, y))| (x + ((nth * 7 % 11) as f64 / 10.0 - 0.5) * 0.5, y))
        .collect()
}

/// Runs by the value of a property.
struct Groups {
    of_run: Vec<Option<usize>>,
    labels: Vec<String>,
}

impl Groups {
    fn new(runs: &[Run], property: &Property) -> Self {
        let by = Dimension::new(runs, property);
        let mut values: Vec<f64> = by.values.iter().flatten().copied().collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        if values.len() > MAX_GROUPS {
            return Self::quartiles(&by, &values);
        }
        let group = |value: &Option<f64>| {
            value.and_then(|value| {
                values
                    .iter()
                    .position(|other| other.total_cmp(&value).is_eq())
            })
        };
        Self {
            of_run: by.values.iter().map(group).collect(),
            labels: values
                .iter()
                .map(|value| by.axis.format_value(*value))
                .collect(),
        }
    }

    /// Four ranges with about as many distinct values each.
    fn quartiles(by: &Dimension, values: &[f64]) -> Self {
        let last = values.len() - 1;
        let edge = |quarter: usize| values[(quarter * values.len() / 4).min(last)];
        let group = |value: f64| (1..4).filter(|quarter| value >= edge(*quarter)).count();
        let label = |quarter: usize| {
            let (from, to) = (edge(quarter), edge(quarter + 1));
            format!(
                "{} to {}",
                format_short(&by.axis, from),
                format_short(&by.axis, to)
            )
        };
        Self {
            of_run: by.values.iter().map(|value| value.map(group)).collect(),
            labels: (0..4).map(label).collect(),
        }
    }
}

fn format_short(axis: &Axis, value: f64) -> String {
    match axis.quantity {
        Quantity::Number | Quantity::Integer => format_significant(value, 3),
        _ => axis.format_value(value),
    }
}
