//! Draws a figure in cells: axes with ticks, lines of dots, and markers that distinguish curves without colour.

mod raster;
mod shapes;

use ratatui::layout::Rect;

pub use raster::DotStyle;

use crate::chart::{Figure, Quantity, Tick};
use crate::config::theme::Role;
use crate::text::width::{truncate, width, wrap_to};
use crate::tui::app::plot::{
    NOTE_INDENT, PlotAreas, note_text, plot_areas, row_of, x_ticks, y_ticks,
};
use crate::tui::view::painter::{Painter, after, row_at};

/// Extras that are drawn over a figure.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChartOverlay {
    /// The crosshair, in units of x.
    pub crosshair: Option<f64>,
    /// Whether the chart has the focus.
    pub has_focus: bool,
}

pub fn draw(painter: &mut Painter<'_>, area: Rect, figure: &Figure, overlay: ChartOverlay) {
    let parts = plot_areas(area, figure);
    let title = if overlay.has_focus {
        format!("{}{}", painter.theme.symbol("▸ ", "> "), figure.title)
    } else {
        format!("  {}", figure.title)
    };
    painter.draw_text(
        parts.title,
        &title,
        if overlay.has_focus {
            Role::Accent
        } else {
            Role::Title
        },
    );
    draw_axes(painter, &parts, figure);
    shapes::draw(painter, parts.data, figure, overlay.crosshair);
    let notes = after(parts.notes, NOTE_INDENT);
    let lines = wrap_to(&note_text(figure), notes.width, notes.height.into());
    for (nth, line) in lines.iter().enumerate() {
        painter.draw_text(row_at(notes, nth as u16), line, Role::Muted);
    }
}

fn draw_axes(painter: &mut Painter<'_>, parts: &PlotAreas, figure: &Figure) {
    if parts.y_axis.width == 0 {
        return;
    }
    draw_y_axis(painter, parts, figure);
    draw_x_axis_line(painter, parts);
    let next_free_x = match &figure.x.quantity {
        Quantity::Categories(names) => draw_names(painter, parts, figure, names.len()),
        _ => draw_x_ticks(painter, parts, figure),
    };
    let rest = parts.x_labels.right().saturating_sub(next_free_x + 1);
    if width(&figure.x.title) <= rest {
        painter.draw_right_aligned(row_at(parts.x_labels, 0), &figure.x.title, Role::Muted);
    }
}

fn draw_y_axis(painter: &mut Painter<'_>, parts: &PlotAreas, figure: &Figure) {
    let [upright, notch] =
        [("│", "|"), ("┤", "+")].map(|(sign, ascii)| painter.theme.symbol(sign, ascii));
    let row = |area: Rect, y: u16| Rect {
        y,
        height: 1,
        ..area
    };
    for y in parts.y_axis.top()..parts.y_axis.bottom() {
        painter.draw_text(row(parts.y_axis, y), upright, Role::Border);
    }
    for tick in y_ticks(&figure.y, parts.data.height)
        .into_iter()
        .filter(is_on_axis)
    {
        let y = parts.data.y + row_of(tick.position, parts.data.height);
        painter.draw_right_aligned(row(parts.y_labels, y), &tick.label, Role::Muted);
        painter.draw_text(row(parts.y_axis, y), notch, Role::Border);
    }
}

/// Draws the x axis without ticks, and the corner where the axes meet.
fn draw_x_axis_line(painter: &mut Painter<'_>, parts: &PlotAreas) {
    let [corner, level] =
        [("└", "+"), ("─", "-")].map(|(sign, ascii)| painter.theme.symbol(sign, ascii));
    painter.draw_text(
        Rect {
            x: parts.y_axis.x,
            width: 1,
            ..parts.x_axis
        },
        corner,
        Role::Border,
    );
    painter.draw_text(
        parts.x_axis,
        &level.repeat(usize::from(parts.x_axis.width)),
        Role::Border,
    );
}

/// Draws ticks and their labels. Returns the first column after the last label and a gap.
fn draw_x_ticks(painter: &mut Painter<'_>, parts: &PlotAreas, figure: &Figure) -> u16 {
    let notch = painter.theme.symbol("┬", "+");
    let columns = f64::from(parts.data.width.saturating_sub(1));
    let mut next_free_x = parts.y_labels.x;
    for tick in x_ticks(&figure.x, parts.data.width)
        .into_iter()
        .filter(is_on_axis)
    {
        let x = parts.data.x + (tick.position * columns).round().clamp(0.0, columns) as u16;
        let wide = width(&tick.label);
        let start = x
            .saturating_sub(wide / 2)
            .min(parts.x_labels.right().saturating_sub(wide))
            .max(parts.y_labels.x);
        // Skips a label that would overlap the one before.
        if start < next_free_x {
            continue;
        }
        next_free_x = start + wide + 1;
        painter.draw_text(
            Rect {
                x,
                width: 1,
                ..parts.x_axis
            },
            notch,
            Role::Border,
        );
        painter.draw_text(
            Rect {
                x: start,
                width: wide.min(parts.x_labels.right().saturating_sub(start)),
                ..parts.x_labels
            },
            &tick.label,
            Role::Muted,
        );
    }
    next_free_x
}

/// Draws the names below the x axis, in turns in two rows if one is too short. Returns the first free column of the first row.
fn draw_names(painter: &mut Painter<'_>, parts: &PlotAreas, figure: &Figure, count: usize) -> u16 {
    let notch = painter.theme.symbol("┬", "+");
    let columns = f64::from(parts.data.width.saturating_sub(1));
    let (room, named) = parts.name_room(count);
    let rows = parts.x_labels.height.max(1);
    let mut next_free_x = parts.y_labels.x;
    let ticks = x_ticks(&figure.x, parts.data.width).into_iter();
    for (nth, tick) in ticks
        .step_by(count.div_ceil(named.max(1)).max(1))
        .enumerate()
    {
        let x = parts.data.x + (tick.position * columns).round().clamp(0.0, columns) as u16;
        let name = truncate(&tick.label, room);
        let wide = width(&name);
        let start = x
            .saturating_sub(wide / 2)
            .min(parts.x_labels.right().saturating_sub(wide))
            .max(parts.y_labels.x);
        let row = nth as u16 % rows;
        let mark = Rect {
            x,
            width: 1,
            ..parts.x_axis
        };
        painter.draw_text(mark, notch, Role::Border);
        let place = Rect {
            x: start,
            width: wide.min(parts.x_labels.right().saturating_sub(start)),
            ..row_at(parts.x_labels, row)
        };
        painter.draw_text(place, &name, Role::Muted);
        if row == 0 {
            next_free_x = start + wide + 1;
        }
    }
    next_free_x
}

/// Tolerates rounding errors at both ends of the axis.
fn is_on_axis(tick: &Tick) -> bool {
    (-0.001..=1.001).contains(&tick.position)
}
