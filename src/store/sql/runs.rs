//! Runs: a page of them, or one. The parts of a page's runs are read at once, each on its own
//! connection.

use std::mem::take;
use std::sync::Arc;

use super::SqlStore;
use super::dialect::json_array;
use super::run_data::{ids_join, load_datasets, load_metrics, load_model_links, load_pairs};
use super::tables::{QueryError, Row, Tables, params};
use super::values::{integer, text};
use super::window;
use crate::domain::{
    DatasetInput, ExperimentId, Lifecycle, Run, RunId, RunStatus, StoreError, StoreErrorKind,
};
use crate::store::pagination::{SortKey, describe_query};
use crate::store::run_queries::fill_from_tags;
use crate::store::{LifecycleFilter, Page, PageToken, Result, RunQuery, WindowQuery, limits};

pub(super) async fn page(
    store: &SqlStore,
    query: &RunQuery,
    from: Option<&PageToken>,
) -> Result<Page<Run>> {
    let what = describe_query(query);
    let invalid = |why| Err(StoreError::new(StoreErrorKind::InvalidRequest, &*what, why));
    if query.filter.is_some() || !query.order_by.is_empty() {
        return invalid("a database can't filter or order; the run table does");
    }
    if from.is_none() && store.database.schema().dialect().window.is_some() {
        return first_page(store, &what, query).await;
    }
    let after = match from.map(SortKey::from_token).transpose() {
        Ok(after) => after,
        Err(why) => return invalid(why),
    };
    let listing = RunQuery {
        page_size: 0,
        ..query.clone()
    };
    let cached = after
        .as_ref()
        .and_then(|_| store.listing_cache.get(&listing));
    let keys = if let Some(keys) = cached {
        keys
    } else {
        let first = store.listing_cache.first(&listing);
        let listing = listing.clone();
        let read = move |tables: Tables<'_>| {
            let mut keys = load_sort_keys(tables, &listing)?;
            keys.retain(|key| first.as_ref().is_none_or(|first| key >= first));
            Ok(keys)
        };
        store.database.read(&what, read).await?.into()
    };
    let begin = after.map_or(0, |after| keys.partition_point(|key| *key <= after));
    let end = begin.saturating_add(page_size(query)).min(keys.len());
    let page_keys = keys.get(begin..end).unwrap_or_default();
    let ids: Vec<&str> = page_keys.iter().map(|key| &*key.id).collect();
    let items = load_batches(store, &what, &ids, query.lifecycle).await?;
    let next = page_keys.last().filter(|_| end < keys.len());
    let page = Page {
        items,
        next: next.map(SortKey::to_token),
        total: Some(keys.len() as u64),
    };
    let is_last = page.next.is_none();
    store.listing_cache.set(listing, (!is_last).then_some(keys));
    Ok(page)
}

fn page_size(query: &RunQuery) -> usize {
    match query.page_size {
        0 => limits::PAGE_RUNS as usize,
        size => size as usize,
    }
}

/// The first page of a new listing, without the order of the other runs.
async fn first_page(store: &SqlStore, what: &str, query: &RunQuery) -> Result<Page<Run>> {
    let listing = RunQuery {
        page_size: 0,
        ..query.clone()
    };
    let size = page_size(query);
    let newest = WindowQuery {
        experiments: query.experiments.clone(),
        lifecycle: query.lifecycle,
        ..WindowQuery::default()
    };
    // One more, to know whether a page follows: the runs are counted at another moment.
    let limit = u32::try_from(size).unwrap_or(u32::MAX).saturating_add(1);
    let (ids, total) = window::first(store, what, &newest, limit).await?;
    let has_next = ids.len() > size;
    let ids: Vec<&str> = ids.iter().take(size).collect();
    let items = load_batches(store, what, &ids, query.lifecycle).await?;
    let key = |run: &Run| SortKey::new(run.start_time, run.id.raw());
    let first = items.first().filter(|_| has_next).map(key);
    let next = items.last().filter(|_| has_next).map(key);
    store.listing_cache.set_first(listing, first);
    Ok(Page {
        items,
        next: next.as_ref().map(SortKey::to_token),
        total: Some(total),
    })
}

/// One run, deleted or not.
pub(super) async fn get(store: &SqlStore, id: &RunId) -> Result<Run> {
    let what = format!("reading run {}", id.clean());
    let mut runs = load_batches(store, &what, &[id.raw()], LifecycleFilter::All).await?;
    runs.pop()
        .ok_or_else(|| StoreError::new(StoreErrorKind::NotFound, what, "no such run"))
}

fn load_sort_keys(tables: Tables<'_>, query: &RunQuery) -> Result<Vec<SortKey>, QueryError> {
    let condition = tables.schema.run_condition(query.lifecycle);
    let sql = format!(
        "SELECT r.start_time, r.run_uuid FROM runs AS r WHERE {condition} AND {}",
        tables.schema.in_experiments("?1")
    );
    let experiments = json_array(query.experiments.iter().map(ExperimentId::raw));
    let mut keys = tables.collect(&sql, &params![&experiments], |row| {
        SortKey::new(integer(row, 0), text(row, 1).raw())
    })?;
    keys.sort_unstable();
    Ok(keys)
}

/// The runs of these ids in their order, without those that the filter excludes. A batch is short
/// enough that no writer waits for it.
pub(super) async fn load_batches(
    store: &SqlStore,
    what: &str,
    ids: &[impl AsRef<str> + Sync],
    lifecycle: LifecycleFilter,
) -> Result<Vec<Run>> {
    let mut runs = Vec::with_capacity(ids.len());
    for batch in ids.chunks(limits::SQLITE_BATCH_RUNS) {
        let ids = IdList {
            json: json_array(batch.iter().map(AsRef::as_ref)).into(),
            count: batch.len(),
        };
        runs.append(&mut load_batch(store, what, &ids, lifecycle).await?);
    }
    Ok(runs)
}

async fn load_batch(
    store: &SqlStore,
    what: &str,
    ids: &IdList,
    lifecycle: LifecycleFilter,
) -> Result<Vec<Run>> {
    let (runs, mut params, mut tags, mut metrics, mut datasets, (mut inputs, mut outputs)) = tokio::try_join!(
        load_part(store, what, ids, move |tables, ids| load_rows(
            tables, ids.0, lifecycle
        )),
        load_part(store, what, ids, |tables, ids| load_pairs(
            tables, "params", ids
        )),
        load_part(store, what, ids, |tables, ids| load_pairs(
            tables, "tags", ids
        )),
        load_part(store, what, ids, load_metrics),
        load_part(store, what, ids, load_datasets),
        load_part(store, what, ids, load_model_links),
    )?;
    let has_order = store.database.schema().dialect().has_rowid;
    let complete = runs.into_iter().map(|(position, mut run)| {
        run.params = params.get_mut(position).map(take).unwrap_or_default();
        run.tags = tags.get_mut(position).map(take).unwrap_or_default();
        run.metrics = metrics.get_mut(position).map(take).unwrap_or_default();
        run.datasets = datasets.get_mut(position).map(take).unwrap_or_default();
        run.model_inputs = inputs.get_mut(position).map(take).unwrap_or_default();
        run.model_outputs = outputs.get_mut(position).map(take).unwrap_or_default();
        fill_from_tags(&mut run);
        if !has_order {
            sort_values(&mut run);
        }
        run
    });
    Ok(complete.collect())
}

/// The rows of a server come in no order, and in another one each time.
fn sort_values(run: &mut Run) {
    run.params
        .sort_unstable_by(|a, b| a.key.raw().cmp(b.key.raw()));
    run.tags
        .sort_unstable_by(|a, b| a.key.raw().cmp(b.key.raw()));
    run.metrics
        .sort_unstable_by(|a, b| a.key.raw().cmp(b.key.raw()));
    sort_datasets(&mut run.datasets);
    run.model_inputs.sort_unstable();
    run.model_outputs
        .sort_by_cached_key(|output| (output.step, output.model_id.clone()));
}

/// [`sort_values`] for the datasets of a run.
pub(super) fn sort_datasets(datasets: &mut [DatasetInput]) {
    let key = |data: &DatasetInput| (data.name.clone(), data.digest.clone(), data.context.clone());
    datasets.sort_by_cached_key(key);
}

/// Ids of runs as one JSON parameter.
struct IdList {
    json: Arc<str>,
    count: usize,
}

async fn load_part<T: Send + 'static>(
    store: &SqlStore,
    what: &str,
    ids: &IdList,
    read: impl FnOnce(Tables<'_>, (&str, usize)) -> Result<T, QueryError> + Send + 'static,
) -> Result<T> {
    let (json, count) = (Arc::clone(&ids.json), ids.count);
    let read = move |tables: Tables<'_>| read(tables, (&json, count));
    store.database.read(what, read).await
}

/// The runs without their data, each with its position in `ids`.
fn load_rows(
    tables: Tables<'_>,
    ids: &str,
    lifecycle: LifecycleFilter,
) -> Result<Vec<(usize, Run)>, QueryError> {
    let columns = run_columns(tables);
    let condition = tables.schema.run_condition(lifecycle);
    let (ids_table, join) = ids_join(tables);
    let sql = format!(
        "SELECT ids.key, {columns} FROM {ids_table} {join} runs AS r ON r.run_uuid = ids.value WHERE {condition}"
    );
    let mut rows = tables.collect(&sql, &params![ids], |row| {
        let position = integer(row, 0).and_then(|position| usize::try_from(position).ok());
        (position.unwrap_or(usize::MAX), to_bare_run(row))
    })?;
    // A server joins in any order.
    rows.sort_by_key(|(position, _)| *position);
    Ok(rows)
}

/// The columns of `runs AS r` that [`to_bare_run`] reads, from the second on.
pub(super) fn run_columns(tables: Tables<'_>) -> String {
    let columns = [
        "run_uuid",
        "experiment_id",
        "name",
        "status",
        "lifecycle_stage",
        "user_id",
        "start_time",
        "end_time",
        "artifact_uri",
    ];
    tables.schema.select_columns("runs", "r", &columns)
}

/// Reads [`run_columns`], after a first one.
pub(super) fn to_bare_run(row: &dyn Row) -> Run {
    Run {
        name: text(row, 3),
        status: RunStatus::parse(text(row, 4).raw()),
        lifecycle: Lifecycle::parse(text(row, 5).raw()),
        user: text(row, 6),
        start_time: integer(row, 7),
        end_time: integer(row, 8),
        artifact_uri: text(row, 9),
        ..Run::bare(RunId::new(text(row, 1)), ExperimentId::new(text(row, 2)))
    }
}
