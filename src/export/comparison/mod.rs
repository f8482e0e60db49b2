//! Comparisons as files: Markdown for a pull request, CSV and JSON for programs, HTML for people.

mod html;
mod markdown;
mod sheet;

use serde_json::json;

use super::{json, records};
use crate::analysis::Comparison;
use crate::chart::Figure;

pub use html::html;
pub use markdown::{escape_markdown, markdown};
pub use sheet::comparison_sheet;

/// A form of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparisonFormat {
    /// Markdown.
    Markdown,
    /// CSV.
    Csv,
    /// JSON.
    Json,
    /// One page with its pictures.
    Html,
}

impl ComparisonFormat {
    /// The form that the end of a file's name asks for.
    #[must_use]
    pub fn from_path(path: &str) -> Option<Self> {
        let (_, end) = path.rsplit_once('.')?;
        let known = [
            ("md", Self::Markdown),
            ("markdown", Self::Markdown),
            ("csv", Self::Csv),
            ("json", Self::Json),
            ("html", Self::Html),
        ];
        known
            .into_iter()
            .find(|(name, _)| end.eq_ignore_ascii_case(name))
            .map(|(_, format)| format)
    }
}

/// A comparison in a form; with `differing`, only what differs. The figures are for the forms that have pictures.
#[must_use]
pub fn render_comparison(
    comparison: &Comparison,
    format: ComparisonFormat,
    only_differing: bool,
    figures: &[Figure],
) -> String {
    match format {
        ComparisonFormat::Markdown => markdown(comparison, only_differing),
        ComparisonFormat::Csv => comparison_sheet(comparison, only_differing, true).to_csv(),
        ComparisonFormat::Json => {
            json::to_string(&json!(records::CompareRecord::new(
                comparison,
                only_differing
            ))) + "\n"
        }
        ComparisonFormat::Html => html(comparison, only_differing, figures),
    }
}
