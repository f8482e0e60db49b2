//! Draws completions and errors for a text while it is typed.

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::table::filter::{Completion, FilterError};
use crate::text::width::width;
use crate::tui::app::dialogs::Prompt;
use crate::tui::view::painter::Painter;

/// The most completions that are shown.
const MAX_COMPLETIONS: usize = 8;

/// Draws feedback above `field`: the error with its position, and above that the completions
/// at the cursor.
pub fn draw(painter: &mut Painter<'_>, field: Rect, prompt: &Prompt) {
    let Some((caret, _)) = painter.caret else {
        return;
    };
    let mut y = field.y;
    let feedback = &prompt.feedback;
    if let Some(error) = feedback
        .error
        .as_ref()
        .or(feedback.warning.as_ref())
        .filter(|_| y > 0)
    {
        y -= 1;
        let line = Rect {
            x: 0,
            y,
            width: field.right(),
            height: 1,
        };
        let x = column_at(field, prompt, caret, error.offset);
        let role = if feedback.error.is_some() {
            Role::Bad
        } else {
            Role::Warn
        };
        draw_error(painter, line, x, error, role);
    }
    draw_completions(painter, field, prompt, caret, y);
}

/// Converts a byte offset in the text to a column. The caret shows how far the field is scrolled.
fn column_at(field: Rect, prompt: &Prompt, caret: u16, at: usize) -> u16 {
    let (text, cursor) = (prompt.input.value(), prompt.cursor_byte());
    let (low, high) = (at.min(cursor), at.max(cursor));
    let between = width(text.get(low..high).unwrap_or_default());
    if at < cursor {
        caret.saturating_sub(between).max(field.x)
    } else {
        (caret + between).min(field.right().saturating_sub(1))
    }
}

fn draw_error(
    painter: &mut Painter<'_>,
    line: Rect,
    error_x: u16,
    error: &FilterError,
    role: Role,
) {
    let message = format!("{} {} ", painter.theme.symbol("▼", "v"), error.message);
    painter.clear(line);
    // Starts under the error, unless the message would be cut off.
    let x = error_x.min(line.width.saturating_sub(width(&message)));
    painter.draw_text(
        Rect {
            x,
            width: line.width - x,
            ..line
        },
        &message,
        role,
    );
}

/// Draws the completions above the row `bottom`.
fn draw_completions(
    painter: &mut Painter<'_>,
    field: Rect,
    prompt: &Prompt,
    caret: u16,
    bottom: u16,
) {
    let all = &prompt.feedback.completions;
    let rows = all
        .len()
        .min(MAX_COMPLETIONS)
        .min(usize::from(bottom.saturating_sub(1)));
    if rows == 0 || (all.len() == 1 && is_already_typed(prompt, &all[0])) {
        return;
    }
    let first = (prompt.selected_completion + 1).saturating_sub(rows);
    let visible = &all[first..(first + rows).min(all.len())];
    let widest = visible
        .iter()
        .map(|completion| width(&completion.label) + 2)
        .max()
        .unwrap_or(0)
        .min(field.right());
    let x = column_at(field, prompt, caret, visible[0].start)
        .saturating_sub(1)
        .min(field.right() - widest);
    for (offset, completion) in visible.iter().enumerate() {
        let line = Rect {
            x,
            y: bottom - rows as u16 + offset as u16,
            width: widest,
            height: 1,
        };
        painter.clear(line);
        painter.draw_text(line, &format!(" {}", completion.label), Role::Info);
        if first + offset == prompt.selected_completion {
            painter.apply_role(line, Role::Selection);
        }
    }
}

fn is_already_typed(prompt: &Prompt, completion: &Completion) -> bool {
    let typed = completion.start..prompt.cursor_byte();
    prompt.input.value().get(typed) == Some(&completion.replacement)
}
