//! Cells: what stands in a row under a column.

use super::column::ColumnKey;
use super::column_vec::ColumnVec;
use super::rows::{RowId, RunTable};
use crate::domain::{Millis, RunId, RunStatus};

/// What stands in a row under a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CellValue<'a> {
    /// Nothing was recorded.
    Missing,
    /// A number: a metric, NaN and infinities among them.
    Number(f64),
    /// Text from outside: to be drawn cleaned. A param that reads as a number is told in its own spelling, and sorted
    /// as the number; [`super::ColumnSummary::numeric`] says when a whole column is of that kind.
    Text(&'a str),
    /// A run's status.
    Status(RunStatus),
    /// A time, ms since the epoch.
    Time(Millis),
    /// A duration, ms.
    Duration(Millis),
}

/// A column of a table, looked up once for many rows. Its cells cost an array's index, or a binary search among the
/// few rows that have a rare key.
#[derive(Clone, Copy, Debug)]
pub struct ColumnRef<'t> {
    pub(super) table: &'t RunTable,
    pub(super) data: ColumnData<'t>,
}

/// Where a column's values are.
#[derive(Clone, Copy, Debug)]
pub(super) enum ColumnData<'t> {
    Absent,
    Metric(&'t ColumnVec<u64>),
    /// Params: each value is sorted as what it is.
    Param(&'t ColumnVec<u32>),
    /// Tags and ids of experiments: sorted as numbers if all of them are.
    Tag(&'t ColumnVec<u32>),
    /// Names and such: always text. Empty text, as a tag may have, counts as missing.
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

    /// What stands in a row; `now` (ms since the epoch) is for what still goes on.
    #[must_use]
    pub fn cell(&self, row: RowId, now: Millis) -> CellValue<'t> {
        match self.data {
            ColumnData::Absent => CellValue::Missing,
            ColumnData::Metric(slots) => slots.get(row.0).map_or(CellValue::Missing, |bits| {
                CellValue::Number(f64::from_bits(bits))
            }),
            ColumnData::Time(slots) => slots.get(row.0).map_or(CellValue::Missing, CellValue::Time),
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

    /// What a row has as a number: a metric, a time or a duration in ms, a param or a tag that reads as one.
    #[must_use]
    pub fn number(&self, row: RowId, now: Millis) -> Option<f64> {
        match self.data {
            ColumnData::Metric(slots) => slots.get(row.0).map(f64::from_bits),
            ColumnData::Time(slots) => slots.get(row.0).map(|ms| ms as f64),
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

    /// What a row has as text: a param, a tag, a name, an id, a status in MLflow's spelling.
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

    /// The number of a row's interned text.
    pub(super) fn text_id(&self, row: RowId) -> Option<u32> {
        match self.data {
            ColumnData::Param(slots) | ColumnData::Tag(slots) => slots.get(row.0),
            ColumnData::Text(slots) => slots
                .get(row.0)
                .filter(|id| !self.table.interner.get(*id).is_empty()),
            ColumnData::Datasets => self.table.datasets.label_id(row.0),
            _ => None,
        }
    }

    /// How long a run took, or has taken until `now`. Clocks that disagree give nothing.
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
