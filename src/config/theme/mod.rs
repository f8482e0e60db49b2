//! Themes: TOML files that give each [`Role`] its colors and modifiers.
//!
//! ```toml
//! name = "mine"
//! kind = "dark"                     # dark, light or any: the background it is made for
//! inherits = "dark"                 # optional: the theme that missing roles come from
//! series = ["#7aa2f7", "#e0af68"]   # optional: colors of a chart's curves, in turn
//!
//! [roles]
//! text = { fg = "#d0d0d0" }
//! muted = { fg = "bright-black", modifiers = ["dim"] }
//! selection = { fg = 255, bg = 24, modifiers = ["bold"] }
//! ```
//!
//! A color is `#rrggbb`, one of sixteen names (`red`, `bright-black`), an index of the 256 colors, or
//! `default`. A role missing in a theme and its ancestors looks like its [`Role::fallback`]. The `bg` of
//! the `text` role is the background of the whole screen.

mod catalog;
mod color;
mod parse;
mod role;

pub use catalog::Themes;
pub use color::{ColorDepth, ThemeColor};
pub use role::Role;
use serde::Deserialize;

/// The background that a theme is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThemeKind {
    /// Dark backgrounds.
    Dark,
    /// Light backgrounds.
    Light,
    /// Any: the theme sets its own background, or no colors.
    Any,
}

/// A text attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the terminal's attributes by their names")]
pub enum Modifier {
    Bold,
    Dim,
    Italic,
    Underline,
    Reverse,
    Strike,
}

impl Modifier {
    /// In the order of their declaration.
    pub const ALL: [Self; 6] = [
        Self::Bold,
        Self::Dim,
        Self::Italic,
        Self::Underline,
        Self::Reverse,
        Self::Strike,
    ];
}

/// A set of modifiers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modifiers(u8);

impl Modifiers {
    /// Whether a modifier is in the set.
    #[must_use]
    pub fn contains(self, modifier: Modifier) -> bool {
        self.0 & (1 << modifier as u8) != 0
    }

    /// The set with another modifier.
    #[must_use]
    pub fn with(self, modifier: Modifier) -> Self {
        Self(self.0 | (1 << modifier as u8))
    }

    /// In the order of [`Modifier::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Modifier> {
        Modifier::ALL
            .into_iter()
            .filter(move |modifier| self.contains(*modifier))
    }
}

/// Colors and modifiers of a role; an unset color is the one below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ThemeStyle {
    /// Text color.
    pub fg: Option<ThemeColor>,
    /// Background color.
    pub bg: Option<ThemeColor>,
    /// Text attributes.
    pub modifiers: Modifiers,
}

impl ThemeStyle {
    fn to_depth(self, depth: ColorDepth) -> Self {
        let shade = |color: Option<ThemeColor>| color.map(|color| color.to_depth(depth));
        Self {
            fg: shade(self.fg),
            bg: shade(self.bg),
            modifiers: self.modifiers,
        }
    }
}

/// A theme with a style for every role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// As in the theme file.
    pub name: String,
    /// The background it is made for.
    pub kind: ThemeKind,
    roles: [ThemeStyle; Role::ALL.len()],
    series: Vec<ThemeColor>,
}

impl Theme {
    /// A built-in theme.
    #[must_use]
    pub fn builtin(name: &str) -> Option<Self> {
        Themes::builtin().get(name).ok()
    }

    /// In the order of the theme picker.
    #[must_use]
    pub fn builtin_names() -> Vec<&'static str> {
        catalog::builtin_names()
    }

    /// The theme without colors, for `NO_COLOR` and terminals without colors.
    #[must_use]
    pub fn monochrome() -> Self {
        // A test parses the built-in file; the fallback is plain text.
        Self::builtin("monochrome").unwrap_or_else(|| Self {
            name: "monochrome".to_owned(),
            kind: ThemeKind::Any,
            roles: [ThemeStyle::default(); Role::ALL.len()],
            series: vec![ThemeColor::Default],
        })
    }

    /// The style of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> ThemeStyle {
        self.roles[role as usize]
    }

    /// The color of the nth curve of a chart; colors repeat.
    #[must_use]
    pub fn series_color(&self, nth: usize) -> ThemeColor {
        self.series
            .get(nth % self.series.len().max(1))
            .copied()
            .unwrap_or(ThemeColor::Default)
    }

    /// The theme with each color replaced by the nearest one of a depth.
    ///
    /// Sixteen colors have no subtle background for the selection, so it is reversed.
    #[must_use]
    pub fn to_depth(&self, depth: ColorDepth) -> Self {
        let mut theme = Self {
            roles: self.roles.map(|style| style.to_depth(depth)),
            series: self
                .series
                .iter()
                .map(|color| color.to_depth(depth))
                .collect(),
            ..self.clone()
        };
        if depth == ColorDepth::Ansi16 {
            let modifiers = self
                .style(Role::Selection)
                .modifiers
                .with(Modifier::Reverse);
            theme.roles[Role::Selection as usize] = ThemeStyle {
                fg: None,
                bg: None,
                modifiers,
            };
        }
        theme
    }
}
