//! Drawing a picture: its frame, and its cells where the terminal can't show it by other means.

use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use crate::config::theme::Role;
use crate::tui::app::layout::{Size, frame};
use crate::tui::app::overlays::{PictureView, Seen};
use crate::tui::view::paint::{Paint, row};

/// Draws the picture.
pub fn draw(paint: &mut Paint<'_>, size: Size, view: &PictureView) {
    let body = frame(size).body;
    paint.ground(body);
    let inside = paint.frame(body, &view.title, true);
    match &view.seen {
        Seen::Loading => {
            paint.text(
                Rect {
                    x: inside.x + 2,
                    ..row(inside, inside.height / 3)
                },
                "drawing…",
                Role::Running,
            );
        }
        // The terminal lays it over these cells.
        Seen::Above => {}
        Seen::Refused(refused) => {
            let room = Rect {
                x: inside.x + 2,
                width: inside.width.saturating_sub(4),
                ..inside
            };
            let mut lines: Vec<_> = crate::text::fit::wrap(&refused.why, room.width)
                .into_iter()
                .map(|l| vec![(l, Role::Bad)])
                .collect();
            lines.extend(
                crate::text::fit::wrap(&refused.next, room.width)
                    .into_iter()
                    .map(|line| vec![(line, Role::Muted)]),
            );
            paint.lines(
                Rect {
                    y: inside.y + inside.height / 3,
                    height: inside.height - inside.height / 3,
                    ..room
                },
                &lines,
            );
        }
        Seen::Cells(cells) if paint.look.ascii || paint.look.is_colorless() => {
            for (line, text) in cells.letters.iter().take(inside.height.into()).enumerate() {
                paint.text(row(inside, line as u16), text, Role::Text);
            }
        }
        Seen::Cells(cells) => {
            for (at, [above, below]) in cells.halves.iter().enumerate() {
                let (x, y) = (
                    (at % usize::from(cells.columns.max(1))) as u16,
                    (at / usize::from(cells.columns.max(1))) as u16,
                );
                let [fg, bg] = [above, below].map(|[r, g, b]| Color::Rgb(*r, *g, *b));
                if x < inside.width && y < inside.height {
                    paint.styled(
                        Rect::new(inside.x + x, inside.y + y, 1, 1),
                        "▀",
                        Style::new().fg(fg).bg(bg),
                    );
                }
            }
        }
    }
}
