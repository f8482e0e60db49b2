//! The logged models of MLflow 3.

use std::collections::HashMap;

use super::SqlStore;
use super::schema::Schema;
use super::tables::{Param, QueryError, Row, Tables};
use super::values::{integer, interned, metric_value, text};
use crate::domain::run::KeyValue;
use crate::domain::{
    ExperimentId, Lifecycle, LoggedModel, LoggedModelId, Metric, Millis, RunId, StoreError,
    StoreErrorKind,
};
use crate::store::Result;
use crate::store::interner::Interner;
use crate::text::Untrusted;

const TABLE: &str = "logged_models";

/// Which logged models to read.
#[derive(Clone)]
enum Selector {
    ById(LoggedModelId),
    OfRun(ExperimentId, RunId),
}

impl Selector {
    /// The condition on `l`, with [`Self::parameters`].
    fn condition(&self, schema: &Schema) -> String {
        match self {
            Self::ById(_) => {
                format!(
                    "l.model_id = ?1 AND ?2 = '' AND {}",
                    schema.in_workspace("l")
                )
            }
            Self::OfRun(..) => format!(
                "l.source_run_id = ?1 AND {} = ?2 AND coalesce(l.lifecycle_stage, 'active') <> 'deleted'",
                schema.dialect().as_text("l.experiment_id")
            ),
        }
    }

    fn parameters(&self) -> [&str; 2] {
        match self {
            Self::ById(id) => [id.raw(), ""],
            Self::OfRun(experiment, run) => [run.raw(), experiment.raw()],
        }
    }
}

/// One logged model, deleted or not.
pub(super) async fn get(store: &SqlStore, id: &LoggedModelId) -> Result<LoggedModel> {
    let what = format!("reading logged model {}", id.clean());
    let mut models = query(store, &what, Selector::ById(id.clone())).await?;
    models
        .pop()
        .ok_or_else(|| StoreError::new(StoreErrorKind::NotFound, what, "no such logged model"))
}

/// The active logged models of a run, oldest first.
pub(super) async fn of_run(
    store: &SqlStore,
    experiment: &ExperimentId,
    run: &RunId,
) -> Result<Vec<LoggedModel>> {
    let what = format!("reading logged models of run {}", run.clean());
    let selector = Selector::OfRun(experiment.clone(), run.clone());
    query(store, &what, selector).await
}

async fn query(store: &SqlStore, what: &str, selector: Selector) -> Result<Vec<LoggedModel>> {
    let read = move |tables: Tables<'_>| {
        if !tables.schema.has_table(TABLE) {
            return QueryError::unsupported(
                "logged models require MLflow 3; the store is from an older version",
            );
        }
        let condition = selector.condition(tables.schema);
        load_models(tables, &condition, selector.parameters())
    };
    store.database.read(what, read).await
}

fn load_models(
    tables: Tables<'_>,
    condition: &str,
    values: [&str; 2],
) -> Result<Vec<LoggedModel>, QueryError> {
    let params = ("logged_model_params", "param_key", "param_value");
    let mut params = load_pairs(tables, params, condition, values)?;
    let tags = ("logged_model_tags", "tag_key", "tag_value");
    let mut tags = load_pairs(tables, tags, condition, values)?;
    let mut metrics = load_metrics(tables, condition, values)?;
    let mut metric_runs = load_metric_runs(tables, condition, values)?;
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
    let columns = tables.schema.select_columns(TABLE, "l", &columns);
    let sql = format!("SELECT {columns} FROM {TABLE} AS l WHERE {condition}");
    let mut models = tables.collect(&sql, &values.map(Param::from), |row| {
        let id = text(row, 0);
        LoggedModel {
            experiment_id: ExperimentId::new(text(row, 1)),
            name: text(row, 2),
            creation_time: integer(row, 3),
            artifact_uri: text(row, 4),
            status: match integer(row, 5) {
                Some(1) => "LOGGED_MODEL_PENDING".into(),
                Some(2) => "LOGGED_MODEL_READY".into(),
                Some(3) => "LOGGED_MODEL_UPLOAD_FAILED".into(),
                _ => text(row, 5),
            },
            model_type: text(row, 6),
            source_run_id: RunId::new(text(row, 7)),
            lifecycle: Lifecycle::parse(text(row, 8).raw()),
            params: params.remove(&id).unwrap_or_default(),
            tags: tags.remove(&id).unwrap_or_default(),
            metrics: metrics.remove(&id).unwrap_or_default(),
            metric_runs: LoggedModel::order_metric_runs(
                metric_runs.remove(&id).unwrap_or_default(),
            ),
            id: LoggedModelId::new(id),
        }
    })?;
    models.sort_by_cached_key(|model| (model.creation_time, model.id.clone()));
    Ok(models)
}

type ByModelId<T> = HashMap<Untrusted, Vec<T>>;

fn load_pairs(
    tables: Tables<'_>,
    (table, key, value): (&str, &str, &str),
    condition: &str,
    values: [&str; 2],
) -> Result<ByModelId<KeyValue>, QueryError> {
    let columns = tables.schema.select_columns(table, "p", &[key, value]);
    let sql = format!(
        "SELECT l.model_id, {columns} FROM {TABLE} AS l JOIN {table} AS p ON p.model_id = l.model_id WHERE {condition}"
    );
    let mut keys = Interner::default();
    collect_by_id(tables, table, &sql, values, |row| KeyValue {
        key: interned(&mut keys, row, 1),
        value: text(row, 2),
    })
}

fn load_metrics(
    tables: Tables<'_>,
    condition: &str,
    values: [&str; 2],
) -> Result<ByModelId<Metric>, QueryError> {
    let table = "logged_model_metrics";
    let columns = [
        "metric_name",
        "metric_value",
        "metric_timestamp_ms",
        "metric_step",
    ];
    let columns = tables.schema.select_columns(table, "m", &columns);
    let sql = format!(
        "SELECT l.model_id, {columns}, 0 FROM {TABLE} AS l JOIN {table} AS m ON m.model_id = l.model_id WHERE {condition} ORDER BY 2, 5, 4"
    );
    let mut keys = Interner::default();
    collect_by_id(tables, table, &sql, values, |row| Metric {
        key: interned(&mut keys, row, 1),
        value: metric_value(row, 2, 5),
        timestamp: integer(row, 3).unwrap_or_default(),
        step: integer(row, 4).unwrap_or_default(),
    })
}

/// When each run logged metrics for a model.
fn load_metric_runs(
    tables: Tables<'_>,
    condition: &str,
    values: [&str; 2],
) -> Result<ByModelId<(Millis, RunId)>, QueryError> {
    let table = "logged_model_metrics";
    let columns = ["run_id", "metric_timestamp_ms"];
    let columns = tables.schema.select_columns(table, "m", &columns);
    let sql = format!(
        "SELECT l.model_id, {columns} FROM {TABLE} AS l JOIN {table} AS m ON m.model_id = l.model_id WHERE {condition}"
    );
    collect_by_id(tables, table, &sql, values, |row| {
        (
            integer(row, 2).unwrap_or_default(),
            RunId::new(text(row, 1)),
        )
    })
}

/// Collects rows by their first column, the id of a model; empty if the table does not exist.
fn collect_by_id<T>(
    tables: Tables<'_>,
    table: &str,
    sql: &str,
    values: [&str; 2],
    mut convert: impl FnMut(&dyn Row) -> T,
) -> Result<ByModelId<T>, QueryError> {
    let mut by_id: ByModelId<T> = HashMap::new();
    if tables.schema.has_table(table) {
        tables.for_each(sql, &values.map(Param::from), |row| {
            by_id.entry(text(row, 0)).or_default().push(convert(row));
        })?;
    }
    Ok(by_id)
}
