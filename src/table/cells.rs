//! Cells: what stands in a row under a column.

use super::curves::Fact;
use super::rows::{Row, RunTable};
use super::slots::Slots;
use super::{Attribute, ColumnKey};
use crate::domain::{Millis, RunId, RunStatus};

/// What stands in a row under a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
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
    pub(super) values: Values<'t>,
}

/// Where a column's values are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Values<'t> {
    Absent,
    Metric(&'t Slots<u64>),
    /// Params: each value is sorted as what it is.
    Param(&'t Slots<u32>),
    /// Tags and ids of experiments: sorted as numbers if all of them are.
    Tag(&'t Slots<u32>),
    /// Names and such: always text. Empty text, as a tag may have, counts as missing.
    Label(&'t Slots<u32>),
    Status,
    Time(&'t Slots<i64>),
    Duration,
    Datasets,
    RunId,
}

impl<'t> ColumnRef<'t> {
    pub(super) fn new(table: &'t RunTable, key: &ColumnKey) -> Self {
        let label = |tag: &str| table.tags.get(tag).map_or(Values::Absent, Values::Label);
        let values = match key {
            ColumnKey::Metric(key) => table
                .metrics
                .get(key.raw())
                .map_or(Values::Absent, Values::Metric),
            ColumnKey::Param(key) => table
                .params
                .get(key.raw())
                .map_or(Values::Absent, Values::Param),
            ColumnKey::Tag(key) => table
                .tags
                .get(key.raw())
                .map_or(Values::Absent, Values::Tag),
            ColumnKey::Curve(Fact::Verdict, key) => table
                .curves
                .verdicts(key.raw())
                .map_or(Values::Absent, Values::Label),
            ColumnKey::Curve(fact, key) => table
                .curves
                .numbers(*fact, key.raw())
                .map_or(Values::Absent, Values::Metric),
            ColumnKey::Attribute(attribute) => match attribute {
                Attribute::Status => Values::Status,
                Attribute::Name => Values::Label(&table.name),
                Attribute::Start => Values::Time(&table.start),
                Attribute::End => Values::Time(&table.end),
                Attribute::Duration => Values::Duration,
                Attribute::User => Values::Label(&table.user),
                Attribute::Source => label("mlflow.source.name"),
                Attribute::Commit => label("mlflow.source.git.commit"),
                Attribute::Datasets => Values::Datasets,
                Attribute::Experiment => Values::Tag(&table.experiment),
                Attribute::RunId => Values::RunId,
                Attribute::Parent => label("mlflow.parentRunId"),
                Attribute::ArtifactUri => Values::Label(&table.artifact_uri),
            },
        };
        Self { table, values }
    }

    /// What stands in a row; `now` (ms since the epoch) is for what still goes on.
    #[must_use]
    pub fn cell(&self, row: Row, now: Millis) -> Cell<'t> {
        match self.values {
            Values::Absent => Cell::Missing,
            Values::Metric(slots) => slots
                .get(row.0)
                .map_or(Cell::Missing, |bits| Cell::Number(f64::from_bits(bits))),
            Values::Time(slots) => slots.get(row.0).map_or(Cell::Missing, Cell::Time),
            Values::Duration => self
                .duration(row, now)
                .map_or(Cell::Missing, Cell::Duration),
            Values::Status => self
                .table
                .status
                .get(row.0 as usize)
                .map_or(Cell::Missing, |status| Cell::Status(*status)),
            Values::Param(_)
            | Values::Tag(_)
            | Values::Label(_)
            | Values::Datasets
            | Values::RunId => self.text(row).map_or(Cell::Missing, Cell::Text),
        }
    }

    /// What a row has as a number: a metric, a time or a duration in ms, a param or a tag that reads as one.
    #[must_use]
    pub fn number(&self, row: Row, now: Millis) -> Option<f64> {
        match self.values {
            Values::Metric(slots) => slots.get(row.0).map(f64::from_bits),
            Values::Time(slots) => slots.get(row.0).map(|ms| ms as f64),
            Values::Duration => self.duration(row, now).map(|ms| ms as f64),
            Values::Param(_) | Values::Tag(_) => self
                .text_number(row)
                .and_then(|id| self.table.texts.number(id)),
            Values::Absent
            | Values::Label(_)
            | Values::Status
            | Values::Datasets
            | Values::RunId => None,
        }
    }

    /// What a row has as text: a param, a tag, a name, an id, a status in MLflow's spelling.
    #[must_use]
    pub fn text(&self, row: Row) -> Option<&'t str> {
        match self.values {
            Values::Status => self
                .table
                .status
                .get(row.0 as usize)
                .map(|status| status.as_str()),
            Values::RunId => self.table.ids.get(row.0 as usize).map(RunId::raw),
            _ => self.text_number(row).map(|id| self.table.texts.get(id)),
        }
    }

    /// Whether a row has a value.
    #[must_use]
    pub fn is_present(&self, row: Row, now: Millis) -> bool {
        self.cell(row, now) != Cell::Missing
    }

    /// The number of a row's interned text.
    pub(super) fn text_number(&self, row: Row) -> Option<u32> {
        match self.values {
            Values::Param(slots) | Values::Tag(slots) => slots.get(row.0),
            Values::Label(slots) => slots
                .get(row.0)
                .filter(|id| !self.table.texts.get(*id).is_empty()),
            Values::Datasets => self.table.datasets.shown(row.0),
            _ => None,
        }
    }

    /// How long a run took, or has taken until `now`. Clocks that disagree give nothing.
    pub(super) fn duration(&self, row: Row, now: Millis) -> Option<Millis> {
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
    use super::super::sample::run;
    use super::*;
    use crate::domain::{DatasetInput, Pair};
    use crate::text::Untrusted;

    #[test]
    fn attributes_come_from_where_mlflow_keeps_them() {
        let mut run = run("r1");
        run.status = RunStatus::Running;
        run.start_time = Some(1_000);
        run.tags = vec![
            Pair::new("mlflow.source.name", "/home/ada/train.py"),
            Pair::new("mlflow.source.git.commit", "c0ffee"),
            Pair::new("mlflow.parentRunId", ""),
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
        let cell = |attribute| table.cell(Row(0), &ColumnKey::Attribute(attribute), 61_000);
        assert_eq!(cell(Attribute::Source), Cell::Text("/home/ada/train.py"));
        assert_eq!(cell(Attribute::Commit), Cell::Text("c0ffee"));
        assert_eq!(cell(Attribute::Parent), Cell::Missing);
        assert_eq!(
            cell(Attribute::Datasets),
            Cell::Text("iris@abcd, moons@ef01")
        );
        assert_eq!(cell(Attribute::Duration), Cell::Duration(60_000));
        assert_eq!(cell(Attribute::End), Cell::Missing);
        assert_eq!(cell(Attribute::Status), Cell::Status(RunStatus::Running));
    }

    #[test]
    fn a_param_keeps_its_spelling_and_reads_as_a_number() {
        let mut run = run("r1");
        run.params = vec![Pair::new("lr", "1e-03")];
        let mut table = RunTable::default();
        table.upsert(&[run]);
        let column = table.column(&ColumnKey::Param("lr".into()));
        assert_eq!(column.cell(Row(0), 0), Cell::Text("1e-03"));
        assert_eq!(column.number(Row(0), 0), Some(0.001));
        assert_eq!(
            table
                .column(&ColumnKey::Param("none".into()))
                .cell(Row(0), 0),
            Cell::Missing
        );
    }
}
