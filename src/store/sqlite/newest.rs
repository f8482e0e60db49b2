//! What changed in a listing, read from the file: the known runs by their keys, and the new ones among the rows that were
//! added last, so that it costs the same in a file of a hundred runs and of a million.

use std::collections::HashSet;
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::SqliteStore;
use super::connection::Failure;
use super::listing::{in_view, json_list};
use super::schema::Schema;
use super::values::{at, integer, text};
use crate::domain::{ExperimentId, Run, RunId};
use crate::store::{Answer, RunChanges, View, limits};

/// The known runs that are still active, and those that started since.
pub(super) async fn changes(store: &SqliteStore, changes: &RunChanges) -> Answer<Vec<Run>> {
    let what = "looking for new runs";
    let mut new = Vec::new();
    let mut before = i64::MAX;
    loop {
        let (schema, question) = (Arc::clone(&store.schema), changes.clone());
        let step = store
            .database
            .read(what, move |connection| {
                step(connection, &schema, &question, before)
            })
            .await?;
        new.extend(step.new);
        match step.next {
            Some(next) => before = next,
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
    for chunk in ids.chunks(limits::SQLITE_RUNS) {
        runs.append(
            &mut super::runs::load(
                store,
                "reading runs again",
                chunk.iter().copied(),
                View::Active,
            )
            .await?,
        );
    }
    Ok(runs)
}

/// A stretch of the walk from the row that was added last backwards.
struct Step {
    new: Vec<String>,
    /// Where the next stretch begins; nothing once a whole stretch had no run that is new enough: rows are added in the order
    /// in which runs start, but for the few that start at the same time.
    next: Option<i64>,
}

fn step(
    connection: &Connection,
    schema: &Schema,
    changes: &RunChanges,
    before: i64,
) -> Result<Step, Failure> {
    let mut condition = in_view(View::Active, "r.lifecycle_stage");
    if schema.has("experiments", "workspace") {
        let here = schema.in_workspace("experiments", "e");
        condition += &format!(
            " AND r.experiment_id IN (SELECT e.experiment_id FROM experiments AS e WHERE {here})"
        );
    }
    if !changes.experiments.is_empty() {
        condition += " AND CAST(r.experiment_id AS TEXT) IN (SELECT wanted.value FROM json_each(?2) AS wanted)";
    }
    let sql = format!(
        "SELECT r.rowid, r.run_uuid, r.start_time, {condition} FROM runs AS r \
         WHERE ?2 IS NOT NULL AND r.rowid < ?1 ORDER BY r.rowid DESC LIMIT {}",
        limits::SQLITE_RUNS
    );
    let wanted = json_list(changes.experiments.iter().map(ExperimentId::raw));
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![before, wanted])?;
    let mut step = Step {
        new: Vec::new(),
        next: None,
    };
    let (mut read, mut recent, mut last) = (0, false, before);
    while let Some(row) = rows.next()? {
        read += 1;
        last = integer(at(row, 0)).unwrap_or(last);
        if integer(at(row, 2)).is_some_and(|start| start >= changes.since) {
            recent = true;
            if integer(at(row, 3)) == Some(1) {
                step.new.push(text(at(row, 1)).raw().to_owned());
            }
        }
    }
    step.next = (recent && read == limits::SQLITE_RUNS).then_some(last);
    Ok(step)
}
