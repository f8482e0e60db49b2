//! Where columns are on the screen.

use super::{Columns, MARK_WIDTH, SPARKLINE_WIDTH};
use crate::table::{ColumnDisplay, RunTable};

/// From this width of the table on, there is a sparkline.
const SPARKLINE_MIN_TABLE_WIDTH: u16 = 64;
/// How wide the figures of groups are, in cells: a mean has more digits than the whole numbers that it comes from.
const GROUP_STATISTIC_WIDTH: u16 = 7;
/// How much wider a column is that stands for others, in cells: ` +12`.
const FOLD_COUNT_WIDTH: u16 = 4;
/// A column that would be cut to less than this is left out, in cells.
const MIN_CUT_WIDTH: u16 = 4;

/// Where a column is, in cells from the left of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedColumn {
    /// Which of the seen columns; nothing for the sparkline.
    pub index: Option<usize>,
    /// Where it begins.
    pub x: u16,
    /// How wide it is.
    pub width: u16,
}

/// Columns side by side, as far as there is room.
struct LayoutBuilder {
    placed: Vec<PlacedColumn>,
    x: u16,
    width: u16,
}

impl LayoutBuilder {
    /// Puts a column after the others; one that may be cut is cut to the room that is left. Returns whether it is there.
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
    /// Keeps the column under the cursor on the screen, and measures what stands there.
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

    /// The first column to be seen after the pinned ones if the one at `target` is to be the last.
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

    /// Where the columns are, in a table of this width.
    #[must_use]
    pub fn layout(&self, width: u16, has_sparkline: bool) -> Vec<PlacedColumn> {
        let mut layout = self.pinned_layout(width, has_sparkline);
        let first = self.pinned_count + self.scroll;
        for index in first..self.visible_order.len() {
            // One column is always there, and be it a part of it.
            if !layout.push(Some(index), self.layout_width(index), index == first) {
                break;
            }
        }
        layout.placed
    }

    /// What stays at the left: pinned columns, and the sparkline behind the name. Pinned ones leave room for one more.
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
                // The name never takes more than half of a narrow table.
                ColumnDisplay::RunName => {
                    layout.push(Some(index), column.width().min((width / 2).max(8)), true)
                }
                _ if layout.x + self.layout_width(index) > width / 4 * 3 => break,
                _ => layout.push(Some(index), self.layout_width(index), false),
            };
        }
        if needs_sparkline {
            layout.push(None, SPARKLINE_WIDTH, true);
        }
        layout
    }

    /// How wide a seen column is.
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
