//! Summaries: what is known of a whole column.

use super::ColumnSummary;
use super::cells::{ColumnRef, Values};
use super::rows::Row;
use super::slots::{Slot, Slots};
use crate::domain::RunStatus;

impl ColumnRef<'_> {
    /// Whether any row has a value.
    #[must_use]
    pub fn is_used(&self) -> bool {
        match self.values {
            Values::Label(_) => self.table.rows().any(|row| self.text_number(row).is_some()),
            Values::Duration => self.table.rows().any(|row| self.duration(row, 0).is_some()),
            _ => self.filled() > 0,
        }
    }

    /// Whether every row has the same in it; stops at the first that hasn't. True of a column without values.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        match self.values {
            Values::Label(_) | Values::Duration => self.summary().constant,
            _ => self.filled() == 0 || (self.filled() == self.table.len() && self.is_uniform()),
        }
    }

    /// How many rows have a value. Tags that an attribute stands for, and durations, are counted one by one.
    #[must_use]
    pub fn present(&self) -> usize {
        match self.values {
            Values::Label(_) | Values::Duration => self.summary().present,
            _ => self.filled(),
        }
    }

    /// What is known of the column. Reads all of it.
    #[must_use]
    pub fn summary(&self) -> ColumnSummary {
        match self.values {
            Values::Label(_) => self.label_summary(),
            Values::Duration => self.duration_summary(),
            _ => {
                let present = self.filled();
                ColumnSummary {
                    present,
                    constant: self.is_constant(),
                    numeric: present > 0 && self.is_numeric(),
                }
            }
        }
    }

    /// Whether every value that is there is a number. True of a column without values.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        match self.values {
            Values::Metric(_) | Values::Time(_) | Values::Duration => true,
            Values::Param(slots) | Values::Tag(slots) => {
                let mut last = None;
                // Neighbours are often equal.
                slots
                    .values()
                    .all(|id| last.replace(id) == Some(id) || self.table.texts.number(id).is_some())
            }
            Values::Absent
            | Values::Label(_)
            | Values::Status
            | Values::Datasets
            | Values::RunId => false,
        }
    }

    fn filled(&self) -> usize {
        match self.values {
            Values::Absent => 0,
            Values::Metric(slots) => slots.filled(),
            Values::Param(slots) | Values::Tag(slots) | Values::Label(slots) => slots.filled(),
            Values::Time(slots) => slots.filled(),
            Values::Datasets => self.table.datasets.filled(),
            Values::Status | Values::RunId | Values::Duration => self.table.len(),
        }
    }

    fn is_uniform(&self) -> bool {
        match self.values {
            Values::Metric(slots) => uniform(slots),
            Values::Param(slots) | Values::Tag(slots) | Values::Label(slots) => uniform(slots),
            Values::Time(slots) => uniform(slots),
            Values::Status => self.table.status.windows(2).all(|pair| pair[0] == pair[1]),
            Values::Datasets => {
                let first = self.text_number(Row(0));
                self.table.rows().all(|row| self.text_number(row) == first)
            }
            Values::Absent => true,
            Values::Duration | Values::RunId => self.table.len() <= 1,
        }
    }

    /// Empty tags are no labels, so that they are counted one by one.
    fn label_summary(&self) -> ColumnSummary {
        let mut rows = self.table.rows().map(|row| self.text_number(row));
        let first = rows.next().flatten();
        let mut summary = ColumnSummary {
            present: usize::from(first.is_some()),
            constant: true,
            numeric: false,
        };
        for text in rows {
            summary.present += usize::from(text.is_some());
            summary.constant &= text == first;
        }
        summary
    }

    /// A run that still goes on has a duration that differs from one moment to the next.
    fn duration_summary(&self) -> ColumnSummary {
        let duration = |row| match self.table.end.get(row) {
            None if self.table.status(Row(row)) == RunStatus::Running
                && self.table.start.get(row).is_some() =>
            {
                Some(None)
            }
            _ => self.duration(Row(row), 0).map(Some),
        };
        let all = || self.table.rows().map(|row| duration(row.0));
        let first = all().next().flatten();
        let present = all().flatten().count();
        let constant = all().all(|duration| duration == first && duration != Some(None));
        ColumnSummary {
            present,
            constant,
            numeric: present > 0,
        }
    }
}

fn uniform<T: Slot>(slots: &Slots<T>) -> bool {
    let mut values = slots.values();
    let first = values.next();
    values.all(|value| Some(value) == first)
}

#[cfg(test)]
mod tests {
    use super::super::sample::run;
    use super::super::{Attribute, ColumnKey, ColumnSummary, RunTable};
    use crate::domain::{Pair, RunStatus};

    #[test]
    fn a_summary_tells_constant_and_numeric_columns() {
        let mut runs = [run("a"), run("b"), run("c")];
        for (run, (lr, opt)) in
            runs.iter_mut()
                .zip([("0.1", "adam"), ("1e-2", "adam"), ("3", "adam")])
        {
            run.params = vec![Pair::new("lr", lr), Pair::new("opt", opt)];
            run.start_time = Some(5);
        }
        runs[2].params.push(Pair::new("rare", "1"));
        runs[1].status = RunStatus::Running;
        let mut table = RunTable::default();
        table.upsert(&runs);
        let param = |key: &str| table.summary(&ColumnKey::Param(key.into()));
        let attribute = |attribute| table.summary(&ColumnKey::Attribute(attribute));
        assert_eq!(
            param("lr"),
            ColumnSummary {
                present: 3,
                constant: false,
                numeric: true
            }
        );
        assert_eq!(
            param("opt"),
            ColumnSummary {
                present: 3,
                constant: true,
                numeric: false
            }
        );
        assert_eq!(
            param("rare"),
            ColumnSummary {
                present: 1,
                constant: false,
                numeric: true
            }
        );
        assert_eq!(
            param("none"),
            ColumnSummary {
                present: 0,
                constant: true,
                numeric: false
            }
        );
        assert_eq!(
            attribute(Attribute::Start),
            ColumnSummary {
                present: 3,
                constant: true,
                numeric: true
            }
        );
        assert_eq!(
            attribute(Attribute::Duration),
            ColumnSummary {
                present: 1,
                constant: false,
                numeric: true
            }
        );
        assert_eq!(
            attribute(Attribute::Status),
            ColumnSummary {
                present: 3,
                constant: false,
                numeric: false
            }
        );
        assert_eq!(
            attribute(Attribute::Source),
            ColumnSummary {
                present: 0,
                constant: true,
                numeric: false
            }
        );
    }

    #[test]
    fn only_columns_with_a_value_are_listed_in_order() {
        let mut run = run("a");
        run.params = vec![Pair::new("b", "1"), Pair::new("a", "1")];
        run.tags = vec![Pair::new("mlflow.source.git.commit", "")];
        let mut table = RunTable::default();
        table.upsert(&[run]);
        let shown: Vec<String> = table.columns().iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
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
