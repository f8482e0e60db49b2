//! Many of a kind as one: a sweep of a thousand runs is told as a few of them and how many more.

use std::collections::{BTreeMap, BTreeSet};

use super::{Edge, EdgeKind, Graph, Node, NodeId, NodeKind};

/// How a node is joined to the others: the edges' kinds, and the other ends.
type EdgeSignature = BTreeSet<(bool, EdgeKind, NodeId)>;

impl Graph {
    /// The same graph, where of nodes of one kind that are joined to the same others only `most` stand by themselves, and one more
    /// node for the rest.
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
        // What stands for each node that is folded, by the first of its group.
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
            replacements.extend(rest.iter().map(|folded| (&folded.id, node.id.clone())));
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
