//! Parallel coordinates: each run a line across its params to its goal.

use super::axis::{Axis, Quantity};
use super::figure::{Figure, Label, PaintStyle, Shape, Xy};
use super::property::{Dimension, Property};
use super::registry::FigureInput;
use super::scale::ScaleKind;
use crate::analysis::pareto::score;
use crate::analysis::stats::min_max;
use crate::domain::{Goal, Run};

/// The share of the runs, best first, whose lines are emphasized.
const BEST_FRACTION: f64 = 0.1;
/// The most lines of each group; of more runs, every nth is drawn.
const MAX_LINES: usize = 400;
const MAX_PARAMS: usize = 10;

/// Across the most important params, once importance is computed; before that, across the first ones.
pub(super) fn build(input: &FigureInput<'_>) -> Option<Figure> {
    let mut params: Vec<Property> = match input.importance {
        Some(found) => {
            let keys = found.params.iter().map(|param| param.key.clone());
            keys.map(Property::Param).collect()
        }
        None => input.params().cloned().collect(),
    };
    params.truncate(MAX_PARAMS);
    Some(parallel(input.runs, params, input.goals.first()?))
}

fn parallel(runs: &[Run], mut properties: Vec<Property>, goal: &Goal) -> Figure {
    properties.push(Property::Metric(goal.metric.clone()));
    let dimensions: Vec<Dimension> = properties
        .iter()
        .map(|property| Dimension::new(runs, property))
        .collect();
    let names = properties.iter().map(Property::title).collect();
    let y = Axis::from_values(
        "",
        Quantity::Hidden,
        ScaleKind::Linear,
        [-0.06, 1.06].into_iter(),
    );
    let mut figure = Figure::new(
        format!("params and {goal}"),
        Axis::categorical("", names),
        y,
    );
    let rules = (0..dimensions.len()).map(|at| at as f64).collect();
    figure.add_layer(PaintStyle::Muted, Shape::Rules(rules));
    let best_first = best_first(runs, goal);
    let best_count =
        ((best_first.len() as f64 * BEST_FRACTION).ceil() as usize).min(best_first.len());
    let stride = best_first.len().div_ceil(MAX_LINES).max(1);
    let line = |run: usize| -> Vec<Xy> {
        let position = |dimension: &Dimension| dimension.position(run).unwrap_or(f64::NAN);
        (0..)
            .zip(&dimensions)
            .map(|(at, dimension)| (f64::from(at), position(dimension)))
            .collect()
    };
    for run in best_first.iter().skip(best_count).step_by(stride) {
        figure.add_layer(PaintStyle::Muted, Shape::Line(line(*run)));
    }
    // The best last, so that its line is on top.
    let best_stride = best_count.div_ceil(MAX_LINES).max(1);
    for run in best_first
        .iter()
        .take(best_count)
        .step_by(best_stride)
        .rev()
    {
        let points = line(*run);
        figure.add_layer(PaintStyle::Emphasis, Shape::Line(points.clone()));
        let dots = points.into_iter().filter(|(_, y)| !y.is_nan()).collect();
        figure.add_layer(PaintStyle::Emphasis, Shape::Dots(dots));
    }
    let labels = dimensions.iter().enumerate();
    let labels = labels.flat_map(|(at, dimension)| end_labels(at, dimension));
    figure.add_layer(PaintStyle::Muted, Shape::Labels(labels.collect()));
    figure.notes.push(format!(
        "{} runs, the best {best_count} by {goal} highlighted",
        best_first.len()
    ));
    if stride > 1 {
        let note = format!("1 in {stride} of the other runs is drawn");
        figure.notes.push(note);
    }
    figure
}

/// The runs with a finite goal, as indices, best first.
fn best_first(runs: &[Run], goal: &Goal) -> Vec<usize> {
    let mut order: Vec<(usize, f64)> = runs
        .iter()
        .enumerate()
        .filter_map(|(at, run)| Some((at, score(run, goal)?)))
        .collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    order.into_iter().map(|(at, _)| at).collect()
}

/// The labels at the top and the bottom of a dimension, or at each category.
fn end_labels(at: usize, dimension: &Dimension) -> Vec<Label> {
    let label = |y: f64, text: String| Label {
        position: (at as f64, y),
        text,
    };
    if let Quantity::Categories(names) = &dimension.axis.quantity {
        return names
            .iter()
            .enumerate()
            .filter_map(|(nth, name)| {
                Some(label(dimension.axis.position(nth as f64)?, name.clone()))
            })
            .collect();
    }
    let format_end = |value: f64| match dimension.axis.quantity {
        Quantity::Duration => dimension.axis.format_value(value),
        _ => crate::text::number::format_significant(value, 3),
    };
    match min_max(dimension.values.iter().flatten().copied()) {
        Some((low, high)) => vec![label(1.06, format_end(high)), label(-0.06, format_end(low))],
        None => Vec::new(),
    }
}
