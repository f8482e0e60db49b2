//! Durations, ages and sizes for display.

use jiff::tz::TimeZone;

/// Milliseconds, as a duration or since the Unix epoch: MLflow's unit of time.
pub type Millis = i64;

pub(crate) const SECOND: Millis = 1_000;
pub(crate) const MINUTE: Millis = 60 * SECOND;
pub(crate) const HOUR: Millis = 60 * MINUTE;
pub(crate) const DAY: Millis = 24 * HOUR;
const MONTH: Millis = 30 * DAY;
const YEAR: Millis = 365 * DAY;

/// A duration in its two largest units: `850ms`, `12.3s`, `4m 05s`, `1h 02m`, `3d 04h`.
#[must_use]
pub fn format_duration(ms: Millis) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    // i64::MIN has no absolute value; 1 ms of 292 million years doesn't matter.
    let ms = ms.checked_abs().unwrap_or(Millis::MAX);
    let text = match ms {
        _ if ms < SECOND => format!("{ms}ms"),
        _ if ms < MINUTE => format!("{}.{}s", ms / SECOND, ms % SECOND / 100),
        _ if ms < HOUR => format!("{}m {:02}s", ms / MINUTE, ms % MINUTE / SECOND),
        _ if ms < DAY => format!("{}h {:02}m", ms / HOUR, ms % HOUR / MINUTE),
        _ => format!("{}d {:02}h", ms / DAY, ms % DAY / HOUR),
    };
    format!("{sign}{text}")
}

/// A time in a zone to the minute: `2026-11-26 20:17`. Times beyond the calendar are in ms.
#[must_use]
pub fn format_zoned_time(ms: Millis, zone: &TimeZone) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(
        |_| ms.to_string(),
        |time| {
            time.to_zoned_datetime(zone.clone())
                .strftime("%Y-%m-%d %H:%M")
                .to_string()
        },
    )
}

/// A time in UTC to the minute: `2026-11-26 19:17 UTC`; `None` outside the calendar.
#[must_use]
pub fn format_time(ms: Millis) -> Option<String> {
    let time = jiff::Timestamp::from_millisecond(ms).ok()?;
    Some(time.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// An age in its largest unit: `now`, `12 s ago`, `3 d ago`; a negative one is `in 5 min`.
#[must_use]
pub fn format_age(ms: Millis) -> String {
    let size = ms.checked_abs().unwrap_or(Millis::MAX);
    let (count, unit) = match size {
        _ if size < SECOND => return "now".into(),
        _ if size < MINUTE => (size / SECOND, "s"),
        _ if size < HOUR => (size / MINUTE, "min"),
        _ if size < DAY => (size / HOUR, "h"),
        _ if size < 2 * MONTH => (size / DAY, "d"),
        _ if size < 2 * YEAR => (size / MONTH, "mo"),
        _ => (size / YEAR, "y"),
    };
    if ms < 0 {
        format!("in {count} {unit}")
    } else {
        format!("{count} {unit} ago")
    }
}

/// A size in decimal units: `999 B`, `1.2 MB`.
#[must_use]
pub fn format_bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if count < 1_000 {
        return format!("{count} B");
    }
    let mut size = count as f64 / 1e3;
    let mut unit = 0;
    // 999.95 would round to 1000.0.
    while size >= 999.95 && unit + 1 < UNITS.len() {
        size /= 1e3;
        unit += 1;
    }
    let text = format!("{size:.1}");
    format!(
        "{} {}",
        text.strip_suffix(".0").unwrap_or(&text),
        UNITS.get(unit).copied().unwrap_or("EB")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn out_of_range_time_does_not_panic() {
        assert_eq!(
            format_zoned_time(i64::MAX, &TimeZone::UTC),
            i64::MAX.to_string()
        );
    }

    #[test]
    fn durations_show_two_units() {
        let cases = [
            (0, "0ms"),
            (850, "850ms"),
            (12_340, "12.3s"),
            (245_000, "4m 05s"),
            (3_725_000, "1h 02m"),
            (273_600_000, "3d 04h"),
            (-1_500, "-1.5s"),
        ];
        for (ms, text) in cases {
            assert_eq!(format_duration(ms), text);
        }
    }

    #[test]
    fn ages_show_one_unit_and_a_direction() {
        let cases = [
            (999, "now"),
            (12_000, "12 s ago"),
            (240_000, "4 min ago"),
            (3 * HOUR, "3 h ago"),
            (3 * DAY, "3 d ago"),
            (400 * DAY, "13 mo ago"),
            (800 * DAY, "2 y ago"),
            (-300_000, "in 5 min"),
        ];
        for (ms, text) in cases {
            assert_eq!(format_age(ms), text);
        }
    }

    #[test]
    fn sizes_use_decimal_units() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1 kB"),
            (1_234_567, "1.2 MB"),
            (999_999, "1 MB"),
            (u64::MAX, "18.4 EB"),
        ];
        for (count, text) in cases {
            assert_eq!(format_bytes(count), text);
        }
    }

    proptest! {
        #[test]
        fn extreme_durations_do_not_panic(ms in any::<i64>()) {
            prop_assert!(!format_duration(ms).is_empty() && !format_age(ms).is_empty());
        }
    }
}
