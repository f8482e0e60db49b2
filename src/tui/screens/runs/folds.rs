//! Folding groups and the nested runs of parents.

use super::RunsScreen;
use crate::domain::RunId;
use crate::table::{DisplayRow, Grouping};
use crate::tui::app::UpdateContext;

impl RunsScreen {
    pub(super) fn toggle_fold(&mut self, context: &mut UpdateContext<'_>) {
        let (key, parent) = match self.lines.get(self.cursor.index) {
            Some(DisplayRow::Group { value, .. }) => (value.clone(), None),
            Some(DisplayRow::Run { row, children, .. }) => {
                let id = self.table.run_id(*row).clone();
                if *children == 0 {
                    return self.load_child_runs(&id, context);
                }
                (id.raw().to_owned(), Some(id))
            }
            None => return,
        };
        if !self.arrangement.collapsed.remove(&key) {
            self.arrangement.collapsed.insert(key);
        } else if let Some(parent) = parent {
            self.load_child_runs(&parent, context);
        }
        self.invalidate();
    }

    /// Loads the runs nested in a parent that is expanded, unless the table has all runs.
    fn load_child_runs(&mut self, parent: &RunId, context: &mut UpdateContext<'_>) {
        if self.arrangement.grouping == Grouping::Tree && !self.loader.is_complete() {
            self.child_run_loader
                .load(parent, &self.experiments, context);
        }
    }

    /// Folds all groups, or all parents of a tree; unfolds them if all are folded. The cursor stays on its group.
    pub(super) fn toggle_all_folds(&mut self, context: &mut UpdateContext<'_>) {
        let foldable: Vec<String> = match self.arrangement.grouping {
            Grouping::Flat => return context.notify("no groups; Z groups the runs"),
            Grouping::By(_) => {
                let groups = self.lines.iter().filter_map(|line| match line {
                    DisplayRow::Group { value, .. } => Some(value.clone()),
                    DisplayRow::Run { .. } => None,
                });
                groups.collect()
            }
            Grouping::Tree => {
                let parents = self.lines.iter().filter_map(|line| match line {
                    DisplayRow::Run { row, children, .. } if *children > 0 => {
                        Some(self.table.run_id(*row).raw().to_owned())
                    }
                    _ => None,
                });
                parents.collect()
            }
        };
        if foldable.is_empty() {
            return context.notify("no run here has nested runs");
        }
        let collapsed = &mut self.arrangement.collapsed;
        if foldable.iter().all(|key| collapsed.contains(key)) {
            collapsed.clear();
        } else {
            let group = self.enclosing_group();
            self.arrangement.collapsed.extend(foldable);
            if let Some(value) = group {
                self.group_to_select = Some(value);
            }
        }
        self.invalidate();
    }

    /// The group of the run under the cursor.
    fn enclosing_group(&self) -> Option<String> {
        let above = self.lines.get(..=self.cursor.index)?;
        above.iter().rev().find_map(|line| match line {
            DisplayRow::Group { value, .. } => Some(value.clone()),
            DisplayRow::Run { .. } => None,
        })
    }

    /// Moves the cursor to the group that was folded around it.
    pub(super) fn select_folded_group(&mut self) {
        let Some(selected) = self.group_to_select.take() else {
            return;
        };
        let is_selected = |line: &DisplayRow| matches!(line, DisplayRow::Group { value, .. } if *value == selected);
        if let Some(line) = self.lines.iter().position(is_selected) {
            self.cursor.index = line;
        }
    }
}
