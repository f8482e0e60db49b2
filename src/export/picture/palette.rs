//! The colors of pictures.

use plotters::style::RGBColor;

use crate::chart::PaintStyle;

/// Curves on a light background, for every kind of color vision: M. Okabe, K. Ito, "Color Universal Design", 2008. Their
/// yellow is darker here, to be visible on white.
const LIGHT_SERIES: [RGBColor; 8] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0x99, 0x7a, 0x00),
    RGBColor(0x40, 0x40, 0x40),
];
/// Curves on a dark background: lighter.
const DARK_SERIES: [RGBColor; 8] = [
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x2f, 0xc9, 0x9b),
    RGBColor(0xe8, 0x9a, 0xc7),
    RGBColor(0xf0, 0xe4, 0x42),
    RGBColor(0xff, 0x7f, 0x3f),
    RGBColor(0x8a, 0x9c, 0xff),
    RGBColor(0xc8, 0xc8, 0xc8),
];

/// The colors of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Palette {
    /// The background.
    pub background: RGBColor,
    /// Titles and labels.
    pub text: RGBColor,
    /// Ticks, notes.
    pub muted: RGBColor,
    /// Grid lines.
    pub grid: RGBColor,
    /// Curves, repeated in order.
    pub series: [RGBColor; 8],
}

impl Palette {
    /// For paper and light pages.
    #[must_use]
    pub fn light() -> Self {
        Self {
            background: RGBColor(255, 255, 255),
            text: RGBColor(0x1c, 0x1c, 0x1c),
            muted: RGBColor(0x66, 0x66, 0x66),
            grid: RGBColor(0xe4, 0xe4, 0xe4),
            series: LIGHT_SERIES,
        }
    }

    /// For dark pages.
    #[must_use]
    pub fn dark() -> Self {
        Self {
            background: RGBColor(0x16, 0x18, 0x1d),
            text: RGBColor(0xe6, 0xe6, 0xe6),
            muted: RGBColor(0x9a, 0xa0, 0xa8),
            grid: RGBColor(0x2c, 0x30, 0x38),
            series: DARK_SERIES,
        }
    }

    /// The color of a paint.
    pub(super) fn color(&self, ink: PaintStyle) -> RGBColor {
        match ink {
            PaintStyle::Series(nth) => self.series[nth % self.series.len()],
            PaintStyle::Faint(nth) => {
                mix(self.series[nth % self.series.len()], self.background, 0.65)
            }
            PaintStyle::Muted => mix(self.muted, self.background, 0.4),
            PaintStyle::Emphasis => self.series[1],
            PaintStyle::Shade(part) => mix(self.background, self.series[0], part.clamp(0.0, 1.0)),
        }
    }
}

/// A color between two others.
fn mix(from: RGBColor, to: RGBColor, part: f64) -> RGBColor {
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * part).round() as u8;
    RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}
