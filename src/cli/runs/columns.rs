//! The columns of the listing: which are meant, and what stands in them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::output::failure::{Exit, Failure};
use crate::diagnostics::nearest;
use crate::domain::Millis;
use crate::table::{Attribute, Cell, ColumnKey, NoColumn, RunTable, SortKey};
use crate::text::Untrusted;
use crate::text::number::{full, short};
use crate::text::quantity;
use crate::text::untrusted::clean;

/// What a table begins with when no columns are asked for.
const FIRST: [Attribute; 6] = [
    Attribute::RunId,
    Attribute::Name,
    Attribute::Status,
    Attribute::Start,
    Attribute::Duration,
    Attribute::User,
];

/// Reads an order: `metrics.acc DESC`, `start_time`, `lr`.
///
/// # Errors
/// When it is no column.
pub fn sort_key(text: &str) -> Result<SortKey, Failure> {
    text.parse().map_err(|error| no_column(text, &error))
}

/// Reads a column as MLflow's grammar writes it.
///
/// # Errors
/// When there is no key, or the kind is none that runs have.
pub fn column_key(text: &str) -> Result<ColumnKey, Failure> {
    text.parse().map_err(|error| no_column(text, &error))
}

fn no_column(text: &str, error: &NoColumn) -> Failure {
    let meant = match error {
        NoColumn::Attribute(key) => nearest(key, Attribute::ALL.map(Attribute::as_str)),
        NoColumn::Empty => None,
    };
    let meant = meant
        .map(|meant| format!("; perhaps {meant}"))
        .unwrap_or_default();
    Failure::new(
        Exit::Usage,
        format!("{} is no column: {error}{meant}", clean(text)),
    )
    .next("write metrics.KEY, params.KEY, tags.KEY, or an attribute such as start_time")
}

/// Whether an order names its column without saying of which kind it is.
#[must_use]
pub fn is_bare(text: &str) -> bool {
    let explicit = ["metric.", "metrics.", "attributes."]
        .iter()
        .any(|kind| text.trim_start().to_ascii_lowercase().starts_with(kind));
    !explicit
        && matches!(
            sort_key(text),
            Ok(SortKey {
                column: ColumnKey::Metric(_),
                ..
            })
        )
}

/// A bare key that is a param or a tag here, but no metric, is meant as that.
#[must_use]
pub fn settled(column: ColumnKey, table: &RunTable) -> ColumnKey {
    let ColumnKey::Metric(key) = &column else {
        return column;
    };
    let columns = table.columns();
    if columns.contains(&column) {
        return column;
    }
    [ColumnKey::Param(key.clone()), ColumnKey::Tag(key.clone())]
        .into_iter()
        .find(|other| columns.contains(other))
        .unwrap_or(column)
}

/// The columns of a listing for which none were asked: the usual attributes, then metrics, then params that differ;
/// for a machine everything there is.
#[must_use]
pub fn usual(table: &RunTable, everything: bool) -> Vec<ColumnKey> {
    let all = table.columns();
    if everything {
        return all;
    }
    let is_system = |key: &Untrusted| key.raw().starts_with("system/");
    let metrics = all
        .iter()
        .filter(|column| matches!(column, ColumnKey::Metric(key) if !is_system(key)));
    let params = all
        .iter()
        .filter(|column| matches!(column, ColumnKey::Param(_)) && !table.summary(column).constant);
    FIRST
        .map(ColumnKey::Attribute)
        .iter()
        .chain(metrics)
        .chain(params)
        .cloned()
        .collect()
}

/// A cell for people: four digits, local time, words for durations, the beginning of an id.
#[must_use]
pub fn for_people(cell: Cell<'_>, column: &ColumnKey) -> String {
    match cell {
        Cell::Text(text) if *column == ColumnKey::Attribute(Attribute::RunId) => {
            clean(text).chars().take(8).collect()
        }
        Cell::Number(value) => short(value),
        Cell::Time(ms) => local_time(ms),
        Cell::Duration(ms) => quantity::duration(ms),
        Cell::Missing => "—".to_owned(),
        cell => for_machines(cell),
    }
}

/// A cell for machines: every digit, times and durations in ms, nothing for nothing.
#[must_use]
pub fn for_machines(cell: Cell<'_>) -> String {
    match cell {
        Cell::Missing => String::new(),
        Cell::Number(value) => full(value),
        Cell::Text(text) => text.to_owned(),
        Cell::Status(status) => status.as_str().to_owned(),
        Cell::Time(ms) | Cell::Duration(ms) => ms.to_string(),
    }
}

/// A time in the local zone, to the minute; what lies beyond the calendar is shown as its number.
#[must_use]
pub fn local_time(ms: Millis) -> String {
    Timestamp::from_millisecond(ms).map_or_else(
        |_| ms.to_string(),
        |time| {
            time.to_zoned_datetime(TimeZone::system())
                .strftime("%Y-%m-%d %H:%M")
                .to_string()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_as_mlflow_writes_them() {
        let cases = [
            ("metrics.`val/acc`", ColumnKey::Metric("val/acc".into())),
            ("params.\"a.b\"", ColumnKey::Param("a.b".into())),
            (
                "attributes.start_time",
                ColumnKey::Attribute(Attribute::Start),
            ),
            ("status", ColumnKey::Attribute(Attribute::Status)),
            ("val.loss", ColumnKey::Metric("val.loss".into())),
        ];
        for (text, column) in cases {
            assert_eq!(column_key(text), Ok(column), "{text}");
        }
        for text in ["", "metrics.", "attributes.sttus"] {
            assert_eq!(column_key(text).unwrap_err().exit, Exit::Usage, "{text}");
        }
    }

    #[test]
    fn an_order_has_a_direction() {
        let key = sort_key("metrics.acc desc").unwrap();
        assert!(key.descending && key.column == ColumnKey::Metric("acc".into()));
        assert!(!sort_key("start_time").unwrap().descending);
    }

    #[test]
    fn a_time_beyond_the_calendar_is_no_panic() {
        assert_eq!(local_time(i64::MAX), i64::MAX.to_string());
    }
}
