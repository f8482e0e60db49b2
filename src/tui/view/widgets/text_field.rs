//! A field that is typed in.

use ratatui::layout::Rect;
use tui_input::Input;

use crate::config::theme::Role;
use crate::text::untrusted::clean;
use crate::tui::view::painter::Painter;

/// Draws a field behind a sign that asks for words.
pub fn draw_with_prompt(painter: &mut Painter<'_>, area: Rect, input: &Input, has_focus: bool) {
    let symbol = painter.theme.symbol("› ", "> ");
    let prompt_width = painter
        .draw_text(area, symbol, Role::Accent)
        .min(area.width);
    draw(
        painter,
        Rect {
            x: area.x + prompt_width,
            width: area.width - prompt_width,
            ..area
        },
        input,
        has_focus,
    );
}

/// Draws a field; with the focus, the terminal's cursor stands in it. Long texts are seen around the cursor.
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
