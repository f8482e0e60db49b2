//! Labels of times: each has what the label before it does not tell.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

const DAY_MS: i64 = 86_400_000;

/// Labels for ticks at times in ms, which are `step` ms apart: the first and each new day have a date, and with a new year the
/// year.
pub(super) fn tick_labels(times: &[f64], step: i64, zone: &TimeZone) -> Vec<String> {
    let mut before: Option<ZonedDateTime> = None;
    let label = |ms: &f64| {
        let ms = *ms as i64;
        let Some(at) = zoned(ms, zone) else {
            return ms.to_string();
        };
        let is_new_year = before.as_ref().is_none_or(|old| old.year() != at.year());
        let is_new_day = before.as_ref().is_none_or(|old| old.date() != at.date());
        let date = match (is_new_year, is_new_day) {
            (true, _) => "%b %d %Y ",
            (false, true) => "%b %d ",
            (false, false) => "",
        };
        let format = format!("{date}{}", time_format(step));
        let text = at.strftime(format.trim_end()).to_string();
        before = Some(at);
        text
    };
    times.iter().map(label).collect()
}

/// A time with its date.
pub(super) fn format_time(ms: i64, zone: &TimeZone) -> String {
    zoned(ms, zone).map_or_else(
        || ms.to_string(),
        |at| at.strftime("%b %d %Y %H:%M:%S").to_string(),
    )
}

fn zoned(ms: i64, zone: &TimeZone) -> Option<ZonedDateTime> {
    let at = Timestamp::from_millisecond(ms).ok()?;
    Some(at.to_zoned_datetime(zone.clone()))
}

/// The time of day, as precise as the step.
fn time_format(step: i64) -> &'static str {
    match step {
        DAY_MS.. => "",
        60_000.. => "%H:%M",
        1_000.. => "%H:%M:%S",
        _ => "%H:%M:%S%.3f",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_on_the_first_label_and_each_new_day() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond() as f64;
        let labels = |times: &[&str], step| {
            let times: Vec<f64> = times.iter().map(|text| at(text)).collect();
            tick_labels(&times, step, &TimeZone::UTC)
        };
        assert_eq!(
            labels(
                &[
                    "2023-12-31T18:00Z",
                    "2024-01-01T00:00Z",
                    "2024-01-01T06:00Z",
                    "2024-01-02T00:00Z"
                ],
                6 * 3_600_000
            ),
            [
                "Dec 31 2023 18:00",
                "Jan 01 2024 00:00",
                "06:00",
                "Jan 02 00:00"
            ]
        );
        assert_eq!(
            labels(
                &[
                    "2024-02-28T00:00Z",
                    "2024-02-29T00:00Z",
                    "2024-03-01T00:00Z"
                ],
                DAY_MS
            ),
            ["Feb 28 2024", "Feb 29", "Mar 01"]
        );
        assert_eq!(
            labels(&["1970-01-20T16:13:20.005Z", "1970-01-20T16:13:20.010Z"], 5),
            ["Jan 20 1970 16:13:20.005", "16:13:20.010"]
        );
        assert_eq!(
            tick_labels(&[9e17], 1_000, &TimeZone::UTC),
            ["900000000000000000"]
        );
    }
}
