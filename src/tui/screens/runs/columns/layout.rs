//! The position of columns on the screen.

use super::{Columns, MARK_WIDTH, SPARKLINE_WIDTH};
use crate::table::{ColumnDisplay, RunTable};

/// Narrower tables have no sparkline, in cells.
const SPARKLINE_MIN_TABLE_WIDTH: u16 = 64;
/// The minimum width of a group statistic, in cells: the mean of integers has more digits than they have.
const GROUP_STATISTIC_WIDTH: u16 = 7;
/// The extra width of a column with others folded into it, in cells: ` +12`.
const FOLD_COUNT_WIDTH: u16 = 4;
/// A column is cut to this width at least, in cells, or left out.
const MIN_CUT_WIDTH: u16 = 4;

/// A column on the screen, in cells from the left of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedColumn {
    /// The index among the visible columns; `None` for the sparkline.
    pub index: Option<usize>,
    /// The first cell.
    pub x: u16,
    /// Without the gap to the next column.
    pub width: u16,
}

/// Columns side by side, as far as they fit.
struct LayoutBuilder {
    placed: Vec<PlacedColumn>,
    x: u16,
    width: u16,
}

impl LayoutBuilder {
    /// Appends a column, cut to the room that is left if it can be cut. Returns whether it fits.
    fn push(&mut self, index: Option<usize>, desired_width: u16, can_be_cut: bool) -> bool {
        let room = self.width.saturating_sub(self.x);
        if room < desired_width.min(MIN_CUT_WIDTH) || (room < desired_width && !can_be_cut) {
            return false;
        }
        let width = desired_width.min(room);
        self.placed.push(PlacedColumn {
            index,
            x: self.x,
            width,
        });
        self.x += width + 1;
        true
    }
}

impl Columns {
    /// Scrolls to the column under the cursor, and measures the columns on the screen.
    pub fn scroll_to_cursor(&mut self, width: u16, has_sparkline: bool, table: &RunTable) {
        (0..self.pinned_count).for_each(|index| self.measure_visible(index, table));
        self.scroll = self.scroll.min(
            self.visible_order
                .len()
                .saturating_sub(self.pinned_count + 1),
        );
        if let Some(target) = self.cursor.checked_sub(self.pinned_count) {
            self.scroll = self.scroll.min(target).max(self.first_scrolled_column(
                target,
                width,
                has_sparkline,
                table,
            ));
        }
        let mut x = self.pinned_layout(width, has_sparkline).x;
        for index in self.pinned_count + self.scroll..self.visible_order.len() {
            if x >= width {
                break;
            }
            self.measure_visible(index, table);
            x += self.layout_width(index) + 1;
        }
    }

    /// Measures a visible column, unless it was measured since the table changed.
    pub(super) fn measure_visible(&mut self, index: usize, table: &RunTable) {
        let epoch = self.epoch;
        let Some(column) = self
            .visible_order
            .get(index)
            .and_then(|at| self.all.get_mut(*at))
        else {
            return;
        };
        if column.measured_epoch != epoch {
            column.measure(table);
            column.measured_epoch = epoch;
        }
    }

    /// The first column after the pinned ones when the column `target` is the last one on the screen.
    fn first_scrolled_column(
        &mut self,
        target: usize,
        width: u16,
        has_sparkline: bool,
        table: &RunTable,
    ) -> usize {
        let mut room = width.saturating_sub(self.pinned_layout(width, has_sparkline).x);
        let mut first = target;
        loop {
            self.measure_visible(self.pinned_count + first, table);
            let column_width = self.layout_width(self.pinned_count + first);
            if column_width > room {
                return (first + 1).min(target);
            }
            room = room.saturating_sub(column_width + 1);
            if first == 0 {
                return 0;
            }
            first -= 1;
        }
    }

    /// The columns on the screen in a table of this width.
    #[must_use]
    pub fn layout(&self, width: u16, has_sparkline: bool) -> Vec<PlacedColumn> {
        let mut layout = self.pinned_layout(width, has_sparkline);
        let first = self.pinned_count + self.scroll;
        for index in first..self.visible_order.len() {
            // Show one column at least, even if it is cut.
            if !layout.push(Some(index), self.layout_width(index), index == first) {
                break;
            }
        }
        layout.placed
    }

    /// Status, name, sparkline and pinned columns. They leave room for at least one more column.
    fn pinned_layout(&self, width: u16, has_sparkline: bool) -> LayoutBuilder {
        let mut layout = LayoutBuilder {
            placed: Vec::new(),
            x: MARK_WIDTH,
            width,
        };
        let pinned = self
            .visible_order
            .iter()
            .take(self.pinned_count)
            .filter_map(|at| self.all.get(*at))
            .enumerate();
        let mut needs_sparkline = has_sparkline && width >= SPARKLINE_MIN_TABLE_WIDTH;
        for (index, column) in pinned {
            if needs_sparkline && !column.key.kind().is_fixed() {
                needs_sparkline = !layout.push(None, SPARKLINE_WIDTH, true);
            }
            match column.key.kind().display {
                ColumnDisplay::StatusSymbol => layout.push(Some(index), 1, true),
                // At most half of a narrow table.
                ColumnDisplay::RunName => {
                    layout.push(Some(index), column.width().min((width / 2).max(8)), true)
                }
                ColumnDisplay::Value if layout.x + self.layout_width(index) > width / 4 * 3 => {
                    break;
                }
                ColumnDisplay::Value => layout.push(Some(index), self.layout_width(index), false),
            };
        }
        if needs_sparkline {
            layout.push(None, SPARKLINE_WIDTH, true);
        }
        layout
    }

    /// The width of a visible column.
    fn layout_width(&self, index: usize) -> u16 {
        let Some(column) = self
            .visible_order
            .get(index)
            .and_then(|at| self.all.get(*at))
        else {
            return 0;
        };
        match column.custom_width {
            Some(width) => width,
            None if self.has_group_statistics && column.is_numeric => {
                column.width().max(GROUP_STATISTIC_WIDTH)
            }
            None => column.width(),
        }
        .saturating_add(if self.folded_count(&column.key) > 0 {
            FOLD_COUNT_WIDTH
        } else {
            0
        })
    }
}
