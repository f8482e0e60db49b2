//! Sixel pictures: <https://vt100.net/docs/vt3xx-gp/chapter14.html>.

use icy_sixel::SixelImage;

use super::super::picture::{Area, NotShown, Picture};
use super::{at, opaque};

/// How many pixels a sixel is high.
const BAND: u32 = 6;
/// What the encoder ends with: a step to the next band, which could scroll the screen, and the end of the sequence.
const STEP_AND_END: &str = "-\x1b\\";

/// Shows a picture at the top left of an area, as large as these pixels hold it.
pub(super) fn show(
    picture: &Picture,
    area: Area,
    (width, height): (u32, u32),
) -> Result<Vec<u8>, NotShown> {
    // The last band must not reach out of the area.
    let height = if height > BAND {
        height - height % BAND
    } else {
        height
    };
    let Some(scaled) = picture.within(width, height) else {
        return Ok(Vec::new());
    };
    let (width, height) = (scaled.width() as usize, scaled.height() as usize);
    let told = |error: icy_sixel::SixelError| NotShown::NotEncoded(error.to_string());
    let sixels = SixelImage::try_from_rgba(opaque(scaled).into_raw(), width, height)
        .and_then(|image| image.encode())
        .map_err(told)?;
    let sequence = sixels
        .strip_suffix(STEP_AND_END)
        .map_or(sixels.clone(), |bands| format!("{bands}\x1b\\"));
    Ok(at(area, sequence.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_as_large_as_its_area_and_keeps_its_colours() {
        let red = Picture::from_rgba(2, 2, [255, 0, 0, 255].repeat(4)).unwrap();
        let area = Area {
            x: 1,
            y: 1,
            columns: 2,
            rows: 1,
        };
        let bytes = show(&red, area, (20, 20)).unwrap();
        let sequence = bytes
            .strip_prefix(b"\x1b7\x1b[2;2H")
            .unwrap()
            .strip_suffix(b"\x1b8")
            .unwrap();
        assert!(!sequence.ends_with(STEP_AND_END.as_bytes()));
        let shown = SixelImage::decode(sequence).unwrap();
        assert_eq!(
            (shown.width, shown.height),
            (18, 18),
            "no band is out of the area"
        );
        assert!(
            shown
                .pixels
                .chunks(4)
                .all(|pixel| pixel == [255, 0, 0, 255])
        );
    }
}
