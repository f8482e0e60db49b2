//! The look of a session: the theme in use, how many colours there are, and whether only ASCII can be drawn.

use ratatui::style::{Color, Modifier as Attribute, Style};

use super::widgets::chart::DotStyle;
use crate::chart::PaintStyle;
use crate::config::theme::{ColorDepth, Modifier, Role, Theme, ThemeColor, Themes};

/// The signs of curves, so that they are told apart without colour; letters after them.
const SERIES_MARKERS: [&str; 10] = ["●", "▲", "■", "◆", "▼", "○", "△", "□", "◇", "▽"];

/// How things look.
#[derive(Clone, Debug)]
pub struct TerminalTheme {
    theme: Theme,
    themes: Themes,
    depth: Option<ColorDepth>,
    /// Whether borders, marks and curves are drawn in ASCII.
    pub is_ascii: bool,
    /// How the dots of charts are drawn.
    pub dot_style: DotStyle,
}

impl TerminalTheme {
    /// A look with a theme of this name; `depth` is nothing where colours are not wanted.
    #[must_use]
    pub fn new(themes: Themes, name: &str, depth: Option<ColorDepth>, ascii: bool) -> Self {
        let mut look = Self {
            theme: Theme::monochrome(),
            themes,
            depth,
            is_ascii: ascii,
            dot_style: if ascii {
                DotStyle::Ascii
            } else {
                DotStyle::Braille
            },
        };
        look.set_theme(name);
        look
    }

    /// Changes the theme; a name that there is not changes nothing. Without colours, the look stays monochrome.
    pub fn set_theme(&mut self, name: &str) {
        let Some(depth) = self.depth else { return };
        if let Ok(theme) = self.themes.get(name) {
            self.theme = theme.to_depth(depth);
        }
    }

    /// The style of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        let themed = self.theme.style(role);
        let mut style = Style::new();
        if let Some(color) = themed.fg {
            style = style.fg(to_color(color));
        }
        if let Some(color) = themed.bg {
            style = style.bg(to_color(color));
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
    pub fn paint_style(&self, ink: PaintStyle) -> Style {
        let series = |nth: usize| {
            self.depth.map_or_else(Style::new, |_| {
                Style::new().fg(to_color(self.theme.series_color(nth)))
            })
        };
        match ink {
            PaintStyle::Series(nth) => series(nth),
            PaintStyle::Faint(nth) => series(nth).add_modifier(Attribute::DIM),
            PaintStyle::Muted => self.style(Role::Muted),
            PaintStyle::Emphasis => self.style(Role::Accent),
            PaintStyle::Shade(_) => self.style(Role::Curve),
        }
    }

    /// The sign of the nth curve of a chart.
    #[must_use]
    pub fn series_marker(&self, nth: usize) -> String {
        let letter =
            |nth: usize| char::from(b'a' + u8::try_from(nth % 26).unwrap_or(0)).to_string();
        if self.is_ascii {
            letter(nth)
        } else {
            SERIES_MARKERS.get(nth).map_or_else(
                || letter(nth - SERIES_MARKERS.len()),
                |mark| (*mark).to_owned(),
            )
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
    pub fn symbol(&self, sign: &'static str, ascii: &'static str) -> &'static str {
        if self.is_ascii { ascii } else { sign }
    }
}

impl Default for TerminalTheme {
    /// No colours: what is always right.
    fn default() -> Self {
        Self::new(Themes::builtin(), "monochrome", None, false)
    }
}

fn to_color(color: ThemeColor) -> Color {
    match color {
        ThemeColor::Default => Color::Reset,
        ThemeColor::Indexed(index) => Color::Indexed(index),
        ThemeColor::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
    }
}
