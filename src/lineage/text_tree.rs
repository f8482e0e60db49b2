//! The lineage as text: an indented tree of what made the version, what it became, and the checklist.

use super::{Graph, Node, NodeId, NodeKind};

/// How deep the tree is drawn: a chain of sixteen parents and what hangs on it.
const MAX_DEPTH: usize = 24;

/// How many of a kind are told one by one.
const MAX_PER_KIND: usize = 5;

impl Graph {
    /// The lineage as lines that are safe to print: the summary; upstream, with each cause below what it made;
    /// downstream; reproducibility; what could not be read.
    #[must_use]
    pub fn to_lines(&self) -> Vec<String> {
        let mut lines = vec![self.summary.clean().into_owned()];
        let Some(version) = self
            .nodes
            .iter()
            .find(|node| node.kind == NodeKind::Version)
        else {
            return lines;
        };
        if !self.warnings.is_empty() {
            lines.extend([String::new(), "warnings".into()]);
            lines.extend(self.warnings.iter().map(|warning| format!("  {warning}")));
        }
        lines.extend([String::new(), "made from".into()]);
        self.push_causes(&version.id, 1, &mut vec![&version.id], &mut lines);
        lines.extend([String::new(), "became".into()]);
        let before = lines.len();
        let collapsed = self.collapsed(MAX_PER_KIND);
        collapsed.push_effects(&version.id, 1, &mut vec![&version.id], &mut lines);
        if lines.len() == before {
            lines.push("  nothing yet: no stage, no alias".into());
        }
        let siblings = collapsed.sibling_lines(&version.id);
        if !siblings.is_empty() {
            lines.extend([String::new(), "beside it".into()]);
            lines.extend(siblings);
        }
        if let Some(since) = self
            .commits_since
            .as_ref()
            .filter(|since| !since.commits.is_empty())
        {
            lines.extend([String::new(), format!("commits since v{}", since.version)]);
            lines.extend(since.commits.iter().map(|commit| format!("  {commit}")));
        }
        lines.extend([String::new(), "reproducibility".into()]);
        lines.extend(self.reproducibility.iter().map(|check| {
            format!(
                "  {:<12} {:<13} {}",
                check.aspect,
                check.state.as_str(),
                crate::text::untrusted::clean(&check.detail)
            )
            .trim_end()
            .to_owned()
        }));
        if !self.missing.is_empty() {
            lines.extend([String::new(), "not read".into()]);
            lines.extend(
                self.missing
                    .iter()
                    .map(|why| format!("  {}", crate::text::untrusted::clean(why))),
            );
        }
        lines
    }

    /// The node of an id.
    #[must_use]
    pub fn node(&self, id: &NodeId) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == *id)
    }

    /// What became of a node, and of that in turn.
    fn push_effects<'a>(
        &'a self,
        cause: &NodeId,
        depth: usize,
        seen: &mut Vec<&'a NodeId>,
        lines: &mut Vec<String>,
    ) {
        for edge in self
            .edges
            .iter()
            .filter(|edge| edge.from == *cause && depth <= MAX_DEPTH)
        {
            if let Some(node) = self.node(&edge.to).filter(|node| !seen.contains(&&node.id)) {
                seen.push(&node.id);
                lines.push(node_line(node, depth));
                self.push_effects(&node.id, depth + 1, seen, lines);
            }
        }
    }

    /// What the causes of a node made besides it: nested runs, other models and versions.
    fn sibling_lines(&self, version: &NodeId) -> Vec<String> {
        let (mut causes, mut lines) = (vec![version], Vec::new());
        self.push_causes(version, 1, &mut causes, &mut Vec::new());
        let mut seen = causes.clone();
        for cause in causes.iter().filter(|cause| **cause != version) {
            self.push_effects(cause, 1, &mut seen, &mut lines);
        }
        lines
    }

    fn push_causes<'a>(
        &'a self,
        effect: &NodeId,
        depth: usize,
        seen: &mut Vec<&'a NodeId>,
        lines: &mut Vec<String>,
    ) {
        if depth > MAX_DEPTH {
            return;
        }
        for edge in self.edges.iter().filter(|edge| edge.to == *effect) {
            if let Some(node) = self
                .node(&edge.from)
                .filter(|node| !seen.contains(&&node.id))
            {
                seen.push(&node.id);
                lines.push(node_line(node, depth));
                self.push_causes(&node.id, depth + 1, seen, lines);
            }
        }
    }
}

/// A node's line. What could not be found says so in its own label, and a label is never blank.
fn node_line(node: &Node, depth: usize) -> String {
    let kind = node.kind.as_str();
    let label = node.label.clean();
    // `run 12ab34cd: not found` says by itself what it is.
    let word = if label.starts_with(kind)
        || label.starts_with("+ ")
        || (node.kind == NodeKind::ParentRun && label.starts_with("run "))
    {
        ""
    } else {
        kind
    };
    let more = inline_attributes(node)
        .map(|facts| format!("  [{facts}]"))
        .unwrap_or_default();
    format!(
        "{}{word}{}{label}{more}",
        "  ".repeat(depth),
        if word.is_empty() { "" } else { " " }
    )
}

/// The facts that belong in one line, by kind.
pub(super) fn inline_attributes(node: &Node) -> Option<String> {
    let keys: &[&str] = match node.kind {
        NodeKind::Code => &["subject", "branch", "repository", "source", "entry_point"],
        NodeKind::Dataset => &["source", "rows"],
        NodeKind::Run | NodeKind::ParentRun | NodeKind::ChildRun | NodeKind::DownstreamRun => {
            &["status", "user"]
        }
        NodeKind::OtherVersion => &["stage", "aliases"],
        NodeKind::LoggedModel => &["model_id", "model_type"],
        NodeKind::Environment => &["flavors"],
        _ => &[],
    };
    let facts: Vec<String> = keys
        .iter()
        .filter_map(|key| {
            node.attribute(key)
                .map(|value| format!("{} {}", key.replace('_', " "), value.clean()))
        })
        .collect();
    (!facts.is_empty()).then(|| facts.join(", "))
}
