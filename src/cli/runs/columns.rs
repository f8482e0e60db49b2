//! The columns of `runs`, and their cells.

use jiff::tz::TimeZone;

use crate::cli::output::error::{CliError, ExitStatus};
use crate::diagnostics::closest;
use crate::domain::Millis;
use crate::table::{Attribute, ColumnKey, ParseColumnError, RunTable};
use crate::text::quantity::format_zoned_time;
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

/// Where not all columns fit, these make room for metrics, in this order.
const EXPENDABLE_ATTRIBUTES: [Attribute; 3] =
    [Attribute::User, Attribute::Duration, Attribute::Start];

/// The positions of the columns that are dropped before any metric.
#[must_use]
pub fn expendable_columns(columns: &[ColumnKey]) -> Vec<usize> {
    let position = |attribute| {
        let key = ColumnKey::Attribute(attribute);
        columns.iter().position(|column| *column == key)
    };
    EXPENDABLE_ATTRIBUTES
        .into_iter()
        .filter_map(position)
        .collect()
}

/// Parses a column in MLflow's grammar.
///
/// # Errors
/// When the key is empty, the attribute is unknown, or the column needs the histories of metrics.
pub fn parse_column_key(text: &str) -> Result<ColumnKey, CliError> {
    let column: ColumnKey = text.parse().map_err(|error| invalid_column(text, &error))?;
    if column.curve_metric().is_some() {
        let message = format!("invalid column {}: it needs whole histories", clean(text));
        return Err(CliError::new(ExitStatus::Usage, message)
            .with_hint("the terminal interface has columns of curves"));
    }
    Ok(column)
}

/// An error with the nearest column, if a key is in no column of the table of all runs.
///
/// # Errors
/// When the table has runs, and none of them has the column.
pub fn require_column(column: &ColumnKey, all_runs: &RunTable) -> Result<(), CliError> {
    if all_runs.is_empty() || has_column(column, all_runs) {
        return Ok(());
    }
    let typed = match column {
        ColumnKey::Metric(key) => key.clean().into_owned(),
        column => column.to_string(),
    };
    let nearest = nearest_column(column, all_runs);
    let message = format!("unknown column `{typed}`: no run has it");
    let hint = nearest.map_or_else(
        || "`frontrunner runs EXPERIMENT --csv` prints every column".to_owned(),
        |name| format!("did you mean `{name}`?"),
    );
    Err(CliError::new(ExitStatus::Usage, message).with_hint(hint))
}

fn nearest_column(column: &ColumnKey, all_runs: &RunTable) -> Option<String> {
    let attributes = Attribute::ALL.map(ColumnKey::Attribute);
    let mut known = all_runs.columns();
    known.extend(attributes);
    // Of columns with one key, the one of the same kind comes first.
    known.sort_by_key(|other| other.prefix() != column.prefix());
    let by_key = closest(column.key(), known.iter().map(ColumnKey::key))
        .and_then(|key| known.iter().find(|other| other.key() == key));
    if let Some(other) = by_key {
        return Some(other.to_string());
    }
    // An unknown kind is a part of the key: `metrcs.auc`.
    let names: Vec<String> = known.iter().map(ToString::to_string).collect();
    let has_kind = column.key().contains('.') && matches!(column, ColumnKey::Metric(_));
    let name = closest(column.key(), names.iter().map(String::as_str))?;
    has_kind.then(|| name.to_owned())
}

/// Whether a table has an attribute, or a key that some run has, perhaps as another kind than a bare key's.
#[must_use]
pub fn has_column(column: &ColumnKey, table: &RunTable) -> bool {
    matches!(column, ColumnKey::Attribute(_))
        || table
            .column(&resolve_bare_key(column.clone(), table))
            .count()
            > 0
}

fn invalid_column(text: &str, error: &ParseColumnError) -> CliError {
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

/// Turns the key of a missing metric into the param or tag with this key.
#[must_use]
pub fn resolve_bare_key(column: ColumnKey, table: &RunTable) -> ColumnKey {
    let columns = table.columns();
    let known = bare_key_candidates(&column).find(|other| columns.contains(other));
    known.unwrap_or(column)
}

/// The columns that a key without a kind may name, which is read as a metric at first.
pub fn bare_key_candidates(column: &ColumnKey) -> impl Iterator<Item = ColumnKey> + use<> {
    let key = match column {
        ColumnKey::Metric(key) => Some(key.clone()),
        _ => None,
    };
    let kinds = [ColumnKey::Metric, ColumnKey::Param, ColumnKey::Tag];
    key.into_iter()
        .flat_map(move |key| kinds.map(|kind| kind(key.clone())))
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

/// A time in the zone of this machine, to the minute.
#[must_use]
pub fn format_local_time(ms: Millis) -> String {
    format_zoned_time(ms, &TimeZone::system())
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
}
