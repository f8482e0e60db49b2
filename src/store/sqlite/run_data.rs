//! What belongs to runs, for a list of runs at a time. SQLite takes the list as one JSON parameter and walks it in
//! order, so that rows come with the run's position in the list: nothing is looked up by id again.

use rusqlite::{Connection, Row};

use super::connection::QueryError;
use super::schema::Schema;
use super::values::{Interner, column_value, integer, metric_value, optional_text, text};
use crate::domain::{DatasetInput, KeyValue, LoggedModelId, Metric, ModelOutput};

/// The tag of an input that says which role a dataset played.
const CONTEXT_TAG: &str = "mlflow.data.context";

/// Something for each run of a list, by position.
pub(super) type ByRun<T> = Vec<Vec<T>>;

/// Nothing for any run: where a file does not have the tables.
fn empty_lists<T>(count: usize) -> ByRun<T> {
    std::iter::repeat_with(Vec::new).take(count).collect()
}

/// Runs a statement whose first column is the position in the list of ids, and collects by it.
fn collect_by_run<T>(
    connection: &Connection,
    sql: &str,
    (ids, count): (&str, usize),
    mut item: impl FnMut(&Row<'_>) -> T,
) -> Result<ByRun<T>, QueryError> {
    let mut found = empty_lists(count);
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([ids])?;
    while let Some(row) = rows.next()? {
        let position =
            integer(column_value(row, 0)).and_then(|position| usize::try_from(position).ok());
        if let Some(items) = position.and_then(|position| found.get_mut(position)) {
            items.push(item(row));
        }
    }
    Ok(found)
}

/// Keys and values of `params` or `tags`.
pub(super) fn load_pairs(
    connection: &Connection,
    schema: &Schema,
    table: &str,
    ids: (&str, usize),
) -> Result<ByRun<KeyValue>, QueryError> {
    if !schema.has_table(table) {
        return Ok(empty_lists(ids.1));
    }
    let columns = schema.select_columns(table, "p", &["key", "value"]);
    let sql = format!(
        "SELECT ids.key, {columns} FROM json_each(?1) AS ids CROSS JOIN {table} AS p ON p.run_uuid = ids.value"
    );
    let mut keys = Interner::default();
    collect_by_run(connection, &sql, ids, |row| KeyValue {
        key: keys.intern(column_value(row, 1)),
        value: text(column_value(row, 2)),
    })
}

/// The latest value of each metric.
pub(super) fn load_metrics(
    connection: &Connection,
    schema: &Schema,
    ids: (&str, usize),
) -> Result<ByRun<Metric>, QueryError> {
    if !schema.has_table("latest_metrics") {
        return Ok(empty_lists(ids.1));
    }
    let columns = schema.select_columns(
        "latest_metrics",
        "m",
        &["key", "value", "is_nan", "timestamp", "step"],
    );
    let sql = format!(
        "SELECT ids.key, {columns} FROM json_each(?1) AS ids CROSS JOIN latest_metrics AS m ON m.run_uuid = ids.value"
    );
    let mut keys = Interner::default();
    collect_by_run(connection, &sql, ids, |row| Metric {
        key: keys.intern(column_value(row, 1)),
        value: metric_value(column_value(row, 2), column_value(row, 3)),
        timestamp: integer(column_value(row, 4)).unwrap_or_default(),
        step: integer(column_value(row, 5)).unwrap_or_default(),
    })
}

/// The datasets that runs read.
pub(super) fn load_datasets(
    connection: &Connection,
    schema: &Schema,
    ids: (&str, usize),
) -> Result<ByRun<DatasetInput>, QueryError> {
    if !["inputs", "input_tags", "datasets"]
        .iter()
        .all(|table| schema.has_table(table))
    {
        return Ok(empty_lists(ids.1));
    }
    let columns = schema.select_columns(
        "datasets",
        "d",
        &[
            "name",
            "digest",
            "dataset_source_type",
            "dataset_source",
            "dataset_schema",
            "dataset_profile",
        ],
    );
    let sql = format!(
        "SELECT ids.key, {columns}, (SELECT t.value FROM input_tags AS t WHERE t.input_uuid = i.input_uuid AND t.name = '{CONTEXT_TAG}') \
         FROM json_each(?1) AS ids \
         CROSS JOIN inputs AS i ON i.destination_type = 'RUN' AND i.destination_id = ids.value AND i.source_type = 'DATASET' \
         CROSS JOIN datasets AS d ON d.dataset_uuid = i.source_id"
    );
    // Runs of one experiment share few datasets, whose schemas and profiles can be long.
    let mut keys = Interner::default();
    collect_by_run(connection, &sql, ids, |row| {
        let mut shared = |column| keys.intern(column_value(row, column));
        let (name, digest, source_type, source) = (shared(1), shared(2), shared(3), shared(4));
        let mut optional = |column| {
            optional_text(column_value(row, column)).map(|_| keys.intern(column_value(row, column)))
        };
        DatasetInput {
            name,
            digest,
            source_type,
            source,
            schema: optional(5),
            profile: optional(6),
            context: optional(7),
        }
    })
}

/// The logged models that runs read and made (MLflow 3).
pub(super) fn load_model_links(
    connection: &Connection,
    schema: &Schema,
    ids: (&str, usize),
) -> Result<(ByRun<LoggedModelId>, ByRun<ModelOutput>), QueryError> {
    if !schema.has_column("inputs", "step") {
        return Ok((empty_lists(ids.1), empty_lists(ids.1)));
    }
    let from_clause = "FROM json_each(?1) AS ids CROSS JOIN inputs AS i ON i.source_id = ids.value";
    let inputs_sql = format!(
        "SELECT ids.key, i.destination_id {from_clause} AND i.source_type = 'RUN_INPUT' AND i.destination_type = 'MODEL_INPUT'"
    );
    let outputs_sql = format!(
        "SELECT ids.key, i.destination_id, i.step {from_clause} AND i.source_type = 'RUN_OUTPUT' AND i.destination_type = 'MODEL_OUTPUT'"
    );
    let inputs = collect_by_run(connection, &inputs_sql, ids, |row| {
        LoggedModelId::new(text(column_value(row, 1)))
    })?;
    let outputs = collect_by_run(connection, &outputs_sql, ids, |row| ModelOutput {
        model_id: LoggedModelId::new(text(column_value(row, 1))),
        step: integer(column_value(row, 2)).unwrap_or_default(),
    })?;
    Ok((inputs, outputs))
}
