//! The facts of a node: in lines where there is room for them, else running on, or in one line.

use ratatui::layout::Rect;

use super::wrapped;
use crate::config::theme::Role;
use crate::lineage::graph_layout::Placed;
use crate::lineage::{Edge, Graph, Node, NodeKind};
use crate::text::fit::{width, wrap};
use crate::text::untrusted::clean;
use crate::tui::view::paint::{Paint, Piece};

/// From this many rows inside on, each fact has lines of its own.
const ROOMY: u16 = 9;
/// From this many cells on, facts run on rather than being cut off at the end.
const WIDE: u16 = 90;
/// The most lines of one value.
const VALUE_LINES: usize = 4;
/// The most names of one kind of neighbours.
const NEIGHBOURS: usize = 4;

/// Draws the facts of a box; those of the version with the checklist, where that is not seen elsewhere.
pub(super) fn draw(
    paint: &mut Paint<'_>,
    area: Rect,
    graph: &Graph,
    placed: &Placed,
    checks: bool,
) {
    let Some(node) = placed.nodes.first().and_then(|at| graph.nodes.get(*at)) else {
        return;
    };
    let title = if placed.folded {
        format!("{} {}", placed.title, placed.label)
    } else {
        node.kind.as_str().to_owned()
    };
    if area.height < 3 {
        let facts = facts_of(node, placed).into_iter().flat_map(|(key, value)| {
            [
                (format!("{key} "), Role::Muted),
                (format!("{value}  "), Role::Text),
            ]
        });
        let head = (
            format!(
                " {}  ",
                if placed.folded {
                    placed.label.clone()
                } else {
                    node.label.clean().into_owned()
                }
            ),
            Role::Title,
        );
        paint.pieces(area, &[head].into_iter().chain(facts).collect::<Vec<_>>());
        return;
    }
    let inside = paint.frame(area, &title, false);
    let whole = lines(paint, graph, node, placed, (inside.width, checks));
    // A wide part is not filled by lines of their own: there they run on, unless all fit.
    let roomy = inside.height >= ROOMY
        && (inside.width < WIDE || whole.len() <= usize::from(inside.height));
    let lines = if roomy {
        whole
    } else {
        running(graph, node, placed, inside.width)
    };
    paint.lines(inside, &lines);
}

/// Keys and values, cleaned; of a fold, what is in it.
fn facts_of(node: &Node, placed: &Placed) -> Vec<(String, String)> {
    if placed.folded {
        return vec![
            ("enter".to_owned(), "lists them".to_owned()),
            ("first".to_owned(), placed.detail.clone()),
        ];
    }
    let told = node.facts.iter().filter(|(key, _)| key != "diff_text");
    told.map(|(key, value)| (clean(key).replace('_', " "), value.clean().into_owned()))
        .collect()
}

/// What a node is joined to: the edges' meanings in words, and the names at their other ends.
fn neighbours(graph: &Graph, node: &Node) -> Vec<(&'static str, String)> {
    let named = |ends: Vec<&Node>| {
        let more = if ends.len() > NEIGHBOURS {
            format!(", and {} more", ends.len() - NEIGHBOURS)
        } else {
            String::new()
        };
        let names: Vec<String> = ends
            .iter()
            .take(NEIGHBOURS)
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
        .map(|(word, ends)| (word, named(ends)))
        .collect()
}

/// A fact after the other, in as many lines as it takes.
fn running(graph: &Graph, node: &Node, placed: &Placed, room: u16) -> Vec<Vec<Piece>> {
    let head = if placed.folded {
        placed.label.clone()
    } else {
        node.label.clean().into_owned()
    };
    let mut lines: Vec<Vec<Piece>> = vec![vec![(format!("{head}  "), Role::Title)]];
    let mut used = width(&head) + 2;
    let joined = neighbours(graph, node)
        .into_iter()
        .map(|(word, names)| (word.to_owned(), names));
    for (key, value) in facts_of(node, placed).into_iter().chain(joined) {
        let value = crate::text::fit::cut(&value, room.saturating_sub(width(&key) + 1));
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

/// Each fact in lines of its own; after those of the version, what is missing; after those of the code, its commits and its diff.
fn lines(
    paint: &Paint<'_>,
    graph: &Graph,
    node: &Node,
    placed: &Placed,
    (room, checks): (u16, bool),
) -> Vec<Vec<Piece>> {
    let head = if placed.folded {
        placed.label.clone()
    } else {
        node.label.clean().into_owned()
    };
    let mut lines: Vec<Vec<Piece>> = wrap(&head, room)
        .into_iter()
        .map(|line| vec![(line, Role::Title)])
        .collect();
    let joined = neighbours(graph, node)
        .into_iter()
        .map(|(word, names)| (word.to_owned(), names));
    for (key, value) in facts_of(node, placed).into_iter().chain(joined) {
        let head = format!("{key} ");
        let space = room.saturating_sub(width(&head)).max(8);
        for (nth, part) in wrap(&value, space)
            .into_iter()
            .take(VALUE_LINES)
            .enumerate()
        {
            let before = if nth == 0 {
                head.clone()
            } else {
                " ".repeat(usize::from(width(&head)))
            };
            lines.push(vec![(before, Role::Muted), (part, Role::Text)]);
        }
    }
    match node.kind {
        NodeKind::Version if !placed.folded => {
            let warn = paint.look.sign("▲", "!");
            let all = graph
                .warnings
                .iter()
                .map(|warning| format!("{warn} {warning}"));
            let missing = graph
                .missing
                .iter()
                .map(|why| format!("not read: {}", clean(why)));
            lines.extend(
                all.chain(missing)
                    .flat_map(|text| wrap(&text, room))
                    .map(|line| vec![(line, Role::Bad)]),
            );
            if checks {
                lines.extend(
                    graph
                        .reproducibility
                        .iter()
                        .flat_map(|check| wrapped(paint, check, room)),
                );
            }
        }
        NodeKind::Code => {
            if let Some(since) = &graph.since {
                lines.push(vec![(
                    format!("{} commits since v{}", since.commits.len(), since.version),
                    Role::Title,
                )]);
                lines.extend(
                    since
                        .commits
                        .iter()
                        .map(|commit| vec![(commit.clone(), Role::Text)]),
                );
            }
            if let Some(diff) = node.known("diff_text") {
                lines.push(vec![("what was not committed".to_owned(), Role::Title)]);
                lines.extend(
                    diff.clean_lines()
                        .map(|line| vec![(line.into_owned(), Role::Muted)]),
                );
            }
        }
        _ => {}
    }
    lines
}
