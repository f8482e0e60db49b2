//! The columns of `runs`, and their cells.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::output::error::{CliError, ExitStatus};
use crate::diagnostics::closest;
use crate::domain::Millis;
use crate::table::{Attribute, CellValue, ColumnKey, ParseColumnError, RunTable, SortKey};
use crate::text::number::{format_exact, format_short};
use crate::text::quantity;
use crate::text::untrusted::clean;

/// The first columns of a table without --columns.
const DEFAULT_ATTRIBUTES: [Attribute; 6] = [
    Attribute::RunId,
    Attribute::Name,
    Attribute::Status,
    Attribute::Start,
    Attribute::Duration,
    Attribute::User,
];

/// Parses an order: `metrics.acc DESC`, `start_time`, `lr`.
///
/// # Errors
/// When it is not a column.
pub fn parse_sort_key(text: &str) -> Result<SortKey, CliError> {
    text.parse().map_err(|error| unknown_column(text, &error))
}

/// Parses a column in MLflow's grammar.
///
/// # Errors
/// When the key is empty, or the attribute is unknown.
pub fn parse_column_key(text: &str) -> Result<ColumnKey, CliError> {
    text.parse().map_err(|error| unknown_column(text, &error))
}

fn unknown_column(text: &str, error: &ParseColumnError) -> CliError {
    let suggestion = match error {
        ParseColumnError::UnknownAttribute(key) => {
            closest(key, Attribute::ALL.map(Attribute::as_str))
        }
        ParseColumnError::Empty => None,
    };
    let suggestion = suggestion
        .map(|name| format!("; did you mean `{name}`?"))
        .unwrap_or_default();
    CliError::new(
        ExitStatus::Usage,
        format!("invalid column {}: {error}{suggestion}", clean(text)),
    )
    .with_hint("write metrics.KEY, params.KEY, tags.KEY, or an attribute such as start_time")
}

/// Whether an order names its column without the kind of the column.
#[must_use]
pub fn is_bare_sort_key(text: &str) -> bool {
    let explicit = ["metric.", "metrics.", "attributes."]
        .iter()
        .any(|kind| text.trim_start().to_ascii_lowercase().starts_with(kind));
    !explicit
        && matches!(
            parse_sort_key(text),
            Ok(SortKey {
                column: ColumnKey::Metric(_),
                ..
            })
        )
}

/// Turns the key of a missing metric into the param or tag with this key.
#[must_use]
pub fn resolve_bare_key(column: ColumnKey, table: &RunTable) -> ColumnKey {
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

/// The columns without --columns: some attributes, then metrics, then params that differ. Machine formats get all columns.
#[must_use]
pub fn default_columns(table: &RunTable, is_machine_format: bool) -> Vec<ColumnKey> {
    let all = table.columns();
    if is_machine_format {
        return all;
    }
    let metrics = all.iter().filter(|column| {
        matches!(column, ColumnKey::Metric(_)) && column.kind().is_visible_by_default
    });
    let params = all.iter().filter(|column| {
        matches!(column, ColumnKey::Param(_)) && !table.summary(column).is_constant
    });
    DEFAULT_ATTRIBUTES
        .map(ColumnKey::Attribute)
        .iter()
        .chain(metrics)
        .chain(params)
        .cloned()
        .collect()
}

/// Four digits, local times, durations with units, and the start of an id.
#[must_use]
pub fn human_cell(cell: CellValue<'_>, column: &ColumnKey) -> String {
    match cell {
        CellValue::Text(text) if *column == ColumnKey::Attribute(Attribute::RunId) => {
            clean(text).chars().take(8).collect()
        }
        CellValue::Number(value) => format_short(value),
        CellValue::Time(ms) => format_local_time(ms),
        CellValue::Duration(ms) => quantity::format_duration(ms),
        CellValue::Missing => "—".to_owned(),
        cell => machine_cell(cell),
    }
}

/// All digits, times and durations in ms, and an empty cell for a missing value.
#[must_use]
pub fn machine_cell(cell: CellValue<'_>) -> String {
    match cell {
        CellValue::Missing => String::new(),
        CellValue::Number(value) => format_exact(value),
        CellValue::Text(text) => text.to_owned(),
        CellValue::Status(status) => status.as_str().to_owned(),
        CellValue::Time(ms) | CellValue::Duration(ms) => ms.to_string(),
    }
}

/// Local time, to the minute. Times beyond the calendar are printed in ms.
#[must_use]
pub fn format_local_time(ms: Millis) -> String {
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
    fn columns_parse_as_mlflow_grammar() {
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
            assert_eq!(parse_column_key(text), Ok(column), "{text}");
        }
        for text in ["", "metrics.", "attributes.sttus"] {
            assert_eq!(
                parse_column_key(text).unwrap_err().exit,
                ExitStatus::Usage,
                "{text}"
            );
        }
    }

    #[test]
    fn sort_key_has_a_direction() {
        let key = parse_sort_key("metrics.acc desc").unwrap();
        assert!(key.descending && key.column == ColumnKey::Metric("acc".into()));
        assert!(!parse_sort_key("start_time").unwrap().descending);
    }

    #[test]
    fn out_of_range_time_does_not_panic() {
        assert_eq!(format_local_time(i64::MAX), i64::MAX.to_string());
    }
}
