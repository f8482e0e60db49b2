//! Axes: a range on a scale, and its ticks with their labels.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::scale::{Scale, ScaleKind};
use super::ticks;
use crate::text::duration::format_units;
use crate::text::{number, quantity};

/// What the numbers of an axis are.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Quantity {
    /// Numbers.
    #[default]
    Number,
    /// Whole numbers, such as steps.
    Integer,
    /// Spans of time, in ms.
    Duration,
    /// Times, in ms since the epoch, told in a zone.
    Time(TimeZone),
    /// Places with names of their own: 0, 1, 2 …
    Categories(Arc<[String]>),
    /// Nothing that is told.
    Hidden,
}

/// A tick.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where it stands, from 0 (left, bottom) to 1 (right, top).
    pub position: f64,
    /// What it says, safe to draw.
    pub label: String,
}

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it is of, safe to draw.
    pub title: String,
    /// What its numbers are.
    pub quantity: Quantity,
    /// How values are spread.
    pub scale: Scale,
    /// The least and the greatest value, in the scale's own places.
    scaled_range: (f64, f64),
}

/// How much room is left beyond the values, as a part of their range.
const MARGIN: f64 = 0.04;

impl Axis {
    /// An axis from the least to the greatest of these values that has a place on the scale; one that has no width gets some.
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
        let places = values
            .map(|value| scale.forward(value))
            .filter(|place| place.is_finite());
        let ends = places.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), place| {
            (low.min(place), high.max(place))
        });
        Self {
            title: title.into(),
            quantity,
            scale,
            scaled_range: widen_if_empty(ends),
        }
    }

    /// The same with some room beyond its ends.
    #[must_use]
    pub fn with_margin(mut self) -> Self {
        let room = (self.scaled_range.1 / 2.0 - self.scaled_range.0 / 2.0) * 2.0 * MARGIN;
        if room.is_finite() {
            self.scaled_range = (self.scaled_range.0 - room, self.scaled_range.1 + room);
        }
        self
    }

    /// The same between these values, where they have a place and are apart.
    #[must_use]
    pub fn with_range(mut self, (low, high): (f64, f64)) -> Self {
        let ends = (self.scale.forward(low), self.scale.forward(high));
        if ends.0 < ends.1 {
            self.scaled_range = ends;
        }
        self
    }

    /// An axis of named places, each in the middle of its stretch.
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

    /// Where a value stands: from 0 to 1 within the ends, below and above beyond them; nothing for one that has no place.
    #[must_use]
    pub fn position(&self, value: f64) -> Option<f64> {
        let (low, high) = self.scaled_range;
        let place = self.scale.forward(value);
        // Halved first: the span of two finite numbers may be infinite.
        let at = (place / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
        at.is_finite().then_some(at)
    }

    /// The value at a place from 0 to 1.
    #[must_use]
    pub fn value_at(&self, at: f64) -> f64 {
        let (low, high) = self.scaled_range;
        self.scale.inverse(low * (1.0 - at) + high * at)
    }

    /// The values at its ends.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        (self.value_at(0.0), self.value_at(1.0))
    }

    /// Round ticks, about `wanted` of them, in ascending order.
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
                values
                    .into_iter()
                    .filter_map(|ms| tick(ms, format_time(ms as i64, step, zone)))
                    .collect()
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

    /// A value as it is read off this axis.
    #[must_use]
    pub fn format_value(&self, value: f64) -> String {
        match &self.quantity {
            Quantity::Duration => quantity::format_duration(value as i64),
            Quantity::Time(zone) => format_time(value as i64, 1_000, zone),
            Quantity::Categories(names) => names
                .get(value.round().max(0.0) as usize)
                .cloned()
                .unwrap_or_default(),
            Quantity::Integer => number::format_exact(value.round()),
            Quantity::Number | Quantity::Hidden => number::format_exact(value),
        }
    }
}

fn widen_if_empty((low, high): (f64, f64)) -> (f64, f64) {
    if !(low.is_finite() && high.is_finite()) {
        return (0.0, 1.0);
    }
    if low < high {
        return (low, high);
    }
    let room = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
    (low - room, high + room)
}

/// As many digits as tell all ticks apart.
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

/// A time as short as the step between ticks allows.
fn format_time(ms: i64, step: i64, zone: &TimeZone) -> String {
    let format = match step {
        _ if step >= 86_400_000 => "%b %d",
        _ if step >= 60_000 => "%b %d %H:%M",
        _ => "%H:%M:%S",
    };
    let at = jiff::Timestamp::from_millisecond(ms);
    at.map_or_else(
        |_| ms.to_string(),
        |at| {
            at.to_zoned_datetime(zone.clone())
                .strftime(format)
                .to_string()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(axis: &Axis, wanted: usize) -> Vec<String> {
        axis.ticks(wanted)
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
            ["Jan 01 00:00", "Jan 01 01:00", "Jan 01 02:00"]
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
                for place in values.iter().filter_map(|value| axis.position(*value)) {
                    prop_assert!((-1e-9..=1.0 + 1e-9).contains(&place), "{kind:?} {place}");
                }
                prop_assert!(axis.ticks(5).iter().all(|tick| (-1e-6..=1.0 + 1e-6).contains(&tick.position)));
            }
        }
    }
}
