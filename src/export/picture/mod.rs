//! Figures as PNG and SVG pictures with title, axes, legend and notes, drawn by plotters.

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

/// The font's name in plotters.
pub(super) const FONT: &str = "sans-serif";
/// The size of an SVG picture in pixels. A PNG has more for high-resolution screens and print.
const DEFAULT_SIZE: (u32, u32) = (1_000, 600);
/// Pixels of a picture's side.
const MAX_SIDE: u32 = 16_384;

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

/// Draws figures into one picture, several in a grid. Returns the file's bytes.
///
/// # Errors
/// If a side is longer than 16,384 pixels, or drawing fails.
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
