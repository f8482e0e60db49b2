//! The run table and its rows.

use std::sync::OnceLock;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::cells::{CellValue, ColumnRef};
use super::column_vec::{ColumnVec, Nullable};
use super::columns::KeyedColumns;
use super::curves::CurvesByMetric;
use super::datasets::Datasets;
use super::interner::Interner;
use super::sort::newest_first;
use super::{Attribute, ColumnKey, ColumnSummary};
use crate::domain::{Millis, RunId, RunStatus};

/// A row of a table, valid as long as the table: rows are never removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowId(pub u32);

/// A columnar table of runs. Each column is one vector, and equal texts are stored once.
#[derive(Clone, Debug, Default)]
pub struct RunTable {
    pub(super) ids: Vec<RunId>,
    /// A bit for every ASCII character that occurs in an id; letters in lower case.
    pub(super) id_characters: u128,
    pub(super) row_index: HashTable<u32>,
    pub(super) hasher: DefaultHashBuilder,
    pub(super) interner: Interner,
    pub(super) status: Vec<RunStatus>,
    pub(super) deleted: Vec<bool>,
    pub(super) start: ColumnVec<i64>,
    pub(super) end: ColumnVec<i64>,
    pub(super) name: ColumnVec<u32>,
    pub(super) user: ColumnVec<u32>,
    pub(super) experiment: ColumnVec<u32>,
    pub(super) artifact_uri: ColumnVec<u32>,
    pub(super) datasets: Datasets,
    pub(super) metrics: KeyedColumns<u64>,
    pub(super) params: KeyedColumns<u32>,
    pub(super) tags: KeyedColumns<u32>,
    pub(super) stall_timeouts: StallTimeouts,
    pub(super) curves: CurvesByMetric,
    /// Whether values were appended that can't be read yet.
    pub(super) is_loose: bool,
    pub(super) version: u64,
    pub(super) derived: DerivedData,
}

/// Whether runs have stalled; read only for runs in status RUNNING.
#[derive(Clone, Debug, Default)]
pub(super) struct StallTimeouts {
    last_activity: ColumnVec<i64>,
    timeouts: ColumnVec<i64>,
}

/// What follows from the rows, computed at the first use after a change.
#[derive(Clone, Debug, Default)]
pub(super) struct DerivedData {
    newest_first: OnceLock<Vec<RowId>>,
    parents: OnceLock<Vec<Option<RowId>>>,
    has_children: OnceLock<Vec<bool>>,
    columns: OnceLock<Vec<ColumnKey>>,
}

impl RunTable {
    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether the table has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A number that changes whenever the content may have changed, for caches.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// All rows, in the order of their insertion.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = RowId> + use<> {
        (0..u32::try_from(self.len()).unwrap_or(u32::MAX)).map(RowId)
    }

    /// The ids of all runs, in the order of [`RunTable::rows`].
    #[must_use]
    pub fn run_ids(&self) -> &[RunId] {
        &self.ids
    }

    /// Finds the row of a run.
    #[must_use]
    pub fn row_of(&self, id: &RunId) -> Option<RowId> {
        self.find_row(id.raw())
    }

    /// The id of a row's run; an empty id for a row of another table.
    #[must_use]
    pub fn run_id(&self, row: RowId) -> &RunId {
        static UNKNOWN_ID: OnceLock<RunId> = OnceLock::new();
        self.ids
            .get(row.0 as usize)
            .unwrap_or_else(|| UNKNOWN_ID.get_or_init(RunId::default))
    }

    /// The name of a run, raw; empty if it has none.
    #[must_use]
    pub fn name(&self, row: RowId) -> &str {
        self.name.get(row.0).map_or("", |id| self.interner.get(id))
    }

    /// The status that the store records.
    #[must_use]
    pub fn status(&self, row: RowId) -> RunStatus {
        self.status
            .get(row.0 as usize)
            .copied()
            .unwrap_or(RunStatus::Unknown)
    }

    /// The id of a run's experiment, raw.
    #[must_use]
    pub fn experiment(&self, row: RowId) -> &str {
        self.experiment
            .get(row.0)
            .map_or("", |id| self.interner.get(id))
    }

    /// Whether a run is in MLflow's trash.
    #[must_use]
    pub fn is_deleted(&self, row: RowId) -> bool {
        self.deleted.get(row.0 as usize).copied().unwrap_or(false)
    }

    /// The start of a run, ms since the epoch.
    #[must_use]
    pub fn start_time(&self, row: RowId) -> Option<Millis> {
        self.start.get(row.0)
    }

    /// The parent of a nested run, if the table has it.
    #[must_use]
    pub fn parent(&self, row: RowId) -> Option<RowId> {
        self.derived
            .parents
            .get_or_init(|| self.find_parents())
            .get(row.0 as usize)
            .copied()
            .flatten()
    }

    /// Whether the table has a direct child of a run.
    #[must_use]
    pub fn has_children(&self, row: RowId) -> bool {
        let has_children = self.derived.has_children.get_or_init(|| {
            let mut has_children = vec![false; self.len()];
            for parent in self.rows().filter_map(|row| self.parent(row)) {
                has_children[parent.0 as usize] = true;
            }
            has_children
        });
        has_children.get(row.0 as usize).copied().unwrap_or(false)
    }

    /// Every column with a value in some row: attributes, then metrics, params and tags, each sorted by key.
    #[must_use]
    pub fn columns(&self) -> Vec<ColumnKey> {
        let columns = self.derived.columns.get_or_init(|| {
            let attributes = Attribute::ALL
                .into_iter()
                .map(ColumnKey::Attribute)
                .filter(|key| self.column(key).has_values());
            let metrics = self
                .metrics
                .keys()
                .into_iter()
                .cloned()
                .map(ColumnKey::Metric);
            let params = self
                .params
                .keys()
                .into_iter()
                .cloned()
                .map(ColumnKey::Param);
            let tags = self.tags.keys().into_iter().cloned().map(ColumnKey::Tag);
            attributes
                .chain(metrics)
                .chain(params)
                .chain(tags)
                .collect()
        });
        columns.clone()
    }

    /// Summarizes a column. Reads all of it; cache the result by [`RunTable::version`].
    #[must_use]
    pub fn summary(&self, column: &ColumnKey) -> ColumnSummary {
        self.column(column).summary()
    }

    /// The value of a cell; `now` (ms since the epoch) ends the duration of running runs.
    ///
    /// Looks the key up each time; for many rows, use [`RunTable::column`].
    #[must_use]
    pub fn cell(&self, row: RowId, column: &ColumnKey, now: Millis) -> CellValue<'_> {
        self.column(column).cell(row, now)
    }

    /// Looks up a column. An unknown key gives an empty column.
    #[must_use]
    pub fn column(&self, key: &ColumnKey) -> ColumnRef<'_> {
        ColumnRef::new(self, key)
    }

    /// The approximate size of the table in memory, in bytes.
    #[must_use]
    pub fn memory_usage(&self) -> usize {
        let ids: usize = self
            .ids
            .iter()
            .map(|id| size_of::<RunId>() + 16 + id.raw().len())
            .sum();
        let texts = [&self.name, &self.user, &self.experiment, &self.artifact_uri]
            .map(ColumnVec::memory_usage)
            .iter()
            .sum::<usize>();
        let times = self.start.memory_usage() + self.end.memory_usage();
        let keyed =
            self.metrics.memory_usage() + self.params.memory_usage() + self.tags.memory_usage();
        ids + 5 * self.row_index.capacity()
            + 2 * self.status.capacity()
            + self.interner.memory_usage()
            + texts
            + times
            + keyed
    }

    /// Sets how long a run may be silent after its last activity, in ms; [`RunTable::is_stalled`] and the filter `is:stalled` read
    /// it. `analysis::heartbeat` decides both.
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

    /// The last activity of a run in status RUNNING, ms since the epoch.
    #[must_use]
    pub fn last_activity(&self, row: RowId) -> Option<Millis> {
        self.stall_timeouts
            .last_activity
            .get(row.0)
            .filter(|_| self.status(row) == RunStatus::Running)
    }

    /// How long a run may be silent, in ms, if it is set.
    #[must_use]
    pub fn stall_timeout(&self, row: RowId) -> Option<Millis> {
        self.stall_timeouts.timeouts.get(row.0)
    }

    /// Whether a run in status RUNNING has been silent for longer than its timeout.
    #[must_use]
    pub fn is_stalled(&self, row: RowId, now: Millis) -> bool {
        let deadline = self
            .last_activity(row)
            .zip(self.stall_timeout(row))
            .map(|(last, timeout)| last.saturating_add(timeout));
        deadline.is_some_and(|end| now >= end)
    }

    /// All rows, newest first, as MLflow orders runs by default.
    pub(super) fn newest_first(&self) -> &[RowId] {
        self.derived.newest_first.get_or_init(|| newest_first(self))
    }

    /// Whether an id may contain a text, ignoring case. Most words have a letter that no id has, and searching 100,000 ids takes
    /// longer than a frame.
    pub(super) fn ids_may_contain(&self, text: &str) -> bool {
        text.bytes().all(|byte| {
            !byte.is_ascii() || self.id_characters >> byte.to_ascii_lowercase() & 1 == 1
        })
    }

    pub(super) fn find_row(&self, id: &str) -> Option<RowId> {
        use std::hash::BuildHasher;
        self.row_index
            .find(self.hasher.hash_one(id), |row| {
                self.ids
                    .get(*row as usize)
                    .is_some_and(|other| other.raw() == id)
            })
            .copied()
            .map(RowId)
    }

    fn find_parents(&self) -> Vec<Option<RowId>> {
        let parents = self.column(&ColumnKey::Attribute(Attribute::Parent));
        let find = |row| {
            parents
                .text(row)
                .and_then(|id| self.find_row(id))
                .filter(|parent| *parent != row)
        };
        self.rows().map(find).collect()
    }
}
