//! Columns by key: the metrics, the params or the tags of a table, and which of them each row has.

use std::collections::HashMap;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::column_vec::{ColumnVec, Nullable, push_compact};
use crate::text::Untrusted;
use crate::text::natural::sort_keys;

/// Columns of one kind by key.
#[derive(Clone, Debug)]
pub(super) struct KeyedColumns<T> {
    indexes: HashMap<Untrusted, u32>,
    columns: Vec<(Untrusted, ColumnVec<T>)>,
    shapes: RowShapes,
    /// Rows whose values were appended in several parts.
    scattered: Vec<u32>,
    /// The columns of the last appended values: its memory is used again.
    added: Vec<u32>,
}

impl<T> Default for KeyedColumns<T> {
    fn default() -> Self {
        Self {
            indexes: HashMap::new(),
            columns: Vec::new(),
            shapes: RowShapes::default(),
            scattered: Vec::new(),
            added: Vec::new(),
        }
    }
}

impl<T: Nullable> KeyedColumns<T> {
    /// Sets the values of a row and removes its other ones. Runs of one script list their keys in the same order, so the columns
    /// that the row had, or else those of the previous row, are the first guess for each key.
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

    /// The indexes of the columns of these keys, which are added if they are new.
    pub(super) fn column_indexes(&mut self, keys: &[Untrusted]) -> Vec<u32> {
        keys.iter()
            .map(|key| self.column_index(key, None))
            .collect()
    }

    /// Adds values that a row lacks. Until [`Self::settle`], the columns can't be read.
    pub(super) fn append(&mut self, row: u32, values: impl Iterator<Item = (u32, T)>) {
        let mut added = std::mem::take(&mut self.added);
        added.clear();
        for (column, value) in values {
            if let Some((_, slots)) = self.columns.get_mut(column as usize) {
                slots.append(row, value);
                added.push(column);
            }
        }
        if self.shapes.columns(row).is_empty() {
            self.shapes.set(row, &added);
        } else {
            self.scattered.push(row);
        }
        self.added = added;
    }

    /// Makes appended values readable.
    pub(super) fn settle(&mut self) {
        for (_, values) in &mut self.columns {
            values.settle();
        }
        let mut rows = std::mem::take(&mut self.scattered);
        rows.sort_unstable();
        rows.dedup();
        let last = rows.last().map_or(0, |last| *last as usize + 1);
        let mut indexes = vec![None; last];
        for (index, row) in rows.iter().enumerate() {
            indexes[*row as usize] = Some(index);
        }
        let mut columns_of = vec![Vec::new(); rows.len()];
        for (column, (_, values)) in (0..).zip(&self.columns) {
            values.for_each_row(|row| {
                if let Some(Some(index)) = indexes.get(row as usize) {
                    columns_of[*index].push(column);
                }
            });
        }
        for (row, columns) in rows.into_iter().zip(columns_of) {
            self.shapes.set(row, &columns);
        }
    }

    pub(super) fn row_values(&self, row: u32) -> impl Iterator<Item = T> {
        self.shapes
            .columns(row)
            .iter()
            .filter_map(move |column| self.columns[*column as usize].1.get(row))
    }

    pub(super) fn row_cells(&self, row: u32) -> impl Iterator<Item = (&Untrusted, T)> {
        self.shapes.columns(row).iter().filter_map(move |column| {
            let (key, values) = &self.columns[*column as usize];
            Some((key, values.get(row)?))
        })
    }

    /// The index of a key's column, which is added if it is new.
    fn column_index(&mut self, key: &Untrusted, guess: Option<u32>) -> u32 {
        let guessed = guess.filter(|guess| {
            self.columns
                .get(*guess as usize)
                .is_some_and(|(existing, _)| existing == key)
        });
        if let Some(index) = guessed.or_else(|| self.indexes.get(key).copied()) {
            return index;
        }
        let index = u32::try_from(self.columns.len()).unwrap_or(u32::MAX);
        self.columns.push((key.clone(), ColumnVec::default()));
        self.indexes.insert(key.clone(), index);
        index
    }

    pub(super) fn get(&self, key: &str) -> Option<&ColumnVec<T>> {
        self.indexes
            .get(key)
            .and_then(|index| self.columns.get(*index as usize))
            .map(|(_, column)| column)
    }

    /// The keys of columns with a value in some row, sorted by [`sort_keys`]; those of at least half of the rows come first.
    pub(super) fn keys(&self) -> Vec<&Untrusted> {
        let rows = self.shapes.rows.len();
        let mut keys: Vec<(bool, &Untrusted)> = self
            .columns
            .iter()
            .filter(|(_, column)| column.count() > 0)
            .map(|(key, column)| (column.count() * 2 < rows, key))
            .collect();
        sort_keys(&mut keys, |(_, key)| key.raw());
        keys.sort_by_key(|(is_rare, _)| *is_rare);
        keys.into_iter().map(|(_, key)| key).collect()
    }

    /// Bytes, without the text of the keys.
    pub(super) fn memory_usage(&self) -> usize {
        self.columns.capacity() * size_of::<(Untrusted, ColumnVec<T>)>()
            + self.indexes.capacity() * 25
            + self
                .columns
                .iter()
                .map(|(_, column)| column.memory_usage())
                .sum::<usize>()
            + self.shapes.memory_usage()
    }
}

/// The columns that each row has a value in, in the order of its run. Runs of one script have the same keys, so each distinct list
/// is stored once, all of them in one block.
#[derive(Clone, Debug, Default)]
struct RowShapes {
    block: Vec<u32>,
    ends: Vec<usize>,
    known: HashTable<u32>,
    hasher: DefaultHashBuilder,
    rows: Vec<u32>,
}

impl RowShapes {
    /// The columns of a row; empty for a new one.
    fn columns(&self, row: u32) -> &[u32] {
        self.rows
            .get(row as usize)
            .map_or(&[], |shape| slice(&self.block, &self.ends, *shape))
    }

    /// Sets the columns of a row. New rows come in order.
    fn set(&mut self, row: u32, columns: &[u32]) {
        let shape = self.intern(columns);
        match self.rows.get_mut(row as usize) {
            Some(existing) => *existing = shape,
            None => push_compact(&mut self.rows, shape),
        }
    }

    fn intern(&mut self, columns: &[u32]) -> u32 {
        let Self {
            block,
            ends,
            known,
            hasher,
            rows,
        } = self;
        if let Some(last) = rows
            .last()
            .filter(|last| slice(block, ends, **last) == columns)
        {
            return *last;
        }
        let hash = hasher.hash_one(columns);
        if let Some(shape) = known.find(hash, |shape| slice(block, ends, *shape) == columns) {
            return *shape;
        }
        let shape = u32::try_from(ends.len()).unwrap_or(u32::MAX);
        for column in columns {
            push_compact(block, *column);
        }
        push_compact(ends, block.len());
        known.insert_unique(hash, shape, |shape| {
            hasher.hash_one(slice(block, ends, *shape))
        });
        shape
    }

    fn memory_usage(&self) -> usize {
        4 * (self.rows.capacity() + self.block.capacity())
            + 8 * self.ends.capacity()
            + 5 * self.known.capacity()
    }
}

fn slice<'a>(block: &'a [u32], ends: &[usize], shape: u32) -> &'a [u32] {
    let shape = shape as usize;
    let start = shape
        .checked_sub(1)
        .and_then(|before| ends.get(before))
        .copied()
        .unwrap_or(0);
    ends.get(shape)
        .and_then(|end| block.get(start..*end))
        .unwrap_or_default()
}

/// The columns of `before` that are missing in `after`.
fn removed_columns(before: &[u32], after: &[u32]) -> Vec<u32> {
    if before == after {
        return Vec::new();
    }
    let mut after = after.to_vec();
    after.sort_unstable();
    before
        .iter()
        .copied()
        .filter(|column| after.binary_search(column).is_err())
        .collect()
}
