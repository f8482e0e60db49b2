//! The layers of a figure in px.

use plotters::element::{Circle, Polygon, Rectangle};
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, RGBColor};

use super::axes::{Drawn, Pen};
use crate::chart::{Figure, Ink, Oddity, Shape, Xy};

/// Where the data is, in px.
pub(super) struct Frame {
    pub left: i32,
    pub right: i32,
    pub top: i32,
    pub bottom: i32,
}

impl Frame {
    /// The px of a place from 0 to 1.
    pub fn px(&self, (x, y): Xy) -> (i32, i32) {
        let at = |part: f64, from: i32, to: i32| {
            from + (part.clamp(-1.0, 2.0) * f64::from(to - from)).round() as i32
        };
        (at(x, self.left, self.right), at(y, self.bottom, self.top))
    }
}

/// Draws the layers, then marks and texts over them.
pub(super) fn draw<B: DrawingBackend>(
    pen: &Pen<'_, B>,
    figure: &Figure,
    frame: &Frame,
) -> Drawn<B> {
    lines(pen, figure, frame)?;
    marks(pen, figure, frame)
}

/// What has a length or an area: curves, boxes, rules, bars.
fn lines<B: DrawingBackend>(pen: &Pen<'_, B>, figure: &Figure, frame: &Frame) -> Drawn<B> {
    for layer in &figure.layers {
        let color = pen.palette.ink(layer.ink);
        match &layer.shape {
            Shape::Line(line) => {
                let width = if matches!(layer.ink, Ink::Faint(_) | Ink::Quiet) {
                    1.0
                } else {
                    1.8
                };
                for stroke in figure.strokes(line) {
                    let places: Vec<_> = stroke.into_iter().map(|at| frame.px(at)).collect();
                    match places.as_slice() {
                        [alone] => {
                            pen.area
                                .draw(&Circle::new(*alone, pen.px(2.0), color.filled()))?
                        }
                        _ => pen.line(places, color, width)?,
                    }
                }
            }
            Shape::Box(from, to) => {
                if let (Some(from), Some(to)) = (figure.place(*from), figure.place(*to)) {
                    pen.area.draw(&Rectangle::new(
                        [frame.px(from), frame.px(to)],
                        color.filled(),
                    ))?;
                }
            }
            Shape::Rules(rules) => {
                for x in rules.iter().filter_map(|x| figure.x.place(*x)) {
                    pen.line(
                        vec![frame.px((x, 0.0)), frame.px((x, 1.0))],
                        pen.palette.quiet,
                        1.0,
                    )?;
                }
            }
            Shape::Bars(bars) => bars
                .iter()
                .try_for_each(|(at, error)| bar(pen, figure, frame, *at, *error, color))?,
            Shape::Dots(_) | Shape::Odd(_) | Shape::Labels(_) => {}
        }
    }
    Ok(())
}

/// What stands at a point: dots, what is no number, texts.
fn marks<B: DrawingBackend>(pen: &Pen<'_, B>, figure: &Figure, frame: &Frame) -> Drawn<B> {
    let place = |at: Xy| {
        figure
            .place(at)
            .filter(|(x, y)| (-1e-9..=1.0 + 1e-9).contains(x) && (-1e-9..=1.0 + 1e-9).contains(y))
    };
    for layer in &figure.layers {
        let color = pen.palette.ink(layer.ink);
        match &layer.shape {
            Shape::Dots(dots) => {
                for at in dots.iter().filter_map(|at| place(*at)) {
                    let series = if let Ink::Series(nth) | Ink::Faint(nth) = layer.ink {
                        nth
                    } else {
                        0
                    };
                    marker(pen, series, frame.px(at), color)?;
                }
            }
            Shape::Odd(marks) => {
                for (x, kind) in marks {
                    let (y, sign) = match kind {
                        Oddity::Nan => (0.0, "×"),
                        Oddity::Infinite => (1.0, "↑"),
                        Oddity::NegativeInfinite => (0.0, "↓"),
                    };
                    if let Some(x) = figure.x.place(*x) {
                        pen.text(
                            sign,
                            frame.px((x, y)),
                            13.0,
                            color,
                            (HPos::Center, VPos::Center),
                        )?;
                    }
                }
            }
            Shape::Labels(labels) => {
                for label in labels {
                    if let Some(at) = place(label.at) {
                        let color = if layer.ink == Ink::Quiet {
                            pen.palette.quiet
                        } else {
                            pen.palette.text
                        };
                        pen.text(
                            &label.text,
                            frame.px(at),
                            11.0,
                            color,
                            (HPos::Center, VPos::Center),
                        )?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The mark of the nth series, so that curves are told apart in black and white, too.
pub(super) fn marker<B: DrawingBackend>(
    pen: &Pen<'_, B>,
    series: usize,
    (x, y): (i32, i32),
    color: RGBColor,
) -> Drawn<B> {
    let r = pen.px(4.0);
    let shape = match series % 5 {
        0 => {
            return pen.area.draw(&Circle::new(
                (x, y),
                r,
                if series % 10 < 5 {
                    color.filled()
                } else {
                    color.stroke_width(2)
                },
            ));
        }
        1 => vec![(x, y - r), (x + r, y + r), (x - r, y + r)],
        2 => vec![
            (x - r, y - r),
            (x + r, y - r),
            (x + r, y + r),
            (x - r, y + r),
        ],
        3 => vec![(x, y - r), (x + r, y), (x, y + r), (x - r, y)],
        _ => vec![(x, y + r), (x + r, y - r), (x - r, y - r)],
    };
    if series % 10 < 5 {
        return pen.area.draw(&Polygon::new(shape, color.filled()));
    }
    let closed = shape
        .iter()
        .copied()
        .chain(shape.first().copied())
        .collect();
    pen.line(closed, color, 1.5)
}

fn bar<B: DrawingBackend>(
    pen: &Pen<'_, B>,
    figure: &Figure,
    frame: &Frame,
    (x, y): Xy,
    error: Option<f64>,
    color: RGBColor,
) -> Drawn<B> {
    let at = |x: f64| {
        figure
            .place((x, y))
            .map(|(x, y)| frame.px((x.clamp(0.0, 1.0), y)))
    };
    let (Some(zero), Some(end)) = (at(0.0), at(x)) else {
        return Ok(());
    };
    let half = pen.px(7.0);
    pen.area.draw(&Rectangle::new(
        [
            (zero.0.min(end.0), end.1 - half),
            (zero.0.max(end.0), end.1 + half),
        ],
        color.filled(),
    ))?;
    let ends = error
        .filter(|error| *error > 0.0)
        .and_then(|error| Some((at(x - error)?, at(x + error)?)));
    let Some((low, high)) = ends else {
        return Ok(());
    };
    pen.line(vec![low, high], pen.palette.text, 1.2)?;
    for (x, y) in [low, high] {
        pen.line(
            vec![(x, y - half / 2), (x, y + half / 2)],
            pen.palette.text,
            1.2,
        )?;
    }
    Ok(())
}
