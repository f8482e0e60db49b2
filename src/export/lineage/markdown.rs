//! A lineage as a page of Markdown: what GitHub renders, with the graph as a Mermaid drawing.

use std::fmt::Write as _;

use super::{MAX_PER_KIND, kind_and_label};
use crate::export::Sheet;
use crate::export::comparison::escape_markdown;
use crate::lineage::{Completeness, Graph, NodeId, NodeKind};
use crate::text::untrusted::clean;

/// The most edges of a drawing: Mermaid draws no more than 500.
const MAX_EDGES: usize = 400;

/// The page of a lineage.
#[must_use]
pub fn markdown(graph: &Graph) -> String {
    let name = graph
        .nodes
        .iter()
        .find(|node| node.kind == NodeKind::Version)
        .map(|node| escape_markdown(node.label.raw()))
        .unwrap_or_default();
    let mut page = format!(
        "## Lineage of {name}\n\n{}\n",
        escape_markdown(graph.summary.raw())
    );
    if !graph.warnings.is_empty() {
        page.push_str("\n> [!WARNING]\n");
        for warning in &graph.warnings {
            let _ = writeln!(page, "> - {}", escape_markdown(warning));
        }
    }
    let _ = write!(
        page,
        "\n```mermaid\n{}```\n\n",
        mermaid(&graph.collapsed(MAX_PER_KIND))
    );
    let mut sheet = Sheet::new(["", "what", "state", "detail"]);
    for check in &graph.reproducibility {
        let sign = match check.state {
            Completeness::Recorded => "✓",
            Completeness::Partial => "◐",
            Completeness::NotRecorded => "✗",
        };
        sheet.push_row([
            sign.to_owned(),
            check.aspect.to_owned(),
            check.state.as_str().to_owned(),
            check.detail.clone(),
        ]);
    }
    page.push_str(&sheet.to_markdown());
    if let Some(since) = &graph.commits_since {
        let _ = write!(
            page,
            "\n### {} commits since v{}\n\n",
            since.commits.len(),
            since.version
        );
        for commit in &since.commits {
            let _ = writeln!(page, "- {}", escape_markdown(commit));
        }
    }
    write_facts(&mut page, graph);
    if !graph.missing.is_empty() {
        page.push_str("\n### Not read\n\n");
        for why in &graph.missing {
            let _ = writeln!(page, "- {}", escape_markdown(why));
        }
    }
    page
}

/// What is known of each node, behind a line to open.
fn write_facts(page: &mut String, graph: &Graph) {
    let mut sheet = Sheet::new(["node", "label", "fact", "value"]);
    for node in &graph.collapsed(MAX_PER_KIND).nodes {
        let (kind, label) = kind_and_label(node);
        for (key, value) in node.attributes.iter().filter(|(key, _)| key != "diff_text") {
            sheet.push_row([
                kind.clone(),
                label.clone(),
                key.clone(),
                value.raw().to_owned(),
            ]);
        }
    }
    let _ = write!(
        page,
        "\n<details><summary>All facts</summary>\n\n{}\n</details>\n",
        sheet.to_markdown()
    );
}

/// The drawing.
fn mermaid(graph: &Graph) -> String {
    let mut text = String::from("flowchart LR\n");
    for (at, node) in graph.nodes.iter().enumerate() {
        let (kind, label) = kind_and_label(node);
        let (open, close) = match node.kind {
            NodeKind::Version => ("[[", "]]"),
            NodeKind::Dataset => ("[(", ")]"),
            NodeKind::Stage | NodeKind::Alias | NodeKind::Deployment => ("([", "])"),
            _ => ("[", "]"),
        };
        let _ = writeln!(
            text,
            "  n{at}{open}\"{}: {}\"{close}",
            escape_mermaid(&kind),
            escape_mermaid(&label)
        );
    }
    let index_of = |id: &NodeId| graph.nodes.iter().position(|node| node.id == *id);
    let joined = graph
        .edges
        .iter()
        .filter_map(|edge| Some((index_of(&edge.from)?, index_of(&edge.to)?)));
    for (from, to) in joined.take(MAX_EDGES) {
        let _ = writeln!(text, "  n{from} --> n{to}");
    }
    text
}

/// A text within Mermaid's quotes: what means something there, in HTML or in Markdown is told by its number.
fn escape_mermaid(text: &str) -> String {
    let mut out = String::new();
    for c in clean(text).chars() {
        if c.is_alphanumeric() || " .,:/-+=@()…".contains(c) {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mermaid_special_characters_are_escaped() {
        assert_eq!(
            escape_mermaid("a\"b`c<d>#e;"),
            "a#34;b#96;c#60;d#62;#35;e#59;"
        );
        assert_eq!(escape_mermaid("größe 模型"), "größe 模型");
    }
}
