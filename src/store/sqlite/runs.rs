//! Runs: a page of them, or one. What belongs to a page's runs is asked for at once, each part over its own connection.

use std::mem::take;
use std::sync::Arc;

use rusqlite::Connection;

use super::SqliteStore;
use super::connection::QueryError;
use super::pagination::{ListingKey, SortKey, json_array, lifecycle_condition};
use super::run_data::{load_datasets, load_metrics, load_model_links, load_pairs};
use super::schema::Schema;
use super::values::{column_value, integer, text};
use crate::domain::{ExperimentId, Lifecycle, Run, RunId, RunStatus, StoreError, StoreErrorKind};
use crate::store::{LifecycleFilter, Page, PageToken, Result, RunQuery, limits};
use crate::text::Untrusted;

/// A page of a question's runs.
pub(super) async fn page(
    store: &SqliteStore,
    query: &RunQuery,
    from: Option<&PageToken>,
) -> Result<Page<Run>> {
    let what = describe_query(query);
    if query.filter.is_some() || !query.order_by.is_empty() {
        return Err(StoreError::new(
            StoreErrorKind::InvalidRequest,
            what,
            "a SQLite store takes no filter and no order of MLflow's; both are done here",
        ));
    }
    let after = from
        .map(SortKey::from_token)
        .transpose()
        .map_err(|failure| failure.into_store_error(&what))?;
    let listing = ListingKey::from(query);
    let cached = after
        .as_ref()
        .and_then(|_| store.listing_cache.get(&listing));
    let sort_keys = match cached {
        Some(places) => places,
        None => load_sort_keys(store, &what, listing.clone()).await?,
    };
    let begin = after.map_or(0, |after| {
        sort_keys.partition_point(|place| *place <= after)
    });
    let size = if query.page_size == 0 {
        limits::PAGE_RUNS
    } else {
        query.page_size
    };
    let end = begin.saturating_add(size as usize).min(sort_keys.len());
    let mut items = Vec::with_capacity(end - begin);
    for chunk in sort_keys
        .get(begin..end)
        .unwrap_or_default()
        .chunks(limits::SQLITE_BATCH_RUNS)
    {
        items.append(
            &mut load(
                store,
                &what,
                chunk.iter().map(|place| &*place.id),
                query.lifecycle,
            )
            .await?,
        );
    }
    let next = if end < sort_keys.len() {
        end.checked_sub(1)
            .and_then(|last| sort_keys.get(last))
            .map(SortKey::to_token)
    } else {
        None
    };
    let total = Some(sort_keys.len() as u64);
    match next {
        Some(_) => store.listing_cache.insert(listing, sort_keys),
        None => store.listing_cache.remove(&listing),
    }
    Ok(Page { items, next, total })
}

/// One run, in use or not.
pub(super) async fn get(store: &SqliteStore, id: &RunId) -> Result<Run> {
    let what = format!("reading run {}", id.clean());
    let found = load(
        store,
        &what,
        std::iter::once(id.raw()),
        LifecycleFilter::All,
    )
    .await?;
    found
        .into_iter()
        .next()
        .ok_or_else(|| StoreError::new(StoreErrorKind::NotFound, what, "there is no such run"))
}

fn describe_query(query: &RunQuery) -> String {
    match query.experiments.as_slice() {
        [] => "reading runs of all experiments".to_owned(),
        [one] => format!("reading runs of experiment {}", one.clean()),
        many => format!("reading runs of {} experiments", many.len()),
    }
}

async fn load_sort_keys(
    store: &SqliteStore,
    what: &str,
    listing: ListingKey,
) -> Result<Arc<[SortKey]>> {
    let schema = Arc::clone(&store.schema);
    store
        .database
        .read(what, move |connection| {
            Ok(listing.load_sort_keys(connection, &schema)?.into())
        })
        .await
}

/// The runs of a list of ids, whole, in the list's order; those that the view no longer has are left out.
pub(super) async fn load(
    store: &SqliteStore,
    what: &str,
    ids: impl Iterator<Item = &str>,
    view: LifecycleFilter,
) -> Result<Vec<Run>> {
    let ids: Vec<&str> = ids.collect();
    let ids = IdList {
        count: ids.len(),
        json: json_array(ids.into_iter()).into(),
    };
    let (runs, mut params, mut tags, mut metrics, mut datasets, (mut inputs, mut outputs)) = tokio::try_join!(
        load_part(store, what, &ids, move |connection, schema, ids| load_rows(
            connection, schema, ids.0, view
        )),
        load_part(store, what, &ids, |connection, schema, ids| load_pairs(
            connection, schema, "params", ids
        )),
        load_part(store, what, &ids, |connection, schema, ids| load_pairs(
            connection, schema, "tags", ids
        )),
        load_part(store, what, &ids, load_metrics),
        load_part(store, what, &ids, load_datasets),
        load_part(store, what, &ids, load_model_links),
    )?;
    let complete = runs.into_iter().map(|(position, mut run)| {
        run.params = params.get_mut(position).map(take).unwrap_or_default();
        run.tags = tags.get_mut(position).map(take).unwrap_or_default();
        run.metrics = metrics.get_mut(position).map(take).unwrap_or_default();
        run.datasets = datasets.get_mut(position).map(take).unwrap_or_default();
        run.model_inputs = inputs.get_mut(position).map(take).unwrap_or_default();
        run.model_outputs = outputs.get_mut(position).map(take).unwrap_or_default();
        fill_from_tags(run)
    });
    Ok(complete.collect())
}

/// A list of runs' ids as SQLite takes it.
struct IdList {
    json: Arc<str>,
    count: usize,
}

/// Asks for one part of what belongs to a list of runs.
async fn load_part<T: Send + 'static>(
    store: &SqliteStore,
    what: &str,
    ids: &IdList,
    read: impl FnOnce(&Connection, &Schema, (&str, usize)) -> Result<T, QueryError> + Send + 'static,
) -> Result<T> {
    let (json, count, schema) = (Arc::clone(&ids.json), ids.count, Arc::clone(&store.schema));
    store
        .database
        .read(what, move |connection| {
            read(connection, &schema, (&json, count))
        })
        .await
}

/// The rows of the table itself, each with its position in the list.
fn load_rows(
    connection: &Connection,
    schema: &Schema,
    ids: &str,
    view: LifecycleFilter,
) -> Result<Vec<(usize, Run)>, QueryError> {
    let columns = schema.select_columns(
        "runs",
        "r",
        &[
            "run_uuid",
            "experiment_id",
            "name",
            "status",
            "lifecycle_stage",
            "user_id",
            "start_time",
            "end_time",
            "artifact_uri",
        ],
    );
    let condition = lifecycle_condition(view, "r.lifecycle_stage");
    let sql = format!(
        "SELECT ids.key, {columns} FROM json_each(?1) AS ids CROSS JOIN runs AS r ON r.run_uuid = ids.value WHERE {condition}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([ids])?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        let position = integer(column_value(row, 0))
            .and_then(|position| usize::try_from(position).ok())
            .unwrap_or(usize::MAX);
        let mut run = Run::bare(
            RunId::new(text(column_value(row, 1))),
            ExperimentId::new(text(column_value(row, 2))),
        );
        run.name = text(column_value(row, 3));
        run.status = RunStatus::parse(text(column_value(row, 4)).raw());
        run.lifecycle = Lifecycle::parse(text(column_value(row, 5)).raw());
        run.user = text(column_value(row, 6));
        run.start_time = integer(column_value(row, 7));
        run.end_time = integer(column_value(row, 8));
        run.artifact_uri = text(column_value(row, 9));
        runs.push((position, run));
    }
    Ok(runs)
}

/// Runs of old MLflow have their name and their user in tags only.
fn fill_from_tags(mut run: Run) -> Run {
    let from_tag = |tag: &str, current: &Untrusted| {
        if current.is_empty() {
            run.tag(tag).cloned()
        } else {
            None
        }
    };
    let (name, user) = (
        from_tag("mlflow.runName", &run.name),
        from_tag("mlflow.user", &run.user),
    );
    run.name = name.unwrap_or(run.name);
    run.user = user.unwrap_or(run.user);
    run
}
