//! Opening a parent run: while only a part of the runs is loaded, what is nested in it is asked for by itself.

use std::collections::HashSet;

use super::RunsScreen;
use crate::analysis::heartbeat::update_heartbeats;
use crate::domain::{Run, RunId, StoreError};
use crate::store::limits::NESTED_RUNS;
use crate::table::Grouping;
use crate::tui::app::UpdateContext;
use crate::tui::app::message::{Effect, Request, Ticket};

/// Which parents were asked about.
#[derive(Debug, Default)]
pub(super) struct ChildRunLoader {
    pending: Option<(Ticket, RunId)>,
    /// Parents whose nested runs are all in the table.
    loaded_parents: HashSet<RunId>,
}

impl ChildRunLoader {
    /// Begins anew, with the whole table.
    pub(super) fn restart(&mut self, context: &mut UpdateContext<'_>) {
        self.cancel(context);
        self.loaded_parents.clear();
    }

    /// Forgets a question that is under way. Returns whether there was one.
    pub(super) fn cancel(&mut self, context: &mut UpdateContext<'_>) -> bool {
        let Some((ticket, _)) = self.pending.take() else {
            return false;
        };
        context.effects.push(Effect::Cancel(ticket));
        true
    }

    /// Whether an answer with this ticket is awaited.
    pub(super) fn is_awaiting(&self, ticket: Ticket) -> bool {
        self.pending
            .as_ref()
            .is_some_and(|(asked, _)| *asked == ticket)
    }
}

impl RunsScreen {
    /// Asks for what is nested in a run that is opened in a tree, unless all of it is there.
    pub(super) fn load_child_runs(&mut self, parent: &RunId, context: &mut UpdateContext<'_>) {
        if self.arrangement.grouping != Grouping::Tree
            || self.loader.is_complete()
            || self.child_run_loader.loaded_parents.contains(parent)
        {
            return;
        }
        self.child_run_loader.cancel(context);
        let ticket = context.request(Request::ChildRuns(self.experiments.clone(), parent.clone()));
        self.child_run_loader.pending = Some((ticket, parent.clone()));
        context.notify("looking for the runs that are nested in it");
    }

    /// Takes what is nested in a run.
    pub(super) fn apply_child_runs(
        &mut self,
        result: Result<Vec<Run>, StoreError>,
        context: &mut UpdateContext<'_>,
    ) {
        let Some((_, parent)) = self.child_run_loader.pending.take() else {
            return;
        };
        let runs = match result {
            Ok(runs) => runs,
            Err(error) => {
                context
                    .shared
                    .notifications
                    .store_error(context.now, &error);
                return;
            }
        };
        let new = self.table.upsert(&runs);
        update_heartbeats(&mut self.table, &runs);
        context.notify(match runs.len() {
            0 => "no run is nested in it".to_owned(),
            count if count >= NESTED_RUNS => {
                format!("the newest {count} of the runs that are nested in it")
            }
            1 => format!("1 run is nested in it, {new} new here"),
            count => format!("{count} runs are nested in it, {new} new here"),
        });
        self.child_run_loader.loaded_parents.insert(parent);
        self.invalidate();
    }
}
