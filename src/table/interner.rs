//! Interned text: each distinct value of params, tags and attributes is stored and parsed as a number once.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::column_vec::{Nullable, push_compact};
use crate::text::number::parse_number;

/// Distinct texts in one block of memory, by id.
#[derive(Clone, Debug, Default)]
pub(super) struct Interner {
    block: String,
    ends: Vec<usize>,
    /// The number of each text: the bits of an f64, or [`Nullable::MISSING`].
    numbers: Vec<u64>,
    known: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Interner {
    /// The id of a text, which is added if it is new.
    pub(super) fn intern(&mut self, text: &str) -> u32 {
        let hash = self.hasher.hash_one(text);
        let Self {
            block, ends, known, ..
        } = self;
        if let Some(id) = known.find(hash, |id| slice(block, ends, *id) == text) {
            return *id;
        }
        let id = u32::try_from(ends.len()).unwrap_or(u32::MAX);
        if block.capacity() - block.len() < text.len() {
            block.reserve_exact(text.len() + block.len() / 8);
        }
        block.push_str(text);
        push_compact(ends, block.len());
        push_compact(
            &mut self.numbers,
            parse_number(text).map_or(u64::MISSING, canonical_bits),
        );
        let Self {
            block,
            ends,
            known,
            hasher,
            ..
        } = self;
        known.insert_unique(hash, id, |id| hasher.hash_one(slice(block, ends, *id)));
        id
    }

    pub(super) fn get(&self, id: u32) -> &str {
        slice(&self.block, &self.ends, id)
    }

    /// The number that a text parses as; `nan` and `inf` are numbers.
    pub(super) fn number(&self, id: u32) -> Option<f64> {
        self.numbers
            .get(id as usize)
            .copied()
            .filter(|bits| *bits != u64::MISSING)
            .map(f64::from_bits)
    }

    /// Whether each text matches, by id; empty if none does. Numbers are skipped if `word` is in no number.
    pub(super) fn find_texts(&self, word: &str, is_match: impl Fn(&str) -> bool) -> Vec<bool> {
        // The letters of exponents, `nan`, `inf` and `infinity`.
        let is_in_numbers = |c: char| !c.is_alphabetic() || "einfatyEINFATY".contains(c);
        let tests_numbers = word.chars().all(is_in_numbers);
        let found: Vec<bool> = (0..self.ends.len())
            .map(|id| {
                (tests_numbers || self.numbers[id] == u64::MISSING)
                    && is_match(slice(&self.block, &self.ends, id as u32))
            })
            .collect();
        if found.contains(&true) {
            found
        } else {
            Vec::new()
        }
    }

    /// The number of distinct texts.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes.
    pub(super) fn memory_usage(&self) -> usize {
        self.block.capacity()
            + 8 * (self.ends.capacity() + self.numbers.capacity())
            + 5 * self.known.capacity()
    }
}

/// The bits of a number, with one pattern for every NaN, so that none equals the missing value.
pub(super) fn canonical_bits(value: f64) -> u64 {
    if value.is_nan() {
        f64::NAN.to_bits()
    } else {
        value.to_bits()
    }
}

fn slice<'a>(block: &'a str, ends: &[usize], id: u32) -> &'a str {
    let id = id as usize;
    let start = id
        .checked_sub(1)
        .and_then(|before| ends.get(before))
        .copied()
        .unwrap_or(0);
    ends.get(id)
        .and_then(|end| block.get(start..*end))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_interned_and_parsed_once() {
        let mut texts = Interner::default();
        let words = ["adam", "0.1", "", "größe", "adam", "0.1"];
        let ids = words.map(|text| texts.intern(text));
        assert_eq!(ids, [0, 1, 2, 3, 0, 1]);
        assert_eq!(ids.map(|id| texts.get(id)), words);
        assert_eq!(texts.number(1), Some(0.1));
        assert_eq!(texts.number(0), None);
    }

    #[test]
    fn nan_is_a_number() {
        let mut texts = Interner::default();
        let nan = texts.intern("-NaN");
        assert!(texts.number(nan).is_some_and(f64::is_nan));
    }
}
