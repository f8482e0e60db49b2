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

/// A path into a document: JSONPath by RFC 9535.
#[derive(Clone, Debug)]
pub(super) struct Path(JsonPath);

impl Path {
    pub(super) fn new(text: &str) -> Result<Self, String> {
        JsonPath::parse(text).map(Self).map_err(|error| format!("no JSONPath: {error}"))
    }

    /// What it leads to, in the order of the document.
    pub(super) fn all<'v>(&self, document: &'v Value) -> Vec<&'v Value> {
        self.0.query(document).all()
    }

    /// Whether it leads to anything but null.
    pub(super) fn is_there(&self, document: &Value) -> bool {
        self.all(document).iter().any(|value| !value.is_null())
    }
}
