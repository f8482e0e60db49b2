//! The theme in use, the colour depth of the terminal, and whether to draw ASCII only.

use ratatui::style::{Color, Modifier as Attribute, Style};

use super::widgets::chart::DotStyle;
use crate::chart::PaintStyle;
use crate::config::theme::{ColorDepth, Modifier, Role, Theme, ThemeColor, Themes};

/// Markers that distinguish curves without colour; letters follow them.
const SERIES_MARKERS: [&str; 10] = ["●", "▲", "■", "◆", "▼", "○", "△", "□", "◇", "▽"];

/// Maps roles to the styles of this terminal.
#[derive(Clone, Debug)]
pub struct TerminalTheme {
    theme: Theme,
    themes: Themes,
    depth: Option<ColorDepth>,
    /// Draw borders, marks and curves in ASCII.
    pub is_ascii: bool,
    /// The dots of charts.
    pub dot_style: DotStyle,
}

impl TerminalTheme {
    /// Without a depth, no colours are used.
    #[must_use]
    pub fn new(themes: Themes, name: &str, depth: Option<ColorDepth>, ascii: bool) -> Self {
        let mut theme = Self {
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
        theme.set_theme(name);
        theme
    }

    /// Changes the theme. An unknown name changes nothing, and without colours the theme stays monochrome.
    pub fn set_theme(&mut self, name: &str) {
        let Some(depth) = self.depth else { return };
        if let Ok(theme) = self.themes.get(name) {
            self.theme = theme.to_depth(depth);
        }
    }

    /// The style of a role in the current theme.
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

    /// The style of a paint in charts.
    #[must_use]
    pub fn paint_style(&self, paint: PaintStyle) -> Style {
        let series = |nth: usize| {
            self.depth.map_or_else(Style::new, |_| {
                Style::new().fg(to_color(self.theme.series_color(nth)))
            })
        };
        match paint {
            PaintStyle::Series(nth) => series(nth),
            PaintStyle::Faint(nth) => series(nth).add_modifier(Attribute::DIM),
            PaintStyle::Muted => self.style(Role::Muted),
            PaintStyle::Emphasis => self.style(Role::Accent),
            PaintStyle::Shade(_) => self.style(Role::Curve),
        }
    }

    /// The marker of the nth curve of a chart.
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

    /// Whether attributes alone distinguish roles.
    #[must_use]
    pub fn is_colorless(&self) -> bool {
        self.depth.is_none()
    }

    /// Whether the theme is for a light background.
    #[must_use]
    pub fn is_light(&self) -> bool {
        self.theme.kind == crate::config::theme::ThemeKind::Light
    }

    /// The first symbol, or the second in ASCII.
    #[must_use]
    pub fn symbol(&self, sign: &'static str, ascii: &'static str) -> &'static str {
        if self.is_ascii { ascii } else { sign }
    }
}

impl Default for TerminalTheme {
    /// Monochrome, which suits every terminal.
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
