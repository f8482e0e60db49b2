//! What is expected of runs that go on: when each last gave a sign of life, and how long it may be quiet. The rule by which that
//! is told is not the table's; what the table holds is what its status column and the filter `is:stalled` both read.

use super::column_vec::{ColumnVec, Nullable};
use super::rows::{RowId, RunTable};
use crate::domain::{Millis, RunStatus};

/// What is expected of runs; only of those that say that they are running.
#[derive(Clone, Debug, Default)]
pub(super) struct StallTimeouts {
    last_activity: ColumnVec<i64>,
    timeouts: ColumnVec<i64>,
}

impl RunTable {
    /// Notes what is expected of a run: its last sign of life, ms since the epoch, and how long it may be quiet after it, in ms.
    pub fn set_stall_timeout(
        &mut self,
        row: RowId,
        last_activity: Option<Millis>,
        timeout: Millis,
    ) {
        self.stall_timeouts
            .last_activity
            .set(row.0, last_activity.unwrap_or(i64::MISSING));
        self.stall_timeouts.timeouts.set(row.0, timeout);
        self.version += 1;
    }

    /// The last sign of life of a run that says that it is running, ms since the epoch.
    #[must_use]
    pub fn last_activity(&self, row: RowId) -> Option<Millis> {
        self.stall_timeouts
            .last_activity
            .get(row.0)
            .filter(|_| self.status(row) == RunStatus::Running)
    }

    /// How long a run may be quiet, in ms, where somebody said so.
    #[must_use]
    pub fn stall_timeout(&self, row: RowId) -> Option<Millis> {
        self.stall_timeouts.timeouts.get(row.0)
    }

    /// Whether a run says that it is running, and has been quiet for longer than is expected of it.
    #[must_use]
    pub fn is_stalled(&self, row: RowId, now: Millis) -> bool {
        let deadline = self
            .last_activity(row)
            .zip(self.stall_timeout(row))
            .map(|(last, patience)| last.saturating_add(patience));
        deadline.is_some_and(|end| now >= end)
    }
}
