//! What differs inside of two values: structures leaf by leaf, texts line by line, environments package by package.

mod lines;
mod python;
mod requirements;
mod structure;

use super::decimal;

pub use lines::{DiffLine, LineKind, diff_text, parse_unified_diff};
pub use requirements::{diff_requirements, is_environment_file};
pub use structure::{StructureChange, diff_structures};

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
const MAX_STRUCTURE_BYTES: usize = 64 << 10;
/// A text on one line is shown word by word from this length on, in characters.
const MIN_LONG_CHARS: usize = 60;

/// How equal two logged values are. Only numbers and structures have more than one spelling: `True` and `true` differ, and so do an
/// empty text, `None`, and a value that was never logged.
#[must_use]
pub fn compare_values(a: &str, b: &str) -> Equality {
    if a == b {
        return Equality::Same;
    }
    if decimal::is_same_value(a, b) {
        return Equality::SameNumber;
    }
    match (parse_structure(a), parse_structure(b)) {
        (Some(a), Some(b)) if diff_structures(&a, &b).is_empty() => Equality::SameValue,
        _ => Equality::Different,
    }
}

/// A text as a structure: JSON, else what Python prints of a list, a tuple or a dict, else YAML of several lines; nothing for a
/// scalar, and for what is too long.
#[must_use]
pub fn parse_structure(text: &str) -> Option<serde_json::Value> {
    let text = text.trim();
    if text.len() > MAX_STRUCTURE_BYTES {
        return None;
    }
    let is_structure = |value: &serde_json::Value| value.is_object() || value.is_array();
    if text.starts_with(['{', '[', '(']) {
        return serde_json::from_str(text)
            .ok()
            .filter(is_structure)
            .or_else(|| python::parse(text));
    }
    let is_yaml = text.lines().count() > 1
        && text
            .lines()
            .any(|line| line.trim_end().ends_with(':') || line.contains(": "));
    if is_yaml {
        serde_saphyr::from_str(text).ok().filter(is_structure)
    } else {
        None
    }
}

/// What differs inside of two values, in lines: leaves of structures, lines of texts, words of a long line.
#[must_use]
pub fn diff_values(before: &str, after: &str) -> Vec<DiffLine> {
    match (parse_structure(before), parse_structure(after)) {
        (Some(a), Some(b)) if a.is_object() == b.is_object() => {
            structure::to_diff_lines(&diff_structures(&a, &b))
        }
        _ => diff_text(before, after),
    }
}

/// Whether a value is worth a look inside: it has lines, is long, or is a structure.
#[must_use]
pub fn is_diffable(text: &str) -> bool {
    text.contains('\n') || text.chars().count() > MIN_LONG_CHARS || parse_structure(text).is_some()
}

#[cfg(test)]
mod tests;
