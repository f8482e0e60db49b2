//! Title, axes, legend and notes of a picture.

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::element::{PathElement, Text};
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont, RGBColor, TextStyle};

use super::layers::{self, PlotArea, draw_marker};
use super::{FONT, Palette};
use crate::chart::{Figure, Quantity};
use crate::text::width::{truncate, width, wrap_to};

/// The width of a legend entry in columns of text.
const MAX_LEGEND_COLUMNS: u16 = 34;
/// SVG pixels of a column of notes, and of a line of them.
const NOTE_PX: (f64, f64) = (5.6, 14.0);
/// Lines of notes.
const MAX_NOTE_LINES: usize = 5;
/// SVG pixels of a second row of names below the x axis.
const NAME_ROW_PX: f64 = 16.0;
/// Lines of a legend.
const MAX_LEGEND_LINES: usize = 28;

pub(super) type DrawResult<B> = Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

pub(super) struct FigurePainter<'a, B: DrawingBackend> {
    pub area: &'a DrawingArea<B, Shift>,
    pub palette: &'a Palette,
    /// Picture pixels per SVG pixel.
    pub scale: f64,
}

impl<B: DrawingBackend> FigurePainter<'_, B> {
    /// A length in picture pixels.
    pub fn px(&self, length: f64) -> i32 {
        (length * self.scale).round() as i32
    }

    /// Draws a text with its anchor at a position.
    pub fn draw_text(
        &self,
        text: &str,
        at: (i32, i32),
        size: f64,
        color: RGBColor,
        anchor: (HPos, VPos),
    ) -> DrawResult<B> {
        let style = self
            .style(size, color, FontStyle::Normal)
            .pos(Pos::new(anchor.0, anchor.1));
        self.area.draw(&Text::new(text.to_owned(), at, style))
    }

    fn style(&self, size: f64, color: RGBColor, style: FontStyle) -> TextStyle<'static> {
        let mut text = TextStyle::from((FONT, size * self.scale).into_font().style(style));
        text.color = color.to_backend_color();
        text
    }

    fn draw_title(&self, title: &str) -> DrawResult<B> {
        let style = self
            .style(17.0, self.palette.text, FontStyle::Bold)
            .pos(Pos::new(HPos::Left, VPos::Top));
        let at = (self.px(16.0), self.px(12.0));
        self.area.draw(&Text::new(title.to_owned(), at, style))
    }

    /// The width of a text in pixels.
    fn text_width(&self, text: &str, size: f64) -> i32 {
        // Wide characters are not in the embedded font, that others are measured with.
        let (wide, narrow): (String, String) = text
            .chars()
            .partition(|c| width(c.encode_utf8(&mut [0; 4])) == 2);
        let estimate = self.area.estimate_text_size(
            &narrow,
            &self.style(size, self.palette.text, FontStyle::Normal),
        );
        let wide = self.px(size / 1.24 * wide.chars().count() as f64);
        wide + estimate.map_or(0, |(width, _)| width.cast_signed())
    }

    /// The text, cut to a width in pixels.
    fn fit(&self, text: &str, size: f64, room: i32) -> String {
        let mut columns = width(text);
        let mut fitting = text.to_owned();
        while columns > 1 && self.text_width(&fitting, size) > room {
            columns -= 1;
            fitting = truncate(text, columns);
        }
        fitting
    }

    /// Draws a line through positions.
    pub fn draw_line(&self, points: Vec<(i32, i32)>, color: RGBColor, width: f64) -> DrawResult<B> {
        let width = (width * self.scale).round().max(1.0) as u32;
        self.area
            .draw(&PathElement::new(points, color.stroke_width(width)))
    }
}

/// The room that title, labels, legend and notes leave.
fn plot_area<B: DrawingBackend>(
    painter: &FigurePainter<'_, B>,
    figure: &Figure,
    (width, height): (i32, i32),
) -> PlotArea {
    let ticks = figure.y.ticks(6);
    let labels = ticks
        .iter()
        .map(|tick| painter.text_width(&tick.label, 12.0));
    let gutter = labels.max().unwrap_or(0).min(width / 3);
    let lines = note_lines(painter, figure, width).len();
    let mut below = 58.0 + NOTE_PX.1 * lines as f64;
    let mut plot_area = PlotArea {
        left: painter.px(24.0) + gutter,
        right: width - painter.px(20.0) - legend_width(painter, figure),
        top: painter.px(46.0),
        bottom: height,
    };
    if has_two_name_rows(painter, figure, &plot_area) {
        below += NAME_ROW_PX;
    }
    plot_area.bottom -= painter.px(below);
    plot_area
}

/// Draws a figure into an area.
pub(super) fn draw_figure<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    figure: &Figure,
    palette: &Palette,
    scale: f64,
) -> DrawResult<B> {
    let painter = FigurePainter {
        area,
        palette,
        scale,
    };
    let (width, height) = area.dim_in_pixel();
    let (width, height) = (width.cast_signed(), height.cast_signed());
    painter.draw_title(&figure.title)?;
    let has_names = matches!(figure.y.quantity, Quantity::Categories(_));
    let plot_area = plot_area(&painter, figure, (width, height));
    draw_grid(&painter, figure, &plot_area, has_names)?;
    layers::draw_layers(&painter, figure, &plot_area)?;
    painter.draw_line(
        vec![
            (plot_area.left, plot_area.top),
            (plot_area.left, plot_area.bottom),
            (plot_area.right, plot_area.bottom),
        ],
        palette.muted,
        1.0,
    )?;
    let middle = i32::midpoint(plot_area.left, plot_area.right);
    let names = if has_two_name_rows(&painter, figure, &plot_area) {
        NAME_ROW_PX
    } else {
        0.0
    };
    painter.draw_text(
        &figure.x.title,
        (middle, plot_area.bottom + painter.px(26.0 + names)),
        12.0,
        palette.text,
        (HPos::Center, VPos::Top),
    )?;
    let lines = note_lines(&painter, figure, width);
    for (nth, line) in lines.iter().rev().enumerate() {
        let y = height - painter.px(22.0 + NOTE_PX.1 * nth as f64);
        let anchor = (HPos::Left, VPos::Top);
        painter.draw_text(line, (painter.px(16.0), y), 10.5, palette.muted, anchor)?;
    }
    draw_legend(
        &painter,
        figure,
        (plot_area.right + painter.px(18.0), plot_area.top),
    )
}

fn draw_grid<B: DrawingBackend>(
    painter: &FigurePainter<'_, B>,
    figure: &Figure,
    plot_area: &PlotArea,
    has_names: bool,
) -> DrawResult<B> {
    let rows = if has_names {
        60
    } else {
        ((plot_area.bottom - plot_area.top) / painter.px(55.0)).max(3) as usize
    };
    for tick in figure
        .y
        .ticks(rows)
        .into_iter()
        .filter(|tick| (0.0..=1.0).contains(&tick.position))
    {
        let (_, y) = plot_area.to_px((0.0, tick.position));
        if !has_names {
            painter.draw_line(
                vec![(plot_area.left, y), (plot_area.right, y)],
                painter.palette.grid,
                1.0,
            )?;
        }
        let room = plot_area.left - painter.px(12.0);
        painter.draw_text(
            &painter.fit(&tick.label, 12.0, room),
            (plot_area.left - painter.px(7.0), y),
            12.0,
            painter.palette.muted,
            (HPos::Right, VPos::Center),
        )?;
    }
    match &figure.x.quantity {
        Quantity::Categories(names) => draw_names(painter, figure, plot_area, names.len()),
        _ => draw_x_ticks(painter, figure, plot_area),
    }
}

/// The pixels between two names below the x axis.
fn name_spacing(plot_area: &PlotArea, count: usize) -> i32 {
    (plot_area.right - plot_area.left) / i32::try_from(count.max(1)).unwrap_or(i32::MAX)
}

/// Whether the names below the x axis take turns in two rows, since they are too long for one.
fn has_two_name_rows<B: DrawingBackend>(
    painter: &FigurePainter<'_, B>,
    figure: &Figure,
    plot_area: &PlotArea,
) -> bool {
    let Quantity::Categories(names) = &figure.x.quantity else {
        return false;
    };
    let room = name_spacing(plot_area, names.len()) - painter.px(6.0);
    names
        .iter()
        .any(|name| painter.text_width(name, 12.0) > room)
}

/// Draws every name below the x axis.
fn draw_names<B: DrawingBackend>(
    painter: &FigurePainter<'_, B>,
    figure: &Figure,
    plot_area: &PlotArea,
    count: usize,
) -> DrawResult<B> {
    let has_two_rows = has_two_name_rows(painter, figure, plot_area);
    let spacing = name_spacing(plot_area, count);
    let room = if has_two_rows {
        spacing * 3 / 2
    } else {
        spacing
    } - painter.px(6.0);
    for (nth, tick) in figure.x.ticks(count).iter().enumerate() {
        let (x, _) = plot_area.to_px((tick.position, 0.0));
        let row = if has_two_rows && nth % 2 == 1 {
            NAME_ROW_PX
        } else {
            0.0
        };
        let name = painter.fit(&tick.label, 12.0, room);
        // The names at the ends stay inside.
        let half = painter.text_width(&name, 12.0) / 2;
        let most = painter.area.dim_in_pixel().0.cast_signed() - half;
        let at = (
            x.min(most).max(half),
            plot_area.bottom + painter.px(7.0 + row),
        );
        let anchor = (HPos::Center, VPos::Top);
        painter.draw_text(&name, at, 12.0, painter.palette.muted, anchor)?;
    }
    Ok(())
}

/// Draws the ticks of the x axis, with the labels that do not overlap.
fn draw_x_ticks<B: DrawingBackend>(
    painter: &FigurePainter<'_, B>,
    figure: &Figure,
    plot_area: &PlotArea,
) -> DrawResult<B> {
    let px = match figure.x.quantity {
        Quantity::Time(_) => 150.0,
        _ => 95.0,
    };
    let columns = ((plot_area.right - plot_area.left) / painter.px(px)).max(2) as usize;
    let width = painter.area.dim_in_pixel().0.cast_signed();
    let mut free = -1;
    for tick in figure
        .x
        .ticks(columns)
        .into_iter()
        .filter(|tick| (0.0..=1.0).contains(&tick.position))
    {
        let (x, _) = plot_area.to_px((tick.position, 0.0));
        painter.draw_line(
            vec![(x, plot_area.top), (x, plot_area.bottom)],
            painter.palette.grid,
            1.0,
        )?;
        // The labels at the ends stay inside: the first one of a time axis has the date.
        let half = painter.text_width(&tick.label, 12.0) / 2;
        let x = x.min(width - half).max(half);
        if x - half > free {
            painter.draw_text(
                &tick.label,
                (x, plot_area.bottom + painter.px(7.0)),
                12.0,
                painter.palette.muted,
                (HPos::Center, VPos::Top),
            )?;
            free = x + half + painter.px(6.0);
        }
    }
    Ok(())
}

/// The notes in lines; the last one ends in `…` if there are more.
fn note_lines<B: DrawingBackend>(
    painter: &FigurePainter<'_, B>,
    figure: &Figure,
    width: i32,
) -> Vec<String> {
    let columns = f64::from(width - painter.px(32.0)) / painter.scale / NOTE_PX.0;
    wrap_to(
        &figure.notes.join("; "),
        columns.max(1.0) as u16,
        MAX_NOTE_LINES,
    )
}

fn legend_width<B: DrawingBackend>(painter: &FigurePainter<'_, B>, figure: &Figure) -> i32 {
    let widest = figure
        .legend
        .iter()
        .take(MAX_LEGEND_LINES)
        .map(|entry| painter.text_width(&truncate(&entry.label, MAX_LEGEND_COLUMNS), 12.0))
        .max();
    widest.map_or(0, |widest| widest + painter.px(42.0))
}

fn draw_legend<B: DrawingBackend>(
    painter: &FigurePainter<'_, B>,
    figure: &Figure,
    (x, top): (i32, i32),
) -> DrawResult<B> {
    let row = |nth: usize| top + painter.px(8.0 + 18.0 * nth as f64);
    for (nth, entry) in figure.legend.iter().take(MAX_LEGEND_LINES).enumerate() {
        let color = painter.palette.series[entry.series % painter.palette.series.len()];
        painter.draw_line(
            vec![(x, row(nth)), (x + painter.px(18.0), row(nth))],
            color,
            2.0,
        )?;
        draw_marker(
            painter,
            entry.series,
            (x + painter.px(9.0), row(nth)),
            color,
        )?;
        let at = (x + painter.px(24.0), row(nth));
        painter.draw_text(
            &truncate(&entry.label, MAX_LEGEND_COLUMNS),
            at,
            12.0,
            painter.palette.text,
            (HPos::Left, VPos::Center),
        )?;
    }
    let more = figure.legend.len().saturating_sub(MAX_LEGEND_LINES);
    if more > 0 {
        painter.draw_text(
            &format!("and {more} more"),
            (x, row(MAX_LEGEND_LINES)),
            12.0,
            painter.palette.muted,
            (HPos::Left, VPos::Center),
        )?;
    }
    Ok(())
}
