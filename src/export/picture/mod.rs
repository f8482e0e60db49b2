//! Figures as PNG and SVG pictures with title, axes, legend and notes, drawn by plotters.

mod axes;
mod fonts;
mod layers;
mod palette;

use std::io::Cursor;
use std::sync::{Arc, OnceLock};

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::prelude::DrawingBackend;
use plotters::style::{FontStyle, register_font};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg;
use thiserror::Error;

use crate::chart::{Figure, Quantity, Shape};
use fonts::{Fonts, ResolvedText};

pub use palette::Palette;

/// The font's name in plotters.
pub(super) const FONT: &str = "sans-serif";
/// The size of an SVG picture in pixels. A PNG has more for high-resolution screens and print.
const DEFAULT_SIZE: (u32, u32) = (1_000, 600);
/// Pixels of a picture's side.
const MAX_SIDE: u32 = 16_384;
/// Characters without a font that a warning names.
const MAX_NAMED_CHARS: usize = 12;
/// SVG pixels of a bar and the space around it.
const BAR_PX: u32 = 18;
/// SVG pixels above and below the bars.
const BAR_MARGIN_PX: u32 = 130;

/// A picture format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureFormat {
    /// Pixels.
    Png,
    /// Vectors.
    Svg,
}

impl PictureFormat {
    /// The format that a file name's extension names.
    #[must_use]
    pub fn from_path(path: &str) -> Option<Self> {
        let (_, end) = path.rsplit_once('.')?;
        [("png", Self::Png), ("svg", Self::Svg)]
            .into_iter()
            .find(|(name, _)| end.eq_ignore_ascii_case(name))
            .map(|(_, format)| format)
    }
}

/// Options of a picture.
#[derive(Clone, Debug)]
pub struct PictureOptions {
    /// PNG or SVG.
    pub format: PictureFormat,
    /// Width and height in SVG pixels; by default higher for more charts.
    pub size: Option<(u32, u32)>,
    /// PNG pixels per SVG pixel.
    pub scale: f64,
    /// Light or dark.
    pub palette: Palette,
}

impl PictureOptions {
    /// The default size and scale.
    #[must_use]
    pub fn new(format: PictureFormat, palette: Palette) -> Self {
        Self {
            format,
            size: None,
            scale: 2.0,
            palette,
        }
    }

    /// The size of a picture with `count` charts, in SVG pixels.
    fn size_for(&self, count: usize) -> (u32, u32) {
        let (across, down) = grid_size(count);
        self.size.unwrap_or(match count {
            0 | 1 => DEFAULT_SIZE,
            _ => (across as u32 * 640, down as u32 * 420),
        })
    }

    /// The number of bars that have room in a picture with `count` charts.
    #[must_use]
    pub fn max_bars(&self, count: usize) -> usize {
        let height = self.size_for(count).1 / grid_size(count).1 as u32;
        (height.saturating_sub(BAR_MARGIN_PX) / BAR_PX).max(1) as usize
    }

    /// The number of columns to downsample a curve to in a picture with `count` charts.
    #[must_use]
    pub fn curve_columns(&self, count: usize) -> usize {
        let width = self.size_for(count).0 as usize / grid_size(count).0;
        match self.format {
            PictureFormat::Png => (width as f64 * self.scale) as usize,
            PictureFormat::Svg => width,
        }
    }
}

/// Why a picture could not be drawn.
#[derive(Debug, Error)]
#[error("cannot draw the picture: {0}")]
pub struct PictureError(String);

/// A drawn picture.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The content of its file.
    pub bytes: Vec<u8>,
    /// What could not be drawn; safe to print.
    pub warning: Option<String>,
}

/// Draws figures into one picture, several in a grid. A PNG has the fonts that its texts need, and a warning where there is
/// none; an SVG leaves them to its viewer.
///
/// # Errors
/// If a side is longer than 16,384 pixels, or drawing fails.
pub fn render_picture(
    figures: &[Figure],
    options: &PictureOptions,
) -> Result<Picture, PictureError> {
    render_with(figures, options, &fonts::SYSTEM)
}

fn render_with(
    figures: &[Figure],
    options: &PictureOptions,
    fonts: &Fonts,
) -> Result<Picture, PictureError> {
    let scale = match options.format {
        PictureFormat::Png => options.scale,
        PictureFormat::Svg => 1.0,
    };
    let (width, height) = options.size_for(figures.len());
    let size = [width, height].map(|side| (f64::from(side) * scale) as u32);
    if size.iter().any(|side| !(100..=MAX_SIDE).contains(side)) {
        return Err(PictureError(format!(
            "{}x{} px are not between 100 and {MAX_SIDE} on each side",
            size[0], size[1]
        )));
    }
    let svg = draw_svg(figures, options, size, scale)?;
    if options.format == PictureFormat::Svg {
        return Ok(Picture {
            bytes: svg.into_bytes(),
            warning: None,
        });
    }
    let mut text = fonts.resolve(&svg);
    let warning = missing_warning(&text);
    if warning.is_some() {
        let noted = with_font_notes(figures, fonts);
        text = fonts.resolve(&draw_svg(&noted, options, size, scale)?);
    }
    Ok(Picture {
        bytes: encode_png(&text, size)?,
        warning,
    })
}

fn missing_warning(text: &ResolvedText) -> Option<String> {
    let all = &text.missing;
    let more = if all.len() > MAX_NAMED_CHARS {
        " …"
    } else {
        ""
    };
    let first: String = all.iter().take(MAX_NAMED_CHARS).collect();
    (!all.is_empty()).then(|| {
        format!(
            "no installed font has {first}{more}, drawn as boxes: install one, such as Noto Sans"
        )
    })
}

/// The figures, those with a character that no font has with a note.
fn with_font_notes(figures: &[Figure], fonts: &Fonts) -> Vec<Figure> {
    let has_missing = |figure: &Figure| {
        let texts = std::iter::once(&figure.title)
            .chain([&figure.x.title, &figure.y.title])
            .chain(figure.legend.iter().map(|entry| &entry.label))
            .chain(&figure.notes)
            .cloned();
        let names = [&figure.x, &figure.y].map(|axis| match &axis.quantity {
            Quantity::Categories(names) => names.join(" "),
            _ => String::new(),
        });
        let labels = figure.layers.iter().flat_map(|layer| match &layer.shape {
            Shape::Labels(labels) => labels.iter().map(|label| label.text.clone()).collect(),
            _ => Vec::new(),
        });
        let all: Vec<String> = texts.chain(names).chain(labels).collect();
        !fonts.resolve(&all.join(" ")).missing.is_empty()
    };
    let mut noted = figures.to_vec();
    for figure in noted.iter_mut().filter(|figure| has_missing(figure)) {
        let note = "boxes: characters that no installed font has";
        figure.notes.insert(0, note.to_owned());
    }
    noted
}

fn draw_svg(
    figures: &[Figure],
    options: &PictureOptions,
    [width, height]: [u32; 2],
    scale: f64,
) -> Result<String, PictureError> {
    register_fonts()?;
    let mut text = String::new();
    draw_figures(
        &SVGBackend::with_string(&mut text, (width, height)).into_drawing_area(),
        figures,
        options,
        scale,
    )?;
    Ok(text)
}

/// Draws an SVG as pixels.
fn encode_png(text: &ResolvedText, [width, height]: [u32; 2]) -> Result<Vec<u8>, PictureError> {
    let failed = |error: &dyn std::fmt::Display| PictureError(error.to_string());
    let options = usvg::Options {
        fontdb: Arc::clone(&text.fonts),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(&text.svg, &options).map_err(|error| failed(&error))?;
    let mut pixels = Pixmap::new(width, height)
        .ok_or_else(|| PictureError(format!("{width}x{height} px are too many")))?;
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    // The background is opaque.
    let rgb: Vec<u8> = pixels
        .data()
        .chunks_exact(4)
        .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
        .collect();
    let image = image::RgbImage::from_raw(width, height, rgb)
        .ok_or_else(|| PictureError("it lost pixels".into()))?;
    let mut file = Cursor::new(Vec::new());
    image
        .write_to(&mut file, image::ImageFormat::Png)
        .map_err(|error| failed(&error))?;
    Ok(file.into_inner())
}

fn draw_figures<B: DrawingBackend>(
    root: &DrawingArea<B, Shift>,
    figures: &[Figure],
    options: &PictureOptions,
    scale: f64,
) -> Result<(), PictureError> {
    let failed = |error: &dyn std::fmt::Display| PictureError(error.to_string());
    root.fill(&options.palette.background)
        .map_err(|error| failed(&error))?;
    let (across, down) = grid_size(figures.len());
    for (figure, area) in figures.iter().zip(root.split_evenly((down, across))) {
        axes::draw_figure(&area, figure, &options.palette, scale)
            .map_err(|error| failed(&error))?;
    }
    root.present().map_err(|error| failed(&error))
}

/// Columns and rows of the grid of charts.
fn grid_size(count: usize) -> (usize, usize) {
    let across = (1..=4).find(|across| across * across >= count).unwrap_or(4);
    (across, count.div_ceil(across).max(1))
}

/// Registers the embedded font with plotters once: pictures look the same on every machine.
fn register_fonts() -> Result<(), PictureError> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let is_registered = REGISTERED.get_or_init(|| {
        let regular = register_font(FONT, FontStyle::Normal, dejavu::sans::regular()).is_ok();
        regular && register_font(FONT, FontStyle::Bold, dejavu::sans::bold()).is_ok()
    });
    if *is_registered {
        Ok(())
    } else {
        Err(PictureError("the font can't be read".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{CurveOptions, CurveSeries, ScaleKind, XAxis, curves};
    use crate::domain::{MetricValue, Point};

    #[test]
    fn time_axis_has_the_date_though_its_first_tick_is_at_the_edge() {
        let points: Vec<Point> = (0..20)
            .map(|step| Point {
                step,
                timestamp: 1_700_000_000 + step,
                value: MetricValue::new(1.0 / (step + 1) as f64),
            })
            .collect();
        let curve = CurveSeries {
            label: "a".into(),
            series: 0,
            points: &points,
            start: None,
            is_sampled: false,
        };
        let wall = CurveOptions {
            x_axis: XAxis::Wall,
            scale: ScaleKind::Linear,
            smoothing: 0.0,
            clip_outliers: false,
            x_window: None,
            columns: 800,
            marker_count: 0,
            max_bars: 9,
            zone: jiff::tz::TimeZone::UTC,
        };
        let figure = curves("loss", &[curve], &wall);
        let options = PictureOptions::new(PictureFormat::Svg, Palette::light());
        let picture = render_picture(&[figure], &options).unwrap();
        let svg = String::from_utf8(picture.bytes).unwrap();
        assert!(svg.contains("Jan 20 1970 16:13:20"), "{svg}");
        assert!(svg.contains("times look like seconds"), "{svg}");
    }
}
