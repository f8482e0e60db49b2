//! Importance as bars, each with how sure it is.

use super::axis::{Axis, Quantity};
use super::figure::{Figure, PaintStyle, Shape};
use super::scale::ScaleKind;
use crate::analysis::importance::{Importance, RankCorrelation};

/// The most bars.
const MAX_BARS: usize = 24;

/// The figure of what goes with a metric: by the forest, or by rank correlation where there is none.
#[must_use]
pub fn importance(found: &Importance) -> Figure {
    let params: Vec<_> = found.params.iter().take(MAX_BARS).collect();
    // The first stands at the top.
    let names: Vec<String> = params
        .iter()
        .rev()
        .map(|param| param.key.clean().into_owned())
        .collect();
    let by_forest = found.r_squared.is_some();
    let bar = |param: &crate::analysis::importance::ParamImportance| match (
        param.permutation.filter(|_| by_forest),
        param.rank_correlation,
    ) {
        (Some((mean, deviation)), _) => (mean, Some(deviation)),
        (None, Some(RankCorrelation::Spearman { rho, .. })) => (rho.abs(), None),
        (None, Some(RankCorrelation::EpsilonSquared { value: squared, .. })) => {
            (squared.sqrt(), None)
        }
        (None, None) => (0.0, None),
    };
    let bars: Vec<_> = params
        .iter()
        .rev()
        .enumerate()
        .map(|(at, param)| (at, bar(param)))
        .collect();
    let ends = bars
        .iter()
        .flat_map(|(_, (mean, error))| [mean - error.unwrap_or(0.0), mean + error.unwrap_or(0.0)]);
    let ends: Vec<f64> = ends.chain([0.0]).collect();
    let title = if by_forest {
        "part of the variance that is lost without it"
    } else {
        "strength of the rank correlation"
    };
    let x = Axis::from_values(title, Quantity::Number, ScaleKind::Linear, ends.into_iter())
        .with_margin();
    let mut figure = Figure::new(
        format!("what goes with {}", found.metric.clean()),
        x,
        Axis::categorical("", names),
    );
    figure.add_layer(PaintStyle::Muted, Shape::Rules(vec![0.0]));
    figure.add_layer(
        PaintStyle::Series(0),
        Shape::Bars(
            bars.into_iter()
                .map(|(at, (mean, error))| ((mean, at as f64), error))
                .collect(),
        ),
    );
    let method = "permutation importance of a random forest (mean ± sd of 5 folds, 4 shuffles)";
    match found.r_squared {
        Some(explained) => figure
            .notes
            .push(format!("{method}, R² {explained:.2}, {} runs", found.runs)),
        None => figure
            .notes
            .push(format!("rank correlation, {} runs", found.runs)),
    }
    figure.notes.extend(found.warnings.iter().cloned());
    figure
}
