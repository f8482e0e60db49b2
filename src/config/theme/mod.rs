//! Themes: what each kind of thing looks like. A theme is a TOML file of roles; it knows no widget.
//!
//! ```toml
//! name = "mine"
//! kind = "dark"                     # dark, light or any: the background that it is made for
//! inherits = "dark"                 # optional: what is not given here is that theme's
//! series = ["#7aa2f7", "#e0af68"]   # optional: the curves of a chart, in turn
//!
//! [roles]
//! text = { fg = "#d0d0d0" }
//! muted = { fg = "bright-black", modifiers = ["dim"] }
//! selection = { fg = 255, bg = 24, modifiers = ["bold"] }
//! ```
//!
//! A colour is `#rrggbb`, one of the sixteen names (`red`, `bright-black`), a number of the 256 colours, or `default`. A role that a
//! theme and all it inherits from leave out looks like its [`Role::fallback`]. The `text` role is the ground that everything
//! is drawn on: a `bg` given there is the whole screen's.

mod catalog;
mod color;
mod parse;
mod role;

pub use catalog::Themes;
pub use color::{ColorDepth, ThemeColor};
pub use parse::ThemeError;
pub use role::Role;

/// The background that a theme is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThemeKind {
    /// Dark backgrounds.
    Dark,
    /// Light backgrounds.
    Light,
    /// Any: it brings its own background, or no colours.
    Any,
}

/// A way of writing text, next to its colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modifier {
    /// Heavier.
    Bold,
    /// Fainter.
    Dim,
    /// Slanted.
    Italic,
    /// Underlined.
    Underline,
    /// Colours exchanged.
    Reverse,
    /// Struck through.
    Strike,
}

impl Modifier {
    /// Every modifier.
    pub const ALL: [Self; 6] = [
        Self::Bold,
        Self::Dim,
        Self::Italic,
        Self::Underline,
        Self::Reverse,
        Self::Strike,
    ];

    /// As theme files spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bold => "bold",
            Self::Dim => "dim",
            Self::Italic => "italic",
            Self::Underline => "underline",
            Self::Reverse => "reverse",
            Self::Strike => "strike",
        }
    }
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

    /// The set with one more modifier.
    #[must_use]
    pub fn with(self, modifier: Modifier) -> Self {
        Self(self.0 | (1 << modifier as u8))
    }

    /// The modifiers in the set.
    pub fn iter(self) -> impl Iterator<Item = Modifier> {
        Modifier::ALL
            .into_iter()
            .filter(move |modifier| self.contains(*modifier))
    }
}

/// What one role looks like. A colour that is not given is the one of what it is drawn on.
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
