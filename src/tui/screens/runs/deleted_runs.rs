//! Deleting and restoring runs, and the table of deleted runs.

use super::RunsScreen;
use crate::domain::RunId;
use crate::promotion::Intent;
use crate::store::LifecycleFilter;
use crate::table::RunTable;
use crate::tui::app::UpdateContext;

impl RunsScreen {
    /// Selects the runs that the table lists.
    pub(super) fn lifecycle_filter(&self) -> LifecycleFilter {
        if self.is_showing_deleted {
            LifecycleFilter::Deleted
        } else {
            LifecycleFilter::Active
        }
    }

    /// The marked runs, or the run under the cursor if none is marked.
    fn target_runs(&self, context: &UpdateContext<'_>) -> Vec<RunId> {
        let marked = context.shared.marks.ids();
        if marked.is_empty() {
            self.current_run().into_iter().collect()
        } else {
            marked
        }
    }

    /// Opens a plan that deletes the target runs, or restores them in the list of deleted runs.
    pub(super) fn plan_lifecycle_change(&self, context: &mut UpdateContext<'_>) {
        let runs = self.target_runs(context);
        if runs.is_empty() {
            return context.notify("no run under the cursor");
        }
        context.plan(if self.is_showing_deleted {
            Intent::RestoreRuns { runs }
        } else {
            Intent::DeleteRuns { runs }
        });
    }

    /// Reloads the table if runs were changed since it was loaded.
    pub(super) fn reload_after_run_change(&mut self, context: &mut UpdateContext<'_>) {
        if self.run_revision != context.shared.run_changes {
            self.reload(context);
        }
    }

    /// Switches between active and deleted runs.
    pub(super) fn toggle_deleted_runs(&mut self, context: &mut UpdateContext<'_>) {
        self.is_showing_deleted = !self.is_showing_deleted;
        self.table = RunTable::default();
        self.lines.clear();
        self.mark_anchor = None;
        self.pushdown.cancel(context);
        self.leave_window(context);
        self.reload(context);
        self.invalidate();
        context.notify(if self.is_showing_deleted {
            "deleted runs: X restores, . shows active runs"
        } else {
            "active runs: . shows deleted runs"
        });
    }
}
