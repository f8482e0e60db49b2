//! Drawing the review of a version.

use ratatui::layout::Rect;

use super::diff::said;
use crate::config::theme::Role;
use crate::tui::app::layout::{Size, frame};
use crate::tui::app::overlays::ReviewView;
use crate::tui::view::paint::{Paint, row};

/// Draws the review over the body.
pub fn draw(paint: &mut Paint<'_>, size: Size, view: &ReviewView) {
    let body = frame(size).body;
    paint.ground(body);
    let inside = paint.frame(
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
        None => said(paint, room, "reading…", Role::Running),
        Some(Err(refused)) => said(
            paint,
            room,
            &format!("{}: {}", refused.why, refused.next),
            Role::Bad,
        ),
        Some(Ok(page)) => {
            let seen = view.cursor.window(page.lines.len(), inside.height.into());
            for (nth, line) in page.lines[seen.clone()].iter().enumerate() {
                paint.text(row(room, nth as u16), line, Role::Text);
                if seen.start + nth == view.cursor.at {
                    paint.over(row(inside, nth as u16), Role::Selection);
                }
            }
        }
    }
}
