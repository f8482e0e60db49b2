//! Runs: a page of them, or one. What belongs to a page's runs is asked for at once, each part over its own connection.

use std::mem::take;
use std::sync::Arc;

use rusqlite::Connection;

use super::SqliteStore;
use super::connection::Failure;
use super::listing::{Place, Question, in_view, json_list};
use super::run_parts::{datasets, metrics, models, pairs};
use super::schema::Schema;
use super::values::{at, integer, text};
use crate::domain::{ExperimentId, Fault, FaultKind, Lifecycle, Run, RunId, RunStatus};
use crate::store::{Answer, Page, PageToken, RunQuery, View, limits};
use crate::text::Untrusted;

/// A page of a question's runs.
pub(super) async fn page(
    store: &SqliteStore,
    query: &RunQuery,
    from: Option<&PageToken>,
) -> Answer<Page<Run>> {
    let what = what(query);
    if query.filter.is_some() || !query.order_by.is_empty() {
        return Err(Fault::new(
            FaultKind::Invalid,
            what,
            "a SQLite store takes no filter and no order of MLflow's; both are done here",
        ));
    }
    let after = from
        .map(Place::of)
        .transpose()
        .map_err(|failure| failure.during(&what))?;
    let question = Question::from(query);
    let known = after.as_ref().and_then(|_| store.walks.find(&question));
    let places = match known {
        Some(places) => places,
        None => places(store, &what, question.clone()).await?,
    };
    let begin = after.map_or(0, |after| places.partition_point(|place| *place <= after));
    let size = if query.page_size == 0 {
        limits::PAGE_RUNS
    } else {
        query.page_size
    };
    let end = begin.saturating_add(size as usize).min(places.len());
    let mut items = Vec::with_capacity(end - begin);
    for chunk in places
        .get(begin..end)
        .unwrap_or_default()
        .chunks(limits::SQLITE_RUNS)
    {
        items.append(
            &mut load(
                store,
                &what,
                chunk.iter().map(|place| &*place.id),
                query.view,
            )
            .await?,
        );
    }
    let next = if end < places.len() {
        end.checked_sub(1)
            .and_then(|last| places.get(last))
            .map(Place::token)
    } else {
        None
    };
    let total = Some(places.len() as u64);
    match next {
        Some(_) => store.walks.keep(question, places),
        None => store.walks.forget(&question),
    }
    Ok(Page { items, next, total })
}

/// One run, in use or not.
pub(super) async fn one(store: &SqliteStore, id: &RunId) -> Answer<Run> {
    let what = format!("reading run {}", id.clean());
    let found = load(store, &what, std::iter::once(id.raw()), View::All).await?;
    found
        .into_iter()
        .next()
        .ok_or_else(|| Fault::new(FaultKind::Missing, what, "there is no such run"))
}

fn what(query: &RunQuery) -> String {
    match query.experiments.as_slice() {
        [] => "reading runs of all experiments".to_owned(),
        [one] => format!("reading runs of experiment {}", one.clean()),
        many => format!("reading runs of {} experiments", many.len()),
    }
}

async fn places(store: &SqliteStore, what: &str, question: Question) -> Answer<Arc<[Place]>> {
    let schema = Arc::clone(&store.schema);
    store
        .database
        .read(what, move |connection| {
            Ok(question.places(connection, &schema)?.into())
        })
        .await
}

/// The runs of a list of ids, whole, in the list's order; those that the view no longer has are left out.
pub(super) async fn load(
    store: &SqliteStore,
    what: &str,
    ids: impl Iterator<Item = &str>,
    view: View,
) -> Answer<Vec<Run>> {
    let ids: Vec<&str> = ids.collect();
    let ids = List {
        count: ids.len(),
        json: json_list(ids.into_iter()).into(),
    };
    let (runs, mut params, mut tags, mut metrics, mut datasets, (mut inputs, mut outputs)) = tokio::try_join!(
        part(store, what, &ids, move |connection, schema, ids| rows(
            connection, schema, ids.0, view
        )),
        part(store, what, &ids, |connection, schema, ids| pairs(
            connection, schema, "params", ids
        )),
        part(store, what, &ids, |connection, schema, ids| pairs(
            connection, schema, "tags", ids
        )),
        part(store, what, &ids, metrics),
        part(store, what, &ids, datasets),
        part(store, what, &ids, models),
    )?;
    let whole = runs.into_iter().map(|(position, mut run)| {
        run.params = params.get_mut(position).map(take).unwrap_or_default();
        run.tags = tags.get_mut(position).map(take).unwrap_or_default();
        run.metrics = metrics.get_mut(position).map(take).unwrap_or_default();
        run.datasets = datasets.get_mut(position).map(take).unwrap_or_default();
        run.model_inputs = inputs.get_mut(position).map(take).unwrap_or_default();
        run.model_outputs = outputs.get_mut(position).map(take).unwrap_or_default();
        named(run)
    });
    Ok(whole.collect())
}

/// A list of runs' ids as SQLite takes it.
struct List {
    json: Arc<str>,
    count: usize,
}

/// Asks for one part of what belongs to a list of runs.
async fn part<T: Send + 'static>(
    store: &SqliteStore,
    what: &str,
    ids: &List,
    read: impl FnOnce(&Connection, &Schema, (&str, usize)) -> Result<T, Failure> + Send + 'static,
) -> Answer<T> {
    let (json, count, schema) = (Arc::clone(&ids.json), ids.count, Arc::clone(&store.schema));
    store
        .database
        .read(what, move |connection| {
            read(connection, &schema, (&json, count))
        })
        .await
}

/// The rows of the table itself, each with its position in the list.
fn rows(
    connection: &Connection,
    schema: &Schema,
    ids: &str,
    view: View,
) -> Result<Vec<(usize, Run)>, Failure> {
    let columns = schema.select(
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
    let condition = in_view(view, "r.lifecycle_stage");
    let sql = format!(
        "SELECT ids.key, {columns} FROM json_each(?1) AS ids CROSS JOIN runs AS r ON r.run_uuid = ids.value WHERE {condition}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([ids])?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        let position = integer(at(row, 0))
            .and_then(|position| usize::try_from(position).ok())
            .unwrap_or(usize::MAX);
        let mut run = Run::bare(
            RunId::new(text(at(row, 1))),
            ExperimentId::new(text(at(row, 2))),
        );
        run.name = text(at(row, 3));
        run.status = RunStatus::parse(text(at(row, 4)).raw());
        run.lifecycle = Lifecycle::parse(text(at(row, 5)).raw());
        run.user = text(at(row, 6));
        run.start_time = integer(at(row, 7));
        run.end_time = integer(at(row, 8));
        run.artifact_uri = text(at(row, 9));
        runs.push((position, run));
    }
    Ok(runs)
}

/// Runs of old MLflow have their name and their user in tags only.
fn named(mut run: Run) -> Run {
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
