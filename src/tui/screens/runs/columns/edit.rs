//! Changes of the columns by the user.

use std::collections::HashMap;

use super::column::ColumnState;
use super::prefix_folds::key_prefix;
use super::{Columns, WIDTH_RANGE, WIDTH_STEP};
use crate::table::{ColumnKey, RunTable};
use crate::tui::app::dialogs::ColumnChoice;

impl Columns {
    /// Applies the rows of the column dialog.
    pub fn apply_choices(&mut self, choices: &[ColumnChoice]) {
        self.has_custom_order = true;
        self.layout_order.clear();
        let by_key: HashMap<&ColumnKey, (usize, &ColumnChoice)> = choices
            .iter()
            .enumerate()
            .map(|(index, choice)| (&choice.key, (index, choice)))
            .collect();
        self.all.sort_by_cached_key(|column| {
            by_key
                .get(&column.key)
                .map_or(usize::MAX, |(index, _)| *index)
        });
        for column in &mut self.all {
            if let Some((_, choice)) = by_key.get(&column.key) {
                (column.is_visible, column.is_pinned) = (choice.is_visible, choice.is_pinned);
            }
        }
        self.update_visible_order();
    }

    /// Hides the column under the cursor and the columns folded into it, but never status and name. Returns a message.
    pub fn hide_current(&mut self) -> String {
        let Some(key) = self.current_key().filter(|key| !key.kind().is_fixed()) else {
            return "status and name are always visible".into();
        };
        let title = self.title(&key);
        let folded_prefix = self
            .prefix_folds
            .is_fold_leader(&key)
            .then(|| key_prefix(&key))
            .flatten();
        for column in &mut self.all {
            if column.key == key
                || (folded_prefix.is_some()
                    && !column.is_pinned
                    && key_prefix(&column.key) == folded_prefix)
            {
                (column.is_visible, column.is_pinned) = (false, false);
            }
        }
        self.has_custom_order = true;
        self.update_visible_order();
        format!("{title} is hidden")
    }

    /// Shows or hides a column. A new curve column is inserted after the column under the cursor.
    pub fn toggle(&mut self, key: ColumnKey) {
        self.has_custom_order = true;
        if let Some(at) = self.index_by_key.get(&key) {
            self.all[*at].is_visible = !self.all[*at].is_visible;
        } else {
            let mut behind = self
                .visible_order
                .get(self.cursor)
                .map_or(self.all.len(), |at| at + 1);
            while self
                .all
                .get(behind)
                .is_some_and(|next| next.key.curve_metric().is_some())
            {
                behind += 1;
            }
            self.all.insert(behind, ColumnState::new(key));
        }
        self.update_visible_order();
    }

    /// Pins or unpins the column under the cursor. Returns whether it is pinned now: status and name always are.
    pub fn toggle_pin(&mut self) -> bool {
        let Some(column) = self
            .current_column_mut()
            .filter(|column| !column.key.kind().is_fixed())
        else {
            return true;
        };
        column.is_pinned = !column.is_pinned;
        let (key, is_pinned) = (column.key.clone(), column.is_pinned);
        self.update_visible_order();
        self.select(&key);
        is_pinned
    }

    /// Makes the column under the cursor wider, or narrower for negative steps.
    pub fn widen_current(&mut self, steps: i16) {
        if let Some(column) = self.current_column_mut() {
            let width = column
                .width()
                .saturating_add_signed(steps.saturating_mul(WIDTH_STEP));
            column.custom_width = Some(width.clamp(WIDTH_RANGE.0, WIDTH_RANGE.1));
        }
    }

    /// Makes the column under the cursor as wide as its title and its values.
    pub fn fit_current(&mut self) {
        if let Some(column) = self.current_column_mut() {
            column.custom_width = None;
            let width = column.full_width().min(WIDTH_RANGE.1);
            column.custom_width = (width > column.width()).then_some(width);
        }
    }

    /// Folds or unfolds the columns that share the prefix of the column under the cursor. Returns a message.
    pub fn toggle_prefix_fold(&mut self) -> String {
        let Some(key) = self.current_key() else {
            return "no column under the cursor".into();
        };
        let Some(prefix) = key_prefix(&key) else {
            return "only columns with a / in their key can be folded".into();
        };
        let is_folded = self.prefix_folds.toggle(&prefix);
        self.update_visible_order();
        self.select_prefix(&prefix);
        let count = self
            .all
            .iter()
            .filter(|column| column.is_visible && key_prefix(&column.key).as_ref() == Some(&prefix))
            .count();
        if is_folded {
            format!("{count} columns of {prefix} folded into one")
        } else {
            format!("{count} columns of {prefix}")
        }
    }

    /// Hides or shows the columns with the same value in every run.
    pub fn set_folding_constants(&mut self, fold: bool, table: &RunTable) {
        self.is_folding_constants = fold;
        if fold {
            self.update_constants(table);
        } else {
            self.update_visible_order();
        }
    }

    /// Moves the cursor by a number of columns, at most to the first or last.
    pub fn move_cursor(&mut self, by: isize) {
        self.cursor = self
            .cursor
            .saturating_add_signed(by)
            .min(self.visible_order.len().saturating_sub(1));
    }

    fn select(&mut self, key: &ColumnKey) {
        if let Some(at) = self
            .visible_order
            .iter()
            .position(|at| self.all[*at].key == *key)
        {
            self.cursor = at;
        }
    }

    fn select_prefix(&mut self, target: &str) {
        let has_prefix =
            |at: &usize| key_prefix(&self.all[*at].key).is_some_and(|prefix| prefix == target);
        if let Some(at) = self.visible_order.iter().position(has_prefix) {
            self.cursor = at;
        }
    }
}
