//! Lineage asked backwards, read from the file: one question for the versions, and their runs.

use std::collections::HashSet;

use rusqlite::Connection;

use super::SqliteStore;
use super::connection::Failure;
use super::schema::Schema;
use super::values::{at, text};
use super::versions::{Wanted, load};
use crate::domain::{LoggedModelId, RunId};
use crate::store::made_from::{Made, MadeFrom};
use crate::store::nested::PARENT_TAG;
use crate::store::{Answer, View, limits};

/// Runs by what they read: the logged model of MLflow 3.
const READERS: &str = "SELECT i.source_id FROM inputs AS i WHERE i.source_type = 'RUN_INPUT' AND i.destination_type = 'MODEL_INPUT' AND i.destination_id = ?1";

/// The versions that were made from something, and the runs that they came from.
pub(super) async fn of(store: &SqliteStore, of: &MadeFrom) -> Answer<Made> {
    let what = format!("looking for what was made from {of}");
    let (schema, wanted) = (std::sync::Arc::clone(&store.schema), of.clone());
    let read = move |connection: &Connection| {
        let versions = if schema.has_registry() {
            load(connection, &schema, Wanted::Made(&wanted))?
        } else {
            Vec::new()
        };
        let readers = match &wanted {
            MadeFrom::Model { id, .. } => readers(connection, &schema, id)?,
            _ => Vec::new(),
        };
        Ok((versions, readers))
    };
    let (versions, readers) = store.database.read(what.clone(), read).await?;
    let mut known = HashSet::new();
    let ids = versions
        .iter()
        .map(|version| version.run_id.clone())
        .chain(readers);
    let ids: Vec<RunId> = ids.filter(|id| known.insert(id.clone())).collect();
    let left_out = (ids.len() > limits::MADE_RUNS)
        .then(|| format!("only {} of {} runs were read", limits::MADE_RUNS, ids.len()));
    let mut runs = Vec::new();
    for chunk in ids
        .get(..limits::MADE_RUNS.min(ids.len()))
        .unwrap_or_default()
        .chunks(limits::SQLITE_RUNS)
    {
        runs.append(
            &mut super::runs::load(store, &what, chunk.iter().map(RunId::raw), View::All).await?,
        );
    }
    Ok(Made {
        versions,
        runs,
        left_out,
    })
}

/// The condition on `v`, with one parameter: what it was made from.
pub(super) fn condition(of: &MadeFrom, schema: &Schema) -> String {
    let nothing = || "?1 IS NULL AND 0".to_owned();
    match of {
        MadeFrom::Digest(_) if ["inputs", "datasets"].iter().all(|table| schema.has_table(table)) => {
            "v.run_id IN (SELECT i.destination_id FROM datasets AS d JOIN inputs AS i ON i.source_id = d.dataset_uuid \
             WHERE d.digest = ?1 AND i.source_type = 'DATASET' AND i.destination_type = 'RUN')"
                .to_owned()
        }
        MadeFrom::Commit(commit) if schema.has_table("tags") => {
            let fits = if MadeFrom::is_beginning(commit) { "substr(t.value, 1, length(?1)) = ?1" } else { "t.value = ?1" };
            format!(
                "v.run_id IN (SELECT t.run_uuid FROM tags AS t \
                 WHERE t.key IN ('mlflow.source.git.commit', 'mlflow.databricks.gitRepoCommit') AND {fits})"
            )
        }
        MadeFrom::Run(_) if schema.has_table("tags") => {
            format!("(v.run_id = ?1 OR v.run_id IN (SELECT t.run_uuid FROM tags AS t WHERE t.key = '{PARENT_TAG}' AND t.value = ?1))")
        }
        MadeFrom::Run(_) => "v.run_id = ?1".to_owned(),
        MadeFrom::Model { .. } if schema.has("inputs", "step") => format!("v.run_id IN ({READERS})"),
        MadeFrom::Digest(_) | MadeFrom::Commit(_) | MadeFrom::Model { .. } => nothing(),
    }
}

/// The parameter of [`condition`].
pub(super) fn parameter(of: &MadeFrom) -> &str {
    match of {
        MadeFrom::Digest(text) | MadeFrom::Commit(text) => text.raw(),
        MadeFrom::Run(id) => id.raw(),
        MadeFrom::Model { id, .. } => id.raw(),
    }
}

fn readers(
    connection: &Connection,
    schema: &Schema,
    id: &LoggedModelId,
) -> Result<Vec<RunId>, Failure> {
    if !schema.has("inputs", "step") {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare_cached(&format!("{READERS} ORDER BY 1"))?;
    let mut rows = statement.query([id.raw()])?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        ids.push(RunId::new(text(at(row, 0))));
    }
    Ok(ids)
}
