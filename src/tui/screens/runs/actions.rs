//! What can be done on the run table.

use std::collections::BTreeSet;

use super::RunsScreen;
use crate::analysis::{BestRun, ExclusionReason, find_best};
use crate::config::keymap::Action;
use crate::domain::{Direction, Goal, Metric, MetricValue, Run, RunId, RunStatus};
use crate::table::{Attribute, CellValue, ColumnKey, CurveStat, DisplayRow, RowId, SortKey};
use crate::tui::app::dialogs::{
    ColumnPicker, Dialog, Prompt, RegisterDialog, goals, groupings, views,
};
use crate::tui::app::{Navigate, SharedState, UpdateContext};
use crate::tui::screens::{ChartsScreen, CompareScreen, DriversScreen, RunScreen};

impl RunsScreen {
    /// Takes an action. Returns whether it was one of this screen.
    pub(super) fn perform_action(
        &mut self,
        action: Action,
        context: &mut UpdateContext<'_>,
    ) -> bool {
        match action {
            Action::Open => self.open_current(context),
            Action::Left => self.columns.move_cursor(-1),
            Action::Right => self.columns.move_cursor(1),
            Action::FirstColumn => self.columns.move_cursor(isize::MIN),
            Action::LastColumn => self.columns.move_cursor(isize::MAX),
            Action::Sort => self.sort_by_current(false),
            Action::AddSort => self.sort_by_current(true),
            Action::NextNew => self.select_next_new_run(context),
            Action::FoldConstants => self
                .columns
                .set_folding_constants(!self.columns.is_folding_constants(), &self.table),
            Action::HideColumn => self.columns.hide_current(),
            Action::PinColumn => {
                let pinned = self.columns.toggle_pin();
                context.notify(if pinned {
                    "pinned: it stays at the left"
                } else {
                    "no longer pinned"
                });
            }
            Action::Wider => self.columns.widen_current(1),
            Action::Narrower => self.columns.widen_current(-1),
            Action::FitColumn => self.columns.reset_current_width(),
            Action::FoldPrefix => {
                let message = self.columns.toggle_prefix_fold();
                context.notify(message);
            }
            Action::Derive => self.choose_curve_column(context),
            Action::ReadCurves => self.load_all_curves(context),
            Action::Preview => self.is_preview_open = !self.is_preview_open,
            Action::Fold => self.toggle_fold(context),
            Action::NextStatistic => self.next_statistic(context),
            Action::Filter => {
                self.previous_filter = (self.arrangement.filter.clone(), self.filter_text.clone());
                context.open(Dialog::Prompt(Prompt::incremental(
                    "filter",
                    &self.filter_text,
                    Self::filter_by,
                    Self::check_filter,
                )));
                context.navigation.push(Navigate::UpdateFeedback);
            }
            Action::Columns => {
                let picker = ColumnPicker::new(self.columns.choices(), Self::apply_columns);
                context.open(Dialog::Columns(picker));
            }
            Action::SaveView => context.open(Dialog::Prompt(Prompt::ask(
                "save this view as",
                "",
                Self::save_view,
            ))),
            Action::Views if context.shared.session.views.is_empty() => {
                context.notify("no view was saved yet: w saves this one");
            }
            Action::Views => {
                let picker = views(&context.shared.session.views);
                context.open(picker.submit_to(Self::use_view));
            }
            Action::Group => {
                let picker = groupings(
                    self.columns.current_key().as_ref(),
                    self.columns.all.iter().map(|column| column.key.clone()),
                );
                context.open(picker.submit_to(Self::group_by));
            }
            Action::Goal => {
                let metrics = self
                    .table
                    .columns()
                    .into_iter()
                    .filter_map(|key| match key {
                        ColumnKey::Metric(name) => Some(name),
                        _ => None,
                    });
                context.open(goals(metrics.collect()).submit_to(Self::choose_goal));
            }
            Action::Back => return self.go_back(context),
            _ => return self.perform_mark_or_copy(action, context),
        }
        true
    }

    fn perform_mark_or_copy(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        match action {
            Action::Mark => self.toggle_mark(context),
            Action::MarkRange => self.mark_range_to_cursor(context.shared),
            Action::ClearMarks => context.shared.marks.clear(),
            Action::Baseline => {
                if let Some(row) = self.current_row() {
                    context.shared.marks.set_baseline(
                        self.table.run_id(row),
                        &self.run_label(row),
                        &self.experiment_label(row),
                    );
                }
            }
            Action::Compare => self.open_compare(context),
            Action::Charts => self.open_charts(context),
            Action::Drivers => self.open_drivers(context),
            Action::Register => {
                if let Some(row) = self.current_row() {
                    let dialog =
                        RegisterDialog::open(self.table.run_id(row).clone(), Vec::new(), context);
                    context.open(Dialog::Register(Box::new(dialog)));
                }
            }
            Action::RegisterBest => self.register_best(context),
            Action::Delete => self.plan_lifecycle_change(false, context),
            Action::Restore => self.plan_lifecycle_change(true, context),
            Action::DeletedRuns => self.toggle_deleted_runs(context),
            Action::CopyValue => {
                if let (Some(row), Some(key)) = (self.current_row(), self.columns.current_key()) {
                    context.copy_to_clipboard(crate::tui::app::cell_text::full_text(
                        self.table.cell(row, &key, context.now),
                    ));
                }
            }
            Action::CopyId => {
                if let Some(row) = self.current_row() {
                    context.copy_to_clipboard(self.table.run_id(row).raw().to_owned());
                }
            }
            Action::WebPage => {
                if let (Some(web), Some(row)) =
                    (context.shared.session.web_url.clone(), self.current_row())
                {
                    let experiment =
                        match self
                            .table
                            .cell(row, &ColumnKey::Attribute(Attribute::Experiment), 0)
                        {
                            CellValue::Text(id) => id.to_owned(),
                            _ => return true,
                        };
                    context.copy_to_clipboard(format!(
                        "{web}/#/experiments/{experiment}/runs/{}",
                        self.table.run_id(row).raw()
                    ));
                }
            }
            _ => return false,
        }
        true
    }

    /// One step back: stop loading, then drop the filter; then the screen is left.
    fn go_back(&mut self, context: &mut UpdateContext<'_>) -> bool {
        if self.child_run_loader.cancel(context) {
            context.notify("stopped looking for nested runs");
        } else if self.cancel_curve_loading(context) {
            context.notify("stopped reading curves");
        } else if self.loader.cancel(context) {
            context.notify("stopped loading; ctrl-r loads the rest");
        } else if !self.filter_text.is_empty() {
            self.set_filter(String::new());
        } else {
            return false;
        }
        true
    }

    fn open_current(&mut self, context: &mut UpdateContext<'_>) {
        match self.lines.get(self.cursor.index) {
            Some(DisplayRow::Run { row, .. }) => {
                context.push(RunScreen::new(self.table.run_id(*row).clone()));
            }
            Some(DisplayRow::Group { .. }) => self.toggle_fold(context),
            None => {}
        }
    }

    fn toggle_fold(&mut self, context: &mut UpdateContext<'_>) {
        let (key, parent) = match self.lines.get(self.cursor.index) {
            Some(DisplayRow::Group { value, .. }) => (value.clone(), None),
            Some(DisplayRow::Run { row, children, .. }) => {
                let id = self.table.run_id(*row).clone();
                if *children == 0 {
                    return self.load_child_runs(&id, context);
                }
                (id.raw().to_owned(), Some(id))
            }
            None => return,
        };
        if !self.arrangement.collapsed.remove(&key) {
            self.arrangement.collapsed.insert(key);
        } else if let Some(parent) = parent {
            self.load_child_runs(&parent, context);
        }
        self.invalidate();
    }

    fn sort_by_current(&mut self, add: bool) {
        let Some(column) = self.columns.current_key() else {
            return;
        };
        let sort = &mut self.arrangement.sort;
        if let Some(key) = sort.iter_mut().find(|key| key.column == column) {
            key.descending = !key.descending;
            if !add {
                let key = key.clone();
                *sort = vec![key];
            }
        } else {
            let numeric = self
                .columns
                .current_column()
                .is_some_and(|column| column.is_numeric);
            let time = matches!(
                column,
                ColumnKey::Attribute(Attribute::Start | Attribute::End | Attribute::Duration)
            );
            // What is better or newer is above at the first press: numbers and times downwards, text upwards.
            let less_is_better = match &column {
                ColumnKey::Metric(name) => Goal::guess(name.clone()).direction == Direction::Min,
                ColumnKey::Curve(fact, _) => {
                    matches!(
                        fact,
                        CurveStat::Min | CurveStat::MinStep | CurveStat::MaxStep
                    )
                }
                _ => false,
            };
            let key = SortKey {
                column,
                descending: (numeric || time) && !less_is_better,
            };
            if add {
                sort.push(key);
            } else {
                *sort = vec![key];
            }
        }
        // Who sorts wants to see what is first now.
        self.should_scroll_to_top = true;
        self.invalidate();
    }

    /// Where a run is at home, for its mark: its experiment.
    fn experiment_label(&self, row: RowId) -> String {
        match self.experiments.as_slice() {
            [_] => self.name.clone(),
            _ => format!(
                "experiment {}",
                crate::text::untrusted::clean(self.table.experiment(row))
            ),
        }
    }

    fn toggle_mark(&mut self, context: &mut UpdateContext<'_>) {
        let rows = match self.lines.get(self.cursor.index) {
            Some(DisplayRow::Run { row, .. }) => vec![*row],
            Some(DisplayRow::Group { rows, .. }) => rows.clone(),
            None => return,
        };
        for row in &rows {
            context.shared.marks.toggle(
                self.table.run_id(*row),
                &self.run_label(*row),
                &self.experiment_label(*row),
            );
        }
        self.mark_anchor = rows.last().copied();
        self.cursor.apply_motion(
            Action::Down,
            self.lines.len(),
            usize::from(self.areas(context.size).0.rows.height),
        );
    }

    fn mark_range_to_cursor(&mut self, shared: &mut SharedState) {
        let line_of = |row: RowId| {
            self.lines
                .iter()
                .position(|line| matches!(line, DisplayRow::Run { row: r, .. } if *r == row))
        };
        let Some(from) = self.mark_anchor.and_then(line_of) else {
            if let Some(row) = self.current_row() {
                shared.marks.add(
                    self.table.run_id(row),
                    &self.run_label(row),
                    &self.experiment_label(row),
                );
                self.mark_anchor = Some(row);
            }
            return;
        };
        let (low, high) = (from.min(self.cursor.index), from.max(self.cursor.index));
        for line in low..=high {
            if let Some(DisplayRow::Run {
                row,
                is_match: true,
                ..
            }) = self.lines.get(line).cloned()
            {
                shared.marks.add(
                    self.table.run_id(row),
                    &self.run_label(row),
                    &self.experiment_label(row),
                );
            }
        }
    }

    /// The charts of the marked runs; without marks, of the one under the cursor.
    fn open_charts(&self, context: &mut UpdateContext<'_>) {
        let mut ids = context.shared.marks.ids();
        if ids.is_empty() {
            ids.extend(self.current_row().map(|row| self.table.run_id(row).clone()));
        }
        if !ids.is_empty() {
            context.push(ChartsScreen::new(ids));
        }
    }

    fn open_compare(&self, context: &mut UpdateContext<'_>) {
        let mut ids = context.shared.marks.ids();
        if let Some(row) = self.current_row()
            && ids.len() < 2
            && !ids.contains(self.table.run_id(row))
        {
            ids.push(self.table.run_id(row).clone());
        }
        if ids.len() < 2 {
            context.notify("mark two or more runs with space, then compare them");
            return;
        }
        context.push(CompareScreen::new(ids));
    }

    /// What drives the goal among the runs that are seen.
    fn open_drivers(&self, context: &mut UpdateContext<'_>) {
        let Some(goal) = self.goal(context.shared) else {
            return context.notify("choose a goal first, with M");
        };
        let runs = self.table.to_runs(&self.passing_rows());
        let subject = self.current_row().map(|row| self.table.run_id(row).clone());
        context.push(DriversScreen::new(runs, self.name.clone(), goal, subject));
    }

    /// The rows that are seen, each once.
    fn passing_rows(&self) -> Vec<RowId> {
        let rows = self.lines.iter().flat_map(|line| match line {
            DisplayRow::Run {
                row,
                is_match: true,
                ..
            } => vec![*row],
            // A parent that the filter leaves out stands there only for what is nested in it.
            DisplayRow::Run { .. } => Vec::new(),
            DisplayRow::Group { rows, .. } => rows.clone(),
        });
        rows.collect::<BTreeSet<RowId>>().into_iter().collect()
    }

    /// The best of the runs that are seen, by the goal.
    fn best_run(&self, goal: &Goal) -> Result<BestRun, Vec<(ExclusionReason, usize)>> {
        let runs: Vec<Run> = self
            .passing_rows()
            .into_iter()
            .map(|row| self.run_for_ranking(row, goal))
            .collect();
        find_best(&runs, goal, false)
    }

    /// As much of a run as the judgement of the best needs.
    fn run_for_ranking(&self, row: RowId, goal: &Goal) -> Run {
        let mut run = Run::bare(
            self.table.run_id(row).clone(),
            crate::domain::ExperimentId::default(),
        );
        let attribute = |attribute| self.table.cell(row, &ColumnKey::Attribute(attribute), 0);
        run.status = match attribute(Attribute::Status) {
            CellValue::Status(status) => status,
            _ => RunStatus::Unknown,
        };
        run.start_time = match attribute(Attribute::Start) {
            CellValue::Time(at) => Some(at),
            _ => None,
        };
        if let CellValue::Number(value) =
            self.table
                .cell(row, &ColumnKey::Metric(goal.metric.clone()), 0)
        {
            run.metrics.push(Metric {
                key: goal.metric.clone(),
                value: MetricValue::new(value),
                timestamp: 0,
                step: 0,
            });
        }
        run
    }

    fn register_best(&self, context: &mut UpdateContext<'_>) {
        let Some(goal) = self.goal(context.shared) else {
            context.notify("choose a goal first, with M");
            return;
        };
        match self.best_run(&goal) {
            Ok(best) => {
                let reason = self.explain_best(&best, &goal);
                let dialog = RegisterDialog::open(best.run, reason, context);
                context.open(Dialog::Register(Box::new(dialog)));
            }
            Err(left_out) => {
                let why = format!(
                    "no run can be the best by {goal}: {}",
                    describe_left_out(&left_out)
                );
                context.shared.notifications.error(
                    context.now,
                    why,
                    "choose another goal with M, or another filter with f".into(),
                );
            }
        }
    }

    /// Which run is the best and why, in words.
    fn explain_best(&self, best: &BestRun, goal: &Goal) -> Vec<String> {
        let label = |id: &RunId| {
            self.table
                .row_of(id)
                .map(|row| self.run_label(row).clean().into_owned())
                .unwrap_or_default()
        };
        let mut lines = vec![format!(
            "best by {goal}: {} with {}, of {} runs looked at",
            label(&best.run),
            crate::text::number::format_exact(best.value.get()),
            best.candidates
        )];
        if !best.excluded.is_empty() {
            lines.push(format!("left out: {}", describe_left_out(&best.excluded)));
        }
        if !best.ties.is_empty() {
            let ties: Vec<String> = best.ties.iter().take(3).map(label).collect();
            lines.push(format!(
                "equally good, started later: {} ({})",
                best.ties.len(),
                ties.join(", ")
            ));
        }
        if self.loader.is_partial() || !self.loader.is_idle() {
            lines.push("only a part of the runs is loaded".into());
        }
        if self.arrangement.filter.is_some() {
            lines.push(format!(
                "among the runs that pass the filter {}",
                crate::text::untrusted::clean(&self.filter_text)
            ));
        }
        lines
    }
}

fn describe_left_out(left_out: &[(ExclusionReason, usize)]) -> String {
    if left_out.is_empty() {
        return "there are no runs".into();
    }
    left_out
        .iter()
        .map(|(why, count)| format!("{count} {}", why.as_str()))
        .collect::<Vec<_>>()
        .join(", ")
}
