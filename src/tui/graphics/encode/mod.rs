//! Encodes images for the terminal.

mod diacritics;
mod iterm;
mod kitty;
mod sixel;

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbImage, RgbaImage};

use super::bitmap::{CellRect, DisplayError, Image};
use super::protocol::{GraphicsSupport, Protocol};

/// The highest byte of our ids: F.
const ID_PREFIX: u8 = 0x46;

/// The id of an image, to replace and erase it. It has a prefix because other programs can have images in the same window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageId(u8);

impl ImageId {
    /// The id of a number modulo 240.
    pub fn new(number: u8) -> Self {
        Self(number % 240)
    }

    /// The id as a colour of the 256-colour palette, which tmux passes on unchanged; it can write the first 16 differently.
    fn palette_index(self) -> u8 {
        16 + self.0
    }

    /// The id in kitty's protocol: prefix and colour.
    fn kitty_id(self) -> u32 {
        u32::from_be_bytes([ID_PREFIX, 0, 0, self.palette_index()])
    }
}

/// The bytes that show an image in an area of the screen. kitty and iTerm2 scale it to the whole area, so [`super::fit`] the
/// area first. The cursor, which should be hidden, returns to its position. Empty for half blocks, which
/// [`super::HalfBlocks`] draws, and for an empty area.
///
/// The area must be on the screen, with a row below it: terminals scroll if a sixel image touches the last row. Its cells
/// must stay blank while the image is shown.
///
/// # Errors
/// If an encoder fails, which is not known to happen.
pub fn encode_image(
    picture: &Image,
    area: CellRect,
    support: GraphicsSupport,
    id: ImageId,
) -> Result<Vec<u8>, DisplayError> {
    let area = area.clamped();
    let (width, height) = area.pixel_size(support.cell_size);
    if width == 0 || height == 0 {
        return Ok(Vec::new());
    }
    match support.protocol {
        Protocol::Kitty => Ok(kitty::encode(
            &encode_png(picture, width, height)?,
            area,
            id,
            support.in_tmux,
        )),
        Protocol::Iterm2 => Ok(iterm::encode(
            &encode_png(picture, width, height)?,
            area,
            support.in_tmux,
        )),
        Protocol::Sixel => sixel::encode(picture, area, (width, height)),
        Protocol::HalfBlocks => Ok(Vec::new()),
    }
}

/// The bytes that erase an image. Except for kitty's outside of tmux, images disappear only when their cells are redrawn.
pub fn encode_erase(support: GraphicsSupport, id: ImageId) -> Vec<u8> {
    match support.protocol {
        Protocol::Kitty => kitty::encode_erase(id, support.in_tmux),
        Protocol::Sixel | Protocol::Iterm2 | Protocol::HalfBlocks => Vec::new(),
    }
}

/// Moves the cursor to an area for a sequence, and back: DECSC, CUP, DECRC of <https://vt100.net/docs/vt510-rm/chapter4.html>.
fn at_position(area: CellRect, sequence: &[u8]) -> Vec<u8> {
    [
        b"\x1b7",
        cursor_to(area.x, area.y).as_bytes(),
        sequence,
        b"\x1b8",
    ]
    .concat()
}

fn cursor_to(x: u16, y: u16) -> String {
    format!("\x1b[{};{}H", u32::from(y) + 1, u32::from(x) + 1)
}

/// A PNG of exactly this size with the image at the top left, in its aspect ratio.
fn encode_png(picture: &Image, width: u32, height: u32) -> Result<Vec<u8>, DisplayError> {
    let mut sheet = RgbaImage::new(width, height);
    if let Some(scaled) = picture.scaled_to_fit(width, height) {
        image::imageops::overlay(&mut sheet, &to_rgba(scaled), 0, 0);
    }
    let mut bytes = Cursor::new(Vec::new());
    let written = DynamicImage::ImageRgba8(sheet).write_to(&mut bytes, ImageFormat::Png);
    written.map_err(|error| DisplayError::EncodingFailed(error.to_string()))?;
    Ok(bytes.into_inner())
}

fn to_rgba(image: RgbImage) -> RgbaImage {
    DynamicImage::ImageRgb8(image).into_rgba8()
}
