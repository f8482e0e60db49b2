//! Where columns are on the screen.

use super::shown::is_first;
use super::{Columns, MARK_WIDTH, SPARK_WIDTH};
use crate::table::{Attribute, ColumnKey, RunTable};

/// From this width of the table on, there is a sparkline.
const SPARK_FROM: u16 = 64;
/// How wide the figures of groups are, in cells: a mean has more digits than the whole numbers that it comes from.
const FIGURE_WIDTH: u16 = 7;
/// How much wider a column is that stands for others, in cells: ` +12`.
const FOLD_WIDTH: u16 = 4;
/// A column that would be cut to less than this is left out, in cells.
const STUMP: u16 = 4;

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

/// Columns side by side, as far as there is room.
struct Line {
    placed: Vec<Placed>,
    x: u16,
    width: u16,
}

impl Line {
    /// Puts a column after the others; one that may be cut is cut to the room that is left. Returns whether it is there.
    fn put(&mut self, index: Option<usize>, wanted: u16, may_be_cut: bool) -> bool {
        let room = self.width.saturating_sub(self.x);
        if room < wanted.min(STUMP) || (room < wanted && !may_be_cut) {
            return false;
        }
        let width = wanted.min(room);
        self.placed.push(Placed {
            index,
            x: self.x,
            width,
        });
        self.x += width + 1;
        true
    }
}

impl Columns {
    /// Keeps the column under the cursor on the screen, and measures what stands there.
    pub fn fit(&mut self, width: u16, spark: bool, table: &RunTable) {
        (0..self.pins).for_each(|index| self.measure(index, table));
        self.left = self
            .left
            .min(self.order.len().saturating_sub(self.pins + 1));
        if let Some(target) = self.at.checked_sub(self.pins) {
            self.left = self
                .left
                .min(target)
                .max(self.leftmost(target, width, spark, table));
        }
        let mut x = self.head(width, spark).x;
        for index in self.pins + self.left..self.order.len() {
            if x >= width {
                break;
            }
            self.measure(index, table);
            x += self.room(index) + 1;
        }
    }

    /// The first column to be seen after the pinned ones if the one at `target` is to be the last.
    fn leftmost(&mut self, target: usize, width: u16, spark: bool, table: &RunTable) -> usize {
        let mut room = width.saturating_sub(self.head(width, spark).x);
        let mut first = target;
        loop {
            self.measure(self.pins + first, table);
            let wanted = self.room(self.pins + first);
            if wanted > room {
                return (first + 1).min(target);
            }
            room = room.saturating_sub(wanted + 1);
            if first == 0 {
                return 0;
            }
            first -= 1;
        }
    }

    /// Where the columns are, in a table of this width.
    #[must_use]
    pub fn place(&self, width: u16, spark: bool) -> Vec<Placed> {
        let mut line = self.head(width, spark);
        let first = self.pins + self.left;
        for index in first..self.order.len() {
            // One column is always there, and be it a part of it.
            if !line.put(Some(index), self.room(index), index == first) {
                break;
            }
        }
        line.placed
    }

    /// What stays at the left: pinned columns, and the sparkline behind the name. Pinned ones leave room for one more.
    fn head(&self, width: u16, spark: bool) -> Line {
        let mut line = Line {
            placed: Vec::new(),
            x: MARK_WIDTH,
            width,
        };
        let pinned = self
            .order
            .iter()
            .take(self.pins)
            .filter_map(|at| self.all.get(*at))
            .enumerate();
        let mut spark = spark && width >= SPARK_FROM;
        for (index, column) in pinned {
            if spark && !is_first(&column.key) {
                spark = !line.put(None, SPARK_WIDTH, true);
            }
            match &column.key {
                ColumnKey::Attribute(Attribute::Status) => line.put(Some(index), 1, true),
                // The name never takes more than half of a narrow table.
                ColumnKey::Attribute(Attribute::Name) => {
                    line.put(Some(index), column.width().min((width / 2).max(8)), true)
                }
                _ if line.x + self.room(index) > width / 4 * 3 => break,
                _ => line.put(Some(index), self.room(index), false),
            };
        }
        if spark {
            line.put(None, SPARK_WIDTH, true);
        }
        line
    }

    /// How wide a seen column is.
    fn room(&self, index: usize) -> u16 {
        let Some(column) = self.order.get(index).and_then(|at| self.all.get(*at)) else {
            return 0;
        };
        match column.chosen_width {
            Some(width) => width,
            None if self.figures && column.numeric => column.width().max(FIGURE_WIDTH),
            None => column.width(),
        }
        .saturating_add(if self.folded_with(&column.key) > 0 {
            FOLD_WIDTH
        } else {
            0
        })
    }
}
