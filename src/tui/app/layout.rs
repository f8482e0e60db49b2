//! Where things are on the screen: one pure answer that serves drawing and the mouse.

use ratatui::layout::Rect;

/// A size in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// The smallest terminal in which screens are drawn; below it, one line says so.
pub const SMALLEST: Size = Size {
    width: 40,
    height: 10,
};

/// From this width on, a preview stands beside the table; below it, under it.
const BESIDE_WIDTH: u16 = 100;

/// The parts of every screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Where you are, how fresh it is.
    pub top: Rect,
    /// The screen itself.
    pub body: Rect,
    /// The message line.
    pub message: Rect,
    /// The keys that work here.
    pub keys: Rect,
}

/// The parts of every screen, for a terminal of this size.
#[must_use]
pub fn frame(size: Size) -> Frame {
    let Size { width, height } = size;
    let row =
        |y: u16, rows: u16| Rect::new(0, y.min(height), width, rows.min(height.saturating_sub(y)));
    Frame {
        top: row(0, 1),
        body: row(1, height.saturating_sub(3)),
        message: row(height.saturating_sub(2), 1),
        keys: row(height.saturating_sub(1), 1),
    }
}

/// The parts of a table: the line above it, its header, its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Filter, counts, order.
    pub status: Rect,
    /// The columns' names.
    pub header: Rect,
    /// The rows.
    pub rows: Rect,
}

/// The parts of a table in an area.
#[must_use]
pub fn table(area: Rect) -> Table {
    let at = |y: u16, rows: u16| {
        Rect::new(
            area.x,
            area.y + y.min(area.height),
            area.width,
            rows.min(area.height.saturating_sub(y)),
        )
    };
    Table {
        status: at(0, 1),
        header: at(1, 1),
        rows: at(2, area.height.saturating_sub(2)),
    }
}

/// A table and the preview beside or under it, in a body; no preview when there is no room for it.
#[must_use]
pub fn with_preview(body: Rect, preview: bool) -> (Rect, Option<Rect>) {
    if !preview {
        return (body, None);
    }
    if body.width >= BESIDE_WIDTH {
        let width = (body.width / 3).clamp(36, 60);
        let left = body.width - width;
        return (
            Rect {
                width: left,
                ..body
            },
            Some(Rect {
                x: body.x + left,
                width,
                ..body
            }),
        );
    }
    if body.height >= 14 {
        let height = body.height / 2;
        let top = body.height - height;
        return (
            Rect {
                height: top,
                ..body
            },
            Some(Rect {
                y: body.y + top,
                height,
                ..body
            }),
        );
    }
    (body, None)
}

/// The area of a dialog of at most this size in the middle of a terminal.
#[must_use]
pub fn dialog(size: Size, width: u16, height: u16) -> Rect {
    let width = width.min(size.width.saturating_sub(2));
    let height = height.min(size.height.saturating_sub(2));
    Rect::new(
        (size.width - width) / 2,
        (size.height - height) / 2,
        width,
        height,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_part_is_inside_the_terminal(width in 0u16..600, height in 0u16..300, preview: bool) {
            let size = Size { width, height };
            let whole = Rect::new(0, 0, width, height);
            let frame = frame(size);
            let (rows, beside) = with_preview(frame.body, preview);
            let table = table(rows);
            let parts = [frame.top, frame.body, frame.message, frame.keys, table.status, table.header, table.rows];
            for part in parts.into_iter().chain(beside) {
                prop_assert_eq!(part.intersection(whole).area(), part.area());
            }
        }
    }
}
