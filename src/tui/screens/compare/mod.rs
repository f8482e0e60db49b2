//! Runs side by side, and only what differs.

mod groups;
mod inside;

use super::drivers::Drivers;
use super::{Freshness, List, Screen, View};
use crate::analysis::{CompareRow, Comparison, RowKind, compare_with};
use crate::config::keymap::{Action, Scope};
use crate::domain::{Goal, Run, RunId};
use crate::text::Untrusted;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, frame, table};
use crate::tui::app::message::{Export, Reply, Request, Ticket};
use crate::tui::app::overlays::Overlay;
use crate::tui::app::remote::Remote;
use crate::tui::app::shared::{Choice, Context, Go, Shared};

/// One line of the comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Line<'a> {
    /// The head of a group of rows.
    Head(RowKind),
    /// A property.
    Row(&'a CompareRow),
}

/// The screen's state.
#[derive(Debug)]
pub struct Compare {
    /// Which runs, in the order of the columns.
    pub ids: Vec<RunId>,
    /// The comparison.
    pub data: Remote<Comparison>,
    /// Whether equal rows are hidden.
    pub differences_only: bool,
    /// The words that a key must have.
    pub filter: String,
    /// The cursor over the lines.
    pub cursor: Cursor,
    /// The run under the cursor, from 0.
    pub column: usize,
    /// Whether runs are lines and properties are columns.
    pub transposed: bool,
    /// The param whose values are compared, each with its runs together; nothing where runs are.
    pub by: Option<Untrusted>,
    /// The runs as they came, while groups are compared.
    ungrouped: Vec<Run>,
    /// Asks for the files that two runs have in common.
    listing: Option<Ticket>,
    needle: String,
}

impl Compare {
    /// Compares runs; the first is the baseline.
    #[must_use]
    pub fn new(ids: Vec<RunId>) -> Self {
        Self {
            ids,
            data: Remote::default(),
            differences_only: true,
            filter: String::new(),
            cursor: Cursor::default(),
            column: 0,
            transposed: false,
            by: None,
            ungrouped: Vec::new(),
            listing: None,
            needle: String::new(),
        }
    }

    /// The lines that are seen: the rows of each group under its head.
    #[must_use]
    pub fn lines(&self) -> Vec<Line<'_>> {
        let words: Vec<String> = self
            .filter
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let fits = |row: &&CompareRow| {
            (row.differs || !self.differences_only)
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
                lines.push(Line::Head(row.kind));
            }
            lines.push(Line::Row(row));
        }
        lines
    }

    /// How many runs, or groups of runs, there are.
    fn runs(&self) -> usize {
        self.data
            .get()
            .map_or(self.ids.len(), |data| data.runs.len())
    }

    /// How many columns there are beside the first.
    fn columns(&self) -> usize {
        if self.transposed {
            self.properties().len()
        } else {
            self.runs()
        }
    }

    /// The properties that are seen, without the heads of their groups.
    #[must_use]
    pub fn properties(&self) -> Vec<&CompareRow> {
        let row = |line| {
            if let Line::Row(row) = line {
                Some(row)
            } else {
                None
            }
        };
        // The name stands in the line already.
        let is_name =
            |row: &&CompareRow| row.kind == RowKind::Attribute && row.key.raw() == "run_name";
        self.lines()
            .into_iter()
            .filter_map(row)
            .filter(|row| !is_name(row))
            .collect()
    }

    /// The run under the cursor, from 0.
    fn run_at(&self) -> usize {
        if self.transposed {
            self.cursor.at
        } else {
            self.column
        }
    }

    /// The property under the cursor.
    fn row_at(&self) -> Option<&CompareRow> {
        if self.transposed {
            return self.properties().get(self.column).copied();
        }
        self.lines().get(self.cursor.at).and_then(|line| {
            if let Line::Row(row) = line {
                Some(*row)
            } else {
                None
            }
        })
    }

    fn set_baseline(&mut self, context: &mut Context<'_>) {
        let Some(data) = self.data.get() else { return };
        let at = self.run_at();
        let Some(run) = data.runs.get(at) else { return };
        let (id, label) = (run.id.clone(), run.label());
        let home = format!("experiment {}", run.experiment_id.clean());
        let mut runs = data.runs.clone();
        // The baseline stands first, so that every delta is read from left to right.
        runs[..=at].rotate_right(1);
        self.ids = runs.iter().map(|run| run.id.clone()).collect();
        let since = self.data.at().unwrap_or(context.now);
        self.data.value = Some((
            compare_with(runs, Some(&id), &|metric| context.shared.direction(metric)),
            since,
        ));
        if self.transposed {
            self.cursor.at = 0;
        } else {
            self.column = 0;
        }
        context.shared.marks.set_baseline(&id, &label, &home);
        context.say(format!("the baseline is {}", label.clean()));
    }

    /// What drives the goal among the compared runs.
    fn drivers(&self, context: &mut Context<'_>) {
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
        let Some(goal) = declared.or_else(|| Goal::likeliest(metrics)) else {
            return context.say("these runs have no metric");
        };
        let subject = self.ids.get(self.run_at()).cloned();
        let name = format!("compare {} runs", self.ids.len());
        context
            .go
            .push(Go::To(Screen::Drivers(Box::new(Drivers::new(
                data.runs.clone(),
                name,
                goal,
                subject,
            )))));
    }

    fn copy(&self, context: &mut Context<'_>) {
        if let Some(row) = self.row_at()
            && let Some(Some(value)) = row.values.get(self.run_at())
        {
            context.copy(value.raw().to_owned());
        }
    }
}

impl View for Compare {
    fn scope(&self) -> Scope {
        Scope::Compare
    }

    fn crumbs(&self, _: &Shared) -> Vec<String> {
        vec![format!("compare {} runs", self.ids.len())]
    }

    fn freshness(&self, _: &Shared) -> Freshness {
        Freshness::of(&self.data)
    }

    fn enter(&mut self, context: &mut Context<'_>) {
        context.fetch(&mut self.data, Request::Compare(self.ids.clone()));
    }

    fn on(&mut self, action: Action, context: &mut Context<'_>) -> bool {
        let last = self.columns().saturating_sub(1);
        match action {
            Action::Left => self.column = self.column.saturating_sub(1),
            Action::Right => self.column = (self.column + 1).min(last),
            Action::FirstColumn => self.column = 0,
            Action::LastColumn => self.column = last,
            Action::DifferencesOnly => self.differences_only = !self.differences_only,
            Action::Baseline => self.set_baseline(context),
            Action::Filter => context.go.push(Go::Over(Box::new(Overlay::words(
                "filter by key",
                &self.filter,
            )))),
            Action::Open => {
                if let Some(id) = self.ids.get(self.run_at()) {
                    context.go.push(Go::To(Screen::run(id.clone())));
                }
            }
            Action::Export => {
                let title = "write this comparison to (.md, .csv, .json or .html)";
                context.go.push(Go::Over(Box::new(Overlay::file_name(
                    title,
                    "comparison.md",
                ))));
            }
            Action::Transpose => self.transpose(),
            Action::Group => self.ask_group(context),
            Action::Diff => self.look_inside(context),
            Action::Files => self.list_files(context),
            Action::Drivers => self.drivers(context),
            Action::Charts => context.go.push(Go::To(Screen::charts(self.ids.clone()))),
            Action::ClearMarks => context.shared.marks.clear(),
            Action::CopyValue => self.copy(context),
            Action::CopyId => {
                if let Some(id) = self.ids.get(self.run_at()) {
                    context.copy(id.raw().to_owned());
                }
            }
            Action::Back if !self.filter.is_empty() => self.filter.clear(),
            Action::Back if self.by.is_some() => self.group_by(None, context),
            _ => return false,
        }
        true
    }

    fn reply(&mut self, ticket: Ticket, reply: Reply, context: &mut Context<'_>) -> Option<Reply> {
        match reply {
            Reply::Compare(answer) if self.data.awaits(ticket) => {
                if let Err(fault) = &answer {
                    context.shared.notices.fault(context.now, fault);
                }
                let baseline = self.ids.first().cloned();
                let shared = &*context.shared;
                let compared = answer.map(|runs| {
                    compare_with(runs, baseline.as_ref(), &|metric| shared.direction(metric))
                });
                self.data.take(compared, context.now);
                if let Some(data) = self.data.get() {
                    // Runs that differ in nothing would show an empty screen: then everything is shown.
                    self.differences_only &= data.differing() > 0;
                }
                None
            }
            Reply::Common(answer) if self.listing == Some(ticket) => {
                self.listing = None;
                match answer {
                    Ok(files) => self.offer_files(files, context),
                    Err(fault) => context.shared.notices.fault(context.now, &fault),
                }
                None
            }
            other => Some(other),
        }
    }

    fn chosen(&mut self, choice: Choice, context: &mut Context<'_>) {
        match choice {
            Choice::Filter(text) => self.filter = text,
            Choice::CompareBy(key) => self.group_by(key, context),
            Choice::CommonFile(file) => self.compare_file(*file, context),
            Choice::Export(path) => {
                if let Some(data) = self.data.get() {
                    context.ask(Request::Export(
                        path,
                        Box::new(Export::Comparison(data.clone(), self.differences_only)),
                    ));
                }
            }
            _ => {}
        }
    }

    fn list(&mut self, size: Size, _: &Shared) -> Option<List<'_>> {
        let rows = table(frame(size).body).rows;
        let len = if self.transposed {
            self.runs()
        } else {
            self.lines().len()
        };
        Some(List {
            cursor: &mut self.cursor,
            len,
            height: rows.height.into(),
            top: rows.y,
        })
    }

    fn label(&self, line: usize, _: &Shared) -> String {
        if self.transposed {
            let run = self.data.get().and_then(|data| data.runs.get(line));
            return run
                .map(|run| run.label().clean().into_owned())
                .unwrap_or_default();
        }
        match self.lines().get(line) {
            Some(Line::Row(row)) => row.key.clean().into_owned(),
            _ => String::new(),
        }
    }

    fn needle(&self) -> &str {
        &self.needle
    }

    fn set_needle(&mut self, needle: String) {
        self.needle = needle;
    }
}
