//! A graph while it is being built.

use std::collections::HashSet;

use super::{Edge, EdgeKind, Node, NodeId};

/// Nodes and edges so far; a node that is added twice stands once.
#[derive(Default)]
pub(super) struct Draft {
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
    known: HashSet<NodeId>,
    linked: HashSet<Edge>,
}

impl Draft {
    /// Adds a node, unless it is there.
    pub(super) fn add(&mut self, node: Node) -> NodeId {
        let id = node.id.clone();
        if self.known.insert(id.clone()) {
            self.nodes.push(node);
        }
        id
    }

    /// Whether a node is there.
    pub(super) fn has(&self, id: &NodeId) -> bool {
        self.known.contains(id)
    }

    /// Adds a cause of `effect`, where there is one.
    pub(super) fn cause(&mut self, node: Option<Node>, kind: EdgeKind, effect: &NodeId) {
        if let Some(node) = node {
            let id = self.add(node);
            self.link(&id, effect, kind);
        }
    }

    /// Adds an edge, unless it is there.
    pub(super) fn link(&mut self, from: &NodeId, to: &NodeId, kind: EdgeKind) {
        let edge = Edge {
            from: from.clone(),
            to: to.clone(),
            kind,
        };
        if self.linked.insert(edge.clone()) {
            self.edges.push(edge);
        }
    }
}
