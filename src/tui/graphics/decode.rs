//! Bytes of a store become a picture: within limits, and without trust.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits};

use super::picture::{NotShown, Picture};
use crate::text::untrusted::clean;

/// The widest and the highest picture that is decoded, in pixels.
const MOST_SIDE: u32 = 8_192;
/// The most memory that decoding takes, in bytes; a few hundred bytes of a file can ask for gigabytes.
const MOST_MEMORY: u64 = 256 << 20;

/// The picture in a file: PNG, JPEG, GIF or WebP, known by its first bytes; of an animation the first frame; turned as a camera
/// noted it.
///
/// # Errors
/// When it is none of these, is damaged, or is larger than 8,192 by 8,192 pixels or 256 MiB.
pub fn decode(bytes: &[u8]) -> Result<Picture, NotShown> {
    let image = pixels(bytes)
        .map_err(|error| NotShown::NoPicture(told(&error)))?
        .into_rgba8();
    Picture::from_rgba(image.width(), image.height(), image.into_raw())
}

fn pixels(bytes: &[u8]) -> Result<DynamicImage, ImageError> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    // Decoders count what they need beside the picture; the picture itself is counted here.
    limits.reserve(decoder.total_bytes())?;
    decoder.set_limits(limits)?;
    let turned = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(turned);
    Ok(image)
}

/// Why, in one line without names of the decoder's types. What a damaged file made it say is cleaned.
fn told(error: &ImageError) -> String {
    match error {
        ImageError::Unsupported(_) => "it is no PNG, JPEG, GIF or WebP".into(),
        ImageError::Limits(_) => format!(
            "it is larger than {MOST_SIDE}×{MOST_SIDE} pixels or {} MiB",
            MOST_MEMORY >> 20
        ),
        other => clean(&other.to_string()).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use image::codecs::gif::GifEncoder;
    use image::{Frame, ImageFormat, RgbaImage};
    use proptest::prelude::*;

    use super::*;

    fn file(format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let image =
            DynamicImage::ImageRgba8(RgbaImage::from_pixel(5, 3, image::Rgba([0, 0, 0, 255])));
        let image = if format == ImageFormat::Jpeg {
            DynamicImage::ImageRgb8(image.into_rgb8())
        } else {
            image
        };
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// A PNG that claims a size, with nothing behind: <https://www.w3.org/TR/png-3/#11IHDR>.
    fn claims(width: u32, height: u32) -> Vec<u8> {
        let mut png = file(ImageFormat::Png);
        png[16..20].copy_from_slice(&width.to_be_bytes());
        png[20..24].copy_from_slice(&height.to_be_bytes());
        let checksum = png[12..29].iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 1 {
                    (crc >> 1) ^ 0xedb8_8320
                } else {
                    crc >> 1
                }
            })
        });
        png[29..33].copy_from_slice(&(!checksum).to_be_bytes());
        png
    }

    #[test]
    fn the_formats_are_known_by_their_bytes() {
        for format in [
            ImageFormat::Png,
            ImageFormat::Jpeg,
            ImageFormat::Gif,
            ImageFormat::WebP,
        ] {
            assert_eq!(decode(&file(format)).unwrap().size(), (5, 3), "{format:?}");
        }
    }

    #[test]
    fn an_animation_shows_its_first_frame() {
        let mut bytes = Vec::new();
        let mut encoder = GifEncoder::new(&mut bytes);
        for colour in [10, 200] {
            encoder
                .encode_frame(Frame::new(RgbaImage::from_pixel(
                    2,
                    2,
                    image::Rgba([colour, 0, 0, 255]),
                )))
                .unwrap();
        }
        drop(encoder);
        let shown = decode(&bytes).unwrap().stretched(1, 1).get_pixel(0, 0).0;
        assert!(shown[0] < 20, "{shown:?}");
    }

    #[test]
    fn what_is_no_picture_is_told_in_a_line() {
        let told = |bytes: &[u8]| decode(bytes).unwrap_err().to_string();
        assert_eq!(
            told(b"<svg/>"),
            "this is no picture that can be shown: it is no PNG, JPEG, GIF or WebP"
        );
        assert_eq!(told(b""), told(b"BM\x1b[2J"));
        let cut = file(ImageFormat::Png);
        let told = told(&cut[..cut.len() / 2]);
        assert!(
            told.starts_with("this is no picture that can be shown: ") && !told.contains('\n'),
            "{told}"
        );
    }

    #[test]
    fn a_small_file_that_asks_for_gigabytes_is_refused() {
        for (width, height) in [
            (60_000, 60_000),
            (8_193, 1),
            (1, 8_193),
            (u32::MAX >> 1, u32::MAX >> 1),
        ] {
            let told = decode(&claims(width, height)).unwrap_err().to_string();
            assert!(told.contains("larger than 8192×8192"), "{told}");
        }
    }

    proptest! {
        #[test]
        fn damaged_files_never_panic(at in 0..200_usize, byte in any::<u8>(), cut in 0..200_usize) {
            for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP] {
                let mut bytes = file(format);
                if let Some(hit) = bytes.get_mut(at) {
                    *hit = byte;
                }
                bytes.truncate(bytes.len().saturating_sub(cut));
                if let Err(error) = decode(&bytes) {
                    prop_assert!(!error.to_string().chars().any(char::is_control));
                }
            }
        }
    }
}
