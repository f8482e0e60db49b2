//! Columns by key: the metrics, the params or the tags of a table.

use std::collections::HashMap;

use super::slots::{Slot, Slots};
use crate::domain::Untrusted;

/// Columns of one kind, each under its key.
#[derive(Clone, Debug)]
pub(super) struct Keyed<T> {
    known: HashMap<Untrusted, u32>,
    columns: Vec<(Untrusted, Slots<T>)>,
}

impl<T> Default for Keyed<T> {
    fn default() -> Self {
        Self { known: HashMap::new(), columns: Vec::new() }
    }
}

impl<T: Slot> Keyed<T> {
    /// The number of the column of a key, which is made if it is new. `guess` is where it may be: runs of one script
    /// tell their keys in the same order.
    pub(super) fn number(&mut self, key: &Untrusted, guess: Option<u32>) -> u32 {
        let guessed = guess.filter(|guess| self.columns.get(*guess as usize).is_some_and(|(there, _)| there == key));
        if let Some(number) = guessed.or_else(|| self.known.get(key).copied()) {
            return number;
        }
        let number = u32::try_from(self.columns.len()).unwrap_or(u32::MAX);
        self.columns.push((key.clone(), Slots::default()));
        self.known.insert(key.clone(), number);
        number
    }

    /// Gives a row a value in a column.
    pub(super) fn set(&mut self, column: u32, row: u32, value: T) {
        if let Some((_, slots)) = self.columns.get_mut(column as usize) {
            slots.set(row, value);
        }
    }

    /// Takes the values of a row away in some columns.
    pub(super) fn clear(&mut self, columns: impl Iterator<Item = u32>, row: u32) {
        for column in columns {
            self.set(column, row, T::MISSING);
        }
    }

    /// The column of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Slots<T>> {
        self.known.get(key).and_then(|number| self.at(*number))
    }

    /// The column of a number.
    pub(super) fn at(&self, number: u32) -> Option<&Slots<T>> {
        self.columns.get(number as usize).map(|(_, slots)| slots)
    }

    /// The keys of the columns in which some row has a value, sorted.
    pub(super) fn keys(&self) -> Vec<&Untrusted> {
        let mut keys: Vec<&Untrusted> = self.columns.iter().filter(|(_, slots)| slots.filled() > 0).map(|(key, _)| key).collect();
        keys.sort_unstable();
        keys
    }

    /// The bytes of memory that this holds, the keys' own text left out.
    pub(super) fn bytes(&self) -> usize {
        self.columns.capacity() * size_of::<(Untrusted, Slots<T>)>()
            + self.known.capacity() * 25
            + self.columns.iter().map(|(_, slots)| slots.bytes()).sum::<usize>()
    }
}
