//! A text field.

use ratatui::layout::Rect;
use tui_input::Input;

use crate::config::theme::Role;
use crate::text::untrusted::clean;
use crate::tui::view::painter::{Painter, after};

/// Draws a field after a prompt symbol.
pub fn draw_with_prompt(painter: &mut Painter<'_>, area: Rect, input: &Input, has_focus: bool) {
    let symbol = painter.theme.symbol("› ", "> ");
    let prompt_width = painter.draw_text(area, symbol, Role::Accent);
    draw(painter, after(area, prompt_width), input, has_focus);
}

/// Draws a field, scrolled to its cursor. With the focus it sets the terminal's cursor.
pub fn draw(painter: &mut Painter<'_>, area: Rect, input: &Input, has_focus: bool) {
    let room = area.width.saturating_sub(1);
    let scroll = input.visual_scroll(usize::from(room));
    let visible_text: String = input.value().chars().skip(scroll).collect();
    painter.draw_text(area, &clean(&visible_text), Role::Text);
    if has_focus && area.height > 0 {
        let at = input.visual_cursor().saturating_sub(scroll) as u16;
        painter.caret = Some((area.x + at.min(room), area.y));
    }
}
