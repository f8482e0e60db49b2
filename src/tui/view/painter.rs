//! The brush: text into the cells of a buffer, by role, never outside its place.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::TerminalTheme;
use crate::config::theme::Role;
use crate::text::width::{truncate, width};

/// A piece of text with a role.
pub type TextSpan = (String, Role);

/// Draws into a buffer with a look.
pub struct Painter<'a> {
    buffer: &'a mut Buffer,
    /// How things look.
    pub theme: &'a TerminalTheme,
    /// Where the terminal's cursor stands: in a field that is typed in.
    pub caret: Option<(u16, u16)>,
}

impl<'a> Painter<'a> {
    /// A brush for a buffer.
    pub fn new(buffer: &'a mut Buffer, theme: &'a TerminalTheme) -> Self {
        Self {
            buffer,
            theme,
            caret: None,
        }
    }

    /// Clears an area to the ground.
    pub fn clear(&mut self, area: Rect) {
        let style = self.theme.style(Role::Text);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_style(style);
                }
            }
        }
    }

    /// A text in the first row of an area, cut to it. Returns how many cells it took.
    pub fn draw_text(&mut self, area: Rect, text: &str, role: Role) -> u16 {
        let style = self.theme.style(role);
        self.draw_styled(area, text, style)
    }

    /// The same with a style of its own.
    pub fn draw_styled(&mut self, area: Rect, text: &str, style: Style) -> u16 {
        let area = area.intersection(self.buffer.area);
        if area.is_empty() {
            return 0;
        }
        let shown = truncate(text, area.width);
        let (end, _) =
            self.buffer
                .set_stringn(area.x, area.y, &shown, usize::from(area.width), style);
        end - area.x
    }

    /// A text at the right end of the first row of an area.
    pub fn draw_right_aligned(&mut self, area: Rect, text: &str, role: Role) -> u16 {
        let taken = width(text).min(area.width);
        self.draw_text(
            Rect {
                x: area.x + area.width - taken,
                width: taken,
                ..area
            },
            text,
            role,
        )
    }

    /// Pieces one after the other in the first row of an area. Returns how many cells they took.
    pub fn draw_spans(&mut self, area: Rect, pieces: &[TextSpan]) -> u16 {
        let mut used = 0;
        for (text, role) in pieces {
            let room = Rect {
                x: area.x + used,
                width: area.width.saturating_sub(used),
                ..area
            };
            used += self.draw_text(room, text, *role);
        }
        used
    }

    /// Lines of pieces from the top of an area, as many as fit.
    pub fn draw_lines(&mut self, area: Rect, lines: &[Vec<TextSpan>]) {
        for (y, line) in (area.top()..area.bottom()).zip(lines) {
            self.draw_spans(
                Rect {
                    y,
                    height: 1,
                    ..area
                },
                line,
            );
        }
    }

    /// Lays the style of a role over the cells of an area: what stands there stays.
    pub fn apply_role(&mut self, area: Rect, role: Role) {
        let style = self.theme.style(role);
        self.buffer
            .set_style(area.intersection(self.buffer.area), style);
    }

    /// Underlines and emboldens an area: the cell under the cursor, told without colour.
    pub fn emphasize(&mut self, area: Rect) {
        let style = Style::new().add_modifier(Modifier::UNDERLINED | Modifier::BOLD);
        self.buffer
            .set_style(area.intersection(self.buffer.area), style);
    }

    /// A frame with a title; returns what is inside it.
    pub fn draw_frame(&mut self, area: Rect, title: &str, has_focus: bool) -> Rect {
        let area = area.intersection(self.buffer.area);
        if area.width < 2 || area.height < 2 {
            return area;
        }
        let role = if has_focus {
            Role::BorderFocus
        } else {
            Role::Border
        };
        let (h, v) = (self.theme.symbol("─", "-"), self.theme.symbol("│", "|"));
        let corners = [("╭", "+"), ("╮", "+"), ("╰", "+"), ("╯", "+")]
            .map(|(sign, ascii)| self.theme.symbol(sign, ascii));
        let middle = h.repeat(usize::from(area.width - 2));
        self.draw_text(area, &format!("{}{middle}{}", corners[0], corners[1]), role);
        let bottom = Rect {
            y: area.bottom() - 1,
            height: 1,
            ..area
        };
        self.draw_text(
            bottom,
            &format!("{}{middle}{}", corners[2], corners[3]),
            role,
        );
        for y in area.top() + 1..area.bottom() - 1 {
            self.draw_text(
                Rect {
                    y,
                    height: 1,
                    width: 1,
                    ..area
                },
                v,
                role,
            );
            self.draw_text(
                Rect {
                    x: area.right() - 1,
                    y,
                    height: 1,
                    width: 1,
                },
                v,
                role,
            );
        }
        let room = Rect {
            x: area.x + 2,
            width: area.width.saturating_sub(4),
            ..area
        };
        self.draw_text(room, &format!(" {title} "), Role::Title);
        Rect {
            x: area.x + 1,
            y: area.y + 1,
            width: area.width - 2,
            height: area.height - 2,
        }
    }
}

/// The row of an area at an offset from its top; empty when it has none.
#[must_use]
pub fn row_at(area: Rect, offset: u16) -> Rect {
    let height = u16::from(offset < area.height);
    Rect {
        y: area.y + offset.min(area.height),
        height,
        ..area
    }
}
