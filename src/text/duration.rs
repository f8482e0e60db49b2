//! Durations in all their units: `90s`, `1h30m`, `2d`.

/// Milliseconds.
type Millis = i64;

/// Units and their length in ms, longest first.
const UNITS: [(&str, Millis); 6] = [
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// Longer durations are rejected: beyond this an f64 does not hold every ms.
const MAX_MS: f64 = 9e15;

/// Parses numbers with units, one after another, into ms.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Millis> {
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let number = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .filter(|length| *length > 0)?;
        let (digits, after) = rest.split_at(number);
        let unit = after
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let (_, ms) = UNITS
            .into_iter()
            .find(|(name, _)| unit.eq_ignore_ascii_case(name))?;
        total += digits.parse::<f64>().ok()? * ms as f64;
        rest = after;
    }
    (!text.is_empty() && total < MAX_MS).then_some(total.round() as Millis)
}

/// Formats ms in days and smaller units, which [`parse_duration`] reads as the same again if `step` is 0. Units finer than a
/// 60th of `step`, ms, are left out.
#[must_use]
pub fn format_units(ms: Millis, step: Millis) -> String {
    let mut rest = ms.unsigned_abs();
    let mut text = String::new();
    // Weeks are parsed, but days are easier to read.
    for (unit, length) in UNITS.into_iter().skip(1) {
        if length < step / 60 && !text.is_empty() {
            break;
        }
        let length = length.unsigned_abs();
        if rest >= length {
            text.push_str(&format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    match (text.is_empty(), ms < 0) {
        (true, _) => "0s".to_owned(),
        (false, true) => format!("-{text}"),
        (false, false) => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_parse_as_people_write_them() {
        assert_eq!(parse_duration("90s"), Some(90_000));
        assert_eq!(parse_duration("1h30m"), Some(5_400_000));
        assert_eq!(parse_duration("1.5H"), Some(5_400_000));
        assert_eq!(parse_duration("2w"), Some(1_209_600_000));
        for wrong in [
            "",
            "5",
            "h",
            "1x",
            "1h30",
            "-1s",
            "1e3s",
            "99999999999999999w",
        ] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
        assert_eq!(format_units(5_400_001, 0), "1h30m1ms");
        assert_eq!(format_units(-90_000, 0), "-1m30s");
        assert_eq!(format_units(90_061_001, 3_600_000), "1d1h1m");
    }

    proptest! {
        #[test]
        fn formatted_durations_parse_back(ms in 0..1_000_000_000_000_i64) {
            prop_assert_eq!(parse_duration(&format_units(ms, 0)), Some(ms));
        }
    }
}
