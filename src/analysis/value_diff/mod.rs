//! What differs inside of two values: structures leaf by leaf, texts line by line, environments package by package.

mod lines;
mod python;
mod requirements;
mod structure;

use super::decimal;

pub use lines::{DiffLine, Sign, text_lines, unified};
pub use requirements::{is_environment, requirements};
pub use structure::{Change, changes};

/// How equal two values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Equality {
    /// The same text.
    Same,
    /// The same number, written in another way: `1e-3` and `0.001`.
    SameNumber,
    /// The same structure, written in another way: other spaces, quotes, an other order of keys.
    SameValue,
    /// Not the same.
    Different,
}

/// The longest text that is read as a structure, in bytes.
const STRUCTURE_BYTES: usize = 64 << 10;
/// A text on one line is shown word by word from this length on, in characters.
const LONG_CHARS: usize = 60;

/// How equal two logged values are. Only numbers and structures have more than one spelling: `True` and `true` differ, and so do an
/// empty text, `None`, and a value that was never logged.
#[must_use]
pub fn same(a: &str, b: &str) -> Equality {
    if a == b {
        return Equality::Same;
    }
    if decimal::same(a, b) {
        return Equality::SameNumber;
    }
    match (structure(a), structure(b)) {
        (Some(a), Some(b)) if changes(&a, &b).is_empty() => Equality::SameValue,
        _ => Equality::Different,
    }
}

/// A text as a structure: JSON, else what Python prints of a list, a tuple or a dict, else YAML of several lines; nothing for a
/// scalar, and for what is too long.
#[must_use]
pub fn structure(text: &str) -> Option<serde_json::Value> {
    let text = text.trim();
    if text.len() > STRUCTURE_BYTES {
        return None;
    }
    let is_one = |value: &serde_json::Value| value.is_object() || value.is_array();
    if text.starts_with(['{', '[', '(']) {
        return serde_json::from_str(text)
            .ok()
            .filter(is_one)
            .or_else(|| python::read(text));
    }
    let is_yaml = text.lines().count() > 1
        && text
            .lines()
            .any(|line| line.trim_end().ends_with(':') || line.contains(": "));
    if is_yaml {
        serde_saphyr::from_str(text).ok().filter(is_one)
    } else {
        None
    }
}

/// What differs inside of two values, in lines: leaves of structures, lines of texts, words of a long line.
#[must_use]
pub fn diff(before: &str, after: &str) -> Vec<DiffLine> {
    match (structure(before), structure(after)) {
        (Some(a), Some(b)) if a.is_object() == b.is_object() => structure::told(&changes(&a, &b)),
        _ => text_lines(before, after),
    }
}

/// Whether a value is worth a look inside: it has lines, is long, or is a structure.
#[must_use]
pub fn has_inside(text: &str) -> bool {
    text.contains('\n') || text.chars().count() > LONG_CHARS || structure(text).is_some()
}

#[cfg(test)]
mod tests;
