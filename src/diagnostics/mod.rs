//! Errors in files that people write: the file, line and column, the message and a suggestion.

mod toml_reader;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use thiserror::Error;

use crate::text::secrets::names_secret;
use crate::text::untrusted::clean;
use crate::text::width::width;
pub use toml_reader::{TomlReader, TomlTable, TomlValue};

/// One error in a file. All texts are cleaned; `Display` is one line, such as
/// `config.toml:2:1: unknown setting `thme`; did you mean `theme`?`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Error)]
pub struct Diagnostic {
    /// The file; empty if the caller prints it.
    pub file: String,
    /// From 1; 0 if the error concerns the whole file.
    pub line: usize,
    /// In characters, from 1; 0 if the error concerns the whole file.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead; may be empty.
    pub suggestion: String,
    /// The line with the error.
    pub source_line: String,
}

impl Diagnostic {
    /// An error in a text, at a span in bytes.
    #[must_use]
    pub fn at_span(
        text: &str,
        span: &Range<usize>,
        message: impl AsRef<str>,
        suggestion: impl AsRef<str>,
    ) -> Self {
        let before = &text[..text.floor_char_boundary(span.start)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let source_line = text[line_start..].lines().next().unwrap_or_default();
        let (source_line, message) = hide_secret(source_line, message.as_ref());
        Self {
            file: String::new(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: clean(message).into_owned(),
            suggestion: clean(suggestion.as_ref()).into_owned(),
            source_line: clean(&source_line).into_owned(),
        }
    }

    /// An error that concerns a whole file, such as one that can't be read.
    #[must_use]
    pub fn of_file(file: impl AsRef<str>, message: impl AsRef<str>) -> Self {
        Self {
            message: clean(message.as_ref()).into_owned(),
            ..Self::default()
        }
        .in_file(file)
    }

    /// An error of the TOML parser; `key_noun` names a key of this kind of file, such as `setting`.
    #[must_use]
    pub fn from_toml(text: &str, error: &toml::de::Error, key_noun: &str) -> Self {
        let (message, suggestion) = rewrite_toml_message(error.message(), key_noun);
        Self::at_span(text, &error.span().unwrap_or(0..0), message, suggestion)
    }

    /// The same error with the file's name.
    #[must_use]
    pub fn in_file(self, file: impl AsRef<str>) -> Self {
        Self {
            file: clean(file.as_ref()).into_owned(),
            ..self
        }
    }

    /// The position only, for a file that may be another one than meant and have secrets in it.
    #[must_use]
    pub fn without_text(&self) -> Self {
        Self {
            file: self.file.clone(),
            line: self.line,
            column: self.column,
            message: "invalid; the line is not shown because the file is a link".to_owned(),
            ..Self::default()
        }
    }

    /// The line with the error and a caret below it; empty if there is no such line.
    #[must_use]
    pub fn excerpt(&self) -> Vec<String> {
        if self.source_line.is_empty() {
            return Vec::new();
        }
        let before: String = self.source_line.chars().take(self.column - 1).collect();
        let indent = " ".repeat(usize::from(width(&before)));
        vec![self.source_line.clone(), format!("{indent}^")]
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(f, "{}:", self.file)?;
        }
        if self.line > 0 {
            write!(f, "{}:{}:", self.line, self.column)?;
        }
        if !self.file.is_empty() || self.line > 0 {
            f.write_str(" ")?;
        }
        f.write_str(&self.message)?;
        if self.suggestion.is_empty() {
            Ok(())
        } else {
            write!(f, "; {}", self.suggestion)
        }
    }
}

/// The line and the message without the value if the key names a secret: errors end up in logs.
fn hide_secret<'a>(line: &'a str, message: &'a str) -> (Cow<'a, str>, &'a str) {
    match line.split_once('=') {
        Some((key, _)) if names_secret(key) => (
            format!("{key}= …").into(),
            message.split(", found ").next().unwrap_or(message),
        ),
        _ => (line.into(), message),
    }
}

/// Splits serde's message into a message and a suggestion: serde lists every key of a file, but a
/// person with a typo needs only the nearest.
fn rewrite_toml_message<'m>(message: &'m str, key_noun: &str) -> (Cow<'m, str>, String) {
    let message = message.lines().next().unwrap_or_default();
    let mut quoted = message.split('`').skip(1).step_by(2);
    let noun = match message.split(" `").next() {
        Some("unknown field") => key_noun,
        Some("unknown variant") => "value",
        _ => return (rewrite_type_error(message), String::new()),
    };
    let name = quoted.next().unwrap_or_default();
    (
        format!("unknown {noun} `{name}`").into(),
        suggest(name, quoted),
    )
}

/// `invalid type: string "x", expected u32` as `expected a whole number, found string "x"`.
fn rewrite_type_error(message: &str) -> Cow<'_, str> {
    let Some((found, expected)) = message
        .strip_prefix("invalid type: ")
        .and_then(|rest| rest.rsplit_once(", expected "))
    else {
        return message.into();
    };
    let expected = match expected {
        "u16" | "u32" | "u64" => "a whole number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "a table",
        other => other,
    };
    format!("expected {expected}, found {found}").into()
}

/// The known name that `name` is most likely a typo of.
#[must_use]
pub fn closest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    known
        .into_iter()
        .map(|other| (strsim::damerau_levenshtein(name, other), other))
        .min()
        .filter(|(distance, _)| *distance < length && *distance <= length.div_ceil(3))
        .map(|(_, other)| other)
}

/// "did you mean `x`?" if a known name is close to `name`, else the known names.
#[must_use]
pub fn suggest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match closest(name, known.iter().copied()) {
        Some(close) => format!("did you mean `{close}`?"),
        None => expected_one_of(&known),
    }
}

fn expected_one_of(known: &[&str]) -> String {
    match known {
        [] => String::new(),
        [only] => format!("expected `{only}`"),
        several => format!("expected one of `{}`", several.join("`, `")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestion_is_the_closest_name_or_all_names() {
        assert_eq!(suggest("thme", ["mouse", "theme"]), "did you mean `theme`?");
        assert_eq!(closest("rnus", ["best", "runs"]), Some("runs"));
        assert_eq!(suggest("ab", ["cd", "ef"]), "expected one of `cd`, `ef`");
        assert_eq!(suggest("x", []), "");
    }

    #[test]
    fn caret_accounts_for_wide_characters() {
        let diagnostic = Diagnostic::at_span("a = 1\n精度 = x", &(15..16), "no\u{1b}", "");
        assert_eq!(diagnostic.to_string(), "2:6: no␛");
        assert_eq!(diagnostic.excerpt(), ["精度 = x", "       ^"]);
        let whole = Diagnostic::of_file("a.toml", "can't be read");
        assert_eq!(
            (whole.to_string().as_str(), whole.excerpt()),
            ("a.toml: can't be read", vec![])
        );
    }
}
