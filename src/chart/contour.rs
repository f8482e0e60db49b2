//! Contour: the plane of two params in boxes, shaded by the mean of the goal.

use std::collections::BTreeMap;

use super::axis::{Axis, Quantity};
use super::figure::{Figure, Label, PaintStyle, Shape};
use super::property::{Dimension, Property};
use super::registry::FigureInput;
use crate::analysis::pareto::finite_metric;
use crate::analysis::stats::min_max;
use crate::domain::{Direction, Goal, Run};
use crate::text::number::format_significant;

/// Over the chosen properties; if y is not another param, over the first one that is.
pub(super) fn build(input: &FigureInput<'_>) -> Option<Figure> {
    let y = std::iter::once(input.y)
        .filter(|y| matches!(y, Property::Param(_)))
        .chain(input.params())
        .find(|property| *property != input.x);
    let goal = input.goals.first()?;
    Some(contour(
        input.runs,
        input.x,
        y.unwrap_or(input.y),
        goal,
        input.max_cells,
    ))
}

/// The runs in one box.
#[derive(Default)]
struct Cell {
    sum: f64,
    runs: usize,
}

impl Cell {
    fn mean(&self) -> f64 {
        self.sum / self.runs as f64
    }
}

fn contour(
    runs: &[Run],
    x: &Property,
    y: &Property,
    goal: &Goal,
    max_cells: (usize, usize),
) -> Figure {
    let (x_dimension, y_dimension) = (Dimension::new(runs, x), Dimension::new(runs, y));
    let columns = cell_count(&x_dimension, max_cells.0);
    let rows = cell_count(&y_dimension, max_cells.1);
    let mut cells: BTreeMap<(usize, usize), Cell> = BTreeMap::new();
    for (at, run) in runs.iter().enumerate() {
        let position = x_dimension.position(at).zip(y_dimension.position(at));
        if let Some(((x, y), value)) = position.zip(finite_metric(run, goal)) {
            let key = (cell_index(x, columns), cell_index(y, rows));
            let cell = cells.entry(key).or_default();
            cell.sum += value;
            cell.runs += 1;
        }
    }
    let title = format!("mean {goal} over {} and {}", x.title(), y.title());
    let mut figure = Figure::new(title, x_dimension.axis, y_dimension.axis);
    let (low, high) = min_max(cells.values().map(Cell::mean)).unwrap_or_default();
    let mut labels = Vec::new();
    let edge = |axis: &Axis, nth: f64, count: usize| axis.value_at(nth / count as f64);
    for ((column, row), cell) in &cells {
        let (column, row) = (*column as f64, *row as f64);
        let corner = |shift: f64| {
            (
                edge(&figure.x, column + shift, columns),
                edge(&figure.y, row + shift, rows),
            )
        };
        let part = if high > low {
            (cell.mean() - low) / (high - low)
        } else {
            0.5
        };
        // The stronger shade is better, for either direction.
        let part = match goal.direction {
            Direction::Max => part,
            Direction::Min => 1.0 - part,
        };
        let shape = Shape::Rect(corner(0.0), corner(1.0));
        let mean = format_significant(cell.mean(), 3);
        labels.push(Label {
            position: corner(0.5),
            text: match cell.runs {
                1 => mean,
                runs => format!("{mean} /{runs}"),
            },
        });
        figure.add_layer(PaintStyle::Shade(0.12 + 0.88 * part), shape);
    }
    figure.add_layer(PaintStyle::Emphasis, Shape::Labels(labels));
    let counted: usize = cells.values().map(|cell| cell.runs).sum();
    figure.notes.push(format!(
        "{counted} of {} runs; a stronger shade is better; labels: mean /runs",
        runs.len()
    ));
    figure
}

fn cell_count(dimension: &Dimension, max: usize) -> usize {
    match &dimension.axis.quantity {
        Quantity::Categories(names) => names.len().max(1),
        _ => max,
    }
}

fn cell_index(position: f64, count: usize) -> usize {
    ((position.clamp(0.0, 1.0) * count as f64) as usize).min(count - 1)
}
