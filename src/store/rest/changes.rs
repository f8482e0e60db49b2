//! What changed in a listing, asked of a server: the known runs by their ids, a few hundred a request, and the new ones by the
//! time of their start.

use super::RestStore;
use crate::domain::{ExperimentId, Fault, FaultKind, Run, RunId};
use crate::store::changes::newest;
use crate::store::nested::{PARENT_TAG, nested};
use crate::store::{Answer, Read, RunChanges, RunQuery, View, limits};

impl RestStore {
    pub(super) async fn read_changes(&self, changes: &RunChanges) -> Answer<Vec<Run>> {
        let mut runs = newest(
            self,
            changes,
            Some(format!("attributes.start_time >= {}", changes.since)),
        )
        .await?;
        let asked: Vec<&RunId> = changes
            .known
            .iter()
            .filter(|id| is_plain(id) && !runs.iter().any(|run| run.id == **id))
            .collect();
        for ids in asked.chunks(limits::CHANGED_RUNS) {
            let list: Vec<String> = ids.iter().map(|id| format!("'{}'", id.raw())).collect();
            let query = RunQuery {
                experiments: changes.experiments.clone(),
                filter: Some(format!("attributes.run_id IN ({})", list.join(", "))),
                order_by: Vec::new(),
                view: View::Active,
                page_size: limits::CHANGED_RUNS as u32,
            };
            runs.extend(self.runs(&query, None).await?.items);
        }
        Ok(runs)
    }

    pub(super) async fn read_nested(
        &self,
        experiments: &[ExperimentId],
        parent: &RunId,
    ) -> Answer<Vec<Run>> {
        if !is_plain(parent) {
            let why = "its id can't stand in a filter of MLflow's; loading all runs shows them";
            return Err(Fault::new(FaultKind::Invalid, "reading nested runs", why));
        }
        nested(
            self,
            experiments,
            parent,
            Some(format!("tags.{PARENT_TAG} = '{}'", parent.raw())),
        )
        .await
    }
}

/// Whether an id can stand in MLflow's grammar as it is. MLflow's own are hexadecimal; others are left to a full refresh.
fn is_plain(id: &RunId) -> bool {
    !id.raw().is_empty()
        && id
            .raw()
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
