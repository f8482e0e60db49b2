//! Draws help: a filter, the keys in sections, and the symbols.

use super::{draw_dialog_frame, row_at, text_field};
use crate::config::theme::Role;
use crate::text::width::width;
use crate::tui::app::dialogs::{ALL_KEYS_WIDTH, HelpDialog, HelpLine};
use crate::tui::app::layout::Size;
use crate::tui::app::legend::LEGEND;
use crate::tui::view::painter::{Painter, TextSpan};
use ratatui::layout::Rect;

pub fn draw(painter: &mut Painter<'_>, size: Size, help: &HelpDialog) {
    let area = HelpDialog::area(size);
    let inside = draw_dialog_frame(painter, area, "keys and symbols: type to filter");
    text_field::draw_with_prompt(painter, row_at(inside, 0), &help.input, true);
    let rows = Rect {
        y: inside.y + 1.min(inside.height),
        height: (help.list_height(size) as u16).min(inside.height.saturating_sub(1)),
        ..inside
    };
    let below = Rect {
        y: rows.bottom(),
        height: inside.bottom().saturating_sub(rows.bottom()),
        ..inside
    };
    for (nth, line) in help.detail_lines(size).iter().enumerate() {
        painter.draw_text(row_at(below, nth as u16), line, Role::Info);
    }
    let lines = help.lines();
    if lines.is_empty() {
        painter.draw_text(
            row_at(rows, 0),
            "no match: backspace widens the search",
            Role::Muted,
        );
    }
    let mut cursor = help.cursor;
    cursor.clamp(lines.len(), rows.height.into());
    let visible_range = cursor.visible_range(lines.len(), rows.height.into());
    for (offset, line) in lines[visible_range.clone()].iter().enumerate() {
        let strip = row_at(rows, offset as u16);
        painter.draw_spans(strip, &line_spans(painter, line, strip.width));
        if visible_range.start + offset == help.cursor.index && !lines.is_empty() {
            painter.apply_role(strip, Role::Selection);
        }
    }
    let (at, all) = help.position();
    let border = Rect {
        y: area.bottom().saturating_sub(1),
        height: 1,
        width: area.width.saturating_sub(2),
        ..area
    };
    painter.draw_right_aligned(border, &format!(" {at} of {all} "), Role::Muted);
}

fn line_spans(painter: &Painter<'_>, line: &HelpLine, room: u16) -> Vec<TextSpan> {
    let row = |key: &str, about: &str| {
        let key = if room < ALL_KEYS_WIDTH {
            key.split(' ').next().unwrap_or_default()
        } else {
            key
        };
        let gap = usize::from(HelpDialog::keys_width(room).saturating_sub(width(key)));
        vec![
            (format!(" {key} {}", " ".repeat(gap)), Role::Accent),
            (about.to_owned(), Role::Text),
        ]
    };
    match line {
        HelpLine::Title(title) => vec![((*title).to_owned(), Role::Title)],
        HelpLine::Blank => Vec::new(),
        HelpLine::Key { keys, about, .. } => row(keys, about),
        HelpLine::Symbol(at) => {
            let (symbol, ascii, meaning) = LEGEND[*at];
            row(painter.theme.symbol(symbol, ascii), meaning)
        }
    }
}
