//! Columns by key: the metrics, the params or the tags of a table.

use std::collections::HashMap;

use super::column_vec::{ColumnVec, Nullable};
use super::shapes::{Shapes, removed_columns};
use crate::text::Untrusted;

/// Columns of one kind, each under its key.
#[derive(Clone, Debug)]
pub(super) struct KeyedColumns<T> {
    indexes: HashMap<Untrusted, u32>,
    columns: Vec<(Untrusted, ColumnVec<T>)>,
    shapes: Shapes,
}

impl<T> Default for KeyedColumns<T> {
    fn default() -> Self {
        Self {
            indexes: HashMap::new(),
            columns: Vec::new(),
            shapes: Shapes::default(),
        }
    }
}

impl<T: Nullable> KeyedColumns<T> {
    /// Gives a row its values, and takes away those that are not told any more. The row's own columns, or else those of
    /// the row before, are the guess for where the keys are: runs of one script tell their keys in the same order.
    pub(super) fn set_row<'a>(
        &mut self,
        row: u32,
        values: impl ExactSizeIterator<Item = (&'a Untrusted, T)>,
    ) {
        let before = self.shapes.columns(row).to_vec();
        let previous_row = if before.is_empty() {
            self.shapes.columns(row.saturating_sub(1)).to_vec()
        } else {
            Vec::new()
        };
        let guess = if before.is_empty() {
            &previous_row
        } else {
            &before
        };
        let mut current = Vec::with_capacity(values.len());
        for (at, (key, value)) in values.enumerate() {
            let column = self.column_index(key, guess.get(at).copied());
            self.columns[column as usize].1.set(row, value);
            current.push(column);
        }
        for column in removed_columns(&before, &current) {
            self.columns[column as usize].1.clear(row);
        }
        self.shapes.set(row, &current);
    }

    /// The values of a row.
    pub(super) fn row_values(&self, row: u32) -> impl Iterator<Item = T> {
        self.shapes
            .columns(row)
            .iter()
            .filter_map(move |column| self.columns[*column as usize].1.get(row))
    }

    /// The number of the column of a key, which is made if it is new.
    fn column_index(&mut self, key: &Untrusted, guess: Option<u32>) -> u32 {
        let guessed = guess.filter(|guess| {
            self.columns
                .get(*guess as usize)
                .is_some_and(|(existing, _)| existing == key)
        });
        if let Some(number) = guessed.or_else(|| self.indexes.get(key).copied()) {
            return number;
        }
        let number = u32::try_from(self.columns.len()).unwrap_or(u32::MAX);
        self.columns.push((key.clone(), ColumnVec::default()));
        self.indexes.insert(key.clone(), number);
        number
    }

    /// The column of a key.
    pub(super) fn get(&self, key: &str) -> Option<&ColumnVec<T>> {
        self.indexes
            .get(key)
            .and_then(|number| self.columns.get(*number as usize))
            .map(|(_, slots)| slots)
    }

    /// The keys of the columns in which some row has a value, sorted.
    pub(super) fn keys(&self) -> Vec<&Untrusted> {
        let mut keys: Vec<&Untrusted> = self
            .columns
            .iter()
            .filter(|(_, slots)| slots.count() > 0)
            .map(|(key, _)| key)
            .collect();
        keys.sort_unstable();
        keys
    }

    /// The bytes of memory that this holds, the keys' own text left out.
    pub(super) fn memory_usage(&self) -> usize {
        self.columns.capacity() * size_of::<(Untrusted, ColumnVec<T>)>()
            + self.indexes.capacity() * 25
            + self
                .columns
                .iter()
                .map(|(_, slots)| slots.memory_usage())
                .sum::<usize>()
            + self.shapes.memory_usage()
    }
}
