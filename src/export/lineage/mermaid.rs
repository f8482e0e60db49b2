//! A lineage as a Mermaid flow chart, which GitHub and GitLab draw.

use std::fmt::Write as _;

use super::kind_and_label;
use crate::export::document::escape;
use crate::lineage::{Graph, NodeId, NodeKind};

/// Mermaid refuses a drawing with more than 500 edges.
const MAX_EDGES: usize = 400;

pub(super) fn mermaid(graph: &Graph) -> String {
    let mut text = String::from("flowchart LR\n");
    for (at, node) in graph.nodes.iter().enumerate() {
        let (kind, label) = kind_and_label(node);
        let (open, close) = match node.kind {
            NodeKind::Version => ("[[", "]]"),
            NodeKind::Dataset => ("[(", ")]"),
            NodeKind::Stage | NodeKind::Alias | NodeKind::Deployment => ("([", "])"),
            _ => ("[", "]"),
        };
        let label = escape::mermaid(&label);
        let _ = writeln!(text, "  n{at}{open}\"{kind}: {label}\"{close}");
    }
    let index_of = |id: &NodeId| graph.nodes.iter().position(|node| node.id == *id);
    let edges = graph.edges.iter();
    let edges = edges.filter_map(|edge| Some((index_of(&edge.from)?, index_of(&edge.to)?)));
    for (from, to) in edges.take(MAX_EDGES) {
        let _ = writeln!(text, "  n{from} --> n{to}");
    }
    text
}
