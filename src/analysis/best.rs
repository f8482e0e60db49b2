//! The best run by a goal.

use crate::domain::{Goal, MetricValue, Run, RunId};

/// Why a run was not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LeftOut {
    /// It is in the trash.
    Deleted,
    /// It has not finished, or failed.
    NotFinished,
    /// It never logged the metric.
    NoValue,
    /// The value is NaN or infinite.
    NotANumber,
}

impl LeftOut {
    /// In words: `12 had no value`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::NotFinished => "not finished",
            Self::NoValue => "without the metric",
            Self::NotANumber => "NaN or infinite",
        }
    }
}

/// The best run and what was looked at to find it.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// The best run; of several that are equal, the one that started first.
    pub run: RunId,
    /// Its value.
    pub value: MetricValue,
    /// Other runs with the same value.
    pub ties: Vec<RunId>,
    /// How many runs were looked at.
    pub considered: usize,
    /// How many were left out, and why.
    pub left_out: Vec<(LeftOut, usize)>,
}

/// The best of `runs` by `goal`, among the active, finished ones whose value is a number; with `any_status`
/// also those that run or failed. Nothing when no run is left; the reasons are then in the error.
///
/// # Errors
/// When every run was left out: how many, and why.
pub fn best<'a>(runs: impl IntoIterator<Item = &'a Run>, goal: &Goal, any_status: bool) -> Result<Best, Vec<(LeftOut, usize)>> {
    let _ = (runs.into_iter().count(), goal, any_status);
    unimplemented!()
}
