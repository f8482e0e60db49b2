//! Importance of params as bars with error bars.

use super::axis::{Axis, Quantity};
use super::figure::{Bar, Figure, PaintStyle, Shape};
use super::registry::FigureInput;
use super::scale::ScaleKind;
use crate::analysis::importance::{Importance, ParamImportance, RankCorrelation};

pub(super) fn build(input: &FigureInput<'_>) -> Option<Figure> {
    let found = input.importance?;
    Some(importance(found, input.max_bars))
}

/// Bars by the forest, or by rank correlation where no forest was fitted.
fn importance(found: &Importance, max_bars: usize) -> Figure {
    // Rows count from the bottom; the most important param is at the top.
    let params: Vec<&ParamImportance> = found.params.iter().take(max_bars.max(1)).rev().collect();
    let names = params
        .iter()
        .map(|param| param.key.clean().into_owned())
        .collect();
    let by_forest = found.r_squared.is_some();
    let bar = |(row, param): (usize, &&ParamImportance)| {
        let loss = param.permutation.filter(|_| by_forest);
        let strength = param
            .rank_correlation
            .map_or(0.0, RankCorrelation::strength);
        Bar {
            end: (loss.map_or(strength, |loss| loss.mean), row as f64),
            error: loss.map(|loss| loss.std_dev),
            text: None,
        }
    };
    let bars: Vec<Bar> = params.iter().enumerate().map(bar).collect();
    let ends = bars.iter().flat_map(|bar| {
        let error = bar.error.unwrap_or(0.0);
        [bar.end.0 - error, bar.end.0 + error]
    });
    let title = if by_forest {
        "share of the variance lost without the param"
    } else {
        "strength of the rank correlation"
    };
    let x = Axis::from_values(
        title,
        Quantity::Number,
        ScaleKind::Linear,
        ends.chain([0.0]),
    )
    .with_margin();
    let title = format!("param importance for {}", found.metric.clean());
    let mut figure = Figure::new(title, x, Axis::categorical("", names));
    figure.add_layer(PaintStyle::Muted, Shape::Rules(vec![0.0]));
    figure.add_layer(PaintStyle::Series(0), Shape::Bars(bars));
    if params.len() < found.params.len() {
        let note = format!(
            "the first {} of {} params",
            params.len(),
            found.params.len()
        );
        figure.notes.push(note);
    }
    let runs = found.runs;
    figure.notes.push(match found.r_squared {
        Some(r_squared) => format!(
            "permutation importance of a random forest (mean ± sd of 5 folds, 4 shuffles), R² {r_squared:.2}, {runs} runs"
        ),
        None => format!("rank correlation, {runs} runs"),
    });
    figure.notes.extend(found.warnings.iter().cloned());
    figure
}
