//! Diffs of two values: structures by leaf, texts by line, Python environments by package.

mod lines;
mod python;
mod requirements;
mod structure;

use super::decimal;

pub use lines::{DiffLine, LineKind, Segment, diff_text, parse_unified_diff};
pub use requirements::{diff_requirements, is_environment_file};
pub use structure::{StructureChange, diff_structures};

/// How equal two values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Equality {
    /// The same text.
    Same,
    /// The same number in another spelling: `1e-3` and `0.001`.
    SameNumber,
    /// The same structure in another spelling: other spaces, quotes, order of keys.
    SameValue,
    /// Another value.
    Different,
}

/// Longer texts are not parsed as structures, in bytes.
const MAX_STRUCTURE_BYTES: usize = 64 << 10;
/// A text on one line is diffed from this length on, in characters.
const MIN_LONG_CHARS: usize = 60;

/// Compares two logged values. Only numbers and structures have more than one spelling: `True` and `true` differ, and so do an
/// empty text and `None`.
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

/// Parses JSON, else a Python list, tuple or dict, else YAML of several lines; none for scalars and for long texts.
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

/// The differences between two values as lines: leaves of structures, lines of texts, words of a long line.
#[must_use]
pub fn diff_values(before: &str, after: &str) -> Vec<DiffLine> {
    match (parse_structure(before), parse_structure(after)) {
        (Some(a), Some(b)) if a.is_object() == b.is_object() => {
            structure::to_diff_lines(&diff_structures(&a, &b))
        }
        _ => diff_text(before, after),
    }
}

/// Whether a value is worth a diff: it has several lines, is long, or is a structure.
#[must_use]
pub fn is_diffable(text: &str) -> bool {
    text.contains('\n') || text.chars().count() > MIN_LONG_CHARS || parse_structure(text).is_some()
}

#[cfg(test)]
mod tests;
