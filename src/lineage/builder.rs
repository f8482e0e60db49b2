//! Building a graph without duplicates.

use std::collections::HashSet;

use super::{Edge, EdgeKind, Node, NodeId};

#[derive(Default)]
pub(super) struct GraphBuilder {
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
    node_ids: HashSet<NodeId>,
    edge_set: HashSet<Edge>,
}

impl GraphBuilder {
    /// Adds a node, unless its id is taken.
    pub(super) fn add_node(&mut self, node: Node) -> NodeId {
        let id = node.id.clone();
        if self.node_ids.insert(id.clone()) {
            self.nodes.push(node);
        }
        id
    }

    pub(super) fn contains(&self, id: &NodeId) -> bool {
        self.node_ids.contains(id)
    }

    /// Adds a cause of `effect`, if there is one.
    pub(super) fn add_cause(&mut self, node: Option<Node>, kind: EdgeKind, effect: &NodeId) {
        if let Some(node) = node {
            let id = self.add_node(node);
            self.add_edge(&id, effect, kind);
        }
    }

    pub(super) fn add_edge(&mut self, from: &NodeId, to: &NodeId, kind: EdgeKind) {
        let edge = Edge {
            from: from.clone(),
            to: to.clone(),
            kind,
        };
        if self.edge_set.insert(edge.clone()) {
            self.edges.push(edge);
        }
    }
}
