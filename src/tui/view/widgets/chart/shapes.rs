//! The layers of a figure, one shape after the other.

use ratatui::layout::Rect;

use super::raster::{Dots, Raster};
use crate::chart::{Figure, Ink, Label, Oddity, Shape, Xy};
use crate::config::theme::Role;
use crate::text::fit::width;
use crate::tui::view::Look;
use crate::tui::view::paint::Paint;

/// From light to dark.
const SHADES: [&str; 5] = [" ", "░", "▒", "▓", "█"];
const ASCII_SHADES: [&str; 5] = [" ", ".", "+", "*", "#"];

/// Draws the layers inside the axes.
pub fn draw(paint: &mut Paint<'_>, area: Rect, figure: &Figure, cross: Option<f64>) {
    if area.is_empty() {
        return;
    }
    let place = |at: Xy| figure.place(at);
    let mut raster = Raster::new(paint.look.dots, area.width, area.height);
    for layer in &figure.layers {
        match &layer.shape {
            Shape::Line(line) => {
                for stroke in figure.strokes(line) {
                    stroke
                        .first()
                        .into_iter()
                        .for_each(|at| raster.point(*at, layer.ink));
                    stroke
                        .windows(2)
                        .for_each(|pair| raster.line(pair[0], pair[1], layer.ink));
                }
            }
            Shape::Box(from, to) => {
                if let (Some(from), Some(to)) = (place(*from), place(*to)) {
                    shade(paint, area, from, to, layer.ink);
                }
            }
            Shape::Rules(rules) => rules
                .iter()
                .filter_map(|x| figure.x.place(*x))
                .for_each(|x| upright(paint, area, x, Role::Border)),
            Shape::Bars(bars) => bars
                .iter()
                .for_each(|(bar, error)| draw_bar(paint, area, figure, *bar, *error, layer.ink)),
            Shape::Dots(_) | Shape::Odd(_) | Shape::Labels(_) => {}
        }
    }
    if let Some(x) = cross.and_then(|x| figure.x.place(x)) {
        upright(paint, area, x, Role::Accent);
    }
    lay(paint, area, &raster);
    // Marks and texts lie over every line.
    for layer in &figure.layers {
        match &layer.shape {
            Shape::Dots(dots) => dots
                .iter()
                .filter_map(|at| place(*at))
                .for_each(|at| mark(paint, area, at, layer.ink)),
            Shape::Odd(marks) => marks
                .iter()
                .filter_map(|(x, kind)| Some((figure.x.place(*x)?, *kind)))
                .for_each(|(x, kind)| {
                    odd(paint, area, x, kind, layer.ink);
                }),
            Shape::Labels(labels) => labels
                .iter()
                .for_each(|label| text(paint, area, figure, label, layer.ink)),
            _ => {}
        }
    }
}

fn lay(paint: &mut Paint<'_>, area: Rect, raster: &Raster) {
    let look = paint.look;
    for y in 0..area.height {
        for x in 0..area.width {
            if let Some((sign, ink)) = raster.cell(x, y, |ink| sign_of(look, ink)) {
                paint.styled(
                    Rect::new(area.x + x, area.y + y, 1, 1),
                    sign.encode_utf8(&mut [0; 4]),
                    look.ink(ink),
                );
            }
        }
    }
}

/// The sign of an ink where lines are drawn with signs.
fn sign_of(look: &Look, ink: Ink) -> char {
    match ink {
        Ink::Series(nth) => look.mark(nth).chars().next().unwrap_or('*'),
        Ink::Faint(_) | Ink::Quiet => '.',
        Ink::Loud | Ink::Shade(_) => '*',
    }
}

/// The cell of a place, if it is inside.
fn cell(area: Rect, (x, y): Xy) -> Option<Rect> {
    let is_inside = (-1e-9..=1.0 + 1e-9).contains(&x) && (-1e-9..=1.0 + 1e-9).contains(&y);
    let at = |part: f64, room: u16| {
        (part.clamp(0.0, 1.0) * f64::from(room.saturating_sub(1))).round() as u16
    };
    is_inside.then(|| {
        Rect::new(
            area.x + at(x, area.width),
            area.y + at(1.0 - y, area.height),
            1,
            1,
        )
    })
}

fn mark(paint: &mut Paint<'_>, area: Rect, at: Xy, ink: Ink) {
    let Some(cell) = cell(area, at) else { return };
    let sign = match ink {
        Ink::Series(nth) | Ink::Faint(nth) => paint.look.mark(nth),
        Ink::Loud => paint.look.sign("◉", "@").to_owned(),
        Ink::Quiet | Ink::Shade(_) => paint.look.sign("·", ".").to_owned(),
    };
    let style = paint.look.ink(ink);
    paint.styled(cell, &sign, style);
}

fn odd(paint: &mut Paint<'_>, area: Rect, x: f64, kind: Oddity, ink: Ink) {
    let (y, sign) = match kind {
        Oddity::Nan => (0.0, paint.look.sign("×", "x")),
        Oddity::Infinite => (1.0, paint.look.sign("↑", "^")),
        Oddity::NegativeInfinite => (0.0, paint.look.sign("↓", "v")),
    };
    if let Some(cell) = cell(area, (x, y)) {
        let style = paint.look.ink(ink);
        paint.styled(cell, sign, style);
    }
}

fn upright(paint: &mut Paint<'_>, area: Rect, x: f64, role: Role) {
    let sign = paint.look.sign("┊", ":");
    if let Some(column) = cell(area, (x, 0.0)) {
        for y in area.top()..area.bottom() {
            paint.text(Rect { y, ..column }, sign, role);
        }
    }
}

fn shade(paint: &mut Paint<'_>, area: Rect, from: Xy, to: Xy, ink: Ink) {
    let Ink::Shade(part) = ink else { return };
    let shades = if paint.look.dots == Dots::Ascii {
        ASCII_SHADES
    } else {
        SHADES
    };
    let sign = shades[(part.clamp(0.0, 1.0) * (SHADES.len() - 1) as f64).round() as usize];
    let edge = |part: f64, room: u16| (part.clamp(0.0, 1.0) * f64::from(room)).round() as u16;
    let (left, right) = (
        edge(from.0.min(to.0), area.width),
        edge(from.0.max(to.0), area.width),
    );
    let (top, bottom) = (
        edge(1.0 - from.1.max(to.1), area.height),
        edge(1.0 - from.1.min(to.1), area.height),
    );
    let style = paint.look.ink(ink);
    for y in top..bottom {
        let strip = Rect::new(area.x + left, area.y + y, right - left, 1);
        paint.styled(strip, &sign.repeat(usize::from(right - left)), style);
    }
}

fn draw_bar(
    paint: &mut Paint<'_>,
    area: Rect,
    figure: &Figure,
    (x, y): Xy,
    error: Option<f64>,
    ink: Ink,
) {
    let at = |x: f64| {
        cell(
            area,
            (figure.x.place(x)?.clamp(0.0, 1.0), figure.y.place(y)?),
        )
    };
    let (Some(zero), Some(end)) = (at(0.0), at(x)) else {
        return;
    };
    let (left, right) = (zero.x.min(end.x), zero.x.max(end.x));
    // What is not sure lies behind what is told.
    let ends = error
        .filter(|error| *error > 0.0)
        .and_then(|error| Some((at(x - error)?, at(x + error)?)));
    if let Some((low, high)) = ends {
        let strip = Rect {
            x: low.x,
            width: high.x - low.x + 1,
            ..low
        };
        paint.text(
            strip,
            &paint.look.sign("─", "-").repeat(usize::from(strip.width)),
            Role::Muted,
        );
    }
    let style = paint.look.ink(ink);
    let body = paint
        .look
        .sign("■", "#")
        .repeat(usize::from(right - left + 1));
    paint.styled(
        Rect {
            x: left,
            width: right - left + 1,
            ..end
        },
        &body,
        style,
    );
    for end in ends.into_iter().flat_map(|(low, high)| [low, high]) {
        paint.text(end, paint.look.sign("┼", "|"), Role::Text);
    }
}

fn text(paint: &mut Paint<'_>, area: Rect, figure: &Figure, label: &Label, ink: Ink) {
    let place = figure.x.place(label.at.0).zip(figure.y.place(label.at.1));
    let Some(middle) = place.and_then(|at| cell(area, at)) else {
        return;
    };
    let wide = width(&label.text).min(area.width);
    let x = middle
        .x
        .saturating_sub(wide / 2)
        .clamp(area.x, area.right() - wide);
    let style = paint.look.ink(ink);
    paint.styled(
        Rect {
            x,
            width: wide,
            ..middle
        },
        &label.text,
        style,
    );
}
