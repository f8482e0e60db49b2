//! The brush: text into the cells of a buffer, by role, never outside its place.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::Look;
use crate::config::theme::Role;
use crate::text::fit::{cut, width};

/// A piece of text with a role.
pub type Piece = (String, Role);

/// Draws into a buffer with a look.
pub struct Paint<'a> {
    buffer: &'a mut Buffer,
    /// How things look.
    pub look: &'a Look,
    /// Where the terminal's cursor stands: in a field that is typed in.
    pub caret: Option<(u16, u16)>,
}

impl<'a> Paint<'a> {
    /// A brush for a buffer.
    pub fn new(buffer: &'a mut Buffer, look: &'a Look) -> Self {
        Self {
            buffer,
            look,
            caret: None,
        }
    }

    /// Clears an area to the ground.
    pub fn ground(&mut self, area: Rect) {
        let style = self.look.style(Role::Text);
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
    pub fn text(&mut self, area: Rect, text: &str, role: Role) -> u16 {
        let style = self.look.style(role);
        self.styled(area, text, style)
    }

    /// The same with a style of its own.
    pub fn styled(&mut self, area: Rect, text: &str, style: Style) -> u16 {
        let area = area.intersection(self.buffer.area);
        if area.is_empty() {
            return 0;
        }
        let shown = cut(text, area.width);
        let (end, _) =
            self.buffer
                .set_stringn(area.x, area.y, &shown, usize::from(area.width), style);
        end - area.x
    }

    /// A text at the right end of the first row of an area.
    pub fn right(&mut self, area: Rect, text: &str, role: Role) -> u16 {
        let taken = width(text).min(area.width);
        self.text(
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
    pub fn pieces(&mut self, area: Rect, pieces: &[Piece]) -> u16 {
        let mut used = 0;
        for (text, role) in pieces {
            let room = Rect {
                x: area.x + used,
                width: area.width.saturating_sub(used),
                ..area
            };
            used += self.text(room, text, *role);
        }
        used
    }

    /// Lines of pieces from the top of an area, as many as fit.
    pub fn lines(&mut self, area: Rect, lines: &[Vec<Piece>]) {
        for (y, line) in (area.top()..area.bottom()).zip(lines) {
            self.pieces(
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
    pub fn over(&mut self, area: Rect, role: Role) {
        let style = self.look.style(role);
        self.buffer
            .set_style(area.intersection(self.buffer.area), style);
    }

    /// Underlines and emboldens an area: the cell under the cursor, told without colour.
    pub fn point_at(&mut self, area: Rect) {
        let style = Style::new().add_modifier(Modifier::UNDERLINED | Modifier::BOLD);
        self.buffer
            .set_style(area.intersection(self.buffer.area), style);
    }

    /// A frame with a title; returns what is inside it.
    pub fn frame(&mut self, area: Rect, title: &str, focus: bool) -> Rect {
        let area = area.intersection(self.buffer.area);
        if area.width < 2 || area.height < 2 {
            return area;
        }
        let role = if focus {
            Role::BorderFocus
        } else {
            Role::Border
        };
        let (h, v) = (self.look.sign("─", "-"), self.look.sign("│", "|"));
        let corners = [("╭", "+"), ("╮", "+"), ("╰", "+"), ("╯", "+")]
            .map(|(sign, ascii)| self.look.sign(sign, ascii));
        let middle = h.repeat(usize::from(area.width - 2));
        self.text(area, &format!("{}{middle}{}", corners[0], corners[1]), role);
        let bottom = Rect {
            y: area.bottom() - 1,
            height: 1,
            ..area
        };
        self.text(
            bottom,
            &format!("{}{middle}{}", corners[2], corners[3]),
            role,
        );
        for y in area.top() + 1..area.bottom() - 1 {
            self.text(
                Rect {
                    y,
                    height: 1,
                    width: 1,
                    ..area
                },
                v,
                role,
            );
            self.text(
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
        self.text(room, &format!(" {title} "), Role::Title);
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
pub fn row(area: Rect, offset: u16) -> Rect {
    let height = u16::from(offset < area.height);
    Rect {
        y: area.y + offset.min(area.height),
        height,
        ..area
    }
}
