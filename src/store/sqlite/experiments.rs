//! Experiments, with their tags and what their runs come to.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::Connection;

use super::SqliteStore;
use super::connection::QueryError;
use super::pagination::lifecycle_condition;
use super::schema::Schema;
use super::values::{Interner, column_value, integer, text};
use crate::domain::run::KeyValue;
use crate::domain::{Experiment, ExperimentId, Lifecycle, Millis};
use crate::store::{LifecycleFilter, Result};
use crate::text::Untrusted;

/// All experiments of a view, the newest first, as MLflow lists them.
pub(super) async fn list(store: &SqliteStore, view: LifecycleFilter) -> Result<Vec<Experiment>> {
    let schema = Arc::clone(&store.schema);
    let read = move |connection: &Connection| {
        let mut tags = load_tags(connection, &schema)?;
        let activity = run_activity(connection, &schema)?;
        let mut experiments = load_rows(connection, &schema, view)?;
        for experiment in &mut experiments {
            experiment.tags = tags.remove(experiment.id.text()).unwrap_or_default();
            let (runs, last) = activity
                .get(experiment.id.text())
                .copied()
                .unwrap_or_default();
            experiment.run_count = Some(runs);
            experiment.last_run_time = last;
        }
        Ok(experiments)
    };
    store.database.read("reading experiments", read).await
}

fn load_rows(
    connection: &Connection,
    schema: &Schema,
    view: LifecycleFilter,
) -> Result<Vec<Experiment>, QueryError> {
    let table = "experiments";
    let columns = [
        "experiment_id",
        "name",
        "artifact_location",
        "lifecycle_stage",
        "creation_time",
        "last_update_time",
    ];
    let columns = schema.select_columns(table, "e", &columns);
    let (here, lifecycle_condition) = (
        schema.workspace_condition(table, "e"),
        lifecycle_condition(view, "e.lifecycle_stage"),
    );
    // Column 5 of the answer is the creation time.
    let sql = format!(
        "SELECT {columns} FROM experiments AS e WHERE {here} AND {lifecycle_condition} ORDER BY 5 DESC, e.experiment_id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([], |row| {
        Ok(Experiment {
            id: ExperimentId::new(text(column_value(row, 0))),
            name: text(column_value(row, 1)),
            artifact_location: text(column_value(row, 2)),
            lifecycle: Lifecycle::parse(text(column_value(row, 3)).raw()),
            creation_time: integer(column_value(row, 4)),
            last_update_time: integer(column_value(row, 5)),
            tags: Vec::new(),
            run_count: None,
            last_run_time: None,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn load_tags(
    connection: &Connection,
    schema: &Schema,
) -> Result<HashMap<Untrusted, Vec<KeyValue>>, QueryError> {
    let mut tags: HashMap<Untrusted, Vec<KeyValue>> = HashMap::new();
    if schema.has_table("experiment_tags") {
        let mut keys = Interner::default();
        let mut statement = connection.prepare_cached(
            "SELECT t.experiment_id, t.\"key\", t.value FROM experiment_tags AS t",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let pair = KeyValue {
                key: keys.intern(column_value(row, 1)),
                value: text(column_value(row, 2)),
            };
            tags.entry(text(column_value(row, 0)))
                .or_default()
                .push(pair);
        }
    }
    Ok(tags)
}

/// How many runs in use each experiment has, and when the newest of them started.
fn run_activity(
    connection: &Connection,
    schema: &Schema,
) -> Result<HashMap<Untrusted, (u64, Option<Millis>)>, QueryError> {
    let start = schema.select_columns("runs", "r", &["start_time"]);
    let active = if schema.has_column("runs", "lifecycle_stage") {
        lifecycle_condition(LifecycleFilter::Active, "r.lifecycle_stage")
    } else {
        "TRUE".to_owned()
    };
    let sql = format!(
        "SELECT r.experiment_id, count(*), max({start}) FROM runs AS r WHERE {active} GROUP BY r.experiment_id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([], |row| {
        let count = integer(column_value(row, 1))
            .and_then(|count| u64::try_from(count).ok())
            .unwrap_or_default();
        Ok((
            text(column_value(row, 0)),
            (count, integer(column_value(row, 2))),
        ))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
