//! The experiments and runs of a folder, newest first.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::cache::{RunCache, RunHeader};
use crate::domain::{Experiment, Lifecycle, Run, StoreError, StoreErrorKind};
use crate::store::local::{map_parallel, run_blocking};
use crate::store::pagination::SortKey;
use crate::store::{ChangedRunsQuery, LifecycleFilter, Page, PageToken, Result, RunQuery, limits};

fn sort_key(header: &RunHeader) -> SortKey {
    SortKey::new(header.started_at, header.run_dir.id.raw())
}

/// The headers of all runs, newest first.
pub(super) async fn load_headers(cache: &Arc<RunCache>, what: &str) -> Result<Vec<RunHeader>> {
    let (cache_clone, what_owned) = (Arc::clone(cache), what.to_owned());
    let run_dirs = run_blocking(what, move || cache_clone.run_dirs(&what_owned)).await??;
    let cache_clone = Arc::clone(cache);
    let mut headers = map_parallel(what, run_dirs, move |run_dir| {
        cache_clone.header(run_dir.clone())
    })
    .await?;
    headers.sort_by_cached_key(sort_key);
    Ok(headers)
}

/// The projects, by their newest run.
pub(super) async fn experiments(
    cache: &Arc<RunCache>,
    lifecycle: LifecycleFilter,
) -> Result<Vec<Experiment>> {
    let headers = load_headers(cache, "reading experiments").await?;
    let mut found: Vec<Experiment> = Vec::new();
    let mut known = HashMap::new();
    for header in headers
        .into_iter()
        .filter(|_| lifecycle != LifecycleFilter::Deleted)
    {
        let at = *known.entry(header.experiment.clone()).or_insert_with(|| {
            found.push(Experiment {
                id: header.experiment.clone(),
                name: header.experiment.text().clone(),
                artifact_location: cache.root().to_string_lossy().as_ref().into(),
                lifecycle: Lifecycle::Active,
                creation_time: None,
                last_update_time: None,
                tags: Vec::new(),
                run_count: Some(0),
                last_run_time: header.started_at,
            });
            found.len() - 1
        });
        let experiment = &mut found[at];
        // Runs are sorted newest first, so the last one is the oldest.
        experiment.creation_time = header.started_at.or(experiment.creation_time);
        experiment.run_count = experiment.run_count.map(|runs| runs + 1);
    }
    Ok(found)
}

/// A page of runs. It ends early after [`limits::WANDB_PAGE_BYTES`].
pub(super) async fn page(
    cache: &Arc<RunCache>,
    query: &RunQuery,
    from: Option<&PageToken>,
) -> Result<Page<Run>> {
    let what = "reading runs";
    let invalid = |why| Err(StoreError::new(StoreErrorKind::InvalidRequest, what, why));
    if query.filter.is_some() || !query.order_by.is_empty() {
        return invalid("W&B runs can't be filtered or ordered by the store; the run table does");
    }
    let after = match from.map(SortKey::from_token).transpose() {
        Ok(after) => after,
        Err(why) => return invalid(why),
    };
    let mut headers = load_headers(cache, what).await?;
    let experiment_ids: HashSet<_> = query.experiments.iter().collect();
    headers.retain(|header| {
        query.lifecycle != LifecycleFilter::Deleted
            && (experiment_ids.is_empty() || experiment_ids.contains(&header.experiment))
    });
    let total = Some(headers.len() as u64);
    let begin = after.map_or(0, |after| {
        headers.partition_point(|header| sort_key(header) <= after)
    });
    let mut rest = headers.split_off(begin);
    let count = page_len(&rest, query.page_size);
    let next = if count < rest.len() {
        rest.get(count.wrapping_sub(1))
            .map(|last| sort_key(last).to_token())
    } else {
        None
    };
    rest.truncate(count);
    let cache_clone = Arc::clone(cache);
    let items = map_parallel(what, rest, move |header| {
        cache_clone.load_run(&header.run_dir)
    })
    .await?;
    Ok(Page { items, next, total })
}

/// The length of a page: `size` runs, or fewer with much to read.
fn page_len(rest: &[RunHeader], size: u32) -> usize {
    let size = if size == 0 { limits::PAGE_RUNS } else { size } as usize;
    let mut bytes = 0_u64;
    let is_beyond = |header: &RunHeader| {
        let is_beyond = bytes >= limits::WANDB_PAGE_BYTES;
        bytes = bytes.saturating_add(header.unread_bytes);
        is_beyond
    };
    rest.iter()
        .take(size)
        .position(is_beyond)
        .unwrap_or(rest.len().min(size))
}

/// The known runs, and those that started since.
pub(super) async fn changed_runs(
    cache: &Arc<RunCache>,
    changes: &ChangedRunsQuery,
) -> Result<Vec<Run>> {
    let what = "reading changed runs";
    let mut headers = load_headers(cache, what).await?;
    let known: HashSet<_> = changes.known.iter().collect();
    let experiment_ids: HashSet<_> = changes.experiments.iter().collect();
    headers.retain(|header| {
        let is_new = header
            .started_at
            .is_some_and(|start| start >= changes.since)
            && (experiment_ids.is_empty() || experiment_ids.contains(&header.experiment));
        // An earlier folder of a resumed run gets another id when the run is resumed.
        let is_known_piece = || {
            let resumed = header.run_dir.resumed_id();
            resumed.is_some_and(|id| known.contains(&id))
        };
        is_new || known.contains(&header.run_dir.id) || is_known_piece()
    });
    let cache_clone = Arc::clone(cache);
    map_parallel(what, headers, move |header| {
        cache_clone.load_run(&header.run_dir)
    })
    .await
}
