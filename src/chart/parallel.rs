//! Parallel coordinates: each run a line across its params, to what came of it.

use super::axis::{Axis, Quantity};
use super::figure::{Figure, Label, PaintStyle, Shape, Xy};
use super::property::{Dimension, Property};
use super::scale::ScaleKind;
use crate::domain::{Goal, Run};

/// The part of the runs, by the goal, whose lines are to be found.
const BEST_FRACTION: f64 = 0.1;
/// The most lines that are drawn; of more runs, the best and evenly many others.
const MAX_LINES: usize = 400;

/// The figure of runs across properties, the last of which is the goal; the best tenth by it is loud.
#[must_use]
pub fn parallel(runs: &[Run], properties: &[Property], goal: &Goal) -> Figure {
    let mut properties = properties.to_vec();
    properties.push(Property::Metric(goal.metric.clone()));
    let dimensions: Vec<Dimension> = properties
        .iter()
        .map(|property| Dimension::new(runs, property))
        .collect();
    let names: Vec<String> = properties.iter().map(Property::title).collect();
    let count = dimensions.len();
    let up = Axis::from_values(
        "",
        Quantity::Hidden,
        ScaleKind::Linear,
        [-0.06, 1.06].into_iter(),
    );
    let mut figure = Figure::new(
        format!("params and {goal}"),
        Axis::categorical("", names),
        up,
    );
    figure.add_layer(
        PaintStyle::Muted,
        Shape::Rules((0..count).map(|at| at as f64).collect()),
    );
    let line = |run: usize| -> Vec<Xy> {
        dimensions
            .iter()
            .enumerate()
            .map(|(at, dimension)| (at as f64, dimension.position(run).unwrap_or(f64::NAN)))
            .collect()
    };
    let mut order: Vec<(usize, f64)> = runs
        .iter()
        .enumerate()
        .filter_map(|(at, run)| Some((at, crate::analysis::pareto::finite_metric(run, goal)?)))
        .collect();
    order.sort_by(|a, b| {
        if goal.direction.is_improvement(1.0) {
            b.1.total_cmp(&a.1)
        } else {
            a.1.total_cmp(&b.1)
        }
    });
    let best = ((order.len() as f64 * BEST_FRACTION).ceil() as usize).min(order.len());
    let stride = order.len().div_ceil(MAX_LINES).max(1);
    for (at, _) in order.iter().skip(best).step_by(stride) {
        figure.add_layer(PaintStyle::Muted, Shape::Line(line(*at)));
    }
    for (at, _) in order
        .iter()
        .take(best)
        .step_by(best.div_ceil(MAX_LINES).max(1))
        .rev()
    {
        let places = line(*at);
        figure.add_layer(PaintStyle::Emphasis, Shape::Line(places.clone()));
        figure.add_layer(
            PaintStyle::Emphasis,
            Shape::Dots(places.into_iter().filter(|(_, y)| !y.is_nan()).collect()),
        );
    }
    figure.add_layer(
        PaintStyle::Muted,
        Shape::Labels(
            dimensions
                .iter()
                .enumerate()
                .flat_map(|(at, dimension)| end_labels(at, dimension))
                .collect(),
        ),
    );
    figure.notes.push(format!(
        "{} runs, the best {best} by {goal} marked",
        order.len()
    ));
    if stride > 1 {
        figure
            .notes
            .push(format!("one line for {stride} of the others"));
    }
    figure
}

/// What stands at the top and the bottom of a dimension; for words, at each of them.
fn end_labels(at: usize, dimension: &Dimension) -> Vec<Label> {
    if let Quantity::Categories(names) = &dimension.axis.quantity {
        let place = |nth: usize| dimension.axis.position(nth as f64);
        return names
            .iter()
            .enumerate()
            .filter_map(|(nth, name)| {
                Some(Label {
                    position: (at as f64, place(nth)?),
                    text: name.clone(),
                })
            })
            .collect();
    }
    let known = dimension.values.iter().flatten().copied();
    let (low, high) = known.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), n| {
        (l.min(n), h.max(n))
    });
    let format_end = |value: f64| match dimension.axis.quantity {
        Quantity::Duration => dimension.axis.format_value(value),
        _ => crate::text::number::format_significant(value, 3),
    };
    if low > high {
        return Vec::new();
    }
    vec![
        Label {
            position: (at as f64, 1.06),
            text: format_end(high),
        },
        Label {
            position: (at as f64, -0.06),
            text: format_end(low),
        },
    ]
}
