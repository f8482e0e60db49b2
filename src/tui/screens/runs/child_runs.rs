//! Loads the runs nested in a parent when it is expanded, while the table has only a part of the runs.

use std::collections::HashSet;

use super::request_state::RequestState;
use crate::analysis::heartbeat::update_heartbeats;
use crate::domain::{ExperimentId, Run, RunId, StoreError};
use crate::store::limits::NESTED_RUNS;
use crate::table::RunTable;
use crate::tui::app::UpdateContext;
use crate::tui::app::message::{Request, Ticket};

#[derive(Debug, Default)]
pub(super) struct ChildRunLoader {
    request: RequestState<RunId>,
    /// Parents whose nested runs are all in the table.
    loaded_parents: HashSet<RunId>,
}

impl ChildRunLoader {
    /// Forgets the loaded parents, because the table is reloaded.
    pub(super) fn restart(&mut self, context: &mut UpdateContext<'_>) {
        self.cancel(context);
        self.loaded_parents.clear();
    }

    /// Returns whether a request was in flight.
    pub(super) fn cancel(&mut self, context: &mut UpdateContext<'_>) -> bool {
        self.request.cancel(context)
    }

    pub(super) fn is_awaiting(&self, ticket: Ticket) -> bool {
        self.request.is_awaiting(ticket)
    }

    /// Requests the runs nested in a parent, once.
    pub(super) fn load(
        &mut self,
        parent: &RunId,
        experiments: &[ExperimentId],
        context: &mut UpdateContext<'_>,
    ) {
        if self.loaded_parents.contains(parent) {
            return;
        }
        self.cancel(context);
        let ticket = context.request(Request::ChildRuns(experiments.to_vec(), parent.clone()));
        self.request.start(ticket, context.now, parent.clone());
        context.notify("loading nested runs");
    }

    /// Adds the nested runs to the table. Returns whether it changed.
    pub(super) fn apply(
        &mut self,
        runs: Result<Vec<Run>, StoreError>,
        table: &mut RunTable,
        context: &mut UpdateContext<'_>,
    ) -> bool {
        let Some((_, parent)) = self.request.finish() else {
            return false;
        };
        let runs = match runs {
            Ok(runs) => runs,
            Err(error) => {
                let notifications = &mut context.shared.notifications;
                notifications.store_error(context.now, &error);
                return false;
            }
        };
        let new = table.upsert(&runs);
        update_heartbeats(table, &runs);
        context.notify(match runs.len() {
            0 => "no nested runs".to_owned(),
            1 => format!("1 nested run, {new} new here"),
            count if count >= NESTED_RUNS => format!("the newest {count} nested runs"),
            count => format!("{count} nested runs, {new} new here"),
        });
        self.loaded_parents.insert(parent);
        true
    }
}
