//! The layers of a figure, in pixels.

use plotters::element::{Circle, Polygon, Rectangle};
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, RGBColor};

use super::axes::{DrawResult, FigurePainter};
use crate::chart::{Bar, Figure, NonFinite, PaintStyle, Quantity, Shape, Xy};

/// The area of the data, in pixels.
pub(super) struct PlotArea {
    pub left: i32,
    pub right: i32,
    pub top: i32,
    pub bottom: i32,
}

impl PlotArea {
    /// The pixel of a position from 0 to 1.
    pub fn to_px(&self, (x, y): Xy) -> (i32, i32) {
        let at = |part: f64, from: i32, to: i32| {
            from + (part.clamp(-1.0, 2.0) * f64::from(to - from)).round() as i32
        };
        (at(x, self.left, self.right), at(y, self.bottom, self.top))
    }
}

/// Draws the layers, marks and texts last.
pub(super) fn draw_layers<B: DrawingBackend>(
    painter: &FigurePainter<'_, B>,
    figure: &Figure,
    plot_area: &PlotArea,
) -> DrawResult<B> {
    draw_shapes(painter, figure, plot_area)?;
    draw_marks(painter, figure, plot_area)
}

/// Draws curves, boxes, rules and bars.
fn draw_shapes<B: DrawingBackend>(
    painter: &FigurePainter<'_, B>,
    figure: &Figure,
    plot_area: &PlotArea,
) -> DrawResult<B> {
    for layer in &figure.layers {
        let color = painter.palette.color(layer.style);
        match &layer.shape {
            Shape::Line(line) => {
                let width = if matches!(layer.style, PaintStyle::Faint(_) | PaintStyle::Muted) {
                    1.0
                } else {
                    1.8
                };
                for stroke in figure.strokes(line) {
                    let places: Vec<_> = stroke.into_iter().map(|at| plot_area.to_px(at)).collect();
                    match places.as_slice() {
                        [alone] => painter.area.draw(&Circle::new(
                            *alone,
                            painter.px(2.0),
                            color.filled(),
                        ))?,
                        _ => painter.draw_line(places, color, width)?,
                    }
                }
            }
            Shape::Rect(from, to) => {
                if let (Some(from), Some(to)) = (figure.position(*from), figure.position(*to)) {
                    painter.area.draw(&Rectangle::new(
                        [plot_area.to_px(from), plot_area.to_px(to)],
                        color.filled(),
                    ))?;
                }
            }
            Shape::Rules(rules) => {
                for x in rules.iter().filter_map(|x| figure.x.position(*x)) {
                    painter.draw_line(
                        vec![plot_area.to_px((x, 0.0)), plot_area.to_px((x, 1.0))],
                        painter.palette.muted,
                        1.0,
                    )?;
                }
            }
            Shape::Bars(bars) => bars
                .iter()
                .try_for_each(|bar| draw_bar(painter, figure, plot_area, bar, color))?,
            Shape::Dots(_) | Shape::NonFinite(_) | Shape::Labels(_) => {}
        }
    }
    Ok(())
}

/// Draws dots, non-finite values and texts.
fn draw_marks<B: DrawingBackend>(
    painter: &FigurePainter<'_, B>,
    figure: &Figure,
    plot_area: &PlotArea,
) -> DrawResult<B> {
    let place = |at: Xy| {
        figure
            .position(at)
            .filter(|(x, y)| (-1e-9..=1.0 + 1e-9).contains(x) && (-1e-9..=1.0 + 1e-9).contains(y))
    };
    for layer in &figure.layers {
        let color = painter.palette.color(layer.style);
        match &layer.shape {
            Shape::Dots(dots) => {
                for at in dots.iter().filter_map(|at| place(*at)) {
                    let series =
                        if let PaintStyle::Series(nth) | PaintStyle::Faint(nth) = layer.style {
                            nth
                        } else {
                            0
                        };
                    draw_marker(painter, series, plot_area.to_px(at), color)?;
                }
            }
            Shape::NonFinite(marks) => {
                for (x, kind) in marks {
                    let (y, sign) = match kind {
                        NonFinite::Nan => (0.0, "×"),
                        NonFinite::Infinite => (1.0, "↑"),
                        NonFinite::NegativeInfinite => (0.0, "↓"),
                    };
                    if let Some(x) = figure.x.position(*x) {
                        painter.draw_text(
                            sign,
                            plot_area.to_px((x, y)),
                            13.0,
                            color,
                            (HPos::Center, VPos::Center),
                        )?;
                    }
                }
            }
            Shape::Labels(labels) => {
                for label in labels {
                    if let Some(at) = place(label.position) {
                        let color = if layer.style == PaintStyle::Muted {
                            painter.palette.muted
                        } else {
                            painter.palette.text
                        };
                        painter.draw_text(
                            &label.text,
                            plot_area.to_px(at),
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

/// The marker of the nth series: curves stay distinguishable in black and white.
pub(super) fn draw_marker<B: DrawingBackend>(
    painter: &FigurePainter<'_, B>,
    series: usize,
    (x, y): (i32, i32),
    color: RGBColor,
) -> DrawResult<B> {
    let r = painter.px(4.0);
    let shape = match series % 5 {
        0 => {
            return painter.area.draw(&Circle::new(
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
        return painter.area.draw(&Polygon::new(shape, color.filled()));
    }
    let closed = shape
        .iter()
        .copied()
        .chain(shape.first().copied())
        .collect();
    painter.draw_line(closed, color, 1.5)
}

fn draw_bar<B: DrawingBackend>(
    painter: &FigurePainter<'_, B>,
    figure: &Figure,
    plot_area: &PlotArea,
    bar: &Bar,
    color: RGBColor,
) -> DrawResult<B> {
    let (x, y) = bar.end;
    let at = |x: f64| {
        figure
            .position((x, y))
            .map(|(x, y)| plot_area.to_px((x.clamp(0.0, 1.0), y)))
    };
    let (Some(zero), Some(end)) = (at(0.0), at(x)) else {
        return Ok(());
    };
    let rows = match &figure.y.quantity {
        Quantity::Categories(names) => names.len().max(1),
        _ => 1,
    };
    let row = (plot_area.bottom - plot_area.top) / i32::try_from(rows).unwrap_or(i32::MAX);
    let half = painter.px(7.0).min(row * 2 / 5).max(1);
    if let Some(text) = &bar.text {
        let gap = if x < 0.0 { -5.0 } else { 5.0 };
        let side = if x < 0.0 { HPos::Right } else { HPos::Left };
        let place = (end.0 + painter.px(gap), end.1);
        let anchor = (side, VPos::Center);
        painter.draw_text(text, place, 11.0, painter.palette.text, anchor)?;
    }
    painter.area.draw(&Rectangle::new(
        [
            (zero.0.min(end.0), end.1 - half),
            (zero.0.max(end.0), end.1 + half),
        ],
        color.filled(),
    ))?;
    let ends = bar
        .error
        .filter(|error| *error > 0.0)
        .and_then(|error| Some((at(x - error)?, at(x + error)?)));
    let Some((low, high)) = ends else {
        return Ok(());
    };
    painter.draw_line(vec![low, high], painter.palette.text, 1.2)?;
    for (x, y) in [low, high] {
        painter.draw_line(
            vec![(x, y - half / 2), (x, y + half / 2)],
            painter.palette.text,
            1.2,
        )?;
    }
    Ok(())
}
