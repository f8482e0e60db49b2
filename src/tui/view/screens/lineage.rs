//! Draws the lineage of a version: graph, warnings, and the facts of the node under the cursor.

mod facts;

use ratatui::layout::Rect;

use super::draw_empty;
use crate::config::theme::Role;
use crate::lineage::graph_layout::NodeBox;
use crate::lineage::{Completeness, Graph, Node, NodeKind};
use crate::text::width::wrap;
use crate::tui::app::App;
use crate::tui::app::Screen;
use crate::tui::app::layout::Size;
use crate::tui::screens::lineage::{LineageScreen, head_warnings, lineage_areas};
use crate::tui::view::painter::{Painter, TextSpan, row_at};
use crate::tui::view::widgets::graph;
use crate::tui::view::widgets::graph::BoxStyle;

pub fn draw(painter: &mut Painter<'_>, body: Rect, app: &App, screen: &LineageScreen) {
    let Some(graph) = screen.data.get() else {
        return draw_empty(
            painter,
            body,
            &screen.freshness(&app.shared),
            "no lineage is recorded for this version",
        );
    };
    // Uses the areas that keys and mouse use.
    let size = Size {
        width: body.width,
        height: body.height + 3,
    };
    let parts = lineage_areas(size, graph);
    draw_summary(painter, indent(parts.summary), graph);
    draw_reproducibility_line(painter, parts.reproducibility, graph, parts.warnings.height);
    let warnings_above = draw_warnings(painter, parts.warnings, graph);
    let drawing = screen.graph_layout(size);
    let selected_box = drawing.box_of(screen.cursor.index);
    let boxes = &drawing.boxes;
    graph::draw(painter, &drawing, |placed| {
        box_style(
            graph,
            placed,
            selected_box.is_some_and(|at| boxes.get(at) == Some(placed)),
        )
    });
    if let Some(placed) = selected_box.and_then(|at| drawing.boxes.get(at)) {
        let subject = facts::Subject {
            graph,
            placed,
            zone: &app.shared.session.time_zone,
            shows_checks: parts.checklist.is_none(),
            warnings_above,
        };
        facts::draw(painter, parts.facts, &subject);
    }
    if let Some(area) = parts.checklist {
        draw_checklist(painter, area, graph);
    }
}

fn indent(area: Rect) -> Rect {
    Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(1),
        ..area
    }
}

fn box_style(graph: &Graph, placed: &NodeBox, is_selected: bool) -> BoxStyle {
    let first = placed.nodes.first().and_then(|at| graph.nodes.get(*at));
    let role = match first {
        Some(node) if !placed.is_collapsed => node_role(node),
        _ => Role::Muted,
    };
    BoxStyle {
        role,
        is_main: first.is_some_and(|node| node.kind == NodeKind::Version),
        is_selected,
    }
}

fn node_role(node: &Node) -> Role {
    let has_fact =
        |key: &str, word: &str| node.attribute(key).is_some_and(|value| value.raw() == word);
    match node.kind {
        NodeKind::Version => Role::Baseline,
        NodeKind::Deployment if has_fact("ready", "no") => Role::Warn,
        NodeKind::Stage | NodeKind::Alias | NodeKind::Deployment => Role::Good,
        NodeKind::Evidence
            if node
                .attributes
                .iter()
                .any(|(_, value)| value.raw().contains("(!)")) =>
        {
            Role::Bad
        }
        _ if has_fact("state", "not found") => Role::Bad,
        NodeKind::Run | NodeKind::ParentRun if has_fact("lifecycle", "deleted") => Role::Bad,
        NodeKind::Code if has_fact("dirty", "true") => Role::Warn,
        _ => Role::Text,
    }
}

/// Symbols of the checklist, which need no colour, with their roles.
fn check_symbol(painter: &Painter<'_>, state: Completeness) -> TextSpan {
    match state {
        Completeness::Recorded => (painter.theme.symbol("✓", "+").to_owned(), Role::Good),
        Completeness::Partial => (painter.theme.symbol("◐", "~").to_owned(), Role::Warn),
        Completeness::NotRecorded => (painter.theme.symbol("✗", "x").to_owned(), Role::Bad),
    }
}

/// Reproducibility in one line, after the number of warnings if they have no room.
fn draw_reproducibility_line(
    painter: &mut Painter<'_>,
    area: Rect,
    graph: &Graph,
    warning_rows: u16,
) {
    let count = graph.warnings.len();
    let mut pieces: Vec<TextSpan> = vec![(" ".to_owned(), Role::Text)];
    if count > 0 && warning_rows == 0 {
        let first = graph
            .warnings
            .first()
            .map(String::as_str)
            .unwrap_or_default();
        // Symbols only, to leave room for the first warning.
        pieces.extend(
            graph
                .reproducibility
                .iter()
                .map(|check| check_symbol(painter, check.state)),
        );
        pieces.push((
            format!(" {}{count} {first}", painter.theme.symbol("▲", "!")),
            Role::Bad,
        ));
    } else {
        for check in &graph.reproducibility {
            let (sign, role) = check_symbol(painter, check.state);
            pieces.push((format!("{sign} {}  ", check.aspect), role));
        }
    }
    let wide = pieces
        .iter()
        .map(|(text, _)| crate::text::width::width(text))
        .sum::<u16>();
    if wide > area.width && (count == 0 || warning_rows > 0) {
        // Missing aspects first.
        let (open, rest): (Vec<_>, Vec<_>) = graph
            .reproducibility
            .iter()
            .partition(|check| check.state != Completeness::Recorded);
        let span_of = |check: &&crate::lineage::ReproducibilityCheck| {
            let (sign, role) = check_symbol(painter, check.state);
            (format!("{sign}{} ", check.aspect), role)
        };
        pieces = open.iter().chain(&rest).map(span_of).collect();
        pieces.insert(0, (" ".to_owned(), Role::Text));
    }
    painter.draw_spans(area, &pieces);
}

/// The version in one line; a second one has the rest where there is room.
fn draw_summary(painter: &mut Painter<'_>, area: Rect, graph: &Graph) {
    let summary = graph.summary.clean();
    let lines = wrap(&summary, area.width);
    if area.height < 2 || lines.len() < 2 {
        painter.draw_text(area, &summary, Role::Accent);
        return;
    }
    let [first, rest @ ..] = lines.as_slice() else {
        return;
    };
    painter.draw_text(area, first, Role::Accent);
    let rest: Vec<&str> = rest.iter().map(|line| line.trim_end()).collect();
    painter.draw_text(row_at(area, 1), &rest.join(" "), Role::Accent);
}

/// Draws the warnings that fit. Returns how many.
fn draw_warnings(painter: &mut Painter<'_>, area: Rect, graph: &Graph) -> usize {
    let symbol = painter.theme.symbol("▲", "!");
    let area = indent(area);
    let (lines, shown) = head_warnings(graph, area.width, area.height.into(), symbol);
    let lines: Vec<Vec<TextSpan>> = lines
        .into_iter()
        .map(|line| vec![(line, Role::Bad)])
        .collect();
    painter.draw_lines(area, &lines);
    shown
}

fn draw_checklist(painter: &mut Painter<'_>, area: Rect, graph: &Graph) {
    let inside = painter.draw_frame(area, "reproducibility", false);
    let lines = graph
        .reproducibility
        .iter()
        .map(|check| check_lines(painter, check, inside.width));
    // Details wrap only if all lines still fit.
    let whole: Vec<Vec<Vec<TextSpan>>> = lines.collect();
    let fits = whole.iter().map(Vec::len).sum::<usize>() <= usize::from(inside.height);
    let lines: Vec<Vec<TextSpan>> = whole
        .into_iter()
        .flat_map(|lines| lines.into_iter().take(if fits { usize::MAX } else { 1 }))
        .collect();
    painter.draw_lines(inside, &lines);
}

fn check_lines(
    painter: &Painter<'_>,
    check: &crate::lineage::ReproducibilityCheck,
    room: u16,
) -> Vec<Vec<TextSpan>> {
    let (sign, role) = check_symbol(painter, check.state);
    let mut lines = Vec::new();
    let detail = if painter.theme.is_ascii {
        check.detail.replace('→', "->")
    } else {
        check.detail.clone()
    };
    for (nth, part) in wrap(&detail, room.saturating_sub(14).max(8))
        .into_iter()
        .enumerate()
    {
        let head = if nth == 0 {
            format!("{sign} {:<12}", check.aspect)
        } else {
            " ".repeat(14)
        };
        lines.push(vec![(head, role), (part, Role::Muted)]);
    }
    if lines.is_empty() {
        lines.push(vec![(format!("{sign} {:<12}", check.aspect), role)]);
    }
    lines
}
