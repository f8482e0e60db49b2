//! Draws a diff: removed and added lines, with changed words emphasized.

use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation;

use crate::analysis::value_diff::{DiffLine, LineKind, Segment};
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
        Some(Ok(lines)) => draw_lines(painter, inside, view, lines),
    }
}

/// Draws the lines from the first visible one; the line of the cursor is always on the screen.
fn draw_lines(painter: &mut Painter<'_>, area: Rect, view: &DiffDialog, lines: &[DiffLine]) {
    let height = usize::from(area.height);
    // The sign of a line and a space on each side.
    let room = area.width.saturating_sub(3);
    let mut rows: Vec<(usize, LineKind, Vec<Segment>)> = Vec::new();
    for index in view.cursor.visible_range(lines.len(), height) {
        let parts = if view.shift > 0 {
            vec![shifted(&lines[index], view.shift, room)]
        } else {
            wrapped(&lines[index], room)
        };
        let kind = lines[index].kind;
        rows.extend(parts.into_iter().map(|segments| (index, kind, segments)));
    }
    let selected = view.cursor.index;
    let first = rows
        .iter()
        .position(|(index, ..)| *index == selected)
        .unwrap_or(0);
    let last = rows
        .iter()
        .rposition(|(index, ..)| *index == selected)
        .unwrap_or(0);
    let skipped = (last + 1).saturating_sub(height).min(first);
    for (nth, (index, kind, segments)) in rows.iter().skip(skipped).take(height).enumerate() {
        let strip = row_at(area, nth as u16);
        draw_diff_line(painter, strip, *kind, segments);
        if *index == selected {
            painter.apply_role(strip, Role::Selection);
        }
    }
}

/// A line in rows of at most `room` cells, cleaned.
fn wrapped(line: &DiffLine, room: u16) -> Vec<Vec<Segment>> {
    let mut rows = vec![Vec::new()];
    let mut used = 0;
    for segment in &line.segments {
        let mut text = String::new();
        for grapheme in clean(&segment.text).graphemes(true) {
            let wide = width::width(grapheme);
            if used + wide > room.max(2) {
                push_segment(&mut rows, segment.is_changed, std::mem::take(&mut text));
                rows.push(Vec::new());
                used = 0;
            }
            text.push_str(grapheme);
            used += wide;
        }
        push_segment(&mut rows, segment.is_changed, text);
    }
    rows
}

fn push_segment(rows: &mut [Vec<Segment>], is_changed: bool, text: String) {
    if let Some(row) = rows.last_mut().filter(|_| !text.is_empty()) {
        row.push(Segment { is_changed, text });
    }
}

/// The part of a line from a cell on, cleaned.
fn shifted(line: &DiffLine, shift: u16, room: u16) -> Vec<Segment> {
    let mut parts = Vec::new();
    let mut x = 0;
    for segment in &line.segments {
        let mut text = String::new();
        for grapheme in clean(&segment.text).graphemes(true) {
            if x >= shift && x < shift.saturating_add(room) {
                text.push_str(grapheme);
            }
            x = x.saturating_add(width::width(grapheme));
        }
        parts.push(Segment {
            is_changed: segment.is_changed,
            text,
        });
    }
    parts
}

/// Draws a text where content is missing.
pub fn draw_placeholder(painter: &mut Painter<'_>, room: Rect, text: &str, role: Role) {
    let lines: Vec<_> = width::wrap(text, room.width)
        .into_iter()
        .map(|line| vec![(line, role)])
        .collect();
    painter.draw_lines(room, &lines);
}

fn draw_diff_line(painter: &mut Painter<'_>, strip: Rect, kind: LineKind, segments: &[Segment]) {
    let (symbol, role) = match kind {
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
    for segment in segments {
        let span_area = Rect {
            x: strip.x + used,
            width: strip.width.saturating_sub(used),
            ..strip
        };
        let drawn_width = painter.draw_text(span_area, &segment.text, role);
        if segment.is_changed {
            painter.emphasize(Rect {
                width: drawn_width,
                ..span_area
            });
        }
        used += drawn_width;
    }
}
