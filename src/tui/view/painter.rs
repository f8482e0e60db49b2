//! Draws text by role into the cells of a buffer, clipped to an area.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::TerminalTheme;
use crate::config::theme::Role;
use crate::text::width::{truncate, truncate_middle, width};
use crate::tui::app::tab_bar::visible_tabs;

pub type TextSpan = (String, Role);

pub struct Painter<'a> {
    buffer: &'a mut Buffer,
    pub theme: &'a TerminalTheme,
    /// The cell of the terminal's cursor, in a text field with the focus.
    pub caret: Option<(u16, u16)>,
}

impl<'a> Painter<'a> {
    pub fn new(buffer: &'a mut Buffer, theme: &'a TerminalTheme) -> Self {
        Self {
            buffer,
            theme,
            caret: None,
        }
    }

    /// Fills an area with the background.
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

    /// Draws a text into the first row of an area, truncated. Returns its width in cells.
    pub fn draw_text(&mut self, area: Rect, text: &str, role: Role) -> u16 {
        let style = self.theme.style(role);
        self.draw_styled(area, text, style)
    }

    /// [`Self::draw_text`] with a style instead of a role.
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

    /// Draws a text at the right end of the first row of an area.
    pub fn draw_right_aligned(&mut self, area: Rect, text: &str, role: Role) -> u16 {
        let width = width(text).min(area.width);
        self.draw_text(
            Rect {
                x: area.x + area.width - width,
                width,
                ..area
            },
            text,
            role,
        )
    }

    /// Draws spans into the first row of an area. Returns their width in cells.
    pub fn draw_spans(&mut self, area: Rect, spans: &[TextSpan]) -> u16 {
        let mut used = 0;
        for (text, role) in spans {
            used += self.draw_text(after(area, used), text, *role);
        }
        used
    }

    /// Draws the titles of tabs, scrolled to the selected one. Returns their width in cells.
    pub fn draw_tabs(&mut self, area: Rect, titles: &[&str], selected: usize) -> u16 {
        let spans: Vec<TextSpan> = visible_tabs(titles, selected, area.width)
            .into_iter()
            .map(|(index, text)| {
                let is_selected = index == selected;
                (
                    text,
                    if is_selected {
                        Role::Accent
                    } else {
                        Role::Muted
                    },
                )
            })
            .collect();
        self.draw_spans(area, &spans)
    }

    /// Draws lines of spans from the top of an area, as many as fit.
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

    /// Changes the style of an area and keeps its text.
    pub fn apply_role(&mut self, area: Rect, role: Role) {
        let style = self.theme.style(role);
        self.buffer
            .set_style(area.intersection(self.buffer.area), style);
    }

    /// Makes an area bold and underlined: the cell under the cursor, without colour.
    pub fn emphasize(&mut self, area: Rect) {
        let style = Style::new().add_modifier(Modifier::UNDERLINED | Modifier::BOLD);
        self.buffer
            .set_style(area.intersection(self.buffer.area), style);
    }

    /// Draws a line with a title at the top, for areas that are too low for a frame. Returns the area below it.
    pub fn draw_rule(&mut self, area: Rect, title: &str) -> Rect {
        let area = area.intersection(self.buffer.area);
        let line = self.theme.symbol("─", "-").repeat(area.width.into());
        let top = Rect {
            height: area.height.min(1),
            ..area
        };
        self.draw_text(top, &line, Role::Border);
        let title_area = Rect {
            x: top.x + 1,
            width: top.width.saturating_sub(1),
            ..top
        };
        self.draw_text(title_area, &format!(" {title} "), Role::Title);
        Rect {
            x: area.x + 1,
            y: area.y + top.height,
            width: area.width.saturating_sub(2),
            height: area.height - top.height,
        }
    }

    /// Draws a frame with a title. Returns the area inside it.
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
        let title = truncate_middle(title, room.width.saturating_sub(2));
        self.draw_text(room, &format!(" {title} "), Role::Title);
        Rect {
            x: area.x + 1,
            y: area.y + 1,
            width: area.width - 2,
            height: area.height - 2,
        }
    }
}

/// The area without its first columns.
#[must_use]
pub fn after(area: Rect, columns: u16) -> Rect {
    let columns = columns.min(area.width);
    Rect {
        x: area.x + columns,
        width: area.width - columns,
        ..area
    }
}

/// The row of an area at an offset from its top, empty below its bottom.
#[must_use]
pub fn row_at(area: Rect, offset: u16) -> Rect {
    let height = u16::from(offset < area.height);
    Rect {
        y: area.y + offset.min(area.height),
        height,
        ..area
    }
}
