//! Runs side by side.

mod diff;
mod groups;

use super::{
    ChartsScreen, DriversScreen, FocusedList, Freshness, RunScreen, Screen, experiment_label,
};
use crate::analysis::{Comparison, ComparisonRow, RowKind, compare_with_directions};
use crate::config::keymap::{Action, Scope};
use crate::domain::{Goal, Millis, Run, RunId};
use crate::text::Untrusted;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::dialogs::{Dialog, Prompt};
use crate::tui::app::layout::{Size, screen_areas, table_areas};
use crate::tui::app::message::Export;
use crate::tui::app::text_filter::TextFilter;
use crate::tui::app::{Remote, Reply, Request, SharedState, Ticket, UpdateContext};

/// A line of the comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CompareLine<'a> {
    /// The title of the rows of one kind.
    Header(RowKind),
    Row(&'a ComparisonRow),
    /// One line for the system metrics, or the title of their rows.
    SystemMetrics {
        count: usize,
        differing: usize,
        is_folded: bool,
    },
}

/// The comparison of runs.
#[derive(Debug)]
pub struct CompareScreen {
    /// In the order of the columns; the first is the baseline.
    pub ids: Vec<RunId>,
    pub(crate) data: Remote<Comparison>,
    pub(crate) shows_differences_only: bool,
    /// Whether each system metric has a row.
    pub(crate) shows_system_metrics: bool,
    pub(crate) filter: TextFilter,
    pub(crate) cursor: Cursor,
    /// A run, or a property when it is transposed.
    pub selected_column: usize,
    /// Whether runs are rows and properties are columns.
    pub(crate) is_transposed: bool,
    /// The param that runs are grouped by.
    pub(crate) group_key: Option<Untrusted>,
    /// The runs while groups are compared.
    ungrouped_runs: Vec<Run>,
    /// The request for common files.
    files_ticket: Option<Ticket>,
}

impl CompareScreen {
    pub(crate) fn new(ids: Vec<RunId>) -> Self {
        Self {
            ids,
            data: Remote::default(),
            shows_differences_only: true,
            shows_system_metrics: false,
            filter: TextFilter::default(),
            cursor: Cursor::default(),
            selected_column: 0,
            is_transposed: false,
            group_key: None,
            ungrouped_runs: Vec::new(),
            files_ticket: None,
        }
    }

    /// A comparison in memory, for benchmarks.
    #[must_use]
    pub fn loaded(comparison: Comparison, now: Millis) -> Self {
        let ids = comparison.runs.iter().map(|run| run.id.clone()).collect();
        let mut screen = Self::new(ids);
        screen.data.resolve(Ok(comparison), now);
        screen
    }

    /// The visible rows, those of each kind under a header. System metrics are one line unless they are unfolded or looked for.
    #[must_use]
    pub fn visible_lines(&self) -> Vec<CompareLine<'_>> {
        let is_visible = |row: &&ComparisonRow| {
            (row.is_difference() || !self.shows_differences_only)
                && self.filter.matches(row.key.raw())
        };
        let rows = self.data.get().map(|data| data.rows.as_slice());
        let rows: Vec<&ComparisonRow> =
            rows.unwrap_or_default().iter().filter(is_visible).collect();
        let is_folded = !self.shows_system_metrics && self.filter.is_empty();
        let system = || rows.iter().filter(|row| row.is_system_metric());
        let fold = CompareLine::SystemMetrics {
            count: system().count(),
            differing: system().filter(|row| row.is_difference()).count(),
            is_folded,
        };
        let mut lines = Vec::new();
        let (mut group, mut has_fold) = (None, false);
        for row in rows {
            if group != Some(row.kind) {
                group = Some(row.kind);
                lines.push(CompareLine::Header(row.kind));
            }
            if row.is_system_metric() && !std::mem::replace(&mut has_fold, true) {
                lines.push(fold);
            }
            if !(row.is_system_metric() && is_folded) {
                lines.push(CompareLine::Row(row));
            }
        }
        lines
    }

    /// Shows or hides the rows of system metrics if the cursor is on their line. Returns whether it is.
    fn toggle_system_metrics(&mut self) -> bool {
        let lines = self.visible_lines();
        let line = lines.get(self.cursor.index).filter(|_| !self.is_transposed);
        let is_fold = matches!(line, Some(CompareLine::SystemMetrics { .. }));
        if is_fold {
            self.shows_system_metrics = !self.shows_system_metrics;
        }
        is_fold
    }

    /// The number of runs or groups.
    fn run_count(&self) -> usize {
        self.data
            .get()
            .map_or(self.ids.len(), |data| data.runs.len())
    }

    /// The number of columns after the first.
    fn column_count(&self) -> usize {
        if self.is_transposed {
            self.properties().len()
        } else {
            self.run_count()
        }
    }

    /// The visible rows without headers.
    pub(crate) fn properties(&self) -> Vec<&ComparisonRow> {
        let row = |line| {
            if let CompareLine::Row(row) = line {
                Some(row)
            } else {
                None
            }
        };
        // The first column has the name already.
        let is_name =
            |row: &&ComparisonRow| row.kind == RowKind::Attribute && row.key.raw() == "run_name";
        self.visible_lines()
            .into_iter()
            .filter_map(row)
            .filter(|row| !is_name(row))
            .collect()
    }

    fn selected_run(&self) -> usize {
        if self.is_transposed {
            self.cursor.index
        } else {
            self.selected_column
        }
    }

    /// The row under the cursor; under a heading, the first one below it.
    fn selected_row(&self) -> Option<&ComparisonRow> {
        if self.is_transposed {
            return self.properties().get(self.selected_column).copied();
        }
        let mut lines = self.visible_lines().into_iter().skip(self.cursor.index);
        match lines.next()? {
            CompareLine::Row(row) => Some(row),
            CompareLine::Header(_) => match lines.next()? {
                CompareLine::Row(row) => Some(row),
                _ => None,
            },
            CompareLine::SystemMetrics { .. } => None,
        }
    }

    /// The title of a run: that of its mark, such as `v6` for a version, else its name.
    #[must_use]
    pub(crate) fn run_title(run: &Run, shared: &SharedState) -> String {
        let of_mark = shared.marks.title(&run.id);
        of_mark.unwrap_or_else(|| run.label().clean().into_owned())
    }

    /// The titles of all runs, in the order of the columns.
    #[must_use]
    pub(crate) fn run_titles(&self, shared: &SharedState) -> Vec<String> {
        let runs = self.data.get().into_iter().flat_map(|data| &data.runs);
        runs.map(|run| Self::run_title(run, shared)).collect()
    }

    fn set_baseline(&mut self, context: &mut UpdateContext<'_>) {
        let Some(data) = self.data.get() else { return };
        let at = self.selected_run();
        let Some(run) = data.runs.get(at) else { return };
        let (id, label) = (run.id.clone(), run.label());
        let origin = experiment_label(run);
        let mut runs = data.runs.clone();
        // The baseline comes first, so that deltas read from left to right.
        runs[..=at].rotate_right(1);
        self.ids = runs.iter().map(|run| run.id.clone()).collect();
        let shared = &*context.shared;
        let directions = |metric: &str| shared.direction(metric);
        let compared = compare_with_directions(runs, Some(&id), &directions);
        self.data.replace(compared);
        if self.is_transposed {
            self.cursor.index = 0;
        } else {
            self.selected_column = 0;
        }
        context.shared.marks.set_baseline(&id, &label, &origin);
        let title = self.data.get().and_then(|data| data.runs.first());
        let title = title.map(|run| Self::run_title(run, context.shared));
        context.notify(format!("the baseline is {}", title.unwrap_or_default()));
    }

    fn open_drivers(&self, context: &mut UpdateContext<'_>) {
        let Some(data) = self.data.get() else { return };
        let declared = data
            .runs
            .iter()
            .find_map(|run| context.shared.goals.get(&run.experiment_id).cloned());
        let metrics = data
            .runs
            .iter()
            .flat_map(|run| &run.metrics)
            .map(|metric| &metric.key);
        let Some(goal) = declared.or_else(|| Goal::suggest(metrics)) else {
            return context.notify("these runs have no metric");
        };
        let subject = self.ids.get(self.selected_run()).cloned();
        let name = format!("compare {} runs", self.ids.len());
        context.push(DriversScreen::new(data.runs.clone(), name, goal, subject));
    }

    fn export(&mut self, path: String, context: &mut UpdateContext<'_>) {
        if let Some(data) = self.data.get() {
            let export = Export::Comparison(data.clone(), self.shows_differences_only);
            context.request(Request::Export(path, Box::new(export)));
        }
    }

    fn copy_value(&self, context: &mut UpdateContext<'_>) {
        if let Some(row) = self.selected_row()
            && let Some(Some(value)) = row.values.get(self.selected_run())
        {
            context.copy_to_clipboard(value.raw().to_owned());
        }
    }
}

impl Screen for CompareScreen {
    fn scope(&self) -> Scope {
        Scope::Compare
    }

    fn breadcrumbs(&self, _: &SharedState) -> Vec<String> {
        vec![format!("compare {} runs", self.ids.len())]
    }

    fn freshness(&self, _: &SharedState) -> Freshness {
        Freshness::of(&self.data)
    }

    fn request_data(&mut self, context: &mut UpdateContext<'_>) {
        context.fetch(&mut self.data, Request::RunsById(self.ids.clone()));
    }

    fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        let last = self.column_count().saturating_sub(1);
        match action {
            Action::Left => self.selected_column = self.selected_column.saturating_sub(1),
            Action::Right => self.selected_column = (self.selected_column + 1).min(last),
            Action::FirstColumn => self.selected_column = 0,
            Action::LastColumn => self.selected_column = last,
            Action::DifferencesOnly => self.shows_differences_only = !self.shows_differences_only,
            Action::Baseline => self.set_baseline(context),
            Action::Open | Action::Fold if self.toggle_system_metrics() => {}
            Action::Open => {
                if let Some(id) = self.ids.get(self.selected_run()) {
                    context.push(RunScreen::new(id.clone()));
                }
            }
            Action::Export => {
                let title = "export this comparison to (.md, .csv, .json or .html)";
                let prompt = Prompt::export(title, "comparison.md", Self::export, context);
                context.open(Dialog::Prompt(prompt));
            }
            Action::Transpose => self.transpose(),
            Action::Group => self.choose_group(context),
            Action::Diff => self.open_value_diff(context),
            Action::Files => self.fetch_common_files(context),
            Action::Drivers => self.open_drivers(context),
            Action::Charts => context.push(ChartsScreen::new(self.ids.clone())),
            Action::ClearMarks => context.shared.marks.clear(),
            Action::CopyValue => self.copy_value(context),
            Action::CopyId => {
                if let Some(id) = self.ids.get(self.selected_run()) {
                    context.copy_name(id.raw());
                }
            }
            Action::Back if self.group_key.is_some() && self.filter.is_empty() => {
                self.group_by(None, context);
            }
            _ => return false,
        }
        true
    }

    fn handle_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut UpdateContext<'_>,
    ) -> Option<Reply> {
        match reply {
            Reply::RunsById(result) if self.data.is_awaiting(ticket) => {
                if let Err(error) = &result {
                    context.notify_error(error);
                }
                let baseline = self.ids.first().cloned();
                let shared = &*context.shared;
                let compared = result.map(|runs| {
                    compare_with_directions(runs, baseline.as_ref(), &|metric| {
                        shared.direction(metric)
                    })
                });
                self.data.resolve(compared, context.now);
                if let Some(data) = self.data.get() {
                    // Equal runs would show an empty screen.
                    self.shows_differences_only &= data.different_count() > 0;
                }
                None
            }
            Reply::CommonFiles(result) if self.files_ticket == Some(ticket) => {
                self.files_ticket = None;
                match result {
                    Ok(files) => self.choose_common_file(files, context),
                    Err(error) => context.notify_error(&error),
                }
                None
            }
            other => Some(other),
        }
    }

    fn text_filter(&mut self) -> Option<(&'static str, &mut TextFilter)> {
        Some(("filter by key", &mut self.filter))
    }

    fn list(&mut self, size: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let rows = table_areas(screen_areas(size).body).rows;
        let len = if self.is_transposed {
            self.run_count()
        } else {
            self.visible_lines().len()
        };
        Some(FocusedList::new(&mut self.cursor, len, rows))
    }

    fn row_label(&self, row: usize, shared: &SharedState) -> String {
        if self.is_transposed {
            let run = self.data.get().and_then(|data| data.runs.get(row));
            return run
                .map(|run| Self::run_title(run, shared))
                .unwrap_or_default();
        }
        match self.visible_lines().get(row) {
            Some(CompareLine::Row(row)) => row.key.clean().into_owned(),
            Some(CompareLine::SystemMetrics { .. }) => "system metrics".into(),
            _ => String::new(),
        }
    }
}
