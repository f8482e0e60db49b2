//! The values of a row. A declared type does not bind SQLite, and a file can hold anything: a value
//! is converted from whatever type it has, invalid UTF-8 is replaced, and nothing here fails.

use std::borrow::Cow;

use super::tables::Row;
use crate::domain::MetricValue;
use crate::store::interner::Interner;
use crate::text::Untrusted;

/// A value of a row, as the database sent it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    /// Booleans, too.
    Integer(i64),
    Real(f64),
    /// Blobs, too.
    Text(&'a [u8]),
}

/// Text; empty for NULL.
pub(super) fn text(row: &dyn Row, column: usize) -> Untrusted {
    optional_text(row, column).unwrap_or_default()
}

pub(super) fn optional_text(row: &dyn Row, column: usize) -> Option<Untrusted> {
    to_text(row.get(column)).map(|text| text.as_ref().into())
}

/// Text that many rows share; empty for NULL.
pub(super) fn interned(interner: &mut Interner, row: &dyn Row, column: usize) -> Untrusted {
    interner.intern(&to_text(row.get(column)).unwrap_or_default())
}

pub(super) fn integer(row: &dyn Row, column: usize) -> Option<i64> {
    to_integer(row.get(column))
}

/// A metric's value from two columns: MLflow stores NaN as 0 with `is_nan` set.
pub(super) fn metric_value(row: &dyn Row, column: usize, is_nan: usize) -> MetricValue {
    to_metric_value(row.get(column), row.get(is_nan))
}

/// Text; `None` for NULL.
pub(super) fn to_text(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value {
        Value::Null => None,
        Value::Integer(number) => Some(number.to_string().into()),
        Value::Real(number) => Some(number.to_string().into()),
        Value::Text(bytes) => Some(String::from_utf8_lossy(bytes)),
    }
}

fn to_integer(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(number),
        Value::Real(number) => Some(number as i64),
        other => to_text(other)?.trim().parse().ok(),
    }
}

/// NaN for what is not a number; SQLite itself stores NaN as NULL.
fn to_float(value: Value<'_>) -> f64 {
    match value {
        Value::Integer(number) => number as f64,
        Value::Real(number) => number,
        other => to_text(other)
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(f64::NAN),
    }
}

fn to_metric_value(value: Value<'_>, is_nan: Value<'_>) -> MetricValue {
    let is_nan = to_integer(is_nan).is_some_and(|flag| flag != 0);
    MetricValue::new(if is_nan { f64::NAN } else { to_float(value) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_any_type_from_any_column() {
        assert_eq!(
            to_text(Value::Text(b"a\xffb")).as_deref(),
            Some("a\u{fffd}b")
        );
        assert_eq!(to_text(Value::Integer(7)).as_deref(), Some("7"));
        assert_eq!(to_text(Value::Null), None);
        assert_eq!(to_integer(Value::Text(b" 12 ")), Some(12));
        assert_eq!(to_integer(Value::Real(3.9)), Some(3));
        assert_eq!(to_integer(Value::Text(b"soon")), None);
        assert_eq!(to_integer(Value::Null), None);
        assert_eq!(to_float(Value::Text(b"0.5")).to_bits(), 0.5_f64.to_bits());
        assert!(to_float(Value::Null).is_nan());
    }

    #[test]
    fn nan_is_read_from_its_flag() {
        let read = |value, is_nan| to_metric_value(value, is_nan).get();
        assert!(read(Value::Real(0.0), Value::Integer(1)).is_nan());
        assert_eq!(
            read(Value::Integer(2), Value::Integer(0)).to_bits(),
            2.0_f64.to_bits()
        );
        assert!(read(Value::Real(f64::MAX), Value::Null) == f64::INFINITY);
    }
}
