//! A graph while it is being built.

use super::{Edge, EdgeKind, Node, NodeId};

/// Nodes and edges so far; a node that is added twice stands once.
#[derive(Default)]
pub(super) struct Draft {
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
}

impl Draft {
    /// Adds a node, unless it is there.
    pub(super) fn add(&mut self, node: Node) -> NodeId {
        let id = node.id.clone();
        if !self.nodes.iter().any(|known| known.id == id) {
            self.nodes.push(node);
        }
        id
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
        let edge = Edge { from: from.clone(), to: to.clone(), kind };
        if !self.edges.contains(&edge) {
            self.edges.push(edge);
        }
    }
}
