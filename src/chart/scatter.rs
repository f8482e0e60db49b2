//! Runs as marks between two properties, told apart by a third; with a front, the runs that nobody beats.

use super::axis::Axis;
use super::figure::{Entry, Figure, Ink, Shape, Xy};
use super::property::{Dimension, Property};
use crate::domain::Run;

/// The most groups that have marks of their own.
const GROUPS: usize = 8;

/// The figure of runs between two properties. Marks tell the values of a third: words, or four ranges of numbers.
#[must_use]
pub fn scatter(runs: &[Run], x: &Property, y: &Property, mark: Option<&Property>) -> Figure {
    let (across, up) = (Dimension::of(runs, x), Dimension::of(runs, y));
    let mut figure = Figure::new(
        format!("{} over {}", y.title(), x.title()),
        across.axis.clone(),
        up.axis.clone(),
    );
    let place = |run: usize| Some((across.places[run]?, up.places[run]?));
    let (groups, labels) = mark.map_or_else(
        || (vec![Some(0); runs.len()], Vec::new()),
        |mark| groups(runs, mark),
    );
    let count = labels.len().max(1);
    for group in 0..count {
        let dots: Vec<Xy> = (0..runs.len())
            .filter(|run| groups[*run] == Some(group))
            .filter_map(place)
            .collect();
        figure.layer(Ink::Series(group), Shape::Dots(jittered(dots, &across)));
    }
    figure.legend = labels
        .into_iter()
        .enumerate()
        .map(|(series, label)| Entry { series, label })
        .collect();
    let seen = (0..runs.len()).filter(|run| place(*run).is_some()).count();
    figure
        .notes
        .push(format!("{seen} of {} runs have both", runs.len()));
    if let Some(mark) = mark {
        figure.notes.push(format!("marks: {}", mark.title()));
    }
    figure
}

/// Marks over a word would lie over each other: they are moved aside, each by its own order.
fn jittered(dots: Vec<Xy>, across: &Dimension) -> Vec<Xy> {
    if !across.words {
        return dots;
    }
    dots.into_iter()
        .enumerate()
        .map(|(nth, (x, y))| (x + ((nth * 7 % 11) as f64 / 10.0 - 0.5) * 0.5, y))
        .collect()
}

/// The group of each run by a property, and what each group is called.
fn groups(runs: &[Run], mark: &Property) -> (Vec<Option<usize>>, Vec<String>) {
    let by = Dimension::of(runs, mark);
    let mut values: Vec<f64> = by.places.iter().flatten().copied().collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    if values.len() <= GROUPS {
        let group = |place: Option<f64>| {
            place.and_then(|place| {
                values
                    .iter()
                    .position(|value| value.total_cmp(&place).is_eq())
            })
        };
        let labels = values.iter().map(|value| by.axis.told(*value)).collect();
        return (
            by.places.iter().map(|place| group(*place)).collect(),
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
        format!("{} to {}", short(&by.axis, from), short(&by.axis, to))
    };
    let group = |place: f64| edges.iter().filter(|edge| place >= **edge).count();
    (
        by.places.iter().map(|place| place.map(group)).collect(),
        (0..4).map(label).collect(),
    )
}

fn short(axis: &Axis, value: f64) -> String {
    match axis.quantity {
        super::axis::Quantity::Number | super::axis::Quantity::Whole => {
            crate::text::number::significant(value, 3)
        }
        _ => axis.told(value),
    }
}

/// The figure of runs between two goals: those on the front are found and joined, the others are quiet.
#[must_use]
pub fn front(runs: &[Run], x: &Property, y: &Property, front: &[Option<usize>]) -> Figure {
    let (across, up) = (Dimension::of(runs, x), Dimension::of(runs, y));
    let mut figure = Figure::new(
        format!("{} over {}", y.title(), x.title()),
        across.axis.clone(),
        up.axis.clone(),
    );
    let place = |run: usize| Some((across.places[run]?, up.places[run]?));
    let of = |wanted: &dyn Fn(Option<usize>) -> bool| -> Vec<Xy> {
        (0..runs.len())
            .filter(|run| wanted(front.get(*run).copied().flatten()))
            .filter_map(place)
            .collect()
    };
    let mut first = of(&|front| front == Some(1));
    first.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    figure.layer(
        Ink::Quiet,
        Shape::Dots(of(&|front| front.is_some_and(|front| front > 1))),
    );
    figure.layer(Ink::Loud, Shape::Line(first.clone()));
    figure.notes.push(format!(
        "{} of {} runs on the front",
        first.len(),
        runs.len()
    ));
    figure.layer(Ink::Loud, Shape::Dots(first));
    figure
}
