//! Built-in and user themes by name, with inheritance.

use std::collections::BTreeMap;
use std::path::Path;

use super::parse::{ThemeFile, parse};
use super::{Modifier, Modifiers, Role, Theme, ThemeColor, ThemeKind, ThemeStyle};
use crate::diagnostics::{Diagnostic, suggest};
use crate::files::{list_toml_files, read_text};
use crate::text::untrusted::clean;

/// The files of `themes/`, by name.
macro_rules! builtin_themes {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../../themes/", $name, ".toml")))),+]
    };
}

/// In the order of the theme picker. A test fails if a file is missing here.
const BUILTIN: [(&str, &str); 6] = builtin_themes![
    "dark",
    "light",
    "high-contrast",
    "monochrome",
    "catppuccin-mocha",
    "gruvbox-dark",
];

const MAX_BYTES: u64 = 1 << 20;

/// Names of the built-in themes, in the order of the theme picker.
pub(super) fn builtin_names() -> Vec<&'static str> {
    BUILTIN.iter().map(|(name, _)| *name).collect()
}

/// Themes by name. A user theme replaces a built-in one of the same name.
#[derive(Clone, Debug, Default)]
pub struct Themes {
    files: BTreeMap<String, ThemeFile>,
}

impl Themes {
    /// The built-in themes alone.
    #[must_use]
    pub fn builtin() -> Self {
        let mut themes = Self::default();
        for (name, text) in BUILTIN {
            // A test parses each of them.
            let _ = themes.add(&format!("themes/{name}.toml"), text);
        }
        themes
    }

    /// Adds a theme; errors name `file`.
    ///
    /// # Errors
    /// If the text has an error. [`Themes::get`] checks what it inherits from.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), Diagnostic> {
        let theme = parse(file, text)?;
        self.files.insert(theme.name.clone(), theme);
        Ok(())
    }

    /// Adds every `*.toml` file of a folder, sorted by name, and returns the errors. A missing folder
    /// has no themes.
    pub fn add_folder(&mut self, folder: &Path) -> Vec<Diagnostic> {
        let mut add = |path: &Path| {
            let file = path.to_string_lossy();
            match read_text(path, MAX_BYTES) {
                Ok(text) => self.add(&file, &text),
                Err(error) => Err(Diagnostic::of_file(file, error.to_string())),
            }
        };
        let results = list_toml_files(folder).0.into_iter().map(|path| add(&path));
        results.filter_map(Result::err).collect()
    }

    /// Sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// A theme with every role set: by its file, by an ancestor, or by the role's fallback.
    ///
    /// # Errors
    /// If the theme or an ancestor is unknown, or inheritance has a cycle.
    pub fn get(&self, name: &str) -> Result<Theme, Diagnostic> {
        let chain = self.inheritance_chain(name)?;
        let defined = |role: Role| chain.iter().find_map(|file| file.roles[role as usize]);
        let series = chain
            .iter()
            .find_map(|file| file.series.clone())
            .unwrap_or_else(|| vec![ThemeColor::Default]);
        let kind = chain.first().map_or(ThemeKind::Any, |file| file.kind);
        let roles = Role::ALL.map(|role| {
            std::iter::successors(Some(role), |role| role.fallback())
                .find_map(defined)
                .unwrap_or_else(|| default_style(role))
        });
        Ok(Theme {
            name: name.to_owned(),
            kind,
            roles,
            series,
        })
    }

    /// A theme's file, its parent's, and so on.
    fn inheritance_chain(&self, name: &str) -> Result<Vec<&ThemeFile>, Diagnostic> {
        let mut chain: Vec<&ThemeFile> = Vec::new();
        let mut next = Some((name, Diagnostic::default()));
        while let Some((name, location)) = next {
            if chain.iter().any(|file| file.name == name) {
                let message = format!("theme `{}` inherits from itself", clean(name));
                return Err(Diagnostic {
                    message,
                    ..location
                });
            }
            let file = self.files.get(name).ok_or_else(|| Diagnostic {
                message: format!("unknown theme `{}`", clean(name)),
                suggestion: suggest(name, self.names()),
                ..location
            })?;
            chain.push(file);
            let parent = file.inherits.as_ref();
            next = parent.map(|parent| (parent.name.as_str(), parent.location.clone()));
        }
        Ok(chain)
    }
}

/// The style of a role if the theme sets neither it nor a fallback.
fn default_style(role: Role) -> ThemeStyle {
    match role {
        Role::Selection => ThemeStyle {
            modifiers: Modifiers::default().with(Modifier::Reverse),
            ..ThemeStyle::default()
        },
        _ => ThemeStyle::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ColorDepth, ThemeKind};
    use super::*;

    const MINE: &str = "name = \"mine\"\nkind = \"dark\"\n";

    #[test]
    fn builtin_themes_define_or_inherit_every_role() {
        let themes = Themes::builtin();
        assert_eq!(themes.names().count(), BUILTIN.len());
        for (name, text) in BUILTIN {
            parse(name, text).unwrap();
            assert_eq!(themes.get(name).unwrap().name, name);
            let chain = themes.inheritance_chain(name).unwrap();
            for role in Role::ALL {
                assert!(
                    chain.iter().any(|file| file.roles[role as usize].is_some()),
                    "{name} does not set {}",
                    role.name()
                );
            }
        }
    }

    /// Contrast ratio by WCAG 2, from 1 to 21.
    fn contrast(a: ThemeColor, b: ThemeColor) -> f64 {
        let luminance = |color: ThemeColor| {
            let (red, green, blue) = color.rgb().unwrap();
            let linear = |part: u8| {
                let part = f64::from(part) / 255.0;
                if part <= 0.04045 {
                    part / 12.92
                } else {
                    ((part + 0.055) / 1.055).powf(2.4)
                }
            };
            0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_role_has_enough_contrast() {
        // Without a background of its own: the terminal backgrounds with most and least contrast.
        let backgrounds = |theme: &Theme| match (theme.style(Role::Text).bg, theme.kind) {
            (Some(background), _) => vec![background],
            (None, ThemeKind::Light) => vec![
                ThemeColor::Rgb(255, 255, 255),
                ThemeColor::Rgb(0xf0, 0xf0, 0xf0),
            ],
            (None, _) => vec![ThemeColor::Rgb(0, 0, 0), ThemeColor::Rgb(0x28, 0x2c, 0x34)],
        };
        for name in Theme::builtin_names()
            .into_iter()
            .filter(|name| *name != "monochrome")
        {
            let theme = Theme::builtin(name).unwrap();
            let minimum = if name == "high-contrast" { 7.0 } else { 4.5 };
            let text = theme.style(Role::Text).fg.unwrap();
            for role in Role::ALL.into_iter().filter(|role| *role != Role::Border) {
                let style = theme.style(role);
                for background in style.bg.map_or_else(|| backgrounds(&theme), |bg| vec![bg]) {
                    let contrast = contrast(style.fg.unwrap_or(text), background);
                    assert!(
                        contrast >= minimum,
                        "{name}: {} has {contrast:.2} on {background:?}",
                        role.name()
                    );
                }
            }
        }
    }

    #[test]
    fn monochrome_shows_the_selection_without_color() {
        let theme = Theme::monochrome();
        assert!(
            Role::ALL
                .iter()
                .all(|role| theme.style(*role).fg.is_none() && theme.style(*role).bg.is_none())
        );
        assert!(
            theme
                .style(Role::Selection)
                .modifiers
                .contains(Modifier::Reverse)
        );
        assert_eq!(theme.series_color(3), ThemeColor::Default);
        assert_eq!(Theme::builtin("monochrome"), Some(theme));
    }

    #[test]
    fn missing_roles_are_inherited_then_fall_back() {
        let mut themes = Themes::builtin();
        themes
            .add(
                "mine.toml",
                &format!("{MINE}inherits = \"dark\"\n[roles]\naccent = {{ fg = 208 }}"),
            )
            .unwrap();
        let (mine, dark) = (themes.get("mine").unwrap(), themes.get("dark").unwrap());
        assert_eq!(mine.style(Role::Accent).fg, Some(ThemeColor::Indexed(208)));
        assert_eq!(mine.style(Role::Good), dark.style(Role::Good));
        assert_eq!(mine.series_color(1), dark.series_color(1));

        themes
            .add(
                "bare.toml",
                "name = \"bare\"\nkind = \"any\"\n[roles]\naccent = { fg = \"red\" }",
            )
            .unwrap();
        let bare = themes.get("bare").unwrap();
        assert_eq!(bare.style(Role::Header), bare.style(Role::Accent));
        assert_eq!(bare.style(Role::Running).fg, Some(ThemeColor::Indexed(1)));
        assert_eq!(bare.style(Role::Good), ThemeStyle::default());
        assert!(
            bare.style(Role::Selection)
                .modifiers
                .contains(Modifier::Reverse)
        );
    }

    #[test]
    fn cyclic_or_unknown_parent_is_an_error_with_its_line() {
        let mut themes = Themes::builtin();
        themes
            .add("a.toml", "name = \"a\"\nkind = \"any\"\ninherits = \"b\"")
            .unwrap();
        assert!(themes.get("a").unwrap_err().to_string().starts_with(
            "a.toml:3:12: unknown theme `b`; expected one of `a`, `catppuccin-mocha`"
        ));
        themes
            .add("b.toml", "name = \"b\"\nkind = \"any\"\n\ninherits = \"a\"")
            .unwrap();
        assert!(
            themes
                .get("a")
                .unwrap_err()
                .to_string()
                .starts_with("b.toml:4:12: theme `a` inherits from itself")
        );
        assert!(
            themes
                .get("none")
                .unwrap_err()
                .to_string()
                .starts_with("unknown theme `none`")
        );
    }

    #[test]
    fn user_directory_adds_themes_and_reports_invalid_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine.toml"), MINE).unwrap();
        std::fs::write(folder.path().join("wrong.toml"), "name = 1").unwrap();
        std::fs::write(folder.path().join("notes.txt"), "not a theme").unwrap();
        let mut themes = Themes::builtin();
        let errors = themes.add_folder(folder.path());
        assert!(
            matches!(&errors[..], [error] if error.file.ends_with("wrong.toml") && error.line == 1)
        );
        assert!(themes.get("mine").is_ok());
        assert!(themes.add_folder(&folder.path().join("none")).is_empty());
    }

    #[test]
    fn selection_is_reversed_with_sixteen_colors() {
        let theme = Theme::builtin("dark").unwrap().to_depth(ColorDepth::Ansi16);
        let selection = theme.style(Role::Selection);
        assert_eq!((selection.fg, selection.bg), (None, None));
        assert!(
            selection.modifiers.contains(Modifier::Reverse)
                && selection.modifiers.contains(Modifier::Bold)
        );
        assert!(
            Role::ALL
                .iter()
                .all(|role| !matches!(theme.style(*role).fg, Some(ThemeColor::Rgb(..))))
        );
    }
}
