//! Colors of themes, and the nearest ones on terminals with fewer colors.

/// The color depth of a terminal. Without colors, the theme is [`super::Theme::monochrome`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColorDepth {
    /// The sixteen named colors.
    Ansi16,
    /// xterm's 256 colors.
    Ansi256,
    /// 24-bit RGB.
    TrueColor,
}

/// A color of a theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThemeColor {
    /// The terminal's default color.
    Default,
    /// An index of the 256 colors. The terminal's user configures the first sixteen.
    Indexed(u8),
    /// 24-bit RGB.
    Rgb(u8, u8, u8),
}

/// Names of the first sixteen indexed colors.
const COLOR_NAMES: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright-black",
    "bright-red",
    "bright-green",
    "bright-yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "bright-white",
];

/// xterm's defaults for the first sixteen colors, an estimate of what the terminal shows.
const XTERM_COLORS: [(u8, u8, u8); 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

/// Levels of the 6×6×6 cube that starts at index 16.
const CUBE_LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

impl ThemeColor {
    /// Parses `#rrggbb`, a name, or `default`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "default" {
            return Some(Self::Default);
        }
        let Some(digits) = text.strip_prefix('#') else {
            return COLOR_NAMES
                .iter()
                .zip(0..)
                .find(|(name, _)| **name == text)
                .map(|(_, index)| Self::Indexed(index));
        };
        let is_hex = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let [_, red, green, blue] = u32::from_str_radix(digits, 16)
            .ok()
            .filter(|_| is_hex)?
            .to_be_bytes();
        Some(Self::Rgb(red, green, blue))
    }

    /// Red, green and blue; `None` for the default color.
    #[must_use]
    pub fn rgb(self) -> Option<(u8, u8, u8)> {
        match self {
            Self::Default => None,
            Self::Rgb(red, green, blue) => Some((red, green, blue)),
            Self::Indexed(index) => Some(indexed_rgb(index)),
        }
    }

    /// The nearest color of a depth.
    #[must_use]
    pub fn to_depth(self, depth: ColorDepth) -> Self {
        match (self, depth) {
            (Self::Rgb(..), ColorDepth::Ansi256) => self.nearest_indexed(16..=255),
            (Self::Rgb(..) | Self::Indexed(16..), ColorDepth::Ansi16) => {
                self.nearest_indexed(0..=15)
            }
            _ => self,
        }
    }

    fn nearest_indexed(self, among: std::ops::RangeInclusive<u8>) -> Self {
        let Some(rgb) = self.rgb() else {
            return self;
        };
        among
            .min_by_key(|index| color_distance(rgb, indexed_rgb(*index)))
            .map_or(self, Self::Indexed)
    }
}

/// The RGB value of an indexed color.
fn indexed_rgb(index: u8) -> (u8, u8, u8) {
    let level = |nth: u8| CUBE_LEVELS[usize::from(nth % 6)];
    match index {
        0..=15 => XTERM_COLORS[usize::from(index)],
        16..=231 => (
            level((index - 16) / 36),
            level((index - 16) / 6),
            level(index - 16),
        ),
        232.. => {
            let grey = 8 + (index - 232) * 10;
            (grey, grey, grey)
        }
    }
}

/// Perceived distance of two colors by the "redmean" formula, in integers.
fn color_distance(a: (u8, u8, u8), b: (u8, u8, u8)) -> i32 {
    let apart = |a: u8, b: u8| (i32::from(a) - i32::from(b)).pow(2);
    let red = i32::midpoint(i32::from(a.0), i32::from(b.0));
    (((512 + red) * apart(a.0, b.0)) >> 8)
        + 4 * apart(a.1, b.1)
        + (((767 - red) * apart(a.2, b.2)) >> 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_parsed() {
        assert_eq!(
            ThemeColor::parse("#7aA2f7"),
            Some(ThemeColor::Rgb(0x7a, 0xa2, 0xf7))
        );
        assert_eq!(
            ThemeColor::parse("bright-black"),
            Some(ThemeColor::Indexed(8))
        );
        assert_eq!(ThemeColor::parse("default"), Some(ThemeColor::Default));
        for wrong in ["", "#fff", "#12345", "#+12345", "#1234567", "purple", "Red"] {
            assert_eq!(ThemeColor::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn color_degrades_to_the_nearest_in_the_palette() {
        let at = |text: &str, depth| ThemeColor::parse(text).unwrap().to_depth(depth);
        assert_eq!(at("#ff0000", ColorDepth::Ansi256), ThemeColor::Indexed(196));
        assert_eq!(at("#767676", ColorDepth::Ansi256), ThemeColor::Indexed(243));
        assert_eq!(at("#87afd7", ColorDepth::Ansi256), ThemeColor::Indexed(110));
        assert_eq!(at("#fe0102", ColorDepth::Ansi16), ThemeColor::Indexed(9));
        assert_eq!(at("#050505", ColorDepth::Ansi16), ThemeColor::Indexed(0));
        assert_eq!(
            at("#fe0102", ColorDepth::TrueColor),
            ThemeColor::Rgb(0xfe, 1, 2)
        );
        assert_eq!(
            ThemeColor::Indexed(196).to_depth(ColorDepth::Ansi16),
            ThemeColor::Indexed(9)
        );
    }

    #[test]
    fn named_and_default_colors_are_kept_at_any_depth() {
        for depth in [
            ColorDepth::Ansi16,
            ColorDepth::Ansi256,
            ColorDepth::TrueColor,
        ] {
            assert_eq!(ThemeColor::Default.to_depth(depth), ThemeColor::Default);
            assert_eq!(
                ThemeColor::Indexed(4).to_depth(depth),
                ThemeColor::Indexed(4)
            );
        }
    }
}
