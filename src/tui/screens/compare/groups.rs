//! Turning the comparison: runs as lines, and runs of one value together.

use super::CompareScreen;
use crate::analysis::{compare_groups, compare_with_directions};
use crate::text::Untrusted;
use crate::tui::app::dialogs::{Dialog, Picker, PickerItem};
use crate::tui::app::shared::{Choice, Navigate, UpdateContext};

impl CompareScreen {
    /// Makes lines of columns, and columns of lines; the cursor stays on its value.
    pub(super) fn transpose(&mut self) {
        let run = self.selected_run();
        let key = self.selected_row().map(|row| (row.kind, row.key.clone()));
        self.is_transposed = !self.is_transposed;
        let is_it = |row: &crate::analysis::ComparisonRow| {
            key.as_ref()
                .is_some_and(|(kind, key)| row.kind == *kind && row.key == *key)
        };
        if self.is_transposed {
            self.selected_column = self.properties().into_iter().position(is_it).unwrap_or(0);
            self.cursor.index = run;
        } else {
            self.cursor.index = self
                .visible_lines()
                .iter()
                .position(|line| matches!(line, super::CompareLine::Row(row) if is_it(row)))
                .unwrap_or(0);
            self.selected_column = run;
        }
    }

    /// Offers the params by which runs can be put together.
    pub(super) fn choose_group(&self, context: &mut UpdateContext<'_>) {
        let runs = if self.group_key.is_some() {
            &self.ungrouped_runs
        } else {
            self.data
                .get()
                .map_or(&self.ungrouped_runs, |data| &data.runs)
        };
        let mut keys: Vec<&Untrusted> = runs
            .iter()
            .flat_map(|run| &run.params)
            .map(|param| &param.key)
            .collect();
        keys.sort();
        keys.dedup();
        let groups = |key: &Untrusted| {
            let mut values: Vec<_> = runs
                .iter()
                .map(|run| {
                    run.params
                        .iter()
                        .find(|param| param.key == *key)
                        .map(|p| &p.value)
                })
                .collect();
            values.sort();
            values.dedup();
            values.len()
        };
        let each = PickerItem {
            label: "every run by itself".into(),
            detail: String::new(),
            choice: Choice::CompareBy(None),
        };
        let by = keys.into_iter().map(|key| PickerItem {
            label: format!("by {}", key.clean()),
            detail: format!("{} groups", groups(key)),
            choice: Choice::CompareBy(Some(key.clone())),
        });
        let picker = Picker::new(
            "compare groups: means and how far they spread",
            [each].into_iter().chain(by).collect(),
        );
        context
            .navigation
            .push(Navigate::OpenDialog(Box::new(Dialog::Picker(picker))));
    }

    /// Compares groups of runs by a param, or the runs again.
    pub(super) fn group_by(&mut self, by: Option<Untrusted>, context: &mut UpdateContext<'_>) {
        let Some(data) = self.data.get() else { return };
        if self.group_key.is_none() {
            self.ungrouped_runs.clone_from(&data.runs);
        }
        let at = self.data.fetched_at().unwrap_or(context.now);
        let shared = &*context.shared;
        let directions = |metric: &str| shared.direction(metric);
        let compared = match &by {
            Some(key) => compare_groups(&self.ungrouped_runs, key, &directions),
            None => compare_with_directions(
                std::mem::take(&mut self.ungrouped_runs),
                self.ids.first(),
                &directions,
            ),
        };
        self.data.value = Some((compared, at));
        (self.group_key, self.selected_column) = (by, 0);
        self.cursor.index = 0;
    }
}
