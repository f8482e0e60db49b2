//! Properties of runs as places on an axis: params and metrics, numbers or words.

use super::axis::{Axis, Quantity};
use super::scale::ScaleKind;
use crate::domain::Run;
use crate::text::Untrusted;

/// A property of runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Property {
    /// A param.
    Param(Untrusted),
    /// The latest value of a metric.
    Metric(Untrusted),
    /// How long it took, in ms.
    Duration,
}

impl Property {
    /// Its name, safe to draw; a param and a metric of one name are told apart by the caller's context.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Param(key) | Self::Metric(key) => key.clean().into_owned(),
            Self::Duration => "duration".into(),
        }
    }

    fn text(&self, run: &Run) -> Option<String> {
        match self {
            Self::Param(key) => run
                .params
                .iter()
                .find(|param| param.key == *key)
                .map(|param| param.value.raw().to_owned()),
            Self::Metric(key) => run.metric(key.raw()).map(|value| value.get().to_string()),
            Self::Duration => run
                .end_time
                .and_then(|end| run.duration(end))
                .map(|ms| ms.to_string()),
        }
    }
}

/// A property of certain runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension {
    /// Its axis.
    pub axis: Axis,
    /// Where each run is on it; nothing for one that has no place.
    pub values: Vec<Option<f64>>,
    /// Whether its values are words, each with a place of its own.
    pub is_categorical: bool,
}

/// A property spans so many decades before its axis is logarithmic.
const LOG_SCALE_DECADES: f64 = 2.0;
/// The most words that have places of their own; the rest share the last one.
const MAX_CATEGORIES: usize = 24;

impl Dimension {
    /// A property of runs: on a linear or, above two decades, a logarithmic axis for numbers; on named places for words.
    #[must_use]
    pub fn new(runs: &[Run], property: &Property) -> Self {
        let texts: Vec<Option<String>> = runs.iter().map(|run| property.text(run)).collect();
        let numbers: Option<Vec<Option<f64>>> = texts
            .iter()
            .map(|text| {
                text.as_ref()
                    .map_or(Some(None), |text| text.trim().parse::<f64>().ok().map(Some))
            })
            .collect();
        match numbers {
            Some(numbers) => Self::numeric(
                property,
                numbers
                    .into_iter()
                    .map(|n| n.filter(|n| n.is_finite()))
                    .collect(),
            ),
            None => Self::categorical(property, &texts),
        }
    }

    fn numeric(property: &Property, values: Vec<Option<f64>>) -> Self {
        let known = || values.iter().flatten().copied();
        let (low, high) = known().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), n| {
            (l.min(n), h.max(n))
        });
        let is_log = low > 0.0 && (high / low).log10() > LOG_SCALE_DECADES;
        let scale = if is_log {
            ScaleKind::Log
        } else {
            ScaleKind::Linear
        };
        let quantity = match property {
            Property::Duration => Quantity::Duration,
            _ if known().all(|n| n.fract() == 0.0) && !is_log => Quantity::Integer,
            _ => Quantity::Number,
        };
        let axis = Axis::from_values(
            property.title(),
            quantity,
            scale,
            values
                .clone()
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .into_iter(),
        );
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
        let place = |text: &String| {
            names
                .binary_search(&text)
                .ok()
                .map(|at| at.min(MAX_CATEGORIES) as f64)
        };
        let values = texts
            .iter()
            .map(|text| text.as_ref().and_then(place))
            .collect();
        let mut labels: Vec<String> = names
            .iter()
            .take(MAX_CATEGORIES)
            .map(|name| crate::text::untrusted::clean(name).into_owned())
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

    /// Where a run is on the axis, from 0 to 1.
    #[must_use]
    pub fn position(&self, run: usize) -> Option<f64> {
        self.axis.position(self.values.get(run).copied().flatten()?)
    }
}
