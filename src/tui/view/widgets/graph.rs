//! Draws a [`Layout`] of a graph with boxes and lines.

use std::collections::BTreeMap;

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::lineage::graph_layout::{
    Arrowhead, CellArea, Connector, ConnectorEnd, DOWN, GraphLayout, LEFT, NodeBox, RIGHT, UP,
};
use crate::text::width::{truncate, width, wrap};
use crate::tui::view::painter::Painter;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxStyle {
    /// The role of the text.
    pub role: Role,
    /// The subject of the graph, with a heavier frame.
    pub is_main: bool,
    pub is_selected: bool,
}

/// Draws a layout; `style` returns the style of each box.
pub fn draw(painter: &mut Painter<'_>, layout: &GraphLayout, style: impl Fn(&NodeBox) -> BoxStyle) {
    let selected = layout
        .boxes
        .iter()
        .position(|placed| style(placed).is_selected);
    draw_connectors(painter, layout, selected);
    for placed in &layout.boxes {
        if let Some(area) = placed.area {
            draw_box(painter, placed, to_rect(area), style(placed));
        }
    }
    for (beyond, before) in [(layout.hidden_left, true), (layout.hidden_right, false)] {
        let Some((beyond, area)) = beyond.and_then(|beyond| Some((beyond, beyond.area?))) else {
            continue;
        };
        let count = if beyond.node_count > 99 {
            "99+".to_owned()
        } else {
            beyond.node_count.to_string()
        };
        let text = if before {
            format!("{}{count}", painter.theme.symbol("‹", "<"))
        } else {
            format!("{count}{}", painter.theme.symbol("›", ">"))
        };
        painter.draw_text(to_rect(area), &text, Role::Muted);
    }
}

fn to_rect(area: CellArea) -> Rect {
    Rect {
        x: area.x,
        y: area.y,
        width: area.width,
        height: area.height,
    }
}

/// Draws connectors, those of the box under the cursor last.
fn draw_connectors(painter: &mut Painter<'_>, layout: &GraphLayout, selected: Option<usize>) {
    let is_own = |connector: &Connector| {
        selected.is_some_and(|at| [connector.from, connector.to].contains(&ConnectorEnd::Box(at)))
    };
    let mut cells: BTreeMap<(u16, u16), (u8, bool)> = BTreeMap::new();
    for connector in &layout.connectors {
        let is_selected = is_own(connector);
        for cell in &connector.cells {
            let known = cells.entry((cell.y, cell.x)).or_default();
            known.0 |= cell.directions;
            known.1 |= is_selected;
        }
    }
    for ((y, x), (lines, own)) in cells {
        let sign = if painter.theme.is_ascii {
            connector_ascii(lines)
        } else {
            connector_symbol(lines)
        };
        painter.draw_text(
            Rect {
                x,
                y,
                width: 1,
                height: 1,
            },
            sign,
            if own { Role::Accent } else { Role::Border },
        );
    }
    for connector in &layout.connectors {
        let Some(Arrowhead { x, y, points_left }) = connector.arrowhead else {
            continue;
        };
        let head = if points_left {
            painter.theme.symbol("◀", "<")
        } else {
            painter.theme.symbol("▶", ">")
        };
        painter.draw_text(
            Rect {
                x,
                y,
                width: 1,
                height: 1,
            },
            head,
            if is_own(connector) {
                Role::Accent
            } else {
                Role::Border
            },
        );
    }
}

/// The line character of a cell, by the sides that lines leave it on.
fn connector_symbol(lines: u8) -> &'static str {
    const SIGNS: [&str; 16] = [
        " ", "│", "│", "│", "─", "╯", "╮", "┤", "─", "╰", "╭", "├", "─", "┴", "┬", "┼",
    ];
    debug_assert!(
        (UP, DOWN, LEFT, RIGHT) == (1, 2, 4, 8),
        "the table is indexed by these bits"
    );
    SIGNS.get(usize::from(lines)).copied().unwrap_or("┼")
}

fn connector_ascii(lines: u8) -> &'static str {
    match lines {
        UP | DOWN | 3 => "|",
        LEFT | RIGHT | 12 => "-",
        _ => "+",
    }
}

fn draw_box(painter: &mut Painter<'_>, placed: &NodeBox, area: Rect, style: BoxStyle) {
    if area.height < 3 {
        draw_unframed_box(painter, placed, area, style);
    } else {
        draw_box_frame(painter, area, style.is_main, style.is_selected);
        draw_box_title(painter, placed, area);
        draw_box_content(painter, placed, area, style.role);
    }
    if style.is_selected {
        painter.apply_role(area, Role::Selection);
    }
}

/// A box in one line, between brackets.
fn draw_unframed_box(painter: &mut Painter<'_>, placed: &NodeBox, area: Rect, style: BoxStyle) {
    let inside = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        ..area
    };
    painter.draw_text(area, if style.is_main { "<" } else { "[" }, Role::Border);
    painter.draw_text(
        Rect {
            x: area.right().saturating_sub(1),
            width: 1,
            ..area
        },
        if style.is_main { ">" } else { "]" },
        Role::Border,
    );
    // If there is room for one only, the label says more than the kind.
    let word = format!("{} ", placed.title);
    let both = width(&word) + width(&placed.label) <= inside.width;
    let role = if style.is_main {
        Role::Baseline
    } else {
        style.role
    };
    let label = fitted(&placed.label, &placed.label_suffix, inside.width);
    let label = (label, role);
    let pieces = if both {
        vec![(word, Role::Muted), label]
    } else {
        vec![label]
    };
    painter.draw_spans(inside, &pieces);
}

/// The title of a box and the number of its hidden edges, on the frame.
fn draw_box_title(painter: &mut Painter<'_>, placed: &NodeBox, area: Rect) {
    let hidden_edges = if placed.hidden_edges > 0 {
        format!("{}{}", painter.theme.symbol("↷", "~"), placed.hidden_edges)
    } else {
        String::new()
    };
    let room = area.width.saturating_sub(4);
    let title = truncate(&placed.title, room.saturating_sub(width(&hidden_edges)));
    painter.draw_text(
        Rect {
            x: area.x + 1,
            width: room + 2,
            height: 1,
            ..area
        },
        &format!(" {title} "),
        Role::Muted,
    );
    painter.draw_right_aligned(
        Rect {
            x: area.x + 1,
            width: area.width - 2,
            height: 1,
            ..area
        },
        &hidden_edges,
        Role::Warn,
    );
}

/// The label of a box and its details, inside the frame.
fn draw_box_content(painter: &mut Painter<'_>, placed: &NodeBox, area: Rect, role: Role) {
    let inside = Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width - 2,
        height: 1,
    };
    let below = Rect {
        y: area.y + 2,
        ..inside
    };
    match wrap(&placed.label, inside.width).as_slice() {
        // A long label continues in the line of details.
        [first, rest @ ..] if area.height > 3 && !rest.is_empty() => {
            painter.draw_text(inside, first, role);
            let rest = rest.concat();
            painter.draw_text(
                below,
                &fitted(&rest, &placed.label_suffix, below.width),
                role,
            );
        }
        _ => {
            let label = fitted(&placed.label, &placed.label_suffix, inside.width);
            painter.draw_text(inside, &label, role);
            if area.height > 3 {
                painter.draw_text(below, &placed.detail, Role::Muted);
            }
        }
    }
}

/// A label with its end kept, if that matters.
fn fitted(label: &str, suffix: &str, room: u16) -> String {
    let tail = width(suffix);
    if suffix.is_empty() || width(label) <= room || tail + 2 > room {
        return label.to_owned();
    }
    let head = label.strip_suffix(suffix).unwrap_or(label);
    format!("{}{suffix}", truncate(head, room - tail))
}

/// The frame of a box, heavier for the subject of the graph.
fn draw_box_frame(painter: &mut Painter<'_>, area: Rect, is_main: bool, is_selected: bool) {
    let role = if is_selected {
        Role::BorderFocus
    } else {
        Role::Border
    };
    let [flat, upright, corners @ ..]: [&str; 6] = match (painter.theme.is_ascii, is_main) {
        (true, true) => ["=", "|", "#", "#", "#", "#"],
        (true, false) => ["-", "|", "+", "+", "+", "+"],
        (false, true) => ["━", "┃", "┏", "┓", "┗", "┛"],
        (false, false) => ["─", "│", "╭", "╮", "╰", "╯"],
    };
    let middle = flat.repeat(usize::from(area.width.saturating_sub(2)));
    let row = |y: u16| Rect {
        y,
        height: 1,
        ..area
    };
    painter.draw_text(
        row(area.y),
        &format!("{}{middle}{}", corners[0], corners[1]),
        role,
    );
    painter.draw_text(
        row(area.bottom() - 1),
        &format!("{}{middle}{}", corners[2], corners[3]),
        role,
    );
    for y in area.y + 1..area.bottom() - 1 {
        painter.draw_text(Rect { width: 1, ..row(y) }, upright, role);
        painter.draw_text(
            Rect {
                x: area.right() - 1,
                width: 1,
                ..row(y)
            },
            upright,
            role,
        );
    }
}
