//! What came of two params together: their plane in boxes, each as dark as the mean of the goal in it.

use std::collections::BTreeMap;

use super::figure::{Figure, Ink, Label, Shape};
use super::property::{Dimension, Property};
use crate::analysis::pareto;
use crate::domain::{Goal, Run};
use crate::text::number;

/// The figure of the mean of a goal over two params, in so many boxes across and up where they are numbers. A box without runs is empty; each says its mean and, of several, how many runs.
#[must_use]
pub fn contour(
    runs: &[Run],
    x: &Property,
    y: &Property,
    goal: &Goal,
    most: (usize, usize),
) -> Figure {
    let (across, up) = (Dimension::of(runs, x), Dimension::of(runs, y));
    let title = format!("mean {goal} over {} and {}", x.title(), y.title());
    let mut figure = Figure::new(title, across.axis.clone(), up.axis.clone());
    let mut boxes: BTreeMap<(usize, usize), (f64, usize)> = BTreeMap::new();
    let (columns, rows) = (count(&across, most.0), count(&up, most.1));
    for (at, run) in runs.iter().enumerate() {
        let (Some(x), Some(y), Some(value)) = (across.at(at), up.at(at), pareto::number(run, goal))
        else {
            continue;
        };
        let (sum, runs) = boxes.entry((cell(x, columns), cell(y, rows))).or_default();
        (*sum, *runs) = (*sum + value, *runs + 1);
    }
    let means = || boxes.values().map(|(sum, runs)| sum / *runs as f64);
    let (low, high) = means().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), mean| {
        (l.min(mean), h.max(mean))
    });
    let mut labels = Vec::new();
    let edge = |axis: &super::Axis, nth: usize, of: usize| axis.value(nth as f64 / of as f64);
    for ((column, row), (sum, runs)) in &boxes {
        let mean = sum / *runs as f64;
        let part = if high > low {
            (mean - low) / (high - low)
        } else {
            0.5
        };
        // Darker is better, whichever way that is.
        let part = if goal.direction.improves(1.0) {
            part
        } else {
            1.0 - part
        };
        let from = (
            edge(&figure.x, *column, columns),
            edge(&figure.y, *row, rows),
        );
        let to = (
            edge(&figure.x, column + 1, columns),
            edge(&figure.y, row + 1, rows),
        );
        figure.layer(Ink::Shade(0.12 + 0.88 * part), Shape::Box(from, to));
        let middle =
            |axis: &super::Axis, nth: usize, of: usize| axis.value((nth as f64 + 0.5) / of as f64);
        let several = if *runs > 1 {
            format!(" /{runs}")
        } else {
            String::new()
        };
        let at = (
            middle(&figure.x, *column, columns),
            middle(&figure.y, *row, rows),
        );
        labels.push(Label {
            at,
            text: format!("{}{several}", number::significant(mean, 3)),
        });
    }
    figure.layer(Ink::Loud, Shape::Labels(labels));
    let told: usize = boxes.values().map(|(_, runs)| runs).sum();
    figure.notes.push(format!(
        "{told} of {} runs; darker is better; mean /runs",
        runs.len()
    ));
    figure
}

fn count(dimension: &Dimension, most: usize) -> usize {
    match &dimension.axis.quantity {
        super::Quantity::Names(names) => names.len().max(1),
        _ => most,
    }
}

fn cell(at: f64, count: usize) -> usize {
    ((at.clamp(0.0, 1.0) * count as f64) as usize).min(count - 1)
}
