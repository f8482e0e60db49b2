//! A lineage for Graphviz: every node with its facts, every edge with its kind.

use super::{DIFF_ATTRIBUTE, kind_and_label};
use crate::export::document::escape;
use crate::lineage::{Graph, Node, NodeId, NodeKind};
use crate::text::Untrusted;

/// Characters of one fact in a tooltip.
const MAX_FACT_CHARS: usize = 200;

/// A digraph in Graphviz's language. Node names are generated; store text occurs in quoted labels only.
#[must_use]
pub fn dot(graph: &Graph) -> String {
    let mut text = String::from(
        "digraph lineage {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n",
    );
    text += &format!("  label={};\n", quote(graph.summary.raw()));
    for (at, node) in graph.nodes.iter().enumerate() {
        let (kind, label) = kind_and_label(node);
        // The only unescaped `\n`: Graphviz draws it as a line end.
        let label = format!("\"{kind}\\n{}\"", escape::dot(&label));
        let tooltip = quote(&tooltip(node));
        text += &format!(
            "  n{at} [label={label}, tooltip={tooltip}, id={}{}];\n",
            quote(node.id.0.raw()),
            shape_attributes(node.kind)
        );
    }
    let index_of = |id: &NodeId| graph.nodes.iter().position(|node| node.id == *id);
    for edge in &graph.edges {
        if let (Some(from), Some(to)) = (index_of(&edge.from), index_of(&edge.to)) {
            text += &format!("  n{from} -> n{to} [label=\"{}\"];\n", edge.kind.as_str());
        }
    }
    text + "}\n"
}

fn shape_attributes(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Version => ", shape=box, style=\"rounded,bold\"",
        NodeKind::OtherVersion | NodeKind::LoggedModel => ", shape=box3d, style=solid",
        NodeKind::Dataset => ", shape=cylinder, style=solid",
        NodeKind::Code | NodeKind::Params | NodeKind::Environment => ", shape=note, style=solid",
        NodeKind::Stage | NodeKind::Alias | NodeKind::Deployment => ", shape=ellipse, style=solid",
        NodeKind::Run
        | NodeKind::ParentRun
        | NodeKind::ChildRun
        | NodeKind::DownstreamRun
        | NodeKind::EvaluationRun
        | NodeKind::Evidence => "",
    }
}

fn tooltip(node: &Node) -> String {
    let fact = |(key, value): &(String, Untrusted)| {
        let value: String = value.clean().chars().take(MAX_FACT_CHARS).collect();
        format!("{key}: {value}")
    };
    let facts = node
        .attributes
        .iter()
        .filter(|(key, _)| key != DIFF_ATTRIBUTE)
        .map(fact);
    facts.collect::<Vec<_>>().join("; ")
}

fn quote(text: &str) -> String {
    format!("\"{}\"", escape::dot(text))
}
