//! Runs as marks between two properties, told apart by a third; with a front, the runs that nobody beats.

use super::axis::Axis;
use super::figure::{Figure, LegendEntry, PaintStyle, Shape, Xy};
use super::property::{Dimension, Property};
use crate::domain::Run;

/// The most groups that have marks of their own.
const MAX_GROUPS: usize = 8;

/// The figure of runs between two properties. Marks tell the values of a third: words, or four ranges of numbers.
#[must_use]
pub fn scatter(runs: &[Run], x: &Property, y: &Property, mark: Option<&Property>) -> Figure {
    let (across, up) = (Dimension::new(runs, x), Dimension::new(runs, y));
    let mut figure = Figure::new(
        format!("{} over {}", y.title(), x.title()),
        across.axis.clone(),
        up.axis.clone(),
    );
    let place = |run: usize| Some((across.values[run]?, up.values[run]?));
    let (groups, labels) = mark.map_or_else(
        || (vec![Some(0); runs.len()], Vec::new()),
        |mark| group_by_property(runs, mark),
    );
    let count = labels.len().max(1);
    for group in 0..count {
        let dots: Vec<Xy> = (0..runs.len())
            .filter(|run| groups[*run] == Some(group))
            .filter_map(place)
            .collect();
        figure.add_layer(
            PaintStyle::Series(group),
            Shape::Dots(jitter(dots, &across)),
        );
    }
    figure.legend = labels
        .into_iter()
        .enumerate()
        .map(|(series, label)| LegendEntry { series, label })
        .collect();
    let drawn_count = (0..runs.len()).filter(|run| place(*run).is_some()).count();
    figure
        .notes
        .push(format!("{drawn_count} of {} runs have both", runs.len()));
    if let Some(mark) = mark {
        figure.notes.push(format!("marks: {}", mark.title()));
    }
    figure
}

/// Marks over a word would lie over each other: they are moved aside, each by its own order.
fn jitter(dots: Vec<Xy>, across: &Dimension) -> Vec<Xy> {
    if !across.is_categorical {
        return dots;
    }
    dots.into_iter()
        .enumerate()
        .map(|(nth, (x, y))| (x + ((nth * 7 % 11) as f64 / 10.0 - 0.5) * 0.5, y))
        .collect()
}

/// The group of each run by a property, and what each group is called.
fn group_by_property(runs: &[Run], mark: &Property) -> (Vec<Option<usize>>, Vec<String>) {
    let by = Dimension::new(runs, mark);
    let mut values: Vec<f64> = by.values.iter().flatten().copied().collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    if values.len() <= MAX_GROUPS {
        let group = |place: Option<f64>| {
            place.and_then(|place| {
                values
                    .iter()
                    .position(|value| value.total_cmp(&place).is_eq())
            })
        };
        let labels = values
            .iter()
            .map(|value| by.axis.format_value(*value))
            .collect();
        return (
            by.values.iter().map(|place| group(*place)).collect(),
            labels,
        );
    }
    // Quarters of the values, each with as many of them.
    let edge = |quarter: usize| values[(quarter * values.len() / 4).min(values.len() - 1)];
    let edges = [edge(1), edge(2), edge(3)];
    let label = |quarter: usize| {
        let (from, to) = (
            edge(quarter),
            if quarter == 3 {
                values[values.len() - 1]
            } else {
                edges[quarter]
            },
        );
        format!(
            "{} to {}",
            format_short(&by.axis, from),
            format_short(&by.axis, to)
        )
    };
    let group = |place: f64| edges.iter().filter(|edge| place >= **edge).count();
    (
        by.values.iter().map(|place| place.map(group)).collect(),
        (0..4).map(label).collect(),
    )
}

fn format_short(axis: &Axis, value: f64) -> String {
    match axis.quantity {
        super::axis::Quantity::Number | super::axis::Quantity::Integer => {
            crate::text::number::format_significant(value, 3)
        }
        _ => axis.format_value(value),
    }
}

/// The figure of runs between two goals: those on the front are found and joined, the others are quiet.
#[must_use]
pub fn pareto_front(runs: &[Run], x: &Property, y: &Property, front: &[Option<usize>]) -> Figure {
    let (across, up) = (Dimension::new(runs, x), Dimension::new(runs, y));
    let mut figure = Figure::new(
        format!("{} over {}", y.title(), x.title()),
        across.axis.clone(),
        up.axis.clone(),
    );
    let place = |run: usize| Some((across.values[run]?, up.values[run]?));
    let of = |matches: &dyn Fn(Option<usize>) -> bool| -> Vec<Xy> {
        (0..runs.len())
            .filter(|run| matches(front.get(*run).copied().flatten()))
            .filter_map(place)
            .collect()
    };
    let mut first = of(&|front| front == Some(1));
    first.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    figure.add_layer(
        PaintStyle::Muted,
        Shape::Dots(of(&|front| front.is_some_and(|front| front > 1))),
    );
    figure.add_layer(PaintStyle::Emphasis, Shape::Line(first.clone()));
    figure.notes.push(format!(
        "{} of {} runs on the front",
        first.len(),
        runs.len()
    ));
    figure.add_layer(PaintStyle::Emphasis, Shape::Dots(first));
    figure
}
