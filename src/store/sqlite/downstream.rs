//! Lineage asked backwards, read from the file: one question for the versions, and their runs.

use std::collections::HashSet;

use rusqlite::Connection;

use super::SqliteStore;
use super::connection::QueryError;
use super::schema::Schema;
use super::values::{column_value, text};
use super::versions::{VersionSelector, load};
use crate::domain::{LoggedModelId, RunId};
use crate::store::downstream::{Downstream, Upstream};
use crate::store::nested_runs::PARENT_RUN_TAG;
use crate::store::{LifecycleFilter, Result, limits};

/// Runs by what they read: the logged model of MLflow 3.
const MODEL_READERS_SQL: &str = "SELECT i.source_id FROM inputs AS i WHERE i.source_type = 'RUN_INPUT' AND i.destination_type = 'MODEL_INPUT' AND i.destination_id = ?1";

/// The versions that were made from something, and the runs that they came from.
pub(super) async fn find_downstream(store: &SqliteStore, of: &Upstream) -> Result<Downstream> {
    let what = format!("looking for what was made from {of}");
    let (schema, upstream) = (std::sync::Arc::clone(&store.schema), of.clone());
    let read = move |connection: &Connection| {
        let versions = if schema.has_registry() {
            load(
                connection,
                &schema,
                VersionSelector::DownstreamOf(&upstream),
            )?
        } else {
            Vec::new()
        };
        let readers = match &upstream {
            Upstream::Model { id, .. } => load_model_readers(connection, &schema, id)?,
            _ => Vec::new(),
        };
        Ok((versions, readers))
    };
    let (versions, readers) = store.database.read(what.clone(), read).await?;
    let mut seen = HashSet::new();
    let ids = versions
        .iter()
        .map(|version| version.run_id.clone())
        .chain(readers);
    let ids: Vec<RunId> = ids.filter(|id| seen.insert(id.clone())).collect();
    let incomplete_reason = (ids.len() > limits::DOWNSTREAM_SCAN_RUNS).then(|| {
        format!(
            "only {} of {} runs were read",
            limits::DOWNSTREAM_SCAN_RUNS,
            ids.len()
        )
    });
    let mut runs = Vec::new();
    for chunk in ids
        .get(..limits::DOWNSTREAM_SCAN_RUNS.min(ids.len()))
        .unwrap_or_default()
        .chunks(limits::SQLITE_BATCH_RUNS)
    {
        runs.append(
            &mut super::runs::load(
                store,
                &what,
                chunk.iter().map(RunId::raw),
                LifecycleFilter::All,
            )
            .await?,
        );
    }
    Ok(Downstream {
        versions,
        runs,
        incomplete_reason,
    })
}

/// The condition on `v`, with one parameter: what it was made from.
pub(super) fn version_condition(upstream: &Upstream, schema: &Schema) -> String {
    let never = || "?1 IS NULL AND 0".to_owned();
    match upstream {
        Upstream::Digest(_) if ["inputs", "datasets"].iter().all(|table| schema.has_table(table)) => {
            "v.run_id IN (SELECT i.destination_id FROM datasets AS d JOIN inputs AS i ON i.source_id = d.dataset_uuid \
             WHERE d.digest = ?1 AND i.source_type = 'DATASET' AND i.destination_type = 'RUN')"
                .to_owned()
        }
        Upstream::Commit(commit) if schema.has_table("tags") => {
            let matches_commit = if Upstream::is_commit_prefix(commit) { "substr(t.value, 1, length(?1)) = ?1" } else { "t.value = ?1" };
            format!(
                "v.run_id IN (SELECT t.run_uuid FROM tags AS t \
                 WHERE t.key IN ('mlflow.source.git.commit', 'mlflow.databricks.gitRepoCommit') AND {matches_commit})"
            )
        }
        Upstream::Run(_) if schema.has_table("tags") => {
            format!("(v.run_id = ?1 OR v.run_id IN (SELECT t.run_uuid FROM tags AS t WHERE t.key = '{PARENT_RUN_TAG}' AND t.value = ?1))")
        }
        Upstream::Run(_) => "v.run_id = ?1".to_owned(),
        Upstream::Model { .. } if schema.has_column("inputs", "step") => format!("v.run_id IN ({MODEL_READERS_SQL})"),
        Upstream::Digest(_) | Upstream::Commit(_) | Upstream::Model { .. } => never(),
    }
}

/// The parameter of [`condition`].
pub(super) fn condition_parameter(upstream: &Upstream) -> &str {
    match upstream {
        Upstream::Digest(text) | Upstream::Commit(text) => text.raw(),
        Upstream::Run(id) => id.raw(),
        Upstream::Model { id, .. } => id.raw(),
    }
}

fn load_model_readers(
    connection: &Connection,
    schema: &Schema,
    id: &LoggedModelId,
) -> Result<Vec<RunId>, QueryError> {
    if !schema.has_column("inputs", "step") {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare_cached(&format!("{MODEL_READERS_SQL} ORDER BY 1"))?;
    let mut rows = statement.query([id.raw()])?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        ids.push(RunId::new(text(column_value(row, 0))));
    }
    Ok(ids)
}
