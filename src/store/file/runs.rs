//! Runs: a page of them, one, or those that changed.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::index::{Index, RunEntry, list_entries, lock, matches_lifecycle};
use super::layout::{META_FILE, MODELS_DIR};
use super::metrics;
use super::run_data::load_run;
use super::small_file::{hash_files, read_bytes, read_text};
use crate::domain::{ExperimentId, MetricHistory, Run, RunId, StoreError, StoreErrorKind};
use crate::store::local::{FileStamp, map_parallel, run_blocking};
use crate::store::pagination::{ListingCache, SortKey, describe_query};
use crate::store::run_queries::PARENT_RUN_TAG;
use crate::store::{
    ChangedRunsQuery, LifecycleFilter, Page, PageToken, Resolution, Result, RunQuery, limits,
};
use crate::text::Untrusted;

/// The folders with the data of a run.
const DATA_DIRS: [&str; 5] = ["params", "metrics", "tags", "inputs", "outputs"];

pub(super) async fn page(
    index: &Arc<Index>,
    listings: &ListingCache,
    query: &RunQuery,
    from: Option<&PageToken>,
) -> Result<Page<Run>> {
    let what = describe_query(query);
    let invalid = |why| Err(StoreError::new(StoreErrorKind::InvalidRequest, &*what, why));
    if query.filter.is_some() || !query.order_by.is_empty() {
        return invalid("a file store can't filter or order; the run table does");
    }
    let after = match from.map(SortKey::from_token).transpose() {
        Ok(after) => after,
        Err(why) => return invalid(why),
    };
    let listing = RunQuery {
        page_size: 0,
        ..query.clone()
    };
    let cached = after.as_ref().and_then(|_| listings.get(&listing));
    let keys = match cached {
        Some(keys) => keys,
        None => sorted_keys(index, &what, query).await?,
    };
    let begin = after.map_or(0, |after| keys.partition_point(|key| *key <= after));
    let size = match query.page_size {
        0 => limits::PAGE_RUNS,
        size => size,
    };
    let end = begin.saturating_add(size as usize).min(keys.len());
    let page_keys = keys.get(begin..end).unwrap_or_default();
    let ids: Vec<RunId> = page_keys.iter().map(|key| RunId::from(&*key.id)).collect();
    let shared = Arc::clone(index);
    let what_owned = what.clone();
    // A run that was removed since it was listed is left out.
    let runs = map_parallel(&what, ids, move |id| {
        let known = shared.known(id.raw());
        let known = known.or_else(|| shared.find(&what_owned, id).ok())?;
        let entry = shared.entry(&known.dir, &known.experiment)?;
        Some(load_run(&shared, &entry))
    })
    .await?;
    let next = page_keys.last().filter(|_| end < keys.len());
    let page = Page {
        items: runs.into_iter().flatten().collect(),
        next: next.map(SortKey::to_token),
        total: Some(keys.len() as u64),
    };
    let is_last = page.next.is_none();
    listings.set(listing, (!is_last).then_some(keys));
    Ok(page)
}

async fn sorted_keys(index: &Arc<Index>, what: &str, query: &RunQuery) -> Result<Arc<[SortKey]>> {
    let entries = list_entries(index, what, &query.experiments).await?;
    let mut keys: Vec<SortKey> = entries
        .iter()
        .filter(|entry| matches_lifecycle(entry, query.lifecycle))
        .map(|entry| entry.sort_key())
        .collect();
    keys.sort_unstable();
    Ok(keys.into())
}

/// One run, deleted or not.
pub(super) async fn get(index: &Arc<Index>, id: &RunId) -> Result<Run> {
    let what = format!("reading run {}", id.clean());
    let (index, id, what_owned) = (Arc::clone(index), id.clone(), what.clone());
    run_blocking(&what, move || {
        let entry = index.find(&what_owned, &id)?;
        Ok(load_run(&index, &entry))
    })
    .await?
}

/// Several runs; missing ones are left out.
pub(super) async fn get_all(index: &Arc<Index>, what: &str, ids: Vec<RunId>) -> Result<Vec<Run>> {
    let (index, what_owned) = (Arc::clone(index), what.to_owned());
    let runs = map_parallel(what, ids, move |id| {
        let entry = index.find(&what_owned, id).ok()?;
        Some(load_run(&index, &entry))
    })
    .await?;
    Ok(runs.into_iter().flatten().collect())
}

/// The known runs that are still active, and new ones. A run whose files are unchanged since the last
/// refresh is not read again.
pub(super) async fn changed(index: &Arc<Index>, query: &ChangedRunsQuery) -> Result<Vec<Run>> {
    let what = "reading changed runs";
    let mut entries = list_entries(index, what, &query.experiments).await?;
    let known: HashSet<&RunId> = query.known.iter().collect();
    entries.retain(|entry| {
        let is_new = entry
            .header
            .start_time
            .is_some_and(|start| start >= query.since);
        (is_new || known.contains(&entry.header.id))
            && matches_lifecycle(entry, LifecycleFilter::Active)
    });
    entries.sort_by_cached_key(|entry| entry.sort_key());
    let shared = Arc::clone(index);
    let runs = map_parallel(what, entries, move |entry| refresh(&shared, entry)).await?;
    let current: HashSet<&RunId> = runs.iter().map(|run| &run.id).collect();
    let mut refreshed = lock(&index.refreshed);
    if refreshed.len() > current.len() + limits::PAGE_RUNS as usize {
        refreshed.retain(|id, _| current.contains(id));
    }
    drop(refreshed);
    Ok(runs)
}

fn refresh(index: &Index, entry: &RunEntry) -> Run {
    let stamp = data_stamp(&entry.dir);
    let known = lock(&index.refreshed).get(&entry.header.id).cloned();
    if let Some((_, run)) = known.filter(|(known, _)| *known == stamp) {
        return run;
    }
    let run = load_run(index, entry);
    lock(&index.refreshed).insert(run.id.clone(), (stamp, run.clone()));
    run
}

/// The active runs nested directly in `parent`, newest first, found by one tag of each run.
pub(super) async fn nested(
    index: &Arc<Index>,
    experiments: &[ExperimentId],
    parent: &RunId,
) -> Result<Vec<Run>> {
    let what = format!("reading the runs nested in {}", parent.clean());
    let mut entries = list_entries(index, &what, experiments).await?;
    entries.retain(|entry| matches_lifecycle(entry, LifecycleFilter::Active));
    entries.sort_by_cached_key(|entry| entry.sort_key());
    let (shared, parent) = (Arc::clone(index), parent.clone());
    let runs = map_parallel(&what, entries, move |entry| {
        let tag = entry.dir.join("tags").join(PARENT_RUN_TAG);
        let value = read_text(&tag, limits::FILE_STORE_VALUE_BYTES).ok()?;
        (value == parent.raw()).then(|| load_run(&shared, entry))
    })
    .await?;
    Ok(runs
        .into_iter()
        .flatten()
        .take(limits::NESTED_RUNS)
        .collect())
}

/// A hash over the stamps of all files of a run.
fn data_stamp(dir: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    FileStamp::of(&dir.join(META_FILE)).hash(&mut hasher);
    hash_files(&DATA_DIRS.map(|name| dir.join(name)), &mut hasher);
    hasher.finish()
}

/// A number that changes with any run that is added, removed, ended, renamed or unfinished, and with
/// the registry. The values of an ended run are not looked at: 10,000 runs have 300,000 files.
pub(super) async fn revision(index: &Arc<Index>) -> Result<u64> {
    let (what, index) = ("checking for changes", Arc::clone(index));
    run_blocking(what, move || {
        let mut hasher = DefaultHasher::new();
        for experiment in index.experiments(what)? {
            (&experiment.id, experiment.is_deleted).hash(&mut hasher);
            FileStamp::of(&experiment.path.join(META_FILE)).hash(&mut hasher);
            hash_files(&[experiment.path.join("tags")], &mut hasher);
            let mut dirs = experiment.run_dirs().unwrap_or_default();
            dirs.sort_unstable();
            for dir in dirs {
                let Some(entry) = index.entry(&dir, &experiment) else {
                    continue;
                };
                dir.hash(&mut hasher);
                if entry.is_unfinished() {
                    data_stamp(&dir).hash(&mut hasher);
                } else {
                    FileStamp::of(&dir.join(META_FILE)).hash(&mut hasher);
                }
            }
        }
        let mut registry = Vec::new();
        registry_stamps(&index.root().join(MODELS_DIR), 0, &mut registry);
        registry.sort_unstable();
        registry.hash(&mut hasher);
        Ok(hasher.finish())
    })
    .await?
}

/// The registry is at most this deep: `NAME/version-1/tags/` and the parts of a tag's key.
const MAX_REGISTRY_DEPTH: usize = 12;

/// A hash for each file of the registry. Names of models are no keys of MLflow, so that
/// [`hash_files`] would leave them out.
fn registry_stamps(folder: &Path, depth: usize, stamps: &mut Vec<u64>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_dir && depth < MAX_REGISTRY_DEPTH {
            registry_stamps(&path, depth + 1, stamps);
        } else {
            let mut hasher = DefaultHasher::new();
            (&path, FileStamp::of(&path)).hash(&mut hasher);
            stamps.push(hasher.finish());
        }
    }
}

/// The histories of one metric; runs without it are left out.
pub(super) async fn histories(
    index: &Arc<Index>,
    runs: &[RunId],
    metric: &str,
    resolution: Resolution,
) -> Result<Vec<MetricHistory>> {
    let key = Untrusted::from(metric);
    let what = format!("reading the histories of {}", key.clean());
    let (shared, metric, what_owned) = (Arc::clone(index), metric.to_owned(), what.clone());
    let found = map_parallel(&what, runs.to_vec(), move |id| {
        let entry = shared.find(&what_owned, id).ok()?;
        let file = key_path(&entry.dir.join("metrics"), &metric)?;
        let bytes = read_bytes(&file, limits::FILE_STORE_METRIC_BYTES).ok()?;
        let points = metrics::history(&bytes);
        (!points.is_empty()).then(|| (id.clone(), points))
    })
    .await?;
    let found = found.into_iter().flatten();
    Ok(found
        .map(|(run, points)| resolution.sample(run, key.clone(), points))
        .collect())
}

/// The file of a key; `None` for a key that would lead out of the folder.
pub(super) fn key_path(folder: &Path, key: &str) -> Option<PathBuf> {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    let is_path = !key.is_empty() && Path::new(key).components().all(is_plain);
    (is_path && !key.ends_with('/') && !key.contains("//")).then(|| folder.join(key))
}

/// How many active runs each experiment has, and when the newest of them started.
pub(super) async fn activity(
    index: &Arc<Index>,
    what: &str,
) -> Result<HashMap<String, (u64, Option<i64>)>> {
    let mut activity: HashMap<String, (u64, Option<i64>)> = HashMap::new();
    for entry in list_entries(index, what, &[]).await? {
        if matches_lifecycle(&entry, LifecycleFilter::Active) {
            let (count, last) = activity.entry(entry.experiment.id.clone()).or_default();
            *count += 1;
            *last = (*last).max(entry.header.start_time);
        }
    }
    Ok(activity)
}
