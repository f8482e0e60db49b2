//! What stands around the data of a picture: title, axes, legend, notes.

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::element::{PathElement, Text};
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont, RGBColor, TextStyle};

use super::layers::{self, Frame, marker};
use super::{FONT, Palette};
use crate::chart::{Figure, Quantity};

/// The longest text of a legend, in characters.
const LEGEND_CHARS: usize = 34;
/// The most lines of a legend.
const LEGEND_LINES: usize = 28;

/// How a drawing ends.
pub(super) type Drawn<B> = Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

/// What a figure is drawn with.
pub(super) struct Pen<'a, B: DrawingBackend> {
    pub area: &'a DrawingArea<B, Shift>,
    pub palette: &'a Palette,
    /// Px in one px of an SVG.
    pub scale: f64,
}

impl<B: DrawingBackend> Pen<'_, B> {
    /// A length in px.
    pub fn px(&self, length: f64) -> i32 {
        (length * self.scale).round() as i32
    }

    /// A text that hangs at a place.
    pub fn text(
        &self,
        text: &str,
        at: (i32, i32),
        size: f64,
        color: RGBColor,
        hang: (HPos, VPos),
    ) -> Drawn<B> {
        let style = self
            .style(size, color, FontStyle::Normal)
            .pos(Pos::new(hang.0, hang.1));
        self.area.draw(&Text::new(text.to_owned(), at, style))
    }

    fn style(&self, size: f64, color: RGBColor, style: FontStyle) -> TextStyle<'static> {
        let mut text = TextStyle::from((FONT, size * self.scale).into_font().style(style));
        text.color = color.to_backend_color();
        text
    }

    /// How wide a text is, in px.
    fn width(&self, text: &str, size: f64) -> i32 {
        let size = self.area.estimate_text_size(
            text,
            &self.style(size, self.palette.text, FontStyle::Normal),
        );
        size.map_or(0, |(width, _)| width.cast_signed())
    }

    /// A line through places.
    pub fn line(&self, places: Vec<(i32, i32)>, color: RGBColor, width: f64) -> Drawn<B> {
        let width = (width * self.scale).round().max(1.0) as u32;
        self.area
            .draw(&PathElement::new(places, color.stroke_width(width)))
    }
}

/// Draws a figure into an area.
pub(super) fn draw<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    figure: &Figure,
    palette: &Palette,
    scale: f64,
) -> Drawn<B> {
    let pen = Pen {
        area,
        palette,
        scale,
    };
    let (width, height) = area.dim_in_pixel();
    let (width, height) = (width.cast_signed(), height.cast_signed());
    let title = pen
        .style(17.0, palette.text, FontStyle::Bold)
        .pos(Pos::new(HPos::Left, VPos::Top));
    area.draw(&Text::new(
        figure.title.clone(),
        (pen.px(16.0), pen.px(12.0)),
        title,
    ))?;
    let legend = legend_width(&pen, figure);
    let labels: Vec<i32> = figure
        .y
        .ticks(6)
        .iter()
        .map(|tick| pen.width(&tick.label, 12.0))
        .collect();
    let named = matches!(figure.y.quantity, Quantity::Names(_));
    let gutter = labels.into_iter().max().unwrap_or(0).min(width / 3);
    let frame = Frame {
        left: pen.px(24.0) + gutter,
        right: width - pen.px(20.0) - legend,
        top: pen.px(46.0),
        bottom: height - pen.px(if figure.notes.is_empty() { 52.0 } else { 72.0 }),
    };
    grid(&pen, figure, &frame, named)?;
    layers::draw(&pen, figure, &frame)?;
    pen.line(
        vec![
            (frame.left, frame.top),
            (frame.left, frame.bottom),
            (frame.right, frame.bottom),
        ],
        palette.quiet,
        1.0,
    )?;
    let middle = i32::midpoint(frame.left, frame.right);
    pen.text(
        &figure.x.title,
        (middle, frame.bottom + pen.px(26.0)),
        12.0,
        palette.text,
        (HPos::Center, VPos::Top),
    )?;
    let notes = cut(
        &figure.notes.join("; "),
        (f64::from(width) / scale / 5.6) as usize,
    );
    pen.text(
        &notes,
        (pen.px(16.0), height - pen.px(22.0)),
        10.5,
        palette.quiet,
        (HPos::Left, VPos::Top),
    )?;
    draw_legend(&pen, figure, (frame.right + pen.px(18.0), frame.top))
}

fn grid<B: DrawingBackend>(
    pen: &Pen<'_, B>,
    figure: &Figure,
    frame: &Frame,
    named: bool,
) -> Drawn<B> {
    let rows = if named {
        60
    } else {
        ((frame.bottom - frame.top) / pen.px(55.0)).max(3) as usize
    };
    for tick in figure
        .y
        .ticks(rows)
        .into_iter()
        .filter(|tick| (0.0..=1.0).contains(&tick.at))
    {
        let (_, y) = frame.px((0.0, tick.at));
        if !named {
            pen.line(
                vec![(frame.left, y), (frame.right, y)],
                pen.palette.grid,
                1.0,
            )?;
        }
        pen.text(
            &cut(&tick.label, 40),
            (frame.left - pen.px(7.0), y),
            12.0,
            pen.palette.quiet,
            (HPos::Right, VPos::Center),
        )?;
    }
    let columns = ((frame.right - frame.left) / pen.px(95.0)).max(2) as usize;
    let mut free = 0;
    for tick in figure
        .x
        .ticks(columns)
        .into_iter()
        .filter(|tick| (0.0..=1.0).contains(&tick.at))
    {
        let (x, _) = frame.px((tick.at, 0.0));
        pen.line(
            vec![(x, frame.top), (x, frame.bottom)],
            pen.palette.grid,
            1.0,
        )?;
        let half = pen.width(&tick.label, 12.0) / 2;
        if x - half > free {
            pen.text(
                &tick.label,
                (x, frame.bottom + pen.px(7.0)),
                12.0,
                pen.palette.quiet,
                (HPos::Center, VPos::Top),
            )?;
            free = x + half + pen.px(6.0);
        }
    }
    Ok(())
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars()
        .take(most.saturating_sub(1))
        .chain(['…'])
        .collect()
}

fn legend_width<B: DrawingBackend>(pen: &Pen<'_, B>, figure: &Figure) -> i32 {
    let widest = figure
        .legend
        .iter()
        .take(LEGEND_LINES)
        .map(|entry| pen.width(&cut(&entry.label, LEGEND_CHARS), 12.0))
        .max();
    widest.map_or(0, |widest| widest + pen.px(42.0))
}

fn draw_legend<B: DrawingBackend>(
    pen: &Pen<'_, B>,
    figure: &Figure,
    (x, top): (i32, i32),
) -> Drawn<B> {
    let row = |nth: usize| top + pen.px(8.0 + 18.0 * nth as f64);
    for (nth, entry) in figure.legend.iter().take(LEGEND_LINES).enumerate() {
        let color = pen.palette.series[entry.series % pen.palette.series.len()];
        pen.line(
            vec![(x, row(nth)), (x + pen.px(18.0), row(nth))],
            color,
            2.0,
        )?;
        marker(pen, entry.series, (x + pen.px(9.0), row(nth)), color)?;
        let at = (x + pen.px(24.0), row(nth));
        pen.text(
            &cut(&entry.label, LEGEND_CHARS),
            at,
            12.0,
            pen.palette.text,
            (HPos::Left, VPos::Center),
        )?;
    }
    let more = figure.legend.len().saturating_sub(LEGEND_LINES);
    if more > 0 {
        pen.text(
            &format!("and {more} more"),
            (x, row(LEGEND_LINES)),
            12.0,
            pen.palette.quiet,
            (HPos::Left, VPos::Center),
        )?;
    }
    Ok(())
}
