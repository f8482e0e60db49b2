//! A lineage as an indented outline: causes below what they made, effects below their causes.

use crate::lineage::{Graph, Node, NodeId, NodeKind};

/// The depth of the outline: a chain of sixteen parent runs and what they read.
const MAX_DEPTH: usize = 24;
/// Effects of one kind that the outline lists before it counts the rest.
const MAX_PER_KIND: usize = 5;

/// The sections by title. Lines are raw.
pub(super) fn outline(graph: &Graph) -> Vec<(&'static str, Vec<String>)> {
    let version = graph
        .nodes
        .iter()
        .find(|node| node.kind == NodeKind::Version);
    let Some(version) = version.map(|node| &node.id) else {
        return Vec::new();
    };
    let collapsed = graph.collapsed(MAX_PER_KIND);
    let causes = Walk::new(graph, version).causes(version, 0).lines;
    let mut effects = Walk::new(&collapsed, version).effects(version, 0).lines;
    if effects.is_empty() {
        effects.push("no stage and no alias".into());
    }
    let mut sections = vec![("Made from", causes), ("Became", effects)];
    let siblings = sibling_lines(&collapsed, version);
    sections.extend((!siblings.is_empty()).then_some(("Also produced", siblings)));
    sections
}

/// The other effects of the version's causes: nested runs, other models and versions.
fn sibling_lines(graph: &Graph, version: &NodeId) -> Vec<String> {
    let mut walk = Walk::new(graph, version).causes(version, 0);
    walk.lines.clear();
    for cause in walk.seen.clone().into_iter().skip(1) {
        walk = walk.effects(cause, 0);
    }
    walk.lines
}

/// A walk along the edges that visits every node once.
struct Walk<'g> {
    graph: &'g Graph,
    /// The nodes that the walk has visited, the start first.
    seen: Vec<&'g NodeId>,
    lines: Vec<String>,
}

impl<'g> Walk<'g> {
    fn new(graph: &'g Graph, start: &NodeId) -> Self {
        let start = graph.nodes.iter().find(|node| node.id == *start);
        Self {
            graph,
            seen: start.map(|node| &node.id).into_iter().collect(),
            lines: Vec::new(),
        }
    }

    fn causes(mut self, of: &NodeId, depth: usize) -> Self {
        for edge in self.graph.edges.iter().filter(|edge| edge.to == *of) {
            if self.visit(&edge.from, depth) {
                self = self.causes(&edge.from, depth + 1);
            }
        }
        self
    }

    fn effects(mut self, of: &NodeId, depth: usize) -> Self {
        for edge in self.graph.edges.iter().filter(|edge| edge.from == *of) {
            if self.visit(&edge.to, depth) {
                self = self.effects(&edge.to, depth + 1);
            }
        }
        self
    }

    /// Adds the node's line, unless it has one or is too deep.
    fn visit(&mut self, id: &NodeId, depth: usize) -> bool {
        let node = self.graph.nodes.iter().find(|node| node.id == *id);
        let node = node.filter(|node| depth < MAX_DEPTH && !self.seen.contains(&&node.id));
        if let Some(node) = node {
            self.seen.push(&node.id);
            self.lines.push(node_line(node, depth));
        }
        node.is_some()
    }
}

/// `run trial (509d9999)  [status FINISHED]`. A label that begins with its kind needs no other.
fn node_line(node: &Node, depth: usize) -> String {
    let (kind, label) = (node.kind.as_str(), node.label.raw());
    let is_complete = label.starts_with(kind)
        || label.starts_with("+ ")
        || (node.kind == NodeKind::ParentRun && label.starts_with("run "));
    let kind = if is_complete {
        String::new()
    } else {
        format!("{kind} ")
    };
    let detail = node.detail().map(|detail| format!("  [{detail}]"));
    let detail = detail.unwrap_or_default();
    format!("{}{kind}{label}{detail}", "  ".repeat(depth))
}
