//! Groups: runs that share a value.

use std::cmp::Ordering;

use super::arrange::Arrangement;
use super::cells::{CellValue, ColumnRef};
use super::duration::format_duration;
use super::rows::{RowId, RunTable};
use super::{ColumnKey, SortKey};
use crate::domain::Millis;
use crate::text::untrusted::clean;

/// What stands for a missing value.
const MISSING_LABEL: &str = "—";

/// The keys that bring groups together: the grouping column, then the rest. A sort by that column itself says which way.
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

/// Rows, sorted by a column, as groups of equal values. Params that read as the same number are equal.
pub(super) fn group_rows(
    table: &RunTable,
    column: &ColumnKey,
    rows: &[RowId],
    now: Millis,
) -> Vec<(String, Vec<RowId>)> {
    let column = table.column(column);
    let keys = column.sort_keys(rows, false, now);
    let keyed: Vec<(u64, RowId)> = keys.into_iter().zip(rows.iter().copied()).collect();
    let groups = keyed.chunk_by(|(a, _), (b, _)| a == b);
    groups
        .map(|group| {
            let rows: Vec<RowId> = group.iter().map(|(_, row)| *row).collect();
            (group_label(column, &rows, now), rows)
        })
        .collect()
}

/// Brings groups, in the order of their values, into the order of the sort columns: by the statistic that the groups show. Groups
/// without one are last either way; those that are equal stay in the order of their values, and so do all where the
/// grouping column itself, or a column of texts, is sorted by.
pub(super) fn sort_groups(
    table: &RunTable,
    groups: &mut Vec<(String, Vec<RowId>)>,
    column: &ColumnKey,
    arrangement: &Arrangement,
    now: Millis,
) {
    let keys = arrangement
        .sort
        .iter()
        .take_while(|key| key.column != *column)
        .filter(|key| table.summary(&key.column).is_numeric);
    let statistics: Vec<(bool, Vec<Option<f64>>)> = keys
        .map(|key| {
            let (values, better) = (
                table.column(&key.column),
                arrangement.direction_of(&key.column),
            );
            let statistic = |(_, rows): &(String, Vec<RowId>)| {
                values.stats(rows, now).get(arrangement.statistic, better)
            };
            (key.descending, groups.iter().map(statistic).collect())
        })
        .collect();
    if statistics.is_empty() {
        return;
    }
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by(|a, b| {
        let by = statistics.iter().map(|(descending, statistics)| {
            compare_missing_last(statistics[*a], statistics[*b], *descending)
        });
        by.fold(Ordering::Equal, Ordering::then)
    });
    let mut old: Vec<Option<(String, Vec<RowId>)>> =
        std::mem::take(groups).into_iter().map(Some).collect();
    groups.extend(order.into_iter().filter_map(|at| old[at].take()));
}

/// The order of two figures; nothing comes last whichever way is asked for.
fn compare_missing_last(a: Option<f64>, b: Option<f64>, descending: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if descending => b.total_cmp(&a),
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// The value that rows share, as it is shown. Of several spellings of one number the shortest, then the first, is
/// taken, so that the head doesn't depend on the order of the rows.
fn group_label(column: ColumnRef<'_>, rows: &[RowId], now: Millis) -> String {
    let Some(first) = rows.first() else {
        return MISSING_LABEL.to_owned();
    };
    match column.cell(*first, now) {
        CellValue::Missing => MISSING_LABEL.to_owned(),
        CellValue::Number(number) => number.to_string(),
        CellValue::Status(status) => status.as_str().to_owned(),
        CellValue::Duration(ms) => format_duration(ms),
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
