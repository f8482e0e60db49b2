//! Values of many runs, apart from the runs: what reading whole tables of a store finds, in the order of their rows.

use std::collections::HashMap;
use std::fmt;

use super::{DatasetInput, MetricValue, RunId};
use crate::text::Untrusted;

/// What one table of a store knows about runs.
#[derive(Clone, Debug, PartialEq)]
pub enum RunPart {
    /// Some params, tags or latest values of metrics.
    Values(Box<RunValues>),
    /// The datasets of some runs, all of a run at once.
    Datasets(Vec<(RunId, Vec<DatasetInput>)>),
}

/// Which values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// Texts.
    Param,
    /// Texts.
    Tag,
    /// Numbers.
    Metric,
}

/// Values of one kind, without an allocation for each.
#[derive(Clone, PartialEq)]
pub struct RunValues {
    kind: ValueKind,
    keys: Vec<Untrusted>,
    known_keys: HashMap<Untrusted, u32>,
    /// For each key, the one that followed it last: most runs list the same keys in the same order.
    next_keys: Vec<u32>,
    /// Consecutive values of one run.
    ids: Texts,
    /// For each of the ids, the index after its last value.
    ends: Vec<usize>,
    /// For each value, the index of its key.
    value_keys: Vec<u32>,
    texts: Texts,
    numbers: Vec<f64>,
}

/// Texts in one block of memory.
#[derive(Clone, Default, PartialEq)]
struct Texts {
    block: String,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.block.push_str(text);
        self.ends.push(self.block.len());
    }

    fn get(&self, index: usize) -> &str {
        let start = index.checked_sub(1).and_then(|last| self.ends.get(last));
        let end = self.ends.get(index).copied().unwrap_or_default();
        let start = start.copied().unwrap_or_default();
        self.block.get(start..end).unwrap_or_default()
    }
}

/// The values of one run that follow each other.
#[derive(Clone, Copy)]
pub struct ValuesOfRun<'a> {
    /// The run's id, raw.
    pub id: &'a str,
    values: &'a RunValues,
    first: usize,
    end: usize,
}

impl<'a> ValuesOfRun<'a> {
    /// The index of each key in [`RunValues::keys`], and its text.
    pub fn texts(self) -> impl Iterator<Item = (usize, &'a str)> {
        let Self { values, .. } = self;
        self.indexes()
            .map(|at| (values.key_index(at), values.texts.get(at)))
    }

    /// The index of each key in [`RunValues::keys`], and its number.
    pub fn numbers(self) -> impl Iterator<Item = (usize, f64)> {
        let Self { values, .. } = self;
        self.indexes()
            .filter_map(|at| Some((values.key_index(at), *values.numbers.get(at)?)))
    }

    fn indexes(self) -> std::ops::Range<usize> {
        self.first..self.end
    }
}

impl RunValues {
    /// No values yet.
    #[must_use]
    pub fn new(kind: ValueKind) -> Self {
        Self {
            kind,
            keys: Vec::new(),
            known_keys: HashMap::new(),
            next_keys: Vec::new(),
            ids: Texts::default(),
            ends: Vec::new(),
            value_keys: Vec::new(),
            texts: Texts::default(),
            numbers: Vec::new(),
        }
    }

    /// Params, tags or metrics.
    #[must_use]
    pub fn kind(&self) -> ValueKind {
        self.kind
    }

    /// The distinct keys.
    #[must_use]
    pub fn keys(&self) -> &[Untrusted] {
        &self.keys
    }

    /// The number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.value_keys.len()
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.value_keys.is_empty()
    }

    /// The length of all texts, in bytes.
    #[must_use]
    pub fn text_len(&self) -> usize {
        self.texts.block.len()
    }

    /// Adds a param or a tag.
    pub fn push_text(&mut self, id: &str, key: &str, value: &str) {
        self.push_key(id, key);
        self.texts.push(value);
    }

    /// Adds a metric.
    pub fn push_number(&mut self, id: &str, key: &str, value: MetricValue) {
        self.push_key(id, key);
        self.numbers.push(value.get());
    }

    fn push_key(&mut self, id: &str, key: &str) {
        let last = self.ids.ends.len().checked_sub(1);
        let is_same_run = last.is_some_and(|last| self.ids.get(last) == id);
        let index = self.key_index_of(key);
        self.value_keys.push(index);
        if !is_same_run {
            self.ids.push(id);
            self.ends.push(0);
        }
        if let Some(end) = self.ends.last_mut() {
            *end = self.value_keys.len();
        }
    }

    fn key_index_of(&mut self, key: &str) -> u32 {
        let previous = self.value_keys.last().map(|key| *key as usize);
        let guess = previous.and_then(|previous| self.next_keys.get(previous).copied());
        let is_key = |index: &u32| {
            let known = self.keys.get(*index as usize);
            known.is_some_and(|known| known.raw() == key)
        };
        if let Some(index) = guess.filter(is_key) {
            return index;
        }
        let index = self.known_keys.get(key).copied().unwrap_or_else(|| {
            let index = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
            let key = Untrusted::from(key);
            self.keys.push(key.clone());
            self.known_keys.insert(key, index);
            self.next_keys.push(0);
            index
        });
        if let Some(next) = previous.and_then(|previous| self.next_keys.get_mut(previous)) {
            *next = index;
        }
        index
    }

    fn key_index(&self, at: usize) -> usize {
        self.value_keys.get(at).map_or(0, |index| *index as usize)
    }

    /// The values by run. A run can come several times.
    pub fn by_run(&self) -> impl Iterator<Item = ValuesOfRun<'_>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let bounds = starts.zip(self.ends.iter().copied());
        bounds.enumerate().map(|(run, (first, end))| ValuesOfRun {
            id: self.ids.get(run),
            values: self,
            first,
            end,
        })
    }
}

impl fmt::Debug for RunValues {
    /// Not the texts, which can hold anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunValues")
            .field("kind", &self.kind)
            .field("keys", &self.keys)
            .field("values", &self.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn values_come_back_in_order(values in prop::collection::vec(("[ab]?", "[a-c]", ".{0,3}"), 0..40)) {
            let mut texts = RunValues::new(ValueKind::Param);
            let mut numbers = RunValues::new(ValueKind::Metric);
            for (at, (id, key, value)) in values.iter().enumerate() {
                texts.push_text(id, key, value);
                numbers.push_number(id, key, MetricValue::new(at as f64));
            }
            let back: Vec<(String, String, String)> = texts
                .by_run()
                .flat_map(|run| run.texts().map(move |(key, text)| (run.id.to_owned(), key, text.to_owned())))
                .map(|(id, key, text)| (id, texts.keys()[key].raw().to_owned(), text))
                .collect();
            prop_assert_eq!(&back, &values);
            let order: Vec<f64> = numbers.by_run().flat_map(ValuesOfRun::numbers).map(|(_, number)| number).collect();
            prop_assert_eq!(order, (0..values.len()).map(|at| at as f64).collect::<Vec<_>>());
            let runs: Vec<&str> = texts.by_run().map(|run| run.id).collect();
            prop_assert!(runs.windows(2).all(|pair| pair[0] != pair[1]), "one entry for consecutive values of a run");
        }
    }
}
