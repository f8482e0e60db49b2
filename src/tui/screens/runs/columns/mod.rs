//! The columns of the run table: which, in which order, how wide, and where they are on the screen.
//!
//! There can be thousands. What a frame costs depends on those that are seen: a column is measured when it first comes to stand on
//! the screen after the table changed, and not before.

mod folds;
mod measure;
mod place;
mod shown;

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use place::Placed;
pub use shown::Shown;

use folds::{Folds, prefix};
use shown::{group, is_first};

use crate::analysis::likely_goal;
use crate::domain::Goal;
use crate::table::{ColumnKey, RunTable};

/// How wide the sparkline is, in cells.
pub const SPARK_WIDTH: u16 = 10;
/// How wide the marks are: mark and cursor.
pub const MARK_WIDTH: u16 = 2;
/// The narrowest and the widest that a column can be made, in cells.
const WIDTHS: (u16, u16) = (3, 120);
/// By how much a key makes a column wider or narrower, in cells.
const WIDTH_STEP: i16 = 2;

/// A column as the person wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Which.
    pub key: ColumnKey,
    /// Whether it is seen.
    pub visible: bool,
    /// Whether it stays at the left when the others are moved.
    pub pinned: bool,
}

/// What a view asks of columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Columns to see, in order, and columns to hide; nothing leaves the table's own order.
    pub order: Option<(Vec<ColumnKey>, Vec<ColumnKey>)>,
    /// Columns that stay at the left.
    pub pinned: Vec<ColumnKey>,
    /// Widths, in cells.
    pub widths: Vec<(ColumnKey, u16)>,
    /// Prefixes that are folded, as [`Columns::folded_prefixes`] spells them.
    pub prefixes: BTreeSet<String>,
}

/// All columns.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// Every column, in the order of the person.
    pub all: Vec<Shown>,
    /// Which of the seen columns is under the cursor.
    pub at: usize,
    /// Whether lines of groups stand in the table, with figures in the numeric columns.
    pub figures: bool,
    /// The goal that the metrics suggest.
    pub guessed_goal: Option<Goal>,
    /// The first column after the pinned ones that is seen.
    left: usize,
    /// Whether columns that are the same in every run are folded away.
    fold_constants: bool,
    folds: Folds,
    /// Which columns are seen, as places in `all`: status and name, then pinned ones, then the others.
    order: Vec<usize>,
    /// How many of the seen columns stay at the left.
    pins: usize,
    /// Where each column is in `all`.
    places: HashMap<ColumnKey, usize>,
    /// What was measured before the table last changed is out of date: see [`Shown`].
    epoch: u64,
    /// Whether the person gave the columns an order: then it is theirs, and new columns come last.
    ordered: bool,
    /// What a view asks of columns, those that are not known yet among them: their places, and whether they are seen.
    wished: HashMap<ColumnKey, (usize, bool)>,
    /// The same of pins and widths.
    wished_pins: BTreeSet<ColumnKey>,
    wished_widths: HashMap<ColumnKey, u16>,
}

impl Columns {
    /// The columns that are seen and those that are not, in their order, where the person chose any; raw.
    #[must_use]
    pub fn chosen(&self) -> Option<(Vec<String>, Vec<String>)> {
        let spelled = |visible: bool| {
            let wanted = self
                .all
                .iter()
                .filter(move |column| column.visible == visible && !is_first(&column.key));
            wanted.map(|column| column.key.spelled()).collect()
        };
        self.ordered.then(|| (spelled(true), spelled(false)))
    }

    /// The columns that the person pinned, raw.
    #[must_use]
    pub fn chosen_pins(&self) -> Vec<String> {
        self.all
            .iter()
            .filter(|column| column.pinned)
            .map(|column| column.key.spelled())
            .collect()
    }

    /// The widths that the person chose, in cells, by column; raw.
    #[must_use]
    pub fn chosen_widths(&self) -> BTreeMap<String, u16> {
        self.all
            .iter()
            .filter_map(|column| Some((column.key.spelled(), column.chosen_width?)))
            .collect()
    }

    /// Takes what a view asks; columns that it doesn't name are as they would be without it.
    pub fn wish(&mut self, wish: Wish) {
        self.ordered = wish.order.is_some();
        let (seen, hidden) = wish.order.unwrap_or_default();
        let all = seen
            .into_iter()
            .map(|key| (key, true))
            .chain(hidden.into_iter().map(|key| (key, false)));
        self.wished = all
            .enumerate()
            .map(|(place, (key, visible))| (key, (place, visible)))
            .collect();
        self.wished_pins = wish.pinned.into_iter().collect();
        self.wished_widths = wish.widths.into_iter().collect();
        self.folds.set(wish.prefixes);
        // Columns of curves are none of the table's own.
        let curves = self
            .wished
            .keys()
            .filter(|key| matches!(key, ColumnKey::Curve(..)) && !self.places.contains_key(key));
        let curves: Vec<Shown> = curves.cloned().map(Shown::new).collect();
        self.all.extend(curves);
        for at in 0..self.all.len() {
            self.all[at] = self.fresh(self.all[at].key.clone());
        }
        self.put_in_order();
        self.settle();
    }

    /// A column as it is before the person does anything to it.
    fn fresh(&self, key: ColumnKey) -> Shown {
        let mut column = Shown::new(key);
        if let Some((_, visible)) = self.wished.get(&column.key) {
            column.visible = *visible;
        }
        column.pinned = self.wished_pins.contains(&column.key);
        column.chosen_width = self.wished_widths.get(&column.key).copied();
        column
    }

    /// The table's own order, or the order of a view; an order that the person gave here stays as it is.
    fn put_in_order(&mut self) {
        let wished = &self.wished;
        if !self.ordered {
            self.all
                .sort_by_key(|column| (group(&column.key), !column.visible));
        } else if !wished.is_empty() {
            self.all.sort_by_cached_key(|column| {
                (
                    wished
                        .get(&column.key)
                        .map_or(usize::MAX, |(place, _)| *place),
                    group(&column.key),
                )
            });
        }
    }

    /// The columns that are seen, in order: status and name first, then what is pinned.
    #[must_use]
    pub fn seen(&self) -> Vec<&Shown> {
        self.order
            .iter()
            .filter_map(|at| self.all.get(*at))
            .collect()
    }

    /// The column under the cursor.
    #[must_use]
    pub fn current_column(&self) -> Option<&Shown> {
        self.order.get(self.at).and_then(|at| self.all.get(*at))
    }

    /// The key of the column under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<ColumnKey> {
        self.current_column().map(|column| column.key.clone())
    }

    fn current_mut(&mut self) -> Option<&mut Shown> {
        self.order.get(self.at).and_then(|at| self.all.get_mut(*at))
    }

    /// Works out anew which columns are seen. The cursor stays on its place, not on its column.
    fn settle(&mut self) {
        self.places = self
            .all
            .iter()
            .enumerate()
            .map(|(at, column)| (column.key.clone(), at))
            .collect();
        let hidden = |column: &Shown| {
            !column.visible || (self.fold_constants && column.constant && !column.pinned)
        };
        let first = (0..self.all.len()).filter(|at| is_first(&self.all[*at].key));
        let pinned =
            (0..self.all.len()).filter(|at| self.all[*at].pinned && !is_first(&self.all[*at].key));
        let mut order: Vec<usize> = first.chain(pinned).collect();
        self.pins = order.len();
        let rest: Vec<usize> = (0..self.all.len())
            .filter(|at| {
                !is_first(&self.all[*at].key) && !self.all[*at].pinned && !hidden(&self.all[*at])
            })
            .collect();
        order.extend(self.folds.fold(&self.all, rest));
        self.order = order;
        self.at = self.at.min(self.order.len().saturating_sub(1));
    }

    /// Takes new columns in. What was measured before is measured anew when it is seen.
    pub fn learn(&mut self, table: &RunTable) {
        let before = self.all.len();
        for key in table.columns() {
            if !self.places.contains_key(&key) {
                let column = self.fresh(key);
                self.all.push(column);
            }
        }
        self.epoch += 1;
        self.guessed_goal = likely_goal(table);
        if self.all.len() > before {
            self.put_in_order();
            self.settle();
        }
        if self.fold_constants {
            self.find_constants(table);
        }
    }

    /// Puts the goal's metric right behind the name, where a narrow terminal shows it, too.
    pub fn put_first(&mut self, goal: Option<&Goal>) {
        let is_goal = |column: &Shown| matches!((&column.key, goal), (ColumnKey::Metric(key), Some(goal)) if *key == goal.metric);
        if !self.ordered
            && let Some(from) = self.all.iter().position(is_goal)
            && let Some(to) = self.all.iter().position(|column| !is_first(&column.key))
            && to < from
        {
            self.all[to..=from].rotate_right(1);
            self.settle();
        }
    }

    /// Every column as it is wanted now, in order.
    #[must_use]
    pub fn wanted(&self) -> Vec<Wanted> {
        let wanted = |column: &Shown| Wanted {
            key: column.key.clone(),
            visible: column.visible,
            pinned: column.pinned,
        };
        self.all.iter().map(wanted).collect()
    }

    /// Takes the person's choice and order.
    pub fn set(&mut self, wanted: &[Wanted]) {
        self.ordered = true;
        self.wished.clear();
        let by_key: HashMap<&ColumnKey, (usize, &Wanted)> = wanted
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
                (column.visible, column.pinned) = (want.visible, want.pinned);
            }
        }
        self.settle();
    }

    /// Hides the column under the cursor, and with it those that are folded into it; status and name stay.
    pub fn hide_current(&mut self) {
        let Some(key) = self.current().filter(|key| !is_first(key)) else {
            return;
        };
        let under = self.folds.folded_into(&key).then(|| prefix(&key)).flatten();
        for column in &mut self.all {
            if column.key == key
                || (under.is_some() && !column.pinned && prefix(&column.key) == under)
            {
                (column.visible, column.pinned) = (false, false);
            }
        }
        self.ordered = true;
        self.settle();
    }

    /// Whether a column is seen.
    #[must_use]
    pub fn is_seen(&self, key: &ColumnKey) -> bool {
        self.places.get(key).is_some_and(|at| self.all[*at].visible)
    }

    /// Shows a column right behind the one under the cursor, or hides it.
    pub fn toggle(&mut self, key: ColumnKey) {
        self.ordered = true;
        if let Some(at) = self.places.get(&key) {
            self.all[*at].visible = !self.all[*at].visible;
        } else {
            let mut behind = self.order.get(self.at).map_or(self.all.len(), |at| at + 1);
            while self
                .all
                .get(behind)
                .is_some_and(|next| matches!(next.key, ColumnKey::Curve(..)))
            {
                behind += 1;
            }
            self.all.insert(behind, Shown::new(key));
        }
        self.settle();
    }

    /// Pins the column under the cursor at the left, or lets it go. Returns whether it is pinned now; status and name always are.
    pub fn pin_current(&mut self) -> bool {
        let Some(column) = self.current_mut().filter(|column| !is_first(&column.key)) else {
            return true;
        };
        column.pinned = !column.pinned;
        let (key, pinned) = (column.key.clone(), column.pinned);
        self.settle();
        self.go_to(&key);
        pinned
    }

    /// Makes the column under the cursor wider or narrower by some steps.
    pub fn widen_current(&mut self, steps: i16) {
        if let Some(column) = self.current_mut() {
            let width = column
                .width()
                .saturating_add_signed(steps.saturating_mul(WIDTH_STEP));
            column.chosen_width = Some(width.clamp(WIDTHS.0, WIDTHS.1));
        }
    }

    /// Makes the column under the cursor as wide as what stands in it.
    pub fn fit_current(&mut self) {
        if let Some(column) = self.current_mut() {
            column.chosen_width = None;
        }
    }

    /// Folds the columns that share the prefix of the one under the cursor into one, or unfolds them. Says what happened.
    pub fn fold_prefix(&mut self) -> String {
        let Some(key) = self.current() else {
            return "there is no column".into();
        };
        let Some(under) = prefix(&key) else {
            return "only columns with a / in their key fold".into();
        };
        let folds = self.folds.toggle(&under);
        self.settle();
        self.go_to_prefix(&under);
        let count = self
            .all
            .iter()
            .filter(|column| column.visible && prefix(&column.key).as_ref() == Some(&under))
            .count();
        if folds {
            format!("{count} columns of {under} folded into one")
        } else {
            format!("{count} columns of {under}")
        }
    }

    /// The prefixes that are folded: `metrics.val/`.
    #[must_use]
    pub fn folded_prefixes(&self) -> Vec<String> {
        self.folds.prefixes()
    }

    /// How many columns are folded into this one, beside itself.
    #[must_use]
    pub fn folded_with(&self, column: &ColumnKey) -> usize {
        self.folds.beside(column)
    }

    /// Whether columns that are the same in every run are folded away.
    #[must_use]
    pub fn folds_constants(&self) -> bool {
        self.fold_constants
    }

    /// Folds columns that are the same in every run away, or shows them.
    pub fn set_fold_constants(&mut self, fold: bool, table: &RunTable) {
        self.fold_constants = fold;
        if fold {
            self.find_constants(table);
        } else {
            self.settle();
        }
    }

    fn find_constants(&mut self, table: &RunTable) {
        for column in self.all.iter_mut().filter(|column| column.visible) {
            column.constant = table.column(&column.key).is_constant();
        }
        self.settle();
    }

    /// How many columns are folded away because they tell nothing.
    #[must_use]
    pub fn folded(&self) -> usize {
        let folded = |c: &&Shown| !is_first(&c.key) && !c.pinned && c.visible && c.constant;
        if self.fold_constants {
            self.all.iter().filter(folded).count()
        } else {
            0
        }
    }

    /// Moves the column cursor.
    pub fn step(&mut self, by: isize) {
        self.at = self
            .at
            .saturating_add_signed(by)
            .min(self.order.len().saturating_sub(1));
    }

    fn go_to(&mut self, key: &ColumnKey) {
        if let Some(at) = self.order.iter().position(|at| self.all[*at].key == *key) {
            self.at = at;
        }
    }

    fn go_to_prefix(&mut self, under: &str) {
        let has = |at: &usize| prefix(&self.all[*at].key).is_some_and(|prefix| prefix == under);
        if let Some(at) = self.order.iter().position(has) {
            self.at = at;
        }
    }
}
