//! Values as tools write them: numbers, booleans and times in strings.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, fmt::strtime};
use serde_json::{Number, Value};

use crate::text::width;

/// Characters of a string.
const MAX_TEXT_CHARS: usize = 1_000;
/// Columns of a value in an error.
const MAX_PREVIEW_WIDTH: u16 = 40;

/// A string as it is, any other value as JSON.
pub(crate) fn value_text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

pub(super) fn truncate(text: &str) -> Value {
    Value::String(text.chars().take(MAX_TEXT_CHARS).collect())
}

pub(super) fn preview(value: &Value) -> String {
    width::truncate(&value.to_string(), MAX_PREVIEW_WIDTH)
}

pub(super) fn parse_number(text: &str) -> Option<Value> {
    let text = text.trim();
    text.parse::<i64>()
        .map(Value::from)
        .ok()
        .or_else(|| Number::from_f64(text.parse().ok()?).map(Value::Number))
}

/// Lower-case words for booleans: of JSON, Python, Kubernetes, CSV, and of tags.
const TRUE_WORDS: [&str; 8] = [
    "true",
    "yes",
    "1",
    "pass",
    "passed",
    "success",
    "succeeded",
    "approved",
];
const FALSE_WORDS: [&str; 8] = [
    "false", "no", "0", "fail", "failed", "failure", "error", "rejected",
];

/// Lower-case words for a check without a result yet.
const PENDING_WORDS: [&str; 9] = [
    "pending",
    "running",
    "in progress",
    "in_progress",
    "in-progress",
    "queued",
    "waiting",
    "scheduled",
    "todo",
];
const NOT_A_BOOLEAN: &str = "not a boolean: ";

/// Why a value that should be a boolean is unreadable.
pub(super) fn not_a_boolean(value: &Value) -> String {
    format!("{NOT_A_BOOLEAN}{}", preview(value))
}

/// The word by which a check says that it has no result yet, in the reason of [`not_a_boolean`].
pub(super) fn pending_word(why: &str) -> Option<&str> {
    let word = why
        .strip_prefix(NOT_A_BOOLEAN)?
        .strip_prefix('"')?
        .strip_suffix('"')?;
    PENDING_WORDS
        .contains(&word.trim().to_ascii_lowercase().as_str())
        .then_some(word)
}

/// Booleans as tools write them.
pub(super) fn parse_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            word if TRUE_WORDS.contains(&word) => Some(true),
            word if FALSE_WORDS.contains(&word) => Some(false),
            _ => None,
        },
        Value::Number(number) => match number.as_f64() {
            Some(1.0) => Some(true),
            Some(0.0) => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// Times as tools write them, in ms since the epoch: RFC 3339, without a zone (UTC), day first with slashes, or seconds or ms
/// since the epoch.
pub(super) fn parse_time(value: &Value) -> Option<i64> {
    if let Some(number) = value.as_f64() {
        return Some(if number.abs() < 1e11 {
            number * 1e3
        } else {
            number
        } as i64);
    }
    let text = value.as_str()?.trim();
    let utc = |time: DateTime| {
        TimeZone::UTC
            .to_ambiguous_zoned_datetime(time)
            .compatible()
            .ok()
            .map(|zoned| zoned.timestamp())
    };
    let civil = || utc(text.parse::<DateTime>().ok()?);
    let day_first = || {
        utc(strtime::parse("%d/%m/%Y %H:%M:%S", text)
            .ok()?
            .to_datetime()
            .ok()?)
    };
    let found = text
        .parse::<Timestamp>()
        .ok()
        .or_else(civil)
        .or_else(day_first);
    found.map(Timestamp::as_millisecond).or_else(|| {
        text.parse::<f64>()
            .ok()
            .and_then(|number| parse_time(&Value::from(number)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn common_time_formats_are_parsed() {
        for text in [
            "2026-11-23T13:52:35+00:00",
            "2026-11-23T13:52:35",
            "2026-11-23 13:52:35",
            "23/11/2026 13:52:35",
            "1795441955",
        ] {
            assert_eq!(parse_time(&json!(text)), Some(1_795_441_955_000), "{text}");
        }
        assert_eq!(parse_time(&json!("soon")), None);
    }
}
