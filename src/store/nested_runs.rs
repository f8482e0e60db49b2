//! The runs that are nested in a run, asked for by themselves: where a listing was not read to its end, they may be beyond it.

use super::{LifecycleFilter, ReadStore, Result, RunQuery, limits};
use crate::domain::{ExperimentId, Run, RunId};

/// The tag by which a run names the one that it is nested in.
pub(super) const PARENT_RUN_TAG: &str = "mlflow.parentRunId";

/// Active runs that are nested directly in one, as they stand in the store.
///
/// Pages are followed to the end, or up to [`limits::NESTED_RUNS`]; `filter` is what the store is told, and what it gives back is
/// looked at all the same.
pub(super) async fn collect_nested_runs<R: ReadStore + ?Sized>(
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
    let mut found = Vec::new();
    let mut from = None;
    for _ in 0..limits::MAX_PAGES {
        let page = reader.runs(&query, from.as_ref()).await?;
        found.extend(page.items.into_iter().filter(|run| {
            run.tag(PARENT_RUN_TAG)
                .is_some_and(|tag| tag.raw() == parent.raw())
        }));
        from = page
            .next
            .filter(|next| found.len() < limits::NESTED_RUNS && from.as_ref() != Some(next));
        if from.is_none() {
            break;
        }
    }
    found.truncate(limits::NESTED_RUNS);
    Ok(found)
}
