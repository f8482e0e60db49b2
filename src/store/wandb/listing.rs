//! Runs and experiments of a folder, page by page, the newest first. A token names the last run of a page, so that runs which are
//! added meanwhile make no other run appear twice or not at all.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::pool::{blocking, each};
use super::shelf::{Entry, Shelf};
use crate::domain::{Experiment, Fault, FaultKind, Lifecycle, Millis, Run};
use crate::store::{Answer, Page, PageToken, RunChanges, RunQuery, View, limits};

/// A run's place in the order: runs without a start come last.
type Order = (Reverse<Option<Millis>>, String);

fn order(entry: &Entry) -> Order {
    (Reverse(entry.start), entry.place.id.raw().to_owned())
}

fn token((start, id): &Order) -> PageToken {
    PageToken(format!(
        "{}:{id}",
        start
            .0
            .map_or_else(|| "-".to_owned(), |start| start.to_string())
    ))
}

fn place(token: &PageToken) -> Option<Order> {
    let (start, id) = token.0.split_once(':')?;
    let start = if start == "-" {
        None
    } else {
        Some(start.parse().ok()?)
    };
    Some((Reverse(start), id.to_owned()))
}

/// All runs that are there, the newest first, by the beginning of their files.
pub(super) async fn entries(shelf: &Arc<Shelf>, what: &str) -> Answer<Vec<Entry>> {
    let (of, told) = (Arc::clone(shelf), what.to_owned());
    let places = blocking(what, move || of.places(&told)).await??;
    let of = Arc::clone(shelf);
    let mut entries = each(what, places, move |place| of.entry(place.clone())).await?;
    entries.sort_by_cached_key(order);
    Ok(entries)
}

/// The projects as experiments, the newest first.
pub(super) async fn experiments(shelf: &Arc<Shelf>, view: View) -> Answer<Vec<Experiment>> {
    let entries = entries(shelf, "reading experiments").await?;
    let mut found: Vec<Experiment> = Vec::new();
    let mut known = HashMap::new();
    for entry in entries.into_iter().filter(|_| view != View::Deleted) {
        let at = *known.entry(entry.experiment.clone()).or_insert_with(|| {
            found.push(Experiment {
                id: entry.experiment.clone(),
                name: entry.experiment.text().clone(),
                artifact_location: shelf.home().to_string_lossy().as_ref().into(),
                lifecycle: Lifecycle::Active,
                creation_time: None,
                last_update_time: None,
                tags: Vec::new(),
                runs: Some(0),
                last_run: entry.start,
            });
            found.len() - 1
        });
        let experiment = &mut found[at];
        // The oldest comes last.
        experiment.creation_time = entry.start.or(experiment.creation_time);
        experiment.runs = experiment.runs.map(|runs| runs + 1);
    }
    Ok(found)
}

/// A page of a question's runs. It ends early once that many bytes are read for it that the first rows would be late.
pub(super) async fn page(
    shelf: &Arc<Shelf>,
    query: &RunQuery,
    from: Option<&PageToken>,
) -> Answer<Page<Run>> {
    let what = "reading runs";
    let invalid = |why| Err(Fault::new(FaultKind::Invalid, what, why));
    if query.filter.is_some() || !query.order_by.is_empty() {
        return invalid("W&B's files take no filter and no order of MLflow's; both are done here");
    }
    let after = from.map(place);
    if after == Some(None) {
        return invalid("the page token is none of this store's");
    }
    let mut entries = entries(shelf, what).await?;
    let wanted: HashSet<_> = query.experiments.iter().collect();
    entries.retain(|entry| {
        query.view != View::Deleted && (wanted.is_empty() || wanted.contains(&entry.experiment))
    });
    let total = Some(entries.len() as u64);
    let begin = after.flatten().map_or(0, |after| {
        entries.partition_point(|entry| order(entry) <= after)
    });
    let mut rest = entries.split_off(begin);
    let count = count(&rest, query.page_size);
    let next = if count < rest.len() {
        rest.get(count.wrapping_sub(1))
            .map(|last| token(&order(last)))
    } else {
        None
    };
    rest.truncate(count);
    let of = Arc::clone(shelf);
    let items = each(what, rest, move |entry| of.run(&entry.place)).await?;
    Ok(Page { items, next, total })
}

/// How many of these runs make a page: so many, or as many as are read soon.
fn count(rest: &[Entry], size: u32) -> usize {
    let size = if size == 0 { limits::PAGE_RUNS } else { size } as usize;
    let mut bytes = 0_u64;
    let is_late = |entry: &Entry| {
        let late = bytes >= limits::WANDB_PAGE_BYTES;
        bytes = bytes.saturating_add(entry.unread);
        late
    };
    rest.iter()
        .take(size)
        .position(is_late)
        .unwrap_or(rest.len().min(size))
}

/// The known runs that are still there, and those that started since.
pub(super) async fn changes(shelf: &Arc<Shelf>, changes: &RunChanges) -> Answer<Vec<Run>> {
    let what = "looking for new runs";
    let mut entries = entries(shelf, what).await?;
    let known: HashSet<_> = changes.known.iter().collect();
    let wanted: HashSet<_> = changes.experiments.iter().collect();
    entries.retain(|entry| {
        let is_new = entry.start.is_some_and(|start| start >= changes.since)
            && (wanted.is_empty() || wanted.contains(&entry.experiment));
        is_new || known.contains(&entry.place.id)
    });
    let of = Arc::clone(shelf);
    each(what, entries, move |entry| of.run(&entry.place)).await
}
