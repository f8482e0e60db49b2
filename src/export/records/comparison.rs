//! Comparisons.

use serde::Serialize;

use super::RunRecord;
use crate::analysis::{Comparison, ComparisonRow, RowKind};
use crate::domain::{MetricValue, RunId};
use crate::text::Untrusted;

/// Runs side by side. Attributes are not among the rows: the runs themselves tell them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CompareRecord {
    /// The id of the baseline; nothing when there are no runs.
    pub baseline: Option<RunId>,
    /// The runs, in the order of the values.
    pub runs: Vec<RunRecord>,
    /// What was compared.
    pub rows: Vec<RowRecord>,
    /// How many properties are equal in all runs.
    pub equal: usize,
    /// How many differ.
    pub differing: usize,
}

/// One property of all runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RowRecord {
    /// Its group.
    pub kind: RowKind,
    /// Its key.
    pub key: Untrusted,
    /// The value of each run: text, for metrics a number; null where there is none.
    pub values: Vec<Option<CompareValue>>,
    /// Whether the runs differ in it.
    pub differs: bool,
    /// For metrics: the places of the best runs.
    pub best: Vec<usize>,
    /// For metrics: value minus the baseline's; null where either is no number.
    pub delta: Vec<Option<f64>>,
}

/// A compared value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum CompareValue {
    /// A metric's.
    Number(MetricValue),
    /// Anything else's.
    Text(Untrusted),
}

impl CompareRecord {
    /// The record of a comparison; with `only_differing`, of the rows that differ. The counts are of all rows.
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
