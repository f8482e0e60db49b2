//! A lineage on its way out: for Graphviz, and as a page of Markdown for a pull request.

mod dot;
mod markdown;
#[cfg(test)]
mod tests;

pub use dot::dot;
pub use markdown::markdown;

use crate::lineage::Node;
use crate::text::untrusted::clean;

/// The most nodes of one kind, joined to the same others, that stand by themselves on a page.
const MAX_PER_KIND: usize = 8;
/// The most characters of a label.
const MAX_LABEL_CHARS: usize = 80;

/// A node in a few words, cleaned: what it is, and its label.
fn kind_and_label(node: &Node) -> (String, String) {
    let label = clean(node.label.raw());
    let kind = node.kind.as_str();
    let label = label.strip_prefix(kind).map_or(&*label, str::trim_start);
    let label = if label.chars().count() > MAX_LABEL_CHARS {
        label.chars().take(MAX_LABEL_CHARS).chain(['…']).collect()
    } else {
        label.to_owned()
    };
    (kind.to_owned(), label)
}
