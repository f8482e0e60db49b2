//! Collapsing similar nodes: a sweep of a thousand runs becomes a few runs and a count.

use std::collections::{BTreeMap, BTreeSet};

use super::{Edge, EdgeKind, Graph, Node, NodeId, NodeKind};

/// A node's edges: whether they leave it, their kinds and their other ends.
type EdgeSignature = BTreeSet<(bool, EdgeKind, NodeId)>;

impl Graph {
    /// A graph that keeps at most `max_per_group` nodes of one kind with the same edges, and replaces the others by one node
    /// that counts them.
    #[must_use]
    pub fn collapsed(&self, max_per_group: usize) -> Self {
        let mut signatures: BTreeMap<&NodeId, EdgeSignature> = BTreeMap::new();
        for edge in &self.edges {
            signatures
                .entry(&edge.from)
                .or_default()
                .insert((true, edge.kind, edge.to.clone()));
            signatures
                .entry(&edge.to)
                .or_default()
                .insert((false, edge.kind, edge.from.clone()));
        }
        let mut groups: BTreeMap<(NodeKind, EdgeSignature), Vec<&Node>> = BTreeMap::new();
        for node in &self.nodes {
            groups
                .entry((
                    node.kind,
                    signatures.get(&node.id).cloned().unwrap_or_default(),
                ))
                .or_default()
                .push(node);
        }
        // The replacement of each collapsed node, and the new nodes by the first node that they replace.
        let mut replacements: BTreeMap<&NodeId, NodeId> = BTreeMap::new();
        let mut collapsed_nodes: BTreeMap<&NodeId, Node> = BTreeMap::new();
        for ((kind, _), nodes) in groups
            .iter()
            .filter(|(_, nodes)| nodes.len() > max_per_group + 1)
        {
            let Some((first, rest)) = nodes
                .get(max_per_group..)
                .and_then(|rest| rest.first().map(|first| (first, rest)))
            else {
                continue;
            };
            let node = Node::new(
                format!("more:{}", first.id.0.raw()),
                *kind,
                format!("+ {} {}", rest.len(), kind.plural()),
            )
            .with_attribute("folded", Some(rest.len().to_string()));
            replacements.extend(rest.iter().map(|other| (&other.id, node.id.clone())));
            collapsed_nodes.insert(&first.id, node);
        }
        let nodes = self.nodes.iter().filter_map(|node| {
            if replacements.contains_key(&node.id) {
                collapsed_nodes.get(&node.id).cloned()
            } else {
                Some(node.clone())
            }
        });
        let of = |id: &NodeId| replacements.get(id).unwrap_or(id).clone();
        let mut known = BTreeSet::new();
        let edges = self.edges.iter().map(|edge| Edge {
            from: of(&edge.from),
            to: of(&edge.to),
            kind: edge.kind,
        });
        let edges = edges
            .filter(|edge| known.insert((edge.from.clone(), edge.to.clone(), edge.kind)))
            .collect();
        Self {
            nodes: nodes.collect(),
            edges,
            ..self.clone()
        }
    }
}
