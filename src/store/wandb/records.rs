//! The records of a W&B log: the fields of `wandb_internal.proto`, the same from wandb 0.16 to
//! 0.31.

use super::protobuf::{FieldValue, MessageFields};
use crate::domain::Millis;

/// The kinds of records that are read.
#[derive(Clone, Copy, Debug)]
pub(super) enum LogRecord<'a> {
    /// Values of one step.
    History(&'a [u8]),
    Summary(&'a [u8]),
    Config(&'a [u8]),
    /// A sample of the system metrics.
    Stats(&'a [u8]),
    Run(&'a [u8]),
    Exit(&'a [u8]),
    /// A separate file before wandb 0.20.
    Environment(&'a [u8]),
}

#[inline]
pub(super) fn parse_record(bytes: &[u8]) -> Option<LogRecord<'_>> {
    MessageFields::new(bytes).find_map(|(field, value)| match (field, value) {
        (2, FieldValue::Bytes(bytes)) => Some(LogRecord::History(bytes)),
        (3, FieldValue::Bytes(bytes)) => Some(LogRecord::Summary(bytes)),
        (5, FieldValue::Bytes(bytes)) => Some(LogRecord::Config(bytes)),
        (7, FieldValue::Bytes(bytes)) => Some(LogRecord::Stats(bytes)),
        (17, FieldValue::Bytes(bytes)) => Some(LogRecord::Run(bytes)),
        (18, FieldValue::Bytes(bytes)) => Some(LogRecord::Exit(bytes)),
        (26, FieldValue::Bytes(bytes)) => Some(LogRecord::Environment(bytes)),
        _ => None,
    })
}

/// A key and a value of a history, a summary, a config or a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordItem<'a> {
    /// Nested keys are joined by dots, as W&B displays them.
    pub key: &'a [u8],
    /// JSON with Python's literals `NaN`, `Infinity` and `-Infinity`.
    pub json: &'a [u8],
}

/// `scratch` stores a joined key.
#[inline]
pub(super) fn parse_item<'a>(bytes: &'a [u8], scratch: &'a mut Vec<u8>) -> RecordItem<'a> {
    let (mut plain, mut first, mut json): (&[u8], Option<&[u8]>, &[u8]) = (&[], None, &[]);
    let mut nested = false;
    for (field, value) in MessageFields::new(bytes) {
        let FieldValue::Bytes(bytes) = value else {
            continue;
        };
        match (field, first) {
            (1, _) => plain = bytes,
            (2, None) => first = Some(bytes),
            (2, Some(first)) => {
                if !nested {
                    scratch.clear();
                    scratch.extend_from_slice(first);
                    nested = true;
                }
                scratch.push(b'.');
                scratch.extend_from_slice(bytes);
            }
            (16, _) => json = bytes,
            _ => {}
        }
    }
    let key = if nested {
        scratch.as_slice()
    } else {
        first.unwrap_or(plain)
    };
    RecordItem { key, json }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum ItemChange<'a> {
    Set(&'a [u8]),
    Removed(&'a [u8]),
}

/// The changes of a summary or a config, each for [`parse_item`].
pub(super) fn item_changes(bytes: &[u8]) -> impl Iterator<Item = ItemChange<'_>> {
    MessageFields::new(bytes).filter_map(|(field, value)| match (field, value) {
        (1, FieldValue::Bytes(bytes)) => Some(ItemChange::Set(bytes)),
        (2, FieldValue::Bytes(bytes)) => Some(ItemChange::Removed(bytes)),
        _ => None,
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HistoryPart<'a> {
    /// For [`parse_item`].
    Item(&'a [u8]),
    /// Also in an item `_step`.
    Step(i64),
}

#[inline]
pub(super) fn history_parts(bytes: &[u8]) -> impl Iterator<Item = HistoryPart<'_>> {
    MessageFields::new(bytes).filter_map(|(field, value)| match (field, value) {
        (1, FieldValue::Bytes(bytes)) => Some(HistoryPart::Item(bytes)),
        (2, FieldValue::Bytes(bytes)) => Some(HistoryPart::Step(parse_step(bytes))),
        _ => None,
    })
}

/// Protobuf omits a zero.
fn parse_step(bytes: &[u8]) -> i64 {
    MessageFields::new(bytes)
        .find_map(|(field, value)| value.as_integer().filter(|_| field == 1))
        .unwrap_or(0)
}

/// A sample of the system metrics.
#[derive(Clone, Copy, Debug)]
pub(super) struct StatsSample<'a>(&'a [u8]);

impl<'a> StatsSample<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn time(self) -> Option<Millis> {
        MessageFields::new(self.0)
            .find_map(|(field, value)| value.as_bytes().filter(|_| field == 2))
            .map(parse_timestamp)
    }

    /// The items, each for [`parse_item`].
    pub(super) fn items(self) -> impl Iterator<Item = &'a [u8]> {
        MessageFields::new(self.0)
            .filter_map(|(field, value)| value.as_bytes().filter(|_| field == 3))
    }
}

/// The header of a run; texts are empty where it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RunInfo {
    pub id: String,
    /// The user or team; often empty.
    pub entity: String,
    pub project: String,
    pub group: String,
    pub job_type: String,
    /// W&B generates missing names on its server, not offline.
    pub name: String,
    pub notes: String,
    pub tags: Vec<String>,
    pub sweep: String,
    pub host: String,
    pub started_at: Option<Millis>,
    /// The URL of the git remote.
    pub remote: String,
    pub commit: String,
    /// The version of wandb.
    pub version: String,
}

/// The header of a run, and its config record.
pub(super) fn parse_run(bytes: &[u8]) -> (RunInfo, Option<&[u8]>) {
    let (mut info, mut config) = (RunInfo::default(), None);
    for (field, value) in MessageFields::new(bytes) {
        let FieldValue::Bytes(bytes) = value else {
            continue;
        };
        match field {
            1 => info.id = bounded_text(bytes),
            2 => info.entity = bounded_text(bytes),
            3 => info.project = bounded_text(bytes),
            4 => config = Some(bytes),
            6 => info.group = bounded_text(bytes),
            7 => info.job_type = bounded_text(bytes),
            8 => info.name = bounded_text(bytes),
            9 => info.notes = bounded_text(bytes),
            10 => info.tags.push(bounded_text(bytes)),
            12 => info.sweep = bounded_text(bytes),
            13 => info.host = bounded_text(bytes),
            17 => info.started_at = Some(parse_timestamp(bytes)),
            19 => info.version = text_field(bytes, 5),
            21 => (info.remote, info.commit) = (text_field(bytes, 1), text_field(bytes, 2)),
            _ => {}
        }
    }
    (info, config)
}

/// The exit code, and the runtime in seconds; 0 where they are missing.
pub(super) fn parse_exit(bytes: &[u8]) -> (i64, i64) {
    let number = |field_number| {
        MessageFields::new(bytes)
            .find_map(|(field, value)| value.as_integer().filter(|_| field == field_number))
            .unwrap_or(0)
    };
    (number(1), number(2))
}

/// The program and the code of a run; empty where unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Environment {
    pub program: String,
    pub user: String,
    /// The URL of the git remote.
    pub remote: String,
    pub commit: String,
}

pub(super) fn parse_environment(bytes: &[u8]) -> Environment {
    let git = MessageFields::new(bytes)
        .find_map(|(field, value)| value.as_bytes().filter(|_| field == 9))
        .unwrap_or_default();
    let user = Some(text_field(bytes, 13))
        .filter(|user| !user.is_empty())
        .unwrap_or_else(|| text_field(bytes, 10));
    Environment {
        program: text_field(bytes, 6),
        user,
        remote: text_field(git, 1),
        commit: text_field(git, 2),
    }
}

/// Empty if the field is missing.
fn text_field(bytes: &[u8], field_number: u64) -> String {
    MessageFields::new(bytes)
        .find_map(|(field, value)| value.as_bytes().filter(|_| field == field_number))
        .map(bounded_text)
        .unwrap_or_default()
}

/// Converts a protobuf `Timestamp`.
fn parse_timestamp(bytes: &[u8]) -> Millis {
    let number = |field_number| {
        MessageFields::new(bytes)
            .find_map(|(field, value)| value.as_integer().filter(|_| field == field_number))
            .unwrap_or(0)
    };
    number(1)
        .saturating_mul(1_000)
        .saturating_add(number(2) / 1_000_000)
}

/// A truncated text; invalid UTF-8 is replaced.
pub(super) fn bounded_text(bytes: &[u8]) -> String {
    super::json::truncate(String::from_utf8_lossy(bytes)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_plain_and_nested_keys() {
        let mut scratch = Vec::new();
        let plain = parse_item(b"\x0a\x04loss\x82\x01\x030.5", &mut scratch);
        assert_eq!(
            plain,
            RecordItem {
                key: b"loss",
                json: b"0.5"
            }
        );
        let one = parse_item(b"\x12\x04loss\x82\x01\x030.5", &mut scratch);
        assert_eq!(
            one,
            RecordItem {
                key: b"loss",
                json: b"0.5"
            }
        );
        let nested = parse_item(
            b"\x12\x04nest\x12\x01b\x12\x01c\x82\x01\x02-3",
            &mut scratch,
        );
        assert_eq!(
            nested,
            RecordItem {
                key: b"nest.b.c",
                json: b"-3"
            }
        );
        assert_eq!(
            parse_item(b"\xff", &mut scratch),
            RecordItem {
                key: b"",
                json: b""
            }
        );
    }

    #[test]
    fn an_empty_step_is_zero() {
        assert_eq!(
            history_parts(b"\x12\x00").collect::<Vec<_>>(),
            [HistoryPart::Step(0)]
        );
        assert_eq!(
            history_parts(b"\x0a\x01x\x12\x02\x08\x07").collect::<Vec<_>>(),
            [HistoryPart::Item(b"x"), HistoryPart::Step(7)]
        );
        assert_eq!(history_parts(b"").next(), None);
    }
}
