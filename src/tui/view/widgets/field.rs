//! A field that is typed in.

use ratatui::layout::Rect;
use tui_input::Input;

use crate::config::theme::Role;
use crate::text::untrusted::clean;
use crate::tui::view::paint::Paint;

/// Draws a field behind a sign that asks for words.
pub fn asking(paint: &mut Paint<'_>, area: Rect, input: &Input, focus: bool) {
    let sign = paint.look.sign("› ", "> ");
    let taken = paint.text(area, sign, Role::Accent).min(area.width);
    draw(
        paint,
        Rect {
            x: area.x + taken,
            width: area.width - taken,
            ..area
        },
        input,
        focus,
    );
}

/// Draws a field; with the focus, the terminal's cursor stands in it. Long texts are seen around the cursor.
pub fn draw(paint: &mut Paint<'_>, area: Rect, input: &Input, focus: bool) {
    let room = area.width.saturating_sub(1);
    let scroll = input.visual_scroll(usize::from(room));
    let seen: String = input.value().chars().skip(scroll).collect();
    paint.text(area, &clean(&seen), Role::Text);
    if focus && area.height > 0 {
        let at = input.visual_cursor().saturating_sub(scroll) as u16;
        paint.caret = Some((area.x + at.min(room), area.y));
    }
}
