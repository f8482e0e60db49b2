//! What came of two params together: their plane in boxes, each as dark as the mean of the goal in it.

use std::collections::BTreeMap;

use super::figure::{Figure, Label, PaintStyle, Shape};
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
    max_cells: (usize, usize),
) -> Figure {
    let (across, up) = (Dimension::new(runs, x), Dimension::new(runs, y));
    let title = format!("mean {goal} over {} and {}", x.title(), y.title());
    let mut figure = Figure::new(title, across.axis.clone(), up.axis.clone());
    let mut cells: BTreeMap<(usize, usize), (f64, usize)> = BTreeMap::new();
    let (columns, rows) = (
        cell_count(&across, max_cells.0),
        cell_count(&up, max_cells.1),
    );
    for (at, run) in runs.iter().enumerate() {
        let (Some(x), Some(y), Some(value)) = (
            across.position(at),
            up.position(at),
            pareto::finite_metric(run, goal),
        ) else {
            continue;
        };
        let (sum, runs) = cells
            .entry((cell_index(x, columns), cell_index(y, rows)))
            .or_default();
        (*sum, *runs) = (*sum + value, *runs + 1);
    }
    let means = || cells.values().map(|(sum, runs)| sum / *runs as f64);
    let (low, high) = means().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), mean| {
        (l.min(mean), h.max(mean))
    });
    let mut labels = Vec::new();
    let edge = |axis: &super::Axis, nth: usize, of: usize| axis.value_at(nth as f64 / of as f64);
    for ((column, row), (sum, runs)) in &cells {
        let mean = sum / *runs as f64;
        let part = if high > low {
            (mean - low) / (high - low)
        } else {
            0.5
        };
        // Darker is better, whichever way that is.
        let part = if goal.direction.is_improvement(1.0) {
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
        figure.add_layer(PaintStyle::Shade(0.12 + 0.88 * part), Shape::Rect(from, to));
        let middle = |axis: &super::Axis, nth: usize, of: usize| {
            axis.value_at((nth as f64 + 0.5) / of as f64)
        };
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
            position: at,
            text: format!("{}{several}", number::format_significant(mean, 3)),
        });
    }
    figure.add_layer(PaintStyle::Emphasis, Shape::Labels(labels));
    let counted: usize = cells.values().map(|(_, runs)| runs).sum();
    figure.notes.push(format!(
        "{counted} of {} runs; darker is better; mean /runs",
        runs.len()
    ));
    figure
}

fn cell_count(dimension: &Dimension, most: usize) -> usize {
    match &dimension.axis.quantity {
        super::Quantity::Categories(names) => names.len().max(1),
        _ => most,
    }
}

fn cell_index(at: f64, count: usize) -> usize {
    ((at.clamp(0.0, 1.0) * count as f64) as usize).min(count - 1)
}
