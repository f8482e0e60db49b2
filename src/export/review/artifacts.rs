//! Which files the candidate has that the champion has not, and the other way round.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::text::quantity::format_bytes;
use crate::text::untrusted::clean;

/// The most lines.
const MAX_LINES: usize = 40;

/// Files by their paths, with their sizes in bytes.
type FileSizes = BTreeMap<String, Option<u64>>;

/// What differs, a line each with `+`, `-` or `~` before the path, cleaned.
pub(super) fn diff_lines(candidate: &FileSizes, champion: &FileSizes) -> Vec<String> {
    let size = |size: &Option<u64>| {
        size.map_or_else(String::new, |size| format!("  {}", format_bytes(size)))
    };
    let own = candidate
        .iter()
        .filter_map(|(path, now)| match champion.get(path) {
            None => Some(format!("+ {path}{}", size(now))),
            Some(then) if then != now => Some(format!("~ {path}{} →{}", size(then), size(now))),
            Some(_) => None,
        });
    let gone = champion
        .iter()
        .filter(|(path, _)| !candidate.contains_key(*path))
        .map(|(path, then)| format!("- {path}{}", size(then)));
    let mut lines: Vec<String> = own
        .chain(gone)
        .map(|line| clean(&line).into_owned())
        .collect();
    if lines.len() > MAX_LINES {
        let more = lines.len() - MAX_LINES;
        lines.truncate(MAX_LINES);
        lines.push(format!("and {more} more"));
    }
    lines
}

/// The same as JSON.
pub(super) fn diff_json(candidate: &FileSizes, champion: &FileSizes) -> Value {
    let only = |a: &FileSizes, b: &FileSizes| {
        a.keys()
            .filter(|path| !b.contains_key(*path))
            .cloned()
            .collect::<Vec<_>>()
    };
    let changed: Vec<&String> = candidate
        .iter()
        .filter(|(path, now)| champion.get(*path).is_some_and(|then| then != *now))
        .map(|(path, _)| path)
        .collect();
    json!({ "added": only(candidate, champion), "removed": only(champion, candidate), "changed": changed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_removed_and_resized_files_are_listed() {
        let files = |all: &[(&str, u64)]| {
            all.iter()
                .map(|(path, size)| ((*path).to_owned(), Some(*size)))
                .collect::<FileSizes>()
        };
        let (now, then) = (
            files(&[("a", 1), ("b\u{1b}", 5), ("same", 7)]),
            files(&[("a", 2), ("gone", 3), ("same", 7)]),
        );
        assert_eq!(
            diff_lines(&now, &then),
            ["~ a  2 B →  1 B", "+ b␛  5 B", "- gone  3 B"]
        );
        assert_eq!(
            diff_json(&now, &then),
            json!({"added": ["b\u{1b}"], "removed": ["gone"], "changed": ["a"]})
        );
        let many = (0..100).map(|at| (at.to_string(), None)).collect();
        assert_eq!(diff_lines(&many, &FileSizes::new()).len(), MAX_LINES + 1);
    }
}
