//! A graph in boxes and lines: what a [`Layout`] says, in signs.

use std::collections::BTreeMap;

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::lineage::graph_layout::{Area, Connector, DOWN, End, LEFT, Layout, Placed, RIGHT, UP};
use crate::text::fit::{cut, width, wrap};
use crate::tui::view::paint::Paint;

/// How a box is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// The role of its words.
    pub role: Role,
    /// Whether it is the one that all others are about.
    pub main: bool,
    /// Whether it is under the cursor.
    pub chosen: bool,
}

/// Draws a layout; `style` says how each box looks.
pub fn draw(paint: &mut Paint<'_>, layout: &Layout, style: impl Fn(&Placed) -> Style) {
    let chosen = layout.boxes.iter().position(|placed| style(placed).chosen);
    lines(paint, layout, chosen);
    for placed in &layout.boxes {
        if let Some(area) = placed.area {
            draw_box(paint, placed, rect(area), style(placed));
        }
    }
    for (beyond, before) in [(layout.before, true), (layout.after, false)] {
        let Some((beyond, area)) = beyond.and_then(|beyond| Some((beyond, beyond.area?))) else {
            continue;
        };
        let count = if beyond.nodes > 99 {
            "99+".to_owned()
        } else {
            beyond.nodes.to_string()
        };
        let text = if before {
            format!("{}{count}", paint.look.sign("‹", "<"))
        } else {
            format!("{count}{}", paint.look.sign("›", ">"))
        };
        paint.text(rect(area), &text, Role::Muted);
    }
}

fn rect(area: Area) -> Rect {
    Rect {
        x: area.x,
        y: area.y,
        width: area.width,
        height: area.height,
    }
}

/// The connectors, those of the box under the cursor over the others.
fn lines(paint: &mut Paint<'_>, layout: &Layout, chosen: Option<usize>) {
    let is_own = |connector: &Connector| {
        chosen.is_some_and(|at| [connector.from, connector.to].contains(&End::Box(at)))
    };
    let mut cells: BTreeMap<(u16, u16), (u8, bool)> = BTreeMap::new();
    for connector in &layout.connectors {
        let own = is_own(connector);
        for cell in &connector.cells {
            let known = cells.entry((cell.y, cell.x)).or_default();
            known.0 |= cell.lines;
            known.1 |= own;
        }
    }
    for ((y, x), (lines, own)) in cells {
        let sign = if paint.look.ascii {
            ascii(lines)
        } else {
            sign(lines)
        };
        paint.text(
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
        let Some((x, y, left)) = connector.head else {
            continue;
        };
        let head = if left {
            paint.look.sign("◀", "<")
        } else {
            paint.look.sign("▶", ">")
        };
        paint.text(
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

/// The sign of a cell that these lines leave.
fn sign(lines: u8) -> &'static str {
    const SIGNS: [&str; 16] = [
        " ", "│", "│", "│", "─", "╯", "╮", "┤", "─", "╰", "╭", "├", "─", "┴", "┬", "┼",
    ];
    debug_assert!(
        (UP, DOWN, LEFT, RIGHT) == (1, 2, 4, 8),
        "the table is in the order of these bits"
    );
    SIGNS.get(usize::from(lines)).copied().unwrap_or("┼")
}

fn ascii(lines: u8) -> &'static str {
    match lines {
        UP | DOWN | 3 => "|",
        LEFT | RIGHT | 12 => "-",
        _ => "+",
    }
}

fn draw_box(paint: &mut Paint<'_>, placed: &Placed, area: Rect, style: Style) {
    let far = if placed.far > 0 {
        format!("{}{}", paint.look.sign("↷", "~"), placed.far)
    } else {
        String::new()
    };
    if area.height < 3 {
        let inside = Rect {
            x: area.x + 1,
            width: area.width.saturating_sub(2),
            ..area
        };
        paint.text(area, if style.main { "<" } else { "[" }, Role::Border);
        paint.text(
            Rect {
                x: area.right().saturating_sub(1),
                width: 1,
                ..area
            },
            if style.main { ">" } else { "]" },
            Role::Border,
        );
        // The label says more than the word before it, where there is room for one only.
        let word = format!("{} ", placed.title);
        let both = width(&word) + width(&placed.label) <= inside.width;
        let role = if style.main {
            Role::Baseline
        } else {
            style.role
        };
        let label = (label(placed, inside.width), role);
        let pieces = if both {
            vec![(word, Role::Muted), label]
        } else {
            vec![label]
        };
        paint.pieces(inside, &pieces);
    } else {
        frame(paint, area, style.main, style.chosen);
        let room = area.width.saturating_sub(4);
        let title = cut(&placed.title, room.saturating_sub(width(&far)));
        paint.text(
            Rect {
                x: area.x + 1,
                width: room + 2,
                height: 1,
                ..area
            },
            &format!(" {title} "),
            Role::Muted,
        );
        paint.right(
            Rect {
                x: area.x + 1,
                width: area.width - 2,
                height: 1,
                ..area
            },
            &far,
            Role::Warn,
        );
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
            // A label that is too long goes on in the line of details, where there is one.
            [first, rest @ ..] if area.height > 3 && !rest.is_empty() => {
                paint.text(inside, first, style.role);
                paint.text(below, &rest.concat(), style.role);
            }
            _ => {
                paint.text(inside, &label(placed, inside.width), style.role);
                if area.height > 3 {
                    paint.text(below, &placed.detail, Role::Muted);
                }
            }
        }
    }
    if style.chosen {
        paint.over(area, Role::Selection);
    }
}

/// The label of a box, cut so that its end is seen where that matters.
fn label(placed: &Placed, room: u16) -> String {
    let tail = width(&placed.tail);
    if placed.tail.is_empty() || width(&placed.label) <= room || tail + 2 > room {
        return placed.label.clone();
    }
    let head = placed
        .label
        .strip_suffix(&placed.tail)
        .unwrap_or(&placed.label);
    format!("{}{}", cut(head, room - tail), placed.tail)
}

/// The frame of a box: the one that all others are about is drawn heavier.
fn frame(paint: &mut Paint<'_>, area: Rect, main: bool, chosen: bool) {
    let role = if chosen {
        Role::BorderFocus
    } else {
        Role::Border
    };
    let [flat, upright, corners @ ..]: [&str; 6] = match (paint.look.ascii, main) {
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
    paint.text(
        row(area.y),
        &format!("{}{middle}{}", corners[0], corners[1]),
        role,
    );
    paint.text(
        row(area.bottom() - 1),
        &format!("{}{middle}{}", corners[2], corners[3]),
        role,
    );
    for y in area.y + 1..area.bottom() - 1 {
        paint.text(Rect { width: 1, ..row(y) }, upright, role);
        paint.text(
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
