//! Draws a text in full.

use super::{draw_scrolled, position};
use crate::config::theme::Role;
use crate::text::width::{truncate_middle, width};
use crate::tui::app::dialogs::TextDialog;
use crate::tui::app::layout::{Size, screen_areas};
use crate::tui::view::painter::Painter;
use ratatui::layout::Rect;

/// The cells of the corners and of the spaces around the title.
const TITLE_FRAME_CELLS: u16 = 6;

pub fn draw(painter: &mut Painter<'_>, size: Size, view: &TextDialog) {
    let body = screen_areas(size).body;
    painter.clear(body);
    let lines = view.lines(size);
    let position = position(&view.pager, lines.len(), body.height.saturating_sub(2));
    let room = body
        .width
        .saturating_sub(TITLE_FRAME_CELLS + width(&position));
    let title = format!("{}{position}", truncate_middle(&view.title, room));
    let inside = painter.draw_frame(body, &title, true);
    let room = Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        ..inside
    };
    let lines: Vec<_> = lines
        .into_iter()
        .map(|line| vec![(line, Role::Text)])
        .collect();
    draw_scrolled(painter, room, &lines, &view.pager);
}
