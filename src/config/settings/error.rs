//! Where settings are wrong, and what was probably meant.

use std::ops::Range;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::diagnostics::closest_match;
use crate::text::untrusted::clean;

/// Why the settings can't be used. `Display` is one line, safe to draw.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file is there and can't be read.
    #[error("{} can't be read: {source}", clean(&path.to_string_lossy()))]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Something in the file is wrong.
    #[error("{}:{line}:{column}: {why}", clean(&path.to_string_lossy()))]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What is wrong, and what was probably meant.
        why: String,
        /// The line itself, cleaned.
        excerpt: String,
    },
    /// A variable's value has the wrong form.
    #[error("{name}: {why}")]
    InvalidVariable {
        /// Which variable.
        name: &'static str,
        /// What is wrong.
        why: String,
    },
}

impl ConfigError {
    /// The parser's error in this program's words.
    pub(super) fn from_toml(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        Self::at_span(
            path,
            text,
            error.span().unwrap_or(0..0),
            rewrite_message(error.message()),
        )
    }

    /// An error of the value under a top-level key, found after parsing.
    pub(super) fn at_key(path: &Path, text: &str, key: &str, why: String) -> Self {
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            if line.trim_start().starts_with(key) {
                start += line.find('=').map_or(0, |equals| equals + 1);
                start += text
                    .get(start..)
                    .map_or(0, |rest| rest.len() - rest.trim_start_matches(' ').len());
                return Self::at_span(path, text, start..start, why);
            }
            start += line.len();
        }
        Self::at_span(path, text, 0..0, why)
    }

    fn at_span(path: &Path, text: &str, span: Range<usize>, why: String) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let excerpt = text
            .get(start..)
            .and_then(|rest| rest.lines().next())
            .unwrap_or_default();
        Self::Invalid {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.get(start..).map_or(0, |lead| lead.chars().count()) + 1,
            why,
            excerpt: redact_secret(&clean(excerpt)),
        }
    }

    /// The line that is wrong, and below it a caret under the place; empty where there is no line.
    #[must_use]
    pub fn excerpt(&self) -> Vec<String> {
        match self {
            Self::Invalid {
                column, excerpt, ..
            } if !excerpt.is_empty() => {
                vec![excerpt.clone(), format!("{}^", " ".repeat(column - 1))]
            }
            _ => Vec::new(),
        }
    }
}

/// The line without its value where the key sounds like a secret: what is printed ends up in logs.
fn redact_secret(line: &str) -> String {
    match line.split_once('=') {
        Some((key, _))
            if ["password", "token", "secret"]
                .iter()
                .any(|word| key.to_ascii_lowercase().contains(word)) =>
        {
            format!("{key}= …")
        }
        _ => line.to_owned(),
    }
}

/// Serde's message for an unknown key lists every key there is; the nearest one is all that a person needs.
fn rewrite_message(message: &str) -> String {
    let message = clean(message.lines().next().unwrap_or_default()).into_owned();
    let mut quoted = message.split('`').skip(1).step_by(2);
    let (true, Some(found)) = (message.starts_with("unknown field"), quoted.next()) else {
        return message;
    };
    let known: Vec<&str> = quoted.collect();
    match closest_match(found, known.iter().copied()) {
        Some(meant) => format!("there is no setting `{found}`; `{meant}` is probably meant"),
        None => format!(
            "there is no setting `{found}`; there are {}",
            known.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::SettingsLayer;

    fn parse_error(text: &str) -> (String, Vec<String>) {
        let error = SettingsLayer::parse(text, "config.toml".as_ref()).unwrap_err();
        (error.to_string(), error.excerpt())
    }

    #[test]
    fn unknown_key_is_marked_with_a_suggestion() {
        let (line, excerpt) = parse_error("mouse = true\n  thme = \"night\"\n");
        assert_eq!(
            line,
            "config.toml:2:3: there is no setting `thme`; `theme` is probably meant"
        );
        assert_eq!(excerpt, ["  thme = \"night\"", "  ^"]);
    }

    #[test]
    fn password_in_a_profile_is_an_unknown_key_and_redacted() {
        let (line, excerpt) =
            parse_error("[profile.prod]\ntarget = \"http://x\"\npassword = \"hunter2\"");
        assert!(
            line.starts_with("config.toml:3:1: there is no setting `password`; there are target"),
            "{line}"
        );
        assert_eq!(excerpt, ["password = …", "^"]);
    }

    #[test]
    fn wrong_type_names_the_expected_one() {
        let (line, _) = parse_error("refresh = \"often\"");
        assert!(
            line.starts_with("config.toml:1:11: invalid type: string \"often\", expected u32"),
            "{line}"
        );
        let (line, _) = parse_error("color = \"sometimes\"");
        assert!(line.starts_with("config.toml:1:9: unknown variant `sometimes`, expected one of `auto`, `always`, `never`"), "{line}");
        let (line, _) = parse_error("protected = [\"Prod\"]");
        assert!(
            line.starts_with("config.toml:1:13: invalid slot `Prod`"),
            "{line}"
        );
    }

    #[test]
    fn default_profile_must_exist() {
        let (line, _) = parse_error("theme = \"x\"\ndefault_profile = \"prod\"");
        assert_eq!(
            line,
            "config.toml:2:19: there is no [profile.prod] in this file"
        );
    }

    #[test]
    fn toml_syntax_error_is_marked() {
        let (line, excerpt) = parse_error("theme = \n");
        assert!(line.starts_with("config.toml:1:"), "{line}");
        assert_eq!(excerpt.len(), 2);
    }
}
