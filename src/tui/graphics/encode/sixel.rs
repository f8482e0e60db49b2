//! Sixel images: <https://vt100.net/docs/vt3xx-gp/chapter14.html>.

use icy_sixel::SixelImage;

use super::super::bitmap::{CellRect, DisplayError, Image};
use super::{at_position, to_rgba};

/// The height of a sixel in pixels.
const SIXEL_HEIGHT: u32 = 6;
/// The end of the encoder's output: a step to the next band, which could scroll the screen, and ST.
const NEWLINE_AND_TERMINATOR: &str = "-\x1b\\";

/// Shows an image at the top left of an area, scaled to fit.
pub(super) fn encode(
    picture: &Image,
    area: CellRect,
    (width, height): (u32, u32),
) -> Result<Vec<u8>, DisplayError> {
    // Keeps the last band inside the area.
    let height = if height > SIXEL_HEIGHT {
        height - height % SIXEL_HEIGHT
    } else {
        height
    };
    let Some(scaled) = picture.scaled_to_fit(width, height) else {
        return Ok(Vec::new());
    };
    let (width, height) = (scaled.width() as usize, scaled.height() as usize);
    let encoding_failed =
        |error: icy_sixel::SixelError| DisplayError::EncodingFailed(error.to_string());
    let sixels = SixelImage::try_from_rgba(to_rgba(scaled).into_raw(), width, height)
        .and_then(|image| image.encode())
        .map_err(encoding_failed)?;
    let sequence = sixels
        .strip_suffix(NEWLINE_AND_TERMINATOR)
        .map_or(sixels.clone(), |bands| format!("{bands}\x1b\\"));
    Ok(at_position(area, sequence.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_fills_its_area_and_keeps_colors() {
        let red = Image::from_rgba(2, 2, [255, 0, 0, 255].repeat(4)).unwrap();
        let area = CellRect {
            x: 1,
            y: 1,
            columns: 2,
            rows: 1,
        };
        let bytes = encode(&red, area, (20, 20)).unwrap();
        let sequence = bytes
            .strip_prefix(b"\x1b7\x1b[2;2H")
            .unwrap()
            .strip_suffix(b"\x1b8")
            .unwrap();
        assert!(!sequence.ends_with(NEWLINE_AND_TERMINATOR.as_bytes()));
        let shown = SixelImage::decode(sequence).unwrap();
        assert_eq!(
            (shown.width, shown.height),
            (18, 18),
            "all bands are in the area"
        );
        assert!(
            shown
                .pixels
                .chunks(4)
                .all(|pixel| pixel == [255, 0, 0, 255])
        );
    }
}
