//! The header of the run table.

use ratatui::layout::Rect;

use super::{DrawContext, draw_divider, sort_arrow};
use crate::config::theme::Role;
use crate::table::{ColumnDisplay, ColumnKey};
use crate::text::excerpt::distinct_cuts;
use crate::text::width::width;
use crate::tui::screens::runs::columns::PlacedColumn;
use crate::tui::view::painter::Painter;

pub(super) fn draw_header(painter: &mut Painter<'_>, area: Rect, scene: &DrawContext<'_>) {
    let names = column_names(scene);
    for place in &scene.placed {
        let cell = Rect {
            x: area.x + place.x,
            width: place.width,
            ..area
        };
        draw_divider(painter, area, *place);
        let Some(index) = place.index else {
            let goal = scene.goal.as_ref();
            let metric = goal.map(|goal| format!("curve {}", goal.metric.clean()));
            let title = metric.filter(|title| width(title) <= cell.width);
            painter.draw_text(cell, title.as_deref().unwrap_or("curve"), Role::Header);
            continue;
        };
        let column = scene.visible_columns[index];
        let sorted = scene
            .screen
            .arrangement
            .sort
            .iter()
            .find(|key| key.column == column.key);
        if let Some((_, name)) = names.iter().find(|(named, _)| *named == index) {
            let arrow = sorted.map(|sort| sort_arrow(sort.descending));
            let role = header_role(&column.key);
            draw_title(painter, cell, (name, arrow), column.is_numeric, role);
        } else if let Some(sort) = sorted {
            painter.draw_text(cell, sort_arrow(sort.descending), Role::Header);
        }
        if index == scene.screen.columns.cursor {
            painter.apply_role(cell, Role::Selection);
        }
    }
    draw_edges(painter, area, scene);
}

/// The titles of the columns on the screen by their index; different ones differ after they are cut, too.
fn column_names(scene: &DrawContext<'_>) -> Vec<(usize, String)> {
    let columns = &scene.screen.columns;
    let title = |place: &PlacedColumn| {
        let index = place.index?;
        let key = &scene.visible_columns.get(index)?.key;
        let folded = match columns.folded_count(key) {
            0 => String::new(),
            others => format!(" +{others}"),
        };
        let is_titled = key.kind().display != ColumnDisplay::StatusSymbol;
        is_titled.then(|| {
            (
                index,
                format!("{}{folded}", columns.title(key)),
                place.width,
            )
        })
    };
    let titles: Vec<(usize, String, u16)> = scene.placed.iter().filter_map(title).collect();
    let rooms: Vec<(&str, u16)> = titles
        .iter()
        .map(|(_, title, room)| (title.as_str(), *room))
        .collect();
    let cuts = distinct_cuts(&rooms);
    titles.iter().map(|(index, ..)| *index).zip(cuts).collect()
}

/// Draws a title; its arrow takes the gap after the column if the column is not wide enough.
fn draw_title(
    painter: &mut Painter<'_>,
    cell: Rect,
    (name, arrow): (&str, Option<&str>),
    is_right_aligned: bool,
    role: Role,
) {
    let whole = arrow.map(|arrow| format!("{name} {arrow}"));
    let has_room = whole
        .as_deref()
        .is_some_and(|title| width(title) <= cell.width);
    let title = whole.as_deref().filter(|_| has_room).unwrap_or(name);
    if is_right_aligned {
        painter.draw_right_aligned(cell, title, role)
    } else {
        painter.draw_text(cell, title, role)
    };
    if let Some(arrow) = arrow.filter(|_| !has_room) {
        let gap = Rect {
            x: cell.right(),
            width: 1,
            ..cell
        };
        painter.draw_text(gap, arrow, role);
    }
}

/// Params and tags look different from metrics.
fn header_role(column: &ColumnKey) -> Role {
    match column {
        ColumnKey::Param(_) | ColumnKey::Tag(_) => Role::Info,
        _ => Role::Header,
    }
}

/// Marks the edges beyond which there are more columns.
fn draw_edges(painter: &mut Painter<'_>, header: Rect, scene: &DrawContext<'_>) {
    let (left, right) = scene.screen.columns.columns_beyond(&scene.placed);
    let edge = |x| Rect {
        x,
        width: 1,
        ..header
    };
    if left > 0 {
        let mark = painter.theme.symbol("‹", "<");
        painter.draw_text(edge(header.x), mark, Role::Accent);
    }
    if right > 0 {
        let mark = painter.theme.symbol("›", ">");
        painter.draw_text(edge(header.right().saturating_sub(1)), mark, Role::Accent);
    }
}
