//! Draws the facts of a node: a line for each, as running text, or in one line, by the room.

use ratatui::layout::Rect;

use super::check_lines;
use crate::config::theme::Role;
use crate::lineage::graph_layout::NodeBox;
use crate::lineage::{Edge, Graph, Node, NodeKind};
use crate::text::untrusted::clean;
use crate::text::width::{width, wrap};
use crate::tui::view::painter::{Painter, TextSpan};

/// The fewest rows for a line for each fact.
const MIN_ROWS_FOR_LINES: u16 = 9;
/// The fewest columns for running text in several lines.
const INLINE_MIN_WIDTH: u16 = 90;
/// The most lines of a value.
const MAX_VALUE_LINES: usize = 4;
/// The most names of neighbours of one kind.
const MAX_NEIGHBORS: usize = 4;

/// Draws the facts of a node. Those of the version include the checklist if it is not visible elsewhere.
pub(super) fn draw(
    painter: &mut Painter<'_>,
    area: Rect,
    graph: &Graph,
    placed: &NodeBox,
    show_checks: bool,
) {
    let Some(node) = placed.nodes.first().and_then(|at| graph.nodes.get(*at)) else {
        return;
    };
    let title = if placed.is_collapsed {
        format!("{} {}", placed.title, placed.label)
    } else {
        node.kind.as_str().to_owned()
    };
    if area.height < 3 {
        let facts = node_facts(node, placed)
            .into_iter()
            .flat_map(|(key, value)| {
                [
                    (format!("{key} "), Role::Muted),
                    (format!("{value}  "), Role::Text),
                ]
            });
        let head = (format!(" {}  ", heading(node, placed)), Role::Title);
        painter.draw_spans(area, &[head].into_iter().chain(facts).collect::<Vec<_>>());
        return;
    }
    let inside = painter.draw_frame(area, &title, false);
    let one_fact_per_line = fact_lines(painter, graph, node, placed, (inside.width, show_checks));
    // In a wide area, facts become running text unless all fit.
    let has_room = inside.height >= MIN_ROWS_FOR_LINES
        && (inside.width < INLINE_MIN_WIDTH
            || one_fact_per_line.len() <= usize::from(inside.height));
    let lines = if has_room {
        one_fact_per_line
    } else {
        inline_lines(graph, node, placed, inside.width)
    };
    painter.draw_lines(inside, &lines);
}

/// The label of a node or of a folded group, cleaned.
fn heading(node: &Node, placed: &NodeBox) -> String {
    if placed.is_collapsed {
        placed.label.clone()
    } else {
        node.label.clean().into_owned()
    }
}

/// Keys and values, cleaned. A folded node lists its contents.
fn node_facts(node: &Node, placed: &NodeBox) -> Vec<(String, String)> {
    if placed.is_collapsed {
        return vec![
            ("enter".to_owned(), "lists them".to_owned()),
            ("first".to_owned(), placed.detail.clone()),
        ];
    }
    let shown_facts = node.attributes.iter().filter(|(key, _)| key != "diff_text");
    shown_facts
        .map(|(key, value)| (clean(key).replace('_', " "), value.clean().into_owned()))
        .collect()
}

/// Neighbours of a node by the meaning of their edges.
fn neighbor_facts(graph: &Graph, node: &Node) -> Vec<(&'static str, String)> {
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
    let ends = |edges: &dyn Fn(&Edge) -> Option<&crate::lineage::NodeId>| -> Vec<&Node> {
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
        .map(|(word, ends)| (word, joined_names(ends)))
        .collect()
}

/// Facts as running text.
fn inline_lines(graph: &Graph, node: &Node, placed: &NodeBox, room: u16) -> Vec<Vec<TextSpan>> {
    let head = heading(node, placed);
    let mut lines: Vec<Vec<TextSpan>> = vec![vec![(format!("{head}  "), Role::Title)]];
    let mut used = width(&head) + 2;
    let joined = neighbor_facts(graph, node)
        .into_iter()
        .map(|(word, names)| (word.to_owned(), names));
    for (key, value) in node_facts(node, placed).into_iter().chain(joined) {
        let value = crate::text::width::truncate(&value, room.saturating_sub(width(&key) + 1));
        let wide = width(&key) + width(&value) + 3;
        if used + wide > room + 2 {
            lines.push(Vec::new());
            used = 0;
        }
        used += wide;
        if let Some(line) = lines.last_mut() {
            line.extend([
                (format!("{key} "), Role::Muted),
                (format!("{value}  "), Role::Text),
            ]);
        }
    }
    lines
}

/// A line for each fact. After those of the version follows what is missing, after those of the code its commits and diff.
fn fact_lines(
    painter: &Painter<'_>,
    graph: &Graph,
    node: &Node,
    placed: &NodeBox,
    (room, show_checks): (u16, bool),
) -> Vec<Vec<TextSpan>> {
    let mut lines: Vec<Vec<TextSpan>> = wrap(&heading(node, placed), room)
        .into_iter()
        .map(|line| vec![(line, Role::Title)])
        .collect();
    let joined = neighbor_facts(graph, node)
        .into_iter()
        .map(|(word, names)| (word.to_owned(), names));
    for (key, value) in node_facts(node, placed).into_iter().chain(joined) {
        lines.extend(wrapped_fact(&key, &value, room));
    }
    match node.kind {
        NodeKind::Version if !placed.is_collapsed => {
            lines.extend(warning_lines(painter, graph, room));
            if show_checks {
                lines.extend(
                    graph
                        .reproducibility
                        .iter()
                        .flat_map(|check| check_lines(painter, check, room)),
                );
            }
        }
        NodeKind::Code => {
            lines.extend(commit_lines(graph));
            lines.extend(diff_lines(node));
        }
        _ => {}
    }
    lines
}

/// A key and its value, which is indented by the width of the key.
fn wrapped_fact(key: &str, value: &str, room: u16) -> Vec<Vec<TextSpan>> {
    let head = format!("{key} ");
    let space = room.saturating_sub(width(&head)).max(8);
    wrap(value, space)
        .into_iter()
        .take(MAX_VALUE_LINES)
        .enumerate()
        .map(|(nth, part)| {
            let before = if nth == 0 {
                head.clone()
            } else {
                " ".repeat(usize::from(width(&head)))
            };
            vec![(before, Role::Muted), (part, Role::Text)]
        })
        .collect()
}

/// The warnings of a graph, and what could not be read.
fn warning_lines(painter: &Painter<'_>, graph: &Graph, room: u16) -> Vec<Vec<TextSpan>> {
    let symbol = painter.theme.symbol("▲", "!");
    let warnings = graph
        .warnings
        .iter()
        .map(|warning| format!("{symbol} {warning}"));
    let missing = graph
        .missing
        .iter()
        .map(|why| format!("not read: {}", clean(why)));
    warnings
        .chain(missing)
        .flat_map(|text| wrap(&text, room))
        .map(|line| vec![(line, Role::Bad)])
        .collect()
}

/// The commits since the champion's code.
fn commit_lines(graph: &Graph) -> Vec<Vec<TextSpan>> {
    let Some(since) = &graph.commits_since else {
        return Vec::new();
    };
    let mut lines = vec![vec![(
        format!("{} commits since v{}", since.commits.len(), since.version),
        Role::Title,
    )]];
    lines.extend(
        since
            .commits
            .iter()
            .map(|commit| vec![(commit.clone(), Role::Text)]),
    );
    lines
}

/// The uncommitted changes.
fn diff_lines(node: &Node) -> Vec<Vec<TextSpan>> {
    let Some(diff) = node.attribute("diff_text") else {
        return Vec::new();
    };
    let mut lines = vec![vec![("uncommitted changes".to_owned(), Role::Title)]];
    lines.extend(
        diff.clean_lines()
            .map(|line| vec![(line.into_owned(), Role::Muted)]),
    );
    lines
}
