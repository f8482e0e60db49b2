//! The logged models of MLflow 3.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, Row};

use super::SqliteStore;
use super::connection::QueryError;
use super::schema::Schema;
use super::values::{Interner, column_value, integer, metric_value, text};
use crate::domain::run::KeyValue;
use crate::domain::{
    ExperimentId, Lifecycle, LoggedModel, LoggedModelId, Metric, RunId, StoreError, StoreErrorKind,
};
use crate::store::Result;
use crate::text::Untrusted;

const TABLE: &str = "logged_models";

/// Which logged models are meant, as a condition on `l` with two parameters.
const BY_ID_CONDITION: &str = "l.model_id = ?1 AND ?2 = ''";
const OF_RUN_CONDITION: &str = "l.source_run_id = ?1 AND CAST(l.experiment_id AS TEXT) = ?2 AND coalesce(l.lifecycle_stage, 'active') <> 'deleted'";

/// One logged model, in use or not.
pub(super) async fn get(store: &SqliteStore, id: &LoggedModelId) -> Result<LoggedModel> {
    let what = format!("reading logged model {}", id.clean());
    let models = query(store, what.clone(), BY_ID_CONDITION, id.raw(), "").await?;
    models.into_iter().next().ok_or_else(|| {
        StoreError::new(
            StoreErrorKind::NotFound,
            what,
            "there is no such logged model",
        )
    })
}

/// The logged models that a run made, the oldest first.
pub(super) async fn of_run(
    store: &SqliteStore,
    experiment: &ExperimentId,
    run: &RunId,
) -> Result<Vec<LoggedModel>> {
    let what = format!("reading logged models of run {}", run.clean());
    query(store, what, OF_RUN_CONDITION, run.raw(), experiment.raw()).await
}

async fn query(
    store: &SqliteStore,
    what: String,
    condition: &'static str,
    first: &str,
    second: &str,
) -> Result<Vec<LoggedModel>> {
    if !store.schema.has_table(TABLE) {
        return Err(StoreError::new(
            StoreErrorKind::Unsupported,
            what,
            "logged models came with MLflow 3; this file is of an older one",
        ));
    }
    let (schema, first, second) = (
        Arc::clone(&store.schema),
        first.to_owned(),
        second.to_owned(),
    );
    store
        .database
        .read(what, move |connection| {
            load_models(connection, &schema, condition, [&first, &second])
        })
        .await
}

fn load_models(
    connection: &Connection,
    schema: &Schema,
    condition: &str,
    values: [&str; 2],
) -> Result<Vec<LoggedModel>, QueryError> {
    let mut params = load_pairs(
        connection,
        schema,
        ("logged_model_params", "param_key", "param_value"),
        condition,
        values,
    )?;
    let mut tags = load_pairs(
        connection,
        schema,
        ("logged_model_tags", "tag_key", "tag_value"),
        condition,
        values,
    )?;
    let mut metrics = load_metrics(connection, schema, condition, values)?;
    let columns = [
        "model_id",
        "experiment_id",
        "name",
        "creation_timestamp_ms",
        "artifact_location",
        "status",
        "model_type",
        "source_run_id",
        "lifecycle_stage",
    ];
    let columns = schema.select_columns(TABLE, "l", &columns);
    let sql =
        format!("SELECT {columns} FROM {TABLE} AS l WHERE {condition} ORDER BY 4, l.model_id");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(values)?;
    let mut models = Vec::new();
    while let Some(row) = rows.next()? {
        let mut model = read_model(row);
        let id = model.id.text();
        model.params = params.remove(id).unwrap_or_default();
        model.tags = tags.remove(id).unwrap_or_default();
        model.metrics = metrics.remove(id).unwrap_or_default();
        models.push(model);
    }
    Ok(models)
}

fn read_model(row: &Row<'_>) -> LoggedModel {
    LoggedModel {
        id: LoggedModelId::new(text(column_value(row, 0))),
        experiment_id: ExperimentId::new(text(column_value(row, 1))),
        name: text(column_value(row, 2)),
        creation_time: integer(column_value(row, 3)),
        artifact_uri: text(column_value(row, 4)),
        status: match integer(column_value(row, 5)) {
            Some(1) => "LOGGED_MODEL_PENDING".into(),
            Some(2) => "LOGGED_MODEL_READY".into(),
            Some(3) => "LOGGED_MODEL_UPLOAD_FAILED".into(),
            _ => text(column_value(row, 5)),
        },
        model_type: text(column_value(row, 6)),
        source_run_id: RunId::new(text(column_value(row, 7))),
        lifecycle: Lifecycle::parse(text(column_value(row, 8)).raw()),
        params: Vec::new(),
        tags: Vec::new(),
        metrics: Vec::new(),
    }
}

type ByModelId<T> = HashMap<Untrusted, Vec<T>>;

fn load_pairs(
    connection: &Connection,
    schema: &Schema,
    (table, key, value): (&str, &str, &str),
    condition: &str,
    values: [&str; 2],
) -> Result<ByModelId<KeyValue>, QueryError> {
    let columns = schema.select_columns(table, "p", &[key, value]);
    let sql = format!(
        "SELECT l.model_id, {columns} FROM {TABLE} AS l JOIN {table} AS p ON p.model_id = l.model_id WHERE {condition}"
    );
    let mut keys = Interner::default();
    collect_by_id(connection, schema.has_table(table), &sql, values, |row| {
        KeyValue {
            key: keys.intern(column_value(row, 1)),
            value: text(column_value(row, 2)),
        }
    })
}

fn load_metrics(
    connection: &Connection,
    schema: &Schema,
    condition: &str,
    values: [&str; 2],
) -> Result<ByModelId<Metric>, QueryError> {
    let table = "logged_model_metrics";
    let columns = schema.select_columns(
        table,
        "m",
        &[
            "metric_name",
            "metric_value",
            "metric_timestamp_ms",
            "metric_step",
        ],
    );
    let sql = format!(
        "SELECT l.model_id, {columns}, 0 FROM {TABLE} AS l JOIN {table} AS m ON m.model_id = l.model_id WHERE {condition} ORDER BY 2, 5, 4"
    );
    let mut keys = Interner::default();
    collect_by_id(connection, schema.has_table(table), &sql, values, |row| {
        Metric {
            key: keys.intern(column_value(row, 1)),
            value: metric_value(column_value(row, 2), column_value(row, 5)),
            timestamp: integer(column_value(row, 3)).unwrap_or_default(),
            step: integer(column_value(row, 4)).unwrap_or_default(),
        }
    })
}

/// Runs a statement whose first column is a model's id, and collects by it; nothing where the table is not there.
fn collect_by_id<T>(
    connection: &Connection,
    table_exists: bool,
    sql: &str,
    values: [&str; 2],
    mut item: impl FnMut(&Row<'_>) -> T,
) -> Result<ByModelId<T>, QueryError> {
    let mut found: ByModelId<T> = HashMap::new();
    if table_exists {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(values)?;
        while let Some(row) = rows.next()? {
            found
                .entry(text(column_value(row, 0)))
                .or_default()
                .push(item(row));
        }
    }
    Ok(found)
}
