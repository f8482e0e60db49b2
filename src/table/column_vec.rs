//! The values of one column: a vector if most rows have a value, sorted pairs if few do.

/// A value with a spare bit pattern for *missing*.
pub(super) trait Nullable: Copy + PartialEq {
    /// The pattern of a missing value.
    const MISSING: Self;
}

/// Ids of interned texts.
impl Nullable for u32 {
    const MISSING: Self = u32::MAX;
}

/// The bits of an f64. Missing is a NaN with a payload that no computation produces, so NaN itself is a value.
impl Nullable for u64 {
    const MISSING: Self = 0x7ff8_dead_dead_dead;
}

/// Times.
impl Nullable for i64 {
    const MISSING: Self = i64::MIN;
}

/// A column becomes sparse if fewer than one row in this many has a value.
const SPARSE_BELOW: usize = 4;
/// A column becomes dense if at least one row in this many has a value. Between the two it stays as it is.
const DENSE_FROM: usize = 2;

/// Appends a value. The vector grows by an eighth, not to its double, so that a table takes little more memory than its values.
pub(super) fn push_compact<T>(vec: &mut Vec<T>, value: T) {
    reserve_compact(vec, vec.len() + 1);
    vec.push(value);
}

fn reserve_compact<T>(vec: &mut Vec<T>, length: usize) {
    if length > vec.capacity() {
        vec.reserve_exact(length - vec.len() + (vec.len() / 8).max(3));
    }
}

/// The values of one column by row.
#[derive(Clone, Debug)]
pub(super) struct ColumnVec<T> {
    storage: Storage<T>,
    count: usize,
    /// After the last row that ever had a value.
    end: usize,
}

#[derive(Clone, Debug)]
enum Storage<T> {
    /// One value a row, including missing ones; rows after the end have none.
    Dense(Vec<T>),
    /// The rows with a value, ascending but for those that were appended, and their values.
    Sparse { rows: Vec<u32>, values: Vec<T> },
}

impl<T> Default for ColumnVec<T> {
    fn default() -> Self {
        Self {
            storage: Storage::Sparse {
                rows: Vec::new(),
                values: Vec::new(),
            },
            count: 0,
            end: 0,
        }
    }
}

impl<T: Nullable> ColumnVec<T> {
    /// The value of a row, or [`Nullable::MISSING`].
    pub(super) fn get_or_missing(&self, row: u32) -> T {
        match &self.storage {
            Storage::Dense(values) => values.get(row as usize).copied().unwrap_or(T::MISSING),
            Storage::Sparse { rows, values } => rows
                .binary_search(&row)
                .ok()
                .and_then(|at| values.get(at))
                .copied()
                .unwrap_or(T::MISSING),
        }
    }

    pub(super) fn get(&self, row: u32) -> Option<T> {
        Some(self.get_or_missing(row)).filter(|value| *value != T::MISSING)
    }

    /// The number of rows with a value.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The values without missing ones, in the order of the rows.
    pub(super) fn values(&self) -> impl Iterator<Item = T> {
        let all = match &self.storage {
            Storage::Dense(values) | Storage::Sparse { values, .. } => values,
        };
        all.iter().copied().filter(|value| *value != T::MISSING)
    }

    /// Sets the value of a row; [`Nullable::MISSING`] removes it.
    pub(super) fn set(&mut self, row: u32, value: T) {
        if value == T::MISSING {
            return self.clear(row);
        }
        self.choose_storage(row);
        match &mut self.storage {
            Storage::Dense(all) => {
                let at = row as usize;
                if at >= all.len() {
                    reserve_compact(all, at + 1);
                    all.resize(at + 1, T::MISSING);
                }
                if let Some(slot) = all.get_mut(at) {
                    self.count += usize::from(*slot == T::MISSING);
                    *slot = value;
                }
            }
            Storage::Sparse { rows, values } => {
                let at = if rows.last().is_none_or(|last| *last < row) {
                    Err(rows.len())
                } else {
                    rows.binary_search(&row)
                };
                match at {
                    Ok(at) => values[at] = value,
                    Err(at) => {
                        reserve_compact(rows, rows.len() + 1);
                        reserve_compact(values, values.len() + 1);
                        rows.insert(at, row);
                        values.insert(at, value);
                        self.count += 1;
                    }
                }
            }
        }
    }

    /// Sets the value of a row that has none, in any order of rows. Until [`Self::settle`], the column can't be read.
    pub(super) fn append(&mut self, row: u32, value: T) {
        self.choose_storage(row);
        match &mut self.storage {
            Storage::Dense(_) => self.set(row, value),
            Storage::Sparse { rows, values } => {
                push_compact(rows, row);
                push_compact(values, value);
                self.count += 1;
            }
        }
    }

    /// Brings the rows that were appended into order; of two values of a row, the last one stays.
    pub(super) fn settle(&mut self) {
        if let Storage::Sparse { rows, values } = &mut self.storage
            && !rows.is_sorted_by(|a, b| a < b)
        {
            let mut pairs: Vec<(u32, T)> =
                rows.iter().copied().zip(values.iter().copied()).collect();
            pairs.reverse();
            pairs.sort_by_key(|(row, _)| *row);
            pairs.dedup_by_key(|(row, _)| *row);
            rows.clear();
            values.clear();
            for (row, value) in pairs {
                rows.push(row);
                values.push(value);
            }
            self.count = rows.len();
        }
    }

    /// Visits the rows with a value, ascending.
    pub(super) fn for_each_row(&self, mut visit: impl FnMut(u32)) {
        match &self.storage {
            Storage::Dense(values) => {
                for (row, value) in (0..).zip(values) {
                    if *value != T::MISSING {
                        visit(row);
                    }
                }
            }
            Storage::Sparse { rows, .. } => rows.iter().copied().for_each(visit),
        }
    }

    pub(super) fn clear(&mut self, row: u32) {
        match &mut self.storage {
            Storage::Dense(values) => {
                if let Some(slot) = values
                    .get_mut(row as usize)
                    .filter(|slot| **slot != T::MISSING)
                {
                    *slot = T::MISSING;
                    self.count -= 1;
                }
            }
            Storage::Sparse { rows, values } => {
                if let Ok(at) = rows.binary_search(&row) {
                    rows.remove(at);
                    values.remove(at);
                    self.count -= 1;
                }
            }
        }
    }

    /// Changes the layout if the current one would waste memory once `row` has a value.
    fn choose_storage(&mut self, row: u32) {
        match &mut self.storage {
            Storage::Dense(values) => {
                let needed = values.len().max(row as usize + 1);
                if needed > values.len() && (self.count + 1) * SPARSE_BELOW < needed {
                    let (rows, values) = (0..)
                        .zip(values.iter().copied())
                        .filter(|(_, value)| *value != T::MISSING)
                        .unzip();
                    self.storage = Storage::Sparse { rows, values };
                }
            }
            Storage::Sparse { rows, values } => {
                let needed = self.end.max(row as usize + 1);
                if (self.count + 1) * DENSE_FROM >= needed {
                    let mut all = vec![T::MISSING; needed];
                    for (row, value) in rows.iter().zip(values.iter()) {
                        all[*row as usize] = *value;
                    }
                    // A row that was appended twice counts once.
                    self.count = all.iter().filter(|value| **value != T::MISSING).count();
                    self.storage = Storage::Dense(all);
                }
            }
        }
        self.end = self.end.max(row as usize + 1);
    }

    /// Bytes.
    pub(super) fn memory_usage(&self) -> usize {
        match &self.storage {
            Storage::Dense(values) => values.capacity() * size_of::<T>(),
            Storage::Sparse { rows, values } => {
                rows.capacity() * 4 + values.capacity() * size_of::<T>()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_distant_row_keeps_storage_sparse() {
        let mut slots = ColumnVec::<u32>::default();
        for row in 0..100 {
            slots.set(row, 1);
        }
        slots.set(1_000_000, 2);
        assert!(slots.memory_usage() < 10_000, "{}", slots.memory_usage());
        assert_eq!(
            (
                slots.get_or_missing(99),
                slots.get_or_missing(1_000_000),
                slots.get(500)
            ),
            (1, 2, None)
        );
    }

    proptest! {
        #[test]
        fn column_vec_matches_a_map(steps in proptest::collection::vec((0_u32..200, proptest::option::of(0_u32..5)), 0..300)) {
            let (mut slots, mut map) = (ColumnVec::<u32>::default(), BTreeMap::new());
            for (row, value) in steps {
                slots.set(row, value.unwrap_or(u32::MISSING));
                if let Some(value) = value {
                    map.insert(row, value);
                } else {
                    map.remove(&row);
                }
                prop_assert_eq!(slots.count(), map.len());
            }
            for row in 0..201 {
                prop_assert_eq!(slots.get(row), map.get(&row).copied());
            }
            prop_assert_eq!(slots.values().collect::<Vec<_>>(), map.values().copied().collect::<Vec<_>>());
        }

        #[test]
        fn appended_rows_are_as_good_as_set_ones(
            set in proptest::collection::vec((0_u32..50, 0_u32..5), 0..20),
            appended in proptest::collection::vec((0_u32..400, 0_u32..5), 0..200),
        ) {
            let (mut loose, mut map) = (ColumnVec::<u32>::default(), BTreeMap::new());
            for (row, value) in set {
                loose.set(row, value);
                map.insert(row, value);
            }
            for (row, value) in appended {
                loose.append(row, value);
                map.insert(row, value);
            }
            loose.settle();
            prop_assert_eq!(loose.count(), map.len());
            let mut rows = Vec::new();
            loose.for_each_row(|row| rows.push(row));
            prop_assert_eq!(rows, map.keys().copied().collect::<Vec<_>>());
            for row in 0..401 {
                prop_assert_eq!(loose.get(row), map.get(&row).copied());
            }
        }
    }
}
