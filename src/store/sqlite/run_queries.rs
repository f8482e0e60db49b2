//! Changed and nested runs. The cost depends on what is found, not on how many runs the file has.

use std::collections::HashSet;

use rusqlite::params;

use super::SqliteStore;
use super::connection::{QueryError, Tables};
use super::runs::load_batches;
use super::schema::{IN_EXPERIMENTS, json_array};
use super::values::{integer, text};
use crate::domain::{ExperimentId, Run, RunId};
use crate::store::run_queries::PARENT_RUN_TAG;
use crate::store::{ChangedRunsQuery, LifecycleFilter, Result, limits};

/// The known runs that are still active, and those that started since.
pub(super) async fn changed_runs(
    store: &SqliteStore,
    query: &ChangedRunsQuery,
) -> Result<Vec<Run>> {
    let mut ids = Vec::new();
    let mut before_rowid = Some(i64::MAX);
    while let Some(rowid) = before_rowid {
        let query = query.clone();
        let batch = store
            .database
            .read("looking for new runs", move |tables| {
                read_batch(tables, &query, rowid)
            })
            .await?;
        ids.extend(batch.new_ids);
        before_rowid = batch.next_rowid;
    }
    ids.extend(query.known.iter().map(|id| id.raw().to_owned()));
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    load_batches(store, "reading changed runs", &ids, LifecycleFilter::Active).await
}

/// A batch of a walk backwards from the row that was added last.
struct RowBatch {
    new_ids: Vec<String>,
    /// Where the next batch begins. `None` after a batch without a new run: rows are added in the
    /// order in which runs start, but for a few that start at the same time.
    next_rowid: Option<i64>,
}

fn read_batch(
    tables: Tables<'_>,
    query: &ChangedRunsQuery,
    before_rowid: i64,
) -> Result<RowBatch, QueryError> {
    let condition = tables.schema.run_condition(LifecycleFilter::Active);
    let sql = format!(
        "SELECT r.rowid, r.run_uuid, r.start_time, {condition} AND {IN_EXPERIMENTS} FROM runs AS r \
         WHERE r.rowid < ?2 ORDER BY r.rowid DESC LIMIT {}",
        limits::SQLITE_BATCH_RUNS
    );
    let experiments = json_array(query.experiments.iter().map(ExperimentId::raw));
    let mut new_ids = Vec::new();
    let (mut rows_read, mut has_recent, mut last_rowid) = (0, false, before_rowid);
    tables.for_each(&sql, params![experiments, before_rowid], |row| {
        rows_read += 1;
        last_rowid = integer(row, 0).unwrap_or(last_rowid);
        if integer(row, 2).is_some_and(|start| start >= query.since) {
            has_recent = true;
            if integer(row, 3) == Some(1) {
                new_ids.push(text(row, 1).raw().to_owned());
            }
        }
    })?;
    let may_have_more = has_recent && rows_read == limits::SQLITE_BATCH_RUNS;
    Ok(RowBatch {
        new_ids,
        next_rowid: may_have_more.then_some(last_rowid),
    })
}

/// Which of these runs are deleted, or no longer in the file.
pub(super) async fn deleted_runs(store: &SqliteStore, runs: &[RunId]) -> Result<Vec<RunId>> {
    let ids = json_array(runs.iter().map(RunId::raw));
    let find = move |tables: Tables<'_>| {
        let condition = tables.schema.run_condition(LifecycleFilter::Active);
        let sql = format!(
            "SELECT j.value FROM json_each(?1) AS j WHERE NOT EXISTS \
             (SELECT 1 FROM runs AS r WHERE r.run_uuid = j.value AND {condition})"
        );
        tables.collect(&sql, params![ids], |row| RunId::new(text(row, 0)))
    };
    store.database.read("looking for deleted runs", find).await
}

/// The active runs nested directly in `parent`, newest first. MLflow has an index over the keys of
/// tags.
pub(super) async fn nested_runs(
    store: &SqliteStore,
    experiments: &[ExperimentId],
    parent: &RunId,
) -> Result<Vec<Run>> {
    let what = format!("reading the runs nested in {}", parent.clean());
    let experiments = json_array(experiments.iter().map(ExperimentId::raw));
    let parent = parent.clone();
    let find = move |tables: Tables<'_>| {
        if !tables.schema.has_table("tags") {
            return Ok(Vec::new());
        }
        let condition = tables.schema.run_condition(LifecycleFilter::Active);
        let sql = format!(
            "SELECT r.run_uuid FROM tags AS t JOIN runs AS r ON r.run_uuid = t.run_uuid \
             WHERE t.key = ?2 AND t.value = ?3 AND {condition} AND {IN_EXPERIMENTS} \
             ORDER BY r.start_time DESC, r.run_uuid LIMIT {}",
            limits::NESTED_RUNS
        );
        let params = params![experiments, PARENT_RUN_TAG, parent.raw()];
        tables.collect(&sql, params, |row| text(row, 0).raw().to_owned())
    };
    let ids = store.database.read(&what, find).await?;
    load_batches(store, &what, &ids, LifecycleFilter::Active).await
}
