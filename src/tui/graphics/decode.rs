//! Decodes untrusted bytes of a store into an image, within limits.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits};

use super::bitmap::{DisplayError, Image};
use crate::text::untrusted::clean;

/// The largest width and height in pixels.
const MAX_SIDE: u32 = 8_192;
/// The most memory for decoding, in bytes: a file of a few hundred bytes can claim gigabytes.
const MAX_MEMORY: u64 = 256 << 20;

/// Decodes a PNG, JPEG, GIF or WebP by its first bytes: the first frame of an animation, rotated as EXIF says.
///
/// # Errors
/// If the format is another, the file damaged, or the image larger than 8,192×8,192 pixels or 256 MiB.
pub fn decode(bytes: &[u8]) -> Result<Image, DisplayError> {
    let image = decode_pixels(bytes)
        .map_err(|error| DisplayError::InvalidImage(describe_error(&error)))?
        .into_rgba8();
    Image::from_rgba(image.width(), image.height(), image.into_raw())
}

fn decode_pixels(bytes: &[u8]) -> Result<DynamicImage, ImageError> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    // Decoders count only their own buffers, so the image itself is counted here.
    limits.reserve(decoder.total_bytes())?;
    decoder.set_limits(limits)?;
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// The reason in one cleaned line without the decoder's type names.
fn describe_error(error: &ImageError) -> String {
    match error {
        ImageError::Unsupported(_) => "not a PNG, JPEG, GIF or WebP".into(),
        ImageError::Limits(_) => format!(
            "larger than {MAX_SIDE}×{MAX_SIDE} pixels or {} MiB",
            MAX_MEMORY >> 20
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

    fn encoded_image(format: ImageFormat) -> Vec<u8> {
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

    /// A PNG header without pixels: <https://www.w3.org/TR/png-3/#11IHDR>.
    fn png_claiming_size(width: u32, height: u32) -> Vec<u8> {
        let mut png = encoded_image(ImageFormat::Png);
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
    fn formats_are_detected_by_magic_bytes() {
        for format in [
            ImageFormat::Png,
            ImageFormat::Jpeg,
            ImageFormat::Gif,
            ImageFormat::WebP,
        ] {
            assert_eq!(
                decode(&encoded_image(format)).unwrap().size(),
                (5, 3),
                "{format:?}"
            );
        }
    }

    #[test]
    fn animation_decodes_first_frame() {
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
        let shown = decode(&bytes).unwrap().resized(1, 1).get_pixel(0, 0).0;
        assert!(shown[0] < 20, "{shown:?}");
    }

    #[test]
    fn non_image_error_is_one_line() {
        let error_of = |bytes: &[u8]| decode(bytes).unwrap_err().to_string();
        assert_eq!(
            error_of(b"<svg/>"),
            "can't decode the image: not a PNG, JPEG, GIF or WebP"
        );
        assert_eq!(error_of(b""), error_of(b"BM\x1b[2J"));
        let cut = encoded_image(ImageFormat::Png);
        let error = error_of(&cut[..cut.len() / 2]);
        assert!(
            error.starts_with("can't decode the image: ") && !error.contains('\n'),
            "{error}"
        );
    }

    #[test]
    fn decompression_bomb_is_rejected() {
        for (width, height) in [
            (60_000, 60_000),
            (8_193, 1),
            (1, 8_193),
            (u32::MAX >> 1, u32::MAX >> 1),
        ] {
            let error = decode(&png_claiming_size(width, height))
                .unwrap_err()
                .to_string();
            assert!(error.contains("larger than 8192×8192"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn damaged_files_never_panic(at in 0..200_usize, byte in any::<u8>(), cut in 0..200_usize) {
            for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP] {
                let mut bytes = encoded_image(format);
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
