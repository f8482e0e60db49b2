//! The runs that are nested in a run, read from the file: MLflow's tags have an index that begins with the key.

use std::sync::Arc;

use rusqlite::{Connection, params};

use super::SqliteStore;
use super::connection::Failure;
use super::listing::{in_view, json_list};
use super::schema::Schema;
use super::values::{at, text};
use crate::domain::{ExperimentId, Run, RunId};
use crate::store::nested::PARENT_TAG;
use crate::store::{Answer, View, limits};

/// The active runs of some experiments that are nested directly in one, newest first.
pub(super) async fn of(
    store: &SqliteStore,
    experiments: &[ExperimentId],
    parent: &RunId,
) -> Answer<Vec<Run>> {
    let what = format!("reading the runs nested in {}", parent.clean());
    let (schema, wanted, parent) = (
        Arc::clone(&store.schema),
        json_list(experiments.iter().map(ExperimentId::raw)),
        parent.clone(),
    );
    let everywhere = experiments.is_empty();
    let ids = store
        .database
        .read(&what, move |connection| {
            ids(connection, &schema, &parent, &wanted, everywhere)
        })
        .await?;
    let mut runs = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(limits::SQLITE_RUNS) {
        runs.append(
            &mut super::runs::load(store, &what, chunk.iter().map(String::as_str), View::Active)
                .await?,
        );
    }
    Ok(runs)
}

fn ids(
    connection: &Connection,
    schema: &Schema,
    parent: &RunId,
    wanted: &str,
    everywhere: bool,
) -> Result<Vec<String>, Failure> {
    if !schema.has_table("tags") {
        return Ok(Vec::new());
    }
    let mut condition = in_view(View::Active, "r.lifecycle_stage");
    if schema.has("experiments", "workspace") {
        let here = schema.in_workspace("experiments", "e");
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
    let mut rows = statement.query(params![PARENT_TAG, parent.raw(), wanted, everywhere])?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        ids.push(text(at(row, 0)).raw().to_owned());
    }
    Ok(ids)
}
