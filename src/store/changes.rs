//! What may have changed since a listing of runs was read: runs that were still going, and runs that are new. A refresh costs
//! what changed, never the whole listing again.

use super::{Answer, Read, RunQuery, View, limits};
use crate::domain::{ExperimentId, FaultKind, Millis, Run, RunId};

/// A question for what changed in a listing of active runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunChanges {
    /// In which experiments.
    pub experiments: Vec<ExperimentId>,
    /// Runs that are known and may have changed.
    pub known: Vec<RunId>,
    /// Runs that started at this time or later, ms since the epoch, are wanted, too.
    pub since: Millis,
}

/// What changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changed {
    /// The known runs that are still in the listing, and the new ones; none when nothing changed at all.
    pub runs: Vec<Run>,
    /// The store's pulse before it was asked: see [`Read::pulse`].
    pub pulse: Option<u64>,
    /// Whether the pulse was the same as last time, so that nothing was read.
    pub same: bool,
}

/// Asks a store for what changed, unless its pulse is still the one of the last time.
///
/// # Errors
/// When the store can't answer.
pub async fn changed(
    reader: &dyn Read,
    changes: &RunChanges,
    last: Option<u64>,
) -> Answer<Changed> {
    // Taken before the reading: what changes meanwhile is seen the next time.
    let pulse = reader.pulse().await?;
    if pulse.is_some() && pulse == last {
        return Ok(Changed {
            runs: Vec::new(),
            pulse,
            same: true,
        });
    }
    Ok(Changed {
        runs: reader.changes(changes).await?,
        pulse,
        same: false,
    })
}

/// What every store can do: the newest page for the new runs, and one question for each known run.
pub(super) async fn one_by_one<R: Read + ?Sized>(
    reader: &R,
    changes: &RunChanges,
) -> Answer<Vec<Run>> {
    let mut runs = newest(reader, changes, None).await?;
    for id in &changes.known {
        if runs.iter().any(|run| run.id == *id) {
            continue;
        }
        match reader.run(id).await {
            Ok(run) if run.lifecycle == crate::domain::Lifecycle::Active => runs.push(run),
            Ok(_) => {}
            Err(fault) if fault.kind == FaultKind::Missing => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(runs)
}

/// The runs that started since, newest first, page by page; `filter` is what the store is told of it.
pub(super) async fn newest<R: Read + ?Sized>(
    reader: &R,
    changes: &RunChanges,
    filter: Option<String>,
) -> Answer<Vec<Run>> {
    let query = RunQuery {
        experiments: changes.experiments.clone(),
        filter,
        order_by: Vec::new(),
        view: View::Active,
        page_size: limits::FIRST_PAGE_RUNS,
    };
    let is_new = |run: &Run| run.start_time.is_some_and(|start| start >= changes.since);
    let mut found = Vec::new();
    let mut from = None;
    for _ in 0..limits::PAGES {
        let page = reader.runs(&query, from.as_ref()).await?;
        let all_new = page.items.iter().all(is_new);
        found.extend(page.items.into_iter().filter(is_new));
        from = page.next.filter(|_| all_new);
        if from.is_none() {
            break;
        }
    }
    Ok(found)
}
