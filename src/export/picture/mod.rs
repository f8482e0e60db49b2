//! Pictures of figures: PNG and SVG, drawn by plotters, with title, axes, legend and notes, fit for a paper or a pull request.

mod axes;
mod layers;
mod palette;

use std::io::Cursor;
use std::sync::OnceLock;

use plotters::backend::{BitMapBackend, SVGBackend};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::prelude::DrawingBackend;
use plotters::style::{FontStyle, register_font};
use thiserror::Error;

use crate::chart::Figure;

pub use palette::Palette;

/// The name that the font is known by.
pub(super) const FONT: &str = "sans-serif";
/// The size of an SVG picture, in px; a PNG has more, for screens and papers of today.
const DEFAULT_SIZE: (u32, u32) = (1_000, 600);
/// The most px of a picture on each side.
const MAX_SIDE: u32 = 16_384;

/// A format of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureFormat {
    /// Px.
    Png,
    /// Lines and text.
    Svg,
}

impl PictureFormat {
    /// The format that the end of a file's name asks for.
    #[must_use]
    pub fn from_path(path: &str) -> Option<Self> {
        let (_, end) = path.rsplit_once('.')?;
        [("png", Self::Png), ("svg", Self::Svg)]
            .into_iter()
            .find(|(name, _)| end.eq_ignore_ascii_case(name))
            .map(|(_, format)| format)
    }
}

/// How a picture is made.
#[derive(Clone, Debug)]
pub struct PictureOptions {
    /// Which format.
    pub format: PictureFormat,
    /// Its size in px of an SVG; nothing for the usual one, higher where there are more charts.
    pub size: Option<(u32, u32)>,
    /// How many px of a PNG are in one of those.
    pub scale: f64,
    /// Its colours.
    pub palette: Palette,
}

impl PictureOptions {
    /// A picture of the usual size in a format.
    #[must_use]
    pub fn new(format: PictureFormat, palette: Palette) -> Self {
        Self {
            format,
            size: None,
            scale: 2.0,
            palette,
        }
    }

    /// The size of a picture of so many charts, in px of an SVG.
    fn size_for(&self, count: usize) -> (u32, u32) {
        let (across, down) = grid_size(count);
        self.size.unwrap_or(match count {
            0 | 1 => DEFAULT_SIZE,
            _ => (across as u32 * 640, down as u32 * 420),
        })
    }

    /// How many columns a curve of one of so many charts is to be reduced to.
    #[must_use]
    pub fn curve_columns(&self, count: usize) -> usize {
        let width = self.size_for(count).0 as usize / grid_size(count).0;
        match self.format {
            PictureFormat::Png => (width as f64 * self.scale) as usize,
            PictureFormat::Svg => width,
        }
    }
}

/// Why there is no picture.
#[derive(Debug, Error)]
#[error("the picture can't be drawn: {0}")]
pub struct PictureError(String);

/// Draws figures into one picture, in a grid where there are several. Returns the file's bytes.
///
/// # Errors
/// When it is larger than 16,384 px on a side, or the drawing fails.
pub fn render_picture(
    figures: &[Figure],
    options: &PictureOptions,
) -> Result<Vec<u8>, PictureError> {
    register_fonts()?;
    let (width, height) = options.size_for(figures.len());
    let scale = if options.format == PictureFormat::Png {
        options.scale
    } else {
        1.0
    };
    let (wide, high) = (
        (f64::from(width) * scale) as u32,
        (f64::from(height) * scale) as u32,
    );
    if wide > MAX_SIDE || high > MAX_SIDE || wide < 100 || high < 100 {
        return Err(PictureError(format!(
            "{wide}x{high} px are not between 100 and {MAX_SIDE} on each side"
        )));
    }
    match options.format {
        PictureFormat::Svg => {
            let mut text = String::new();
            draw_figures(
                &SVGBackend::with_string(&mut text, (wide, high)).into_drawing_area(),
                figures,
                options,
                scale,
            )?;
            Ok(text.into_bytes())
        }
        PictureFormat::Png => {
            let mut pixels = vec![0; wide as usize * high as usize * 3];
            draw_figures(
                &BitMapBackend::with_buffer(&mut pixels, (wide, high)).into_drawing_area(),
                figures,
                options,
                scale,
            )?;
            let image = image::RgbImage::from_raw(wide, high, pixels)
                .ok_or_else(|| PictureError("it lost pixels".into()))?;
            let mut file = Cursor::new(Vec::new());
            image
                .write_to(&mut file, image::ImageFormat::Png)
                .map_err(|error| PictureError(error.to_string()))?;
            Ok(file.into_inner())
        }
    }
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

/// How many charts stand beside and below each other.
fn grid_size(count: usize) -> (usize, usize) {
    let across = (1..=4).find(|across| across * across >= count).unwrap_or(4);
    (across, count.div_ceil(across).max(1))
}

/// Makes plotters know the font, once: it is a part of the program, so that a picture looks the same on every machine.
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
