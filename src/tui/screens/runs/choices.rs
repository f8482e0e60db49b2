//! Results of the dialogs that the run table opens.

use super::RunsScreen;
use crate::domain::Goal;
use crate::table::filter::{Filter, complete};
use crate::table::{ColumnKey, CurveStat, Grouping};
use crate::text::Untrusted;
use crate::tui::app::UpdateContext;
use crate::tui::app::dialogs::{ColumnChoice, PromptFeedback, ViewChoice};

impl RunsScreen {
    pub(super) fn filter_by(&mut self, text: String, _: &mut UpdateContext<'_>) {
        self.set_filter(text);
        self.mark_view_changed();
    }

    /// Completions and the error of a filter that is being typed.
    pub(super) fn check_filter(&self, text: &str, cursor: usize) -> PromptFeedback {
        let parsed = Some(text)
            .filter(|text| !text.trim().is_empty())
            .map(Filter::parse);
        PromptFeedback {
            completions: complete(text, cursor, &self.table),
            warning: parsed
                .as_ref()
                .and_then(|parsed| parsed.as_ref().ok()?.unknown_key(text, &self.table)),
            error: parsed.and_then(Result::err),
        }
    }

    pub(super) fn choose_goal(&mut self, goal: Goal, context: &mut UpdateContext<'_>) {
        context.notify(format!("the goal is {goal}"));
        self.set_goal(goal, context.shared);
        self.mark_view_changed();
    }

    pub(super) fn group_by(&mut self, grouping: Grouping, context: &mut UpdateContext<'_>) {
        if grouping == Grouping::Tree
            && !self
                .table
                .rows()
                .any(|row| self.table.parent(row).is_some())
        {
            context.notify("no nested runs among the loaded ones");
        }
        self.arrangement.grouping = grouping;
        // Show the first group. In a tree and without groups the cursor stays on its run.
        self.line_state.should_scroll_to_top = self.group_column().is_some();
        self.invalidate();
        self.mark_view_changed();
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "the signature of a dialog's handler"
    )]
    pub(super) fn apply_columns(&mut self, columns: Vec<ColumnChoice>, _: &mut UpdateContext<'_>) {
        self.columns.apply_choices(&columns);
        self.mark_view_changed();
    }

    pub(super) fn choose_curve(
        &mut self,
        (stat, metric): (CurveStat, Untrusted),
        _: &mut UpdateContext<'_>,
    ) {
        self.columns.toggle(ColumnKey::Curve(stat, metric));
        self.mark_view_changed();
    }

    pub(super) fn save_view(&mut self, name: String, context: &mut UpdateContext<'_>) {
        let view = self.current_view();
        let shared = &mut *context.shared;
        shared.save_or_delete_view(name, Some(view), context.effects);
    }

    pub(super) fn use_view(&mut self, choice: ViewChoice, context: &mut UpdateContext<'_>) {
        match choice {
            ViewChoice::Open(name) => {
                if let Some(view) = context.shared.session.views.get(&name).cloned() {
                    self.apply_view(&view, context);
                }
            }
            ViewChoice::Delete(name) => {
                let shared = &mut *context.shared;
                shared.save_or_delete_view(name, None, context.effects);
            }
        }
        self.mark_view_changed();
    }
}
