//! The look of a session: the theme in use, how many colours there are, and whether only ASCII can be drawn.

use ratatui::style::{Color, Modifier as Attribute, Style};

use super::widgets::chart::Dots;
use crate::chart::Ink;
use crate::config::theme::{ColorDepth, Modifier, Role, Theme, ThemeColor, Themes};

/// The signs of curves, so that they are told apart without colour; letters after them.
const MARKS: [&str; 10] = ["●", "▲", "■", "◆", "▼", "○", "△", "□", "◇", "▽"];

/// How things look.
#[derive(Clone, Debug)]
pub struct Look {
    theme: Theme,
    themes: Themes,
    depth: Option<ColorDepth>,
    /// Whether borders, marks and curves are drawn in ASCII.
    pub ascii: bool,
    /// How the dots of charts are drawn.
    pub dots: Dots,
}

impl Look {
    /// A look with a theme of this name; `depth` is nothing where colours are not wanted.
    #[must_use]
    pub fn new(themes: Themes, name: &str, depth: Option<ColorDepth>, ascii: bool) -> Self {
        let mut look = Self {
            theme: Theme::monochrome(),
            themes,
            depth,
            ascii,
            dots: if ascii { Dots::Ascii } else { Dots::Braille },
        };
        look.set_theme(name);
        look
    }

    /// Changes the theme; a name that there is not changes nothing. Without colours, the look stays monochrome.
    pub fn set_theme(&mut self, name: &str) {
        let Some(depth) = self.depth else { return };
        if let Ok(theme) = self.themes.get(name) {
            self.theme = theme.at(depth);
        }
    }

    /// The style of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        let themed = self.theme.style(role);
        let mut style = Style::new();
        if let Some(color) = themed.fg {
            style = style.fg(color_of(color));
        }
        if let Some(color) = themed.bg {
            style = style.bg(color_of(color));
        }
        let modifiers = themed.modifiers.iter().map(|modifier| match modifier {
            Modifier::Bold => Attribute::BOLD,
            Modifier::Dim => Attribute::DIM,
            Modifier::Italic => Attribute::ITALIC,
            Modifier::Underline => Attribute::UNDERLINED,
            Modifier::Reverse => Attribute::REVERSED,
            Modifier::Strike => Attribute::CROSSED_OUT,
        });
        modifiers.fold(style, Style::add_modifier)
    }

    /// The style of what a chart paints with.
    #[must_use]
    pub fn ink(&self, ink: Ink) -> Style {
        let series = |nth: usize| {
            self.depth.map_or_else(Style::new, |_| {
                Style::new().fg(color_of(self.theme.series(nth)))
            })
        };
        match ink {
            Ink::Series(nth) => series(nth),
            Ink::Faint(nth) => series(nth).add_modifier(Attribute::DIM),
            Ink::Quiet => self.style(Role::Muted),
            Ink::Loud => self.style(Role::Accent),
            Ink::Shade(_) => self.style(Role::Curve),
        }
    }

    /// The sign of the nth curve of a chart.
    #[must_use]
    pub fn mark(&self, nth: usize) -> String {
        let letter =
            |nth: usize| char::from(b'a' + u8::try_from(nth % 26).unwrap_or(0)).to_string();
        if self.ascii {
            letter(nth)
        } else {
            MARKS
                .get(nth)
                .map_or_else(|| letter(nth - MARKS.len()), |mark| (*mark).to_owned())
        }
    }

    /// Whether no colour is used.
    #[must_use]
    pub fn is_colorless(&self) -> bool {
        self.depth.is_none()
    }

    /// Whether everything is drawn on a light ground.
    #[must_use]
    pub fn is_light(&self) -> bool {
        self.theme.kind == crate::config::theme::ThemeKind::Light
    }

    /// One of two signs: the second where only ASCII can be drawn.
    #[must_use]
    pub fn sign(&self, sign: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { sign }
    }
}

impl Default for Look {
    /// No colours: what is always right.
    fn default() -> Self {
        Self::new(Themes::builtin(), "monochrome", None, false)
    }
}

fn color_of(color: ThemeColor) -> Color {
    match color {
        ThemeColor::Default => Color::Reset,
        ThemeColor::Indexed(index) => Color::Indexed(index),
        ThemeColor::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
    }
}
