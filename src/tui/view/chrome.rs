//! The top line, the message line and the bottom line around every screen.

use ratatui::layout::Rect;

use super::painter::{Painter, TextSpan, after};
use crate::config::theme::Role;
use crate::text::width::{truncate, width};
use crate::tui::app::App;
use crate::tui::app::dialogs::Dialog;
use crate::tui::app::key_hints::key_hints;
use crate::tui::app::notifications::Severity;
use crate::tui::app::top_line::{SEPARATOR, top_line};

pub use crate::tui::app::top_line::format_count;

/// The top line: store, path, access and freshness.
pub fn draw_top_line(painter: &mut Painter<'_>, area: Rect, app: &App) {
    painter.apply_role(area, Role::Header);
    let mut line = top_line(app, area.width, painter.theme.symbol("●", "*"));
    let separator = painter.theme.symbol(SEPARATOR, " > ");
    for (text, _) in line.path.iter_mut().filter(|(text, _)| text == SEPARATOR) {
        separator.clone_into(text);
    }
    let path = Rect {
        width: line.room,
        ..area
    };
    painter.draw_spans(path, &line.path);
    let wide: u16 = line.state.iter().map(|(text, _)| width(text)).sum();
    let x = area.right().saturating_sub(wide);
    let state = Rect {
        x,
        width: area.right() - x,
        ..area
    };
    painter.draw_spans(state, &line.state);
}

/// The message line: a text field or the last notification.
pub fn draw_message_line(painter: &mut Painter<'_>, area: Rect, app: &App) {
    if let Some(Dialog::Prompt(prompt)) = &app.dialog {
        // The field keeps room for what is typed, however long the title is.
        let most = (area.width / 2).max(area.width.saturating_sub(MIN_FIELD_CELLS));
        let title = truncate(&prompt.title, most.saturating_sub(3));
        let used = painter.draw_text(area, &format!(" {title}: "), Role::Accent);
        let field = Rect {
            x: area.x + used,
            width: area.width.saturating_sub(used),
            ..area
        };
        super::widgets::text_field::draw(painter, field, &prompt.input, true);
        return super::dialogs::prompt_feedback::draw(painter, field, prompt);
    }
    if let Some(input) = app.dialog.as_ref().and_then(Dialog::search_field) {
        let used = painter.draw_text(area, " find: ", Role::Accent);
        return super::widgets::text_field::draw(painter, after(area, used), input, true);
    }
    let Some(notice) = app.shared.notifications.current(app.now) else {
        return;
    };
    let role = if notice.severity == Severity::Error {
        Role::Bad
    } else {
        Role::Info
    };
    let symbol = if notice.severity == Severity::Error {
        painter.theme.symbol(" ✗ ", " ! ")
    } else {
        " "
    };
    let mut pieces: Vec<TextSpan> = vec![(format!("{symbol}{}", notice.text), role)];
    if !notice.hint.is_empty() {
        pieces.push((
            format!("  {} {}", painter.theme.symbol("→", "->"), notice.hint),
            Role::Muted,
        ));
    }
    let wide: u16 = pieces
        .iter()
        .fold(0, |all: u16, (text, _)| all.saturating_add(width(text)));
    if wide <= area.width {
        painter.draw_spans(area, &pieces);
        return;
    }
    // What is cut can be read in the list of messages.
    let room = Rect {
        width: area.width.saturating_sub(width(MESSAGES_HINT)),
        ..area
    };
    painter.draw_spans(room, &pieces);
    painter.draw_right_aligned(area, MESSAGES_HINT, Role::Accent);
}

/// The cells of a text field beside a long title, where there are as many.
const MIN_FIELD_CELLS: u16 = 24;
/// How to read a message that is cut.
const MESSAGES_HINT: &str = " :messages";

/// The bottom line: key hints.
pub fn draw_key_hints(painter: &mut Painter<'_>, area: Rect, app: &App) {
    for hint in key_hints(app, area.width) {
        let used = painter.draw_text(
            after(area, hint.x),
            &format!(" {} ", hint.key),
            Role::Accent,
        );
        painter.draw_text(after(area, hint.x + used), &hint.text, Role::Muted);
    }
}
