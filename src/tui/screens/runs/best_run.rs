//! The best run by the goal, and the params that drive the goal.

use std::collections::BTreeSet;

use super::RunsScreen;
use crate::analysis::{BestRun, ExclusionReason, find_best_row};
use crate::domain::{Goal, RunId};
use crate::table::{DisplayRow, RowId};
use crate::text::number::{format_exact, format_short};
use crate::text::untrusted::clean;
use crate::tui::app::UpdateContext;
use crate::tui::app::dialogs::{Dialog, Picker, PickerItem, RegisterDialog};
use crate::tui::screens::DriversScreen;

impl RunsScreen {
    /// Opens the drivers of the goal among the runs that pass the filter.
    pub(super) fn open_drivers(&self, context: &mut UpdateContext<'_>) {
        let Some(goal) = self.goal(context.shared) else {
            return context.notify("choose a goal first, with M");
        };
        if self.window.is_active() {
            return context.notify("drivers need all runs, and more than max_runs are here: filter in the CLI, or raise max_runs");
        }
        let runs = self.table.to_runs(&self.passing_rows());
        let drivers = DriversScreen::new(runs, self.name.clone(), goal, self.current_run());
        context.push(drivers);
    }

    /// The runs that pass the filter, each once.
    fn passing_rows(&self) -> Vec<RowId> {
        let rows = self.lines.iter().flat_map(|line| match line {
            DisplayRow::Run {
                row,
                is_match: true,
                ..
            } => vec![*row],
            // The filter excludes this parent; it is shown for its nested runs.
            DisplayRow::Run { .. } => Vec::new(),
            DisplayRow::Group { rows, .. } => rows.clone(),
        });
        rows.collect::<BTreeSet<RowId>>().into_iter().collect()
    }

    /// The best of the runs that pass the filter.
    fn best_run(&self, goal: &Goal) -> Result<BestRun, Vec<(ExclusionReason, usize)>> {
        find_best_row(&self.table, &self.passing_rows(), goal)
    }

    /// Registers the run under the cursor, or the best by the goal. Asks which, where they differ.
    pub(super) fn open_register(&self, context: &mut UpdateContext<'_>) {
        // The best of a window is not the best of all.
        let best = self
            .goal(context.shared)
            .filter(|_| !self.window.is_active())
            .map(|goal| (self.best_run(&goal), goal));
        let current = self.current_run();
        let best = match best {
            Some((Ok(best), goal)) => {
                let rationale = self.explain_best(&best, &goal);
                let reason = format!(
                    "{} {}, the best of {} runs by {goal}",
                    goal.metric.clean(),
                    format_short(best.value.get()),
                    best.candidates
                );
                Some((best.run, reason, rationale))
            }
            Some((Err(excluded), goal)) => {
                let reason = describe_excluded(&excluded);
                let reason = format!("no run can be ranked by {goal}: {reason}");
                return match current {
                    Some(run) => Self::register((run, vec![reason]), context),
                    None => Self::report_no_best(reason, context),
                };
            }
            None => None,
        };
        match (current, best) {
            (None, None) => context.notify("no run under the cursor"),
            (Some(run), None) => Self::register((run, Vec::new()), context),
            (Some(run), Some(best)) if run != best.0 => self.choose_registered(run, best, context),
            (_, Some((run, _, rationale))) => Self::register((run, rationale), context),
        }
    }

    fn choose_registered(
        &self,
        current: RunId,
        (best, reason, rationale): (RunId, String, Vec<String>),
        context: &mut UpdateContext<'_>,
    ) {
        let label = |id: &RunId| {
            let row = self.table.row_of(id);
            row.map(|row| self.run_label(row).clean().into_owned())
                .unwrap_or_default()
        };
        let items = [
            PickerItem::new(
                format!("this run: {}", label(&current)),
                "under the cursor",
                (current, Vec::new()),
            ),
            PickerItem::new(
                format!("best run: {}", label(&best)),
                reason,
                (best, rationale),
            ),
        ];
        let picker = Picker::new("register which run?", items);
        context.open(
            picker.submit_to(|_: &mut Self, choice, context| Self::register(choice, context)),
        );
    }

    fn register((run, rationale): (RunId, Vec<String>), context: &mut UpdateContext<'_>) {
        let dialog = RegisterDialog::open(run, rationale, context);
        context.open(Dialog::Register(Box::new(dialog)));
    }

    fn report_no_best(message: String, context: &mut UpdateContext<'_>) {
        let hint = "choose another goal with M, or another filter with f".to_owned();
        let notifications = &mut context.shared.notifications;
        notifications.error(context.now, message, hint);
    }

    /// Which run is the best, why, and among which runs.
    fn explain_best(&self, best: &BestRun, goal: &Goal) -> Vec<String> {
        let label = |id: &RunId| {
            self.table
                .row_of(id)
                .map(|row| self.run_label(row).clean().into_owned())
                .unwrap_or_default()
        };
        let mut lines = vec![format!(
            "best by {goal}: {} with {}, of {} runs",
            label(&best.run),
            format_exact(best.value.get()),
            best.candidates
        )];
        if !best.excluded.is_empty() {
            lines.push(format!("excluded: {}", describe_excluded(&best.excluded)));
        }
        if !best.ties.is_empty() {
            let ties: Vec<String> = best.ties.iter().take(3).map(label).collect();
            lines.push(format!(
                "ties that started later: {} ({})",
                best.ties.len(),
                ties.join(", ")
            ));
        }
        if self.loader.is_partial() || !self.loader.is_idle() {
            lines.push("not all runs are loaded".into());
        }
        if self.arrangement.filter.is_some() {
            lines.push(format!(
                "among the runs that pass the filter {}",
                clean(&self.filter_text)
            ));
        }
        lines
    }
}

fn describe_excluded(excluded: &[(ExclusionReason, usize)]) -> String {
    if excluded.is_empty() {
        return "the table has no runs".into();
    }
    excluded
        .iter()
        .map(|(reason, count)| format!("{count} {}", reason.as_str()))
        .collect::<Vec<_>>()
        .join(", ")
}
