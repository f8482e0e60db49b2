//! Draws the review of a version.

use ratatui::layout::Rect;
use tui_input::Input;

use super::diff::draw_placeholder;
use super::{draw_scrolled, position, text_field};
use crate::config::theme::Role;
use crate::promotion::Decision;
use crate::text::width::width;
use crate::tui::app::dialogs::{PrepareForm, ReviewDialog};
use crate::tui::app::layout::{Size, screen_areas};
use crate::tui::view::painter::{Painter, row_at};

/// The cells of the corners and of the spaces around the title.
const TITLE_FRAME_CELLS: u16 = 6;

pub fn draw(painter: &mut Painter<'_>, size: Size, view: &ReviewDialog) {
    let body = screen_areas(size).body;
    painter.clear(body);
    let title = title(view, size, body);
    let inside = painter.draw_frame(body, &title, true);
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
        Some(Ok(_)) => {
            let below = view.form_height(size);
            let page_rows = Rect {
                height: room.height - below,
                ..room
            };
            draw_page(painter, page_rows, size, view);
            let footer = Rect {
                y: page_rows.bottom(),
                height: below,
                ..room
            };
            if let Some(form) = &view.form {
                draw_form(painter, footer, form);
            }
        }
    }
}

fn draw_page(painter: &mut Painter<'_>, room: Rect, size: Size, view: &ReviewDialog) {
    let lines = view.lines(size).into_iter();
    let lines: Vec<_> = lines.map(|line| vec![line]).collect();
    draw_scrolled(painter, room, &lines, &view.pager);
}

/// The version, its slot and the position. The path above has the model's name: where there is no room, the slot stays.
fn title(view: &ReviewDialog, size: Size, body: Rect) -> String {
    let target = view.slot().map(|slot| format!(" for {slot}"));
    let target = target.unwrap_or_default();
    let lines = view.lines(size).len();
    let position = position(&view.pager, lines, view.page_height(size));
    let version = view.version;
    let whole = format!("review {}/{version}{target}{position}", view.model.clean());
    let without_model = format!("review v{version}{target}{position}");
    let short = format!("v{version}{target}{}", position.replace(" lines", ""));
    let room = body.width.saturating_sub(TITLE_FRAME_CELLS);
    let all = [whole, without_model];
    let fitting = all.into_iter().find(|title| width(title) <= room);
    fitting.unwrap_or(short)
}

/// The decision and the two fields of a prepared review.
fn draw_form(painter: &mut Painter<'_>, area: Rect, form: &PrepareForm) {
    let verb = match form.decision {
        Decision::Approve => "approve",
        Decision::Reject => "reject",
    };
    let heading = format!("{verb} (up or down changes it): read-only, so a file is prepared");
    let short = format!("{verb}: up or down changes it");
    let fits = width(&heading) <= area.width;
    let heading = if fits { heading } else { short };
    painter.draw_text(row_at(area, 0), &heading, Role::Warn);
    let fields = [
        ("reason: ", &form.reason, !form.is_at_file),
        ("file: ", &form.file, form.is_at_file),
    ];
    for (nth, (title, input, has_focus)) in fields.into_iter().enumerate() {
        let line = row_at(area, nth as u16 + 1);
        draw_field(painter, line, title, input, has_focus);
    }
}

fn draw_field(painter: &mut Painter<'_>, line: Rect, title: &str, input: &Input, has_focus: bool) {
    let role = if has_focus { Role::Accent } else { Role::Muted };
    let used = painter.draw_text(line, title, role);
    let rest = Rect {
        x: line.x + used,
        width: line.width.saturating_sub(used),
        ..line
    };
    text_field::draw(painter, rest, input, has_focus);
}
