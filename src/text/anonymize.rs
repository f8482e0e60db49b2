//! Removes what names a person, a machine or a project from a text that will be published.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::secrets::redact;

/// An address up to a blank or a quote.
static ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"([A-Za-z][A-Za-z0-9+.-]*)://[^\s"'<>`]*"#).ok());

/// A mail address, or a user at a host.
static MAIL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[\w.+-]+@[\w-]+(\.[\w-]+)+").ok());

/// An IPv4 address, or an IPv6 address with at least two groups.
static IP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b\d{1,3}(\.\d{1,3}){3}\b|\[?([0-9a-fA-F]{1,4})?(:[0-9a-fA-F]{0,4}){2,}\]?").ok()
});

/// A path with at least one separator: absolute, below `~`, relative.
static PATH: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"[^\s:,;()'"`|/]*(/[^\s:,;()'"`|/]+)+/?"#).ok());

/// A quoted piece of a message: a name that someone chose.
static QUOTED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("`([^`]*)`").ok());

/// Parts of paths that are the same on every machine.
const COMMON_PARTS: [&str; 22] = [
    "~",
    "",
    "/",
    ".config",
    ".local",
    ".mlflow",
    "share",
    "Library",
    "Application Support",
    "frontrunner",
    "config.toml",
    "keymap.toml",
    "policy.toml",
    "frontrunner.toml",
    "credentials",
    "journal.jsonl",
    "mlflow.db",
    "mlruns",
    "wandb",
    "demo",
    "demo.db",
    "FOLDER",
];

/// Replaces known names, and everything that looks like an address or a path.
#[derive(Clone, Debug)]
pub struct Anonymizer {
    /// Longest first.
    known: Vec<(String, &'static str)>,
}

impl Anonymizer {
    /// Texts to replace, each with what replaces it. Texts of one character are left alone.
    #[must_use]
    pub fn new(known: impl IntoIterator<Item = (String, &'static str)>) -> Self {
        let mut known: Vec<_> = known
            .into_iter()
            .filter(|(text, _)| text.chars().count() > 1)
            .collect();
        known.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        Self { known }
    }

    /// The text without names.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let mut text = redact(text).into_owned();
        for (name, replacement) in &self.known {
            text = replace_words(&text, name, replacement);
        }
        let text = replace(&ADDRESS, &text, |found| format!("{}://…", &found[1]));
        let text = replace(&MAIL, &text, |_| "…".to_owned());
        let text = replace(&IP, &text, |found| match &found[0] {
            "127.0.0.1" => "127.0.0.1".to_owned(),
            _ => "…".to_owned(),
        });
        let text = replace(&PATH, &text, |found| shorten_path(&found[0]));
        let text = replace(&QUOTED, &text, |found| match &found[1] {
            command if command.starts_with("frontrunner ") => format!("`{command}`"),
            _ => "`…`".to_owned(),
        });
        text.into_owned()
    }
}

fn replace<'t>(
    pattern: &LazyLock<Option<Regex>>,
    text: &'t str,
    replacement: impl Fn(&Captures<'_>) -> String,
) -> Cow<'t, str> {
    match pattern.as_ref() {
        Some(pattern) => pattern.replace_all(text, |found: &Captures<'_>| replacement(found)),
        // Rather nothing than a name.
        None => Cow::Borrowed("…"),
    }
}

/// Replaces a text where it is not a part of a longer word.
fn replace_words(text: &str, word: &str, replacement: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(word) {
        let (before, found) = rest.split_at(at);
        let after = &found[word.len()..];
        out.push_str(before);
        let is_part = before
            .chars()
            .next_back()
            .or(out.chars().next_back())
            .is_some_and(is_word)
            && word.starts_with(is_word)
            || after.starts_with(is_word) && word.ends_with(is_word);
        out.push_str(if is_part { word } else { replacement });
        rest = after;
    }
    out + rest
}

/// The path with its unusual parts replaced.
fn shorten_path(path: &str) -> String {
    let parts = path.split('/').map(|part| {
        if COMMON_PARTS.contains(&part) || part == "…" {
            part
        } else {
            "…"
        }
    });
    let mut shown: Vec<&str> = parts.collect();
    shown.dedup_by(|a, b| a == b && *a == "…");
    shown.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anonymize(text: &str) -> String {
        let known = [
            ("/home/ana", "~"),
            ("ana", "USER"),
            ("gpu-17", "HOST"),
            ("/data/acme corp", "FOLDER"),
        ];
        Anonymizer::new(known.map(|(text, name)| (text.to_owned(), name))).apply(text)
    }

    #[test]
    fn names_addresses_and_paths_are_removed() {
        for (text, expected) in [
            (
                "/home/ana/.config/frontrunner/config.toml (missing)",
                "~/.config/frontrunner/config.toml (missing)",
            ),
            ("/home/ana/work/secret/mlflow.db", "~/…/mlflow.db"),
            ("/data/acme corp/mlflow.db", "FOLDER/mlflow.db"),
            ("/mnt/team/acme/mlruns", "/…/mlruns"),
            (
                "can't reach https://mlflow.acme.example/x: refused",
                "can't reach https://… refused",
            ),
            (
                "sent to 10.1.2.3 by ana on gpu-17",
                "sent to … by USER on HOST",
            ),
            ("unknown profile `acme-prod`", "unknown profile `…`"),
            ("see `frontrunner doctor`", "see `frontrunner doctor`"),
            ("bo@acme.example said so", "… said so"),
            (
                "MLflow 3.17.2, 80 × 24, analysis",
                "MLflow 3.17.2, 80 × 24, analysis",
            ),
            (
                "0 unfinished, SQLite store, schema dc11669786a5",
                "0 unfinished, SQLite store, schema dc11669786a5",
            ),
        ] {
            assert_eq!(anonymize(text), expected);
        }
    }

    #[test]
    fn secrets_are_redacted_first() {
        assert_eq!(
            anonymize("postgresql://ana:hunter2@db/mlflow"),
            "postgresql://…"
        );
    }
}
