//! The runs that are nested in a run, read from the file: MLflow's tags have an index that begins with the key.

use std::sync::Arc;

use rusqlite::{Connection, params};

use super::SqliteStore;
use super::connection::QueryError;
use super::pagination::{json_array, lifecycle_condition};
use super::schema::Schema;
use super::values::{column_value, text};
use crate::domain::{ExperimentId, Run, RunId};
use crate::store::nested_runs::PARENT_RUN_TAG;
use crate::store::{LifecycleFilter, Result, limits};

/// The active runs of some experiments that are nested directly in one, newest first.
pub(super) async fn nested_runs(
    store: &SqliteStore,
    experiments: &[ExperimentId],
    parent: &RunId,
) -> Result<Vec<Run>> {
    let what = format!("reading the runs nested in {}", parent.clean());
    let (schema, experiment_ids, parent) = (
        Arc::clone(&store.schema),
        json_array(experiments.iter().map(ExperimentId::raw)),
        parent.clone(),
    );
    let is_any_experiment = experiments.is_empty();
    let ids = store
        .database
        .read(&what, move |connection| {
            nested_run_ids(
                connection,
                &schema,
                &parent,
                &experiment_ids,
                is_any_experiment,
            )
        })
        .await?;
    let mut runs = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(limits::SQLITE_BATCH_RUNS) {
        runs.append(
            &mut super::runs::load(
                store,
                &what,
                chunk.iter().map(String::as_str),
                LifecycleFilter::Active,
            )
            .await?,
        );
    }
    Ok(runs)
}

fn nested_run_ids(
    connection: &Connection,
    schema: &Schema,
    parent: &RunId,
    experiment_ids: &str,
    is_any_experiment: bool,
) -> Result<Vec<String>, QueryError> {
    if !schema.has_table("tags") {
        return Ok(Vec::new());
    }
    let mut condition = lifecycle_condition(LifecycleFilter::Active, "r.lifecycle_stage");
    if schema.has_column("experiments", "workspace") {
        let here = schema.workspace_condition("experiments", "e");
        condition += &format!(
            " AND r.experiment_id IN (SELECT e.experiment_id FROM experiments AS e WHERE {here})"
        );
    }
    let sql = format!(
        "SELECT r.run_uuid FROM tags AS t JOIN runs AS r ON r.run_uuid = t.run_uuid \
         WHERE t.key = ?1 AND t.value = ?2 AND {condition} \
         AND (?4 OR CAST(r.experiment_id AS TEXT) IN (SELECT wanted.value FROM json_each(?3) AS wanted)) \
         ORDER BY r.start_time DESC, r.run_uuid LIMIT {}",
        limits::NESTED_RUNS
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![
        PARENT_RUN_TAG,
        parent.raw(),
        experiment_ids,
        is_any_experiment
    ])?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        ids.push(text(column_value(row, 0)).raw().to_owned());
    }
    Ok(ids)
}
