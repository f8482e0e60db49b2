//! A table of text. Columns are as wide as their content, and dropped by priority if there is no room.

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::text::width::width;
use crate::tui::app::layout::TableAreas;
use crate::tui::view::painter::{Painter, TextSpan, row_at};

#[derive(Clone, Copy, Debug)]
pub struct GridColumn<'a> {
    pub title: &'a str,
    /// In cells.
    pub max_width: u16,
    pub is_right_aligned: bool,
    /// The greatest is dropped first; 0 is never dropped.
    pub drop_priority: u8,
}

impl<'a> GridColumn<'a> {
    pub const fn left_aligned(title: &'a str, max_width: u16, drop_priority: u8) -> Self {
        Self {
            title,
            max_width,
            is_right_aligned: false,
            drop_priority,
        }
    }

    pub const fn right_aligned(title: &'a str, max_width: u16, drop_priority: u8) -> Self {
        Self {
            title,
            max_width,
            is_right_aligned: true,
            drop_priority,
        }
    }
}

/// A column that would be dropped is cut to this width at least, in cells.
const MIN_CUT_WIDTH: u16 = 10;

/// Draws the visible rows under the titles. `cursor` is an index into `rows`.
pub fn draw(
    painter: &mut Painter<'_>,
    area: &TableAreas,
    columns: &[GridColumn<'_>],
    rows: &[Vec<TextSpan>],
    cursor: Option<usize>,
) {
    let widths = column_widths(columns, rows, area.header.width);
    for_each_cell(&widths, area.header, |i, cell| {
        let title = columns[i].title;
        if columns[i].is_right_aligned {
            painter.draw_right_aligned(cell, title, Role::Header)
        } else {
            painter.draw_text(cell, title, Role::Header)
        };
    });
    for (offset, texts) in rows.iter().enumerate() {
        let line = row_at(area.rows, offset as u16);
        if line.height == 0 {
            break;
        }
        for_each_cell(&widths, line, |i, cell| {
            let Some((text, role)) = texts.get(i) else {
                return;
            };
            if columns[i].is_right_aligned {
                painter.draw_right_aligned(cell, text, *role)
            } else {
                painter.draw_text(cell, text, *role)
            };
        });
        if cursor == Some(offset) {
            painter.apply_role(line, Role::Selection);
        }
    }
}

/// The width of each column, 0 for a dropped one.
fn column_widths(columns: &[GridColumn<'_>], rows: &[Vec<TextSpan>], room: u16) -> Vec<u16> {
    let natural_width = |i: usize| {
        let texts = rows
            .iter()
            .filter_map(|texts| texts.get(i))
            .map(|(text, _)| width(text))
            .max()
            .unwrap_or(0);
        texts.max(width(columns[i].title)).min(columns[i].max_width)
    };
    let mut widths: Vec<u16> = (0..columns.len()).map(natural_width).collect();
    let total_width = |widths: &[u16]| {
        widths
            .iter()
            .filter(|w| **w > 0)
            .map(|w| w + 2)
            .sum::<u16>()
    };
    // The gap after the last column is not needed, the one before the first is one cell.
    let room = room + 1;
    while total_width(&widths) > room {
        let droppable =
            (0..columns.len()).filter(|i| widths[*i] > 0 && columns[*i].drop_priority > 0);
        let Some(last) = droppable.max_by_key(|i| columns[*i].drop_priority) else {
            break;
        };
        widths[last] = 0;
    }
    // A wide column may have gone that leaves room for some that went before it.
    let mut dropped: Vec<usize> = (0..columns.len())
        .filter(|i| widths[*i] == 0 && natural_width(*i) > 0)
        .collect();
    dropped.sort_by_key(|i| columns[*i].drop_priority);
    for least in [u16::MAX, MIN_CUT_WIDTH] {
        for i in &dropped {
            let left = room.saturating_sub(total_width(&widths) + 2);
            let wanted = natural_width(*i);
            if widths[*i] == 0 && left >= wanted.min(least.max(width(columns[*i].title))) {
                widths[*i] = wanted.min(left);
            }
        }
    }
    let excess = total_width(&widths).saturating_sub(room);
    if let Some(widest) = (0..widths.len()).max_by_key(|i| widths[*i]) {
        widths[widest] = widths[widest].saturating_sub(excess);
    }
    widths
}

fn for_each_cell(widths: &[u16], line: Rect, mut draw: impl FnMut(usize, Rect)) {
    let mut x = line.x + 1;
    for (i, width) in widths
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, width)| *width > 0)
    {
        let room = line.right().saturating_sub(x);
        draw(
            i,
            Rect {
                x,
                width: width.min(room),
                ..line
            },
        );
        x += width + 2;
    }
}
