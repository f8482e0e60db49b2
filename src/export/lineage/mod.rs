//! A lineage for people and for Graphviz.

mod dot;
mod mermaid;
mod outline;
#[cfg(test)]
mod tests;

pub use dot::dot;

use super::Sheet;
use super::document::{Block, Check, Document, Table, Tone};
use crate::lineage::{Completeness, Graph, Node, NodeKind, ReproducibilityCheck};
use crate::text::untrusted::clean;
use crate::text::width;

/// Nodes of one kind with the same neighbours that a page shows before it counts the rest.
const MAX_PER_KIND: usize = 8;
/// Columns of a label.
const MAX_LABEL_WIDTH: u16 = 80;
/// An attribute that is a whole diff: too long for a page.
const DIFF_ATTRIBUTE: &str = "diff_text";

/// A lineage as a document.
#[must_use]
pub fn document(graph: &Graph) -> Document {
    let version = graph
        .nodes
        .iter()
        .find(|node| node.kind == NodeKind::Version);
    let name = version.map(|node| node.label.raw()).unwrap_or_default();
    let collapsed = graph.collapsed(MAX_PER_KIND);
    let mut document = Document::new(format!("Lineage of {name}"));
    document.blocks.extend([
        Block::Paragraph(graph.summary.raw().to_owned()),
        Block::Warnings(graph.warnings.clone()),
        Block::Graph {
            outline: outline::outline(graph),
            mermaid: mermaid::mermaid(&collapsed),
        },
    ]);
    let checks = graph.reproducibility.iter().map(check).collect();
    document.push_section("Reproducibility", Block::Checks(checks));
    if let Some(since) = &graph.commits_since {
        document.push_section(
            format!("{} commits since v{}", since.commits.len(), since.version),
            Block::List(since.commits.clone()),
        );
    }
    document.blocks.push(Block::Details {
        summary: "All facts",
        table: Table::from(facts(&collapsed)),
    });
    document.push_section("Not read", Block::List(graph.missing.clone()));
    document
}

/// A reproducibility check as a line of a checklist.
pub(super) fn check(check: &ReproducibilityCheck) -> Check {
    Check {
        name: check.aspect.to_owned(),
        tone: match check.state {
            Completeness::Recorded => Tone::Good,
            Completeness::Partial => Tone::Warning,
            Completeness::NotRecorded => Tone::Bad,
        },
        state: check.state.as_str().to_owned(),
        detail: check.detail.clone(),
        values: Vec::new(),
    }
}

fn facts(graph: &Graph) -> Sheet {
    let mut sheet = Sheet::new(["node", "label", "fact", "value"]);
    for node in &graph.nodes {
        let (kind, label) = kind_and_label(node);
        let attributes = node.attributes.iter();
        for (key, value) in attributes.filter(|(key, _)| key != DIFF_ATTRIBUTE) {
            let kind = kind.to_owned();
            sheet.push_row([kind, label.clone(), key.clone(), value.raw().to_owned()]);
        }
    }
    sheet
}

/// A node's kind, and its label without the kind, cleaned and truncated.
fn kind_and_label(node: &Node) -> (&'static str, String) {
    let label = clean(node.label.raw());
    let kind = node.kind.as_str();
    let label = label.strip_prefix(kind).map_or(&*label, str::trim_start);
    (kind, width::truncate(label, MAX_LABEL_WIDTH))
}
