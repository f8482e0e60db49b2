//! The values of one column: a plain vector where most rows have one, sorted pairs where few have.

/// A value that has one bit pattern to spare for *missing*.
pub(super) trait Slot: Copy + PartialEq {
    /// What stands for no value.
    const MISSING: Self;
}

/// Numbers of interned texts.
impl Slot for u32 {
    const MISSING: Self = u32::MAX;
}

/// The bits of an f64. A NaN with a payload that no computation makes stands for no value, so that NaN itself is a value.
impl Slot for u64 {
    const MISSING: Self = 0x7ff8_dead_dead_dead;
}

/// Times.
impl Slot for i64 {
    const MISSING: Self = i64::MIN;
}

/// A column with fewer than one row in this many filled is kept as pairs.
const SPARSE: usize = 4;
/// A column with at least one row in this many filled is kept as a vector. Between the two it stays as it is, so that
/// it doesn't go back and forth.
const DENSE: usize = 2;

/// Adds a value at the end. A vector grows by an eighth at a time, not to its double: what is asked of the table is
/// that it holds little more memory than the values that are in it.
pub(super) fn push<T>(vec: &mut Vec<T>, value: T) {
    make_room(vec, vec.len() + 1);
    vec.push(value);
}

/// Lets a vector take `length` values.
fn make_room<T>(vec: &mut Vec<T>, length: usize) {
    if length > vec.capacity() {
        vec.reserve_exact(length - vec.len() + (vec.len() / 8).max(3));
    }
}

/// The values of one column by row.
#[derive(Clone, Debug)]
pub(super) struct Slots<T> {
    layout: Layout<T>,
    filled: usize,
}

#[derive(Clone, Debug)]
enum Layout<T> {
    /// One value a row, missing ones too; rows after the end have none.
    Dense(Vec<T>),
    /// Rows that have a value, ascending, and their values.
    Sparse { rows: Vec<u32>, values: Vec<T> },
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self {
            layout: Layout::Sparse {
                rows: Vec::new(),
                values: Vec::new(),
            },
            filled: 0,
        }
    }
}

impl<T: Slot> Slots<T> {
    /// The value of a row, or [`Slot::MISSING`].
    pub(super) fn raw(&self, row: u32) -> T {
        match &self.layout {
            Layout::Dense(values) => values.get(row as usize).copied().unwrap_or(T::MISSING),
            Layout::Sparse { rows, values } => rows
                .binary_search(&row)
                .ok()
                .and_then(|at| values.get(at))
                .copied()
                .unwrap_or(T::MISSING),
        }
    }

    /// The value of a row, if it has one.
    pub(super) fn get(&self, row: u32) -> Option<T> {
        Some(self.raw(row)).filter(|value| *value != T::MISSING)
    }

    /// How many rows have a value.
    pub(super) fn filled(&self) -> usize {
        self.filled
    }

    /// The values that are there, in the order of the rows.
    pub(super) fn values(&self) -> impl Iterator<Item = T> {
        let all = match &self.layout {
            Layout::Dense(values) | Layout::Sparse { values, .. } => values,
        };
        all.iter().copied().filter(|value| *value != T::MISSING)
    }

    /// Gives a row a value, or takes it away.
    pub(super) fn set(&mut self, row: u32, value: T) {
        if value == T::MISSING {
            return self.clear(row);
        }
        self.choose_layout(row);
        match &mut self.layout {
            Layout::Dense(all) => {
                let at = row as usize;
                if at >= all.len() {
                    make_room(all, at + 1);
                    all.resize(at + 1, T::MISSING);
                }
                if let Some(slot) = all.get_mut(at) {
                    self.filled += usize::from(*slot == T::MISSING);
                    *slot = value;
                }
            }
            Layout::Sparse { rows, values } => {
                let at = if rows.last().is_none_or(|last| *last < row) {
                    Err(rows.len())
                } else {
                    rows.binary_search(&row)
                };
                match at {
                    Ok(at) => values[at] = value,
                    Err(at) => {
                        make_room(rows, rows.len() + 1);
                        make_room(values, values.len() + 1);
                        rows.insert(at, row);
                        values.insert(at, value);
                        self.filled += 1;
                    }
                }
            }
        }
    }

    /// Takes a row's value away.
    pub(super) fn clear(&mut self, row: u32) {
        match &mut self.layout {
            Layout::Dense(values) => {
                if let Some(slot) = values
                    .get_mut(row as usize)
                    .filter(|slot| **slot != T::MISSING)
                {
                    *slot = T::MISSING;
                    self.filled -= 1;
                }
            }
            Layout::Sparse { rows, values } => {
                if let Ok(at) = rows.binary_search(&row) {
                    rows.remove(at);
                    values.remove(at);
                    self.filled -= 1;
                }
            }
        }
    }

    /// Changes the layout when the one there is would waste memory once `row` has a value.
    fn choose_layout(&mut self, row: u32) {
        match &mut self.layout {
            Layout::Dense(values) => {
                let needed = values.len().max(row as usize + 1);
                if needed > values.len() && (self.filled + 1) * SPARSE < needed {
                    let (rows, values) = (0..)
                        .zip(values.iter().copied())
                        .filter(|(_, value)| *value != T::MISSING)
                        .unzip();
                    self.layout = Layout::Sparse { rows, values };
                }
            }
            Layout::Sparse { rows, values } => {
                let needed = rows
                    .last()
                    .map_or(0, |last| *last as usize + 1)
                    .max(row as usize + 1);
                if (self.filled + 1) * DENSE >= needed {
                    let mut all = vec![T::MISSING; needed];
                    for (row, value) in rows.iter().zip(values.iter()) {
                        all[*row as usize] = *value;
                    }
                    self.layout = Layout::Dense(all);
                }
            }
        }
    }

    /// The bytes of memory that this holds.
    pub(super) fn bytes(&self) -> usize {
        match &self.layout {
            Layout::Dense(values) => values.capacity() * size_of::<T>(),
            Layout::Sparse { rows, values } => {
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
    fn one_late_value_does_not_cost_a_vector() {
        let mut slots = Slots::<u32>::default();
        for row in 0..100 {
            slots.set(row, 1);
        }
        slots.set(1_000_000, 2);
        assert!(slots.bytes() < 10_000, "{}", slots.bytes());
        assert_eq!(
            (slots.raw(99), slots.raw(1_000_000), slots.get(500)),
            (1, 2, None)
        );
    }

    proptest! {
        #[test]
        fn both_layouts_say_what_a_map_says(steps in proptest::collection::vec((0_u32..200, proptest::option::of(0_u32..5)), 0..300)) {
            let (mut slots, mut map) = (Slots::<u32>::default(), BTreeMap::new());
            for (row, value) in steps {
                slots.set(row, value.unwrap_or(u32::MISSING));
                if let Some(value) = value {
                    map.insert(row, value);
                } else {
                    map.remove(&row);
                }
                prop_assert_eq!(slots.filled(), map.len());
            }
            for row in 0..201 {
                prop_assert_eq!(slots.get(row), map.get(&row).copied());
            }
            prop_assert_eq!(slots.values().collect::<Vec<_>>(), map.values().copied().collect::<Vec<_>>());
        }
    }
}
