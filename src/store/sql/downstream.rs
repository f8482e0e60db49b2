//! Versions by what they were made from, found by one query, and their runs.

use std::collections::HashSet;

use super::SqlStore;
use super::runs::load_batches;
use super::schema::Schema;
use super::tables::{QueryError, Tables, params};
use super::values::text;
use super::versions::{VersionSelector, load};
use crate::domain::LoggedModelId;
use crate::store::downstream::{Downstream, Upstream};
use crate::store::run_queries::PARENT_RUN_TAG;
use crate::store::{LifecycleFilter, Result, limits};

/// The runs that read a logged model.
const MODEL_READERS_SQL: &str = "SELECT i.source_id FROM inputs AS i \
    WHERE i.source_type = 'RUN_INPUT' AND i.destination_type = 'MODEL_INPUT' AND i.destination_id = ?1";

pub(super) async fn find_downstream(store: &SqlStore, upstream: &Upstream) -> Result<Downstream> {
    let what = format!("finding versions made from {upstream}");
    let upstream = upstream.clone();
    let read = move |tables: Tables<'_>| {
        let versions = if tables.schema.has_registry() {
            load(tables, VersionSelector::DownstreamOf(&upstream))?
        } else {
            Vec::new()
        };
        let readers = match &upstream {
            Upstream::Model { id, .. } => load_model_readers(tables, id)?,
            _ => Vec::new(),
        };
        Ok((versions, readers))
    };
    let (versions, readers) = store.database.read(&what, read).await?;
    let mut seen = HashSet::new();
    let mut ids: Vec<String> = versions
        .iter()
        .map(|version| version.run_id.raw().to_owned())
        .chain(readers)
        .filter(|id| seen.insert(id.clone()))
        .collect();
    let limit = limits::DOWNSTREAM_SCAN_RUNS;
    let incomplete_reason =
        (ids.len() > limit).then(|| format!("only {limit} of {} runs were read", ids.len()));
    ids.truncate(limit);
    Ok(Downstream {
        runs: load_batches(store, &what, &ids, LifecycleFilter::All).await?,
        versions,
        incomplete_reason,
    })
}

/// The condition on `v`, with [`condition_parameter`] as its only parameter.
pub(super) fn version_condition(upstream: &Upstream, schema: &Schema) -> String {
    match upstream {
        Upstream::Digest(_) if ["inputs", "datasets"].iter().all(|table| schema.has_table(table)) => {
            "v.run_id IN (SELECT i.destination_id FROM datasets AS d JOIN inputs AS i ON i.source_id = d.dataset_uuid \
             WHERE d.digest = ?1 AND i.source_type = 'DATASET' AND i.destination_type = 'RUN')"
                .to_owned()
        }
        Upstream::Commit(commit) if schema.has_table("tags") => {
            let is_commit = if Upstream::is_commit_prefix(commit) {
                "substr(t.value, 1, length(?1)) = ?1"
            } else {
                "t.value = ?1"
            };
            format!(
                "v.run_id IN (SELECT t.run_uuid FROM tags AS t \
                 WHERE t.key IN ('mlflow.source.git.commit', 'mlflow.databricks.gitRepoCommit') AND {is_commit})"
            )
        }
        Upstream::Run(_) if schema.has_table("tags") => format!(
            "(v.run_id = ?1 OR v.run_id IN (SELECT t.run_uuid FROM tags AS t WHERE t.key = '{PARENT_RUN_TAG}' AND t.value = ?1))"
        ),
        Upstream::Run(_) => "v.run_id = ?1".to_owned(),
        Upstream::Model { .. } if schema.has_column("inputs", "step") => {
            format!("v.run_id IN ({MODEL_READERS_SQL})")
        }
        Upstream::Digest(_) | Upstream::Commit(_) | Upstream::Model { .. } => {
            "?1 IS NULL AND FALSE".to_owned()
        }
    }
}

pub(super) fn condition_parameter(upstream: &Upstream) -> &str {
    match upstream {
        Upstream::Digest(text) | Upstream::Commit(text) => text.raw(),
        Upstream::Run(id) => id.raw(),
        Upstream::Model { id, .. } => id.raw(),
    }
}

fn load_model_readers(tables: Tables<'_>, id: &LoggedModelId) -> Result<Vec<String>, QueryError> {
    if !tables.schema.has_column("inputs", "step") {
        return Ok(Vec::new());
    }
    let sql = format!("{MODEL_READERS_SQL} ORDER BY 1");
    tables.collect(&sql, &params![id.raw()], |row| {
        text(row, 0).raw().to_owned()
    })
}
