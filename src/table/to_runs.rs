//! Rows back as runs, for what is concluded from runs.

use super::{Attribute, CellValue, ColumnKey, RowId, RunTable};
use crate::domain::{KeyValue, Metric, MetricValue, Run, RunStatus};

impl RunTable {
    /// These rows as runs: with what a listing tells of them, params and metrics; steps and times of metrics are not kept in a table.
    #[must_use]
    pub fn to_runs(&self, rows: &[RowId]) -> Vec<Run> {
        let mut runs: Vec<Run> = rows.iter().map(|row| self.bare_run(*row)).collect();
        for key in self.columns() {
            let column = self.column(&key);
            for (row, run) in rows.iter().zip(&mut runs) {
                match (&key, column.cell(*row, 0)) {
                    (ColumnKey::Metric(name), CellValue::Number(value)) => {
                        run.metrics.push(Metric {
                            key: name.clone(),
                            value: MetricValue::new(value),
                            timestamp: 0,
                            step: 0,
                        });
                    }
                    (ColumnKey::Param(name), _) => {
                        if let Some(text) = column.text(*row) {
                            run.params.push(KeyValue {
                                key: name.clone(),
                                value: text.into(),
                            });
                        }
                    }
                    _ => {}
                }
            }
        }
        runs
    }

    fn bare_run(&self, row: RowId) -> Run {
        let mut run = Run::bare(self.run_id(row).clone(), self.experiment(row).into());
        let attribute = |attribute| self.cell(row, &ColumnKey::Attribute(attribute), 0);
        run.name = self.name(row).into();
        run.status = if let CellValue::Status(status) = attribute(Attribute::Status) {
            status
        } else {
            RunStatus::Unknown
        };
        run.start_time = self.start_time(row);
        if let (CellValue::Duration(duration), Some(start)) =
            (attribute(Attribute::Duration), run.start_time)
        {
            run.end_time = Some(start + duration).filter(|_| run.status != RunStatus::Running);
        }
        run
    }
}
