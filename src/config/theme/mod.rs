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
    /// The colour of the text.
    pub fg: Option<ThemeColor>,
    /// The colour behind it.
    pub bg: Option<ThemeColor>,
    /// How it is written.
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

/// A theme with every role filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    /// The background that it is made for.
    pub kind: ThemeKind,
    roles: [ThemeStyle; Role::ALL.len()],
    series: Vec<ThemeColor>,
}

impl Theme {
    /// A theme that comes with this program.
    #[must_use]
    pub fn builtin(name: &str) -> Option<Self> {
        Themes::builtin().get(name).ok()
    }

    /// The names of the themes that come with this program.
    #[must_use]
    pub fn builtin_names() -> Vec<&'static str> {
        catalog::builtin_names()
    }

    /// The theme without colours: for `NO_COLOR`, and for terminals that have none.
    #[must_use]
    pub fn monochrome() -> Self {
        // The file is part of the program and a test reads it; if it could not be read, plain text is without colours too.
        Self::builtin("monochrome").unwrap_or_else(|| Self {
            name: "monochrome".to_owned(),
            kind: ThemeKind::Any,
            roles: [ThemeStyle::default(); Role::ALL.len()],
            series: vec![ThemeColor::Default],
        })
    }

    /// What a role looks like.
    #[must_use]
    pub fn style(&self, role: Role) -> ThemeStyle {
        self.roles[role as usize]
    }

    /// The colour of the nth curve of a chart; they come round again.
    #[must_use]
    pub fn series_color(&self, nth: usize) -> ThemeColor {
        self.series
            .get(nth % self.series.len().max(1))
            .copied()
            .unwrap_or(ThemeColor::Default)
    }

    /// The same theme for a terminal with fewer colours: each colour becomes the nearest that there is.
    ///
    /// Sixteen colours have no quiet shade to put behind a selection, so it is shown in reverse there.
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
