//! Equality of values that were logged as text: `1e-3`, `0.001` and `1.0e-03` are one number.

/// A decimal number in its one spelling.
#[derive(PartialEq, Eq)]
struct Decimal {
    is_negative: bool,
    /// Without zeros at either end; empty for 0.
    digits: String,
    /// The power of ten of the last digit.
    power: i64,
}

/// Parses a plain decimal number, exactly: unlike a float, it never confuses two large seeds.
fn normalize(text: &str) -> Option<Decimal> {
    let (is_negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let significant = digits.trim_end_matches('0');
    let power = exponent
        .checked_sub(i64::try_from(fraction.len()).ok()?)?
        .checked_add(i64::try_from(digits.len() - significant.len()).ok()?)?;
    let significant = significant.trim_start_matches('0');
    let is_zero = significant.is_empty();
    Some(Decimal {
        is_negative: is_negative && !is_zero,
        digits: significant.to_owned(),
        power: if is_zero { 0 } else { power },
    })
}

/// The scalar in the `repr` of NumPy, PyTorch or `decimal`: `0.1` in `np.float64(0.1)`.
pub(super) fn unwrap_scalar(text: &str) -> &str {
    let inner = || {
        let (name, rest) = text.trim().strip_suffix(')')?.split_once('(')?;
        let name = name
            .strip_prefix("numpy.")
            .or_else(|| name.strip_prefix("np."))
            .or_else(|| {
                let others = ["tensor", "torch.tensor", "Decimal", "decimal.Decimal"];
                others.contains(&name).then_some("float")
            })?;
        let is_number = [
            "float",
            "int",
            "uint",
            "longdouble",
            "double",
            "half",
            "single",
        ]
        .iter()
        .any(|kind| name.starts_with(kind));
        is_number.then(|| rest.trim_matches(['\'', '"']))
    };
    inner().unwrap_or(text)
}

/// Whether two logged values are equal, as texts or as numbers.
pub(super) fn is_same_value(a: &str, b: &str) -> bool {
    let (a, b) = (unwrap_scalar(a), unwrap_scalar(b));
    a == b || normalize(a).is_some_and(|number| normalize(b) == Some(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_number_are_the_same() {
        for (a, b) in [
            ("1e-3", "0.001"),
            ("1", "1.0"),
            ("+5", "5"),
            ("-0", "0.0"),
            ("1E2", "100"),
            (".5", "0.50"),
            ("10.", "1e1"),
            ("np.float64(0.1)", "0.1"),
            ("np.float32(1e-1)", "numpy.float64(0.10)"),
            ("np.int64(3)", "3"),
            ("Decimal('2.50')", "2.5"),
        ] {
            assert!(is_same_value(a, b), "{a} {b}");
        }
    }

    #[test]
    fn other_values_compare_as_text() {
        for (a, b) in [
            ("True", "true"),
            ("", "None"),
            ("", "0"),
            ("9007199254740993", "9007199254740992"),
            ("1", "-1"),
            ("nan", "NaN"),
            ("f(0.1)", "0.1"),
            ("np.float64(0.1)", "0.2"),
            (".", "0"),
            ("-", "0"),
            ("1e", "1"),
            ("٣", "3"),
            ("1e99999999999999999999", "1e99999999999999999998"),
        ] {
            assert!(!is_same_value(a, b), "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn two_spellings_of_a_float_agree(value in prop::num::f64::NORMAL | prop::num::f64::ZERO) {
            let (scientific, plain) = (format!("{value:e}"), format!("{value}"));
            prop_assert!(is_same_value(&scientific, &plain));
        }

        #[test]
        fn any_text_is_the_same_as_itself(text in any::<String>()) {
            prop_assert!(is_same_value(&text, &text));
        }
    }
}
