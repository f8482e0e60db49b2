//! Metric values and histories. Values can be NaN or infinite; a metric without a value is absent.

use std::cmp::Ordering;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ids::RunId;
use crate::text::untrusted::Untrusted;

/// A metric value: any f64. MLflow's SQL stores keep infinities as ±1.7976931348623157e308; this type
/// converts them back, so that all stores agree.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MetricValue(f64);

impl MetricValue {
    /// Converts a number from a store.
    #[must_use]
    pub fn new(value: f64) -> Self {
        if value.abs() >= f64::MAX {
            Self(f64::INFINITY.copysign(value))
        } else {
            Self(value)
        }
    }

    /// The number, possibly NaN or infinite.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }

    /// Whether the value is neither NaN nor infinite.
    #[must_use]
    pub fn is_finite(self) -> bool {
        self.0.is_finite()
    }

    /// Ascending with NaN last, as MLflow sorts.
    #[must_use]
    pub fn cmp_nan_last(self, other: Self) -> Ordering {
        self.0
            .is_nan()
            .cmp(&other.0.is_nan())
            .then_with(|| self.0.total_cmp(&other.0))
    }
}

impl Serialize for MetricValue {
    /// A number, or `"NaN"`, `"Infinity"`, `"-Infinity"` as in MLflow's JSON.
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
                reason = "MLflow stores every metric as f64"
            )]
            fn visit_i64<E>(self, value: i64) -> Result<MetricValue, E> {
                Ok(MetricValue::new(value as f64))
            }

            #[expect(
                clippy::cast_precision_loss,
                reason = "MLflow stores every metric as f64"
            )]
            fn visit_u64<E>(self, value: u64) -> Result<MetricValue, E> {
                Ok(MetricValue::new(value as f64))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<MetricValue, E> {
                // Rust's parser accepts "NaN", "Infinity" and "-Infinity" in any case.
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
    /// Such as `val/acc`.
    pub key: Untrusted,
    /// The value with the greatest step, then timestamp, then value.
    pub value: MetricValue,
    /// In ms since the epoch.
    pub timestamp: i64,
    /// Any i64.
    pub step: i64,
}

/// One logged point of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Any i64.
    pub step: i64,
    /// In ms since the epoch.
    pub timestamp: i64,
    /// Possibly NaN or infinite.
    pub value: MetricValue,
}

/// The history of one metric of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricHistory {
    /// The run that logged it.
    pub run: RunId,
    /// Key of the metric.
    pub key: Untrusted,
    /// Sorted by step, then timestamp; all points unless `is_sampled`.
    pub points: Vec<Point>,
    /// Whether the store sampled the points, so that spikes can be missing.
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
