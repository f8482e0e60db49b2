//! The latest value of everything that a run logged, and what its summary says of it. Values stay the JSON that they came as: one
//! in thousands of a name is the latest, and only that is parsed.

use hashbrown::HashMap;

use super::json;
use super::records::{Change, Part, changes, item, logged};
use crate::domain::Millis;
use crate::store::limits;

/// The longest JSON of a value that is kept, in bytes: more is a list or media, and no metric.
const KEPT: usize = 64 << 10;

/// What is known under one name.
#[derive(Debug)]
pub(super) struct Latest {
    /// The name, with the names of what it is in before it.
    pub key: Box<[u8]>,
    /// The JSON that was logged last; empty where none was.
    pub logged: Vec<u8>,
    /// At which step.
    pub step: i64,
    /// When, ms since the epoch.
    pub time: Millis,
    /// The JSON of the summary; nothing where it has none.
    pub summary: Option<Vec<u8>>,
}

/// Everything that was logged, by name.
#[derive(Debug, Default)]
pub(super) struct Logged {
    names: HashMap<Box<[u8]>, usize>,
    all: Vec<Latest>,
    /// What the record at hand touched.
    touched: Vec<usize>,
    scratch: Vec<u8>,
    /// The greatest step.
    pub last_step: i64,
    /// How many names were too many.
    pub left_out: u64,
}

/// Whether a name is one of W&B's own.
pub(super) fn is_internal(key: &[u8]) -> bool {
    key.first() == Some(&b'_')
        && (matches!(key, b"_step" | b"_timestamp" | b"_runtime" | b"_wandb")
            || key.starts_with(b"_wandb."))
}

/// A time of W&B's, in seconds as JSON.
pub(super) fn seconds(json: &[u8]) -> Option<Millis> {
    json::number(json)
        .filter(|seconds| seconds.is_finite())
        .map(|seconds| (seconds * 1e3).round() as Millis)
}

impl Logged {
    /// Takes a history; says when it was logged, as far as it says.
    pub(super) fn take(&mut self, record: &[u8]) -> Option<Millis> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let (mut at, mut time) = (None, None);
        self.touched.clear();
        for part in logged(record) {
            let bytes = match part {
                Part::Item(bytes) => bytes,
                Part::Step(step) => {
                    at = Some(step);
                    continue;
                }
            };
            let item = item(bytes, &mut scratch);
            match item.key {
                b"_timestamp" => time = seconds(item.json),
                b"_step" if at.is_none() => at = json::number(item.json).map(|step| step as i64),
                key if is_internal(key) => {}
                // Nothing was said, and what was said before still holds.
                _ if item.json == b"null" => {}
                key => {
                    if let Some(index) = self.index(key) {
                        keep(&mut self.all[index].logged, item.json);
                        self.touched.push(index);
                    }
                }
            }
        }
        let at = at.unwrap_or(0);
        self.last_step = self.last_step.max(at);
        for index in &self.touched {
            (self.all[*index].step, self.all[*index].time) = (at, time.unwrap_or(0));
        }
        self.scratch = scratch;
        time
    }

    /// Takes changes of the summary; says how many seconds the run has taken, as far as they say.
    pub(super) fn summarise(&mut self, record: &[u8]) -> Option<f64> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let mut runtime = None;
        for change in changes(record) {
            let (Change::Set(bytes) | Change::Removed(bytes)) = change;
            let item = item(bytes, &mut scratch);
            match (change, item.key) {
                (Change::Set(_), b"_runtime" | b"_wandb.runtime") => {
                    runtime = json::number(item.json).or(runtime)
                }
                (_, key) if is_internal(key) => {}
                (Change::Set(_), key) => self.set_summary(key, item.json),
                (Change::Removed(_), key) => self.forget(key),
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
        if let Some(index) = self.index(key) {
            keep(self.all[index].summary.get_or_insert_default(), json);
        }
    }

    /// Takes a name out of the summary, with all that is inside.
    fn forget(&mut self, key: &[u8]) {
        let is_inside = |name: &[u8]| {
            name.strip_prefix(key)
                .is_some_and(|rest| rest.is_empty() || rest[0] == b'.')
        };
        for latest in self.all.iter_mut().filter(|latest| is_inside(&latest.key)) {
            latest.summary = None;
        }
    }

    fn index(&mut self, key: &[u8]) -> Option<usize> {
        if let Some(index) = self.names.get(key) {
            return Some(*index);
        }
        if self.all.len() == limits::WANDB_METRICS {
            self.left_out += 1;
            return None;
        }
        self.names.insert(key.into(), self.all.len());
        self.all.push(Latest {
            key: key.into(),
            logged: Vec::new(),
            step: 0,
            time: 0,
            summary: None,
        });
        Some(self.all.len() - 1)
    }

    /// Everything, in the order in which it was first seen.
    pub(super) fn all(&self) -> &[Latest] {
        &self.all
    }
}

fn keep(kept: &mut Vec<u8>, json: &[u8]) {
    kept.clear();
    if json.len() <= KEPT {
        kept.extend_from_slice(json);
    }
}
