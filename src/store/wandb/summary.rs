//! The latest value of everything that a run logged, and what its summary says of it. Values stay the JSON that they came as: one
//! in thousands of a name is the latest, and only that is parsed.

use hashbrown::HashMap;

use super::json;
use super::records::{HistoryPart, ItemChange, history_parts, item_changes, parse_item};
use crate::domain::Millis;
use crate::store::limits;

/// The longest JSON of a value that is kept, in bytes: more is a list or media, and no metric.
const MAX_VALUE_BYTES: usize = 64 << 10;

/// What is known under one name.
#[derive(Debug)]
pub(super) struct LatestValue {
    /// The name, with the names of what it is in before it.
    pub key: Box<[u8]>,
    /// The JSON that was logged last; empty where none was.
    pub logged_json: Vec<u8>,
    /// At which step.
    pub step: i64,
    /// When, ms since the epoch.
    pub time: Millis,
    /// The JSON of the summary; nothing where it has none.
    pub summary_json: Option<Vec<u8>>,
}

/// Everything that was logged, by name.
#[derive(Debug, Default)]
pub(super) struct LatestValues {
    index_by_key: HashMap<Box<[u8]>, usize>,
    values: Vec<LatestValue>,
    /// What the record at hand touched.
    updated: Vec<usize>,
    scratch: Vec<u8>,
    /// The greatest step.
    pub last_step: i64,
    /// How many names were too many.
    pub dropped: u64,
}

/// Whether a name is one of W&B's own.
pub(super) fn is_internal(key: &[u8]) -> bool {
    key.first() == Some(&b'_')
        && (matches!(key, b"_step" | b"_timestamp" | b"_runtime" | b"_wandb")
            || key.starts_with(b"_wandb."))
}

/// A time of W&B's, in seconds as JSON.
pub(super) fn parse_seconds(json: &[u8]) -> Option<Millis> {
    json::parse_number(json)
        .filter(|seconds| seconds.is_finite())
        .map(|seconds| (seconds * 1e3).round() as Millis)
}

impl LatestValues {
    /// Takes a history; says when it was logged, as far as it says.
    pub(super) fn apply_history(&mut self, record: &[u8]) -> Option<Millis> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let (mut at, mut time) = (None, None);
        self.updated.clear();
        for part in history_parts(record) {
            let bytes = match part {
                HistoryPart::Item(bytes) => bytes,
                HistoryPart::Step(step) => {
                    at = Some(step);
                    continue;
                }
            };
            let item = parse_item(bytes, &mut scratch);
            match item.key {
                b"_timestamp" => time = parse_seconds(item.json),
                b"_step" if at.is_none() => {
                    at = json::parse_number(item.json).map(|step| step as i64);
                }
                key if is_internal(key) => {}
                // Nothing was said, and what was said before still holds.
                _ if item.json == b"null" => {}
                key => {
                    if let Some(index) = self.index_of(key) {
                        store_bounded(&mut self.values[index].logged_json, item.json);
                        self.updated.push(index);
                    }
                }
            }
        }
        let at = at.unwrap_or(0);
        self.last_step = self.last_step.max(at);
        for index in &self.updated {
            (self.values[*index].step, self.values[*index].time) = (at, time.unwrap_or(0));
        }
        self.scratch = scratch;
        time
    }

    /// Takes changes of the summary; says how many seconds the run has taken, as far as they say.
    pub(super) fn apply_summary(&mut self, record: &[u8]) -> Option<f64> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let mut runtime = None;
        for change in item_changes(record) {
            let (ItemChange::Set(bytes) | ItemChange::Removed(bytes)) = change;
            let item = parse_item(bytes, &mut scratch);
            match (change, item.key) {
                (ItemChange::Set(_), b"_runtime" | b"_wandb.runtime") => {
                    runtime = json::parse_number(item.json).or(runtime);
                }
                (_, key) if is_internal(key) => {}
                (ItemChange::Set(_), key) => self.set_summary(key, item.json),
                (ItemChange::Removed(_), key) => self.remove_summary(key),
            }
        }
        self.scratch = scratch;
        runtime
    }

    /// Sets what the summary says under a name.
    pub(super) fn set_summary(&mut self, key: &[u8], json: &[u8]) {
        if is_internal(key) {
            return;
        }
        if let Some(index) = self.index_of(key) {
            store_bounded(
                self.values[index].summary_json.get_or_insert_default(),
                json,
            );
        }
    }

    /// Takes a name out of the summary, with all that is inside.
    fn remove_summary(&mut self, key: &[u8]) {
        let is_inside = |name: &[u8]| {
            name.strip_prefix(key)
                .is_some_and(|rest| rest.is_empty() || rest[0] == b'.')
        };
        for latest in self
            .values
            .iter_mut()
            .filter(|latest| is_inside(&latest.key))
        {
            latest.summary_json = None;
        }
    }

    fn index_of(&mut self, key: &[u8]) -> Option<usize> {
        if let Some(index) = self.index_by_key.get(key) {
            return Some(*index);
        }
        if self.values.len() == limits::WANDB_METRICS {
            self.dropped += 1;
            return None;
        }
        self.index_by_key.insert(key.into(), self.values.len());
        self.values.push(LatestValue {
            key: key.into(),
            logged_json: Vec::new(),
            step: 0,
            time: 0,
            summary_json: None,
        });
        Some(self.values.len() - 1)
    }

    /// Everything, in the order in which it was first seen.
    pub(super) fn values(&self) -> &[LatestValue] {
        &self.values
    }
}

fn store_bounded(target: &mut Vec<u8>, json: &[u8]) {
    target.clear();
    if json.len() <= MAX_VALUE_BYTES {
        target.extend_from_slice(json);
    }
}
