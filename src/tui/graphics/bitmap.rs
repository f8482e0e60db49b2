//! An image in memory, and its size in a terminal.

use image::imageops::{self, FilterType};
use image::{RgbImage, RgbaImage};
use thiserror::Error;

/// Width and height of a cell in pixels.
pub type CellSize = (u16, u16);

/// The size of a cell if the terminal does not report it: smaller than most, so that an image leaves room rather than
/// covering its neighbours.
const DEFAULT_CELL_SIZE: CellSize = (8, 16);
/// The most cells of an image: no screen has more.
const MAX_CELLS: (u16, u16) = (2_000, 1_000);
/// The most pixels sent to a terminal.
const MAX_PIXELS: u64 = 4 << 20;

#[derive(Debug, Error, PartialEq, Eq)]
pub enum DisplayError {
    #[error("can't decode the image: {0}")]
    InvalidImage(String),
    #[error("can't encode the image for the terminal: {0}")]
    EncodingFailed(String),
}

/// Opaque pixels, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image(RgbImage);

/// An area of the screen in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellRect {
    pub x: u16,
    pub y: u16,
    pub columns: u16,
    pub rows: u16,
}

impl CellRect {
    /// At most [`MAX_CELLS`].
    pub(super) fn clamped(self) -> Self {
        Self {
            columns: self.columns.min(MAX_CELLS.0),
            rows: self.rows.min(MAX_CELLS.1),
            ..self
        }
    }

    /// Width and height in pixels, scaled down to [`MAX_PIXELS`].
    pub(super) fn pixel_size(self, cell: Option<CellSize>) -> (u32, u32) {
        let area = self.clamped();
        let (cell_width, cell_height) = cell.unwrap_or(DEFAULT_CELL_SIZE);
        let width = u64::from(area.columns) * u64::from(cell_width);
        let height = u64::from(area.rows) * u64::from(cell_height);
        if width * height <= MAX_PIXELS {
            return (width as u32, height as u32);
        }
        let less = (MAX_PIXELS as f64 / (width as f64 * height as f64)).sqrt();
        (
            (width as f64 * less).max(1.0) as u32,
            (height as f64 * less).max(1.0) as u32,
        )
    }
}

impl Image {
    /// An image of RGBA pixels by row. Transparent ones are drawn over white, as in a browser: plots without a background have
    /// black text.
    ///
    /// # Errors
    /// If there are no pixels, or too few bytes for the size.
    pub fn from_rgba(width: u32, height: u32, rgba: Vec<u8>) -> Result<Self, DisplayError> {
        match RgbaImage::from_raw(width, height, rgba) {
            Some(image) if width > 0 && height > 0 => Ok(Self::on_white(&image)),
            Some(_) => Err(DisplayError::InvalidImage("no pixels".into())),
            None => Err(DisplayError::InvalidImage(format!(
                "too few bytes for {width}×{height} pixels"
            ))),
        }
    }

    fn on_white(image: &RgbaImage) -> Self {
        let mix = |colour: u8, alpha: u8| {
            let (colour, alpha) = (u16::from(colour), u16::from(alpha));
            ((colour * alpha + 255 * (255 - alpha) + 127) / 255) as u8
        };
        Self(RgbImage::from_fn(image.width(), image.height(), |x, y| {
            let [red, green, blue, alpha] = image.get_pixel(x, y).0;
            image::Rgb([mix(red, alpha), mix(green, alpha), mix(blue, alpha)])
        }))
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        self.0.dimensions()
    }

    /// Scaled to fit into a size with its aspect ratio; none if the size is empty.
    pub(super) fn scaled_to_fit(&self, width: u32, height: u32) -> Option<RgbImage> {
        let (own_width, own_height) = self.size();
        let (fit_width, fit_height) = fit_within((own_width, own_height), (width, height));
        (width > 0 && height > 0).then(|| self.resized(fit_width, fit_height))
    }

    /// Scaled to exactly this size. Shrinking averages; enlarging keeps sharp pixels.
    pub(super) fn resized(&self, width: u32, height: u32) -> RgbImage {
        let (own_width, own_height) = self.size();
        if (width, height) == (own_width, own_height) {
            return self.0.clone();
        }
        let grows = width / own_width >= 2 && height / own_height >= 2;
        imageops::resize(
            &self.0,
            width,
            height,
            if grows {
                FilterType::Nearest
            } else {
                FilterType::Triangle
            },
        )
    }
}

/// The largest columns and rows within bounds that show an image of `size` pixels with its aspect ratio; 0, 0 if either is
/// empty.
pub fn fit(size: (u32, u32), columns: u16, rows: u16, cell: Option<CellSize>) -> (u16, u16) {
    let room = CellRect {
        x: 0,
        y: 0,
        columns,
        rows,
    }
    .clamped();
    let (cell_width, cell_height) = cell.unwrap_or(DEFAULT_CELL_SIZE);
    let (cell_width, cell_height) = (u32::from(cell_width.max(1)), u32::from(cell_height.max(1)));
    if room.columns == 0 || room.rows == 0 || size.0 == 0 || size.1 == 0 {
        return (0, 0);
    }
    let pixels = (
        u32::from(room.columns) * cell_width,
        u32::from(room.rows) * cell_height,
    );
    let (width, height) = fit_within(size, pixels);
    (
        width.div_ceil(cell_width) as u16,
        height.div_ceil(cell_height) as u16,
    )
}

/// The largest size with the aspect ratio of `own` within `most`, at least 1×1.
fn fit_within(own: (u32, u32), most: (u32, u32)) -> (u32, u32) {
    let (own_width, own_height) = (u64::from(own.0).max(1), u64::from(own.1).max(1));
    let (width, height) = (u64::from(most.0), u64::from(most.1));
    let bounded = |n: u64, most: u64| n.min(most).max(1) as u32;
    if own_width * height <= own_height * width {
        (
            bounded((own_width * height + own_height / 2) / own_height, width),
            bounded(height, height),
        )
    } else {
        (
            bounded(width, width),
            bounded((own_height * width + own_width / 2) / own_width, height),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fit_keeps_aspect_ratio() {
        let cell = Some((10, 20));
        assert_eq!(fit((800, 400), 80, 24, cell), (80, 20));
        assert_eq!(fit((400, 800), 80, 20, cell), (20, 20));
        assert_eq!(fit((28, 28), 80, 24, cell), (48, 24));
        assert_eq!(fit((8_192, 1), 80, 24, cell), (80, 1));
        assert_eq!(fit((100, 100), 80, 24, None), (48, 24));
        assert_eq!(fit((100, 100), 0, 24, cell), (0, 0));
        assert_eq!(fit((0, 0), 80, 24, cell), (0, 0));
        let (columns, rows) = fit(
            (u32::MAX, u32::MAX),
            u16::MAX,
            u16::MAX,
            Some((u16::MAX, u16::MAX)),
        );
        assert!(columns <= 2_000 && rows <= 1_000);
    }

    #[test]
    fn transparency_is_blended_onto_white() {
        let picture =
            Image::from_rgba(3, 1, vec![0, 0, 0, 0, 0, 0, 0, 255, 200, 0, 0, 128]).unwrap();
        let colours: Vec<[u8; 3]> = picture.0.pixels().map(|pixel| pixel.0).collect();
        assert_eq!(colours, [[255; 3], [0; 3], [227, 127, 127]]);
    }

    #[test]
    fn missing_pixels_are_an_error() {
        assert!(Image::from_rgba(0, 0, vec![]).is_err());
        let error = Image::from_rgba(2, 2, vec![0; 4]).unwrap_err().to_string();
        assert_eq!(
            error,
            "can't decode the image: too few bytes for 2×2 pixels"
        );
    }

    #[test]
    fn pixel_size_is_capped() {
        let area = CellRect {
            x: 0,
            y: 0,
            columns: 80,
            rows: 24,
        };
        assert_eq!(area.pixel_size(Some((10, 20))), (800, 480));
        let huge = CellRect {
            columns: u16::MAX,
            rows: u16::MAX,
            ..area
        };
        let (width, height) = huge.pixel_size(Some((u16::MAX, u16::MAX)));
        assert!(
            u64::from(width) * u64::from(height) <= MAX_PIXELS,
            "{width}×{height}"
        );
        assert!(width > height, "the aspect ratio stays");
    }
}
