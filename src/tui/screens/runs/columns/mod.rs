//! The columns of the run table: which, in which order, how wide, and where they are on the screen.
//!
//! There can be thousands. What a frame costs depends on those that are seen: a column is measured when it first comes to stand on
//! the screen after the table changed, and not before.

mod column;
mod layout;
mod measure;
mod prefix_folds;

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use column::ColumnState;
pub use layout::PlacedColumn;

use prefix_folds::{PrefixFolds, key_prefix};

use crate::analysis::infer_goal;
use crate::domain::Goal;
use crate::table::{ColumnKey, RunTable};
use crate::tui::app::dialogs::ColumnChoice;

/// How wide the sparkline is, in cells.
pub const SPARKLINE_WIDTH: u16 = 10;
/// How wide the marks are: mark and cursor.
pub const MARK_WIDTH: u16 = 2;
/// The narrowest and the widest that a column can be made, in cells.
const WIDTH_RANGE: (u16, u16) = (3, 120);
/// By how much a key makes a column wider or narrower, in cells.
const WIDTH_STEP: i16 = 2;

/// What a view asks of columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnLayout {
    /// Columns to see, in order, and columns to hide; nothing leaves the table's own order.
    pub order: Option<(Vec<ColumnKey>, Vec<ColumnKey>)>,
    /// Columns that stay at the left.
    pub pinned: Vec<ColumnKey>,
    /// Widths, in cells.
    pub widths: Vec<(ColumnKey, u16)>,
    /// Prefixes that are folded, as [`Columns::folded_prefixes`] spells them.
    pub folded_prefixes: BTreeSet<String>,
}

/// All columns.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// Every column, in the order of the person.
    pub all: Vec<ColumnState>,
    /// Which of the seen columns is under the cursor.
    pub cursor: usize,
    /// Whether lines of groups stand in the table, with figures in the numeric columns.
    pub has_group_statistics: bool,
    /// The goal that the metrics suggest.
    pub guessed_goal: Option<Goal>,
    /// The first column after the pinned ones that is seen.
    scroll: usize,
    /// Whether columns that are the same in every run are folded away.
    is_folding_constants: bool,
    prefix_folds: PrefixFolds,
    /// Which columns are seen, as places in `all`: status and name, then pinned ones, then the others.
    visible_order: Vec<usize>,
    /// How many of the seen columns stay at the left.
    pinned_count: usize,
    /// Where each column is in `all`.
    index_by_key: HashMap<ColumnKey, usize>,
    /// What was measured before the table last changed is out of date: see [`Shown`].
    epoch: u64,
    /// Whether the person gave the columns an order: then it is theirs, and new columns come last.
    has_custom_order: bool,
    /// What a view asks of columns, those that are not known yet among them: their places, and whether they are seen.
    layout_order: HashMap<ColumnKey, (usize, bool)>,
    /// The same of pins and widths.
    layout_pins: BTreeSet<ColumnKey>,
    layout_widths: HashMap<ColumnKey, u16>,
}

impl Columns {
    /// The columns that are seen and those that are not, in their order, where the person chose any; raw.
    #[must_use]
    pub fn custom_order(&self) -> Option<(Vec<String>, Vec<String>)> {
        let spelled = |visible: bool| {
            let wanted = self.all.iter().filter(move |column| {
                column.is_visible == visible && !column.key.kind().is_fixed()
            });
            wanted.map(|column| column.key.to_raw_string()).collect()
        };
        self.has_custom_order
            .then(|| (spelled(true), spelled(false)))
    }

    /// The columns that the person pinned, raw.
    #[must_use]
    pub fn pinned_keys(&self) -> Vec<String> {
        self.all
            .iter()
            .filter(|column| column.is_pinned)
            .map(|column| column.key.to_raw_string())
            .collect()
    }

    /// The widths that the person chose, in cells, by column; raw.
    #[must_use]
    pub fn custom_widths(&self) -> BTreeMap<String, u16> {
        self.all
            .iter()
            .filter_map(|column| Some((column.key.to_raw_string(), column.custom_width?)))
            .collect()
    }

    /// Takes what a view asks; columns that it doesn't name are as they would be without it.
    pub fn apply_layout(&mut self, wish: ColumnLayout) {
        self.has_custom_order = wish.order.is_some();
        let (seen, hidden) = wish.order.unwrap_or_default();
        let all = seen
            .into_iter()
            .map(|key| (key, true))
            .chain(hidden.into_iter().map(|key| (key, false)));
        self.layout_order = all
            .enumerate()
            .map(|(place, (key, visible))| (key, (place, visible)))
            .collect();
        self.layout_pins = wish.pinned.into_iter().collect();
        self.layout_widths = wish.widths.into_iter().collect();
        self.prefix_folds.set_prefixes(wish.folded_prefixes);
        // Columns of curves are none of the table's own.
        let curves = self
            .layout_order
            .keys()
            .filter(|key| key.curve_metric().is_some() && !self.index_by_key.contains_key(key));
        let curves: Vec<ColumnState> = curves.cloned().map(ColumnState::new).collect();
        self.all.extend(curves);
        for at in 0..self.all.len() {
            self.all[at] = self.initial_state(self.all[at].key.clone());
        }
        self.sort_columns();
        self.update_visible_order();
    }

    /// A column as it is before the person does anything to it.
    fn initial_state(&self, key: ColumnKey) -> ColumnState {
        let mut column = ColumnState::new(key);
        if let Some((_, visible)) = self.layout_order.get(&column.key) {
            column.is_visible = *visible;
        }
        column.is_pinned = self.layout_pins.contains(&column.key);
        column.custom_width = self.layout_widths.get(&column.key).copied();
        column
    }

    /// The table's own order, or the order of a view; an order that the person gave here stays as it is.
    fn sort_columns(&mut self) {
        let layout_order = &self.layout_order;
        if !self.has_custom_order {
            self.all
                .sort_by_key(|column| (column.key.kind().rank, !column.is_visible));
        } else if !layout_order.is_empty() {
            self.all.sort_by_cached_key(|column| {
                (
                    layout_order
                        .get(&column.key)
                        .map_or(usize::MAX, |(place, _)| *place),
                    column.key.kind().rank,
                )
            });
        }
    }

    /// The columns that are seen, in order: status and name first, then what is pinned.
    #[must_use]
    pub fn visible(&self) -> Vec<&ColumnState> {
        self.visible_order
            .iter()
            .filter_map(|at| self.all.get(*at))
            .collect()
    }

    /// The column under the cursor.
    #[must_use]
    pub fn current_column(&self) -> Option<&ColumnState> {
        self.visible_order
            .get(self.cursor)
            .and_then(|at| self.all.get(*at))
    }

    /// The key of the column under the cursor.
    #[must_use]
    pub fn current_key(&self) -> Option<ColumnKey> {
        self.current_column().map(|column| column.key.clone())
    }

    fn current_column_mut(&mut self) -> Option<&mut ColumnState> {
        self.visible_order
            .get(self.cursor)
            .and_then(|at| self.all.get_mut(*at))
    }

    /// Works out anew which columns are seen. The cursor stays on its place, not on its column.
    fn update_visible_order(&mut self) {
        self.index_by_key = self
            .all
            .iter()
            .enumerate()
            .map(|(at, column)| (column.key.clone(), at))
            .collect();
        let hidden = |column: &ColumnState| {
            !column.is_visible
                || (self.is_folding_constants && column.is_constant && !column.is_pinned)
        };
        let first = (0..self.all.len()).filter(|at| self.all[*at].key.kind().is_fixed());
        let pinned = (0..self.all.len())
            .filter(|at| self.all[*at].is_pinned && !self.all[*at].key.kind().is_fixed());
        let mut order: Vec<usize> = first.chain(pinned).collect();
        self.pinned_count = order.len();
        let rest: Vec<usize> = (0..self.all.len())
            .filter(|at| {
                !self.all[*at].key.kind().is_fixed()
                    && !self.all[*at].is_pinned
                    && !hidden(&self.all[*at])
            })
            .collect();
        order.extend(self.prefix_folds.apply(&self.all, rest));
        self.visible_order = order;
        self.cursor = self.cursor.min(self.visible_order.len().saturating_sub(1));
    }

    /// Takes new columns in. What was measured before is measured anew when it is seen.
    pub fn update(&mut self, table: &RunTable) {
        let before = self.all.len();
        for key in table.columns() {
            if !self.index_by_key.contains_key(&key) {
                let column = self.initial_state(key);
                self.all.push(column);
            }
        }
        self.epoch += 1;
        self.guessed_goal = infer_goal(table);
        if self.all.len() > before {
            self.sort_columns();
            self.update_visible_order();
        }
        if self.is_folding_constants {
            self.update_constants(table);
        }
    }

    /// Puts the goal's metric right behind the name, where a narrow terminal shows it, too.
    pub fn move_goal_first(&mut self, goal: Option<&Goal>) {
        let is_goal = |column: &ColumnState| matches!((&column.key, goal), (ColumnKey::Metric(key), Some(goal)) if *key == goal.metric);
        if !self.has_custom_order
            && let Some(from) = self.all.iter().position(is_goal)
            && let Some(to) = self
                .all
                .iter()
                .position(|column| !column.key.kind().is_fixed())
            && to < from
        {
            self.all[to..=from].rotate_right(1);
            self.update_visible_order();
        }
    }

    /// Every column as it is wanted now, in order.
    #[must_use]
    pub fn choices(&self) -> Vec<ColumnChoice> {
        let wanted = |column: &ColumnState| ColumnChoice {
            key: column.key.clone(),
            is_visible: column.is_visible,
            is_pinned: column.is_pinned,
        };
        self.all.iter().map(wanted).collect()
    }

    /// Takes the person's choice and order.
    pub fn apply_choices(&mut self, choices: &[ColumnChoice]) {
        self.has_custom_order = true;
        self.layout_order.clear();
        let by_key: HashMap<&ColumnKey, (usize, &ColumnChoice)> = choices
            .iter()
            .enumerate()
            .map(|(place, want)| (&want.key, (place, want)))
            .collect();
        self.all.sort_by_cached_key(|column| {
            by_key
                .get(&column.key)
                .map_or(usize::MAX, |(place, _)| *place)
        });
        for column in &mut self.all {
            if let Some((_, want)) = by_key.get(&column.key) {
                (column.is_visible, column.is_pinned) = (want.is_visible, want.is_pinned);
            }
        }
        self.update_visible_order();
    }

    /// Hides the column under the cursor, and with it those that are folded into it; status and name stay.
    pub fn hide_current(&mut self) {
        let Some(key) = self.current_key().filter(|key| !key.kind().is_fixed()) else {
            return;
        };
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
    }

    /// Whether a column is seen.
    #[must_use]
    pub fn is_visible(&self, key: &ColumnKey) -> bool {
        self.index_by_key
            .get(key)
            .is_some_and(|at| self.all[*at].is_visible)
    }

    /// Shows a column right behind the one under the cursor, or hides it.
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

    /// Pins the column under the cursor at the left, or lets it go. Returns whether it is pinned now; status and name always are.
    pub fn toggle_pin(&mut self) -> bool {
        let Some(column) = self
            .current_column_mut()
            .filter(|column| !column.key.kind().is_fixed())
        else {
            return true;
        };
        column.is_pinned = !column.is_pinned;
        let (key, pinned) = (column.key.clone(), column.is_pinned);
        self.update_visible_order();
        self.select(&key);
        pinned
    }

    /// Makes the column under the cursor wider or narrower by some steps.
    pub fn widen_current(&mut self, steps: i16) {
        if let Some(column) = self.current_column_mut() {
            let width = column
                .width()
                .saturating_add_signed(steps.saturating_mul(WIDTH_STEP));
            column.custom_width = Some(width.clamp(WIDTH_RANGE.0, WIDTH_RANGE.1));
        }
    }

    /// Makes the column under the cursor as wide as what stands in it.
    pub fn reset_current_width(&mut self) {
        if let Some(column) = self.current_column_mut() {
            column.custom_width = None;
        }
    }

    /// Folds the columns that share the prefix of the one under the cursor into one, or unfolds them. Says what happened.
    pub fn toggle_prefix_fold(&mut self) -> String {
        let Some(key) = self.current_key() else {
            return "there is no column".into();
        };
        let Some(prefix) = key_prefix(&key) else {
            return "only columns with a / in their key fold".into();
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

    /// The prefixes that are folded: `metrics.val/`.
    #[must_use]
    pub fn folded_prefixes(&self) -> Vec<String> {
        self.prefix_folds.prefixes()
    }

    /// How many columns are folded into this one, beside itself.
    #[must_use]
    pub fn folded_count(&self, column: &ColumnKey) -> usize {
        self.prefix_folds.folded_count(column)
    }

    /// Whether columns that are the same in every run are folded away.
    #[must_use]
    pub fn is_folding_constants(&self) -> bool {
        self.is_folding_constants
    }

    /// Folds columns that are the same in every run away, or shows them.
    pub fn set_folding_constants(&mut self, fold: bool, table: &RunTable) {
        self.is_folding_constants = fold;
        if fold {
            self.update_constants(table);
        } else {
            self.update_visible_order();
        }
    }

    fn update_constants(&mut self, table: &RunTable) {
        for column in self.all.iter_mut().filter(|column| column.is_visible) {
            column.is_constant = table.column(&column.key).is_constant();
        }
        self.update_visible_order();
    }

    /// How many columns are folded away because they tell nothing.
    #[must_use]
    pub fn folded_constant_count(&self) -> usize {
        let folded = |c: &&ColumnState| {
            !c.key.kind().is_fixed() && !c.is_pinned && c.is_visible && c.is_constant
        };
        if self.is_folding_constants {
            self.all.iter().filter(folded).count()
        } else {
            0
        }
    }

    /// Moves the column cursor.
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
