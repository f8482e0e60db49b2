//! Drawing the lineage of a version: a graph with the version in the middle, its facts and the checklist beside it.

use std::collections::HashMap;

use ratatui::layout::Rect;

use super::empty;
use crate::app::App;
use crate::app::screens::View;
use crate::app::screens::lineage::{LineageScreen, SUMMARY_ROWS};
use crate::config::theme::Role;
use crate::domain::fit::wrap;
use crate::lineage::{Graph, Node, NodeId, NodeKind, Recorded};
use crate::ui::paint::{Paint, Piece, row};

/// Draws the lineage.
pub fn draw(paint: &mut Paint<'_>, body: Rect, app: &App, screen: &LineageScreen) {
    let Some(graph) = screen.data.get() else {
        return empty(paint, body, &screen.freshness(&app.shared), "nothing is known of this version");
    };
    paint.text(Rect { x: body.x + 1, width: body.width.saturating_sub(1), ..row(body, 0) }, &graph.summary.clean(), Role::Accent);
    let below = Rect { y: body.y + SUMMARY_ROWS, height: body.height.saturating_sub(SUMMARY_ROWS), ..body };
    let left = Rect { width: below.width * 11 / 20, ..below };
    nodes(paint, left, screen, graph);
    let right = Rect { x: left.right(), width: below.width - left.width, ..below };
    let checks = (graph.reproducibility.len() + graph.missing.len() + graph.warnings.len() + 2).min(usize::from(right.height / 2)) as u16;
    let top = Rect { height: right.height - checks, ..right };
    facts(paint, top, screen.current());
    checklist(paint, Rect { y: top.bottom(), height: checks, ..right }, graph);
}

fn nodes(paint: &mut Paint<'_>, area: Rect, screen: &LineageScreen, graph: &Graph) {
    let depths = depths(graph);
    let middle = graph.nodes.iter().position(|node| node.kind == NodeKind::Version).unwrap_or(0);
    let deepest = depths.values().copied().filter(|depth| *depth < 0).min().unwrap_or(0);
    let seen = screen.cursor.window(graph.nodes.len(), area.height.into());
    for (offset, node) in graph.nodes[seen.clone()].iter().enumerate() {
        let at = seen.start + offset;
        let strip = row(area, offset as u16);
        let depth = depths.get(&node.id).copied().unwrap_or(0);
        let indent = (depth - deepest).max(0) as usize * 2;
        let last = graph.nodes.get(at + 1).is_none_or(|next| depths.get(&next.id) != Some(&depth));
        let branch = match (at.cmp(&middle), last) {
            (std::cmp::Ordering::Less, false) => paint.look.sign("├─ ", "|- "),
            (std::cmp::Ordering::Less, true) => paint.look.sign("╰─┐ ", "`-. "),
            (std::cmp::Ordering::Equal, _) => paint.look.sign("◆ ", "# "),
            (std::cmp::Ordering::Greater, false) => paint.look.sign("├▶ ", "|> "),
            (std::cmp::Ordering::Greater, true) => paint.look.sign("╰▶ ", "`> "),
        };
        let pieces: Vec<Piece> = vec![
            (format!(" {}{branch}", " ".repeat(indent)), Role::Border),
            (format!("{} ", node.kind.as_str()), Role::Muted),
            (node.label.clean().into_owned(), role(node)),
        ];
        paint.pieces(strip, &pieces);
        if at == screen.cursor.at {
            paint.over(strip, Role::Selection);
        }
    }
}

/// How far each node is from the version: causes below 0, effects above.
fn depths(graph: &Graph) -> HashMap<NodeId, i32> {
    let mut depths = HashMap::new();
    if let Some(version) = graph.nodes.iter().find(|node| node.kind == NodeKind::Version) {
        depths.insert(version.id.clone(), 0);
    }
    // As many rounds as nodes are enough for the longest chain; a loop of edges ends there, too.
    for _ in 0..graph.nodes.len() {
        for edge in &graph.edges {
            if let Some(to) = depths.get(&edge.to).copied()
                && to <= 0
            {
                depths.entry(edge.from.clone()).or_insert(to - 1);
            }
            if let Some(from) = depths.get(&edge.from).copied()
                && from >= 0
            {
                depths.entry(edge.to.clone()).or_insert(from + 1);
            }
        }
    }
    depths
}

fn role(node: &Node) -> Role {
    match node.kind {
        NodeKind::Version => Role::Baseline,
        NodeKind::Stage | NodeKind::Alias | NodeKind::Deployment => Role::Good,
        NodeKind::Evidence if node.facts.iter().any(|(_, value)| value.raw().contains("(!)")) => Role::Bad,
        _ if node.facts.iter().any(|(key, _)| key == "missing") => Role::Bad,
        NodeKind::Code if node.facts.iter().any(|(key, value)| key == "dirty" && value.raw() == "true") => Role::Warn,
        _ => Role::Text,
    }
}

fn facts(paint: &mut Paint<'_>, area: Rect, node: Option<&Node>) {
    let Some(node) = node else { return };
    let inside = paint.frame(area, node.kind.as_str(), false);
    let mut lines: Vec<Vec<Piece>> = Vec::new();
    for line in wrap(&node.label.clean(), inside.width) {
        lines.push(vec![(line, Role::Title)]);
    }
    for (key, value) in &node.facts {
        let key = format!("{} ", crate::domain::text::clean(key));
        let room = inside.width.saturating_sub(crate::domain::fit::width(&key));
        let mut wrapped = wrap(&value.clean(), room.max(8)).into_iter();
        lines.push(vec![(key.clone(), Role::Muted), (wrapped.next().unwrap_or_default(), Role::Text)]);
        lines.extend(wrapped.take(3).map(|line| vec![(" ".repeat(key.chars().count()), Role::Muted), (line, Role::Text)]));
    }
    paint.lines(inside, &lines);
}

fn checklist(paint: &mut Paint<'_>, area: Rect, graph: &Graph) {
    let inside = paint.frame(area, "could it be made again?", false);
    let warn = paint.look.sign("▲", "!");
    let warnings = graph.warnings.iter().flat_map(|warning| wrap(&format!("{warn} {warning}"), inside.width));
    let mut lines: Vec<Vec<Piece>> = warnings.map(|line| vec![(line, Role::Bad)]).collect();
    for check in &graph.reproducibility {
        let (sign, role) = match check.state {
            Recorded::Recorded => (paint.look.sign("✓", "+"), Role::Good),
            Recorded::Partly => (paint.look.sign("◐", "~"), Role::Warn),
            Recorded::NotRecorded => (paint.look.sign("✗", "x"), Role::Bad),
        };
        lines.push(vec![(format!("{sign} {:<12}", check.what), role), (check.detail.clone(), Role::Muted)]);
    }
    lines.extend(graph.missing.iter().map(|missing| vec![(format!("{} {missing}", paint.look.sign("✗", "x")), Role::Bad)]));
    paint.lines(inside, &lines);
}
