//! What is expected of runs that go on: when each last gave a sign of life, and how long it may be quiet. The rule by which that
//! is told is not the table's; what the table holds is what its status column and the filter `is:stalled` both read.

use super::rows::{Row, RunTable};
use super::slots::{Slot, Slots};
use crate::domain::{Millis, RunStatus};

/// What is expected of runs; only of those that say that they are running.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected {
    last: Slots<i64>,
    patience: Slots<i64>,
}

impl RunTable {
    /// Notes what is expected of a run: its last sign of life, ms since the epoch, and how long it may be quiet after it, in ms.
    pub fn expect(&mut self, row: Row, last: Option<Millis>, patience: Millis) {
        self.expected.last.set(row.0, last.unwrap_or(i64::MISSING));
        self.expected.patience.set(row.0, patience);
        self.version += 1;
    }

    /// The last sign of life of a run that says that it is running, ms since the epoch.
    #[must_use]
    pub fn last_sign(&self, row: Row) -> Option<Millis> {
        self.expected
            .last
            .get(row.0)
            .filter(|_| self.status(row) == RunStatus::Running)
    }

    /// How long a run may be quiet, in ms, where somebody said so.
    #[must_use]
    pub fn patience(&self, row: Row) -> Option<Millis> {
        self.expected.patience.get(row.0)
    }

    /// Whether a run says that it is running, and has been quiet for longer than is expected of it.
    #[must_use]
    pub fn is_stalled(&self, row: Row, now: Millis) -> bool {
        let end = self
            .last_sign(row)
            .zip(self.patience(row))
            .map(|(last, patience)| last.saturating_add(patience));
        end.is_some_and(|end| now >= end)
    }
}
