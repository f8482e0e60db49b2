//! The documented shapes of `--json`: fields named as MLflow names them, times in ms since the epoch, ids and version
//! numbers as strings. Once released, fields are added here, never renamed.

mod comparison;
mod importance;
mod registry;
mod review;
mod run;

pub use comparison::{CompareRecord, RowRecord};
pub use importance::ImportanceRecord;
pub use registry::{ModelRecord, VersionRecord};
pub use review::ArtifactDiff;
pub(super) use review::review;
pub use run::{BestRecord, ExperimentRecord, GoalRecord, RunRecord};

use serde::{Serialize, Serializer};

use crate::domain::{KeyValue, MetricValue, StoreError};
use crate::text::Untrusted;

/// A JSON object of keys in the store's order. The store keeps one value a key.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderedMap<V>(pub Vec<(Untrusted, V)>);

impl<V: Serialize> Serialize for OrderedMap<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl From<&Vec<KeyValue>> for OrderedMap<Untrusted> {
    fn from(pairs: &Vec<KeyValue>) -> Self {
        Self(
            pairs
                .iter()
                .map(|pair| (pair.key.clone(), pair.value.clone()))
                .collect(),
        )
    }
}

/// The latest values of a run's metrics.
fn metrics(metrics: &[crate::domain::Metric]) -> OrderedMap<MetricValue> {
    OrderedMap(
        metrics
            .iter()
            .map(|metric| (metric.key.clone(), metric.value))
            .collect(),
    )
}

/// An error on stderr: `{"error": {…}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorRecord {
    /// The error.
    pub error: ErrorBody,
}

/// What an error says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorBody {
    /// A stable word.
    pub code: String,
    /// What failed.
    pub message: String,
    /// Why it failed.
    pub cause: Option<Untrusted>,
    /// What to do next.
    #[serde(rename = "next")]
    pub hint: Option<String>,
}

impl From<&StoreError> for ErrorRecord {
    fn from(fault: &StoreError) -> Self {
        Self {
            error: ErrorBody {
                code: fault.kind.code().into(),
                message: fault.what.clone(),
                cause: Some(fault.why.clone()),
                hint: Some(fault.hint().into()),
            },
        }
    }
}

#[cfg(test)]
mod tests;
