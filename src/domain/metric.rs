//! Metric values and histories. A value may be NaN or infinite; a missing value is an absent metric.

use std::cmp::Ordering;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ids::RunId;
use crate::text::untrusted::Untrusted;

/// A metric's value: any f64. MLflow's SQL stores keep an infinity as ±1.7976931348623157e308, which this
/// type takes back to an infinity, so that every store says the same.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MetricValue(f64);

impl MetricValue {
    /// Takes a number as a store gave it.
    #[must_use]
    pub fn new(value: f64) -> Self {
        if value.abs() >= f64::MAX {
            Self(f64::INFINITY.copysign(value))
        } else {
            Self(value)
        }
    }

    /// The number; NaN and infinities are themselves.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }

    /// Whether this is a number that can be ranked: neither NaN nor infinite.
    #[must_use]
    pub fn is_finite(self) -> bool {
        self.0.is_finite()
    }

    /// Ascending order with NaN after every number, as MLflow sorts.
    #[must_use]
    pub fn cmp_nan_last(self, other: Self) -> Ordering {
        self.0
            .is_nan()
            .cmp(&other.0.is_nan())
            .then_with(|| self.0.total_cmp(&other.0))
    }
}

impl Serialize for MetricValue {
    /// A number, or `"NaN"`, `"Infinity"`, `"-Infinity"`, as MLflow's own JSON spells them.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            v if v.is_nan() => serializer.serialize_str("NaN"),
            v if v.is_infinite() => {
                serializer.serialize_str(if v > 0.0 { "Infinity" } else { "-Infinity" })
            }
            v => serializer.serialize_f64(v),
        }
    }
}

impl<'de> Deserialize<'de> for MetricValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueVisitor;
        impl Visitor<'_> for ValueVisitor {
            type Value = MetricValue;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number, \"NaN\", \"Infinity\" or \"-Infinity\"")
            }

            fn visit_f64<E>(self, value: f64) -> Result<MetricValue, E> {
                Ok(MetricValue::new(value))
            }

            #[expect(
                clippy::cast_precision_loss,
                reason = "a metric is an f64 wherever MLflow keeps it"
            )]
            fn visit_i64<E>(self, value: i64) -> Result<MetricValue, E> {
                Ok(MetricValue::new(value as f64))
            }

            #[expect(
                clippy::cast_precision_loss,
                reason = "a metric is an f64 wherever MLflow keeps it"
            )]
            fn visit_u64<E>(self, value: u64) -> Result<MetricValue, E> {
                Ok(MetricValue::new(value as f64))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<MetricValue, E> {
                // Rust's own parser takes "NaN", "Infinity", "-Infinity" and numbers, in any case.
                text.trim()
                    .parse()
                    .map(MetricValue::new)
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Str("text"), &self))
            }
        }
        deserializer
            .deserialize_any(ValueVisitor)
            .map_err(D::Error::custom)
    }
}

/// The latest value of one metric of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// The metric's key, such as `val/acc`.
    pub key: Untrusted,
    /// The latest value: of the greatest step, then time, then value.
    pub value: MetricValue,
    /// When it was logged, ms since the epoch.
    pub timestamp: i64,
    /// At which step it was logged.
    pub step: i64,
}

/// One logged point of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The step it was logged at; any i64.
    pub step: i64,
    /// When it was logged, ms since the epoch.
    pub timestamp: i64,
    /// What was logged.
    pub value: MetricValue,
}

/// The points of one metric of one run, in the order of step, then time.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricHistory {
    /// Whose history this is.
    pub run: RunId,
    /// Of which metric.
    pub key: Untrusted,
    /// The points; all of them unless `sampled`.
    pub points: Vec<Point>,
    /// Whether the store thinned the points out, so that a spike may be missing.
    pub is_sampled: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<f64> {
        serde_json::from_str::<MetricValue>(json)
            .ok()
            .map(MetricValue::get)
    }

    #[test]
    fn all_value_spellings_deserialize() {
        assert_eq!(read("0.5"), Some(0.5));
        assert_eq!(read("3"), Some(3.0));
        assert_eq!(read("\"1e-3\""), Some(0.001));
        assert!(read("\"NaN\"").is_some_and(f64::is_nan));
        assert_eq!(read("\"-Infinity\""), Some(f64::NEG_INFINITY));
        assert_eq!(read("1.7976931348623157e308"), Some(f64::INFINITY));
        assert_eq!(read("\"high\""), None);
        assert_eq!(read("null"), None);
    }

    #[test]
    fn nan_sorts_last() {
        let mut values = [f64::NAN, 1.0, f64::INFINITY, -0.5].map(MetricValue::new);
        values.sort_by(|a, b| a.cmp_nan_last(*b));
        assert_eq!(
            values.map(|v| serde_json::to_string(&v).unwrap_or_default()),
            ["-0.5", "1.0", "\"Infinity\"", "\"NaN\""]
        );
    }
}
