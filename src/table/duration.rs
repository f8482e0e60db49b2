//! Spans of time as they are written: `90s`, `1h30m`, `2d`.

use crate::domain::Millis;

/// The units, longest first, with their length in ms.
const UNITS: [(&str, Millis); 6] = [
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// The longest span that is read: beyond it an f64 no longer holds every ms.
const MAX_MS: f64 = 9e15;

/// Reads a span in ms: numbers, each with its unit, one after another.
pub(super) fn parse_duration(text: &str) -> Option<Millis> {
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

/// Writes a span of ms, exactly, so that it reads as the same again.
pub(super) fn format_duration(ms: Millis) -> String {
    let mut rest = ms.max(0);
    let mut text = String::new();
    // Weeks are read, but few people think in them.
    for (unit, length) in UNITS.into_iter().skip(1).filter(|_| ms > 0) {
        if rest >= length {
            text.push_str(&format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text
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
        assert_eq!(format_duration(5_400_001), "1h30m1ms");
    }

    proptest! {
        #[test]
        fn formatted_durations_parse_back(ms in 0..1_000_000_000_000_i64) {
            prop_assert_eq!(parse_duration(&format_duration(ms)), Some(ms));
        }
    }
}
