//! Draws dialogs over a screen.

mod diff;
mod help;
mod image;
mod plan;
pub mod prompt_feedback;
mod review;
mod text;

use ratatui::layout::Rect;

use super::chrome::format_count;
use super::painter::{Painter, TextSpan, after, row_at};
use super::widgets::text_field;
use crate::config::theme::Role;
use crate::text::width::width;
use crate::tui::app::App;
use crate::tui::app::dialogs::{
    ColumnPicker, Dialog, LABEL_GAP, Pager, Picker, RegisterDialog, messages_area,
};
use crate::tui::app::layout::{Size, dialog_area};
use crate::tui::app::notifications::{AGE_WIDTH, Severity};

/// The rows of a confirmation: title, field and two buttons.
const MIN_PICKER_ROWS: u16 = 4;

pub fn draw(painter: &mut Painter<'_>, size: Size, app: &App, overlay: &Dialog) {
    match overlay {
        Dialog::Picker(list) => draw_picker(painter, list.area(size), list),
        // The message line draws prompts.
        Dialog::Prompt(_) => {}
        Dialog::Columns(list) => draw_column_list(painter, list.area(size), list),
        Dialog::Register(dialog) => draw_register(painter, size, dialog),
        Dialog::Plan(dialog) => plan::draw(painter, size, app, dialog),
        Dialog::Diff(view) => diff::draw(painter, size, view),
        Dialog::Review(view) => review::draw(painter, size, view),
        Dialog::Image(view) => image::draw(painter, size, view),
        Dialog::Help(help) => {
            if let Some(over) = help.over() {
                draw(painter, size, app, over);
            }
            help::draw(painter, size, help);
        }
        Dialog::Text(view) => text::draw(painter, size, view),
        Dialog::Messages(pager) => draw_messages(painter, size, app, pager),
    }
}

fn draw_dialog_frame(painter: &mut Painter<'_>, area: Rect, title: &str) -> Rect {
    painter.clear(area);
    let inside = painter.draw_frame(area, title, true);
    Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        ..inside
    }
}

fn draw_picker<T>(painter: &mut Painter<'_>, area: Rect, list: &Picker<T>) {
    let inside = draw_dialog_frame(painter, area, &list.title);
    draw_picker_list(painter, inside, list);
}

/// A filter field and the items that match it.
fn draw_picker_list<T>(painter: &mut Painter<'_>, area: Rect, list: &Picker<T>) {
    text_field::draw_with_prompt(painter, row_at(area, 0), &list.input, true);
    if list.input.value().is_empty() {
        painter.draw_text(after(row_at(area, 0), 3), list.placeholder(), Role::Muted);
    }
    let detail = list.detail_lines(area.width);
    let inside = area.height.saturating_sub(1);
    let below = (detail.len() as u16).min(inside / 2);
    let rows = Rect {
        y: area.y + 1,
        height: inside - below,
        ..area
    };
    let full = Rect {
        y: rows.bottom(),
        height: below,
        ..area
    };
    for (nth, line) in detail.iter().enumerate() {
        painter.draw_text(row_at(full, nth as u16), line, Role::Info);
    }
    let items = list.items();
    if items.is_empty() {
        painter.draw_text(row_at(rows, 0), &list.empty_text, Role::Muted);
    }
    let labels = list.label_width(area.width);
    let mut cursor = list.cursor;
    cursor.clamp(items.len(), rows.height.into());
    let visible_range = cursor.visible_range(items.len(), rows.height.into());
    for (offset, item) in items[visible_range.clone()].iter().enumerate() {
        let strip = row_at(rows, offset as u16);
        painter.draw_text(
            Rect {
                width: labels,
                ..strip
            },
            &item.label,
            Role::Text,
        );
        let detail = after(strip, labels + LABEL_GAP);
        painter.draw_text(detail, &item.detail, Role::Muted);
        if visible_range.start + offset == cursor.index {
            painter.apply_role(strip, Role::Selection);
        }
    }
}

fn draw_column_list(painter: &mut Painter<'_>, area: Rect, list: &ColumnPicker) {
    let lines = list.matching_columns();
    let (all, visible) = list.counts();
    let count = |count: usize| format_count(count as u64);
    let shown = format!("{} of {} shown", count(visible), count(all));
    let title = if lines.len() == all {
        format!("columns: {shown}")
    } else {
        format!("{shown}, {} listed", count(lines.len()))
    };
    let inside = draw_dialog_frame(painter, area, &title);
    text_field::draw_with_prompt(painter, row_at(inside, 0), &list.input, true);
    let keys = [
        "space shows or hides, ! pins, enter keeps, esc restores",
        "space shows or hides, ! pins",
    ];
    let fitting = keys.into_iter().find(|keys| width(keys) <= inside.width);
    painter.draw_text(row_at(inside, 1), fitting.unwrap_or_default(), Role::Muted);
    let rows = Rect {
        y: inside.y + 2,
        height: inside.height.saturating_sub(2),
        ..inside
    };
    let mut cursor = list.cursor;
    cursor.clamp(lines.len(), rows.height.into());
    let visible_range = cursor.visible_range(lines.len(), rows.height.into());
    for (offset, column) in lines[visible_range.clone()].iter().enumerate() {
        let strip = row_at(rows, offset as u16);
        let checkbox = if column.is_visible {
            painter.theme.symbol("[✓] ", "[x] ")
        } else {
            "[ ] "
        };
        let pinned = if column.is_pinned { "  pinned" } else { "" };
        painter.draw_text(
            strip,
            &format!("{checkbox}{}{pinned}", column.key),
            if column.is_visible {
                Role::Text
            } else {
                Role::Muted
            },
        );
        if visible_range.start + offset == cursor.index {
            painter.apply_role(strip, Role::Selection);
        }
    }
}

fn draw_register(painter: &mut Painter<'_>, size: Size, register: &RegisterDialog) {
    let inside = draw_dialog_frame(painter, dialog_area(size, 88, 22), &register.title());
    let reason_lines = register
        .rationale
        .iter()
        .flat_map(|line| crate::text::width::wrap(line, inside.width));
    let mut header_lines: Vec<Vec<TextSpan>> =
        reason_lines.map(|line| vec![(line, Role::Info)]).collect();
    if let Some(source) = register.shown_source() {
        header_lines.push(vec![
            ("model: ".into(), Role::Muted),
            (source.clean().into_owned(), Role::Text),
        ]);
    }
    // Fields come before explanations, which a low window cuts off.
    let room = usize::from(inside.height.saturating_sub(MIN_PICKER_ROWS));
    header_lines.truncate(room);
    painter.draw_lines(inside, &header_lines);
    let above = header_lines.len() as u16;
    let rest = Rect {
        y: inside.y + above,
        height: inside.height.saturating_sub(above),
        ..inside
    };
    match (&register.picker, register.error()) {
        (Some(list), _) => {
            let title = painter.draw_text(row_at(rest, 0), &list.title, Role::Title);
            if register.source.is_some() && register.is_loading_models() {
                let status_area = Rect {
                    x: rest.x + title,
                    width: rest.width.saturating_sub(title),
                    ..rest
                };
                painter.draw_text(row_at(status_area, 0), "  loading models…", Role::Running);
            }
            draw_picker_list(
                painter,
                Rect {
                    y: rest.y + 1,
                    height: rest.height.saturating_sub(1),
                    ..rest
                },
                list,
            );
        }
        (None, Some(error)) => {
            let lines: Vec<Vec<TextSpan>> =
                crate::text::width::wrap(&error.to_string(), rest.width)
                    .into_iter()
                    .map(|l| vec![(l, Role::Bad)])
                    .collect();
            painter.draw_lines(rest, &lines);
        }
        (None, None) => {
            painter.draw_text(row_at(rest, 0), "loading the run…", Role::Running);
        }
    }
}

fn draw_messages(painter: &mut Painter<'_>, size: Size, app: &App, pager: &Pager) {
    draw_dialog_frame(
        painter,
        dialog_area(size, 120, size.height),
        "messages, newest first",
    );
    let inside = messages_area(size);
    let indent = usize::from(AGE_WIDTH);
    let mut lines: Vec<Vec<TextSpan>> = Vec::new();
    for notice in app.shared.notifications.all.iter().rev() {
        let role = if notice.severity == Severity::Error {
            Role::Bad
        } else {
            Role::Text
        };
        let age = crate::text::quantity::format_age(app.now - notice.at);
        let mut text = notice.lines(inside.width).into_iter();
        lines.push(vec![
            (format!("{age:>0$}  ", indent - 2), Role::Muted),
            (text.next().unwrap_or_default(), role),
        ]);
        lines.extend(text.map(|line| vec![(" ".repeat(indent), Role::Muted), (line, role)]));
        if !notice.hint.is_empty() {
            let arrow = painter.theme.symbol("→", "->");
            lines.push(vec![
                (format!("{:indent$}{arrow} ", ""), Role::Muted),
                (notice.hint.clone(), Role::Muted),
            ]);
        }
    }
    if lines.is_empty() {
        lines.push(vec![("no messages yet".into(), Role::Muted)]);
    }
    draw_scrolled(painter, inside, &lines, pager);
}

/// Draws the lines from the first visible one on, with the matches of the search.
fn draw_scrolled(painter: &mut Painter<'_>, area: Rect, lines: &[Vec<TextSpan>], pager: &Pager) {
    let last = lines.len().saturating_sub(usize::from(area.height));
    let first = pager.scroll.min(last);
    let visible = lines.iter().enumerate().skip(first);
    for (nth, (index, line)) in visible.take(area.height.into()).enumerate() {
        let row = row_at(area, nth as u16);
        painter.draw_spans(row, line);
        let text: String = line.iter().map(|(text, _)| text.as_str()).collect();
        for found in pager.search.matches(&text) {
            let x = width(&text[..found.start]);
            let match_area = Rect {
                width: width(&text[found]),
                ..after(row, x)
            };
            painter.emphasize(match_area);
        }
        if pager.search.line() == Some(index) {
            painter.apply_role(row, Role::Selection);
        }
    }
}

/// `, lines 1-20 of 95`, if a text does not fit.
fn position(pager: &Pager, lines: usize, height: u16) -> String {
    let height = usize::from(height);
    if lines <= height {
        return String::new();
    }
    let first = pager.scroll.min(lines - height);
    format!(", lines {}-{} of {lines}", first + 1, first + height)
}
