//! The values of a row. A declared type does not bind SQLite, and a file can hold anything: a value
//! is converted from whatever type it has, invalid UTF-8 is replaced, and nothing here fails.

use std::borrow::Cow;

use rusqlite::Row;
use rusqlite::types::ValueRef;

use crate::domain::MetricValue;
use crate::store::interner::Interner;
use crate::text::Untrusted;

fn value<'a>(row: &'a Row<'_>, column: usize) -> ValueRef<'a> {
    row.get_ref(column).unwrap_or(ValueRef::Null)
}

/// Text; empty for NULL.
pub(super) fn text(row: &Row<'_>, column: usize) -> Untrusted {
    optional_text(row, column).unwrap_or_default()
}

pub(super) fn optional_text(row: &Row<'_>, column: usize) -> Option<Untrusted> {
    to_text(value(row, column)).map(|text| text.as_ref().into())
}

/// Text that many rows share; empty for NULL.
pub(super) fn interned(interner: &mut Interner, row: &Row<'_>, column: usize) -> Untrusted {
    interner.intern(&to_text(value(row, column)).unwrap_or_default())
}

pub(super) fn integer(row: &Row<'_>, column: usize) -> Option<i64> {
    to_integer(value(row, column))
}

/// A metric's value from two columns: MLflow stores NaN as 0 with `is_nan` set.
pub(super) fn metric_value(row: &Row<'_>, column: usize, is_nan: usize) -> MetricValue {
    to_metric_value(value(row, column), value(row, is_nan))
}

fn to_text(value: ValueRef<'_>) -> Option<Cow<'_, str>> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string().into()),
        ValueRef::Real(number) => Some(number.to_string().into()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes)),
    }
}

fn to_integer(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Integer(number) => Some(number),
        ValueRef::Real(number) => Some(number as i64),
        other => to_text(other)?.trim().parse().ok(),
    }
}

/// NaN for what is not a number; SQLite itself stores NaN as NULL.
fn to_float(value: ValueRef<'_>) -> f64 {
    match value {
        ValueRef::Integer(number) => number as f64,
        ValueRef::Real(number) => number,
        other => to_text(other)
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(f64::NAN),
    }
}

fn to_metric_value(value: ValueRef<'_>, is_nan: ValueRef<'_>) -> MetricValue {
    let is_nan = to_integer(is_nan).is_some_and(|flag| flag != 0);
    MetricValue::new(if is_nan { f64::NAN } else { to_float(value) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_any_type_from_any_column() {
        assert_eq!(
            to_text(ValueRef::Blob(b"a\xffb")).as_deref(),
            Some("a\u{fffd}b")
        );
        assert_eq!(to_text(ValueRef::Integer(7)).as_deref(), Some("7"));
        assert_eq!(to_text(ValueRef::Null), None);
        assert_eq!(to_integer(ValueRef::Text(b" 12 ")), Some(12));
        assert_eq!(to_integer(ValueRef::Real(3.9)), Some(3));
        assert_eq!(to_integer(ValueRef::Text(b"soon")), None);
        assert_eq!(to_integer(ValueRef::Null), None);
        assert_eq!(
            to_float(ValueRef::Text(b"0.5")).to_bits(),
            0.5_f64.to_bits()
        );
        assert!(to_float(ValueRef::Null).is_nan());
    }

    #[test]
    fn nan_is_read_from_its_flag() {
        let read = |value, is_nan| to_metric_value(value, is_nan).get();
        assert!(read(ValueRef::Real(0.0), ValueRef::Integer(1)).is_nan());
        assert_eq!(
            read(ValueRef::Integer(2), ValueRef::Integer(0)).to_bits(),
            2.0_f64.to_bits()
        );
        assert!(read(ValueRef::Real(f64::MAX), ValueRef::Null) == f64::INFINITY);
    }
}
