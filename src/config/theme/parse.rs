//! Parses a theme file.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use toml::{Spanned, Value};

use super::{Modifier, Modifiers, Role, ThemeColor, ThemeKind, ThemeStyle};
use crate::diagnostics::{Diagnostic, suggest};

/// A theme file before inheritance.
#[derive(Clone, Debug)]
pub(super) struct ThemeFile {
    pub name: String,
    pub kind: ThemeKind,
    pub inherits: Option<Parent>,
    pub roles: [Option<ThemeStyle>; Role::ALL.len()],
    pub series: Option<Vec<ThemeColor>>,
}

/// The theme that a file inherits from.
#[derive(Clone, Debug)]
pub(super) struct Parent {
    pub name: String,
    /// Where the file names it, without a message yet.
    pub location: Diagnostic,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTheme {
    name: String,
    kind: ThemeKind,
    inherits: Option<Spanned<String>>,
    series: Option<Spanned<Vec<ThemeColor>>>,
    #[serde(default)]
    roles: BTreeMap<Spanned<String>, RawStyle>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStyle {
    fg: Option<ThemeColor>,
    bg: Option<ThemeColor>,
    #[serde(default)]
    modifiers: Vec<Modifier>,
}

impl<'de> Deserialize<'de> for ThemeColor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let color = match &value {
            Value::String(text) => Self::parse(text),
            Value::Integer(number) => u8::try_from(*number).ok().map(Self::Indexed),
            _ => None,
        };
        color.ok_or_else(|| {
            D::Error::custom(format_args!(
                "invalid color {value}; write \"#rrggbb\", a name such as \"bright-blue\", \
                 a number from 0 to 255, or \"default\""
            ))
        })
    }
}

impl From<RawStyle> for ThemeStyle {
    fn from(raw: RawStyle) -> Self {
        let modifiers = raw.modifiers.into_iter();
        Self {
            fg: raw.fg,
            bg: raw.bg,
            modifiers: modifiers.fold(Modifiers::default(), Modifiers::with),
        }
    }
}

/// Parses a theme file; errors name `file`.
pub(super) fn parse(file: &str, text: &str) -> Result<ThemeFile, Diagnostic> {
    let at = |span, message: &str, suggestion: &str| {
        Diagnostic::at_span(text, &span, message, suggestion).in_file(file)
    };
    let raw: RawTheme = toml::from_str(text)
        .map_err(|error| Diagnostic::from_toml(text, &error, "key").in_file(file))?;
    let mut roles = [None; Role::ALL.len()];
    for (name, style) in raw.roles {
        let role = Role::ALL
            .into_iter()
            .find(|role| role.name() == name.get_ref());
        let Some(role) = role else {
            return Err(at(
                name.span(),
                &format!("unknown role `{}`", name.get_ref()),
                &suggest(name.get_ref(), Role::ALL.map(Role::name)),
            ));
        };
        roles[role as usize] = Some(style.into());
    }
    if let Some(series) = raw
        .series
        .as_ref()
        .filter(|series| series.get_ref().is_empty())
    {
        return Err(at(series.span(), "expected at least one color", ""));
    }
    Ok(ThemeFile {
        name: raw.name,
        kind: raw.kind,
        inherits: raw.inherits.map(|parent| Parent {
            location: at(parent.span(), "", ""),
            name: parent.into_inner(),
        }),
        roles,
        series: raw.series.map(Spanned::into_inner),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse("mine.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn errors_name_file_line_and_column() {
        let head = "name = \"mine\"\nkind = \"dark\"\n";
        assert_eq!(
            error("name = \"mine\"\nkind = \"grey\""),
            "mine.toml:2:8: unknown value `grey`; expected one of `dark`, `light`, `any`"
        );
        assert_eq!(
            error("name = \"mine\"\n"),
            "mine.toml:1:1: missing field `kind`"
        );
        let cases = [
            ("[roles\n", "3:"),
            ("roles = 1\n", "3:"),
            ("colour = 1\n", "3:1: unknown key `colour`; expected one of"),
            (
                "[roles]\ntext = {}\ntxt = {}",
                "5:1: unknown role `txt`; did you mean `text`?",
            ),
            (
                "[roles]\ntext = { fg = \"purple\" }",
                "4:15: invalid color \"purple\"; write",
            ),
            ("[roles]\ntext = { bg = 256 }", "4:15: invalid color 256"),
            ("[roles]\ntext = { fgg = 1 }", "4:10: unknown key `fgg`"),
            (
                "[roles]\ntext = { modifiers = [\"bold\",\n\"fat\"] }",
                "5:1: unknown value `fat`; expected one of `bold`, `dim`, `italic`",
            ),
            ("series = []", "3:10: expected at least one color"),
        ];
        for (text, expected) in cases {
            let error = error(&format!("{head}{text}"));
            assert!(
                error.starts_with(&format!("mine.toml:{expected}")),
                "{error}"
            );
        }
    }

    #[test]
    fn error_text_is_sanitized() {
        assert!(!error("name = \"mine\"\nkind = \"\\u001b[2J\"").contains('\u{1b}'));
    }
}
