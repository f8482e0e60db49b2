//! Cell values, and columns as they are read.

use super::column::ColumnKey;
use super::column_vec::ColumnVec;
use super::rows::{RowId, RunTable};
use crate::domain::{Millis, RunId, RunStatus};

/// The value of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CellValue<'a> {
    /// No value was recorded.
    Missing,
    /// A metric; may be NaN or infinite.
    Number(f64),
    /// Untrusted text, raw. A param that parses as a number keeps its spelling here and sorts as the number.
    Text(&'a str),
    /// The status of a run.
    Status(RunStatus),
    /// A time, ms since the epoch.
    Time(Millis),
    /// A duration, ms.
    Duration(Millis),
}

/// A column of a table, looked up once for many rows. A cell costs an index into a vector, or a binary search if few rows have the
/// key.
#[derive(Clone, Copy, Debug)]
pub struct ColumnRef<'t> {
    pub(super) table: &'t RunTable,
    pub(super) data: ColumnData<'t>,
}

/// Where a column's values are stored, which also decides how they sort.
#[derive(Clone, Copy, Debug)]
pub(super) enum ColumnData<'t> {
    Absent,
    Metric(&'t ColumnVec<u64>),
    /// Each value sorts as a number if it is one, else as text.
    Param(&'t ColumnVec<u32>),
    /// All values sort as numbers if all of them are, else as text.
    Tag(&'t ColumnVec<u32>),
    /// Sorts as text. Empty text counts as missing.
    Text(&'t ColumnVec<u32>),
    Status,
    Time(&'t ColumnVec<i64>),
    Duration,
    Datasets,
    RunId,
}

impl<'t> ColumnRef<'t> {
    pub(super) fn new(table: &'t RunTable, key: &ColumnKey) -> Self {
        let data = (key.kind().data)(table, key.key());
        Self { table, data }
    }

    /// The value in a row; `now` (ms since the epoch) ends the duration of running runs.
    #[must_use]
    pub fn cell(&self, row: RowId, now: Millis) -> CellValue<'t> {
        match self.data {
            ColumnData::Absent => CellValue::Missing,
            ColumnData::Metric(values) => values.get(row.0).map_or(CellValue::Missing, |bits| {
                CellValue::Number(f64::from_bits(bits))
            }),
            ColumnData::Time(values) => values
                .get(row.0)
                .map_or(CellValue::Missing, CellValue::Time),
            ColumnData::Duration => self
                .duration(row, now)
                .map_or(CellValue::Missing, CellValue::Duration),
            ColumnData::Status => self
                .table
                .status
                .get(row.0 as usize)
                .map_or(CellValue::Missing, |status| CellValue::Status(*status)),
            ColumnData::Param(_)
            | ColumnData::Tag(_)
            | ColumnData::Text(_)
            | ColumnData::Datasets
            | ColumnData::RunId => self.text(row).map_or(CellValue::Missing, CellValue::Text),
        }
    }

    /// The value as a number: a metric, a time or a duration in ms, or a param or tag that parses as one.
    #[must_use]
    pub fn number(&self, row: RowId, now: Millis) -> Option<f64> {
        match self.data {
            ColumnData::Metric(values) => values.get(row.0).map(f64::from_bits),
            ColumnData::Time(values) => values.get(row.0).map(|ms| ms as f64),
            ColumnData::Duration => self.duration(row, now).map(|ms| ms as f64),
            ColumnData::Param(_) | ColumnData::Tag(_) => self
                .text_id(row)
                .and_then(|id| self.table.interner.number(id)),
            ColumnData::Absent
            | ColumnData::Text(_)
            | ColumnData::Status
            | ColumnData::Datasets
            | ColumnData::RunId => None,
        }
    }

    /// The value as raw text: a param, a tag, a name, an id, or MLflow's name of a status.
    #[must_use]
    pub fn text(&self, row: RowId) -> Option<&'t str> {
        match self.data {
            ColumnData::Status => self
                .table
                .status
                .get(row.0 as usize)
                .map(|status| status.as_str()),
            ColumnData::RunId => self.table.ids.get(row.0 as usize).map(RunId::raw),
            _ => self.text_id(row).map(|id| self.table.interner.get(id)),
        }
    }

    /// Whether a row has a value.
    #[must_use]
    pub fn is_present(&self, row: RowId, now: Millis) -> bool {
        self.cell(row, now) != CellValue::Missing
    }

    /// The id of a row's interned text.
    pub(super) fn text_id(&self, row: RowId) -> Option<u32> {
        match self.data {
            ColumnData::Param(values) | ColumnData::Tag(values) => values.get(row.0),
            ColumnData::Text(values) => values
                .get(row.0)
                .filter(|id| !self.table.interner.get(*id).is_empty()),
            ColumnData::Datasets => self.table.datasets.label_id(row.0),
            _ => None,
        }
    }

    /// Whether the value is the duration of a run that still runs.
    pub(super) fn is_running_duration(&self, row: RowId) -> bool {
        matches!(self.data, ColumnData::Duration)
            && self.table.status(row) == RunStatus::Running
            && self.table.end.get(row.0).is_none()
    }

    /// The duration in ms, until `now` for running runs. A run that ends before it starts has none.
    pub(super) fn duration(&self, row: RowId, now: Millis) -> Option<Millis> {
        let start = self.table.start.get(row.0)?;
        let end = match self.table.end.get(row.0) {
            Some(end) => end,
            None if self.table.status(row) == RunStatus::Running => now,
            None => return None,
        };
        end.checked_sub(start).filter(|ms| *ms >= 0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Attribute;
    use super::super::test_data::run;
    use super::*;
    use crate::domain::{DatasetInput, KeyValue};
    use crate::text::Untrusted;

    #[test]
    fn attributes_are_read_from_mlflow_tags() {
        let mut run = run("r1");
        run.status = RunStatus::Running;
        run.start_time = Some(1_000);
        run.tags = vec![
            KeyValue::new("mlflow.source.name", "/home/ada/train.py"),
            KeyValue::new("mlflow.source.git.commit", "c0ffee"),
            KeyValue::new("mlflow.parentRunId", ""),
        ];
        let part = |name: &str, digest: &str| DatasetInput {
            name: name.into(),
            digest: digest.into(),
            source_type: Untrusted::default(),
            source: Untrusted::default(),
            schema: None,
            profile: None,
            context: None,
        };
        run.datasets = vec![part("iris", "abcd"), part("moons", "ef01")];
        let mut table = RunTable::default();
        table.upsert(&[run]);
        let cell = |attribute| table.cell(RowId(0), &ColumnKey::Attribute(attribute), 61_000);
        assert_eq!(
            cell(Attribute::Source),
            CellValue::Text("/home/ada/train.py")
        );
        assert_eq!(cell(Attribute::Commit), CellValue::Text("c0ffee"));
        assert_eq!(cell(Attribute::Parent), CellValue::Missing);
        assert_eq!(
            cell(Attribute::Datasets),
            CellValue::Text("iris@abcd, moons@ef01")
        );
        assert_eq!(cell(Attribute::Duration), CellValue::Duration(60_000));
        assert_eq!(cell(Attribute::End), CellValue::Missing);
        assert_eq!(
            cell(Attribute::Status),
            CellValue::Status(RunStatus::Running)
        );
    }

    #[test]
    fn params_keep_spelling_and_parse_as_numbers() {
        let mut run = run("r1");
        run.params = vec![KeyValue::new("lr", "1e-03")];
        let mut table = RunTable::default();
        table.upsert(&[run]);
        let column = table.column(&ColumnKey::Param("lr".into()));
        assert_eq!(column.cell(RowId(0), 0), CellValue::Text("1e-03"));
        assert_eq!(column.number(RowId(0), 0), Some(0.001));
        assert_eq!(
            table
                .column(&ColumnKey::Param("none".into()))
                .cell(RowId(0), 0),
            CellValue::Missing
        );
    }
}
