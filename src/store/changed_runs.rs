//! What may have changed since a listing of runs was read: runs that were still going, and runs that are new. A refresh costs
//! what changed, never the whole listing again.

use super::{LifecycleFilter, ReadStore, Result, RunQuery, limits};
use crate::domain::{ExperimentId, Millis, Run, RunId, StoreErrorKind};

/// A question for what changed in a listing of active runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangedRunsQuery {
    /// In which experiments.
    pub experiments: Vec<ExperimentId>,
    /// Runs that are known and may have changed.
    pub known: Vec<RunId>,
    /// Runs that started at this time or later, ms since the epoch, are wanted, too.
    pub since: Millis,
}

/// What changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangedRuns {
    /// The known runs that are still in the listing, and the new ones; none when nothing changed at all.
    pub runs: Vec<Run>,
    /// The store's pulse before it was asked: see [`Read::pulse`].
    pub revision: Option<u64>,
    /// Whether the pulse was the same as last time, so that nothing was read.
    pub is_unchanged: bool,
}

/// Asks a store for what changed, unless its pulse is still the one of the last time.
///
/// # Errors
/// When the store can't answer.
pub async fn poll_changed_runs(
    reader: &dyn ReadStore,
    query: &ChangedRunsQuery,
    last_revision: Option<u64>,
) -> Result<ChangedRuns> {
    // Taken before the reading: what changes meanwhile is seen the next time.
    let revision = reader.revision().await?;
    if revision.is_some() && revision == last_revision {
        return Ok(ChangedRuns {
            runs: Vec::new(),
            revision,
            is_unchanged: true,
        });
    }
    Ok(ChangedRuns {
        runs: reader.changed_runs(query).await?,
        revision,
        is_unchanged: false,
    })
}

/// What every store can do: the newest page for the new runs, and one question for each known run.
pub(super) async fn read_each<R: ReadStore + ?Sized>(
    reader: &R,
    query: &ChangedRunsQuery,
) -> Result<Vec<Run>> {
    let mut runs = read_new_runs(reader, query, None).await?;
    for id in &query.known {
        if runs.iter().any(|run| run.id == *id) {
            continue;
        }
        match reader.run(id).await {
            Ok(run) if run.lifecycle == crate::domain::Lifecycle::Active => runs.push(run),
            Ok(_) => {}
            Err(fault) if fault.kind == StoreErrorKind::NotFound => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(runs)
}

/// The runs that started since, newest first, page by page; `filter` is what the store is told of it.
pub(super) async fn read_new_runs<R: ReadStore + ?Sized>(
    reader: &R,
    query: &ChangedRunsQuery,
    filter: Option<String>,
) -> Result<Vec<Run>> {
    let page_query = RunQuery {
        experiments: query.experiments.clone(),
        filter,
        order_by: Vec::new(),
        lifecycle: LifecycleFilter::Active,
        page_size: limits::FIRST_PAGE_RUNS,
    };
    let is_new = |run: &Run| run.start_time.is_some_and(|start| start >= query.since);
    let mut found = Vec::new();
    let mut from = None;
    for _ in 0..limits::MAX_PAGES {
        let page = reader.runs(&page_query, from.as_ref()).await?;
        let all_new = page.items.iter().all(is_new);
        found.extend(page.items.into_iter().filter(is_new));
        from = page.next.filter(|_| all_new);
        if from.is_none() {
            break;
        }
    }
    Ok(found)
}
