//! Draws a figure in cells: axes with ticks, lines of dots, and markers that distinguish curves without colour.

mod raster;
mod shapes;

use ratatui::layout::Rect;

pub use raster::DotStyle;

use crate::chart::Figure;
use crate::config::theme::Role;
use crate::text::width::width;
use crate::tui::app::plot::{PlotAreas, plot_areas, x_ticks, y_ticks};
use crate::tui::view::painter::Painter;

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
    painter.draw_text(
        parts.notes,
        &format!("  {}", figure.notes.join("; ")),
        Role::Muted,
    );
}

fn draw_axes(painter: &mut Painter<'_>, parts: &PlotAreas, figure: &Figure) {
    if parts.y_axis.width == 0 {
        return;
    }
    let [upright, tick, corner, level, notch] =
        [("│", "|"), ("┤", "+"), ("└", "+"), ("─", "-"), ("┬", "+")]
            .map(|(sign, ascii)| painter.theme.symbol(sign, ascii));
    for y in parts.y_axis.top()..parts.y_axis.bottom() {
        painter.draw_text(
            Rect {
                y,
                height: 1,
                ..parts.y_axis
            },
            upright,
            Role::Border,
        );
    }
    let rows = f64::from(parts.data.height.saturating_sub(1));
    for mark in y_ticks(&figure.y, parts.data.height)
        .into_iter()
        .filter(|mark| (-0.001..=1.001).contains(&mark.position))
    {
        let y = parts.data.y + ((1.0 - mark.position) * rows).round().clamp(0.0, rows) as u16;
        painter.draw_right_aligned(
            Rect {
                y,
                height: 1,
                ..parts.y_labels
            },
            &mark.label,
            Role::Muted,
        );
        painter.draw_text(
            Rect {
                y,
                height: 1,
                ..parts.y_axis
            },
            tick,
            Role::Border,
        );
    }
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
    let columns = f64::from(parts.data.width.saturating_sub(1));
    let mut next_free_x = parts.y_labels.x;
    for mark in x_ticks(&figure.x, parts.data.width)
        .into_iter()
        .filter(|mark| (-0.001..=1.001).contains(&mark.position))
    {
        let x = parts.data.x + (mark.position * columns).round().clamp(0.0, columns) as u16;
        let wide = width(&mark.label);
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
            &mark.label,
            Role::Muted,
        );
    }
    let rest = parts.x_labels.right().saturating_sub(next_free_x + 1);
    if width(&figure.x.title) <= rest {
        painter.draw_right_aligned(parts.x_labels, &figure.x.title, Role::Muted);
    }
}
