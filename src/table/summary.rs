//! Column summaries: counts, constants and numeric columns.

use super::cells::{ColumnData, ColumnRef};
use super::column_vec::{ColumnVec, Nullable};
use super::rows::RowId;
use crate::domain::RunStatus;

/// A summary of a column over all rows of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnSummary {
    /// The number of rows with a value.
    pub count: usize,
    /// Whether all rows are equal, a missing value being one more value.
    pub is_constant: bool,
    /// Whether every value that is present is a number.
    pub is_numeric: bool,
}

impl ColumnRef<'_> {
    /// Whether any row has a value.
    #[must_use]
    pub fn has_values(&self) -> bool {
        match self.data {
            ColumnData::Text(_) => self.table.rows().any(|row| self.text_id(row).is_some()),
            ColumnData::Duration => self.table.rows().any(|row| self.duration(row, 0).is_some()),
            _ => self.stored_count() > 0,
        }
    }

    /// Whether all rows are equal; stops at the first that differs. True for a column without values.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        match self.data {
            ColumnData::Text(_) | ColumnData::Duration => self.summary().is_constant,
            _ => {
                self.stored_count() == 0
                    || (self.stored_count() == self.table.len() && self.is_uniform())
            }
        }
    }

    /// The number of rows with a value. Texts and durations are counted row by row.
    #[must_use]
    pub fn count(&self) -> usize {
        match self.data {
            ColumnData::Text(_) | ColumnData::Duration => self.summary().count,
            _ => self.stored_count(),
        }
    }

    /// Summarizes the column. Reads all of it.
    #[must_use]
    pub fn summary(&self) -> ColumnSummary {
        match self.data {
            ColumnData::Text(_) => self.text_summary(),
            ColumnData::Duration => self.duration_summary(),
            _ => {
                let present = self.stored_count();
                ColumnSummary {
                    count: present,
                    is_constant: self.is_constant(),
                    is_numeric: present > 0 && self.is_numeric(),
                }
            }
        }
    }

    /// Whether every value is a number. True for a column without values.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        match self.data {
            ColumnData::Metric(_) | ColumnData::Time(_) | ColumnData::Duration => true,
            ColumnData::Param(values) | ColumnData::Tag(values) => {
                let mut last = None;
                // Neighbours are often equal.
                values.values().all(|id| {
                    last.replace(id) == Some(id) || self.table.interner.number(id).is_some()
                })
            }
            ColumnData::Absent
            | ColumnData::Text(_)
            | ColumnData::Status
            | ColumnData::Datasets
            | ColumnData::RunId => false,
        }
    }

    fn stored_count(&self) -> usize {
        match self.data {
            ColumnData::Absent => 0,
            ColumnData::Metric(values) => values.count(),
            ColumnData::Param(values) | ColumnData::Tag(values) | ColumnData::Text(values) => {
                values.count()
            }
            ColumnData::Time(values) => values.count(),
            ColumnData::Datasets => self.table.datasets.count(),
            ColumnData::Status | ColumnData::RunId | ColumnData::Duration => self.table.len(),
        }
    }

    fn is_uniform(&self) -> bool {
        match self.data {
            ColumnData::Metric(values) => all_equal(values),
            ColumnData::Param(values) | ColumnData::Tag(values) | ColumnData::Text(values) => {
                all_equal(values)
            }
            ColumnData::Time(values) => all_equal(values),
            ColumnData::Status => self.table.status.windows(2).all(|pair| pair[0] == pair[1]),
            ColumnData::Datasets => {
                let first = self.text_id(RowId(0));
                self.table.rows().all(|row| self.text_id(row) == first)
            }
            ColumnData::Absent => true,
            ColumnData::Duration | ColumnData::RunId => self.table.len() <= 1,
        }
    }

    /// Counts row by row, because stored texts may be empty.
    fn text_summary(&self) -> ColumnSummary {
        let mut rows = self.table.rows().map(|row| self.text_id(row));
        let first = rows.next().flatten();
        let mut summary = ColumnSummary {
            count: usize::from(first.is_some()),
            is_constant: true,
            is_numeric: false,
        };
        for text in rows {
            summary.count += usize::from(text.is_some());
            summary.is_constant &= text == first;
        }
        summary
    }

    /// The durations of running runs change, so a column with one of them is never constant.
    fn duration_summary(&self) -> ColumnSummary {
        let duration = |row| match self.table.end.get(row) {
            None if self.table.status(RowId(row)) == RunStatus::Running
                && self.table.start.get(row).is_some() =>
            {
                Some(None)
            }
            _ => self.duration(RowId(row), 0).map(Some),
        };
        let all = || self.table.rows().map(|row| duration(row.0));
        let first = all().next().flatten();
        let present = all().flatten().count();
        let is_constant = all().all(|duration| duration == first && duration != Some(None));
        ColumnSummary {
            count: present,
            is_constant,
            is_numeric: present > 0,
        }
    }
}

fn all_equal<T: Nullable>(values: &ColumnVec<T>) -> bool {
    let mut values = values.values();
    let first = values.next();
    values.all(|value| Some(value) == first)
}

#[cfg(test)]
mod tests {
    use super::super::test_data::run;
    use super::super::{Attribute, ColumnKey, ColumnSummary, RunTable};
    use crate::domain::{KeyValue, RunStatus};

    #[test]
    fn summary_detects_constant_and_numeric_columns() {
        let mut runs = [run("a"), run("b"), run("c")];
        for (run, (lr, opt)) in
            runs.iter_mut()
                .zip([("0.1", "adam"), ("1e-2", "adam"), ("3", "adam")])
        {
            run.params = vec![KeyValue::new("lr", lr), KeyValue::new("opt", opt)];
            run.start_time = Some(5);
        }
        runs[2].params.push(KeyValue::new("rare", "1"));
        runs[1].status = RunStatus::Running;
        let mut table = RunTable::default();
        table.upsert(&runs);
        let param = |key: &str| table.summary(&ColumnKey::Param(key.into()));
        let attribute = |attribute| table.summary(&ColumnKey::Attribute(attribute));
        assert_eq!(
            param("lr"),
            ColumnSummary {
                count: 3,
                is_constant: false,
                is_numeric: true
            }
        );
        assert_eq!(
            param("opt"),
            ColumnSummary {
                count: 3,
                is_constant: true,
                is_numeric: false
            }
        );
        assert_eq!(
            param("rare"),
            ColumnSummary {
                count: 1,
                is_constant: false,
                is_numeric: true
            }
        );
        assert_eq!(
            param("none"),
            ColumnSummary {
                count: 0,
                is_constant: true,
                is_numeric: false
            }
        );
        assert_eq!(
            attribute(Attribute::Start),
            ColumnSummary {
                count: 3,
                is_constant: true,
                is_numeric: true
            }
        );
        assert_eq!(
            attribute(Attribute::Duration),
            ColumnSummary {
                count: 1,
                is_constant: false,
                is_numeric: true
            }
        );
        assert_eq!(
            attribute(Attribute::Status),
            ColumnSummary {
                count: 3,
                is_constant: false,
                is_numeric: false
            }
        );
        assert_eq!(
            attribute(Attribute::Source),
            ColumnSummary {
                count: 0,
                is_constant: true,
                is_numeric: false
            }
        );
    }

    #[test]
    fn columns_lists_only_non_empty_columns_in_order() {
        let mut run = run("a");
        run.params = vec![KeyValue::new("b", "1"), KeyValue::new("a", "1")];
        run.tags = vec![KeyValue::new("mlflow.source.git.commit", "")];
        let mut table = RunTable::default();
        table.upsert(&[run]);
        let titles: Vec<String> = table.columns().iter().map(ToString::to_string).collect();
        assert_eq!(
            titles,
            [
                "status",
                "experiment_id",
                "run_id",
                "params.a",
                "params.b",
                "tags.mlflow.source.git.commit"
            ]
        );
    }
}
