//! Rows and cells: the store of the table.

use super::{ColumnKey, ColumnSummary};
use crate::domain::{Millis, Run, RunId, RunStatus};

/// A row of a table: valid as long as the table lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Row(pub u32);

/// What stands in a row under a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Nothing was recorded.
    Missing,
    /// A number: a metric (NaN and infinities among them), or a param that reads as one.
    Number(f64),
    /// Text from outside: to be drawn cleaned. For a param that reads as a number, this is its own spelling.
    Text(&'a str),
    /// A run's status.
    Status(RunStatus),
    /// A time, ms since the epoch.
    Time(Millis),
    /// A duration, ms.
    Duration(Millis),
}

/// A columnar table of runs.
#[derive(Clone, Debug, Default)]
pub struct RunTable {}

impl RunTable {
    /// Adds runs that are new, and updates those that are known. Returns how many were new.
    pub fn upsert(&mut self, runs: &[Run]) -> usize {
        let _ = runs;
        unimplemented!()
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        unimplemented!()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row of a run.
    #[must_use]
    pub fn row_of(&self, id: &RunId) -> Option<Row> {
        let _ = id;
        unimplemented!()
    }

    /// The run of a row.
    #[must_use]
    pub fn id(&self, row: Row) -> &RunId {
        let _ = row;
        unimplemented!()
    }

    /// The row of the run that this one is nested in, if that is in the table.
    #[must_use]
    pub fn parent(&self, row: Row) -> Option<Row> {
        let _ = row;
        unimplemented!()
    }

    /// Every column that some row has a value in: attributes first, then metrics, params and tags, each by key.
    #[must_use]
    pub fn columns(&self) -> Vec<ColumnKey> {
        unimplemented!()
    }

    /// What is known of a column.
    #[must_use]
    pub fn summary(&self, column: &ColumnKey) -> ColumnSummary {
        let _ = column;
        unimplemented!()
    }

    /// What stands in a row under a column; `now` (ms since the epoch) is for what still goes on.
    #[must_use]
    pub fn cell(&self, row: Row, column: &ColumnKey, now: Millis) -> Cell<'_> {
        let _ = (row, column, now);
        unimplemented!()
    }
}
