//! Turning the comparison: runs as lines, and runs of one value together.

use super::Compare;
use crate::analysis::{compare_groups, compare_with};
use crate::text::Untrusted;
use crate::tui::app::overlays::{Item, Overlay, Picker};
use crate::tui::app::shared::{Choice, Context, Go};

impl Compare {
    /// Makes lines of columns, and columns of lines; the cursor stays on its value.
    pub(super) fn transpose(&mut self) {
        let run = self.run_at();
        let key = self.row_at().map(|row| (row.kind, row.key.clone()));
        self.transposed = !self.transposed;
        let is_it = |row: &crate::analysis::CompareRow| {
            key.as_ref()
                .is_some_and(|(kind, key)| row.kind == *kind && row.key == *key)
        };
        if self.transposed {
            self.column = self.properties().into_iter().position(is_it).unwrap_or(0);
            self.cursor.at = run;
        } else {
            self.cursor.at = self
                .lines()
                .iter()
                .position(|line| matches!(line, super::Line::Row(row) if is_it(row)))
                .unwrap_or(0);
            self.column = run;
        }
    }

    /// Offers the params by which runs can be put together.
    pub(super) fn ask_group(&self, context: &mut Context<'_>) {
        let runs = if self.by.is_some() {
            &self.ungrouped
        } else {
            self.data.get().map_or(&self.ungrouped, |data| &data.runs)
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
        let each = Item {
            label: "every run by itself".into(),
            detail: String::new(),
            choice: Choice::CompareBy(None),
        };
        let by = keys.into_iter().map(|key| Item {
            label: format!("by {}", key.clean()),
            detail: format!("{} groups", groups(key)),
            choice: Choice::CompareBy(Some(key.clone())),
        });
        let picker = Picker::new(
            "compare groups: means and how far they spread",
            [each].into_iter().chain(by).collect(),
        );
        context.go.push(Go::Over(Box::new(Overlay::Picker(picker))));
    }

    /// Compares groups of runs by a param, or the runs again.
    pub(super) fn group_by(&mut self, by: Option<Untrusted>, context: &mut Context<'_>) {
        let Some(data) = self.data.get() else { return };
        if self.by.is_none() {
            self.ungrouped.clone_from(&data.runs);
        }
        let at = self.data.at().unwrap_or(context.now);
        let shared = &*context.shared;
        let directions = |metric: &str| shared.direction(metric);
        let compared = match &by {
            Some(key) => compare_groups(&self.ungrouped, key, &directions),
            None => compare_with(
                std::mem::take(&mut self.ungrouped),
                self.ids.first(),
                &directions,
            ),
        };
        self.data.value = Some((compared, at));
        (self.by, self.column) = (by, 0);
        self.cursor.at = 0;
    }
}
