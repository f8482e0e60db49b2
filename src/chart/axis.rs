//! Axes: a range on a scale, and its ticks with their labels.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::scale::{Scale, ScaleKind};
use super::{ticks, time_labels};
use crate::analysis::stats::min_max;
use crate::text::duration::format_units;
use crate::text::{number, quantity};

/// The quantity on an axis, which decides its ticks and labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Quantity {
    /// Numbers.
    #[default]
    Number,
    /// Whole numbers, such as steps.
    Integer,
    /// Durations, in ms.
    Duration,
    /// Times, in ms since the epoch, shown in a zone.
    Time(TimeZone),
    /// Named positions: 0, 1, 2 …
    Categories(Arc<[String]>),
    /// No ticks.
    Hidden,
}

/// A labeled mark on an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// From 0 (left, bottom) to 1 (right, top).
    pub position: f64,
    /// Safe to draw.
    pub label: String,
}

/// A range of values on a scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Safe to draw.
    pub title: String,
    /// The quantity.
    pub quantity: Quantity,
    /// The scale.
    pub scale: Scale,
    /// The ends, as positions of the scale.
    scaled_range: (f64, f64),
}

/// The margin on each side, as a share of the range.
const MARGIN: f64 = 0.04;

impl Axis {
    /// An axis over the values that have a position on the scale. An empty range is widened.
    #[must_use]
    pub fn from_values(
        title: impl Into<String>,
        quantity: Quantity,
        kind: ScaleKind,
        values: impl Iterator<Item = f64> + Clone,
    ) -> Self {
        let greatest = values
            .clone()
            .filter(|value| value.is_finite())
            .fold(0.0, |most: f64, value| most.max(value.abs()));
        let scale = Scale::from_kind(kind, greatest);
        let positions = values
            .map(|value| scale.forward(value))
            .filter(|position| position.is_finite());
        Self {
            title: title.into(),
            quantity,
            scale,
            scaled_range: widen_if_empty(min_max(positions)),
        }
    }

    /// Adds a margin on both sides.
    #[must_use]
    pub fn with_margin(mut self) -> Self {
        let room = (self.scaled_range.1 / 2.0 - self.scaled_range.0 / 2.0) * 2.0 * MARGIN;
        if room.is_finite() {
            self.scaled_range = (self.scaled_range.0 - room, self.scaled_range.1 + room);
        }
        self
    }

    /// Replaces the range, unless it is empty on the scale.
    #[must_use]
    pub fn with_range(mut self, (low, high): (f64, f64)) -> Self {
        let ends = (self.scale.forward(low), self.scale.forward(high));
        if ends.0 < ends.1 {
            self.scaled_range = ends;
        }
        self
    }

    /// An axis of named positions, each in the middle of a unit.
    #[must_use]
    pub fn categorical(title: impl Into<String>, names: Vec<String>) -> Self {
        let scaled_range = (-0.5, names.len().max(1) as f64 - 0.5);
        Self {
            title: title.into(),
            quantity: Quantity::Categories(names.into()),
            scale: Scale::Linear,
            scaled_range,
        }
    }

    /// The position of a value: 0 to 1 within the range; absent if the scale has none.
    #[must_use]
    pub fn position(&self, value: f64) -> Option<f64> {
        let (low, high) = self.scaled_range;
        let scaled = self.scale.forward(value);
        // Halved first: the span of two finite numbers may be infinite.
        let at = (scaled / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
        at.is_finite().then_some(at)
    }

    /// The value at a position from 0 to 1.
    #[must_use]
    pub fn value_at(&self, at: f64) -> f64 {
        let (low, high) = self.scaled_range;
        self.scale.inverse(low * (1.0 - at) + high * at)
    }

    /// The values at the ends.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        (self.value_at(0.0), self.value_at(1.0))
    }

    /// About `target_count` ticks at round values, in ascending order.
    #[must_use]
    pub fn ticks(&self, target_count: usize) -> Vec<Tick> {
        if target_count == 0 {
            return Vec::new();
        }
        let tick = |value: f64, label: String| {
            Some(Tick {
                position: self.position(value)?,
                label,
            })
        };
        match &self.quantity {
            Quantity::Hidden => Vec::new(),
            Quantity::Categories(names) => {
                let every = names.len().div_ceil(target_count).max(1);
                names
                    .iter()
                    .enumerate()
                    .step_by(every)
                    .filter_map(|(at, name)| tick(at as f64, name.clone()))
                    .collect()
            }
            Quantity::Duration => {
                let (values, step) = ticks::time_ticks(self.range(), target_count, None);
                values
                    .into_iter()
                    .filter_map(|ms| tick(ms, duration_label(ms as i64, step)))
                    .collect()
            }
            Quantity::Time(zone) => {
                let (values, step) = ticks::time_ticks(self.range(), target_count, Some(zone));
                let labels = time_labels::tick_labels(&values, step, zone);
                let ticks = values.into_iter().zip(labels);
                ticks.filter_map(|(ms, label)| tick(ms, label)).collect()
            }
            Quantity::Number | Quantity::Integer => {
                let values = ticks::numeric_ticks(
                    self.scale,
                    self.scaled_range,
                    target_count,
                    self.quantity == Quantity::Integer,
                );
                let digits = distinct_digits(&values);
                values
                    .into_iter()
                    .filter_map(|value| tick(value, number::format_significant(value, digits)))
                    .collect()
            }
        }
    }

    /// Formats a value in the units of this axis.
    #[must_use]
    pub fn format_value(&self, value: f64) -> String {
        match &self.quantity {
            Quantity::Duration => quantity::format_duration(value as i64),
            Quantity::Time(zone) => time_labels::format_time(value as i64, zone),
            Quantity::Categories(names) => names
                .get(value.round().max(0.0) as usize)
                .cloned()
                .unwrap_or_default(),
            Quantity::Integer => number::format_exact(value.round()),
            Quantity::Number | Quantity::Hidden => number::format_exact(value),
        }
    }
}

fn widen_if_empty(range: Option<(f64, f64)>) -> (f64, f64) {
    let Some((low, high)) = range else {
        return (0.0, 1.0);
    };
    if low < high {
        return (low, high);
    }
    let room = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
    (low - room, high + room)
}

/// As many digits as distinguish all ticks.
fn distinct_digits(values: &[f64]) -> usize {
    let apart = |digits: &usize| {
        let mut texts: Vec<String> = values
            .iter()
            .map(|value| number::format_significant(*value, *digits))
            .collect();
        texts.dedup();
        texts.len() == values.len()
    };
    (number::TABLE_DIGITS..17).find(apart).unwrap_or(17)
}

fn duration_label(ms: i64, step: i64) -> String {
    match ms {
        0 => "0".to_owned(),
        _ => format_units(ms, step),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(axis: &Axis, target_count: usize) -> Vec<String> {
        axis.ticks(target_count)
            .into_iter()
            .map(|tick| tick.label)
            .collect()
    }

    #[test]
    fn tick_labels_follow_the_quantity() {
        let over = |quantity, values: [f64; 2]| {
            Axis::from_values("x", quantity, ScaleKind::Linear, values.into_iter())
        };
        assert_eq!(
            labels(&over(Quantity::Number, [0.0, 0.3]), 3),
            ["0", "0.1", "0.2", "0.3"]
        );
        assert_eq!(
            labels(&over(Quantity::Number, [1000.001, 1000.002]), 2),
            ["1000.001", "1000.0015", "1000.002"]
        );
        assert_eq!(
            labels(&over(Quantity::Duration, [0.0, 180_000.0]), 3),
            ["0", "1m", "2m", "3m"]
        );
        assert_eq!(
            labels(&over(Quantity::Time(TimeZone::UTC), [0.0, 7_200_000.0]), 2),
            ["Jan 01 1970 00:00", "01:00", "02:00"]
        );
        assert_eq!(
            labels(
                &Axis::categorical("param", vec!["lr".into(), "depth".into()]),
                9
            ),
            ["lr", "depth"]
        );
        assert_eq!(
            over(Quantity::Duration, [0.0, 1.0]).format_value(90_000.0),
            "1m 30s"
        );
    }

    #[test]
    fn empty_axis_still_has_a_range() {
        for values in [vec![], vec![f64::NAN], vec![3.0], vec![0.0, 0.0]] {
            let axis = Axis::from_values("y", Quantity::Number, ScaleKind::Log, values.into_iter());
            let (low, high) = axis.range();
            assert!(low < high, "{low} {high}");
        }
    }

    proptest! {
        #[test]
        fn every_value_is_within_the_axis(values in prop::collection::vec(-1e300_f64..1e300, 1..50)) {
            for kind in ScaleKind::ALL {
                let axis = Axis::from_values("y", Quantity::Number, kind, values.iter().copied()).with_margin();
                for position in values.iter().filter_map(|value| axis.position(*value)) {
                    prop_assert!((-1e-9..=1.0 + 1e-9).contains(&position), "{kind:?} {position}");
                }
                prop_assert!(axis.ticks(5).iter().all(|tick| (-1e-6..=1.0 + 1e-6).contains(&tick.position)));
            }
        }
    }
}
