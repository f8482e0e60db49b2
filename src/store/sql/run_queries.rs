//! Changed and nested runs. In a SQLite file, the cost depends on what is found, not on how many
//! runs it has.

use std::collections::HashSet;

use super::SqlStore;
use super::dialect::json_array;
use super::runs::load_batches;
use super::tables::{QueryError, Tables, params};
use super::values::{integer, text};
use crate::domain::{ExperimentId, Run, RunId};
use crate::store::run_queries::PARENT_RUN_TAG;
use crate::store::{ChangedRunsQuery, LifecycleFilter, Result, limits};

/// The known runs that are still active, and those that started since.
pub(super) async fn changed_runs(store: &SqlStore, query: &ChangedRunsQuery) -> Result<Vec<Run>> {
    let mut ids = Vec::new();
    let mut before_rowid = Some(i64::MAX);
    while let Some(rowid) = before_rowid {
        let query = query.clone();
        let batch = store
            .database
            .read("looking for new runs", move |tables| {
                if tables.dialect().has_rowid {
                    read_batch(tables, &query, rowid)
                } else {
                    read_started_since(tables, &query)
                }
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
    let in_experiments = tables.schema.in_experiments("?1");
    let sql = format!(
        "SELECT r.rowid, r.run_uuid, r.start_time, {condition} AND {in_experiments} FROM runs AS r \
         WHERE r.rowid < ?2 ORDER BY r.rowid DESC LIMIT {}",
        limits::SQLITE_BATCH_RUNS
    );
    let experiments = json_array(query.experiments.iter().map(ExperimentId::raw));
    let mut new_ids = Vec::new();
    let (mut rows_read, mut has_recent, mut last_rowid) = (0, false, before_rowid);
    tables.for_each(&sql, &params![&experiments, before_rowid], |row| {
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

/// All at once, where rows have no order: the server looks at each run.
fn read_started_since(
    tables: Tables<'_>,
    query: &ChangedRunsQuery,
) -> Result<RowBatch, QueryError> {
    let condition = tables.schema.run_condition(LifecycleFilter::Active);
    let in_experiments = tables.schema.in_experiments("?1");
    let sql = format!(
        "SELECT r.run_uuid FROM runs AS r WHERE r.start_time >= ?2 AND {condition} AND {in_experiments} \
         ORDER BY r.start_time DESC, r.run_uuid"
    );
    let experiments = json_array(query.experiments.iter().map(ExperimentId::raw));
    let params = params![&experiments, query.since];
    Ok(RowBatch {
        new_ids: tables.collect(&sql, &params, |row| text(row, 0).raw().to_owned())?,
        next_rowid: None,
    })
}

/// Which of these runs are deleted, or no longer in the file.
pub(super) async fn deleted_runs(store: &SqlStore, runs: &[RunId]) -> Result<Vec<RunId>> {
    let ids = json_array(runs.iter().map(RunId::raw));
    let find = move |tables: Tables<'_>| {
        let condition = tables.schema.run_condition(LifecycleFilter::Active);
        let sql = format!(
            "SELECT ids.value FROM {} WHERE NOT EXISTS \
             (SELECT 1 FROM runs AS r WHERE r.run_uuid = ids.value AND {condition})",
            tables.schema.ids("?1")
        );
        tables.collect(&sql, &params![&ids], |row| RunId::new(text(row, 0)))
    };
    store.database.read("looking for deleted runs", find).await
}

/// The active runs nested directly in `parent`, newest first. MLflow has an index over the keys of
/// tags.
pub(super) async fn nested_runs(
    store: &SqlStore,
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
        let in_experiments = tables.schema.in_experiments("?1");
        let sql = format!(
            "SELECT r.run_uuid FROM tags AS t JOIN runs AS r ON r.run_uuid = t.run_uuid \
             WHERE t.key = ?2 AND t.value = ?3 AND {condition} AND {in_experiments} \
             ORDER BY r.start_time DESC, r.run_uuid LIMIT {}",
            limits::NESTED_RUNS
        );
        let params = params![&experiments, PARENT_RUN_TAG, parent.raw()];
        tables.collect(&sql, &params, |row| text(row, 0).raw().to_owned())
    };
    let ids = store.database.read(&what, find).await?;
    load_batches(store, &what, &ids, LifecycleFilter::Active).await
}
