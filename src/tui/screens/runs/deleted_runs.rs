//! Deleting runs, restoring them, and the table of those that are deleted.

use super::RunsScreen;
use crate::domain::RunId;
use crate::promotion::Intent;
use crate::store::LifecycleFilter;
use crate::table::RunTable;
use crate::tui::app::UpdateContext;

impl RunsScreen {
    /// Which runs the table is of.
    pub(super) fn lifecycle_filter(&self) -> LifecycleFilter {
        if self.is_showing_deleted {
            LifecycleFilter::Deleted
        } else {
            LifecycleFilter::Active
        }
    }

    /// The marked runs; without marks, the one under the cursor.
    fn target_runs(&self, context: &UpdateContext<'_>) -> Vec<RunId> {
        let marked = context.shared.marks.ids();
        if marked.is_empty() {
            self.current_row()
                .map(|row| self.table.run_id(row).clone())
                .into_iter()
                .collect()
        } else {
            marked
        }
    }

    /// Plans to delete or to restore runs.
    pub(super) fn plan_lifecycle_change(&self, restore: bool, context: &mut UpdateContext<'_>) {
        let runs = self.target_runs(context);
        if runs.is_empty() {
            return context.notify("there is no run under the cursor");
        }
        context.plan(if restore {
            Intent::RestoreRuns { runs }
        } else {
            Intent::DeleteRuns { runs }
        });
    }

    /// Reads the table anew when runs were deleted or restored since it was read.
    pub(super) fn reload_after_lifecycle_change(&mut self, context: &mut UpdateContext<'_>) {
        if self.lifecycle_revision != context.shared.lifecycle_changes {
            self.reload_table(context);
        }
    }

    fn reload_table(&mut self, context: &mut UpdateContext<'_>) {
        self.poller.restart(context);
        self.child_run_loader.restart(context);
        self.loader.restart(
            &self.experiments,
            self.lifecycle_filter(),
            &self.table,
            context,
        );
        self.lifecycle_revision = context.shared.lifecycle_changes;
    }

    /// Shows the deleted runs instead of those in use, or these again.
    pub(super) fn toggle_deleted_runs(&mut self, context: &mut UpdateContext<'_>) {
        self.is_showing_deleted = !self.is_showing_deleted;
        self.table = RunTable::default();
        self.lines.clear();
        self.mark_anchor = None;
        self.pushdown.cancel(context);
        self.reload_table(context);
        self.invalidate();
        context.notify(if self.is_showing_deleted {
            "these are deleted; T shows those in use"
        } else {
            "these are in use; T shows deleted ones"
        });
    }
}
