//! Draws the frame of an image, and its half blocks in a terminal without graphics.

use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use crate::config::theme::Role;
use crate::tui::app::dialogs::{ImageDialog, ImageState};
use crate::tui::app::layout::{Size, screen_areas};
use crate::tui::view::painter::{Painter, row_at};

pub fn draw(painter: &mut Painter<'_>, size: Size, view: &ImageDialog) {
    let body = screen_areas(size).body;
    painter.clear(body);
    let inside = painter.draw_frame(body, &view.title, true);
    match &view.state {
        ImageState::Loading => {
            painter.draw_text(
                Rect {
                    x: inside.x + 2,
                    ..row_at(inside, inside.height / 3)
                },
                "rendering…",
                Role::Running,
            );
        }
        // The terminal draws the image over these cells.
        ImageState::Overlaid => {}
        ImageState::Failed(refused) => {
            let room = Rect {
                x: inside.x + 2,
                width: inside.width.saturating_sub(4),
                ..inside
            };
            let mut lines: Vec<_> = crate::text::width::wrap(&refused.message, room.width)
                .into_iter()
                .map(|l| vec![(l, Role::Bad)])
                .collect();
            lines.extend(
                crate::text::width::wrap(&refused.hint, room.width)
                    .into_iter()
                    .map(|line| vec![(line, Role::Muted)]),
            );
            painter.draw_lines(
                Rect {
                    y: inside.y + inside.height / 3,
                    height: inside.height - inside.height / 3,
                    ..room
                },
                &lines,
            );
        }
        ImageState::HalfBlocks(cells) if painter.theme.is_ascii || painter.theme.is_colorless() => {
            for (line, text) in cells
                .ascii_lines
                .iter()
                .take(inside.height.into())
                .enumerate()
            {
                painter.draw_text(row_at(inside, line as u16), text, Role::Text);
            }
        }
        ImageState::HalfBlocks(cells) => {
            for (at, [above, below]) in cells.half_blocks.iter().enumerate() {
                let (x, y) = (
                    (at % usize::from(cells.columns.max(1))) as u16,
                    (at / usize::from(cells.columns.max(1))) as u16,
                );
                let [fg, bg] = [above, below].map(|[r, g, b]| Color::Rgb(*r, *g, *b));
                if x < inside.width && y < inside.height {
                    painter.draw_styled(
                        Rect::new(inside.x + x, inside.y + y, 1, 1),
                        "▀",
                        Style::new().fg(fg).bg(bg),
                    );
                }
            }
        }
    }
}
