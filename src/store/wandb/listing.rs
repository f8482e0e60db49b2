//! Runs and experiments of a folder, page by page, the newest first. A token names the last run of a page, so that runs which are
//! added meanwhile make no other run appear twice or not at all.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::cache::{RunCache, RunHeader};
use super::parallel::{map_parallel, run_blocking};
use crate::domain::{Experiment, Lifecycle, Millis, Run, StoreError, StoreErrorKind};
use crate::store::{ChangedRunsQuery, LifecycleFilter, Page, PageToken, Result, RunQuery, limits};

/// A run's place in the order: runs without a start come last.
type SortKey = (Reverse<Option<Millis>>, String);

fn sort_key(entry: &RunHeader) -> SortKey {
    (Reverse(entry.started_at), entry.run_dir.id.raw().to_owned())
}

fn to_token((start, id): &SortKey) -> PageToken {
    PageToken(format!(
        "{}:{id}",
        start
            .0
            .map_or_else(|| "-".to_owned(), |start| start.to_string())
    ))
}

fn parse_token(token: &PageToken) -> Option<SortKey> {
    let (start, id) = token.0.split_once(':')?;
    let start = if start == "-" {
        None
    } else {
        Some(start.parse().ok()?)
    };
    Some((Reverse(start), id.to_owned()))
}

/// All runs that are there, the newest first, by the beginning of their files.
pub(super) async fn load_headers(cache: &Arc<RunCache>, what: &str) -> Result<Vec<RunHeader>> {
    let (cache_clone, what_owned) = (Arc::clone(cache), what.to_owned());
    let run_dirs = run_blocking(what, move || cache_clone.run_dirs(&what_owned)).await??;
    let cache_clone = Arc::clone(cache);
    let mut entries = map_parallel(what, run_dirs, move |place| {
        cache_clone.header(place.clone())
    })
    .await?;
    entries.sort_by_cached_key(sort_key);
    Ok(entries)
}

/// The projects as experiments, the newest first.
pub(super) async fn experiments(
    cache: &Arc<RunCache>,
    view: LifecycleFilter,
) -> Result<Vec<Experiment>> {
    let entries = load_headers(cache, "reading experiments").await?;
    let mut found: Vec<Experiment> = Vec::new();
    let mut known = HashMap::new();
    for entry in entries
        .into_iter()
        .filter(|_| view != LifecycleFilter::Deleted)
    {
        let at = *known.entry(entry.experiment.clone()).or_insert_with(|| {
            found.push(Experiment {
                id: entry.experiment.clone(),
                name: entry.experiment.text().clone(),
                artifact_location: cache.root().to_string_lossy().as_ref().into(),
                lifecycle: Lifecycle::Active,
                creation_time: None,
                last_update_time: None,
                tags: Vec::new(),
                run_count: Some(0),
                last_run_time: entry.started_at,
            });
            found.len() - 1
        });
        let experiment = &mut found[at];
        // The oldest comes last.
        experiment.creation_time = entry.started_at.or(experiment.creation_time);
        experiment.run_count = experiment.run_count.map(|runs| runs + 1);
    }
    Ok(found)
}

/// A page of a question's runs. It ends early once that many bytes are read for it that the first rows would be late.
pub(super) async fn page(
    cache: &Arc<RunCache>,
    query: &RunQuery,
    from: Option<&PageToken>,
) -> Result<Page<Run>> {
    let what = "reading runs";
    let invalid = |why| Err(StoreError::new(StoreErrorKind::InvalidRequest, what, why));
    if query.filter.is_some() || !query.order_by.is_empty() {
        return invalid("W&B's files take no filter and no order of MLflow's; both are done here");
    }
    let after = from.map(parse_token);
    if after == Some(None) {
        return invalid("the page token is none of this store's");
    }
    let mut entries = load_headers(cache, what).await?;
    let experiment_ids: HashSet<_> = query.experiments.iter().collect();
    entries.retain(|entry| {
        query.lifecycle != LifecycleFilter::Deleted
            && (experiment_ids.is_empty() || experiment_ids.contains(&entry.experiment))
    });
    let total = Some(entries.len() as u64);
    let begin = after.flatten().map_or(0, |after| {
        entries.partition_point(|entry| sort_key(entry) <= after)
    });
    let mut rest = entries.split_off(begin);
    let count = page_len(&rest, query.page_size);
    let next = if count < rest.len() {
        rest.get(count.wrapping_sub(1))
            .map(|last| to_token(&sort_key(last)))
    } else {
        None
    };
    rest.truncate(count);
    let cache_clone = Arc::clone(cache);
    let items = map_parallel(what, rest, move |entry| {
        cache_clone.load_run(&entry.run_dir)
    })
    .await?;
    Ok(Page { items, next, total })
}

/// How many of these runs make a page: so many, or as many as are read soon.
fn page_len(rest: &[RunHeader], size: u32) -> usize {
    let size = if size == 0 { limits::PAGE_RUNS } else { size } as usize;
    let mut bytes = 0_u64;
    let is_late = |entry: &RunHeader| {
        let late = bytes >= limits::WANDB_PAGE_BYTES;
        bytes = bytes.saturating_add(entry.unread_bytes);
        late
    };
    rest.iter()
        .take(size)
        .position(is_late)
        .unwrap_or(rest.len().min(size))
}

/// The known runs that are still there, and those that started since.
pub(super) async fn changed_runs(
    cache: &Arc<RunCache>,
    changes: &ChangedRunsQuery,
) -> Result<Vec<Run>> {
    let what = "looking for new runs";
    let mut entries = load_headers(cache, what).await?;
    let known: HashSet<_> = changes.known.iter().collect();
    let experiment_ids: HashSet<_> = changes.experiments.iter().collect();
    entries.retain(|entry| {
        let is_new = entry.started_at.is_some_and(|start| start >= changes.since)
            && (experiment_ids.is_empty() || experiment_ids.contains(&entry.experiment));
        is_new || known.contains(&entry.run_dir.id)
    });
    let cache_clone = Arc::clone(cache);
    map_parallel(what, entries, move |entry| {
        cache_clone.load_run(&entry.run_dir)
    })
    .await
}
