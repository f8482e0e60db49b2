//! Draws the layers of a figure.

use ratatui::layout::Rect;

use super::raster::{DotStyle, Raster};
use crate::chart::{Bar, Figure, Label, NonFinite, PaintStyle, Quantity, Shape, Xy};
use crate::config::theme::Role;
use crate::text::number::fit_short;
use crate::text::width::{truncate, width};
use crate::tui::app::plot::row_of;
use crate::tui::view::TerminalTheme;
use crate::tui::view::painter::Painter;

/// Shades from light to dark.
const SHADES: [&str; 5] = [" ", "░", "▒", "▓", "█"];
const ASCII_SHADES: [&str; 5] = [" ", ".", "+", "*", "#"];

pub fn draw(painter: &mut Painter<'_>, area: Rect, figure: &Figure, crosshair: Option<f64>) {
    if area.is_empty() {
        return;
    }
    let to_unit = |at: Xy| figure.position(at);
    let mut raster = Raster::new(painter.theme.dot_style, area.width, area.height);
    for layer in &figure.layers {
        match &layer.shape {
            Shape::Line(line) => {
                for stroke in figure.strokes(line) {
                    stroke
                        .first()
                        .into_iter()
                        .for_each(|at| raster.draw_point(*at, layer.style));
                    stroke
                        .windows(2)
                        .for_each(|pair| raster.draw_line(pair[0], pair[1], layer.style));
                }
            }
            Shape::Rect(from, to) => {
                if let (Some(from), Some(to)) = (to_unit(*from), to_unit(*to)) {
                    draw_shade(painter, area, from, to, layer.style);
                }
            }
            Shape::Rules(rules) => rules
                .iter()
                .filter_map(|x| figure.x.position(*x))
                .for_each(|x| draw_vertical_rule(painter, area, x, Role::Border)),
            Shape::Bars(bars) => bars
                .iter()
                .for_each(|bar| draw_bar(painter, area, figure, bar, layer.style)),
            Shape::Dots(_) | Shape::NonFinite(_) | Shape::Labels(_) => {}
        }
    }
    if let Some(x) = crosshair.and_then(|x| figure.x.position(x)) {
        draw_vertical_rule(painter, area, x, Role::Accent);
    }
    draw_raster(painter, area, &raster);
    // Marks and texts are drawn over all lines.
    for layer in &figure.layers {
        match &layer.shape {
            Shape::Dots(dots) => dots
                .iter()
                .filter_map(|at| to_unit(*at))
                .for_each(|at| draw_marker(painter, area, at, layer.style)),
            Shape::NonFinite(marks) => marks
                .iter()
                .filter_map(|(x, kind)| Some((figure.x.position(*x)?, *kind)))
                .for_each(|(x, kind)| {
                    draw_non_finite(painter, area, x, kind, layer.style);
                }),
            Shape::Labels(labels) => labels
                .iter()
                .for_each(|label| draw_label(painter, area, figure, label, layer.style)),
            _ => {}
        }
    }
}

fn draw_raster(painter: &mut Painter<'_>, area: Rect, raster: &Raster) {
    let theme = painter.theme;
    for y in 0..area.height {
        for x in 0..area.width {
            if let Some((sign, paint)) = raster.cell_at(x, y, |ink| symbol_for(theme, ink)) {
                painter.draw_styled(
                    Rect::new(area.x + x, area.y + y, 1, 1),
                    sign.encode_utf8(&mut [0; 4]),
                    theme.paint_style(paint),
                );
            }
        }
    }
}

/// The character of a style if lines are drawn in ASCII.
fn symbol_for(theme: &TerminalTheme, paint: PaintStyle) -> char {
    match paint {
        PaintStyle::Series(nth) => theme.series_marker(nth).chars().next().unwrap_or('*'),
        PaintStyle::Faint(_) | PaintStyle::Muted => '.',
        PaintStyle::Emphasis | PaintStyle::Shade(_) => '*',
    }
}

/// The cell at a position inside the area.
fn cell_at(area: Rect, (x, y): Xy) -> Option<Rect> {
    let is_inside = (-1e-9..=1.0 + 1e-9).contains(&x) && (-1e-9..=1.0 + 1e-9).contains(&y);
    let at = |part: f64, room: u16| {
        (part.clamp(0.0, 1.0) * f64::from(room.saturating_sub(1))).round() as u16
    };
    is_inside.then(|| {
        Rect::new(
            area.x + at(x, area.width),
            area.y + row_of(y.clamp(0.0, 1.0), area.height),
            1,
            1,
        )
    })
}

fn draw_marker(painter: &mut Painter<'_>, area: Rect, at: Xy, paint: PaintStyle) {
    let Some(cell) = cell_at(area, at) else {
        return;
    };
    let symbol = match paint {
        PaintStyle::Series(nth) | PaintStyle::Faint(nth) => painter.theme.series_marker(nth),
        PaintStyle::Emphasis => painter.theme.symbol("◉", "@").to_owned(),
        PaintStyle::Muted | PaintStyle::Shade(_) => painter.theme.symbol("·", ".").to_owned(),
    };
    let style = painter.theme.paint_style(paint);
    painter.draw_styled(cell, &symbol, style);
}

fn draw_non_finite(
    painter: &mut Painter<'_>,
    area: Rect,
    x: f64,
    kind: NonFinite,
    paint: PaintStyle,
) {
    let (y, sign) = match kind {
        NonFinite::Nan => (0.0, painter.theme.symbol("×", "x")),
        NonFinite::Infinite => (1.0, painter.theme.symbol("↑", "^")),
        NonFinite::NegativeInfinite => (0.0, painter.theme.symbol("↓", "v")),
    };
    if let Some(cell) = cell_at(area, (x, y)) {
        let style = painter.theme.paint_style(paint);
        painter.draw_styled(cell, sign, style);
    }
}

fn draw_vertical_rule(painter: &mut Painter<'_>, area: Rect, x: f64, role: Role) {
    let symbol = painter.theme.symbol("┊", ":");
    if let Some(column) = cell_at(area, (x, 0.0)) {
        for y in area.top()..area.bottom() {
            painter.draw_text(Rect { y, ..column }, symbol, role);
        }
    }
}

fn draw_shade(painter: &mut Painter<'_>, area: Rect, from: Xy, to: Xy, paint: PaintStyle) {
    let PaintStyle::Shade(part) = paint else {
        return;
    };
    let shades = if painter.theme.dot_style == DotStyle::Ascii {
        ASCII_SHADES
    } else {
        SHADES
    };
    let symbol = shades[(part.clamp(0.0, 1.0) * (SHADES.len() - 1) as f64).round() as usize];
    let edge = |part: f64, room: u16| (part.clamp(0.0, 1.0) * f64::from(room)).round() as u16;
    let (left, right) = (
        edge(from.0.min(to.0), area.width),
        edge(from.0.max(to.0), area.width),
    );
    let (top, bottom) = (
        edge(1.0 - from.1.max(to.1), area.height),
        edge(1.0 - from.1.min(to.1), area.height),
    );
    let style = painter.theme.paint_style(paint);
    for y in top..bottom {
        let strip = Rect::new(area.x + left, area.y + y, right - left, 1);
        painter.draw_styled(strip, &symbol.repeat(usize::from(right - left)), style);
    }
}

fn draw_bar(painter: &mut Painter<'_>, area: Rect, figure: &Figure, bar: &Bar, paint: PaintStyle) {
    let (x, y) = bar.end;
    let at = |x: f64| {
        cell_at(
            area,
            (figure.x.position(x)?.clamp(0.0, 1.0), figure.y.position(y)?),
        )
    };
    let (Some(zero), Some(end)) = (at(0.0), at(x)) else {
        return;
    };
    let (left, right) = (zero.x.min(end.x), zero.x.max(end.x));
    // The uncertainty is drawn behind the value.
    let ends = bar
        .error
        .filter(|error| *error > 0.0)
        .and_then(|error| Some((at(x - error)?, at(x + error)?)));
    if let Some((low, high)) = ends {
        let strip = Rect {
            x: low.x,
            width: high.x - low.x + 1,
            ..low
        };
        painter.draw_text(
            strip,
            &painter
                .theme
                .symbol("─", "-")
                .repeat(usize::from(strip.width)),
            Role::Muted,
        );
    }
    let style = painter.theme.paint_style(paint);
    let body = painter
        .theme
        .symbol("■", "#")
        .repeat(usize::from(right - left + 1));
    painter.draw_styled(
        Rect {
            x: left,
            width: right - left + 1,
            ..end
        },
        &body,
        style,
    );
    for end in ends.into_iter().flat_map(|(low, high)| [low, high]) {
        painter.draw_text(end, painter.theme.symbol("┼", "|"), Role::Text);
    }
    if let Some(text) = &bar.text {
        draw_bar_text(painter, area, text, (left, right, x < 0.0), end.y);
    }
}

/// Draws a text beside the end of a bar from column `left` to `right`. Without room there, it covers the end.
fn draw_bar_text(
    painter: &mut Painter<'_>,
    area: Rect,
    text: &str,
    (left, right, is_negative): (u16, u16, bool),
    y: u16,
) {
    let wide = width(text);
    let beside = if is_negative {
        left.saturating_sub(wide + 1)
    } else {
        right + 2
    };
    let x = beside.min(area.right().saturating_sub(wide)).max(area.x);
    let place = Rect::new(x, y, wide.min(area.right().saturating_sub(x)), 1);
    painter.draw_text(place, text, Role::Text);
}

/// A label in its room: a number with fewer digits, or not at all, since a cut one would be another number.
fn fit_label(text: &str, room: u16) -> String {
    match text.parse::<f64>() {
        Ok(number) if width(text) > room => {
            let short = fit_short(number, room.into());
            Some(short)
                .filter(|short| !short.starts_with('#'))
                .unwrap_or_default()
        }
        _ => truncate(text, room),
    }
}

fn draw_label(
    painter: &mut Painter<'_>,
    area: Rect,
    figure: &Figure,
    label: &Label,
    paint: PaintStyle,
) {
    let place = figure
        .x
        .position(label.position.0)
        .zip(figure.y.position(label.position.1));
    let Some(middle) = place.and_then(|at| cell_at(area, at)) else {
        return;
    };
    let room = match &figure.x.quantity {
        // Labels of neighbouring axes stay apart.
        Quantity::Categories(names) => {
            (area.width / u16::try_from(names.len()).unwrap_or(u16::MAX).max(1)).saturating_sub(1)
        }
        _ => area.width,
    };
    let text = fit_label(&label.text, room);
    let wide = width(&text);
    let x = middle
        .x
        .saturating_sub(wide / 2)
        .clamp(area.x, area.right() - wide);
    let style = painter.theme.paint_style(paint);
    painter.draw_styled(
        Rect {
            x,
            width: wide,
            ..middle
        },
        &text,
        style,
    );
}

#[cfg(test)]
mod tests {
    use super::fit_label;

    #[test]
    fn numbers_are_shortened_and_never_cut() {
        assert_eq!(fit_label("0.8952", 4), "0.9");
        assert_eq!(fit_label("0.012", 3), "");
        assert_eq!(fit_label("127", 3), "127");
        assert_eq!(fit_label("balanced", 4), "bal…");
    }
}
