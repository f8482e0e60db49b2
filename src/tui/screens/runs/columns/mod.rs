//! The columns of the run table: their order, visibility, width and position on the screen.
//!
//! A table can have thousands of columns, so a column is measured only when it is on the screen, once for each change of the table.

mod column;
mod edit;
mod layout;
mod prefix_folds;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

pub use column::ColumnState;
pub use layout::{DIVIDER_OFFSET, PlacedColumn};

use prefix_folds::PrefixFolds;

use crate::analysis::infer_goal;
use crate::domain::Goal;
use crate::table::{ColumnKey, RunTable};
use crate::tui::app::dialogs::ColumnChoice;

/// In cells.
pub const SPARKLINE_WIDTH: u16 = 10;
/// In cells: the mark of the run and the cursor.
pub const MARK_WIDTH: u16 = 2;
/// The limits of a custom width, in cells.
const WIDTH_RANGE: (u16, u16) = (3, 120);
/// The change of a custom width by one key press, in cells.
const WIDTH_STEP: i16 = 2;

/// The columns of a saved view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnLayout {
    /// The visible columns, in order, and the hidden ones. `None` for the default order.
    pub order: Option<(Vec<ColumnKey>, Vec<ColumnKey>)>,
    /// See `ColumnChoice::is_pinned`.
    pub pinned: Vec<ColumnKey>,
    /// Custom widths, in cells.
    pub widths: Vec<(ColumnKey, u16)>,
    /// As [`Columns::folded_prefixes`] returns them.
    pub folded_prefixes: BTreeSet<String>,
}

/// All columns of a table, and the column cursor.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// Visible or not, in the order of the table.
    pub all: Vec<ColumnState>,
    /// The index among the visible columns.
    pub cursor: usize,
    /// Whether the table has group lines, with statistics in the numeric columns.
    pub has_group_statistics: bool,
    /// Inferred from the names of the metrics.
    pub guessed_goal: Option<Goal>,
    /// How many visible columns after the pinned ones are scrolled out at the left.
    scroll: usize,
    /// Whether columns with the same value in every run are hidden.
    is_folding_constants: bool,
    prefix_folds: PrefixFolds,
    /// The visible columns as indices into `all`: status and name, then pinned columns, then the others.
    visible_order: Vec<usize>,
    /// How many visible columns are pinned, with status and name.
    pinned_count: usize,
    /// Titles that several visible columns have: a metric and a param of one name.
    shared_titles: HashSet<String>,
    /// The index of each column in `all`.
    index_by_key: HashMap<ColumnKey, usize>,
    /// Increases when the table changes: older measurements are outdated. See [`ColumnState`].
    epoch: u64,
    /// Whether the user or a view set the order. New columns come last then.
    has_custom_order: bool,
    /// The positions and visibility from a view, also of columns that the table does not have yet.
    layout_order: HashMap<ColumnKey, (usize, bool)>,
    /// Pinned columns of the view, likewise.
    layout_pins: BTreeSet<ColumnKey>,
    /// Custom widths of the view, likewise.
    layout_widths: HashMap<ColumnKey, u16>,
}

impl Columns {
    /// The raw keys of the visible and the hidden columns, in order. `None` for the default order.
    #[must_use]
    pub fn custom_order(&self) -> Option<(Vec<String>, Vec<String>)> {
        let keys = |visible: bool| {
            let columns = self.all.iter().filter(move |column| {
                column.is_visible == visible && !column.key.kind().is_fixed()
            });
            columns.map(|column| column.key.to_raw_string()).collect()
        };
        self.has_custom_order.then(|| (keys(true), keys(false)))
    }

    /// Raw keys.
    #[must_use]
    pub fn pinned_keys(&self) -> Vec<String> {
        self.all
            .iter()
            .filter(|column| column.is_pinned)
            .map(|column| column.key.to_raw_string())
            .collect()
    }

    /// Widths set by the user, in cells, by raw key.
    #[must_use]
    pub fn custom_widths(&self) -> BTreeMap<String, u16> {
        self.all
            .iter()
            .filter_map(|column| Some((column.key.to_raw_string(), column.custom_width?)))
            .collect()
    }

    /// Applies the columns of a view. Columns that it doesn't name get their defaults.
    pub fn apply_layout(&mut self, layout: ColumnLayout) {
        self.has_custom_order = layout.order.is_some();
        let (visible, hidden) = layout.order.unwrap_or_default();
        let all = visible
            .into_iter()
            .map(|key| (key, true))
            .chain(hidden.into_iter().map(|key| (key, false)));
        self.layout_order = all
            .enumerate()
            .map(|(index, (key, is_visible))| (key, (index, is_visible)))
            .collect();
        self.layout_pins = layout.pinned.into_iter().collect();
        self.layout_widths = layout.widths.into_iter().collect();
        self.prefix_folds.set_prefixes(layout.folded_prefixes);
        // Curve columns are not columns of the table itself.
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

    /// A column as the view defines it, else with its defaults.
    fn initial_state(&self, key: ColumnKey) -> ColumnState {
        let mut column = ColumnState::new(key);
        if let Some((_, is_visible)) = self.layout_order.get(&column.key) {
            column.is_visible = *is_visible;
        }
        column.is_pinned = self.layout_pins.contains(&column.key);
        column.custom_width = self.layout_widths.get(&column.key).copied();
        column
    }

    /// Sorts by the default order or the order of the view. An order set by the user stays.
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
                        .map_or(usize::MAX, |(index, _)| *index),
                    column.key.kind().rank,
                )
            });
        }
    }

    /// In order: status and name, then pinned columns, then the others.
    #[must_use]
    pub fn visible(&self) -> Vec<&ColumnState> {
        self.visible_order
            .iter()
            .filter_map(|at| self.all.get(*at))
            .collect()
    }

    /// Under the cursor.
    #[must_use]
    pub fn current_column(&self) -> Option<&ColumnState> {
        self.visible_order
            .get(self.cursor)
            .and_then(|at| self.all.get(*at))
    }

    /// Under the cursor.
    #[must_use]
    pub fn current_key(&self) -> Option<ColumnKey> {
        self.current_column().map(|column| column.key.clone())
    }

    fn current_column_mut(&mut self) -> Option<&mut ColumnState> {
        self.visible_order
            .get(self.cursor)
            .and_then(|at| self.all.get_mut(*at))
    }

    /// Computes the visible columns. The cursor keeps its index, not its column.
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
        let titles = find_shared_titles(order.iter().map(|at| &self.all[*at].key));
        if titles != self.shared_titles {
            // The columns whose titles change have other widths.
            self.epoch += 1;
            self.shared_titles = titles;
        }
        self.visible_order = order;
        self.cursor = self.cursor.min(self.visible_order.len().saturating_sub(1));
    }

    /// Adds the new columns of a table, and marks all measurements as outdated.
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

    /// The header of a column: with its kind if another visible column has the same title.
    #[must_use]
    pub fn title(&self, column: &ColumnKey) -> String {
        title_among(&self.shared_titles, column)
    }

    /// How many columns that a table shows by default are hidden.
    #[must_use]
    pub fn hidden_count(&self) -> usize {
        let hidden = |c: &&ColumnState| !c.is_visible && c.key.kind().is_visible_by_default;
        self.all.iter().filter(hidden).count()
    }

    /// Moves the goal's metric next to the name, where narrow terminals show it, too.
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

    /// The rows of the column dialog, in order.
    #[must_use]
    pub fn choices(&self) -> Vec<ColumnChoice> {
        let choice = |column: &ColumnState| ColumnChoice {
            key: column.key.clone(),
            is_visible: column.is_visible,
            is_pinned: column.is_pinned,
        };
        self.all.iter().map(choice).collect()
    }

    /// Whether a column exists and is not hidden.
    #[must_use]
    pub fn is_visible(&self, key: &ColumnKey) -> bool {
        self.index_by_key
            .get(key)
            .is_some_and(|at| self.all[*at].is_visible)
    }

    /// Such as `metrics.val/`.
    #[must_use]
    pub fn folded_prefixes(&self) -> Vec<String> {
        self.prefix_folds.prefixes()
    }

    /// How many other columns are folded into this one.
    #[must_use]
    pub fn folded_count(&self, column: &ColumnKey) -> usize {
        self.prefix_folds.folded_count(column)
    }

    /// Whether columns with the same value in every run are hidden.
    #[must_use]
    pub fn is_folding_constants(&self) -> bool {
        self.is_folding_constants
    }

    fn update_constants(&mut self, table: &RunTable) {
        for column in self.all.iter_mut().filter(|column| column.is_visible) {
            column.is_constant = table.column(&column.key).is_constant();
        }
        self.update_visible_order();
    }

    /// How many columns are hidden because all runs have the same value.
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
}

/// The titles that several columns have.
fn find_shared_titles<'a>(columns: impl Iterator<Item = &'a ColumnKey>) -> HashSet<String> {
    let mut seen = HashSet::new();
    let mut shared = HashSet::new();
    for title in columns.map(ColumnKey::title) {
        if let Some(title) = seen.replace(title) {
            shared.insert(title);
        }
    }
    shared
}

fn title_among(shared_titles: &HashSet<String>, column: &ColumnKey) -> String {
    let title = column.title();
    if shared_titles.contains(&title) {
        column.to_string()
    } else {
        title
    }
}

#[cfg(test)]
mod tests;
