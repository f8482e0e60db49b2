//! File globs, and paths into documents.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde_json::Value;
use serde_json_path::JsonPath;

/// Globs of file paths: `*` within a folder, `**` across folders.
#[derive(Clone, Debug)]
pub struct Globs {
    /// As written.
    pub patterns: Vec<String>,
    set: GlobSet,
}

impl Globs {
    /// Compiles globs.
    ///
    /// # Errors
    /// The index of the invalid glob, and why.
    pub fn new(texts: Vec<String>) -> Result<Self, (usize, String)> {
        let mut set = GlobSetBuilder::new();
        for (at, text) in texts.iter().enumerate() {
            let glob = GlobBuilder::new(text).literal_separator(true).build();
            set.add(glob.map_err(|error| (at, error.kind().to_string()))?);
        }
        let set = set.build().map_err(|error| (0, error.kind().to_string()))?;
        Ok(Self {
            patterns: texts,
            set,
        })
    }

    /// Whether one of them matches a path.
    #[must_use]
    pub fn is_match(&self, path: &str) -> bool {
        self.set.is_match(path)
    }
}

/// Steps of evaluating one path: about a second.
const MAX_SCAN_STEPS: usize = 4_000_000;

/// A path into a document: JSONPath by RFC 9535.
#[derive(Clone, Debug)]
pub(super) struct DocumentPath {
    query: JsonPath,
    /// Names that a document with a match contains.
    pub required_names: Vec<String>,
    /// The number of nested full scans of a document.
    pub full_scans: usize,
}

impl DocumentPath {
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let path = JsonPath::parse(text).map_err(|error| format!("invalid JSONPath: {error}"))?;
        if has_overlapping_selectors(&strip_quoted(text)) {
            return Err(
                "unsupported JSONPath: several selectors in brackets must be names or numbers"
                    .into(),
            );
        }
        Ok(Self {
            query: path,
            required_names: leading_names(text),
            full_scans: count_full_scans(&strip_quoted(text)),
        })
    }

    /// The values at the path, in the order of the document.
    pub(super) fn select<'v>(&self, document: &'v Value) -> Vec<&'v Value> {
        self.query.query(document).all()
    }

    /// Whether it has a value other than null.
    pub(super) fn is_present(&self, document: &Value) -> bool {
        self.select(document).iter().any(|value| !value.is_null())
    }
}

/// The reason if a document is too large for paths with that number of nested full scans.
pub(super) fn scan_limit_error(full_scans: usize, document: &Value) -> Option<String> {
    if full_scans < 2 {
        return None;
    }
    let most = (1..=MAX_SCAN_STEPS).rev().find(|most| {
        most.checked_pow(u32::try_from(full_scans).unwrap_or(u32::MAX))
            .is_some_and(|all| all <= MAX_SCAN_STEPS)
    });
    let most = most.unwrap_or(1);
    has_more_values(document, most).then(|| {
        format!("more than {most} values, too many for a path with {full_scans} nested scans")
    })
}

fn has_more_values(document: &Value, most: usize) -> bool {
    let (mut seen, mut rest) = (0, vec![document]);
    while let Some(value) = rest.pop() {
        seen += 1;
        if seen > most {
            return true;
        }
        match value {
            Value::Array(all) => rest.extend(all),
            Value::Object(all) => rest.extend(all.values()),
            _ => {}
        }
    }
    false
}

/// The path without quoted text.
fn strip_quoted(text: &str) -> String {
    let (mut out, mut quote, mut escaped) = (String::new(), None, false);
    for c in text.chars() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                out.push('\'');
            }
            None => out.push(c),
        }
    }
    out
}

/// The number of nested full scans: `..` is one, and a filter that searches the whole document from `$`.
fn count_full_scans(bare: &str) -> usize {
    let again = bare.match_indices('$').skip(1).filter(|(at, _)| {
        let end = bare[at + 1..]
            .find([' ', ')', '=', '<', '>', '!', '&', '|', ','])
            .map_or(bare.len(), |end| at + 1 + end);
        let piece = &bare[*at..end];
        piece.contains(['*', '?', ':']) || piece.contains("..")
    });
    bare.matches("..").count() + again.count() + bare.matches("count(").count()
}

/// Whether selectors overlap: a few `[*, *]` in a row multiply the result.
fn has_overlapping_selectors(bare: &str) -> bool {
    let tight: String = bare.chars().filter(|c| !c.is_whitespace()).collect();
    let many = ['*', '?', ':'];
    tight.match_indices(',').any(|(at, _)| {
        let is_number = |c: char| c.is_ascii_digit() || c == '-';
        let (before, after) = (
            tight[..at].trim_end_matches(is_number),
            tight[at + 1..].trim_start_matches(is_number),
        );
        after.starts_with(many) || before.ends_with(['*', ':'])
    })
}

/// The names at the beginning of a path, up to the first selector with several matches.
fn leading_names(text: &str) -> Vec<String> {
    let mut rest = text.strip_prefix('$').unwrap_or_default();
    let mut found = Vec::new();
    loop {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (name, after) = if let Some(quoted) = rest.strip_prefix("['") {
            let end = quoted.find(|c: char| !is_plain(c)).unwrap_or(quoted.len());
            (&quoted[..end], quoted[end..].strip_prefix("']"))
        } else if let Some(dotted) = rest.strip_prefix('.') {
            let end = dotted.find(|c: char| !is_plain(c)).unwrap_or(dotted.len());
            (&dotted[..end], Some(&dotted[end..]))
        } else {
            return found;
        };
        let Some(after) = after.filter(|after| {
            !name.is_empty() && (after.is_empty() || after.starts_with(['.', '[']))
        }) else {
            return found;
        };
        found.push(name.to_owned());
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn leading_names_of_a_path_are_required() {
        assert_eq!(
            leading_names("$.meta.great_expectations_version"),
            ["meta", "great_expectations_version"]
        );
        assert_eq!(leading_names("$['a']['b.c']"), ["a"]);
        assert_eq!(leading_names("$.metrics[?@.metric_name]"), ["metrics"]);
        for none in ["$", "$..a", "$[*].a", "$[?@.a]", "$['a', 'b']", "$.*.a"] {
            assert!(leading_names(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn expensive_paths_are_rejected() {
        let wide = json!(vec![0; 100_000]);
        let passes = |text: &str| DocumentPath::new(text).unwrap().full_scans;
        assert!(
            scan_limit_error(passes("$..*..*"), &wide)
                .unwrap()
                .contains("2 nested scans")
        );
        assert!(scan_limit_error(passes("$[?$..a]"), &wide).is_some());
        assert!(scan_limit_error(passes("$..*..*"), &json!([1, [2]])).is_none());
        assert!(scan_limit_error(passes("$..*"), &wide).is_none());
        for twice in [
            "$[*, *]",
            "$[0, 1:]",
            "$[?@.a, 'b']",
            "$['a', ?@.b]",
            "$[::2, 1]",
        ] {
            assert!(
                DocumentPath::new(twice).is_err() || twice.starts_with("$[?"),
                "{twice}"
            );
        }
        assert!(DocumentPath::new("$['a', 'b', 0]").is_ok());
        assert!(DocumentPath::new("$[?search(@.path, '[.](py|sh)$, *')]").is_ok());
    }

    proptest! {
        #[test]
        fn parsing_arbitrary_paths_does_not_panic(text in r"\$[\[\]\.\*\?@'\x22,:a-c0-9\\ ]{0,20}|\PC{0,30}") {
            let _ = DocumentPath::new(&text).map(|path| path.select(&json!({"a": [1, {"b": null}]})).len());
        }
    }
}
