//! Draws a plan: its text, the message, and its fields.

mod fields;

use ratatui::layout::Rect;

use self::fields::draw_fields;
use super::draw_dialog_frame;
use crate::config::keymap::Action;
use crate::config::theme::Role;
use crate::tui::app::App;
use crate::tui::app::dialogs::{PlanDialog, PlanPhase};
use crate::tui::app::layout::Size;
use crate::tui::app::notifications::Severity;
use crate::tui::view::painter::{Painter, TextSpan, row_at};

pub fn draw(painter: &mut Painter<'_>, size: Size, app: &App, plan: &PlanDialog) {
    let notice = app.shared.notifications.current(app.now);
    let layout = plan.layout(size, notice);
    draw_dialog_frame(painter, layout.frame, &plan.intent.to_string());
    let mut lines = plan.lines(&app.shared, layout.body.width);
    if painter.theme.is_ascii {
        replace_symbols(&mut lines);
    }
    let height = usize::from(layout.body.height);
    let first = plan.scroll.min(lines.len().saturating_sub(height));
    painter.draw_lines(layout.body, &lines[first..]);
    draw_more_lines(painter, layout.frame, lines.len() - first, height);
    let role = match notice.map(|notice| notice.severity) {
        Some(Severity::Error) => Role::Bad,
        _ => Role::Info,
    };
    for (nth, line) in layout.message.iter().enumerate() {
        painter.draw_text(row_at(layout.message_area, nth as u16), line, role);
    }
    if let PlanPhase::Ready | PlanPhase::Planning(_) = plan.phase {
        draw_fields(painter, layout.footer, plan, &layout.label);
    } else {
        draw_key_hints(painter, layout.footer, plan);
    }
}

/// What enter and esc do, in the words of the bottom line.
fn draw_key_hints(painter: &mut Painter<'_>, area: Rect, plan: &PlanDialog) {
    let keys = [("enter", Action::Accept), ("esc", Action::Back)];
    let hints = keys.map(|(key, action)| (key, plan.hint(action).unwrap_or_default()));
    let mut hints = hints.to_vec();
    // Two keys that do the same are one hint.
    hints.dedup_by_key(|(_, hint)| *hint);
    let hints: Vec<String> = hints
        .into_iter()
        .filter(|(_, hint)| !hint.is_empty())
        .map(|(key, hint)| format!("{key}: {hint}"))
        .collect();
    painter.draw_text(area, &hints.join(", "), Role::Accent);
}

/// The number of lines below the page, in the frame.
fn draw_more_lines(painter: &mut Painter<'_>, frame: Rect, lines: usize, height: usize) {
    let left = lines.saturating_sub(height);
    if left == 0 {
        return;
    }
    let noun = if left == 1 { "line" } else { "lines" };
    let bottom = Rect {
        x: frame.x + 2,
        y: frame.bottom().saturating_sub(1),
        width: frame.width.saturating_sub(4),
        height: 1,
    };
    let hint = format!(" {left} more {noun}: pagedown ");
    painter.draw_right_aligned(bottom, &hint, Role::Accent);
}

/// Replaces the symbols of a plan by others of the same width.
fn replace_symbols(lines: &mut [Vec<TextSpan>]) {
    for (text, _) in lines.iter_mut().flatten() {
        *text = text
            .replace('▲', "!")
            .replace('✓', "+")
            .replace('✗', "x")
            .replace('⟷', "|");
    }
}
