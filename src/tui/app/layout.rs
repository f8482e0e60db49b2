//! The layout of the screen, computed in one place for drawing and the mouse.

use ratatui::layout::Rect;

/// A size in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// Below this size, one line replaces the screen.
pub const MIN_SIZE: Size = Size {
    width: 40,
    height: 10,
};

/// From this width on, the preview is beside the table; below it, under it.
const SIDE_BY_SIDE_WIDTH: u16 = 100;

/// The parts of every screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScreenAreas {
    /// The path and the age of the data.
    pub header: Rect,
    /// The screen's own area.
    pub body: Rect,
    /// The message line.
    pub message: Rect,
    /// The footer with keys.
    pub key_hints: Rect,
}

/// The parts of every screen.
#[must_use]
pub fn screen_areas(size: Size) -> ScreenAreas {
    let Size { width, height } = size;
    let row =
        |y: u16, rows: u16| Rect::new(0, y.min(height), width, rows.min(height.saturating_sub(y)));
    ScreenAreas {
        header: row(0, 1),
        body: row(1, height.saturating_sub(3)),
        message: row(height.saturating_sub(2), 1),
        key_hints: row(height.saturating_sub(1), 1),
    }
}

/// The parts of a table: the line above it, its header, its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableAreas {
    /// Filter, counts, order.
    pub status: Rect,
    /// The column names.
    pub header: Rect,
    /// The rows.
    pub rows: Rect,
}

/// The parts of a table in an area.
#[must_use]
pub fn table_areas(area: Rect) -> TableAreas {
    let at = |y: u16, rows: u16| {
        Rect::new(
            area.x,
            area.y + y.min(area.height),
            area.width,
            rows.min(area.height.saturating_sub(y)),
        )
    };
    TableAreas {
        status: at(0, 1),
        header: at(1, 1),
        rows: at(2, area.height.saturating_sub(2)),
    }
}

/// The table and the preview in a body; `None` without room for a preview.
#[must_use]
pub fn split_preview(body: Rect, preview: bool) -> (Rect, Option<Rect>) {
    if !preview {
        return (body, None);
    }
    if body.width >= SIDE_BY_SIDE_WIDTH {
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

/// The list of a screen that shows the item under the cursor below it: the upper half of the body, or all of a low one.
#[must_use]
pub fn list_above_detail(size: Size) -> Rect {
    let body = screen_areas(size).body;
    let height = if body.height >= 14 {
        body.height / 2
    } else {
        body.height
    };
    Rect { height, ..body }
}

/// A centered area of at most this size.
#[must_use]
pub fn dialog_area(size: Size, width: u16, height: u16) -> Rect {
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
        fn areas_stay_inside_terminal(width in 0u16..600, height in 0u16..300, preview: bool) {
            let size = Size { width, height };
            let whole = Rect::new(0, 0, width, height);
            let frame = screen_areas(size);
            let (rows, beside) = split_preview(frame.body, preview);
            let table = table_areas(rows);
            let parts = [frame.header, frame.body, frame.message, frame.key_hints, table.status, table.header, table.rows];
            for part in parts.into_iter().chain(beside) {
                prop_assert_eq!(part.intersection(whole).area(), part.area());
            }
        }
    }
}
