//! Runs side by side, and only what differs.

mod diff;
mod groups;

use super::drivers::DriversScreen;
use super::{FocusedList, Freshness, Screen, View};
use crate::analysis::{Comparison, ComparisonRow, RowKind, compare_with_directions};
use crate::config::keymap::{Action, Scope};
use crate::domain::{Goal, Run, RunId};
use crate::text::Untrusted;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::dialogs::Dialog;
use crate::tui::app::layout::{Size, screen_areas, table_areas};
use crate::tui::app::message::{Export, Reply, Request, Ticket};
use crate::tui::app::remote::Remote;
use crate::tui::app::shared::{Choice, Navigate, SharedState, UpdateContext};

/// One line of the comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CompareLine<'a> {
    /// The head of a group of rows.
    Header(RowKind),
    /// A property.
    Row(&'a ComparisonRow),
}

/// The screen's state.
#[derive(Debug)]
pub struct CompareScreen {
    /// Which runs, in the order of the columns.
    pub ids: Vec<RunId>,
    /// The comparison.
    pub data: Remote<Comparison>,
    /// Whether equal rows are hidden.
    pub shows_differences_only: bool,
    /// The words that a key must have.
    pub filter: String,
    /// The cursor over the lines.
    pub cursor: Cursor,
    /// The run under the cursor, from 0.
    pub selected_column: usize,
    /// Whether runs are lines and properties are columns.
    pub is_transposed: bool,
    /// The param whose values are compared, each with its runs together; nothing where runs are.
    pub group_key: Option<Untrusted>,
    /// The runs as they came, while groups are compared.
    ungrouped_runs: Vec<Run>,
    /// Asks for the files that two runs have in common.
    files_ticket: Option<Ticket>,
    search_text: String,
}

impl CompareScreen {
    /// Compares runs; the first is the baseline.
    #[must_use]
    pub fn new(ids: Vec<RunId>) -> Self {
        Self {
            ids,
            data: Remote::default(),
            shows_differences_only: true,
            filter: String::new(),
            cursor: Cursor::default(),
            selected_column: 0,
            is_transposed: false,
            group_key: None,
            ungrouped_runs: Vec::new(),
            files_ticket: None,
            search_text: String::new(),
        }
    }

    /// The lines that are seen: the rows of each group under its head.
    #[must_use]
    pub fn visible_lines(&self) -> Vec<CompareLine<'_>> {
        let words: Vec<String> = self
            .filter
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let fits = |row: &&ComparisonRow| {
            (row.differs || !self.shows_differences_only)
                && words
                    .iter()
                    .all(|word| row.key.raw().to_lowercase().contains(word))
        };
        let mut lines = Vec::new();
        let mut group = None;
        for row in self
            .data
            .get()
            .map(|data| data.rows.as_slice())
            .unwrap_or_default()
            .iter()
            .filter(fits)
        {
            if group != Some(row.kind) {
                group = Some(row.kind);
                lines.push(CompareLine::Header(row.kind));
            }
            lines.push(CompareLine::Row(row));
        }
        lines
    }

    /// How many runs, or groups of runs, there are.
    fn run_count(&self) -> usize {
        self.data
            .get()
            .map_or(self.ids.len(), |data| data.runs.len())
    }

    /// How many columns there are beside the first.
    fn column_count(&self) -> usize {
        if self.is_transposed {
            self.properties().len()
        } else {
            self.run_count()
        }
    }

    /// The properties that are seen, without the heads of their groups.
    #[must_use]
    pub fn properties(&self) -> Vec<&ComparisonRow> {
        let row = |line| {
            if let CompareLine::Row(row) = line {
                Some(row)
            } else {
                None
            }
        };
        // The name stands in the line already.
        let is_name =
            |row: &&ComparisonRow| row.kind == RowKind::Attribute && row.key.raw() == "run_name";
        self.visible_lines()
            .into_iter()
            .filter_map(row)
            .filter(|row| !is_name(row))
            .collect()
    }

    /// The run under the cursor, from 0.
    fn selected_run(&self) -> usize {
        if self.is_transposed {
            self.cursor.index
        } else {
            self.selected_column
        }
    }

    /// The property under the cursor.
    fn selected_row(&self) -> Option<&ComparisonRow> {
        if self.is_transposed {
            return self.properties().get(self.selected_column).copied();
        }
        self.visible_lines()
            .get(self.cursor.index)
            .and_then(|line| {
                if let CompareLine::Row(row) = line {
                    Some(*row)
                } else {
                    None
                }
            })
    }

    fn set_baseline(&mut self, context: &mut UpdateContext<'_>) {
        let Some(data) = self.data.get() else { return };
        let at = self.selected_run();
        let Some(run) = data.runs.get(at) else { return };
        let (id, label) = (run.id.clone(), run.label());
        let home = format!("experiment {}", run.experiment_id.clean());
        let mut runs = data.runs.clone();
        // The baseline stands first, so that every delta is read from left to right.
        runs[..=at].rotate_right(1);
        self.ids = runs.iter().map(|run| run.id.clone()).collect();
        let since = self.data.fetched_at().unwrap_or(context.now);
        self.data.value = Some((
            compare_with_directions(runs, Some(&id), &|metric| context.shared.direction(metric)),
            since,
        ));
        if self.is_transposed {
            self.cursor.index = 0;
        } else {
            self.selected_column = 0;
        }
        context.shared.marks.set_baseline(&id, &label, &home);
        context.notify(format!("the baseline is {}", label.clean()));
    }

    /// What drives the goal among the compared runs.
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
        context
            .navigation
            .push(Navigate::Push(Screen::Drivers(Box::new(
                DriversScreen::new(data.runs.clone(), name, goal, subject),
            ))));
    }

    fn copy_value(&self, context: &mut UpdateContext<'_>) {
        if let Some(row) = self.selected_row()
            && let Some(Some(value)) = row.values.get(self.selected_run())
        {
            context.copy_to_clipboard(value.raw().to_owned());
        }
    }
}

impl View for CompareScreen {
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
            Action::Filter => {
                context
                    .navigation
                    .push(Navigate::OpenDialog(Box::new(Dialog::text_filter(
                        "filter by key",
                        &self.filter,
                    ))));
            }
            Action::Open => {
                if let Some(id) = self.ids.get(self.selected_run()) {
                    context
                        .navigation
                        .push(Navigate::Push(Screen::run(id.clone())));
                }
            }
            Action::Export => {
                let title = "write this comparison to (.md, .csv, .json or .html)";
                context
                    .navigation
                    .push(Navigate::OpenDialog(Box::new(Dialog::file_name(
                        title,
                        "comparison.md",
                    ))));
            }
            Action::Transpose => self.transpose(),
            Action::Group => self.choose_group(context),
            Action::Diff => self.open_value_diff(context),
            Action::Files => self.fetch_common_files(context),
            Action::Drivers => self.open_drivers(context),
            Action::Charts => context
                .navigation
                .push(Navigate::Push(Screen::charts(self.ids.clone()))),
            Action::ClearMarks => context.shared.marks.clear(),
            Action::CopyValue => self.copy_value(context),
            Action::CopyId => {
                if let Some(id) = self.ids.get(self.selected_run()) {
                    context.copy_to_clipboard(id.raw().to_owned());
                }
            }
            Action::Back if !self.filter.is_empty() => self.filter.clear(),
            Action::Back if self.group_key.is_some() => self.group_by(None, context),
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
            Reply::RunsById(answer) if self.data.is_awaiting(ticket) => {
                if let Err(fault) = &answer {
                    context.shared.notifications.store_error(context.now, fault);
                }
                let baseline = self.ids.first().cloned();
                let shared = &*context.shared;
                let compared = answer.map(|runs| {
                    compare_with_directions(runs, baseline.as_ref(), &|metric| {
                        shared.direction(metric)
                    })
                });
                self.data.resolve(compared, context.now);
                if let Some(data) = self.data.get() {
                    // Runs that differ in nothing would show an empty screen: then everything is shown.
                    self.shows_differences_only &= data.different_count() > 0;
                }
                None
            }
            Reply::CommonFiles(answer) if self.files_ticket == Some(ticket) => {
                self.files_ticket = None;
                match answer {
                    Ok(files) => self.choose_common_file(files, context),
                    Err(fault) => context
                        .shared
                        .notifications
                        .store_error(context.now, &fault),
                }
                None
            }
            other => Some(other),
        }
    }

    fn handle_choice(&mut self, choice: Choice, context: &mut UpdateContext<'_>) {
        match choice {
            Choice::Filter(text) => self.filter = text,
            Choice::CompareBy(key) => self.group_by(key, context),
            Choice::CommonFile(file) => self.open_file_diff(*file, context),
            Choice::Export(path) => {
                if let Some(data) = self.data.get() {
                    context.request(Request::Export(
                        path,
                        Box::new(Export::Comparison(
                            data.clone(),
                            self.shows_differences_only,
                        )),
                    ));
                }
            }
            _ => {}
        }
    }

    fn list(&mut self, size: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let rows = table_areas(screen_areas(size).body).rows;
        let len = if self.is_transposed {
            self.run_count()
        } else {
            self.visible_lines().len()
        };
        Some(FocusedList {
            cursor: &mut self.cursor,
            len,
            height: rows.height.into(),
            top: rows.y,
        })
    }

    fn row_label(&self, line: usize, _: &SharedState) -> String {
        if self.is_transposed {
            let run = self.data.get().and_then(|data| data.runs.get(line));
            return run
                .map(|run| run.label().clean().into_owned())
                .unwrap_or_default();
        }
        match self.visible_lines().get(line) {
            Some(CompareLine::Row(row)) => row.key.clean().into_owned(),
            _ => String::new(),
        }
    }

    fn search_text(&self) -> &str {
        &self.search_text
    }

    fn set_search_text(&mut self, needle: String) {
        self.search_text = needle;
    }
}
