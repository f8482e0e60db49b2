//! The facts of a node, as the pane and the dialog show them.

use jiff::tz::TimeZone;

use super::areas::warning_texts;
use crate::analysis::value_diff::{DiffLine, LineKind};
use crate::lineage::graph_layout::NodeBox;
use crate::lineage::{Edge, Graph, Node, NodeId, NodeKind};
use crate::text::list::join_and;
use crate::text::untrusted::clean;
use crate::text::width::wrap_hanging;
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
    let named = |(word, ends): (&str, Vec<&Node>)| {
        let names: Vec<String> = ends.into_iter().map(describe).collect();
        (word.to_owned(), join_and(&names, MAX_NEIGHBORS))
    };
    neighbors(graph, node).into_iter().map(named).collect()
}

/// `run release-6 (d794a469)`, cleaned.
fn describe(node: &Node) -> String {
    format!("{} {}", node.kind.as_str(), node.label.clean())
}

/// The nodes that lead to a node, and those that it leads to, unless there are none.
fn neighbors<'g>(graph: &'g Graph, node: &Node) -> Vec<(&'static str, Vec<&'g Node>)> {
    let ends = |edges: &dyn Fn(&'g Edge) -> Option<&'g NodeId>| -> Vec<&'g Node> {
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
        .collect()
}

/// All facts of a node: of the version with the warnings and the checklist, of the code with the commits and the diff.
/// Lines are at most `room` cells wide, except those of the diff.
pub(super) fn all_lines(graph: &Graph, node: &Node, zone: &TimeZone, room: u16) -> Vec<DiffLine> {
    // The title can have no room for the whole label.
    let mut lines = vec![node.label.clean().into_owned()];
    if node.kind == NodeKind::Version {
        lines.extend(warning_texts(graph, "!"));
        let checks = graph.reproducibility.iter();
        lines.extend(checks.map(|check| {
            let state = check.state.as_str();
            format!("{}: {state}: {}", check.aspect, check.detail)
        }));
        lines.push(String::new());
    }
    let facts = attributes(node, zone).into_iter();
    lines.extend(facts.map(|(key, value)| format!("{key}: {value}")));
    for (word, ends) in neighbors(graph, node) {
        lines.extend(
            ends.into_iter()
                .map(|end| format!("{word}: {}", describe(end))),
        );
    }
    let mut lines: Vec<DiffLine> = lines
        .iter()
        .flat_map(|text| wrap_hanging(text, room))
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
