//! Groups of runs that share a value.

use std::cmp::Ordering;

use super::arrange::Arrangement;
use super::cells::{CellValue, ColumnRef};
use super::rows::{RowId, RunTable};
use super::{ColumnKey, SortKey};
use crate::domain::Millis;
use crate::text::duration::format_units;
use crate::text::untrusted::clean;

/// A group of rows, in order.
pub(super) struct Group {
    /// The shared value, safe to draw.
    pub(super) value: String,
    pub(super) rows: Vec<RowId>,
}

/// The statistic of each group in a sort column.
struct GroupOrder {
    descending: bool,
    values: Vec<Option<f64>>,
}

const MISSING_LABEL: &str = "—";

/// The sort keys that make groups contiguous: the grouping column, in the direction of its own sort key, then the rest.
pub(super) fn group_sort_keys(column: &ColumnKey, sort: &[SortKey]) -> Vec<SortKey> {
    let descending = sort
        .iter()
        .any(|key| key.column == *column && key.descending);
    let first = SortKey {
        column: column.clone(),
        descending,
    };
    std::iter::once(first)
        .chain(sort.iter().filter(|key| key.column != *column).cloned())
        .collect()
}

/// Splits rows, sorted by a column, into groups of equal values. Params that parse as the same number are equal.
pub(super) fn group_rows(
    table: &RunTable,
    column: &ColumnKey,
    rows: &[RowId],
    now: Millis,
) -> Vec<Group> {
    let column = table.column(column);
    let keys = column.sort_keys(rows, false, now);
    let keyed: Vec<(u64, RowId)> = keys.into_iter().zip(rows.iter().copied()).collect();
    let groups = keyed.chunk_by(|(a, _), (b, _)| a == b);
    groups
        .map(|group| {
            let rows: Vec<RowId> = group.iter().map(|(_, row)| *row).collect();
            Group {
                value: group_label(column, &rows, now),
                rows,
            }
        })
        .collect()
}

/// Sorts groups by the visible statistic of the sort columns. Groups without a statistic come last in both directions. Equal groups
/// stay in the order of their values, and so do all if the table is sorted by the grouping column or by text.
pub(super) fn sort_groups(
    table: &RunTable,
    groups: &mut Vec<Group>,
    column: &ColumnKey,
    arrangement: &Arrangement,
    now: Millis,
) {
    let keys = arrangement
        .sort
        .iter()
        .take_while(|key| key.column != *column)
        .filter(|key| table.summary(&key.column).is_numeric);
    let orders: Vec<GroupOrder> = keys
        .map(|key| {
            let values = table.column(&key.column);
            let direction = arrangement.direction_of(&key.column);
            let statistic = |group: &Group| {
                let stats = values.stats(&group.rows, now);
                stats.get(arrangement.statistic, direction)
            };
            GroupOrder {
                descending: key.descending,
                values: groups.iter().map(statistic).collect(),
            }
        })
        .collect();
    if orders.is_empty() {
        return;
    }
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by(|a, b| {
        let by = orders.iter().map(|order| {
            compare_missing_last(order.values[*a], order.values[*b], order.descending)
        });
        by.fold(Ordering::Equal, Ordering::then)
    });
    let mut old: Vec<Option<Group>> = std::mem::take(groups).into_iter().map(Some).collect();
    groups.extend(order.into_iter().filter_map(|at| old[at].take()));
}

/// Missing values come last in both directions.
fn compare_missing_last(a: Option<f64>, b: Option<f64>, descending: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if descending => b.total_cmp(&a),
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// The shared value as text. Of several spellings of one number, the shortest, then the least: independent of the order of rows.
fn group_label(column: ColumnRef<'_>, rows: &[RowId], now: Millis) -> String {
    let Some(first) = rows.first() else {
        return MISSING_LABEL.to_owned();
    };
    match column.cell(*first, now) {
        CellValue::Missing => MISSING_LABEL.to_owned(),
        CellValue::Number(number) => number.to_string(),
        CellValue::Status(status) => status.as_str().to_owned(),
        CellValue::Duration(ms) => format_units(ms.max(0), 0),
        CellValue::Time(ms) => jiff::Timestamp::from_millisecond(ms)
            .map_or_else(|_| ms.to_string(), |time| time.to_string()),
        CellValue::Text(text) => {
            let spellings = rows.iter().filter_map(|row| column.text(*row));
            clean(
                spellings
                    .min_by_key(|spelling| (spelling.len(), *spelling))
                    .unwrap_or(text),
            )
            .into_owned()
        }
    }
}
