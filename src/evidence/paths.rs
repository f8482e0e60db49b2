//! Paths of files, and paths into documents.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde_json::Value;
use serde_json_path::JsonPath;

/// Patterns of file paths: `*` within a folder, `**` over folders.
#[derive(Clone, Debug)]
pub struct Globs {
    /// As they are written.
    pub texts: Vec<String>,
    set: GlobSet,
}

impl Globs {
    /// Patterns.
    ///
    /// # Errors
    /// The pattern that is none, by its place in the list, and why.
    pub fn new(texts: Vec<String>) -> Result<Self, (usize, String)> {
        let mut set = GlobSetBuilder::new();
        for (at, text) in texts.iter().enumerate() {
            let glob = GlobBuilder::new(text).literal_separator(true).build();
            set.add(glob.map_err(|error| (at, error.kind().to_string()))?);
        }
        let set = set.build().map_err(|error| (0, error.kind().to_string()))?;
        Ok(Self { texts, set })
    }

    /// Whether a path fits one of them.
    #[must_use]
    pub fn fit(&self, path: &str) -> bool {
        self.set.is_match(path)
    }
}

/// The most steps that looking for one path may take: about a second.
const STEPS: usize = 4_000_000;

/// A path into a document: JSONPath by RFC 9535.
#[derive(Clone, Debug)]
pub(super) struct Path {
    query: JsonPath,
    /// Names that must be in a document that it leads to something in.
    pub marks: Vec<String>,
    /// How many times over it may look at all that is in a document.
    pub passes: usize,
}

impl Path {
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let path = JsonPath::parse(text).map_err(|error| format!("no JSONPath: {error}"))?;
        if picks_twice(&bare(text)) {
            return Err(
                "no JSONPath that can be looked for here: of several in one pair of brackets, each has to be one name or number".into()
            );
        }
        Ok(Self {
            query: path,
            marks: marks(text),
            passes: passes(&bare(text)),
        })
    }

    /// What it leads to, in the order of the document.
    pub(super) fn all<'v>(&self, document: &'v Value) -> Vec<&'v Value> {
        self.query.query(document).all()
    }

    /// Whether it leads to anything but null.
    pub(super) fn is_there(&self, document: &Value) -> bool {
        self.all(document).iter().any(|value| !value.is_null())
    }
}

/// Why paths that look at a document so many times over are not looked for in it.
pub(super) fn too_dear(passes: usize, document: &Value) -> Option<String> {
    if passes < 2 {
        return None;
    }
    let most = (1..=STEPS).rev().find(|most| {
        most.checked_pow(u32::try_from(passes).unwrap_or(u32::MAX))
            .is_some_and(|all| all <= STEPS)
    });
    let most = most.unwrap_or(1);
    has_more(document, most)
        .then(|| format!("it has more than {most} values: too many for a path that looks through all of them {passes} times over"))
}

/// Whether a document has more values than that.
fn has_more(document: &Value, most: usize) -> bool {
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

/// The path without what is in quotes.
fn bare(text: &str) -> String {
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

/// How many times over a path looks at everything: `..` does, and so does a filter that looks at more of the whole document again than
/// one place.
fn passes(bare: &str) -> usize {
    let again = bare.match_indices('$').skip(1).filter(|(at, _)| {
        let end = bare[at + 1..]
            .find([' ', ')', '=', '<', '>', '!', '&', '|', ','])
            .map_or(bare.len(), |end| at + 1 + end);
        let piece = &bare[*at..end];
        piece.contains(['*', '?', ':']) || piece.contains("..")
    });
    bare.matches("..").count() + again.count() + bare.matches("count(").count()
}

/// Whether something is picked twice: `[*, *]` a few times in a row makes very much of very little.
fn picks_twice(bare: &str) -> bool {
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

/// The names at the beginning of a path, up to where it has a choice.
fn marks(text: &str) -> Vec<String> {
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
    fn what_must_be_in_a_document_is_read_off_the_path() {
        assert_eq!(
            marks("$.meta.great_expectations_version"),
            ["meta", "great_expectations_version"]
        );
        assert_eq!(marks("$['a']['b.c']"), ["a"]);
        assert_eq!(marks("$.metrics[?@.metric_name]"), ["metrics"]);
        for none in ["$", "$..a", "$[*].a", "$[?@.a]", "$['a', 'b']", "$.*.a"] {
            assert!(marks(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn a_path_that_would_take_too_long_is_not_looked_for() {
        let wide = json!(vec![0; 100_000]);
        let passes = |text: &str| Path::new(text).unwrap().passes;
        assert!(
            too_dear(passes("$..*..*"), &wide)
                .unwrap()
                .contains("2 times over")
        );
        assert!(too_dear(passes("$[?$..a]"), &wide).is_some());
        assert!(too_dear(passes("$..*..*"), &json!([1, [2]])).is_none());
        assert!(too_dear(passes("$..*"), &wide).is_none());
        for twice in [
            "$[*, *]",
            "$[0, 1:]",
            "$[?@.a, 'b']",
            "$['a', ?@.b]",
            "$[::2, 1]",
        ] {
            assert!(
                Path::new(twice).is_err() || twice.starts_with("$[?"),
                "{twice}"
            );
        }
        assert!(Path::new("$['a', 'b', 0]").is_ok());
        assert!(Path::new("$[?search(@.path, '[.](py|sh)$, *')]").is_ok());
    }

    proptest! {
        #[test]
        fn no_text_makes_a_path_panic(text in r"\$[\[\]\.\*\?@'\x22,:a-c0-9\\ ]{0,20}|\PC{0,30}") {
            let _ = Path::new(&text).map(|path| path.all(&json!({"a": [1, {"b": null}]})).len());
        }
    }
}
