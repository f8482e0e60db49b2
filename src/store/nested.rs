//! The runs that are nested in a run, asked for by themselves: where a listing was not read to its end, they may be beyond it.

use super::{Answer, Read, RunQuery, View, limits};
use crate::domain::{ExperimentId, Run, RunId};

/// The tag by which a run names the one that it is nested in.
pub(super) const PARENT_TAG: &str = "mlflow.parentRunId";

/// Active runs that are nested directly in one, as they stand in the store.
///
/// Pages are followed to the end, or up to [`limits::NESTED_RUNS`]; `filter` is what the store is told, and what it gives back is
/// looked at all the same.
pub(super) async fn nested<R: Read + ?Sized>(
    reader: &R,
    experiments: &[ExperimentId],
    parent: &RunId,
    filter: Option<String>,
) -> Answer<Vec<Run>> {
    let query = RunQuery {
        experiments: experiments.to_vec(),
        filter,
        order_by: Vec::new(),
        view: View::Active,
        page_size: limits::PAGE_RUNS,
    };
    let mut found = Vec::new();
    let mut from = None;
    for _ in 0..limits::PAGES {
        let page = reader.runs(&query, from.as_ref()).await?;
        found.extend(page.items.into_iter().filter(|run| {
            run.tag(PARENT_TAG)
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
