//! Properties of runs as dimensions of a figure: params, metrics and durations; numeric or categorical.

use super::axis::{Axis, Quantity};
use super::scale::ScaleKind;
use crate::analysis::stats::{min_max, needs_log_scale};
use crate::domain::Run;
use crate::text::Untrusted;
use crate::text::untrusted::clean;

/// A property of runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Property {
    /// A param.
    Param(Untrusted),
    /// The latest value of a metric.
    Metric(Untrusted),
    /// The duration in ms, of runs that ended.
    Duration,
}

impl Property {
    /// The name, safe to draw. A param and a metric may share it.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Param(key) | Self::Metric(key) => key.clean().into_owned(),
            Self::Duration => "duration".into(),
        }
    }

    fn text(&self, run: &Run) -> Option<String> {
        match self {
            Self::Param(key) => run.param(key.raw()).map(|value| value.raw().to_owned()),
            Self::Metric(key) => run.metric(key.raw()).map(|value| value.get().to_string()),
            Self::Duration => run
                .end_time
                .and_then(|end| run.duration(end))
                .map(|ms| ms.to_string()),
        }
    }
}

/// The values of a property for a list of runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension {
    /// Logarithmic for positive numbers over more than two decades.
    pub axis: Axis,
    /// One value a run, in axis units; absent where the run has no finite value.
    pub values: Vec<Option<f64>>,
    /// Whether values are positions of categories.
    pub is_categorical: bool,
}

/// The most categories with positions of their own; the rest share one.
const MAX_CATEGORIES: usize = 24;

impl Dimension {
    /// Numeric if every value parses as a number, else categorical.
    #[must_use]
    pub fn new(runs: &[Run], property: &Property) -> Self {
        let texts: Vec<Option<String>> = runs.iter().map(|run| property.text(run)).collect();
        let parse = |text: &String| text.trim().parse::<f64>().ok();
        if texts.iter().flatten().any(|text| parse(text).is_none()) {
            return Self::categorical(property, &texts);
        }
        let finite = |text: &Option<String>| {
            text.as_ref()
                .and_then(parse)
                .filter(|value| value.is_finite())
        };
        Self::numeric(property, texts.iter().map(finite).collect())
    }

    fn numeric(property: &Property, values: Vec<Option<f64>>) -> Self {
        let known = || values.iter().flatten().copied();
        let is_log = min_max(known()).is_some_and(|(low, high)| needs_log_scale(low, high));
        let scale = if is_log {
            ScaleKind::Log
        } else {
            ScaleKind::Linear
        };
        let quantity = match property {
            Property::Duration => Quantity::Duration,
            _ if !is_log && known().all(|n| n.fract() == 0.0) => Quantity::Integer,
            _ => Quantity::Number,
        };
        let axis = Axis::from_values(property.title(), quantity, scale, known());
        Self {
            axis: axis.with_margin(),
            values,
            is_categorical: false,
        }
    }

    fn categorical(property: &Property, texts: &[Option<String>]) -> Self {
        let mut names: Vec<&String> = texts.iter().flatten().collect();
        names.sort();
        names.dedup();
        let position = |text: &String| {
            let at = names.binary_search(&text).ok()?;
            Some(at.min(MAX_CATEGORIES) as f64)
        };
        let values = texts
            .iter()
            .map(|text| text.as_ref().and_then(position))
            .collect();
        let mut labels: Vec<String> = names
            .iter()
            .take(MAX_CATEGORIES)
            .map(|name| clean(name).into_owned())
            .collect();
        if names.len() > MAX_CATEGORIES {
            labels.push("others".into());
        }
        Self {
            axis: Axis::categorical(property.title(), labels),
            values,
            is_categorical: true,
        }
    }

    /// The position of a run on the axis, from 0 to 1.
    #[must_use]
    pub fn position(&self, run: usize) -> Option<f64> {
        self.axis.position(self.values.get(run).copied().flatten()?)
    }
}
