//! A table of text: columns as wide as what they show, dropped by priority where there is no room.

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::text::fit::width;
use crate::tui::app::layout::Table;
use crate::tui::view::paint::{Paint, row};

/// A column of a grid.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    /// What stands above it.
    pub title: &'a str,
    /// The most cells that it takes.
    pub most: u16,
    /// Whether its texts line up at the right.
    pub right: bool,
    /// Which columns go first where there is no room: the greatest; 0 stays.
    pub drop: u8,
}

impl<'a> Column<'a> {
    /// A column whose texts line up at the left.
    pub const fn left(title: &'a str, most: u16, drop: u8) -> Self {
        Self {
            title,
            most,
            right: false,
            drop,
        }
    }

    /// A column whose texts line up at the right.
    pub const fn right(title: &'a str, most: u16, drop: u8) -> Self {
        Self {
            title,
            most,
            right: true,
            drop,
        }
    }
}

/// A text of a grid, with its role.
pub type Text = (String, Role);

/// Draws the rows that are seen under their columns. `cursor` is the place of the row under the cursor among them.
pub fn draw(
    paint: &mut Paint<'_>,
    area: &Table,
    columns: &[Column<'_>],
    rows: &[Vec<Text>],
    cursor: Option<usize>,
) {
    let widths = fitted(columns, rows, area.header.width);
    place(&widths, area.header, |i, cell| {
        let title = columns[i].title;
        if columns[i].right {
            paint.right(cell, title, Role::Header)
        } else {
            paint.text(cell, title, Role::Header)
        };
    });
    for (offset, texts) in rows.iter().enumerate() {
        let line = row(area.rows, offset as u16);
        if line.height == 0 {
            break;
        }
        place(&widths, line, |i, cell| {
            let Some((text, role)) = texts.get(i) else {
                return;
            };
            if columns[i].right {
                paint.right(cell, text, *role)
            } else {
                paint.text(cell, text, *role)
            };
        });
        if cursor == Some(offset) {
            paint.over(line, Role::Selection);
        }
    }
}

/// How wide each column is; 0 for one that is dropped.
fn fitted(columns: &[Column<'_>], rows: &[Vec<Text>], room: u16) -> Vec<u16> {
    let wanted = |i: usize| {
        let texts = rows
            .iter()
            .filter_map(|texts| texts.get(i))
            .map(|(text, _)| width(text))
            .max()
            .unwrap_or(0);
        texts.max(width(columns[i].title)).min(columns[i].most)
    };
    let mut widths: Vec<u16> = (0..columns.len()).map(wanted).collect();
    let taken = |widths: &[u16]| {
        widths
            .iter()
            .filter(|w| **w > 0)
            .map(|w| w + 2)
            .sum::<u16>()
    };
    while taken(&widths) > room {
        let droppable = (0..columns.len()).filter(|i| widths[*i] > 0 && columns[*i].drop > 0);
        let Some(last) = droppable.max_by_key(|i| columns[*i].drop) else {
            break;
        };
        widths[last] = 0;
    }
    let over = taken(&widths).saturating_sub(room);
    if let Some(widest) = (0..widths.len()).max_by_key(|i| widths[*i]) {
        widths[widest] = widths[widest].saturating_sub(over);
    }
    widths
}

fn place(widths: &[u16], line: Rect, mut draw: impl FnMut(usize, Rect)) {
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
