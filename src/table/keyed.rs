//! Columns by key: the metrics, the params or the tags of a table.

use std::collections::HashMap;

use super::shapes::{Shapes, vanished};
use super::slots::{Slot, Slots};
use crate::text::Untrusted;

/// Columns of one kind, each under its key.
#[derive(Clone, Debug)]
pub(super) struct Keyed<T> {
    known: HashMap<Untrusted, u32>,
    columns: Vec<(Untrusted, Slots<T>)>,
    shapes: Shapes,
}

impl<T> Default for Keyed<T> {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            columns: Vec::new(),
            shapes: Shapes::default(),
        }
    }
}

impl<T: Slot> Keyed<T> {
    /// Gives a row its values, and takes away those that are not told any more. The row's own columns, or else those of
    /// the row before, are the guess for where the keys are: runs of one script tell their keys in the same order.
    pub(super) fn set<'a>(
        &mut self,
        row: u32,
        values: impl ExactSizeIterator<Item = (&'a Untrusted, T)>,
    ) {
        let before = self.shapes.of(row).to_vec();
        let neighbour = if before.is_empty() {
            self.shapes.of(row.saturating_sub(1)).to_vec()
        } else {
            Vec::new()
        };
        let guess = if before.is_empty() {
            &neighbour
        } else {
            &before
        };
        let mut told = Vec::with_capacity(values.len());
        for (at, (key, value)) in values.enumerate() {
            let column = self.number(key, guess.get(at).copied());
            self.columns[column as usize].1.set(row, value);
            told.push(column);
        }
        for column in vanished(&before, &told) {
            self.columns[column as usize].1.clear(row);
        }
        self.shapes.set(row, &told);
    }

    /// The values of a row.
    pub(super) fn row(&self, row: u32) -> impl Iterator<Item = T> {
        self.shapes
            .of(row)
            .iter()
            .filter_map(move |column| self.columns[*column as usize].1.get(row))
    }

    /// The number of the column of a key, which is made if it is new.
    fn number(&mut self, key: &Untrusted, guess: Option<u32>) -> u32 {
        let guessed = guess.filter(|guess| {
            self.columns
                .get(*guess as usize)
                .is_some_and(|(there, _)| there == key)
        });
        if let Some(number) = guessed.or_else(|| self.known.get(key).copied()) {
            return number;
        }
        let number = u32::try_from(self.columns.len()).unwrap_or(u32::MAX);
        self.columns.push((key.clone(), Slots::default()));
        self.known.insert(key.clone(), number);
        number
    }

    /// The column of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Slots<T>> {
        self.known
            .get(key)
            .and_then(|number| self.columns.get(*number as usize))
            .map(|(_, slots)| slots)
    }

    /// The keys of the columns in which some row has a value, sorted.
    pub(super) fn keys(&self) -> Vec<&Untrusted> {
        let mut keys: Vec<&Untrusted> = self
            .columns
            .iter()
            .filter(|(_, slots)| slots.filled() > 0)
            .map(|(key, _)| key)
            .collect();
        keys.sort_unstable();
        keys
    }

    /// The bytes of memory that this holds, the keys' own text left out.
    pub(super) fn bytes(&self) -> usize {
        self.columns.capacity() * size_of::<(Untrusted, Slots<T>)>()
            + self.known.capacity() * 25
            + self
                .columns
                .iter()
                .map(|(_, slots)| slots.bytes())
                .sum::<usize>()
            + self.shapes.bytes()
    }
}
