//! The logged models of MLflow 3.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, Row};

use super::SqliteStore;
use super::connection::Failure;
use super::schema::Schema;
use super::values::{Keys, at, integer, metric, text};
use crate::domain::run::Pair;
use crate::domain::{
    ExperimentId, Fault, FaultKind, Lifecycle, LoggedModel, LoggedModelId, Metric, RunId,
};
use crate::store::Answer;
use crate::text::Untrusted;

const TABLE: &str = "logged_models";

/// Which logged models are meant, as a condition on `l` with two parameters.
const BY_ID: &str = "l.model_id = ?1 AND ?2 = ''";
const OF_RUN: &str = "l.source_run_id = ?1 AND CAST(l.experiment_id AS TEXT) = ?2 AND coalesce(l.lifecycle_stage, 'active') <> 'deleted'";

/// One logged model, in use or not.
pub(super) async fn one(store: &SqliteStore, id: &LoggedModelId) -> Answer<LoggedModel> {
    let what = format!("reading logged model {}", id.clean());
    let models = read(store, what.clone(), BY_ID, id.raw(), "").await?;
    models
        .into_iter()
        .next()
        .ok_or_else(|| Fault::new(FaultKind::Missing, what, "there is no such logged model"))
}

/// The logged models that a run made, the oldest first.
pub(super) async fn of_run(
    store: &SqliteStore,
    experiment: &ExperimentId,
    run: &RunId,
) -> Answer<Vec<LoggedModel>> {
    let what = format!("reading logged models of run {}", run.clean());
    read(store, what, OF_RUN, run.raw(), experiment.raw()).await
}

async fn read(
    store: &SqliteStore,
    what: String,
    condition: &'static str,
    first: &str,
    second: &str,
) -> Answer<Vec<LoggedModel>> {
    if !store.schema.has_table(TABLE) {
        return Err(Fault::new(
            FaultKind::Unsupported,
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
            load(connection, &schema, condition, [&first, &second])
        })
        .await
}

fn load(
    connection: &Connection,
    schema: &Schema,
    condition: &str,
    values: [&str; 2],
) -> Result<Vec<LoggedModel>, Failure> {
    let mut params = pairs(
        connection,
        schema,
        ("logged_model_params", "param_key", "param_value"),
        condition,
        values,
    )?;
    let mut tags = pairs(
        connection,
        schema,
        ("logged_model_tags", "tag_key", "tag_value"),
        condition,
        values,
    )?;
    let mut metrics = metrics(connection, schema, condition, values)?;
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
    let columns = schema.select(TABLE, "l", &columns);
    let sql =
        format!("SELECT {columns} FROM {TABLE} AS l WHERE {condition} ORDER BY 4, l.model_id");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(values)?;
    let mut models = Vec::new();
    while let Some(row) = rows.next()? {
        let mut model = model(row);
        let id = model.id.text();
        model.params = params.remove(id).unwrap_or_default();
        model.tags = tags.remove(id).unwrap_or_default();
        model.metrics = metrics.remove(id).unwrap_or_default();
        models.push(model);
    }
    Ok(models)
}

fn model(row: &Row<'_>) -> LoggedModel {
    LoggedModel {
        id: LoggedModelId::new(text(at(row, 0))),
        experiment_id: ExperimentId::new(text(at(row, 1))),
        name: text(at(row, 2)),
        creation_time: integer(at(row, 3)),
        artifact_uri: text(at(row, 4)),
        status: match integer(at(row, 5)) {
            Some(1) => "LOGGED_MODEL_PENDING".into(),
            Some(2) => "LOGGED_MODEL_READY".into(),
            Some(3) => "LOGGED_MODEL_UPLOAD_FAILED".into(),
            _ => text(at(row, 5)),
        },
        model_type: text(at(row, 6)),
        source_run_id: RunId::new(text(at(row, 7))),
        lifecycle: Lifecycle::parse(text(at(row, 8)).raw()),
        params: Vec::new(),
        tags: Vec::new(),
        metrics: Vec::new(),
    }
}

type ById<T> = HashMap<Untrusted, Vec<T>>;

fn pairs(
    connection: &Connection,
    schema: &Schema,
    (table, key, value): (&str, &str, &str),
    condition: &str,
    values: [&str; 2],
) -> Result<ById<Pair>, Failure> {
    let columns = schema.select(table, "p", &[key, value]);
    let sql = format!(
        "SELECT l.model_id, {columns} FROM {TABLE} AS l JOIN {table} AS p ON p.model_id = l.model_id WHERE {condition}"
    );
    let mut keys = Keys::default();
    collect(connection, schema.has_table(table), &sql, values, |row| {
        Pair {
            key: keys.share(at(row, 1)),
            value: text(at(row, 2)),
        }
    })
}

fn metrics(
    connection: &Connection,
    schema: &Schema,
    condition: &str,
    values: [&str; 2],
) -> Result<ById<Metric>, Failure> {
    let table = "logged_model_metrics";
    let columns = schema.select(
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
    let mut keys = Keys::default();
    collect(connection, schema.has_table(table), &sql, values, |row| {
        Metric {
            key: keys.share(at(row, 1)),
            value: metric(at(row, 2), at(row, 5)),
            timestamp: integer(at(row, 3)).unwrap_or_default(),
            step: integer(at(row, 4)).unwrap_or_default(),
        }
    })
}

/// Runs a statement whose first column is a model's id, and collects by it; nothing where the table is not there.
fn collect<T>(
    connection: &Connection,
    is_there: bool,
    sql: &str,
    values: [&str; 2],
    mut item: impl FnMut(&Row<'_>) -> T,
) -> Result<ById<T>, Failure> {
    let mut found: ById<T> = HashMap::new();
    if is_there {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(values)?;
        while let Some(row) = rows.next()? {
            found.entry(text(at(row, 0))).or_default().push(item(row));
        }
    }
    Ok(found)
}
