//! What changed in a listing, read from the file: the known runs by their keys, and the new ones among the rows that were
//! added last, so that it costs the same in a file of a hundred runs and of a million.

use std::collections::HashSet;
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::SqliteStore;
use super::connection::QueryError;
use super::pagination::{json_array, lifecycle_condition};
use super::schema::Schema;
use super::values::{column_value, integer, text};
use crate::domain::{ExperimentId, Run, RunId};
use crate::store::{ChangedRunsQuery, LifecycleFilter, Result, limits};

/// The known runs that are still active, and those that started since.
pub(super) async fn changed_runs(
    store: &SqliteStore,
    changes: &ChangedRunsQuery,
) -> Result<Vec<Run>> {
    let what = "looking for new runs";
    let mut new = Vec::new();
    let mut before_rowid = i64::MAX;
    loop {
        let (schema, query_clone) = (Arc::clone(&store.schema), changes.clone());
        let batch = store
            .database
            .read(what, move |connection| {
                read_batch(connection, &schema, &query_clone, before_rowid)
            })
            .await?;
        new.extend(batch.new_ids);
        match batch.next_rowid {
            Some(next) => before_rowid = next,
            None => break,
        }
    }
    let mut seen = HashSet::new();
    let ids: Vec<&str> = new
        .iter()
        .map(String::as_str)
        .chain(changes.known.iter().map(RunId::raw))
        .filter(|id| seen.insert(*id))
        .collect();
    let mut runs = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(limits::SQLITE_BATCH_RUNS) {
        runs.append(
            &mut super::runs::load(
                store,
                "reading runs again",
                chunk.iter().copied(),
                LifecycleFilter::Active,
            )
            .await?,
        );
    }
    Ok(runs)
}

/// A stretch of the walk from the row that was added last backwards.
struct RowBatch {
    new_ids: Vec<String>,
    /// Where the next stretch begins; nothing once a whole stretch had no run that is new enough: rows are added in the order
    /// in which runs start, but for the few that start at the same time.
    next_rowid: Option<i64>,
}

fn read_batch(
    connection: &Connection,
    schema: &Schema,
    query: &ChangedRunsQuery,
    before_rowid: i64,
) -> Result<RowBatch, QueryError> {
    let mut condition = lifecycle_condition(LifecycleFilter::Active, "r.lifecycle_stage");
    if schema.has_column("experiments", "workspace") {
        let here = schema.workspace_condition("experiments", "e");
        condition += &format!(
            " AND r.experiment_id IN (SELECT e.experiment_id FROM experiments AS e WHERE {here})"
        );
    }
    if !query.experiments.is_empty() {
        condition += " AND CAST(r.experiment_id AS TEXT) IN (SELECT wanted.value FROM json_each(?2) AS wanted)";
    }
    let sql = format!(
        "SELECT r.rowid, r.run_uuid, r.start_time, {condition} FROM runs AS r \
         WHERE ?2 IS NOT NULL AND r.rowid < ?1 ORDER BY r.rowid DESC LIMIT {}",
        limits::SQLITE_BATCH_RUNS
    );
    let experiment_ids = json_array(query.experiments.iter().map(ExperimentId::raw));
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![before_rowid, experiment_ids])?;
    let mut batch = RowBatch {
        new_ids: Vec::new(),
        next_rowid: None,
    };
    let (mut rows_read, mut has_recent, mut last_rowid) = (0, false, before_rowid);
    while let Some(row) = rows.next()? {
        rows_read += 1;
        last_rowid = integer(column_value(row, 0)).unwrap_or(last_rowid);
        if integer(column_value(row, 2)).is_some_and(|start| start >= query.since) {
            has_recent = true;
            if integer(column_value(row, 3)) == Some(1) {
                batch
                    .new_ids
                    .push(text(column_value(row, 1)).raw().to_owned());
            }
        }
    }
    batch.next_rowid = (has_recent && rows_read == limits::SQLITE_BATCH_RUNS).then_some(last_rowid);
    Ok(batch)
}
