//! Draws facts of the item under the cursor below a list.

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::text::width::{truncate, width, wrap};
use crate::tui::screens::details::Fact;
use crate::tui::view::painter::{Painter, TextSpan, row_at};

/// The widest key that does not push its value to the next line.
const MAX_KEY_WIDTH: u16 = 24;

/// Draws facts in a frame. Where they go on, the last row names the key that shows all.
pub(super) fn draw(painter: &mut Painter<'_>, area: Rect, title: &str, facts: &[Fact]) {
    let inside = painter.draw_frame(area, title, false);
    let lines = fact_lines(facts, inside.width);
    painter.draw_lines(inside, &lines);
    let below = lines.len().saturating_sub(inside.height.into());
    if below > 0 && inside.height > 1 {
        let last = row_at(inside, inside.height - 1);
        let text = format!("{} more lines: p", below + 1);
        let gap = usize::from(inside.width).saturating_sub(text.len());
        painter.draw_spans(
            last,
            &[(format!("{text}{}", " ".repeat(gap)), Role::Accent)],
        );
    }
}

fn fact_lines(facts: &[Fact], room: u16) -> Vec<Vec<TextSpan>> {
    let keys = facts.iter().map(|fact| width(&fact.key)).max().unwrap_or(0);
    let keys = keys.min(MAX_KEY_WIDTH).min(room / 3);
    let mut lines: Vec<Vec<TextSpan>> = Vec::new();
    for fact in facts {
        let rows = fact.text.lines();
        let rows = rows.flat_map(|line| wrap(line, room.saturating_sub(keys + 2)));
        for (nth, row) in rows.enumerate() {
            let key = if nth == 0 {
                truncate(&fact.key, keys)
            } else {
                String::new()
            };
            lines.push(vec![
                (format!("{key:<0$}  ", usize::from(keys)), Role::Muted),
                (row, fact.role),
            ]);
        }
    }
    if lines.is_empty() {
        let text = "no description, tags or reviews".to_owned();
        lines.push(vec![(text, Role::Muted)]);
    }
    lines
}
