//! Colours, and the nearest ones where a terminal has fewer.

/// How many colours a terminal shows. Where it shows none, the theme is [`super::Theme::monochrome`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColorDepth {
    /// The sixteen named ones.
    Sixteen,
    /// The 256 of xterm.
    Indexed,
    /// All, as red, green and blue.
    True,
}

/// A colour of a theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThemeColor {
    /// The terminal's own.
    Default,
    /// A number of the 256 colours. The first sixteen are the named ones, which look as the terminal's owner likes.
    Indexed(u8),
    /// Red, green and blue.
    Rgb(u8, u8, u8),
}

/// The names of the first sixteen colours.
const NAMES: [&str; 16] = [
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

/// What the first sixteen look like in xterm: the best guess at what the terminal shows.
const XTERM: [(u8, u8, u8); 16] = [
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

/// The levels of the 6×6×6 cube that begins at colour 16.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

impl ThemeColor {
    /// Reads a colour's text: `#rrggbb`, a name, or `default`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "default" {
            return Some(Self::Default);
        }
        let Some(digits) = text.strip_prefix('#') else {
            return NAMES
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

    /// Red, green and blue; the terminal's own colour has none that is known.
    #[must_use]
    pub fn rgb(self) -> Option<(u8, u8, u8)> {
        match self {
            Self::Default => None,
            Self::Rgb(red, green, blue) => Some((red, green, blue)),
            Self::Indexed(index) => Some(indexed(index)),
        }
    }

    /// The nearest colour that a terminal of this depth has.
    #[must_use]
    pub fn at(self, depth: ColorDepth) -> Self {
        match (self, depth) {
            (Self::Rgb(..), ColorDepth::Indexed) => self.nearest(16..=255),
            (Self::Rgb(..) | Self::Indexed(16..), ColorDepth::Sixteen) => self.nearest(0..=15),
            _ => self,
        }
    }

    fn nearest(self, among: std::ops::RangeInclusive<u8>) -> Self {
        let Some(wanted) = self.rgb() else {
            return self;
        };
        among
            .min_by_key(|index| distance(wanted, indexed(*index)))
            .map_or(self, Self::Indexed)
    }
}

/// What a number of the 256 colours looks like.
fn indexed(index: u8) -> (u8, u8, u8) {
    let level = |nth: u8| LEVELS[usize::from(nth % 6)];
    match index {
        0..=15 => XTERM[usize::from(index)],
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

/// How unlike two colours look: the "redmean" weighting, which is near enough to the eye and needs no floating point.
fn distance(a: (u8, u8, u8), b: (u8, u8, u8)) -> i32 {
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
    fn colours_are_read() {
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
    fn the_nearest_colour_of_a_poorer_terminal_is_taken() {
        let at = |text: &str, depth| ThemeColor::parse(text).unwrap().at(depth);
        assert_eq!(at("#ff0000", ColorDepth::Indexed), ThemeColor::Indexed(196));
        assert_eq!(at("#767676", ColorDepth::Indexed), ThemeColor::Indexed(243));
        assert_eq!(at("#87afd7", ColorDepth::Indexed), ThemeColor::Indexed(110));
        assert_eq!(at("#fe0102", ColorDepth::Sixteen), ThemeColor::Indexed(9));
        assert_eq!(at("#050505", ColorDepth::Sixteen), ThemeColor::Indexed(0));
        assert_eq!(at("#fe0102", ColorDepth::True), ThemeColor::Rgb(0xfe, 1, 2));
        assert_eq!(
            ThemeColor::Indexed(196).at(ColorDepth::Sixteen),
            ThemeColor::Indexed(9)
        );
    }

    #[test]
    fn names_and_the_terminals_own_stay_what_they_are() {
        for depth in [ColorDepth::Sixteen, ColorDepth::Indexed, ColorDepth::True] {
            assert_eq!(ThemeColor::Default.at(depth), ThemeColor::Default);
            assert_eq!(ThemeColor::Indexed(4).at(depth), ThemeColor::Indexed(4));
        }
    }
}
