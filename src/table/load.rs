//! Conversion of runs into rows, and back.

use std::hash::BuildHasher;

use super::column_vec::{ColumnVec, Nullable};
use super::interner::{Interner, canonical_bits};
use super::rows::{DerivedData, RowId, RunTable};
use super::{CellValue, ColumnKey};
use crate::domain::{
    KeyValue, Lifecycle, Metric, MetricValue, RUN_NAME_TAG, Run, RunId, RunPart, RunStatus,
    RunValues, USER_TAG, ValueKind,
};

impl RunTable {
    /// Adds new runs and updates known ones; a value that a run no longer has is removed from its row. Returns the number of
    /// new runs.
    pub fn upsert(&mut self, runs: &[Run]) -> usize {
        self.settle();
        let before = self.len();
        for run in runs {
            let row = self
                .find_row(run.id.raw())
                .map_or_else(|| self.push_row(&run.id), |row| row.0);
            self.set_attributes(row, run);
            self.set_values(row, run);
        }
        self.version += 1;
        self.derived = DerivedData::default();
        self.len() - before
    }

    /// Adds a page of a listing: new and known runs, and parts of runs that the table has. What a part holds can be read after
    /// the last page.
    pub fn add_page(&mut self, runs: &[Run], part: Option<&RunPart>, is_last: bool) {
        if !runs.is_empty() {
            self.upsert(runs);
        }
        if let Some(part) = part {
            self.append(part);
        }
        if is_last {
            self.settle();
        }
    }

    /// Adds values that the runs of the table lack, and ignores those of other runs.
    fn append(&mut self, part: &RunPart) {
        match part {
            RunPart::Values(values) => self.append_values(values),
            RunPart::Datasets(runs) => {
                for (id, inputs) in runs {
                    if let Some(row) = self.find_row(id.raw()) {
                        self.datasets.set(row.0, inputs, &mut self.interner);
                    }
                }
            }
        }
    }

    fn append_values(&mut self, values: &RunValues) {
        self.is_loose = true;
        let rows: Vec<Option<RowId>> = values.by_run().map(|run| self.find_row(run.id)).collect();
        let runs = || {
            rows.iter()
                .zip(values.by_run())
                .filter_map(|(row, run)| Some(((*row)?.0, run)))
        };
        match values.kind() {
            ValueKind::Metric => {
                let columns = self.metrics.column_indexes(values.keys());
                for (row, run) in runs() {
                    let cells = run
                        .numbers()
                        .map(|(key, number)| (columns[key], canonical_bits(number)));
                    self.metrics.append(row, cells);
                }
            }
            kind @ (ValueKind::Param | ValueKind::Tag) => {
                let texts = match kind {
                    ValueKind::Param => &mut self.params,
                    _ => &mut self.tags,
                };
                let columns = texts.column_indexes(values.keys());
                for (row, run) in runs() {
                    let cells = run
                        .texts()
                        .map(|(key, text)| (columns[key], self.interner.intern(text)));
                    texts.append(row, cells);
                }
            }
        }
        if values.kind() != ValueKind::Tag {
            return;
        }
        // Old versions of MLflow store the name and the user as tags only.
        for (tag, column) in [(RUN_NAME_TAG, &mut self.name), (USER_TAG, &mut self.user)] {
            let Some(index) = values.keys().iter().position(|key| key.raw() == tag) else {
                continue;
            };
            for (row, run) in runs()
                .filter(|(row, _)| column.get(*row).is_none())
                .collect::<Vec<_>>()
            {
                if let Some((_, text)) = run.texts().find(|(key, _)| *key == index) {
                    set_text(column, row, text, &mut self.interner);
                }
            }
        }
    }

    /// Makes appended values readable.
    fn settle(&mut self) {
        if !std::mem::take(&mut self.is_loose) {
            return;
        }
        self.metrics.settle();
        self.params.settle();
        self.tags.settle();
        self.version += 1;
        self.derived = DerivedData::default();
    }

    fn push_row(&mut self, id: &RunId) -> u32 {
        let row = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        // A copy: ids that are allocated one after another lie side by side in memory, and searches are four times as fast.
        self.ids.push(id.raw().into());
        for byte in id.raw().bytes().filter(u8::is_ascii) {
            self.id_characters |= 1 << byte.to_ascii_lowercase();
        }
        self.status.push(RunStatus::Unknown);
        self.deleted.push(false);
        let Self {
            row_index,
            ids,
            hasher,
            ..
        } = self;
        row_index.insert_unique(hasher.hash_one(id.raw()), row, |row| {
            hasher.hash_one(ids[*row as usize].raw())
        });
        row
    }

    fn set_attributes(&mut self, row: u32, run: &Run) {
        self.status[row as usize] = run.status;
        self.deleted[row as usize] = run.lifecycle == Lifecycle::Deleted;
        self.start.set(row, run.start_time.unwrap_or(i64::MISSING));
        self.end.set(row, run.end_time.unwrap_or(i64::MISSING));
        set_text(&mut self.name, row, run.name.raw(), &mut self.interner);
        set_text(&mut self.user, row, run.user.raw(), &mut self.interner);
        set_text(
            &mut self.experiment,
            row,
            run.experiment_id.raw(),
            &mut self.interner,
        );
        set_text(
            &mut self.artifact_uri,
            row,
            run.artifact_uri.raw(),
            &mut self.interner,
        );
        self.datasets.set(row, &run.datasets, &mut self.interner);
    }

    fn set_values(&mut self, row: u32, run: &Run) {
        let Self {
            metrics,
            params,
            tags,
            interner,
            ..
        } = self;
        metrics.set_row(
            row,
            run.metrics
                .iter()
                .map(|metric| (&metric.key, canonical_bits(metric.value.get()))),
        );
        params.set_row(
            row,
            run.params
                .iter()
                .map(|param| (&param.key, interner.intern(param.value.raw()))),
        );
        tags.set_row(
            row,
            run.tags
                .iter()
                .map(|tag| (&tag.key, interner.intern(tag.value.raw()))),
        );
    }

    pub(super) fn has_metric(&self, row: RowId, test: impl Fn(f64) -> bool) -> bool {
        self.metrics
            .row_values(row.0)
            .any(|bits| test(f64::from_bits(bits)))
    }

    /// Whether a param or a searchable tag has a text that `matching` marks, by its id.
    pub(super) fn has_text(&self, row: RowId, matching: &[bool]) -> bool {
        let is_match = |id: u32| matching.get(id as usize) == Some(&true);
        self.params.row_values(row.0).any(is_match)
            || self
                .tags
                .row_cells(row.0)
                .any(|(key, id)| is_match(id) && is_searchable_tag(key.raw()))
    }

    /// A copy of rows as runs, for analyses that outlive the table: attributes, params and the latest metrics. Tags, datasets,
    /// and steps and times of metrics are left out.
    #[must_use]
    pub fn to_runs(&self, rows: &[RowId]) -> Vec<Run> {
        let mut runs: Vec<Run> = rows.iter().map(|row| self.to_bare_run(*row)).collect();
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
                    (ColumnKey::Param(name), CellValue::Text(text)) => {
                        run.params.push(KeyValue::new(name.clone(), text));
                    }
                    _ => {}
                }
            }
        }
        runs
    }

    /// The tags of a run, MLflow's own included.
    #[must_use]
    pub fn tags_of(&self, row: RowId) -> Vec<KeyValue> {
        let columns = self.columns().into_iter();
        let tag = |key| match (&key, self.cell(row, &key, 0)) {
            (ColumnKey::Tag(name), CellValue::Text(text)) => {
                Some(KeyValue::new(name.clone(), text))
            }
            _ => None,
        };
        columns.filter_map(tag).collect()
    }

    fn to_bare_run(&self, row: RowId) -> Run {
        let mut run = Run::bare(self.run_id(row).clone(), self.experiment(row).into());
        run.name = self.name(row).into();
        run.status = self.status(row);
        run.start_time = self.start_time(row);
        run.end_time = self
            .end
            .get(row.0)
            .filter(|_| run.status != RunStatus::Running);
        run
    }
}

/// MLflow's own tags hold book-keeping, such as a history of models as JSON, but for these.
fn is_searchable_tag(key: &str) -> bool {
    const SEARCHABLE: [&str; 5] = [
        "mlflow.note.content",
        "mlflow.source.name",
        "mlflow.source.git.branch",
        "mlflow.source.git.commit",
        "mlflow.user",
    ];
    !key.starts_with("mlflow.") || SEARCHABLE.contains(&key)
}

/// Empty text counts as missing.
fn set_text(column: &mut ColumnVec<u32>, row: u32, text: &str, texts: &mut Interner) {
    column.set(
        row,
        if text.is_empty() {
            u32::MISSING
        } else {
            texts.intern(text)
        },
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::test_data::{any_runs, run};
    use super::*;

    /// Every cell of a run that has a value.
    fn non_missing_cells(table: &RunTable, id: &RunId) -> Vec<(ColumnKey, String)> {
        let row = table.row_of(id).unwrap();
        let cells = table
            .columns()
            .into_iter()
            .map(|key| (format!("{:?}", table.cell(row, &key, 0)), key));
        let mut cells: Vec<(ColumnKey, String)> = cells
            .filter(|(cell, _)| cell != "Missing")
            .map(|(cell, key)| (key, cell))
            .collect();
        // The order of columns depends on the other rows.
        cells.sort_by_key(|(key, _)| format!("{key:?}"));
        cells
    }

    fn metric(key: &str, value: f64) -> Metric {
        Metric {
            key: key.into(),
            value: MetricValue::new(value),
            timestamp: 0,
            step: 0,
        }
    }

    #[test]
    fn upsert_updates_the_row_and_drops_removed_values() {
        let mut running = run("a");
        running.status = RunStatus::Running;
        running.params = vec![KeyValue::new("lr", "0.1"), KeyValue::new("old", "x")];
        running.metrics = vec![metric("loss", 1.0)];
        let mut table = RunTable::default();
        assert_eq!(table.upsert(&[running.clone(), run("b")]), 2);
        let row = table.row_of(&"a".into()).unwrap();

        let mut done = running;
        done.status = RunStatus::Finished;
        done.params.pop();
        done.metrics = vec![metric("acc", 0.5), metric("loss", f64::NAN)];
        assert_eq!(table.upsert(&[done, run("c")]), 1);

        assert_eq!(table.row_of(&"a".into()), Some(row));
        assert_eq!(table.status(row), RunStatus::Finished);
        assert_eq!(
            table.cell(row, &ColumnKey::Param("old".into()), 0),
            CellValue::Missing
        );
        assert_eq!(
            table.cell(row, &ColumnKey::Metric("acc".into()), 0),
            CellValue::Number(0.5)
        );
        assert!(
            matches!(table.cell(row, &ColumnKey::Metric("loss".into()), 0), CellValue::Number(v) if v.is_nan())
        );
        assert!(
            !table.columns().contains(&ColumnKey::Param("old".into())),
            "a column without values is not listed"
        );
        assert!(table.has_metric(row, f64::is_nan));
    }

    #[test]
    fn rare_keys_use_little_memory() {
        let runs: Vec<Run> = (0..12_000)
            .map(|n| {
                let mut run = run(&format!("{n:032x}"));
                run.metrics = vec![metric(&format!("metric {n}"), 1.0)];
                run
            })
            .collect();
        let mut table = RunTable::default();
        table.upsert(&runs);
        assert_eq!(
            table
                .columns()
                .iter()
                .filter(|key| matches!(key, ColumnKey::Metric(_)))
                .count(),
            12_000
        );
        assert!(
            table.memory_usage() / 12_000 < 1_500,
            "{} bytes a run",
            table.memory_usage() / 12_000
        );
    }

    proptest! {
        #[test]
        fn last_upsert_of_a_run_wins(runs in any_runs()) {
            let mut table = RunTable::default();
            for run in &runs {
                let new = table.row_of(&run.id).is_none();
                prop_assert_eq!(table.upsert(std::slice::from_ref(run)), usize::from(new));
            }
            let mut last: Vec<&Run> = Vec::new();
            for run in runs.iter().rev() {
                if !last.iter().any(|there| there.id == run.id) {
                    last.push(run);
                }
            }
            prop_assert_eq!(table.len(), last.len());
            for run in last {
                let mut alone = RunTable::default();
                alone.upsert(std::slice::from_ref(run));
                prop_assert_eq!(non_missing_cells(&table, &run.id), non_missing_cells(&alone, &run.id));
            }
        }

        #[test]
        fn upsert_is_idempotent(runs in any_runs()) {
            let mut table = RunTable::default();
            table.upsert(&runs);
            let once: Vec<_> = table.run_ids().iter().map(|id| non_missing_cells(&table, id)).collect();
            prop_assert_eq!(table.upsert(&runs), 0);
            prop_assert_eq!(table.run_ids().iter().map(|id| non_missing_cells(&table, id)).collect::<Vec<_>>(), once);
        }
    }
}
