//! What changed in a listing, asked of a server: the known runs by their ids, a few hundred a request, and the new ones by the
//! time of their start.

use super::RestStore;
use crate::domain::{ExperimentId, Run, RunId, StoreError, StoreErrorKind};
use crate::store::changed_runs::read_new_runs;
use crate::store::nested_runs::{PARENT_RUN_TAG, collect_nested_runs};
use crate::store::{ChangedRunsQuery, LifecycleFilter, ReadStore, Result, RunQuery, limits};

impl RestStore {
    pub(super) async fn read_changed_runs(&self, query: &ChangedRunsQuery) -> Result<Vec<Run>> {
        let mut runs = read_new_runs(
            self,
            query,
            Some(format!("attributes.start_time >= {}", query.since)),
        )
        .await?;
        let remaining: Vec<&RunId> = query
            .known
            .iter()
            .filter(|id| is_filter_safe(id) && !runs.iter().any(|run| run.id == **id))
            .collect();
        for ids in remaining.chunks(limits::CHANGED_RUNS_BATCH) {
            let list: Vec<String> = ids.iter().map(|id| format!("'{}'", id.raw())).collect();
            let batch_query = RunQuery {
                experiments: query.experiments.clone(),
                filter: Some(format!("attributes.run_id IN ({})", list.join(", "))),
                order_by: Vec::new(),
                lifecycle: LifecycleFilter::Active,
                page_size: limits::CHANGED_RUNS_BATCH as u32,
            };
            runs.extend(self.runs(&batch_query, None).await?.items);
        }
        Ok(runs)
    }

    pub(super) async fn read_nested_runs(
        &self,
        experiments: &[ExperimentId],
        parent: &RunId,
    ) -> Result<Vec<Run>> {
        if !is_filter_safe(parent) {
            let why = "its id can't stand in a filter of MLflow's; loading all runs shows them";
            return Err(StoreError::new(
                StoreErrorKind::InvalidRequest,
                "reading nested runs",
                why,
            ));
        }
        collect_nested_runs(
            self,
            experiments,
            parent,
            Some(format!("tags.{PARENT_RUN_TAG} = '{}'", parent.raw())),
        )
        .await
    }
}

/// Whether an id can stand in MLflow's grammar as it is. MLflow's own are hexadecimal; others are left to a full refresh.
fn is_filter_safe(id: &RunId) -> bool {
    !id.raw().is_empty()
        && id
            .raw()
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
