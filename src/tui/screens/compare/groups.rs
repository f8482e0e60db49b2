//! Transposing the comparison and grouping its runs by a param.

use super::CompareScreen;
use crate::analysis::{compare_groups, compare_with_directions};
use crate::text::Untrusted;
use crate::tui::app::UpdateContext;
use crate::tui::app::dialogs::{Picker, PickerItem};

impl CompareScreen {
    /// Swaps rows and columns; the cursor stays on its value.
    pub(super) fn transpose(&mut self) {
        let run = self.selected_run();
        let key = self.selected_row().map(|row| (row.kind, row.key.clone()));
        self.is_transposed = !self.is_transposed;
        let is_selected = |row: &crate::analysis::ComparisonRow| {
            key.as_ref()
                .is_some_and(|(kind, key)| row.kind == *kind && row.key == *key)
        };
        if self.is_transposed {
            self.selected_column = self
                .properties()
                .into_iter()
                .position(is_selected)
                .unwrap_or(0);
            self.cursor.index = run;
        } else {
            self.cursor.index = self
                .visible_lines()
                .iter()
                .position(|line| matches!(line, super::CompareLine::Row(row) if is_selected(row)))
                .unwrap_or(0);
            self.selected_column = run;
        }
    }

    /// Opens the list of params to group by.
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
        let none = PickerItem::new("no groups", "", None);
        let by = keys.into_iter().map(|key| {
            PickerItem::new(
                format!("by {}", key.clean()),
                format!("{} groups", groups(key)),
                Some(key.clone()),
            )
        });
        let picker = Picker::new(
            "compare groups: mean and spread",
            [none].into_iter().chain(by),
        );
        context.open(picker.submit_to(Self::group_by));
    }

    /// Compares groups of runs with the same value of a param; `None` compares the runs.
    pub(super) fn group_by(&mut self, by: Option<Untrusted>, context: &mut UpdateContext<'_>) {
        let Some(data) = self.data.get() else { return };
        if self.group_key.is_none() {
            self.ungrouped_runs.clone_from(&data.runs);
        }
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
        self.data.replace(compared);
        (self.group_key, self.selected_column) = (by, 0);
        self.cursor.index = 0;
    }
}
