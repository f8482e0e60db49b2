//! Experiments, with their tags and what their runs come to.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::Connection;

use super::SqliteStore;
use super::connection::Failure;
use super::listing::in_view;
use super::schema::Schema;
use super::values::{Keys, at, integer, text};
use crate::domain::run::Pair;
use crate::domain::{Experiment, ExperimentId, Lifecycle, Millis};
use crate::store::{Answer, View};
use crate::text::Untrusted;

/// All experiments of a view, the newest first, as MLflow lists them.
pub(super) async fn all(store: &SqliteStore, view: View) -> Answer<Vec<Experiment>> {
    let schema = Arc::clone(&store.schema);
    let read = move |connection: &Connection| {
        let mut tags = tags(connection, &schema)?;
        let activity = activity(connection, &schema)?;
        let mut experiments = rows(connection, &schema, view)?;
        for experiment in &mut experiments {
            experiment.tags = tags.remove(experiment.id.text()).unwrap_or_default();
            let (runs, last) = activity
                .get(experiment.id.text())
                .copied()
                .unwrap_or_default();
            experiment.runs = Some(runs);
            experiment.last_run = last;
        }
        Ok(experiments)
    };
    store.database.read("reading experiments", read).await
}

fn rows(connection: &Connection, schema: &Schema, view: View) -> Result<Vec<Experiment>, Failure> {
    let table = "experiments";
    let columns = [
        "experiment_id",
        "name",
        "artifact_location",
        "lifecycle_stage",
        "creation_time",
        "last_update_time",
    ];
    let columns = schema.select(table, "e", &columns);
    let (here, wanted) = (
        schema.in_workspace(table, "e"),
        in_view(view, "e.lifecycle_stage"),
    );
    // Column 5 of the answer is the creation time.
    let sql = format!(
        "SELECT {columns} FROM experiments AS e WHERE {here} AND {wanted} ORDER BY 5 DESC, e.experiment_id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([], |row| {
        Ok(Experiment {
            id: ExperimentId::new(text(at(row, 0))),
            name: text(at(row, 1)),
            artifact_location: text(at(row, 2)),
            lifecycle: Lifecycle::parse(text(at(row, 3)).raw()),
            creation_time: integer(at(row, 4)),
            last_update_time: integer(at(row, 5)),
            tags: Vec::new(),
            runs: None,
            last_run: None,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn tags(
    connection: &Connection,
    schema: &Schema,
) -> Result<HashMap<Untrusted, Vec<Pair>>, Failure> {
    let mut tags: HashMap<Untrusted, Vec<Pair>> = HashMap::new();
    if schema.has_table("experiment_tags") {
        let mut keys = Keys::default();
        let mut statement = connection.prepare_cached(
            "SELECT t.experiment_id, t.\"key\", t.value FROM experiment_tags AS t",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let pair = Pair {
                key: keys.share(at(row, 1)),
                value: text(at(row, 2)),
            };
            tags.entry(text(at(row, 0))).or_default().push(pair);
        }
    }
    Ok(tags)
}

/// How many runs in use each experiment has, and when the newest of them started.
fn activity(
    connection: &Connection,
    schema: &Schema,
) -> Result<HashMap<Untrusted, (u64, Option<Millis>)>, Failure> {
    let start = schema.select("runs", "r", &["start_time"]);
    let active = if schema.has("runs", "lifecycle_stage") {
        in_view(View::Active, "r.lifecycle_stage")
    } else {
        "TRUE".to_owned()
    };
    let sql = format!(
        "SELECT r.experiment_id, count(*), max({start}) FROM runs AS r WHERE {active} GROUP BY r.experiment_id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([], |row| {
        let count = integer(at(row, 1))
            .and_then(|count| u64::try_from(count).ok())
            .unwrap_or_default();
        Ok((text(at(row, 0)), (count, integer(at(row, 2)))))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
