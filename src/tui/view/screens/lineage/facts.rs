//! Draws the facts of a node: a line for each, as running text, or in one line, by the room.

use jiff::tz::TimeZone;
use ratatui::layout::Rect;

use super::check_lines;
use crate::config::theme::Role;
use crate::lineage::graph_layout::NodeBox;
use crate::lineage::{Graph, Node, NodeKind};
use crate::text::width::{width, wrap};
use crate::tui::screens::lineage::{
    FRAMED_FACT_ROWS, heading, neighbor_facts, node_facts, warning_texts,
};
use crate::tui::view::painter::{Painter, TextSpan};

/// The fewest rows for a line for each fact.
const MIN_ROWS_FOR_LINES: u16 = 9;
/// The fewest columns for running text in several lines.
const INLINE_MIN_WIDTH: u16 = 90;
/// The most lines of a value.
const MAX_VALUE_LINES: usize = 4;
/// The node whose facts are drawn.
pub(super) struct Subject<'a> {
    pub graph: &'a Graph,
    pub placed: &'a NodeBox,
    /// For times.
    pub zone: &'a TimeZone,
    /// Whether the facts of the version include the checklist, because it is not visible elsewhere.
    pub shows_checks: bool,
    /// The number of warnings above the graph.
    pub warnings_above: usize,
}

/// Draws the facts of a node.
pub(super) fn draw(painter: &mut Painter<'_>, area: Rect, subject: &Subject<'_>) {
    let placed = subject.placed;
    let Some(node) = placed
        .nodes
        .first()
        .and_then(|at| subject.graph.nodes.get(*at))
    else {
        return;
    };
    if area.height < 3 {
        let facts = node_facts(node, placed, subject.zone)
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
    let title = if placed.is_collapsed {
        format!("{} {}", placed.title, placed.label)
    } else {
        node.kind.as_str().to_owned()
    };
    let inside = if area.height < FRAMED_FACT_ROWS {
        painter.draw_rule(area, &title)
    } else {
        painter.draw_frame(area, &title, false)
    };
    let one_fact_per_line = fact_lines(painter, node, subject, inside.width);
    // In a wide area, facts become running text unless all fit.
    let has_room = inside.height >= MIN_ROWS_FOR_LINES
        && (inside.width < INLINE_MIN_WIDTH
            || one_fact_per_line.len() <= usize::from(inside.height));
    let lines = if has_room {
        one_fact_per_line
    } else {
        inline_lines(painter, node, subject, inside.width)
    };
    if lines.len() > usize::from(inside.height) {
        painter.draw_right_aligned(
            Rect {
                width: area.width.saturating_sub(2),
                height: 1,
                ..area
            },
            " p shows all ",
            Role::Muted,
        );
    }
    painter.draw_lines(inside, &lines);
}

/// Facts as running text, after the warnings of the version that have no room above the graph.
fn inline_lines(
    painter: &Painter<'_>,
    node: &Node,
    subject: &Subject<'_>,
    room: u16,
) -> Vec<Vec<TextSpan>> {
    let (graph, placed) = (subject.graph, subject.placed);
    let mut lines: Vec<Vec<TextSpan>> = Vec::new();
    if node.kind == NodeKind::Version && !placed.is_collapsed {
        lines.extend(warning_lines(painter, graph, subject.warnings_above, room));
    }
    let head = heading(node, placed);
    lines.push(vec![(head.clone(), Role::Title)]);
    let mut used = width(&head);
    let joined = neighbor_facts(graph, node);
    for (key, value) in node_facts(node, placed, subject.zone)
        .into_iter()
        .chain(joined)
    {
        let value = crate::text::width::truncate(&value, room.saturating_sub(width(&key) + 1));
        let wide = width(&key) + width(&value) + 1;
        // Two cells between facts.
        let gap = if used > 0 && used + 2 + wide <= room {
            "  "
        } else {
            lines.push(Vec::new());
            used = 0;
            ""
        };
        used += width(gap) + wide;
        if let Some(line) = lines.last_mut() {
            line.extend([(format!("{gap}{key} "), Role::Muted), (value, Role::Text)]);
        }
    }
    lines
}

/// A line for each fact. After those of the version follows what is missing, after those of the code its commits and diff.
fn fact_lines(
    painter: &Painter<'_>,
    node: &Node,
    subject: &Subject<'_>,
    room: u16,
) -> Vec<Vec<TextSpan>> {
    let (graph, placed) = (subject.graph, subject.placed);
    let mut lines: Vec<Vec<TextSpan>> = wrap(&heading(node, placed), room)
        .into_iter()
        .map(|line| vec![(line, Role::Title)])
        .collect();
    let joined = neighbor_facts(graph, node);
    for (key, value) in node_facts(node, placed, subject.zone)
        .into_iter()
        .chain(joined)
    {
        lines.extend(wrapped_fact(&key, &value, room));
    }
    match node.kind {
        NodeKind::Version if !placed.is_collapsed => {
            lines.extend(warning_lines(painter, graph, 0, room));
            if subject.shows_checks {
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

/// The warnings of a graph after the first ones, and what could not be read.
fn warning_lines(
    painter: &Painter<'_>,
    graph: &Graph,
    skipped: usize,
    room: u16,
) -> Vec<Vec<TextSpan>> {
    let symbol = painter.theme.symbol("▲", "!");
    warning_texts(graph, symbol)
        .iter()
        .skip(skipped)
        .flat_map(|text| wrap(text, room))
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
