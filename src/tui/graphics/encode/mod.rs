//! A picture as bytes for the terminal.

mod diacritics;
mod iterm;
mod kitty;
mod sixel;

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbImage, RgbaImage};

use super::bitmap::{CellRect, DisplayError, Image};
use super::protocol::{GraphicsSupport, Protocol};

/// The highest byte of our numbers: F.
const ID_PREFIX: u8 = 0x46;

/// What a picture is known by, so that it can be replaced and erased. It has our mark, because other programs may have left
/// pictures of theirs in the same window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageId(u8);

impl ImageId {
    /// The picture of this number, 0 to 239; others begin anew.
    pub fn new(number: u8) -> Self {
        Self(number % 240)
    }

    /// The colour of 256 that says it: tmux hands these on wherever it is, and makes other colours of others. The first 16 may be
    /// written in another way.
    fn palette_index(self) -> u8 {
        16 + self.0
    }

    /// The number that kitty's way has of it: our mark above, the colour below.
    fn kitty_id(self) -> u32 {
        u32::from_be_bytes([ID_PREFIX, 0, 0, self.palette_index()])
    }
}

/// The bytes that show a picture in an area of the screen: stretched over all of it in kitty's and iTerm2's way, so that it is
/// best an area by [`super::fit`]. The cursor comes back to where it was, and is to be hidden. Nothing for half blocks, which
/// [`super::Blocks`] are painted for, and without an area.
///
/// The area must be on the screen, and a row under it: terminals scroll when a sixel picture touches the last. Its cells must be
/// blank, and nothing may be drawn into them while the picture is shown.
///
/// # Errors
/// When an encoder fails, which none is known to.
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

/// The bytes that erase a picture. All but kitty's are erased with the cells, as is kitty's in tmux, where these bytes only free its
/// memory: the canvas has to be renewed.
pub fn encode_erase(support: GraphicsSupport, id: ImageId) -> Vec<u8> {
    match support.protocol {
        Protocol::Kitty => kitty::encode_erase(id, support.in_tmux),
        Protocol::Sixel | Protocol::Iterm2 | Protocol::HalfBlocks => Vec::new(),
    }
}

/// Puts a sequence at an area, and the cursor back: DECSC, CUP, DECRC of <https://vt100.net/docs/vt510-rm/chapter4.html>.
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

/// A PNG of exactly this size: the picture in its proportions at the top left, nothing in the rest.
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
