//! Numbers for display: four significant digits in tables, all digits in details and copies.

use std::collections::HashMap;

use unicode_width::UnicodeWidthStr;

/// Significant digits in tables.
pub const TABLE_DIGITS: usize = 4;

/// Powers of ten that are written without an exponent.
const DECIMAL_EXPONENTS: std::ops::Range<i32> = -4..7;

/// At most `digits` significant digits without trailing zeros: `0.95`, `1234.6`, `1.2e-7`. The integer part
/// of numbers below ten million keeps all digits, so that counts are exact.
#[must_use]
pub fn format_significant(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 {
            "∞".into()
        } else {
            "-∞".into()
        };
    }
    if value == 0.0 {
        return "0".into();
    }
    let precision = digits.clamp(1, 17) - 1;
    let scientific = format!("{value:.precision$e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = exponent.parse().unwrap_or(0);
    if !DECIMAL_EXPONENTS.contains(&power) {
        return format!("{}e{exponent}", trim_trailing_zeros(mantissa));
    }
    let shift = power.unsigned_abs() as usize;
    let decimals = if power < 0 {
        precision + shift
    } else {
        precision.saturating_sub(shift)
    };
    trim_trailing_zeros(&format!("{value:.decimals$}")).to_owned()
}

/// [`format_significant`] with [`TABLE_DIGITS`].
#[must_use]
pub fn format_short(value: f64) -> String {
    format_significant(value, TABLE_DIGITS)
}

/// A difference with its sign: `+0.012`, `-3`, `0`.
#[must_use]
pub fn format_signed(value: f64, digits: usize) -> String {
    let text = format_significant(value, digits);
    if value > 0.0 {
        format!("+{text}")
    } else {
        text
    }
}

/// The shortest text that parses to the same number; `NaN`, `Infinity` and `-Infinity` as in MLflow.
#[must_use]
pub fn format_exact(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 {
            "Infinity".into()
        } else {
            "-Infinity".into()
        };
    }
    let text = format!("{value:?}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

fn trim_trailing_zeros(number: &str) -> &str {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    }
}

/// The number in at most `room` cells, with fewer significant digits where four don't fit. Where none fits, `#` in every cell,
/// as in spreadsheets: a cut number would be another number.
#[must_use]
pub fn fit_short(value: f64, room: usize) -> String {
    let plain = (1..=TABLE_DIGITS)
        .rev()
        .map(|digits| format_significant(value, digits));
    let scientific = std::iter::once_with(|| format!("{value:.0e}"));
    plain
        .chain(scientific)
        .find(|text| text.width() <= room)
        .unwrap_or_else(|| "#".repeat(room))
}

/// Numbers with at least [`TABLE_DIGITS`] digits, and with more where different numbers would have the same text.
#[must_use]
pub fn format_distinct(values: &[f64]) -> Vec<String> {
    let all = |digits| -> Vec<String> {
        let texts = values
            .iter()
            .map(|value| format_significant(*value, digits));
        texts.collect()
    };
    (TABLE_DIGITS..=17)
        .map(all)
        .find(|texts| {
            let mut known = HashMap::new();
            texts.iter().zip(values).all(|(text, value)| {
                // Both zeros are equal, and so are all NaN.
                let bits = if value.is_nan() {
                    f64::NAN
                } else {
                    *value + 0.0
                }
                .to_bits();
                *known.entry(text).or_insert(bits) == bits
            })
        })
        .unwrap_or_else(|| values.iter().map(|value| format_exact(*value)).collect())
}

/// Longer decimal fractions that were logged as text are shortened in tables.
const LONG_NUMBER: usize = 8;

/// A logged text with fewer digits if it is a long decimal fraction such as `0.0003333012908070275`. Whole numbers keep all
/// digits: they may be seeds or ids.
#[must_use]
pub fn shorten_fraction(text: &str) -> Option<String> {
    let is_fraction = text.len() > LONG_NUMBER
        && text.contains(['.', 'e', 'E'])
        && text
            .trim_start_matches(['+', '-'])
            .starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let value: f64 = is_fraction.then(|| text.parse().ok()).flatten()?;
    let short = format_short(value);
    (value.is_finite() && short.len() < text.len()).then_some(short)
}

/// A decimal fraction as text with as many significant digits as have room: a cut one can look like another number, without
/// its exponent. `None` for other texts, and where no digits have room.
#[must_use]
pub fn fit_fraction(text: &str, room: usize) -> Option<String> {
    let is_fraction = text.contains(['.', 'e', 'E']);
    let value: f64 = is_fraction.then(|| text.parse().ok()).flatten()?;
    // The 17th digit is that of the binary value, not of the text.
    let digits = (1..=16).rev();
    let mut texts = digits.map(|digits| format_significant(value, digits));
    let fitting = texts.find(|short| short.width() <= room)?;
    value.is_finite().then_some(fitting)
}

/// The width of a column of texts with aligned decimal points: the widest whole part and the widest fraction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecimalWidth {
    whole: usize,
    fraction: usize,
}

impl DecimalWidth {
    /// Widens the column for a text. Other texts than numbers (`NaN`, a dash) end where the integer parts end.
    pub fn include(&mut self, text: &str) {
        let (whole, rest) = text.split_at(integer_part_len(text));
        self.whole = self.whole.max(whole.width());
        self.fraction = self.fraction.max(rest.width());
    }

    /// In cells.
    #[must_use]
    pub fn cells(self) -> usize {
        self.whole + self.fraction
    }

    /// Pads a text to the column's width, with its decimal point where the others have theirs.
    #[must_use]
    pub fn pad(self, text: &str) -> String {
        let (whole, rest) = text.split_at(integer_part_len(text));
        let pad = |n: usize| " ".repeat(n);
        format!(
            "{}{text}{}",
            pad(self.whole.saturating_sub(whole.width())),
            pad(self.fraction.saturating_sub(rest.width()))
        )
    }
}

/// Pads the texts to one width with aligned decimal points; see [`DecimalWidth`].
#[must_use]
pub fn align_decimal(values: &[String]) -> Vec<String> {
    let mut column = DecimalWidth::default();
    for value in values {
        column.include(value);
    }
    values.iter().map(|value| column.pad(value)).collect()
}

/// The length of a number's integer part, or of any other text.
fn integer_part_len(text: &str) -> usize {
    let numeric = text
        .trim_start_matches(['+', '-'])
        .starts_with(|c: char| c.is_ascii_digit());
    if numeric {
        text.find(['.', 'e', '%']).unwrap_or(text.len())
    } else {
        text.len()
    }
}

/// Longer texts are not parsed as numbers.
const MAX_NUMBER_LEN: usize = 64;

/// Parses what Python's `float` prints: integers, decimals, exponents, `nan`, `inf`; surrounding spaces are ignored.
#[must_use]
pub fn parse_number(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.len() > MAX_NUMBER_LEN {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fractions_keep_the_digits_and_the_exponent_that_have_room() {
        let text = "8.728420390238238e-05";
        assert_eq!(
            fit_fraction(text, 30).as_deref(),
            Some("8.728420390238238e-5")
        );
        assert_eq!(fit_fraction(text, 16).as_deref(), Some("8.72842039024e-5"));
        assert_eq!(fit_fraction(text, 4).as_deref(), Some("9e-5"));
        assert_eq!(fit_fraction(text, 3), None);
        assert_eq!(
            fit_fraction("0.000565236740161", 9).as_deref(),
            Some("0.0005652")
        );
        for other in ["12345678901234", "nan", "1.2.3", "inf"] {
            assert_eq!(fit_fraction(other, 5), None, "{other}");
        }
    }

    #[test]
    fn short_format_has_four_digits_and_no_trailing_zeros() {
        let cases = [
            (0.95, "0.95"),
            (0.912_345, "0.9123"),
            (0.0, "0"),
            (-0.0, "0"),
            (12_345.678, "12346"),
            (9_999_999.9, "1e7"),
            (1.5e9, "1.5e9"),
            (0.000_123_46, "0.0001235"),
            (-1.23e-7, "-1.23e-7"),
            (0.999_99, "1"),
            (100.0, "100"),
        ];
        for (value, text) in cases {
            assert_eq!(format_short(value), text, "{value}");
        }
    }

    #[test]
    fn non_finite_values_are_spelled_out() {
        assert_eq!(
            [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(format_short),
            ["NaN", "∞", "-∞"]
        );
        assert_eq!(
            [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(format_exact),
            ["NaN", "Infinity", "-Infinity"]
        );
    }

    #[test]
    fn signed_format_always_has_a_sign() {
        assert_eq!(
            [0.0125, -3.0, 0.0, f64::INFINITY].map(|v| format_signed(v, 3)),
            ["+0.0125", "-3", "0", "+∞"]
        );
    }

    #[test]
    fn decimal_points_are_aligned() {
        let texts = ["0.95", "12", "1.2e-7", "NaN", "-3.5"].map(String::from);
        assert_eq!(
            align_decimal(&texts),
            ["  0.95  ", " 12     ", "  1.2e-7", "NaN     ", " -3.5   "]
        );
        assert!(align_decimal(&[]).is_empty());
    }

    #[test]
    fn numbers_lose_digits_before_they_are_cut() {
        let fit = |room| fit_short(-0.012_345, room);
        assert_eq!(
            [9, 8, 7, 6].map(fit),
            ["-0.01235", "-0.01235", "-0.0123", "-0.012"]
        );
        assert_eq!(fit_short(12_345.0, 4), "1e4");
        assert_eq!(fit_short(12_345.0, 2), "##");
    }

    #[test]
    fn different_numbers_have_different_texts() {
        let texts = format_distinct(&[0.912_341, 0.912_342, 0.5]);
        assert_eq!(texts, ["0.912341", "0.912342", "0.5"]);
        assert_eq!(
            format_distinct(&[f64::NAN, f64::NAN, 0.0, -0.0])[..2],
            ["NaN", "NaN"]
        );
    }

    #[test]
    fn only_long_fractions_are_shortened() {
        assert_eq!(
            shorten_fraction("0.0003333012908070275").as_deref(),
            Some("0.0003333")
        );
        for text in [
            "0.10",
            "1234567890123",
            "2024.01.02.3",
            "infinity.",
            "1e-05",
        ] {
            assert_eq!(shorten_fraction(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn distinct_formats_are_injective(values in prop::collection::vec(-1e3..1e3_f64, 0..12)) {
            let texts = format_distinct(&values);
            for (a, b) in texts.iter().zip(&values) {
                for (c, d) in texts.iter().zip(&values) {
                    prop_assert!(a != c || (b + 0.0).total_cmp(&(d + 0.0)).is_eq(), "{b} {d}");
                }
            }
        }

        #[test]
        fn exact_format_round_trips(value in any::<f64>()) {
            let back: f64 = format_exact(value).parse().unwrap();
            prop_assert!(back.total_cmp(&value).is_eq() || (back.is_nan() && value.is_nan()));
        }

        #[test]
        fn short_format_is_close_to_the_value(value in prop::num::f64::NORMAL) {
            let back: f64 = format_short(value).parse().unwrap();
            prop_assert!(((back - value) / value).abs() <= 0.5001e-3 || back.is_infinite(), "{value} {}", format_short(value));
        }
    }

    #[test]
    fn numbers_parse_as_python_prints_them() {
        for (text, number) in [
            ("1", 1.0),
            ("-2.5", -2.5),
            ("1e-05", 1e-5),
            ("1E3", 1000.0),
            (" 7 ", 7.0),
            ("-inf", f64::NEG_INFINITY),
        ] {
            assert_eq!(parse_number(text), Some(number), "{text}");
        }
        for text in ["", "None", "1,5", "0x10", "1_000", "[1]", "1 2"] {
            assert_eq!(parse_number(text), None, "{text}");
        }
        assert!(parse_number("-NaN").is_some_and(f64::is_nan));
    }
}
