//! The latest value of each key, and its summary. Values are kept as JSON: only the last one of
//! thousands is parsed.

use hashbrown::HashMap;

use super::json;
use super::records::{HistoryPart, ItemChange, history_parts, item_changes, parse_item};
use crate::domain::Millis;
use crate::store::limits;

/// Longer JSON is a list or media, not a metric.
const MAX_VALUE_BYTES: usize = 64 << 10;

#[derive(Debug)]
pub(super) struct LatestValue {
    /// Nested keys are joined by dots.
    pub key: Box<[u8]>,
    /// The JSON that was logged last; empty if none was.
    pub logged_json: Vec<u8>,
    pub step: i64,
    pub time: Millis,
    /// The JSON in the summary.
    pub summary_json: Option<Vec<u8>>,
}

#[derive(Debug, Default)]
pub(super) struct LatestValues {
    index_by_key: HashMap<Box<[u8]>, usize>,
    values: Vec<LatestValue>,
    /// The values that the current record sets.
    updated: Vec<usize>,
    scratch: Vec<u8>,
    pub last_step: i64,
    /// How many values exceeded [`limits::WANDB_METRICS`].
    pub dropped: u64,
}

/// Whether W&B itself writes a key.
pub(super) fn is_internal(key: &[u8]) -> bool {
    key.first() == Some(&b'_')
        && (matches!(key, b"_step" | b"_timestamp" | b"_runtime" | b"_wandb")
            || key.starts_with(b"_wandb."))
}

/// Converts seconds in JSON to milliseconds.
pub(super) fn parse_seconds(json: &[u8]) -> Option<Millis> {
    json::parse_number(json)
        .filter(|seconds| seconds.is_finite())
        .map(|seconds| (seconds * 1e3).round() as Millis)
}

impl LatestValues {
    /// Applies a history record, and returns its time.
    pub(super) fn apply_history(&mut self, record: &[u8]) -> Option<Millis> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let (mut logged_step, mut time) = (None, None);
        self.updated.clear();
        for part in history_parts(record) {
            let bytes = match part {
                HistoryPart::Item(bytes) => bytes,
                HistoryPart::Step(step) => {
                    logged_step = Some(step);
                    continue;
                }
            };
            let item = parse_item(bytes, &mut scratch);
            match item.key {
                b"_timestamp" => time = parse_seconds(item.json),
                b"_step" if logged_step.is_none() => {
                    logged_step = json::parse_number(item.json).map(|step| step as i64);
                }
                key if is_internal(key) => {}
                // A null does not override the previous value.
                _ if item.json == b"null" => {}
                key => {
                    if let Some(index) = self.index_of(key) {
                        store_bounded(&mut self.values[index].logged_json, item.json);
                        self.updated.push(index);
                    }
                }
            }
        }
        let logged_step = logged_step.unwrap_or(0);
        self.last_step = self.last_step.max(logged_step);
        for index in &self.updated {
            (self.values[*index].step, self.values[*index].time) = (logged_step, time.unwrap_or(0));
        }
        self.scratch = scratch;
        time
    }

    /// Applies changes of the summary, and returns the runtime in seconds if they set it.
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

    /// Removes a key from the summary, with all keys nested in it.
    fn remove_summary(&mut self, key: &[u8]) {
        let is_nested = |name: &[u8]| {
            name.strip_prefix(key)
                .is_some_and(|rest| rest.is_empty() || rest[0] == b'.')
        };
        for latest in self
            .values
            .iter_mut()
            .filter(|latest| is_nested(&latest.key))
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

    /// In the order of their first record.
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
