//! Deleting runs, restoring them, and the table of those that are deleted.

use super::Runs;
use crate::domain::RunId;
use crate::promotion::Intent;
use crate::store::View;
use crate::table::RunTable;
use crate::tui::app::overlays::PlanDialog;
use crate::tui::app::shared::Context;

impl Runs {
    /// Which runs the table is of.
    pub(super) fn which(&self) -> View {
        if self.trash {
            View::Deleted
        } else {
            View::Active
        }
    }

    /// The marked runs; without marks, the one under the cursor.
    fn meant(&self, context: &Context<'_>) -> Vec<RunId> {
        let marked = context.shared.marks.ids();
        if marked.is_empty() {
            self.current()
                .map(|row| self.table.id(row).clone())
                .into_iter()
                .collect()
        } else {
            marked
        }
    }

    /// Plans to delete or to restore runs.
    pub(super) fn plan_lifecycle(&self, restore: bool, context: &mut Context<'_>) {
        let runs = self.meant(context);
        if runs.is_empty() {
            return context.say("there is no run under the cursor");
        }
        PlanDialog::show(
            if restore {
                Intent::RestoreRuns { runs }
            } else {
                Intent::DeleteRuns { runs }
            },
            context,
        );
    }

    /// Reads the table anew when runs were deleted or restored since it was read.
    pub(super) fn after_lifecycles(&mut self, context: &mut Context<'_>) {
        if self.lifecycles != context.shared.lifecycles {
            self.read_anew(context);
        }
    }

    fn read_anew(&mut self, context: &mut Context<'_>) {
        self.live.begin(context);
        self.nested.begin(context);
        self.load
            .begin(&self.experiments, self.which(), &self.table, context);
        self.lifecycles = context.shared.lifecycles;
    }

    /// Shows the deleted runs instead of those in use, or these again.
    pub(super) fn toggle_trash(&mut self, context: &mut Context<'_>) {
        self.trash = !self.trash;
        self.table = RunTable::default();
        self.lines.clear();
        self.anchor = None;
        self.pushed.stop(context);
        self.read_anew(context);
        self.touch();
        context.say(if self.trash {
            "these are deleted; T shows those in use"
        } else {
            "these are in use; T shows deleted ones"
        });
    }
}
