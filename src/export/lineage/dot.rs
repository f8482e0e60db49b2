//! A lineage for Graphviz: every node with its facts, every edge with its meaning.

use super::kind_and_label;
use crate::lineage::{Graph, Node, NodeId, NodeKind};
use crate::text::untrusted::clean;

/// The most characters of one fact in a tooltip.
const MAX_FACT_CHARS: usize = 200;

/// The lineage as a digraph in Graphviz's language. Names of nodes are ours: no text of a store is more than a quoted label.
#[must_use]
pub fn dot(graph: &Graph) -> String {
    let mut text = String::from(
        "digraph lineage {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n",
    );
    text += &format!("  label={};\n", quote(&clean(graph.summary.raw())));
    for (at, node) in graph.nodes.iter().enumerate() {
        let (kind, label) = kind_and_label(node);
        // A line end within a label is Graphviz's own \n, which stands between quoted texts here and never in one.
        let label = format!("\"{}\\n{}\"", escape(&kind), escape(&label));
        let tooltip = quote(&tooltip(node));
        text += &format!(
            "  n{at} [label={label}, tooltip={tooltip}, id={}{}];\n",
            quote(&clean(node.id.0.raw())),
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
        | NodeKind::Evidence => "",
    }
}

fn tooltip(node: &Node) -> String {
    let fact = |(key, value): &(String, crate::text::Untrusted)| {
        let value: String = value.clean().chars().take(MAX_FACT_CHARS).collect();
        format!("{}: {value}", clean(key))
    };
    let facts = node
        .attributes
        .iter()
        .filter(|(key, _)| key != "diff_text")
        .map(fact);
    facts.collect::<Vec<_>>().join("; ")
}

/// A text between Graphviz's quotes.
fn quote(text: &str) -> String {
    format!("\"{}\"", escape(text))
}

/// In quotes, Graphviz ends at a quote, reads `\N`, `\l` and their like as what they stand for, and `&lt;` as a sign of HTML.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('&', "&amp;")
}
