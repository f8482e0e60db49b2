//! Comparisons.

use serde::Serialize;

use super::RunRecord;
use crate::analysis::{Comparison, ComparisonRow, RowKind};
use crate::domain::{MetricValue, RunId};
use crate::text::Untrusted;

/// A comparison of runs. Rows have no attributes: the runs have them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CompareRecord {
    /// The baseline's id; null without runs.
    pub baseline: Option<RunId>,
    /// In the order of each row's values.
    pub runs: Vec<RunRecord>,
    /// The compared properties.
    pub rows: Vec<RowRecord>,
    /// The number of properties that are equal in all runs.
    pub equal: usize,
    /// The number of properties that differ.
    pub differing: usize,
}

/// One property of all runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RowRecord {
    /// The group of the property.
    pub kind: RowKind,
    /// The property within its group.
    pub key: Untrusted,
    /// Per run: a number for metrics, else a string; null if absent.
    pub values: Vec<Option<CompareValue>>,
    /// Whether the runs differ in it.
    pub differs: bool,
    /// For metrics: the indices of the best runs.
    pub best: Vec<usize>,
    /// For metrics: the value minus the baseline's; null unless both are numbers.
    pub delta: Vec<Option<f64>>,
}

/// A compared value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum CompareValue {
    /// Of a metric.
    Number(MetricValue),
    /// Of any other property.
    Text(Untrusted),
}

impl CompareRecord {
    /// The record of a comparison, perhaps with only the rows that differ. Counts always cover all rows.
    #[must_use]
    pub fn new(comparison: &Comparison, only_differing: bool) -> Self {
        let compared = || {
            comparison
                .rows
                .iter()
                .filter(|row| row.kind != RowKind::Attribute)
        };
        Self {
            baseline: comparison
                .runs
                .get(comparison.baseline)
                .map(|run| run.id.clone()),
            runs: comparison.runs.iter().map(RunRecord::from).collect(),
            rows: compared()
                .filter(|row| row.differs || !only_differing)
                .map(RowRecord::from)
                .collect(),
            equal: compared().filter(|row| !row.differs).count(),
            differing: compared().filter(|row| row.differs).count(),
        }
    }
}

impl From<&ComparisonRow> for RowRecord {
    fn from(row: &ComparisonRow) -> Self {
        let values = if row.kind == RowKind::Metric {
            row.numbers
                .iter()
                .map(|number| number.map(|number| CompareValue::Number(MetricValue::new(number))))
                .collect()
        } else {
            row.values
                .iter()
                .map(|value| value.clone().map(CompareValue::Text))
                .collect()
        };
        Self {
            kind: row.kind,
            key: row.key.clone(),
            values,
            differs: row.differs,
            best: row.best_runs.clone(),
            delta: row.delta.clone(),
        }
    }
}
