//! The themes that can be chosen: those that come with this program, and a user's own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::parse::{ThemeFile, parse};
use super::{Modifier, Modifiers, Role, Theme, ThemeColor, ThemeError, ThemeStyle};

/// The themes that come with this program: adding one is adding its file and a line here.
const BUILTIN: [(&str, &str); 6] = [
    ("dark", include_str!("../../../themes/dark.toml")),
    ("light", include_str!("../../../themes/light.toml")),
    (
        "high-contrast",
        include_str!("../../../themes/high-contrast.toml"),
    ),
    (
        "monochrome",
        include_str!("../../../themes/monochrome.toml"),
    ),
    (
        "catppuccin-mocha",
        include_str!("../../../themes/catppuccin-mocha.toml"),
    ),
    (
        "gruvbox-dark",
        include_str!("../../../themes/gruvbox-dark.toml"),
    ),
];

/// The names of the themes that come with this program, in the order in which they are offered.
pub(super) fn builtin_names() -> Vec<&'static str> {
    BUILTIN.iter().map(|(name, _)| *name).collect()
}

/// Themes by name. A user's theme takes the place of one of ours that has its name.
#[derive(Clone, Debug, Default)]
pub struct Themes {
    files: BTreeMap<String, ThemeFile>,
}

impl Themes {
    /// The themes that come with this program.
    #[must_use]
    pub fn builtin() -> Self {
        let mut themes = Self::default();
        for (name, text) in BUILTIN {
            // They are part of the program: a test reads each of them.
            let _ = themes.add(&format!("themes/{name}.toml"), text);
        }
        themes
    }

    /// Adds a theme from its file's text, and returns its name. `file` is what errors call it.
    ///
    /// # Errors
    /// When the text is no theme. What it inherits from is looked up later, by [`Themes::get`].
    pub fn add(&mut self, file: &str, text: &str) -> Result<String, ThemeError> {
        let theme = parse(file, text)?;
        let name = theme.name.clone();
        self.files.insert(name.clone(), theme);
        Ok(name)
    }

    /// Adds every `*.toml` of a user's folder, in the order of their names, and returns what was wrong with those that
    /// could not be added. A folder that isn't there has no themes.
    pub fn add_folder(&mut self, folder: &Path) -> Vec<ThemeError> {
        let Ok(entries) = fs::read_dir(folder) else {
            return Vec::new();
        };
        let mut paths: Vec<_> = entries
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .collect();
        paths.retain(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        });
        paths.sort();
        let mut errors = Vec::new();
        for path in paths {
            let file = path.to_string_lossy().into_owned();
            let added = match fs::read_to_string(&path) {
                Ok(text) => self.add(&file, &text).map(|_| ()),
                Err(error) => Err(ThemeError {
                    file,
                    line: 1,
                    what: error.to_string(),
                }),
            };
            errors.extend(added.err());
        }
        errors
    }

    /// The names of all themes, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// A theme with every role filled: by itself, by those it inherits from, or by the role's fallback.
    ///
    /// # Errors
    /// When there is no such theme, when it inherits from one that isn't there, or when themes inherit in a circle.
    pub fn get(&self, name: &str) -> Result<Theme, ThemeError> {
        let lineage = self.inheritance_chain(name)?;
        let given = |role: Role| lineage.iter().find_map(|file| file.roles[role as usize]);
        let series = lineage
            .iter()
            .find_map(|file| file.series.clone())
            .unwrap_or_else(|| vec![ThemeColor::Default]);
        let kind = lineage
            .first()
            .map_or(super::ThemeKind::Any, |file| file.kind);
        let roles = Role::ALL.map(|role| {
            std::iter::successors(Some(role), |role| role.fallback())
                .find_map(given)
                .unwrap_or_else(|| default_style(role))
        });
        Ok(Theme {
            name: name.to_owned(),
            kind,
            roles,
            series,
        })
    }

    /// A theme's file, the one it inherits from, and so on.
    fn inheritance_chain(&self, name: &str) -> Result<Vec<&ThemeFile>, ThemeError> {
        let unknown = || {
            format!(
                "there is no theme {name:?}; there are {}",
                self.names().collect::<Vec<_>>().join(", ")
            )
        };
        let mut file = self.files.get(name).ok_or_else(|| ThemeError {
            file: name.to_owned(),
            line: 1,
            what: unknown(),
        })?;
        let mut lineage = vec![file];
        while let Some((parent, line)) = &file.inherits {
            let wrong = |what| ThemeError {
                file: file.file.clone(),
                line: *line,
                what,
            };
            if lineage.iter().any(|file| file.name == *parent) {
                return Err(wrong(format!(
                    "inheriting from {parent:?} goes in a circle"
                )));
            }
            let known = || self.names().collect::<Vec<_>>().join(", ");
            file = self.files.get(parent).ok_or_else(|| {
                wrong(format!(
                    "there is no theme {parent:?}; there are {}",
                    known()
                ))
            })?;
            lineage.push(file);
        }
        Ok(lineage)
    }
}

/// What a role looks like where no theme says anything of it or of its fallbacks.
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
            let lineage = themes.inheritance_chain(name).unwrap();
            for role in Role::ALL {
                assert!(
                    lineage
                        .iter()
                        .any(|file| file.roles[role as usize].is_some()),
                    "{name} gives no {}",
                    role.name()
                );
            }
        }
    }

    /// How far two colours are apart to the eye, by WCAG 2: from 1 to 21.
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
        // Terminals' own grounds, where a theme brings none: the darkest and lightest in use, and the greyest.
        let grounds = |theme: &Theme| match (theme.style(Role::Text).bg, theme.kind) {
            (Some(ground), _) => vec![ground],
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
            let least = if name == "high-contrast" { 7.0 } else { 4.5 };
            let text = theme.style(Role::Text).fg.unwrap();
            for role in Role::ALL.into_iter().filter(|role| *role != Role::Border) {
                let style = theme.style(role);
                for ground in style.bg.map_or_else(|| grounds(&theme), |bg| vec![bg]) {
                    let contrast = contrast(style.fg.unwrap_or(text), ground);
                    assert!(
                        contrast >= least,
                        "{name}: {} has {contrast:.2} on {ground:?}",
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
        assert!(
            themes
                .get("a")
                .unwrap_err()
                .to_string()
                .starts_with("a.toml:3: there is no theme \"b\"; there are a, catppuccin-mocha")
        );
        themes
            .add("b.toml", "name = \"b\"\nkind = \"any\"\n\ninherits = \"a\"")
            .unwrap();
        assert!(
            themes
                .get("a")
                .unwrap_err()
                .to_string()
                .starts_with("b.toml:4: ")
        );
        assert!(
            themes
                .get("none")
                .unwrap_err()
                .to_string()
                .contains("there is no theme \"none\"")
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
