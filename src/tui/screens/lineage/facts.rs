//! The facts of a node, as the pane and the dialog show them.

use jiff::tz::TimeZone;

use super::areas::warning_texts;
use crate::analysis::value_diff::{DiffLine, LineKind};
use crate::lineage::graph_layout::NodeBox;
use crate::lineage::{Edge, Graph, Node, NodeId, NodeKind};
use crate::text::untrusted::clean;
use crate::tui::app::cell_text::with_local_time;

/// The most names of neighbours of one kind.
const MAX_NEIGHBORS: usize = 4;

/// The label of a node or of a folded group, cleaned.
#[must_use]
pub fn heading(node: &Node, placed: &NodeBox) -> String {
    if placed.is_collapsed {
        placed.label.clone()
    } else {
        node.label.clean().into_owned()
    }
}

/// Keys and values, cleaned, with times in the time zone. A folded box lists its first nodes.
#[must_use]
pub fn node_facts(node: &Node, placed: &NodeBox, zone: &TimeZone) -> Vec<(String, String)> {
    if placed.is_collapsed {
        return vec![
            ("enter".to_owned(), "lists them".to_owned()),
            ("first".to_owned(), placed.detail.clone()),
        ];
    }
    attributes(node, zone)
}

fn attributes(node: &Node, zone: &TimeZone) -> Vec<(String, String)> {
    // Names and values of params are never rewritten.
    let is_literal = node.kind == NodeKind::Params;
    let shown = node.attributes.iter().filter(|(key, _)| key != "diff_text");
    shown
        .map(|(key, value)| {
            let (key, value) = (clean(key), value.clean());
            if is_literal {
                (key.into_owned(), value.into_owned())
            } else {
                (key.replace('_', " "), with_local_time(&value, zone))
            }
        })
        .collect()
}

/// Neighbours of a node by the meaning of their edges.
#[must_use]
pub fn neighbor_facts(graph: &Graph, node: &Node) -> Vec<(String, String)> {
    let joined_names = |ends: Vec<&Node>| {
        let more = if ends.len() > MAX_NEIGHBORS {
            format!(", and {} more", ends.len() - MAX_NEIGHBORS)
        } else {
            String::new()
        };
        let names: Vec<String> = ends
            .iter()
            .take(MAX_NEIGHBORS)
            .map(|end| format!("{} {}", end.kind.as_str(), end.label.clean()))
            .collect();
        format!("{}{more}", names.join(", "))
    };
    let ends = |edges: &dyn Fn(&Edge) -> Option<&NodeId>| -> Vec<&Node> {
        graph
            .edges
            .iter()
            .filter_map(|edge| graph.node(edges(edge)?))
            .collect()
    };
    let causes = ends(&|edge| (edge.to == node.id).then_some(&edge.from));
    let effects = ends(&|edge| (edge.from == node.id).then_some(&edge.to));
    [("from", causes), ("to", effects)]
        .into_iter()
        .filter(|(_, ends)| !ends.is_empty())
        .map(|(word, ends)| (word.to_owned(), joined_names(ends)))
        .collect()
}

/// All facts of a node: of the version with the warnings and the checklist, of the code with the commits and the diff.
pub(super) fn all_lines(graph: &Graph, node: &Node, zone: &TimeZone) -> Vec<DiffLine> {
    let mut lines = Vec::new();
    if node.kind == NodeKind::Version {
        lines.extend(warning_texts(graph, "!"));
        let checks = graph.reproducibility.iter();
        lines.extend(checks.map(|check| {
            let state = check.state.as_str();
            format!("{}: {state}: {}", check.aspect, check.detail)
        }));
        lines.push(String::new());
    }
    let facts = attributes(node, zone)
        .into_iter()
        .chain(neighbor_facts(graph, node));
    lines.extend(facts.map(|(key, value)| format!("{key}: {value}")));
    let mut lines: Vec<DiffLine> = lines
        .into_iter()
        .map(|text| DiffLine::plain(LineKind::Context, text))
        .collect();
    if node.kind == NodeKind::Code {
        if let Some(since) = &graph.commits_since {
            let title = format!("{} commits since v{}", since.commits.len(), since.version);
            lines.push(DiffLine::plain(LineKind::Header, title));
            let commits = since.commits.iter().cloned();
            lines.extend(commits.map(|commit| DiffLine::plain(LineKind::Context, commit)));
        }
        if let Some(diff) = node.attribute("diff_text") {
            lines.push(DiffLine::plain(
                LineKind::Header,
                "uncommitted changes".to_owned(),
            ));
            lines.extend(diff.clean_lines().map(|text| diff_line(&text)));
        }
    }
    lines
}

fn diff_line(text: &str) -> DiffLine {
    let is_file = text.starts_with("+++") || text.starts_with("---");
    match text.chars().next() {
        Some('+') if !is_file => DiffLine::plain(LineKind::Added, text[1..].to_owned()),
        Some('-') if !is_file => DiffLine::plain(LineKind::Removed, text[1..].to_owned()),
        _ => DiffLine::plain(LineKind::Context, text.to_owned()),
    }
}
