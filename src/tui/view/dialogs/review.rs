//! Draws the review of a version.

use ratatui::layout::Rect;

use super::diff::draw_placeholder;
use crate::config::theme::Role;
use crate::tui::app::dialogs::ReviewDialog;
use crate::tui::app::layout::{Size, screen_areas};
use crate::tui::view::painter::{Painter, row_at};

pub fn draw(painter: &mut Painter<'_>, size: Size, view: &ReviewDialog) {
    let body = screen_areas(size).body;
    painter.clear(body);
    let inside = painter.draw_frame(
        body,
        &format!("review {}/{}", view.model.clean(), view.version),
        true,
    );
    let room = Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        ..inside
    };
    match &view.page {
        None => draw_placeholder(painter, room, "loading…", Role::Running),
        Some(Err(refused)) => draw_placeholder(
            painter,
            room,
            &format!("{}: {}", refused.message, refused.hint),
            Role::Bad,
        ),
        Some(Ok(page)) => {
            let visible_range = view
                .cursor
                .visible_range(page.lines.len(), inside.height.into());
            for (nth, line) in page.lines[visible_range.clone()].iter().enumerate() {
                painter.draw_text(row_at(room, nth as u16), line, Role::Text);
                if visible_range.start + nth == view.cursor.index {
                    painter.apply_role(row_at(inside, nth as u16), Role::Selection);
                }
            }
        }
    }
}
