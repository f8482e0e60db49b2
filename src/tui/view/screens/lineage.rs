//! Drawing the lineage of a version: the graph, the facts of what is under the cursor, and what must not be overlooked.

mod facts;

use ratatui::layout::Rect;

use super::empty;
use crate::config::theme::Role;
use crate::lineage::graph_layout::Placed;
use crate::lineage::{Graph, Node, NodeKind, Recorded};
use crate::text::fit::wrap;
use crate::tui::app::App;
use crate::tui::app::layout::Size;
use crate::tui::screens::View;
use crate::tui::screens::lineage::{LineageScreen, parts};
use crate::tui::view::paint::{Paint, Piece, row};
use crate::tui::view::widgets::graph;
use crate::tui::view::widgets::graph::Style;

/// Draws the lineage.
pub fn draw(paint: &mut Paint<'_>, body: Rect, app: &App, screen: &LineageScreen) {
    let Some(graph) = screen.data.get() else {
        return empty(
            paint,
            body,
            &screen.freshness(&app.shared),
            "nothing is known of this version",
        );
    };
    // The body of a screen of this size: what is seen is what keys and mouse act on.
    let size = Size {
        width: body.width,
        height: body.height + 3,
    };
    let parts = parts(size, graph);
    paint.text(set_in(parts.summary), &graph.summary.clean(), Role::Accent);
    verdict(paint, parts.verdict, graph, parts.warnings.height);
    warnings(paint, parts.warnings, graph);
    let drawing = screen.drawing(size);
    let under = drawing.box_of(screen.cursor.at);
    let boxes = &drawing.boxes;
    graph::draw(paint, &drawing, |placed| {
        style(
            graph,
            placed,
            under.is_some_and(|at| boxes.get(at) == Some(placed)),
        )
    });
    if let Some(placed) = under.and_then(|at| drawing.boxes.get(at)) {
        facts::draw(paint, parts.facts, graph, placed, parts.checklist.is_none());
    }
    if let Some(area) = parts.checklist {
        checklist(paint, area, graph);
    }
}

fn set_in(area: Rect) -> Rect {
    Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(1),
        ..area
    }
}

fn style(graph: &Graph, placed: &Placed, chosen: bool) -> Style {
    let first = placed.nodes.first().and_then(|at| graph.nodes.get(*at));
    let role = match first {
        Some(node) if !placed.folded => role(node),
        _ => Role::Muted,
    };
    Style {
        role,
        main: first.is_some_and(|node| node.kind == NodeKind::Version),
        chosen,
    }
}

fn role(node: &Node) -> Role {
    let is = |key: &str, word: &str| node.known(key).is_some_and(|value| value.raw() == word);
    match node.kind {
        NodeKind::Version => Role::Baseline,
        NodeKind::Deployment if is("ready", "no") => Role::Warn,
        NodeKind::Stage | NodeKind::Alias | NodeKind::Deployment => Role::Good,
        NodeKind::Evidence
            if node
                .facts
                .iter()
                .any(|(_, value)| value.raw().contains("(!)")) =>
        {
            Role::Bad
        }
        _ if is("state", "not found") => Role::Bad,
        NodeKind::Run | NodeKind::ParentRun if is("lifecycle", "deleted") => Role::Bad,
        NodeKind::Code if is("dirty", "true") => Role::Warn,
        _ => Role::Text,
    }
}

/// The signs of the checklist: one that is told without colour, and its role.
fn sign(paint: &Paint<'_>, state: Recorded) -> Piece {
    match state {
        Recorded::Recorded => (paint.look.sign("✓", "+").to_owned(), Role::Good),
        Recorded::Partly => (paint.look.sign("◐", "~").to_owned(), Role::Warn),
        Recorded::NotRecorded => (paint.look.sign("✗", "x").to_owned(), Role::Bad),
    }
}

/// What could be made again, in one line, after the number of warnings where there is no room for them.
fn verdict(paint: &mut Paint<'_>, area: Rect, graph: &Graph, warned: u16) {
    let count = graph.warnings.len();
    let mut pieces: Vec<Piece> = vec![(" ".to_owned(), Role::Text)];
    if count > 0 && warned == 0 {
        let first = graph
            .warnings
            .first()
            .map(String::as_str)
            .unwrap_or_default();
        // The signs alone, so that something is seen of the first warning.
        pieces.extend(
            graph
                .reproducibility
                .iter()
                .map(|check| sign(paint, check.state)),
        );
        pieces.push((
            format!(" {}{count} {first}", paint.look.sign("▲", "!")),
            Role::Bad,
        ));
    } else {
        for check in &graph.reproducibility {
            let (sign, role) = sign(paint, check.state);
            pieces.push((format!("{sign} {}  ", check.what), role));
        }
    }
    let wide = pieces
        .iter()
        .map(|(text, _)| crate::text::fit::width(text))
        .sum::<u16>();
    if wide > area.width && (count == 0 || warned > 0) {
        // What is missing first: that is what the line is for.
        let (open, rest): (Vec<_>, Vec<_>) = graph
            .reproducibility
            .iter()
            .partition(|check| check.state != Recorded::Recorded);
        let told = |check: &&crate::lineage::Check| {
            let (sign, role) = sign(paint, check.state);
            (format!("{sign}{} ", check.what), role)
        };
        pieces = open.iter().chain(&rest).map(told).collect();
        pieces.insert(0, (" ".to_owned(), Role::Text));
    }
    paint.pieces(area, &pieces);
}

fn warnings(paint: &mut Paint<'_>, area: Rect, graph: &Graph) {
    let warn = paint.look.sign("▲", "!");
    let missing = graph.missing.len();
    let more = (missing > 0).then(|| {
        format!(
            "{missing} not read: {}",
            graph
                .missing
                .first()
                .map(String::as_str)
                .unwrap_or_default()
        )
    });
    let all: Vec<&str> = graph
        .warnings
        .iter()
        .map(String::as_str)
        .chain(more.as_deref())
        .collect();
    let room = usize::from(area.height);
    for (nth, line) in all.iter().take(room).enumerate() {
        let left = all.len() - room.min(all.len());
        let rest = if nth + 1 == room && left > 0 {
            format!("  (and {left} more: on the version)")
        } else {
            String::new()
        };
        let strip = set_in(row(area, u16::try_from(nth).unwrap_or(u16::MAX)));
        let told = paint.right(strip, &rest, Role::Muted);
        paint.text(
            Rect {
                width: strip.width.saturating_sub(told),
                ..strip
            },
            &format!("{warn} {line}"),
            Role::Bad,
        );
    }
}

fn checklist(paint: &mut Paint<'_>, area: Rect, graph: &Graph) {
    let inside = paint.frame(area, "could it be made again?", false);
    let lines = graph
        .reproducibility
        .iter()
        .map(|check| wrapped(paint, check, inside.width));
    // Details wrap only where all lines still fit.
    let whole: Vec<Vec<Vec<Piece>>> = lines.collect();
    let fits = whole.iter().map(Vec::len).sum::<usize>() <= usize::from(inside.height);
    let lines: Vec<Vec<Piece>> = whole
        .into_iter()
        .flat_map(|lines| lines.into_iter().take(if fits { usize::MAX } else { 1 }))
        .collect();
    paint.lines(inside, &lines);
}

/// A line of the checklist, wrapped.
fn wrapped(paint: &Paint<'_>, check: &crate::lineage::Check, room: u16) -> Vec<Vec<Piece>> {
    let (sign, role) = sign(paint, check.state);
    let mut lines = Vec::new();
    let detail = if paint.look.ascii {
        check.detail.replace('→', "->")
    } else {
        check.detail.clone()
    };
    for (nth, part) in wrap(&detail, room.saturating_sub(14).max(8))
        .into_iter()
        .enumerate()
    {
        let head = if nth == 0 {
            format!("{sign} {:<12}", check.what)
        } else {
            " ".repeat(14)
        };
        lines.push(vec![(head, role), (part, Role::Muted)]);
    }
    if lines.is_empty() {
        lines.push(vec![(format!("{sign} {:<12}", check.what), role)]);
    }
    lines
}
