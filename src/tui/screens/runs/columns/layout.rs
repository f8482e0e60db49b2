//! The position of columns on the screen.

use super::{Columns, MARK_WIDTH, SPARKLINE_WIDTH, WIDTH_RANGE, title_among};
use crate::table::{ColumnDisplay, ColumnKey, RowId, RunTable};

/// Narrower tables have no sparkline, in cells.
const SPARKLINE_MIN_TABLE_WIDTH: u16 = 64;
/// The minimum width of a group statistic, in cells: the mean of integers has more digits than they have.
const GROUP_STATISTIC_WIDTH: u16 = 7;
/// The extra width of a column with others folded into it, in cells: ` +12`.
const FOLD_COUNT_WIDTH: u16 = 4;
/// A column that can be cut is cut to this width at least, in cells, or left out.
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
    /// Whether a line before it separates it from columns of another kind; it is [`DIVIDER_OFFSET`] cells before the first one.
    pub has_divider: bool,
}

/// The distance of a dividing line from its column, in cells.
pub const DIVIDER_OFFSET: u16 = 2;
/// What a dividing line adds to a gap, in cells.
const DIVIDER_WIDTH: u16 = 2;
/// The cell at the right edge that says that there are more columns.
const EDGE_WIDTH: u16 = 1;

/// Columns side by side, as far as they fit.
struct LayoutBuilder {
    placed: Vec<PlacedColumn>,
    x: u16,
    width: u16,
}

impl LayoutBuilder {
    /// Appends a column, cut to the room that is left, but not below its least width. Returns whether it fits.
    fn push(
        &mut self,
        index: Option<usize>,
        (desired_width, least_width): (u16, u16),
        has_divider: bool,
    ) -> bool {
        let x = self.x + if has_divider { DIVIDER_WIDTH } else { 0 };
        let room = self.width.saturating_sub(x);
        if room < desired_width.min(least_width) {
            return false;
        }
        let width = desired_width.min(room);
        self.placed.push(PlacedColumn {
            index,
            x,
            width,
            has_divider,
        });
        self.x = x + width + 1;
        true
    }

    fn last_index(&self) -> Option<usize> {
        self.placed.last().and_then(|placed| placed.index)
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

    /// Makes the columns on the screen wide enough for these rows.
    pub fn include_rows(&mut self, placed: &[PlacedColumn], rows: &[RowId], table: &RunTable) {
        for index in placed.iter().filter_map(|placed| placed.index) {
            if let Some(at) = self.visible_order.get(index)
                && let Some(column) = self.all.get_mut(*at)
            {
                column.include_rows(table, rows.iter().copied());
            }
        }
    }

    /// Makes a visible column wide enough for a text.
    pub fn include_text(&mut self, index: usize, text: &str) {
        if let Some(at) = self.visible_order.get(index)
            && let Some(column) = self.all.get_mut(*at)
        {
            column.include_text(text);
        }
    }

    /// How many columns there are to the left and to the right of the screen.
    #[must_use]
    pub fn columns_beyond(&self, placed: &[PlacedColumn]) -> (usize, usize) {
        let last = placed.iter().filter_map(|placed| placed.index).max();
        let right = last.map_or(0, |last| {
            self.visible_order.len() - 1 - last.min(self.visible_order.len() - 1)
        });
        (self.scroll, right)
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
            let title = title_among(&self.shared_titles, &column.key);
            column.measure(table, &title);
            column.measured_epoch = epoch;
        }
    }

    /// Whether a line separates a column from the one before it: params and tags look different from metrics.
    fn needs_divider(&self, before: Option<usize>, index: usize) -> bool {
        let kind = |index: usize| self.column_at(index).and_then(|column| column.key.prefix());
        let own = kind(index);
        matches!(own, Some("params" | "tags")) && before.and_then(kind) != own
    }

    fn column_at(&self, index: usize) -> Option<&super::ColumnState> {
        self.all.get(*self.visible_order.get(index)?)
    }

    /// The first column after the pinned ones when the column `target` is the last one on the screen.
    fn first_scrolled_column(
        &mut self,
        target: usize,
        width: u16,
        has_sparkline: bool,
        table: &RunTable,
    ) -> usize {
        let pinned = self.pinned_layout(width, has_sparkline);
        // The first column may need a dividing line.
        let mut room = width.saturating_sub(pinned.x + EDGE_WIDTH + DIVIDER_WIDTH);
        let mut first = target;
        loop {
            let index = self.pinned_count + first;
            self.measure_visible(index, table);
            let divider = if first < target && self.needs_divider(Some(index), index + 1) {
                DIVIDER_WIDTH
            } else {
                0
            };
            let column_width = self.layout_width(index) + divider;
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
            let divider = self.needs_divider(layout.last_index(), index);
            // Show one column at least, even if it is cut. Of the last one the title may be cut.
            let least_width = if index == first {
                MIN_CUT_WIDTH
            } else {
                self.least_width(index)
            };
            let widths = (self.layout_width(index), least_width);
            if !layout.push(Some(index), widths, divider) {
                break;
            }
        }
        self.widen_cut_columns(&mut layout);
        layout.placed
    }

    /// Gives the room that is left to columns whose values or titles are cut, to the name last.
    fn widen_cut_columns(&self, layout: &mut LayoutBuilder) {
        let end = layout.placed.last().map_or(0, |last| last.x + last.width);
        let mut room = layout.width.saturating_sub(end);
        let is_name = |placed: &PlacedColumn| {
            let column = placed.index.and_then(|index| self.column_at(index));
            column.is_some_and(|column| column.key.kind().is_fixed())
        };
        let (names, others): (Vec<usize>, Vec<usize>) =
            (0..layout.placed.len()).partition(|at| is_name(&layout.placed[*at]));
        for at in others.into_iter().chain(names) {
            let Some(index) = layout.placed[at].index else {
                continue;
            };
            let Some(column) = self.column_at(index).filter(|c| c.custom_width.is_none()) else {
                continue;
            };
            if column.key.kind().display == ColumnDisplay::StatusSymbol {
                continue;
            }
            let wanted = column.full_width().min(WIDTH_RANGE.1);
            let wanted = wanted + self.fold_count_width(&column.key);
            let extra = wanted.saturating_sub(layout.placed[at].width).min(room);
            layout.placed[at].width += extra;
            for later in &mut layout.placed[at + 1..] {
                later.x += extra;
            }
            room -= extra;
        }
    }

    /// Status, name, sparkline and pinned columns. They leave room for at least one more column.
    fn pinned_layout(&self, width: u16, has_sparkline: bool) -> LayoutBuilder {
        let mut layout = LayoutBuilder {
            placed: Vec::new(),
            x: MARK_WIDTH,
            width: width.saturating_sub(EDGE_WIDTH),
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
                needs_sparkline = !layout.push(None, (SPARKLINE_WIDTH, MIN_CUT_WIDTH), false);
            }
            match column.key.kind().display {
                ColumnDisplay::StatusSymbol => layout.push(Some(index), (1, 1), false),
                // At most half of a narrow table.
                ColumnDisplay::RunName => {
                    let name_width = column.width().min((width / 2).max(8));
                    layout.push(Some(index), (name_width, MIN_CUT_WIDTH), false)
                }
                ColumnDisplay::Value if layout.x + self.layout_width(index) > width / 4 * 3 => {
                    break;
                }
                ColumnDisplay::Value => {
                    let divider = self.needs_divider(layout.last_index(), index);
                    let width = self.layout_width(index);
                    layout.push(Some(index), (width, width), divider)
                }
            };
        }
        if needs_sparkline {
            layout.push(None, (SPARKLINE_WIDTH, MIN_CUT_WIDTH), false);
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
        .saturating_add(self.fold_count_width(&column.key))
    }

    /// The width below which a value would be cut.
    fn least_width(&self, index: usize) -> u16 {
        let values = |column: &super::ColumnState| match column.custom_width {
            None => column.widest_value().max(MIN_CUT_WIDTH),
            Some(_) => u16::MAX,
        };
        self.column_at(index).map_or(u16::MAX, values)
    }

    fn fold_count_width(&self, column: &ColumnKey) -> u16 {
        if self.folded_count(column) > 0 {
            FOLD_COUNT_WIDTH
        } else {
            0
        }
    }
}
