//! Shapes: which columns a row has values in. Runs of one script have the same keys, so each list of columns is kept
//! once, all of them in one block.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::column_vec::push_compact;

/// The columns of one kind of all rows, each row's in the order in which its run told them.
#[derive(Clone, Debug, Default)]
pub(super) struct Shapes {
    block: Vec<u32>,
    ends: Vec<usize>,
    known: HashTable<u32>,
    hasher: DefaultHashBuilder,
    rows: Vec<u32>,
}

impl Shapes {
    /// The columns of a row; none if it has not been told yet.
    pub(super) fn columns(&self, row: u32) -> &[u32] {
        self.rows
            .get(row as usize)
            .map_or(&[], |shape| slice(&self.block, &self.ends, *shape))
    }

    /// Gives a row its columns. New rows come in order.
    pub(super) fn set(&mut self, row: u32, columns: &[u32]) {
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

    /// The bytes of memory that this holds.
    pub(super) fn memory_usage(&self) -> usize {
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

/// The columns of `before` that are not in `after`.
pub(super) fn removed_columns(before: &[u32], after: &[u32]) -> Vec<u32> {
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
