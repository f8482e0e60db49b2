//! Times that were logged in another unit than milliseconds.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::curves::CurveSeries;

/// The units besides ms, with what one of them is in ns.
const OTHER_UNITS: [(&str, i128); 3] = [
    ("seconds", 1_000_000_000),
    ("microseconds", 1_000),
    ("nanoseconds", 1),
];
/// From 2000 to 2100, in seconds.
const PLAUSIBLE_SECONDS: std::ops::RangeInclusive<i128> = 946_684_800..=4_102_444_800;

/// The unit of a time if it is not ms, and the time in it. Metrics logged between 2000 and 2100 have one plausible unit.
pub(super) fn suspected_unit(timestamp: i64) -> Option<(&'static str, Timestamp)> {
    OTHER_UNITS.into_iter().find_map(|(name, nanos)| {
        let nanos = i128::from(timestamp) * nanos;
        let at = Timestamp::from_nanosecond(nanos).ok()?;
        PLAUSIBLE_SECONDS
            .contains(&(nanos / 1_000_000_000))
            .then_some((name, at))
    })
}

/// A note about the curves whose times are probably not ms.
pub(super) fn unit_note(curves: &[CurveSeries<'_>], zone: &TimeZone) -> Option<String> {
    let units = curves
        .iter()
        .filter_map(|curve| suspected_unit(curve.points.first()?.timestamp));
    let (unit, at) = units.clone().min_by_key(|(_, at)| *at)?;
    let count = units.filter(|(other, _)| *other == unit).count();
    let of = match count {
        _ if count == curves.len() => String::new(),
        1 => " of 1 curve".to_owned(),
        _ => format!(" of {count} curves"),
    };
    let date = at
        .to_zoned_datetime(zone.clone())
        .strftime("%Y-%m-%d %H:%M");
    Some(format!(
        "times{of} look like {unit}, not milliseconds: in {unit} they start {date}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_units_are_recognized() {
        let unit = |timestamp| suspected_unit(timestamp).map(|(unit, _)| unit);
        assert_eq!(unit(1_700_000_000), Some("seconds"));
        assert_eq!(unit(1_700_000_000_000), None);
        assert_eq!(unit(1_700_000_000_000_000), Some("microseconds"));
        assert_eq!(unit(1_700_000_000_000_000_000), Some("nanoseconds"));
        assert_eq!(unit(0), None);
        assert_eq!(unit(-1_700_000_000), None);
        assert_eq!(unit(i64::MAX), None);
    }
}
