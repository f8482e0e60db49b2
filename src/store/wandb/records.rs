//! What the records of a W&B file are: the numbers of `wandb_internal.proto` that are read here, the same from wandb 0.16 to 0.31.

use super::wire::{Fields, Value};
use crate::domain::Millis;

/// A record that is read; the others are of no use here.
#[derive(Clone, Copy, Debug)]
pub(super) enum Record<'a> {
    /// Values that were logged together.
    History(&'a [u8]),
    /// Changes of the summary.
    Summary(&'a [u8]),
    /// Changes of the config.
    Config(&'a [u8]),
    /// A sample of the system's metrics.
    Stats(&'a [u8]),
    /// What the run is.
    Run(&'a [u8]),
    /// The run's end.
    Exit(&'a [u8]),
    /// Where it runs: a file of its own before 0.20.
    Environment(&'a [u8]),
}

/// The record in these bytes, if it is one that is read.
#[inline]
pub(super) fn record(bytes: &[u8]) -> Option<Record<'_>> {
    Fields::of(bytes).find_map(|(field, value)| match (field, value) {
        (2, Value::Bytes(bytes)) => Some(Record::History(bytes)),
        (3, Value::Bytes(bytes)) => Some(Record::Summary(bytes)),
        (5, Value::Bytes(bytes)) => Some(Record::Config(bytes)),
        (7, Value::Bytes(bytes)) => Some(Record::Stats(bytes)),
        (17, Value::Bytes(bytes)) => Some(Record::Run(bytes)),
        (18, Value::Bytes(bytes)) => Some(Record::Exit(bytes)),
        (26, Value::Bytes(bytes)) => Some(Record::Environment(bytes)),
        _ => None,
    })
}

/// A value under a key, of a history, a summary, a config or a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item<'a> {
    /// The key; a nested one's parts are joined by dots, as W&B shows them.
    pub key: &'a [u8],
    /// The value: JSON, in which numbers may be `NaN`, `Infinity` and `-Infinity`.
    pub json: &'a [u8],
}

/// An item; `scratch` holds the key where it has to be put together.
#[inline]
pub(super) fn item<'a>(bytes: &'a [u8], scratch: &'a mut Vec<u8>) -> Item<'a> {
    let (mut plain, mut first, mut json): (&[u8], Option<&[u8]>, &[u8]) = (&[], None, &[]);
    let mut nested = false;
    for (field, value) in Fields::of(bytes) {
        let Value::Bytes(bytes) = value else { continue };
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
    Item { key, json }
}

/// A part of a history, a summary or a config.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change<'a> {
    /// A value that was set.
    Set(&'a [u8]),
    /// A key that was taken away.
    Removed(&'a [u8]),
}

/// The changes of a summary or a config, each to be read with [`item`].
pub(super) fn changes(bytes: &[u8]) -> impl Iterator<Item = Change<'_>> {
    Fields::of(bytes).filter_map(|(field, value)| match (field, value) {
        (1, Value::Bytes(bytes)) => Some(Change::Set(bytes)),
        (2, Value::Bytes(bytes)) => Some(Change::Removed(bytes)),
        _ => None,
    })
}

/// A part of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// An item, to be read with [`item`].
    Item(&'a [u8]),
    /// The step; W&B has it in an item `_step`, too.
    Step(i64),
}

/// The parts of a history.
#[inline]
pub(super) fn logged(bytes: &[u8]) -> impl Iterator<Item = Part<'_>> {
    Fields::of(bytes).filter_map(|(field, value)| match (field, value) {
        (1, Value::Bytes(bytes)) => Some(Part::Item(bytes)),
        (2, Value::Bytes(bytes)) => Some(Part::Step(step(bytes))),
        _ => None,
    })
}

/// The number in a step; zero is what protobuf leaves out.
fn step(bytes: &[u8]) -> i64 {
    Fields::of(bytes)
        .find_map(|(field, value)| value.integer().filter(|_| field == 1))
        .unwrap_or(0)
}

/// A sample of the system's metrics.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample<'a>(&'a [u8]);

impl<'a> Sample<'a> {
    /// The sample in these bytes.
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// When it was taken.
    pub(super) fn time(self) -> Option<Millis> {
        Fields::of(self.0)
            .find_map(|(field, value)| value.bytes().filter(|_| field == 2))
            .map(time)
    }

    /// Its items, each to be read with [`item`].
    pub(super) fn items(self) -> impl Iterator<Item = &'a [u8]> {
        Fields::of(self.0).filter_map(|(field, value)| value.bytes().filter(|_| field == 3))
    }
}

/// What a run says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RunFacts {
    /// Its id.
    pub id: String,
    /// Whose it is; often empty.
    pub entity: String,
    /// Its project; empty where none was named.
    pub project: String,
    /// Its group.
    pub group: String,
    /// Its kind of work.
    pub job_type: String,
    /// Its name; offline, a run that was given none has none.
    pub name: String,
    /// Notes.
    pub notes: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// The sweep that it belongs to.
    pub sweep: String,
    /// The machine.
    pub host: String,
    /// When it started.
    pub start: Option<Millis>,
    /// Where its repository is.
    pub remote: String,
    /// Its commit.
    pub commit: String,
    /// The version of wandb.
    pub version: String,
}

/// What a run says it is, and its config.
pub(super) fn run(bytes: &[u8]) -> (RunFacts, Option<&[u8]>) {
    let (mut facts, mut config) = (RunFacts::default(), None);
    for (field, value) in Fields::of(bytes) {
        let Value::Bytes(bytes) = value else { continue };
        match field {
            1 => facts.id = text(bytes),
            2 => facts.entity = text(bytes),
            3 => facts.project = text(bytes),
            4 => config = Some(bytes),
            6 => facts.group = text(bytes),
            7 => facts.job_type = text(bytes),
            8 => facts.name = text(bytes),
            9 => facts.notes = text(bytes),
            10 => facts.tags.push(text(bytes)),
            12 => facts.sweep = text(bytes),
            13 => facts.host = text(bytes),
            17 => facts.start = Some(time(bytes)),
            19 => facts.version = named(bytes, 5),
            21 => (facts.remote, facts.commit) = (named(bytes, 1), named(bytes, 2)),
            _ => {}
        }
    }
    (facts, config)
}

/// The exit code of a run's end, and how many seconds it ran for, as far as it says.
pub(super) fn exit(bytes: &[u8]) -> (i64, i64) {
    let number = |wanted| {
        Fields::of(bytes)
            .find_map(|(field, value)| value.integer().filter(|_| field == wanted))
            .unwrap_or(0)
    };
    (number(1), number(2))
}

/// Where a run runs, as far as that is told of it elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Environment {
    /// The program.
    pub program: String,
    /// Who runs it.
    pub user: String,
    /// Where its repository is.
    pub remote: String,
    /// Its commit.
    pub commit: String,
}

/// Where a run runs.
pub(super) fn environment(bytes: &[u8]) -> Environment {
    let git = Fields::of(bytes)
        .find_map(|(field, value)| value.bytes().filter(|_| field == 9))
        .unwrap_or_default();
    let user = Some(named(bytes, 13))
        .filter(|user| !user.is_empty())
        .unwrap_or_else(|| named(bytes, 10));
    Environment {
        program: named(bytes, 6),
        user,
        remote: named(git, 1),
        commit: named(git, 2),
    }
}

/// The text of a field; empty where there is none.
fn named(bytes: &[u8], wanted: u64) -> String {
    Fields::of(bytes)
        .find_map(|(field, value)| value.bytes().filter(|_| field == wanted))
        .map(text)
        .unwrap_or_default()
}

/// A protobuf `Timestamp`.
fn time(bytes: &[u8]) -> Millis {
    let number = |wanted| {
        Fields::of(bytes)
            .find_map(|(field, value)| value.integer().filter(|_| field == wanted))
            .unwrap_or(0)
    };
    number(1)
        .saturating_mul(1_000)
        .saturating_add(number(2) / 1_000_000)
}

/// Text as it came, no longer than is kept; bytes that are none are replaced.
pub(super) fn text(bytes: &[u8]) -> String {
    super::json::cut(String::from_utf8_lossy(bytes)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_in_either_way() {
        let mut scratch = Vec::new();
        let plain = item(b"\x0a\x04loss\x82\x01\x030.5", &mut scratch);
        assert_eq!(
            plain,
            Item {
                key: b"loss",
                json: b"0.5"
            }
        );
        let one = item(b"\x12\x04loss\x82\x01\x030.5", &mut scratch);
        assert_eq!(
            one,
            Item {
                key: b"loss",
                json: b"0.5"
            }
        );
        let nested = item(
            b"\x12\x04nest\x12\x01b\x12\x01c\x82\x01\x02-3",
            &mut scratch,
        );
        assert_eq!(
            nested,
            Item {
                key: b"nest.b.c",
                json: b"-3"
            }
        );
        assert_eq!(
            item(b"\xff", &mut scratch),
            Item {
                key: b"",
                json: b""
            }
        );
    }

    #[test]
    fn a_step_of_zero_is_one() {
        assert_eq!(logged(b"\x12\x00").collect::<Vec<_>>(), [Part::Step(0)]);
        assert_eq!(
            logged(b"\x0a\x01x\x12\x02\x08\x07").collect::<Vec<_>>(),
            [Part::Item(b"x"), Part::Step(7)]
        );
        assert_eq!(logged(b"").next(), None);
    }
}
