//! Draws a diff: removed and added lines, with changed words emphasized.

use ratatui::layout::Rect;

use crate::analysis::value_diff::{DiffLine, LineKind};
use crate::config::theme::Role;
use crate::text::untrusted::clean;
use crate::text::width;
use crate::tui::app::dialogs::DiffDialog;
use crate::tui::app::layout::{Size, screen_areas};
use crate::tui::view::painter::{Painter, row_at};

pub fn draw(painter: &mut Painter<'_>, size: Size, view: &DiffDialog) {
    let body = screen_areas(size).body;
    painter.clear(body);
    let (added, removed) = view.counts();
    let title = if added + removed > 0 {
        format!("{}  +{added} -{removed}", view.title)
    } else {
        view.title.clone()
    };
    let inside = painter.draw_frame(body, &title, true);
    let room = Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        ..inside
    };
    match &view.lines {
        None => draw_placeholder(painter, room, "loading…", Role::Running),
        Some(Err(refused)) => draw_placeholder(
            painter,
            room,
            &format!("{}: {}", refused.message, refused.hint),
            Role::Bad,
        ),
        Some(Ok(lines)) if lines.is_empty() => {
            draw_placeholder(painter, room, "no differences", Role::Good);
        }
        Some(Ok(lines)) => {
            let visible_range = view.cursor.visible_range(lines.len(), inside.height.into());
            for (nth, diff) in lines[visible_range.clone()].iter().enumerate() {
                let strip = row_at(inside, nth as u16);
                draw_diff_line(painter, strip, diff, view.shift);
                if visible_range.start + nth == view.cursor.index {
                    painter.apply_role(strip, Role::Selection);
                }
            }
        }
    }
}

/// Draws a text where content is missing.
pub fn draw_placeholder(painter: &mut Painter<'_>, room: Rect, text: &str, role: Role) {
    let lines: Vec<_> = width::wrap(text, room.width)
        .into_iter()
        .map(|line| vec![(line, role)])
        .collect();
    painter.draw_lines(room, &lines);
}

fn draw_diff_line(painter: &mut Painter<'_>, strip: Rect, diff: &DiffLine, shift: u16) {
    let (symbol, role) = match diff.kind {
        LineKind::Context => (" ", Role::Text),
        LineKind::Added => ("+", Role::DiffAdd),
        LineKind::Removed => ("-", Role::DiffRemove),
        LineKind::Header => ("", Role::Muted),
    };
    let mut used = painter.draw_text(
        Rect {
            x: strip.x + 1,
            ..strip
        },
        symbol,
        role,
    ) + 1;
    let mut hidden = shift;
    for segment in &diff.segments {
        let text = clean(&segment.text);
        let (text, skipped) = width::skip(&text, hidden);
        hidden -= skipped;
        let span_area = Rect {
            x: strip.x + used,
            width: strip.width.saturating_sub(used),
            ..strip
        };
        let drawn_width = painter.draw_text(span_area, text, role);
        if segment.is_changed {
            painter.emphasize(Rect {
                width: drawn_width,
                ..span_area
            });
        }
        used += drawn_width;
    }
}
