//! Comparison: runs side by side, and only what differs.

use serde::Serialize;

use crate::domain::{Direction, Run, RunId, Untrusted};

/// The group that a row of a comparison belongs to, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RowKind {
    /// Name, status, start, duration, user.
    Attribute,
    /// A param.
    Param,
    /// The latest value of a metric.
    Metric,
    /// A tag that is not MLflow's own.
    Tag,
    /// A dataset, by its name and context: the digest.
    Dataset,
    /// Code: commit, branch, repository, dirty, source, entry point.
    Code,
    /// What it ran on and with.
    Environment,
}

/// One property of all compared runs.
#[derive(Clone, Debug, PartialEq)]
pub struct CompareRow {
    /// Its group.
    pub kind: RowKind,
    /// Its key.
    pub key: Untrusted,
    /// The value of each run as text, in the order of the runs; nothing where there is none.
    pub values: Vec<Option<Untrusted>>,
    /// The value of each run as a number, for metrics.
    pub numbers: Vec<Option<f64>>,
    /// Whether the runs differ in it. `1e-3` and `0.001` are equal; missing and empty are not.
    pub differs: bool,
    /// For metrics: which runs have the best value, by `direction`; empty when all are equal or there is one value.
    pub best: Vec<usize>,
    /// For metrics: value minus the baseline's, where both are numbers.
    pub delta: Vec<Option<f64>>,
    /// For metrics: which way it gets better.
    pub direction: Option<Direction>,
}

/// Runs side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The runs, in the order of the columns.
    pub runs: Vec<Run>,
    /// Which of them is the baseline.
    pub baseline: usize,
    /// Every property, by group, then by key.
    pub rows: Vec<CompareRow>,
}

impl Comparison {
    /// How many rows are equal in all runs.
    #[must_use]
    pub fn equal(&self) -> usize {
        self.rows.iter().filter(|row| !row.differs).count()
    }

    /// How many rows differ.
    #[must_use]
    pub fn differing(&self) -> usize {
        self.rows.len() - self.equal()
    }
}

/// Compares runs; the baseline is the one named, else the first.
#[must_use]
pub fn compare(runs: Vec<Run>, baseline: Option<&RunId>) -> Comparison {
    let _ = (runs, baseline);
    unimplemented!()
}
