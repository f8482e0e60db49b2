//! A picture in memory, and how large it gets in a terminal.

use image::imageops::{self, FilterType};
use image::{RgbImage, RgbaImage};
use thiserror::Error;

/// The size of a cell in pixels: width and height.
pub type CellSize = (u16, u16);

/// The size of a cell where the terminal does not tell: smaller than most, so that a picture
/// rather leaves room than covers its neighbours.
const DEFAULT_CELL_SIZE: CellSize = (8, 16);
/// The most cells that a picture covers: more are on no screen.
const MAX_CELLS: (u16, u16) = (2_000, 1_000);
/// The most pixels that are sent to a terminal.
const MAX_PIXELS: u64 = 4 << 20;

/// Why there is no picture to see.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DisplayError {
    /// The bytes are no picture, or one that asks for too much.
    #[error("this is no picture that can be shown: {0}")]
    InvalidImage(String),
    /// The picture could not be put into the terminal's words.
    #[error("the picture could not be sent to the terminal: {0}")]
    EncodingFailed(String),
}

/// A picture: opaque colours, at least one pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image(RgbImage);

/// A place on the screen, in cells; the top left one is 0, 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellRect {
    /// The column of its left side.
    pub x: u16,
    /// The row of its top.
    pub y: u16,
    /// How many cells it is wide.
    pub columns: u16,
    /// How many cells it is high.
    pub rows: u16,
}

impl CellRect {
    /// The part of it that can be on a screen at all.
    pub(super) fn clamped(self) -> Self {
        Self {
            columns: self.columns.min(MAX_CELLS.0),
            rows: self.rows.min(MAX_CELLS.1),
            ..self
        }
    }

    /// Its width and height in pixels; less in the same proportions when it has more pixels than are sent.
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
    /// A picture of RGBA pixels, row by row; what shines through is put on white paper, as a browser shows it: plots without a
    /// background have black words.
    ///
    /// # Errors
    /// When there are no pixels, or not as many bytes as the size says.
    pub fn from_rgba(width: u32, height: u32, rgba: Vec<u8>) -> Result<Self, DisplayError> {
        match RgbaImage::from_raw(width, height, rgba) {
            Some(image) if width > 0 && height > 0 => Ok(Self::on_white(&image)),
            Some(_) => Err(DisplayError::InvalidImage("it has no pixels".into())),
            None => Err(DisplayError::InvalidImage(format!(
                "{width}×{height} pixels are more than its bytes"
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

    /// Its width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        self.0.dimensions()
    }

    /// The picture as large as these pixels hold it in its own proportions; nothing when they are none.
    pub(super) fn scaled_to_fit(&self, width: u32, height: u32) -> Option<RgbImage> {
        let (own_width, own_height) = self.size();
        let (fit_width, fit_height) = fit_within((own_width, own_height), (width, height));
        (width > 0 && height > 0).then(|| self.resized(fit_width, fit_height))
    }

    /// The picture in exactly this size. Shrinking averages over what falls together; pixels that become large stay sharp.
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

/// How many columns and rows, of at most these, show a picture of so many pixels in its proportions. None of both when there is
/// nothing to show, or no room.
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

/// The largest size in the proportions of `own` that is within `most`, at least 1 by 1.
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
            "this is no picture that can be shown: 2×2 pixels are more than its bytes"
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
        assert!(width > height, "the proportions stay");
    }
}
