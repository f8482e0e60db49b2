//! Sorting: every cell becomes one integer key, so that comparisons are cheap.
//!
//! In both directions, numbers come first, then text by its bytes, then NaN, then missing values: only numbers among themselves
//! and texts among themselves are reversed. Rows that are equal in every key stay newest first, then by id, as in MLflow.

use super::SortKey;
use super::cells::{ColumnData, ColumnRef};
use super::rows::{RowId, RunTable};
use crate::domain::Millis;

/// The least key of a text, greater than every number's.
const FIRST_TEXT_KEY: u64 = 0xfff1_0000_0000_0000;
const NAN_KEY: u64 = u64::MAX - 1;
const MISSING_KEY: u64 = u64::MAX;

/// All rows, newest first; at the same start by id, and rows without a start last.
pub(super) fn newest_first(table: &RunTable) -> Vec<RowId> {
    let mut rows: Vec<(u64, RowId)> = table
        .rows()
        .map(|row| {
            (
                table
                    .start
                    .get(row.0)
                    .map_or(MISSING_KEY, |start| integer_key(start, true)),
                row,
            )
        })
        .collect();
    rows.sort_unstable_by(|(a, row), (b, other)| {
        a.cmp(b)
            .then_with(|| table.run_id(*row).cmp(table.run_id(*other)))
    });
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Sorts rows that are newest first, stably.
pub(super) fn sort_rows(table: &RunTable, rows: &mut Vec<RowId>, by: &[SortKey], now: Millis) {
    let keys: Vec<Vec<u64>> = by
        .iter()
        .map(|key| {
            table
                .column(&key.column)
                .sort_keys(rows, key.descending, now)
        })
        .collect();
    if keys.is_empty() {
        return;
    }
    let mut entries: Vec<(u64, u32)> = (0_u32..)
        .take(rows.len())
        .map(|position| (0, position))
        .collect();
    sort_by_keys(&mut entries, &keys);
    *rows = entries
        .into_iter()
        .map(|(_, position)| rows[position as usize])
        .collect();
}

/// Sorts by the first key, and ties by the rest. Positions break the last ties, which makes the sort stable.
fn sort_by_keys(entries: &mut [(u64, u32)], keys: &[Vec<u64>]) {
    let Some((first, rest)) = keys.split_first() else {
        return;
    };
    for (key, position) in entries.iter_mut() {
        *key = first[*position as usize];
    }
    entries.sort_unstable();
    if !rest.is_empty() {
        entries
            .chunk_by_mut(|(a, _), (b, _)| a == b)
            .filter(|equal| equal.len() > 1)
            .for_each(|equal| sort_by_keys(equal, rest));
    }
}

impl ColumnRef<'_> {
    /// A sort key for each row.
    pub(super) fn sort_keys(&self, rows: &[RowId], descending: bool, now: Millis) -> Vec<u64> {
        let integers = |value: &dyn Fn(RowId) -> Option<i64>| {
            rows.iter()
                .map(|row| value(*row).map_or(MISSING_KEY, |v| integer_key(v, descending)))
                .collect()
        };
        match self.data {
            ColumnData::Absent => vec![MISSING_KEY; rows.len()],
            ColumnData::Metric(values) => rows
                .iter()
                .map(|row| {
                    values.get(row.0).map_or(MISSING_KEY, |bits| {
                        number_key(f64::from_bits(bits), descending)
                    })
                })
                .collect(),
            ColumnData::Time(values) => integers(&|row| values.get(row.0)),
            ColumnData::Duration => integers(&|row| self.duration(row, now)),
            ColumnData::Status | ColumnData::RunId => {
                let texts: Vec<Option<&str>> = rows.iter().map(|row| self.text(*row)).collect();
                let distinct: Vec<&str> = texts.iter().copied().flatten().collect();
                let mut ranks = byte_ranks(&distinct).into_iter();
                texts
                    .iter()
                    .map(|text| {
                        text.and_then(|_| ranks.next())
                            .map_or(MISSING_KEY, |rank| text_key(rank, descending))
                    })
                    .collect()
            }
            ColumnData::Param(_) => self.text_keys(rows, descending, true),
            ColumnData::Tag(_) => self.text_keys(rows, descending, self.is_numeric()),
            ColumnData::Text(_) | ColumnData::Datasets => self.text_keys(rows, descending, false),
        }
    }

    /// The keys of interned texts; each distinct text is ranked once.
    fn text_keys(&self, rows: &[RowId], descending: bool, numeric: bool) -> Vec<u64> {
        let texts = &self.table.interner;
        let ids: Vec<Option<u32>> = rows.iter().map(|row| self.text_id(*row)).collect();
        let mut keys = vec![0_u64; texts.len()];
        let mut words = Vec::new();
        for id in ids.iter().copied().flatten().map(|id| id as usize) {
            if keys[id] != 0 {
                continue;
            }
            let number = if numeric {
                texts.number(id as u32)
            } else {
                None
            };
            keys[id] = number.map_or(FIRST_TEXT_KEY, |number| number_key(number, descending));
            if number.is_none() {
                words.push(id);
            }
        }
        let strings: Vec<&str> = words.iter().map(|id| texts.get(*id as u32)).collect();
        for (id, rank) in words.into_iter().zip(byte_ranks(&strings)) {
            keys[id] = text_key(rank, descending);
        }
        ids.into_iter()
            .map(|id| id.map_or(MISSING_KEY, |id| keys[id as usize]))
            .collect()
    }
}

/// The key of a number: IEEE 754's order, with equal zeros, and NaN near the end.
fn number_key(value: f64, descending: bool) -> u64 {
    if value.is_nan() {
        return NAN_KEY;
    }
    let bits = (if descending { -value } else { value } + 0.0).to_bits();
    if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    }
}

fn integer_key(value: i64, descending: bool) -> u64 {
    let key = value.cast_unsigned() ^ (1 << 63);
    (if descending { !key } else { key }).min(NAN_KEY - 1)
}

fn text_key(rank: u32, descending: bool) -> u64 {
    FIRST_TEXT_KEY + u64::from(if descending { u32::MAX - rank } else { rank })
}

/// The rank of each text by its bytes; equal texts have equal ranks. Most texts differ soon after their common prefix, so the 16
/// bytes that follow it decide nearly every comparison.
fn byte_ranks(texts: &[&str]) -> Vec<u32> {
    let shared = texts.split_first().map_or(0, |(first, rest)| {
        rest.iter().fold(first.len(), |shared, text| {
            first
                .bytes()
                .zip(text.bytes())
                .take(shared)
                .take_while(|(a, b)| a == b)
                .count()
        })
    });
    let mut order: Vec<(u128, u32)> = (0_u32..)
        .zip(texts)
        .map(|(at, text)| (prefix_bits(text, shared), at))
        .collect();
    order.sort_unstable();
    let mut ranks = vec![0; texts.len()];
    let mut rank = 0;
    for same_prefix in order.chunk_by_mut(|(a, _), (b, _)| a == b) {
        if same_prefix.len() > 1 {
            same_prefix.sort_unstable_by_key(|(_, at)| texts[*at as usize]);
        }
        for equal in same_prefix.chunk_by(|(_, a), (_, b)| texts[*a as usize] == texts[*b as usize])
        {
            for (_, at) in equal {
                ranks[*at as usize] = rank;
            }
            rank += 1;
        }
    }
    ranks
}

/// 16 bytes of a text as a number that sorts as they do, padded with zeros.
fn prefix_bits(text: &str, from: usize) -> u128 {
    let mut bytes = [0; 16];
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    let length = rest.len().min(bytes.len());
    bytes[..length].copy_from_slice(&rest[..length]);
    u128::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use proptest::prelude::*;

    use super::super::test_data::any_runs;
    use super::super::{Attribute, CellValue, ColumnKey};
    use super::*;

    #[test]
    fn number_keys_preserve_order() {
        let ascending = [
            f64::NEG_INFINITY,
            -1e300,
            -1.0,
            -f64::MIN_POSITIVE,
            0.0,
            1e-9,
            2.0,
            f64::MAX,
            f64::INFINITY,
        ];
        let keys: Vec<u64> = ascending.iter().map(|v| number_key(*v, false)).collect();
        assert!(keys.is_sorted_by(|a, b| a < b));
        assert!(
            ascending
                .iter()
                .rev()
                .map(|v| number_key(*v, true))
                .is_sorted_by(|a, b| a < b)
        );
        assert_eq!(number_key(-0.0, true), number_key(0.0, true));
        assert!(
            keys.iter().all(|key| *key < FIRST_TEXT_KEY) && NAN_KEY > text_key(u32::MAX, false)
        );
        assert!(integer_key(i64::MAX, false) < NAN_KEY && integer_key(i64::MIN, true) < NAN_KEY);
    }

    proptest! {
        #[test]
        fn ranks_match_byte_order(texts in proptest::collection::vec("[ab]{0,12}", 0..20)) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let ranks = byte_ranks(&texts);
            for (a, rank) in texts.iter().zip(&ranks) {
                for (b, other) in texts.iter().zip(&ranks) {
                    prop_assert_eq!(a.cmp(b), rank.cmp(other));
                }
            }
        }

        #[test]
        fn sort_matches_reference_order(runs in any_runs(), by in proptest::collection::vec((any_column(), any::<bool>()), 0..3)) {
            let mut table = RunTable::default();
            table.upsert(&runs);
            let by: Vec<SortKey> = by.into_iter().map(|(column, descending)| SortKey { column, descending }).collect();
            let mut rows = table.newest_first().to_vec();
            sort_rows(&table, &mut rows, &by, 10);
            let mut expected: Vec<RowId> = table.rows().collect();
            expected.sort_by(|a, b| reference_order(&table, &by, *a, *b));
            prop_assert_eq!(rows, expected);
        }
    }

    fn any_column() -> impl Strategy<Value = ColumnKey> {
        let attributes = Attribute::ALL.map(ColumnKey::Attribute);
        let keys = ["x", "p"].map(|key| ColumnKey::Metric(key.into()));
        let params = ["p", "q"].map(|key| ColumnKey::Param(key.into()));
        let tags = ["t"].map(|key| ColumnKey::Tag(key.into()));
        proptest::sample::select(
            [
                attributes.to_vec(),
                keys.to_vec(),
                params.to_vec(),
                tags.to_vec(),
            ]
            .concat(),
        )
    }

    /// The order as the module's comment tells it, one comparison at a time.
    fn reference_order(table: &RunTable, by: &[SortKey], a: RowId, b: RowId) -> Ordering {
        let start = |row| table.start_time(row);
        by.iter()
            .map(|key| compare_reference_cells(table, key, a, b))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| {
                start(b)
                    .cmp(&start(a))
                    .then_with(|| table.run_id(a).raw().cmp(table.run_id(b).raw()))
            })
    }

    fn compare_reference_cells(table: &RunTable, key: &SortKey, a: RowId, b: RowId) -> Ordering {
        let column = table.column(&key.column);
        let numeric = matches!(key.column, ColumnKey::Param(_)) || column.summary().is_numeric;
        let class = |row| match (column.cell(row, 10), column.number(row, 10)) {
            (CellValue::Missing, _) => 3,
            (_, Some(number)) if numeric => {
                if number.is_nan() {
                    2
                } else {
                    0
                }
            }
            _ => 1,
        };
        let apply_direction = |order: Ordering| {
            if key.descending {
                order.reverse()
            } else {
                order
            }
        };
        class(a).cmp(&class(b)).then_with(|| match class(a) {
            0 => apply_direction(
                column
                    .number(a, 10)
                    .partial_cmp(&column.number(b, 10))
                    .unwrap(),
            ),
            1 => apply_direction(
                column
                    .text(a)
                    .map(str::as_bytes)
                    .cmp(&column.text(b).map(str::as_bytes)),
            ),
            _ => Ordering::Equal,
        })
    }
}
