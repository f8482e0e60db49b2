//! The colours of pictures.

use plotters::style::RGBColor;

use crate::chart::Ink;

/// Curves on a light ground: M. Okabe, K. Ito, "Color Universal Design", 2008, told apart with every kind of colour sight; its
/// yellow is darker, to be seen on white.
const ON_LIGHT: [RGBColor; 8] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0x99, 0x7a, 0x00),
    RGBColor(0x40, 0x40, 0x40),
];
/// The same on a dark ground, lighter.
const ON_DARK: [RGBColor; 8] = [
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x2f, 0xc9, 0x9b),
    RGBColor(0xe8, 0x9a, 0xc7),
    RGBColor(0xf0, 0xe4, 0x42),
    RGBColor(0xff, 0x7f, 0x3f),
    RGBColor(0x8a, 0x9c, 0xff),
    RGBColor(0xc8, 0xc8, 0xc8),
];

/// The colours of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Palette {
    /// What everything is drawn on.
    pub ground: RGBColor,
    /// Titles and labels.
    pub text: RGBColor,
    /// Ticks, notes.
    pub quiet: RGBColor,
    /// The lines behind the data.
    pub grid: RGBColor,
    /// The curves, in turn.
    pub series: [RGBColor; 8],
}

impl Palette {
    /// For paper and light pages.
    #[must_use]
    pub fn light() -> Self {
        Self {
            ground: RGBColor(255, 255, 255),
            text: RGBColor(0x1c, 0x1c, 0x1c),
            quiet: RGBColor(0x66, 0x66, 0x66),
            grid: RGBColor(0xe4, 0xe4, 0xe4),
            series: ON_LIGHT,
        }
    }

    /// For dark pages.
    #[must_use]
    pub fn dark() -> Self {
        Self {
            ground: RGBColor(0x16, 0x18, 0x1d),
            text: RGBColor(0xe6, 0xe6, 0xe6),
            quiet: RGBColor(0x9a, 0xa0, 0xa8),
            grid: RGBColor(0x2c, 0x30, 0x38),
            series: ON_DARK,
        }
    }

    /// The colour of an ink.
    pub(super) fn ink(&self, ink: Ink) -> RGBColor {
        match ink {
            Ink::Series(nth) => self.series[nth % self.series.len()],
            Ink::Faint(nth) => mixed(self.series[nth % self.series.len()], self.ground, 0.65),
            Ink::Quiet => mixed(self.quiet, self.ground, 0.4),
            Ink::Loud => self.series[1],
            Ink::Shade(part) => mixed(self.ground, self.series[0], part.clamp(0.0, 1.0)),
        }
    }
}

/// A colour on the way from one to another.
fn mixed(from: RGBColor, to: RGBColor, part: f64) -> RGBColor {
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * part).round() as u8;
    RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}
