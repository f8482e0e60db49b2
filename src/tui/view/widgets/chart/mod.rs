//! A figure in cells: axes with ticks, lines of dots, marks that tell curves apart without colour.

mod raster;
mod shapes;

use ratatui::layout::Rect;

pub use raster::Dots;

use crate::chart::Figure;
use crate::config::theme::Role;
use crate::text::fit::width;
use crate::tui::app::plot::{Plot, plot, x_ticks, y_ticks};
use crate::tui::view::paint::Paint;

/// What is drawn over a figure.
#[derive(Clone, Copy, Debug, Default)]
pub struct Over {
    /// The x of the crosshair.
    pub cross: Option<f64>,
    /// Whether it has the keys.
    pub focus: bool,
}

/// Draws a figure in an area.
pub fn draw(paint: &mut Paint<'_>, area: Rect, figure: &Figure, over: Over) {
    let parts = plot(area, figure);
    let title = if over.focus {
        format!("{}{}", paint.look.sign("▸ ", "> "), figure.title)
    } else {
        format!("  {}", figure.title)
    };
    paint.text(
        parts.title,
        &title,
        if over.focus {
            Role::Accent
        } else {
            Role::Title
        },
    );
    axes(paint, &parts, figure);
    shapes::draw(paint, parts.inside, figure, over.cross);
    paint.text(
        parts.notes,
        &format!("  {}", figure.notes.join("; ")),
        Role::Muted,
    );
}

fn axes(paint: &mut Paint<'_>, parts: &Plot, figure: &Figure) {
    if parts.rule.width == 0 {
        return;
    }
    let [upright, tick, corner, level, notch] =
        [("│", "|"), ("┤", "+"), ("└", "+"), ("─", "-"), ("┬", "+")]
            .map(|(sign, ascii)| paint.look.sign(sign, ascii));
    for y in parts.rule.top()..parts.rule.bottom() {
        paint.text(
            Rect {
                y,
                height: 1,
                ..parts.rule
            },
            upright,
            Role::Border,
        );
    }
    let rows = f64::from(parts.inside.height.saturating_sub(1));
    for mark in y_ticks(&figure.y, parts.inside.height)
        .into_iter()
        .filter(|mark| (-0.001..=1.001).contains(&mark.at))
    {
        let y = parts.inside.y + ((1.0 - mark.at) * rows).round().clamp(0.0, rows) as u16;
        paint.right(
            Rect {
                y,
                height: 1,
                ..parts.gutter
            },
            &mark.label,
            Role::Muted,
        );
        paint.text(
            Rect {
                y,
                height: 1,
                ..parts.rule
            },
            tick,
            Role::Border,
        );
    }
    paint.text(
        Rect {
            x: parts.rule.x,
            width: 1,
            ..parts.floor
        },
        corner,
        Role::Border,
    );
    paint.text(
        parts.floor,
        &level.repeat(usize::from(parts.floor.width)),
        Role::Border,
    );
    let columns = f64::from(parts.inside.width.saturating_sub(1));
    let mut free = parts.gutter.x;
    for mark in x_ticks(&figure.x, parts.inside.width)
        .into_iter()
        .filter(|mark| (-0.001..=1.001).contains(&mark.at))
    {
        let x = parts.inside.x + (mark.at * columns).round().clamp(0.0, columns) as u16;
        let wide = width(&mark.label);
        let start = x
            .saturating_sub(wide / 2)
            .min(parts.bottom.right().saturating_sub(wide))
            .max(parts.gutter.x);
        // A label that would run into the one before is left out.
        if start < free {
            continue;
        }
        free = start + wide + 1;
        paint.text(
            Rect {
                x,
                width: 1,
                ..parts.floor
            },
            notch,
            Role::Border,
        );
        paint.text(
            Rect {
                x: start,
                width: wide.min(parts.bottom.right().saturating_sub(start)),
                ..parts.bottom
            },
            &mark.label,
            Role::Muted,
        );
    }
    let rest = parts.bottom.right().saturating_sub(free + 1);
    if width(&figure.x.title) <= rest {
        paint.right(parts.bottom, &figure.x.title, Role::Muted);
    }
}
