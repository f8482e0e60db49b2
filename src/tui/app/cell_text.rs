//! Cells as text: short for tables, in full for the clipboard and details.

use jiff::tz::TimeZone;

use crate::domain::{Millis, ModelName, RunStatus};
use crate::table::{CellValue, ColumnKey, ValueKind};
use crate::text::untrusted::clean;
use crate::text::width::width;
use crate::text::{number, quantity};

/// The placeholder for a missing value.
pub const MISSING: &str = "—";

/// A name wider than this is not repeated on its model's own screens, in cells.
const MAX_REPEATED_NAME: u16 = 24;

/// A text for a screen that names the model already: there, versions of a model with a long name are `v3`.
#[must_use]
pub fn within_model(text: &str, model: &ModelName) -> String {
    let name = model.clean();
    if width(&name) <= MAX_REPEATED_NAME {
        return text.to_owned();
    }
    let name = format!("{name}/");
    let mut parts = text.split(name.as_str());
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_version = part.starts_with(|c: char| c.is_ascii_digit());
        out.push_str(if is_version { "v" } else { &name });
        out.push_str(part);
    }
    out
}

/// A cell in a table, cleaned; times are relative to `now`.
#[must_use]
pub fn short_text(cell: CellValue<'_>, now: Millis) -> String {
    match cell {
        CellValue::Missing => MISSING.to_owned(),
        CellValue::Number(value) => number::format_short(value),
        CellValue::Text(text) => clean(text).into_owned(),
        CellValue::Status(status) => status.as_str().to_owned(),
        CellValue::Time(at) => quantity::format_age(now.saturating_sub(at)),
        CellValue::Duration(ms) => quantity::format_duration(ms),
    }
}

/// [`short_text`] of a cell in a column: long fractions that were logged as params or tags are shortened, too.
#[must_use]
pub fn column_text(cell: CellValue<'_>, column: &ColumnKey, now: Millis) -> String {
    match cell {
        CellValue::Text(text) if column.kind().values == ValueKind::NumberOrText => {
            number::shorten_fraction(text).unwrap_or_else(|| clean(text).into_owned())
        }
        cell => short_text(cell, now),
    }
}

/// A cell in a table, to measure its width: a time is as wide as `12 min ago`.
#[must_use]
pub fn width_sample(cell: CellValue<'_>, column: &ColumnKey) -> String {
    match cell {
        CellValue::Time(_) => "12 min ago".to_owned(),
        other => column_text(other, column, 0),
    }
}

/// A cell in full, with every digit and absolute times. Text is not cleaned, for the clipboard.
#[must_use]
pub fn full_text(cell: CellValue<'_>) -> String {
    match cell {
        CellValue::Missing => String::new(),
        CellValue::Number(value) => number::format_exact(value),
        CellValue::Text(text) => text.to_owned(),
        CellValue::Status(status) => status.as_str().to_owned(),
        CellValue::Time(at) => utc_time(at),
        CellValue::Duration(ms) => quantity::format_duration(ms),
    }
}

/// The symbol of a running run without recent activity, different from every status symbol.
pub const STALLED_SYMBOL: &str = "!";
/// The label of a stalled run.
pub const STALLED_LABEL: &str = "STALLED";

/// The symbol of a status, one cell wide.
#[must_use]
pub fn status_symbol(status: RunStatus, ascii: bool) -> &'static str {
    match (status, ascii) {
        (RunStatus::Running, false) => "▶",
        (RunStatus::Running, true) => ">",
        (RunStatus::Scheduled, false) => "◷",
        (RunStatus::Scheduled, true) => ":",
        (RunStatus::Finished, false) => "✓",
        (RunStatus::Finished, true) => "+",
        (RunStatus::Failed, false) => "✗",
        (RunStatus::Failed, true) => "x",
        (RunStatus::Killed, false) => "■",
        (RunStatus::Killed, true) => "#",
        (RunStatus::Unknown, _) => "?",
    }
}

/// A time in UTC: `2026-03-01T12:00:00Z`, or in ms outside of the calendar's range.
#[must_use]
pub fn utc_time(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at)
        .map_or_else(|_| format!("{at} ms"), |time| time.to_string())
}

/// A text that begins with an RFC 3339 time, with that time in a time zone: `2026-03-01T12:00:00Z  [a.json]`.
#[must_use]
pub fn with_local_time(text: &str, zone: &TimeZone) -> String {
    let (time, rest) = text.split_at(text.find(' ').unwrap_or(text.len()));
    match time.parse::<jiff::Timestamp>() {
        Ok(at) => format!("{}{rest}", local_time(at.as_millisecond(), zone)),
        Err(_) => text.to_owned(),
    }
}

/// A time in a time zone: `2026-03-01 13:00:00 CET`.
#[must_use]
pub fn local_time(at: Millis, zone: &TimeZone) -> String {
    match jiff::Timestamp::from_millisecond(at) {
        Ok(time) => time
            .to_zoned_datetime(zone.clone())
            .strftime("%Y-%m-%d %H:%M:%S %Z")
            .to_string(),
        Err(_) => format!("{at} ms"),
    }
}
