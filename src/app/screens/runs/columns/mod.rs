//! The columns of the run table: which, in which order, how wide, and where they are on the screen.

use std::collections::HashMap;

use crate::app::cell;
use crate::domain::Goal;
use crate::table::{Attribute, ColumnKey, Row, RunTable};

/// Rows that are looked at to find how wide a column should be.
const SAMPLE: u32 = 200;
/// The widest that a column gets by itself, in cells.
const WIDEST: u16 = 24;
/// How wide the sparkline is, in cells.
pub const SPARK_WIDTH: u16 = 10;
/// How wide the marks are: mark and cursor.
pub const MARK_WIDTH: u16 = 2;
/// From this width on, there is a sparkline.
const SPARK_FROM: u16 = 64;
/// How wide the figures of groups are, in cells: a mean has more digits than the whole numbers that it comes from.
const FIGURE_WIDTH: u16 = 7;
/// Columns that stay put at the left: the status and the name.
const PINNED: usize = 2;

/// A column of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Which.
    pub key: ColumnKey,
    /// Whether the person wants to see it.
    pub visible: bool,
    /// Whether every run has the same in it.
    pub constant: bool,
    /// Whether its values are numbers, so that they line up at the right.
    pub numeric: bool,
    /// How wide, in cells.
    pub width: u16,
}

/// Where a column is, in cells from the left of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Which of the seen columns; nothing for the sparkline.
    pub index: Option<usize>,
    /// Where it begins.
    pub x: u16,
    /// How wide it is.
    pub width: u16,
}

/// All columns.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// Every column, in the order of the person.
    pub all: Vec<Shown>,
    /// Which of the seen columns is under the cursor.
    pub at: usize,
    /// The first column after the pinned ones that is seen.
    pub left: usize,
    /// Whether columns that are the same in every run are folded away.
    pub fold_constants: bool,
    /// Whether lines of groups stand in the table, with figures in the numeric columns.
    pub figures: bool,
    /// The goal that the metrics suggest.
    pub guessed_goal: Option<Goal>,
    /// Whether the person gave the columns an order: then it is theirs, and new columns come last.
    ordered: bool,
    /// What a view asks of columns, those that are not known yet among them: their places, and whether they are seen.
    wished: HashMap<ColumnKey, (usize, bool)>,
}

impl Columns {
    /// The columns that are seen and those that are not, in their order, where the person chose any; raw.
    #[must_use]
    pub fn chosen(&self) -> Option<(Vec<String>, Vec<String>)> {
        let spelled = |visible: bool| {
            self.all
                .iter()
                .filter(move |column| column.visible == visible && !is_pinned(&column.key))
                .map(|column| column.key.spelled())
                .collect()
        };
        self.ordered.then(|| (spelled(true), spelled(false)))
    }

    /// Takes what a view asks: columns to see, in order, and columns to hide. Others follow as they would without it.
    pub fn wish(&mut self, seen: &[ColumnKey], hidden: &[ColumnKey]) {
        let all = seen.iter().map(|key| (key, true)).chain(hidden.iter().map(|key| (key, false)));
        self.wished = all.enumerate().map(|(place, (key, visible))| (key.clone(), (place, visible))).collect();
        self.ordered = true;
        for column in &mut self.all {
            column.visible = self.wished.get(&column.key).map_or_else(|| visible_at_first(&column.key), |(_, visible)| *visible);
        }
        self.order_by_wish();
    }

    /// Forgets every choice.
    pub fn forget(&mut self) {
        self.wished.clear();
        self.ordered = false;
        for column in &mut self.all {
            column.visible = visible_at_first(&column.key);
        }
    }

    fn order_by_wish(&mut self) {
        let wished = &self.wished;
        self.all.sort_by_key(|column| (wished.get(&column.key).map_or(usize::MAX, |(place, _)| *place), group(&column.key)));
    }

    /// The columns that are seen, in order: status and name first.
    #[must_use]
    pub fn seen(&self) -> Vec<&Shown> {
        let pinned = |column: &&Shown| is_pinned(&column.key);
        let rest = |column: &&Shown| !is_pinned(&column.key) && column.visible && !(self.fold_constants && column.constant);
        self.all.iter().filter(pinned).chain(self.all.iter().filter(rest)).collect()
    }

    /// The key of the column under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<ColumnKey> {
        self.seen().get(self.at).map(|column| column.key.clone())
    }

    /// How many columns are folded away because they tell nothing.
    #[must_use]
    pub fn folded(&self) -> usize {
        let folded = |c: &&Shown| !is_pinned(&c.key) && c.visible && c.constant;
        if self.fold_constants { self.all.iter().filter(folded).count() } else { 0 }
    }

    /// Takes new columns in and measures all of them.
    pub fn learn(&mut self, table: &RunTable) {
        let before = self.all.len();
        for key in table.columns() {
            if !self.all.iter().any(|column| column.key == key) {
                let visible = self.wished.get(&key).map_or_else(|| visible_at_first(&key), |(_, visible)| *visible);
                self.all.push(Shown { key, visible, constant: false, numeric: false, width: 4 });
            }
        }
        if !self.ordered {
            self.all.sort_by_key(|column| (group(&column.key), !column.visible));
        } else if self.all.len() > before && !self.wished.is_empty() {
            self.order_by_wish();
        }
        for column in &mut self.all {
            let summary = table.summary(&column.key);
            column.constant = summary.constant;
            column.numeric = summary.numeric;
            column.width = measured(table, &column.key);
        }
        self.guessed_goal = guess(table);
    }

    /// Puts the goal's metric right behind the name, where a narrow terminal shows it, too.
    pub fn put_first(&mut self, goal: Option<&Goal>) {
        let is_goal = |column: &Shown| matches!((&column.key, goal), (ColumnKey::Metric(key), Some(goal)) if *key == goal.metric);
        if !self.ordered
            && let Some(from) = self.all.iter().position(is_goal)
            && let Some(to) = self.all.iter().position(|column| !is_pinned(&column.key))
            && to < from
        {
            self.all[to..=from].rotate_right(1);
        }
    }

    /// Takes the person's choice and order.
    pub fn set(&mut self, chosen: &[(ColumnKey, bool)]) {
        self.ordered = true;
        self.wished.clear();
        let place = |key: &ColumnKey| chosen.iter().position(|(k, _)| k == key).unwrap_or(usize::MAX);
        self.all.sort_by_key(|column| place(&column.key));
        for column in &mut self.all {
            if let Some((_, visible)) = chosen.iter().find(|(key, _)| *key == column.key) {
                column.visible = *visible;
            }
        }
    }

    /// Hides the column under the cursor; status and name stay.
    pub fn hide_current(&mut self) {
        let Some(key) = self.current().filter(|key| !is_pinned(key)) else { return };
        if let Some(column) = self.all.iter_mut().find(|column| column.key == key) {
            column.visible = false;
            self.ordered = true;
        }
    }

    /// Moves the column cursor.
    pub fn step(&mut self, by: isize) {
        let last = self.seen().len().saturating_sub(1);
        self.at = self.at.saturating_add_signed(by).min(last);
    }

    /// Keeps the column under the cursor on the screen.
    pub fn fit(&mut self, width: u16, spark: bool) {
        let len = self.seen().len();
        self.at = self.at.min(len.saturating_sub(1));
        self.left = self.left.min(len.saturating_sub(PINNED + 1));
        if self.at < PINNED {
            return;
        }
        self.left = self.left.min(self.at - PINNED);
        while self.left + PINNED < self.at && !self.place(width, spark).iter().any(|placed| placed.index == Some(self.at)) {
            self.left += 1;
        }
    }

    /// Where the columns are, in a table of this width.
    #[must_use]
    pub fn place(&self, width: u16, spark: bool) -> Vec<Placed> {
        let seen = self.seen();
        let mut placed = Vec::new();
        let mut x = MARK_WIDTH;
        let mut put = |index: Option<usize>, wanted: u16| {
            let room = width.saturating_sub(x);
            // A column that would be cut to a stump is left out; the first ones are always there.
            if room < wanted.min(4) || (room < wanted && index.is_some_and(|i| i > PINNED)) {
                return false;
            }
            let wanted = wanted.min(room);
            placed.push(Placed { index, x, width: wanted });
            x += wanted + 1;
            true
        };
        for (index, column) in seen.iter().take(PINNED).enumerate() {
            // The name never takes more than half of a narrow table.
            put(Some(index), if index == 0 { 1 } else { column.width.min((width / 2).max(8)) });
        }
        if spark && width >= SPARK_FROM {
            put(None, SPARK_WIDTH);
        }
        for (index, column) in seen.iter().enumerate().skip(PINNED + self.left) {
            let room = if self.figures && column.numeric { column.width.max(FIGURE_WIDTH) } else { column.width };
            if !put(Some(index), room) {
                break;
            }
        }
        placed
    }
}

fn is_pinned(key: &ColumnKey) -> bool {
    matches!(key, ColumnKey::Attribute(Attribute::Status | Attribute::Name))
}

/// The order of the kinds: what tells a run apart, then what came of it, then what it was given.
fn group(key: &ColumnKey) -> u8 {
    match key {
        ColumnKey::Attribute(Attribute::Status) => 0,
        ColumnKey::Attribute(Attribute::Name) => 1,
        ColumnKey::Attribute(Attribute::Start | Attribute::Duration) => 2,
        ColumnKey::Metric(key) if key.raw().starts_with("system/") => 6,
        ColumnKey::Metric(_) => 3,
        ColumnKey::Param(_) => 4,
        ColumnKey::Attribute(_) => 5,
        ColumnKey::Tag(_) => 7,
    }
}

fn visible_at_first(key: &ColumnKey) -> bool {
    match key {
        ColumnKey::Attribute(attribute) => {
            matches!(
                attribute,
                Attribute::Status | Attribute::Name | Attribute::Start | Attribute::Duration | Attribute::User | Attribute::Source
            )
        }
        ColumnKey::Metric(key) => !key.raw().starts_with("system/"),
        ColumnKey::Param(_) => true,
        ColumnKey::Tag(key) => !key.raw().starts_with("mlflow.") && !key.raw().starts_with("frontrunner."),
    }
}

/// As wide as its title and what stands in its first rows.
fn measured(table: &RunTable, key: &ColumnKey) -> u16 {
    let rows = (table.len() as u32).min(SAMPLE);
    let width = |text: &str| unicode_width::UnicodeWidthStr::width(text) as u16;
    let widest = (0..rows).map(|row| width(&cell::text(table.cell(Row(row), key, 0)))).max().unwrap_or(0);
    // Two more than the title: the sort arrow stands there.
    let title = width(&key.title()).saturating_add(2).min(16);
    let most = if matches!(key, ColumnKey::Attribute(Attribute::Name)) { 32 } else { WIDEST };
    widest.max(title).clamp(4, most)
}

/// The likeliest goal among the metrics that most runs have.
fn guess(table: &RunTable) -> Option<Goal> {
    let metrics = table.columns().into_iter().filter_map(|key| match &key {
        ColumnKey::Metric(name) => Some((table.summary(&key).present, name.clone())),
        _ => None,
    });
    let metrics: Vec<_> = metrics.collect();
    let most = metrics.iter().map(|(present, _)| *present).max()?;
    Goal::likeliest(metrics.iter().filter(|(present, _)| present * 2 >= most).map(|(_, name)| name))
}
