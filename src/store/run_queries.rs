//! Queries that a store without a faster way answers by paging: changed runs and nested runs.

use super::{LifecycleFilter, ReadStore, Result, RunQuery, limits};
use crate::domain::{
    ExperimentId, Lifecycle, Millis, RUN_NAME_TAG, Run, RunId, StoreErrorKind, USER_TAG,
};
use crate::text::Untrusted;

/// The tag in which a nested run names its parent.
pub(super) const PARENT_RUN_TAG: &str = "mlflow.parentRunId";

/// A query for what changed in a listing of active runs. It costs what changed, not the whole
/// listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangedRunsQuery {
    /// The experiments of the listing.
    pub experiments: Vec<ExperimentId>,
    /// Listed runs that may have changed, such as running ones.
    pub known: Vec<RunId>,
    /// Also return runs that started at this time or later, ms since the epoch.
    pub since: Millis,
    /// Listed runs that have ended: they are looked up only for whether they were deleted.
    pub ended: Vec<RunId>,
}

/// The result of [`poll_changed_runs`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangedRuns {
    /// The known runs that are still active, and the new ones; empty if the store is unchanged.
    pub runs: Vec<Run>,
    /// The ended runs that were deleted.
    pub deleted: Vec<RunId>,
    /// The store's revision before the runs were read.
    pub revision: Option<u64>,
    /// Whether the revision is still the last one, so that nothing was read.
    pub is_unchanged: bool,
}

/// Reads what changed, unless the store's revision is still `last_revision`.
///
/// # Errors
/// When the store can't be read.
pub async fn poll_changed_runs(
    reader: &dyn ReadStore,
    query: &ChangedRunsQuery,
    last_revision: Option<u64>,
) -> Result<ChangedRuns> {
    // Read first: a change during the query below is found by the next poll.
    let revision = reader.revision().await?;
    let is_unchanged = revision.is_some() && revision == last_revision;
    if is_unchanged {
        return Ok(ChangedRuns {
            revision,
            is_unchanged,
            ..ChangedRuns::default()
        });
    }
    let runs = reader.changed_runs(query).await?;
    let deleted = if query.ended.is_empty() {
        Vec::new()
    } else {
        reader
            .deleted_runs(&query.experiments, &query.ended)
            .await?
    };
    Ok(ChangedRuns {
        runs,
        deleted,
        revision,
        is_unchanged,
    })
}

/// Finds new runs on the newest pages, and reads the known runs one by one.
pub(super) async fn read_changed_runs<R: ReadStore + ?Sized>(
    reader: &R,
    query: &ChangedRunsQuery,
) -> Result<Vec<Run>> {
    let mut runs = read_new_runs(reader, query, None).await?;
    for id in &query.known {
        if runs.iter().any(|run| run.id == *id) {
            continue;
        }
        match reader.run(id).await {
            Ok(run) if run.lifecycle == Lifecycle::Active => runs.push(run),
            Ok(_) => {}
            Err(error) if error.kind == StoreErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(runs)
}

/// The runs that started since, newest first. `filter` lets the store skip others; it may be
/// imprecise.
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
    let mut new_runs = Vec::new();
    let mut from = None;
    for _ in 0..limits::MAX_PAGES {
        let page = reader.runs(&page_query, from.as_ref()).await?;
        let all_new = page.items.iter().all(is_new);
        new_runs.extend(page.items.into_iter().filter(is_new));
        from = page.next.filter(|_| all_new);
        if from.is_none() {
            break;
        }
    }
    Ok(new_runs)
}

/// The active runs nested directly in `parent`, up to [`limits::NESTED_RUNS`]. `filter` lets the
/// store skip others; it may be imprecise.
pub(super) async fn read_nested_runs<R: ReadStore + ?Sized>(
    reader: &R,
    experiments: &[ExperimentId],
    parent: &RunId,
    filter: Option<String>,
) -> Result<Vec<Run>> {
    let query = RunQuery {
        experiments: experiments.to_vec(),
        filter,
        order_by: Vec::new(),
        lifecycle: LifecycleFilter::Active,
        page_size: limits::PAGE_RUNS,
    };
    let mut nested = Vec::new();
    let mut from = None;
    for _ in 0..limits::MAX_PAGES {
        let page = reader.runs(&query, from.as_ref()).await?;
        nested.extend(page.items.into_iter().filter(|run| {
            run.tag(PARENT_RUN_TAG)
                .is_some_and(|tag| tag.raw() == parent.raw())
        }));
        from = page
            .next
            .filter(|next| nested.len() < limits::NESTED_RUNS && from.as_ref() != Some(next));
        if from.is_none() {
            break;
        }
    }
    nested.truncate(limits::NESTED_RUNS);
    Ok(nested)
}

/// Old versions of MLflow store the name and the user as tags only.
pub(super) fn fill_from_tags(run: &mut Run) {
    let tag = |key: &str, current: &Untrusted| {
        let tag = run.tag(key).filter(|_| current.is_empty());
        tag.unwrap_or(current).clone()
    };
    (run.name, run.user) = (tag(RUN_NAME_TAG, &run.name), tag(USER_TAG, &run.user));
}
