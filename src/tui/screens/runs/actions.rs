//! The actions of the run table.

use std::collections::BTreeSet;

use super::RunsScreen;
use crate::config::keymap::Action;
use crate::table::{ColumnKey, DisplayRow, RowId, SortKey};
use crate::text::untrusted::clean;
use crate::tui::app::cell_text::full_text;
use crate::tui::app::dialogs::{ColumnPicker, Dialog, Prompt, edit_run, goals, groupings, views};
use crate::tui::app::{Navigate, SharedState, UpdateContext};
use crate::tui::screens::{ChartsScreen, CompareScreen, RunScreen};

impl RunsScreen {
    /// Returns whether the action belongs to this screen.
    pub(super) fn perform_action(
        &mut self,
        action: Action,
        context: &mut UpdateContext<'_>,
    ) -> bool {
        self.change_view(action, context)
            || self.change_columns(action, context)
            || self.act_on_runs(action, context)
            || self.copy(action, context)
    }

    /// Actions on the arrangement of the table and on its dialogs.
    fn change_view(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        match action {
            Action::Sort => self.sort_by_current(false, context),
            Action::AddSort => self.sort_by_current(true, context),
            Action::NextNew => self.select_next_new_run(context),
            Action::Derive => self.choose_curve_column(context),
            Action::ReadCurves => self.load_all_curves(context),
            Action::Preview => self.toggle_preview(context),
            Action::Export => self.open_export(context),
            Action::PreviewDown => self.scroll_preview(true, context),
            Action::PreviewUp => self.scroll_preview(false, context),
            Action::Fold => self.toggle_fold(context),
            Action::FoldAll => self.toggle_all_folds(context),
            Action::NextStatistic => self.next_statistic(context),
            Action::DeletedRuns => self.toggle_deleted_runs(context),
            Action::Filter => {
                self.previous_filter = (self.arrangement.filter.clone(), self.filter_text.clone());
                let prompt = Prompt::incremental(
                    "filter",
                    &self.filter_text,
                    Self::filter_by,
                    Self::check_filter,
                );
                let known = &context.shared.filter_history;
                context.open(Dialog::Prompt(prompt.with_filter_history(known)));
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
                context.notify("no saved views; w saves this one");
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
            Action::Goal => self.open_goals(context),
            Action::Back => return self.go_back(context),
            _ => return false,
        }
        true
    }

    fn open_goals(&self, context: &mut UpdateContext<'_>) {
        let columns = self.table.columns().into_iter();
        let metrics: BTreeSet<_> = columns
            .filter_map(|key| match key {
                ColumnKey::Metric(name) => Some(name),
                _ => None,
            })
            .collect();
        let current = self.goal(context.shared);
        let picker = goals(metrics, current.as_ref());
        context.open(picker.submit_to(Self::choose_goal));
    }

    fn change_columns(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        let columns = &mut self.columns;
        match action {
            Action::Left => columns.move_cursor(-1),
            Action::Right => columns.move_cursor(1),
            Action::FirstColumn => columns.move_cursor(isize::MIN),
            Action::LastColumn => columns.move_cursor(isize::MAX),
            Action::FoldConstants => {
                columns.set_folding_constants(!columns.is_folding_constants(), &self.table);
            }
            Action::HideColumn => {
                let message = columns.hide_current();
                context.notify(message);
            }
            Action::PinColumn => {
                let is_pinned = columns.toggle_pin();
                context.notify(if is_pinned {
                    "pinned to the left"
                } else {
                    "no longer pinned"
                });
            }
            Action::Wider => columns.widen_current(1),
            Action::Narrower => columns.widen_current(-1),
            Action::FitColumn => columns.fit_current(),
            Action::FoldPrefix => {
                let message = columns.toggle_prefix_fold();
                context.notify(message);
            }
            _ => return false,
        }
        true
    }

    /// Actions on the marked runs or the run under the cursor.
    fn act_on_runs(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        match action {
            Action::Open => self.open_current(context),
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
            Action::Register => self.open_register(context),
            Action::Delete => self.plan_lifecycle_change(context),
            Action::Edit => self.open_edit(context),
            _ => return false,
        }
        true
    }

    fn copy(&self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        let Some(row) = self.current_row() else {
            return matches!(action, Action::CopyValue | Action::CopyId | Action::WebPage);
        };
        let id = self.table.run_id(row).raw();
        match action {
            Action::CopyValue => {
                if let Some(key) = self.columns.current_key() {
                    context.copy_to_clipboard(full_text(self.table.cell(row, &key, context.now)));
                }
            }
            Action::CopyId => context.copy_name(id),
            Action::WebPage => {
                let experiment = self.table.experiment(row);
                context.copy_web_page(&["experiments", experiment, "runs", id]);
            }
            _ => return false,
        }
        true
    }

    /// Stops a load, or clears the filter. Returns whether there was any; otherwise the screen is closed.
    fn go_back(&mut self, context: &mut UpdateContext<'_>) -> bool {
        if self.child_run_loader.cancel(context) {
            context.notify("stopped loading nested runs");
        } else if self.cancel_curve_loading(context) {
            context.notify("stopped loading curves");
        } else if self.loader.cancel(context) {
            context.notify("stopped loading; r loads the rest");
        } else if !self.filter_text.is_empty() {
            context.shared.remember_filter(&self.filter_text);
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

    /// Sorts by the column under the cursor, the second time in the other direction; the third time its order is removed. `add`
    /// keeps the other sort keys.
    pub(super) fn sort_by_current(&mut self, add: bool, context: &mut UpdateContext<'_>) {
        let Some(column) = self.columns.current_key() else {
            return;
        };
        let is_numeric = self
            .columns
            .current_column()
            .is_some_and(|column| column.is_numeric);
        let first_direction = column.sorts_descending_first(is_numeric);
        let sort = &mut self.arrangement.sort;
        let at = sort.iter().position(|key| key.column == column);
        let key = match at.map(|at| sort[at].descending) {
            None => Some(first_direction),
            Some(direction) if direction == first_direction => Some(!direction),
            Some(_) => None,
        };
        let key = key.map(|descending| SortKey { column, descending });
        match (at, key) {
            (_, key) if !add => *sort = key.into_iter().collect(),
            (Some(at), Some(key)) => sort[at] = key,
            (Some(at), None) => drop(sort.remove(at)),
            (None, key) => sort.extend(key),
        }
        context.notify(describe_sort(&self.arrangement.sort));
        self.line_state.should_scroll_to_top = true;
        self.invalidate();
    }

    /// The experiment of a run, for its mark.
    fn experiment_label(&self, row: RowId) -> String {
        match self.experiments.as_slice() {
            [_] => self.name.clone(),
            _ => format!("experiment {}", clean(self.table.experiment(row))),
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
        let Some(from) = self.mark_anchor.and_then(|row| self.line_of(row)) else {
            if let Some(row) = self.current_row() {
                self.add_mark(row, shared);
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
            }) = self.lines.get(line)
            {
                self.add_mark(*row, shared);
            }
        }
    }

    fn add_mark(&self, row: RowId, shared: &mut SharedState) {
        shared.marks.add(
            self.table.run_id(row),
            &self.run_label(row),
            &self.experiment_label(row),
        );
    }

    /// Opens the charts of the marked runs, or of the run under the cursor if none is marked.
    fn open_charts(&self, context: &mut UpdateContext<'_>) {
        let mut ids = context.shared.marks.ids();
        if ids.is_empty() {
            ids.extend(self.current_run());
        }
        if !ids.is_empty() {
            context.push(ChartsScreen::new(ids));
        }
    }

    /// Edits the run under the cursor.
    fn open_edit(&self, context: &mut UpdateContext<'_>) {
        let Some(row) = self.current_row() else {
            return context.notify("no run under the cursor");
        };
        let (id, name) = (self.table.run_id(row), self.table.name(row).into());
        edit_run::<Self>(id, &name, &self.table.tags_of(row), context);
    }

    fn open_compare(&self, context: &mut UpdateContext<'_>) {
        let mut ids = context.shared.marks.ids();
        if ids.len() < 2 {
            ids.extend(self.current_run().filter(|run| !ids.contains(run)));
        }
        if ids.len() < 2 {
            return context.notify("mark two or more runs with space first");
        }
        context.push(CompareScreen::new(ids));
    }
}

/// What the table is sorted by now, and how to choose another column: that of the status has no title.
fn describe_sort(sort: &[SortKey]) -> String {
    let name = |key: &SortKey| {
        let arrow = if key.descending { "↓" } else { "↑" };
        format!("{} {arrow}", key.column.title())
    };
    let names: Vec<String> = sort.iter().map(name).collect();
    if names.is_empty() {
        return "not sorted: the newest runs come first".to_owned();
    }
    format!(
        "sorted by {}; h and l choose another column",
        names.join(", ")
    )
}
