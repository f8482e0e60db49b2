//! What lies over a screen: its drawings.

pub mod advice;
mod diff;
mod picture;
mod plan;
mod review;

use ratatui::layout::Rect;

use super::chrome::thousands;
use super::paint::{Paint, Piece, row};
use super::widgets::field;
use crate::config::keymap::{Binding, Scope};
use crate::config::theme::Role;
use crate::tui::app::App;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, dialog};
use crate::tui::app::notices::Level;
use crate::tui::app::overlays::{ColumnList, Overlay, Picker, RegisterDialog};

/// What a question needs: its title, the field, and two answers.
const QUESTION_ROWS: u16 = 4;

/// Draws what lies over the screen.
pub fn draw(paint: &mut Paint<'_>, size: Size, app: &App, overlay: &Overlay) {
    match overlay {
        Overlay::Picker(list) => picker(paint, list.area(size), list),
        // A field that is typed in stands in the message line, which draws it.
        Overlay::Prompt(_) => {}
        Overlay::Columns(list) => columns(paint, list.area(size), list),
        Overlay::Register(dialog) => register(paint, size, dialog),
        Overlay::Plan(dialog) => plan::draw(paint, size, app, dialog),
        Overlay::Diff(view) => diff::draw(paint, size, view),
        Overlay::Review(view) => review::draw(paint, size, view),
        Overlay::Picture(view) => picture::draw(paint, size, view),
        Overlay::Help(scope, cursor) => help(paint, size, app, *scope, *cursor),
        Overlay::Messages(cursor) => messages(paint, size, app, *cursor),
    }
}

fn window(paint: &mut Paint<'_>, area: Rect, title: &str) -> Rect {
    paint.ground(area);
    let inside = paint.frame(area, title, true);
    Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        ..inside
    }
}

fn picker(paint: &mut Paint<'_>, area: Rect, list: &Picker) {
    let inside = window(paint, area, &list.title);
    choices(paint, inside, list);
}

/// The field that narrows a list down, and what is left of the list.
fn choices(paint: &mut Paint<'_>, area: Rect, list: &Picker) {
    field::asking(paint, row(area, 0), &list.input, true);
    let rows = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    let items = list.items();
    if items.is_empty() {
        paint.text(row(rows, 0), "nothing matches", Role::Muted);
    }
    let labels = items
        .iter()
        .map(|item| crate::text::fit::width(&item.label))
        .max()
        .unwrap_or(0)
        .min(area.width * 2 / 3);
    let mut cursor = list.cursor;
    cursor.fit(items.len(), rows.height.into());
    let seen = cursor.window(items.len(), rows.height.into());
    for (offset, item) in items[seen.clone()].iter().enumerate() {
        let strip = row(rows, offset as u16);
        paint.text(
            Rect {
                width: labels,
                ..strip
            },
            &item.label,
            Role::Text,
        );
        let detail = Rect {
            x: strip.x + labels + 2,
            width: strip.width.saturating_sub(labels + 2),
            ..strip
        };
        paint.text(detail, &item.detail, Role::Muted);
        if seen.start + offset == cursor.at {
            paint.over(strip, Role::Selection);
        }
    }
}

fn columns(paint: &mut Paint<'_>, area: Rect, list: &ColumnList) {
    let lines = list.lines();
    let (all, visible) = list.counts();
    let title = format!(
        "columns: {} of {} seen, {} listed",
        thousands(visible as u64),
        thousands(all as u64),
        thousands(lines.len() as u64)
    );
    let inside = window(paint, area, &title);
    field::asking(paint, row(inside, 0), &list.input, true);
    paint.text(
        row(inside, 1),
        "alt-p pins, alt-up and alt-down move, alt-a shows all, alt-n none",
        Role::Muted,
    );
    let rows = Rect {
        y: inside.y + 2,
        height: inside.height.saturating_sub(2),
        ..inside
    };
    let mut cursor = list.cursor;
    cursor.fit(lines.len(), rows.height.into());
    let seen = cursor.window(lines.len(), rows.height.into());
    for (offset, column) in lines[seen.clone()].iter().enumerate() {
        let strip = row(rows, offset as u16);
        let sign = if column.visible {
            paint.look.sign("[✓] ", "[x] ")
        } else {
            "[ ] "
        };
        let pinned = if column.pinned { "  pinned" } else { "" };
        paint.text(
            strip,
            &format!("{sign}{}{pinned}", column.key),
            if column.visible {
                Role::Text
            } else {
                Role::Muted
            },
        );
        if seen.start + offset == cursor.at {
            paint.over(strip, Role::Selection);
        }
    }
}

fn register(paint: &mut Paint<'_>, size: Size, register: &RegisterDialog) {
    let inside = window(
        paint,
        dialog(size, 88, 22),
        &format!("register run {}", register.run.short()),
    );
    let why = register
        .why
        .iter()
        .flat_map(|line| crate::text::fit::wrap(line, inside.width));
    let mut above: Vec<Vec<Piece>> = why.map(|line| vec![(line, Role::Info)]).collect();
    if let Some(source) = &register.source {
        above.push(vec![
            ("model: ".into(), Role::Muted),
            (source.clean().into_owned(), Role::Text),
        ]);
    }
    // What is asked comes before why: where the window is low, the end of the reasons gives way.
    let room = usize::from(inside.height.saturating_sub(QUESTION_ROWS));
    above.truncate(room);
    paint.lines(inside, &above);
    let above = above.len() as u16;
    let rest = Rect {
        y: inside.y + above,
        height: inside.height.saturating_sub(above),
        ..inside
    };
    match (&register.picker, register.fault()) {
        (Some(list), _) => {
            let title = paint.text(row(rest, 0), &list.title, Role::Title);
            if register.source.is_some() && register.is_reading_models() {
                let beside = Rect {
                    x: rest.x + title,
                    width: rest.width.saturating_sub(title),
                    ..rest
                };
                paint.text(
                    row(beside, 0),
                    "  reading the models that there are…",
                    Role::Running,
                );
            }
            choices(
                paint,
                Rect {
                    y: rest.y + 1,
                    height: rest.height.saturating_sub(1),
                    ..rest
                },
                list,
            );
        }
        (None, Some(fault)) => {
            let lines: Vec<Vec<Piece>> = crate::text::fit::wrap(&fault.to_string(), rest.width)
                .into_iter()
                .map(|l| vec![(l, Role::Bad)])
                .collect();
            paint.lines(rest, &lines);
        }
        (None, None) => {
            paint.text(row(rest, 0), "reading the run…", Role::Running);
        }
    }
}

fn help(paint: &mut Paint<'_>, size: Size, app: &App, scope: Scope, cursor: Cursor) {
    let inside = window(paint, dialog(size, 100, size.height), "keys");
    let line = |binding: &Binding| {
        let keys = binding
            .keys
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" ");
        vec![
            (format!("  {keys:<18} "), Role::Accent),
            (format!("{:<18} ", binding.action.name()), Role::Muted),
            (binding.action.about().to_owned(), Role::Text),
        ]
    };
    let mut lines: Vec<Vec<Piece>> = Vec::new();
    let others = Scope::SCREENS.into_iter().filter(|other| *other != scope);
    let dialogs = [
        Scope::Plan,
        Scope::Picker,
        Scope::Columns,
        Scope::Prompt,
        Scope::Reader,
        Scope::Review,
    ];
    for part in [scope, Scope::Anywhere]
        .into_iter()
        .chain(others)
        .chain(dialogs)
    {
        let own: Vec<_> = app
            .keymap
            .bindings(part)
            .filter(|b| b.scope == part && app.may(b.action))
            .map(line)
            .collect();
        if !own.is_empty() {
            lines.push(vec![(part.title().to_owned(), Role::Title)]);
            lines.extend(own);
            lines.push(Vec::new());
        }
    }
    scrolled(paint, inside, &lines, cursor);
}

fn messages(paint: &mut Paint<'_>, size: Size, app: &App, cursor: Cursor) {
    let inside = window(
        paint,
        dialog(size, 120, size.height),
        "messages, newest first",
    );
    let mut lines: Vec<Vec<Piece>> = Vec::new();
    for notice in app.shared.notices.all.iter().rev() {
        let role = if notice.level == Level::Error {
            Role::Bad
        } else {
            Role::Text
        };
        let age = crate::text::quantity::age(app.now - notice.at);
        let mut text =
            crate::text::fit::wrap(&notice.text, inside.width.saturating_sub(16)).into_iter();
        lines.push(vec![
            (format!("{age:>14}  "), Role::Muted),
            (text.next().unwrap_or_default(), role),
        ]);
        lines.extend(text.map(|line| vec![(" ".repeat(16), Role::Muted), (line, role)]));
        if !notice.next.is_empty() {
            let arrow = paint.look.sign("→", "->");
            lines.push(vec![
                (format!("{:16}{arrow} ", ""), Role::Muted),
                (notice.next.clone(), Role::Muted),
            ]);
        }
    }
    if lines.is_empty() {
        lines.push(vec![("nothing was said yet".into(), Role::Muted)]);
    }
    scrolled(paint, inside, &lines, cursor);
}

/// Lines of which the cursor's is the first that is seen, as far as there are lines below.
fn scrolled(paint: &mut Paint<'_>, area: Rect, lines: &[Vec<Piece>], cursor: Cursor) {
    let last = lines.len().saturating_sub(usize::from(area.height));
    paint.lines(area, &lines[cursor.at.min(last)..]);
}
