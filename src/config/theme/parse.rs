//! Reading a theme's file. Every error says which line it is about.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;
use toml::{Spanned, Value};

use super::{Modifier, Modifiers, Role, ThemeColor, ThemeKind, ThemeStyle};
use crate::text::untrusted::clean;

/// What is wrong with a theme's file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}:{line}: {}", clean(.file), clean(.what))]
pub struct ThemeError {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub what: String,
}

/// A theme's file: what it gives, before anything is inherited.
#[derive(Clone, Debug)]
pub(super) struct ThemeFile {
    /// The file, as it was named.
    pub file: String,
    /// The theme's name.
    pub name: String,
    /// The background that it is made for.
    pub kind: ThemeKind,
    /// The theme that it inherits from, and the line that says so.
    pub inherits: Option<(String, usize)>,
    /// The roles that are given.
    pub roles: [Option<ThemeStyle>; Role::ALL.len()],
    /// The colours of curves, where they are given.
    pub series: Option<Vec<ThemeColor>>,
}

/// A file as TOML has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTheme {
    name: Spanned<String>,
    kind: Spanned<String>,
    inherits: Option<Spanned<String>>,
    series: Option<Spanned<Vec<Spanned<Value>>>>,
    #[serde(default)]
    roles: BTreeMap<Spanned<String>, RawStyle>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStyle {
    fg: Option<Spanned<Value>>,
    bg: Option<Spanned<Value>>,
    #[serde(default)]
    modifiers: Vec<Spanned<String>>,
}

/// A file's name and text, to say where something stands.
struct SourceText<'t> {
    file: &'t str,
    text: &'t str,
}

impl SourceText<'_> {
    fn line(&self, offset: usize) -> usize {
        1 + self
            .text
            .bytes()
            .take(offset)
            .filter(|byte| *byte == b'\n')
            .count()
    }

    fn error_at<T>(&self, at: &Spanned<T>, what: String) -> ThemeError {
        ThemeError {
            file: self.file.to_owned(),
            line: self.line(at.span().start),
            what,
        }
    }

    fn color(&self, value: &Spanned<Value>) -> Result<ThemeColor, ThemeError> {
        let color = match value.get_ref() {
            Value::String(text) => ThemeColor::parse(text),
            Value::Integer(number) => u8::try_from(*number).ok().map(ThemeColor::Indexed),
            _ => None,
        };
        color.ok_or_else(|| {
            let what = "is no colour: write \"#rrggbb\", a name such as \"bright-blue\", a number from 0 to 255, or \"default\"";
            self.error_at(value, format!("{} {what}", value.get_ref()))
        })
    }

    fn style(&self, raw: &RawStyle) -> Result<ThemeStyle, ThemeError> {
        let color = |value: &Option<Spanned<Value>>| {
            value.as_ref().map(|value| self.color(value)).transpose()
        };
        let modifiers = raw
            .modifiers
            .iter()
            .try_fold(Modifiers::default(), |set, name| {
                let known = Modifier::ALL
                    .into_iter()
                    .find(|modifier| modifier.name() == name.get_ref());
                let all = || Modifier::ALL.map(Modifier::name).join(", ");
                known.map(|modifier| set.with(modifier)).ok_or_else(|| {
                    self.error_at(
                        name,
                        format!("{name:?} is none of {}", all(), name = name.get_ref()),
                    )
                })
            })?;
        Ok(ThemeStyle {
            fg: color(&raw.fg)?,
            bg: color(&raw.bg)?,
            modifiers,
        })
    }

    fn kind(&self, kind: &Spanned<String>) -> Result<ThemeKind, ThemeError> {
        match kind.get_ref().as_str() {
            "dark" => Ok(ThemeKind::Dark),
            "light" => Ok(ThemeKind::Light),
            "any" => Ok(ThemeKind::Any),
            other => Err(self.error_at(kind, format!("{other:?} is none of dark, light, any"))),
        }
    }

    fn series(&self, series: &Spanned<Vec<Spanned<Value>>>) -> Result<Vec<ThemeColor>, ThemeError> {
        if series.get_ref().is_empty() {
            return Err(self.error_at(series, "series needs at least one colour".to_owned()));
        }
        series
            .get_ref()
            .iter()
            .map(|value| self.color(value))
            .collect()
    }
}

/// Reads a theme's file; `file` is what errors call it.
pub(super) fn parse(file: &str, text: &str) -> Result<ThemeFile, ThemeError> {
    let source = SourceText { file, text };
    let raw: RawTheme = toml::from_str(text).map_err(|error| {
        let line = source.line(error.span().map_or(0, |span| span.start));
        ThemeError {
            file: file.to_owned(),
            line,
            what: error.message().to_owned(),
        }
    })?;
    let mut roles = [None; Role::ALL.len()];
    for (name, style) in &raw.roles {
        let role = Role::ALL
            .into_iter()
            .find(|role| role.name() == name.get_ref());
        let known = || Role::ALL.map(Role::name).join(", ");
        let role = role.ok_or_else(|| {
            source.error_at(
                name,
                format!("{:?} is no role; the roles are {}", name.get_ref(), known()),
            )
        })?;
        roles[role as usize] = Some(source.style(style)?);
    }
    Ok(ThemeFile {
        kind: source.kind(&raw.kind)?,
        series: raw
            .series
            .as_ref()
            .map(|series| source.series(series))
            .transpose()?,
        inherits: raw
            .inherits
            .map(|parent| (parent.get_ref().clone(), source.line(parent.span().start))),
        file: file.to_owned(),
        name: raw.name.into_inner(),
        roles,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse("mine.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn errors_name_file_and_line() {
        let head = "name = \"mine\"\nkind = \"dark\"\n";
        assert_eq!(
            error("name = \"mine\"\nkind = \"grey\""),
            "mine.toml:2: \"grey\" is none of dark, light, any"
        );
        assert_eq!(
            error("name = \"mine\"\n"),
            "mine.toml:1: missing field `kind`"
        );
        assert!(error(&format!("{head}[roles\n")).starts_with("mine.toml:3: "));
        assert!(error(&format!("{head}roles = 1\n")).starts_with("mine.toml:3: "));
        assert!(
            error(&format!("{head}colour = 1\n"))
                .starts_with("mine.toml:3: unknown field `colour`")
        );
        assert!(
            error(&format!("{head}[roles]\ntext = {{}}\ntxt = {{}}"))
                .starts_with("mine.toml:5: \"txt\" is no role; the roles are text, muted")
        );
        assert!(
            error(&format!("{head}[roles]\ntext = {{ fg = \"purple\" }}"))
                .starts_with("mine.toml:4: \"purple\" is no colour: write")
        );
        assert!(
            error(&format!("{head}[roles]\ntext = {{ bg = 256 }}"))
                .starts_with("mine.toml:4: 256 is no colour")
        );
        assert!(
            error(&format!("{head}[roles]\ntext = {{ fgg = 1 }}"))
                .starts_with("mine.toml:4: unknown field `fgg`")
        );
        assert_eq!(
            error(&format!(
                "{head}[roles]\ntext = {{ modifiers = [\"bold\",\n\"fat\"] }}"
            )),
            "mine.toml:5: \"fat\" is none of bold, dim, italic, underline, reverse, strike"
        );
        assert_eq!(
            error(&format!("{head}series = []")),
            "mine.toml:3: series needs at least one colour"
        );
    }

    #[test]
    fn error_text_is_sanitized() {
        assert!(!error("name = \"mine\"\nkind = \"\\u001b[2J\"").contains('\u{1b}'));
    }
}
