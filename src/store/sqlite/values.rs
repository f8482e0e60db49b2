//! Reading SQLite's values. A column's declared type binds nobody, and a file can hold anything: every value is
//! taken as what it is, text that is not UTF-8 with replacement characters, and nothing here can fail.

use std::collections::HashSet;

use rusqlite::Row;
use rusqlite::types::ValueRef;

use crate::domain::MetricValue;
use crate::text::Untrusted;

/// The value of a column; nothing where there is no such column.
pub(super) fn column_value<'a>(row: &'a Row<'_>, column: usize) -> ValueRef<'a> {
    row.get_ref(column).unwrap_or(ValueRef::Null)
}

/// Text; empty for NULL.
pub(super) fn text(value: ValueRef<'_>) -> Untrusted {
    optional_text(value).unwrap_or_default()
}

/// Text, or nothing for NULL.
pub(super) fn optional_text(value: ValueRef<'_>) -> Option<Untrusted> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string().into()),
        ValueRef::Real(number) => Some(number.to_string().into()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            Some(String::from_utf8_lossy(bytes).as_ref().into())
        }
    }
}

/// A whole number, or nothing where there is none to be read.
pub(super) fn integer(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number),
        ValueRef::Real(number) => Some(number as i64),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            std::str::from_utf8(bytes).ok()?.trim().parse().ok()
        }
    }
}

/// A number; what is none is NaN, which is also what SQLite makes of a NaN: NULL.
pub(super) fn float(value: ValueRef<'_>) -> f64 {
    match value {
        ValueRef::Null => f64::NAN,
        ValueRef::Integer(number) => number as f64,
        ValueRef::Real(number) => number,
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => std::str::from_utf8(bytes)
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(f64::NAN),
    }
}

/// A metric's value from its two columns: MLflow keeps NaN as 0 with `is_nan` set.
pub(super) fn metric_value(value: ValueRef<'_>, is_nan: ValueRef<'_>) -> MetricValue {
    let has_nan_flag = integer(is_nan).is_some_and(|flag| flag != 0);
    MetricValue::new(if has_nan_flag { f64::NAN } else { float(value) })
}

/// Keys of one load: each is kept once, and shared by all rows that have it.
#[derive(Default)]
pub(super) struct Interner(HashSet<Untrusted>);

impl Interner {
    /// The shared text of a key.
    pub(super) fn intern(&mut self, value: ValueRef<'_>) -> Untrusted {
        if let ValueRef::Text(bytes) = value
            && let Ok(key) = std::str::from_utf8(bytes)
            && let Some(known) = self.0.get(key)
        {
            return known.clone();
        }
        let key = text(value);
        self.0.insert(key.clone());
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_any_type_from_any_column() {
        assert_eq!(text(ValueRef::Blob(b"a\xffb")).raw(), "a\u{fffd}b");
        assert_eq!(text(ValueRef::Integer(7)).raw(), "7");
        assert_eq!(optional_text(ValueRef::Null), None);
        assert_eq!(integer(ValueRef::Text(b" 12 ")), Some(12));
        assert_eq!(integer(ValueRef::Real(3.9)), Some(3));
        assert_eq!(integer(ValueRef::Text(b"soon")), None);
        assert_eq!(float(ValueRef::Text(b"0.5")).to_bits(), 0.5_f64.to_bits());
        assert!(float(ValueRef::Null).is_nan());
    }

    #[test]
    fn nan_is_read_from_its_flag() {
        assert!(
            metric_value(ValueRef::Real(0.0), ValueRef::Integer(1))
                .get()
                .is_nan()
        );
        assert_eq!(
            metric_value(ValueRef::Integer(2), ValueRef::Integer(0)),
            MetricValue::new(2.0)
        );
        assert_eq!(
            metric_value(ValueRef::Real(f64::MAX), ValueRef::Null),
            MetricValue::new(f64::INFINITY)
        );
    }

    #[test]
    fn keys_are_interned() {
        let mut keys = Interner::default();
        let first = keys.intern(ValueRef::Text(b"val/acc"));
        let second = keys.intern(ValueRef::Text(b"val/acc"));
        assert!(std::sync::Arc::ptr_eq(&first.shared(), &second.shared()));
    }
}
