//! What belongs to runs, for a list of runs at a time. SQLite takes the list as one JSON parameter and walks it in
//! order, so that rows come with the run's position in the list: nothing is looked up by id again.

use rusqlite::{Connection, Row};

use super::connection::Failure;
use super::schema::Schema;
use super::values::{Keys, at, integer, metric, optional_text, text};
use crate::domain::{DatasetInput, LoggedModelId, Metric, ModelOutput, Pair};

/// The tag of an input that says which role a dataset played.
const CONTEXT: &str = "mlflow.data.context";

/// Something for each run of a list, by position.
pub(super) type ByRun<T> = Vec<Vec<T>>;

/// Nothing for any run: where a file does not have the tables.
fn none<T>(count: usize) -> ByRun<T> {
    std::iter::repeat_with(Vec::new).take(count).collect()
}

/// Runs a statement whose first column is the position in the list of ids, and collects by it.
fn collect<T>(
    connection: &Connection,
    sql: &str,
    (ids, count): (&str, usize),
    mut item: impl FnMut(&Row<'_>) -> T,
) -> Result<ByRun<T>, Failure> {
    let mut found = none(count);
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([ids])?;
    while let Some(row) = rows.next()? {
        let position = integer(at(row, 0)).and_then(|position| usize::try_from(position).ok());
        if let Some(items) = position.and_then(|position| found.get_mut(position)) {
            items.push(item(row));
        }
    }
    Ok(found)
}

/// Keys and values of `params` or `tags`.
pub(super) fn pairs(
    connection: &Connection,
    schema: &Schema,
    table: &str,
    ids: (&str, usize),
) -> Result<ByRun<Pair>, Failure> {
    if !schema.has_table(table) {
        return Ok(none(ids.1));
    }
    let columns = schema.select(table, "p", &["key", "value"]);
    let sql = format!(
        "SELECT ids.key, {columns} FROM json_each(?1) AS ids CROSS JOIN {table} AS p ON p.run_uuid = ids.value"
    );
    let mut keys = Keys::default();
    collect(connection, &sql, ids, |row| Pair {
        key: keys.share(at(row, 1)),
        value: text(at(row, 2)),
    })
}

/// The latest value of each metric.
pub(super) fn metrics(
    connection: &Connection,
    schema: &Schema,
    ids: (&str, usize),
) -> Result<ByRun<Metric>, Failure> {
    if !schema.has_table("latest_metrics") {
        return Ok(none(ids.1));
    }
    let columns = schema.select(
        "latest_metrics",
        "m",
        &["key", "value", "is_nan", "timestamp", "step"],
    );
    let sql = format!(
        "SELECT ids.key, {columns} FROM json_each(?1) AS ids CROSS JOIN latest_metrics AS m ON m.run_uuid = ids.value"
    );
    let mut keys = Keys::default();
    collect(connection, &sql, ids, |row| Metric {
        key: keys.share(at(row, 1)),
        value: metric(at(row, 2), at(row, 3)),
        timestamp: integer(at(row, 4)).unwrap_or_default(),
        step: integer(at(row, 5)).unwrap_or_default(),
    })
}

/// The datasets that runs read.
pub(super) fn datasets(
    connection: &Connection,
    schema: &Schema,
    ids: (&str, usize),
) -> Result<ByRun<DatasetInput>, Failure> {
    if !["inputs", "input_tags", "datasets"]
        .iter()
        .all(|table| schema.has_table(table))
    {
        return Ok(none(ids.1));
    }
    let columns = schema.select(
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
        "SELECT ids.key, {columns}, (SELECT t.value FROM input_tags AS t WHERE t.input_uuid = i.input_uuid AND t.name = '{CONTEXT}') \
         FROM json_each(?1) AS ids \
         CROSS JOIN inputs AS i ON i.destination_type = 'RUN' AND i.destination_id = ids.value AND i.source_type = 'DATASET' \
         CROSS JOIN datasets AS d ON d.dataset_uuid = i.source_id"
    );
    // Runs of one experiment share few datasets, whose schemas and profiles can be long.
    let mut keys = Keys::default();
    collect(connection, &sql, ids, |row| {
        let mut shared = |column| keys.share(at(row, column));
        let (name, digest, source_type, source) = (shared(1), shared(2), shared(3), shared(4));
        let mut optional =
            |column| optional_text(at(row, column)).map(|_| keys.share(at(row, column)));
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
pub(super) fn models(
    connection: &Connection,
    schema: &Schema,
    ids: (&str, usize),
) -> Result<(ByRun<LoggedModelId>, ByRun<ModelOutput>), Failure> {
    if !schema.has("inputs", "step") {
        return Ok((none(ids.1), none(ids.1)));
    }
    let from = "FROM json_each(?1) AS ids CROSS JOIN inputs AS i ON i.source_id = ids.value";
    let read = format!(
        "SELECT ids.key, i.destination_id {from} AND i.source_type = 'RUN_INPUT' AND i.destination_type = 'MODEL_INPUT'"
    );
    let made = format!(
        "SELECT ids.key, i.destination_id, i.step {from} AND i.source_type = 'RUN_OUTPUT' AND i.destination_type = 'MODEL_OUTPUT'"
    );
    let read = collect(connection, &read, ids, |row| {
        LoggedModelId::new(text(at(row, 1)))
    })?;
    let made = collect(connection, &made, ids, |row| ModelOutput {
        model_id: LoggedModelId::new(text(at(row, 1))),
        step: integer(at(row, 2)).unwrap_or_default(),
    })?;
    Ok((read, made))
}
