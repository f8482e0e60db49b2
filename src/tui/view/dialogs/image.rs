//! Draws the frame of an image, and its half blocks in a terminal without graphics.

use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use crate::config::theme::Role;
use crate::ops::RequestError;
use crate::text::width::wrap;
use crate::tui::app::dialogs::{ImageDialog, ImageState};
use crate::tui::app::layout::{Size, screen_areas};
use crate::tui::app::message::HalfBlockImage;
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
        ImageState::Failed(error) => draw_error(painter, inside, error),
        ImageState::HalfBlocks(image) if painter.theme.is_ascii || painter.theme.is_colorless() => {
            draw_ascii(painter, inside, image);
        }
        ImageState::HalfBlocks(image) => draw_half_blocks(painter, inside, image),
    }
}

fn draw_error(painter: &mut Painter<'_>, inside: Rect, error: &RequestError) {
    let room = Rect {
        x: inside.x + 2,
        width: inside.width.saturating_sub(4),
        ..inside
    };
    let mut lines: Vec<_> = wrap(&error.message, room.width)
        .into_iter()
        .map(|line| vec![(line, Role::Bad)])
        .collect();
    lines.extend(
        wrap(&error.hint, room.width)
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

fn draw_ascii(painter: &mut Painter<'_>, inside: Rect, image: &HalfBlockImage) {
    for (line, text) in image
        .ascii_lines
        .iter()
        .take(inside.height.into())
        .enumerate()
    {
        painter.draw_text(row_at(inside, line as u16), text, Role::Text);
    }
}

fn draw_half_blocks(painter: &mut Painter<'_>, inside: Rect, image: &HalfBlockImage) {
    for (at, [above, below]) in image.half_blocks.iter().enumerate() {
        let (x, y) = (
            (at % usize::from(image.columns.max(1))) as u16,
            (at / usize::from(image.columns.max(1))) as u16,
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
