//! The graph as a diagram: what the layout needs to know of it.

use std::collections::HashMap;

use super::{Graph, Node, NodeId, NodeKind};
use crate::lineage::graph_layout::{BoxText, CellArea, Diagram, GraphLayout, layout};
use crate::text::untrusted::clean;

impl Graph {
    /// Lays the graph out in an area. The layer of the node `focus` is always visible; `pinned` is never collapsed.
    #[must_use]
    pub fn layout(&self, area: CellArea, focus: usize, pinned: Option<usize>) -> GraphLayout {
        let indices = self
            .nodes
            .iter()
            .enumerate()
            .map(|(at, node)| (&node.id, at));
        let indices: HashMap<&NodeId, usize> = indices.collect();
        let edges = self.edges.iter();
        let edges = edges.filter_map(|edge| {
            let (from, to) = (indices.get(&edge.from)?, indices.get(&edge.to)?);
            Some((*from, *to))
        });
        let center = self
            .nodes
            .iter()
            .position(|node| node.kind == NodeKind::Version);
        let describe = |at: usize| self.nodes.get(at).map(box_text).unwrap_or_default();
        let diagram = Diagram {
            kinds: self.nodes.iter().map(|node| node.kind.plural()).collect(),
            edges: edges.collect(),
            center: center.unwrap_or(0),
            describe: &describe,
        };
        layout(&diagram, area, focus, pinned)
    }
}

/// The text of a node's box. A tool's box has its name as the title, over what it found. A label that begins with the kind loses it: the title has it.
fn box_text(node: &Node) -> BoxText {
    if let Some(finding) = &node.finding {
        let name = node.label.clean();
        return BoxText {
            title: name.to_string(),
            label: clean(finding).into_owned(),
            name: name.into_owned(),
            ..BoxText::default()
        };
    }
    let (title, label) = (node.kind.as_str(), node.label.clean());
    let rest = label.strip_prefix(title).map(str::trim_start);
    let label = rest.filter(|rest| !rest.is_empty()).unwrap_or(&label);
    let is_version = matches!(node.kind, NodeKind::Version | NodeKind::OtherVersion);
    let number = label.rfind(' ').and_then(|at| label.get(at..));
    let number = number.filter(|_| is_version).unwrap_or_default();
    BoxText {
        title: title.into(),
        label_suffix: number.to_owned(),
        label: label.to_owned(),
        detail: node.detail().unwrap_or_default(),
        name: String::new(),
    }
}
