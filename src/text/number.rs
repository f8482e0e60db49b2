//! Numbers for display: four significant digits in tables, all digits in details and copies.

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

/// Pads the texts to one width with aligned decimal points. Other texts (`NaN`, a dash) end where the
/// integer parts end.
#[must_use]
pub fn align_decimal(values: &[String]) -> Vec<String> {
    let parts: Vec<(&str, &str)> = values
        .iter()
        .map(|value| value.split_at(integer_part_len(value)))
        .collect();
    let left = parts
        .iter()
        .map(|(whole, _)| whole.width())
        .max()
        .unwrap_or(0);
    let right = parts
        .iter()
        .map(|(_, rest)| rest.width())
        .max()
        .unwrap_or(0);
    let pad = |n: usize| " ".repeat(n);
    parts
        .iter()
        .map(|(whole, rest)| {
            format!(
                "{}{whole}{rest}{}",
                pad(left - whole.width()),
                pad(right - rest.width())
            )
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    proptest! {
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
}
