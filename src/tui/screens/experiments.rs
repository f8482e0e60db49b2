//! The list of experiments.

use std::collections::BTreeSet;

use super::{FocusedList, Freshness, Screen, View, take_reply};
use crate::config::keymap::{Action, Scope};
use crate::domain::{Experiment, ExperimentId, Millis};
use crate::tui::app::cursor::Cursor;
use crate::tui::app::dialogs::Dialog;
use crate::tui::app::layout::{Size, screen_areas, table_areas};
use crate::tui::app::message::{Reply, Request, Ticket};
use crate::tui::app::remote::Remote;
use crate::tui::app::shared::{Choice, Navigate, SharedState, UpdateContext};

/// The list is read again every so many of the session's intervals: counting the runs of all experiments costs more than reading
/// the few runs that go on, and nobody waits for it.
const INTERVALS_PER_POLL: Millis = 3;

/// What the list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortOrder {
    /// The newest run first.
    #[default]
    Activity,
    /// By name.
    Name,
    /// The most runs first.
    Runs,
}

impl SortOrder {
    /// The order after this one.
    fn next(self) -> Self {
        match self {
            Self::Activity => Self::Name,
            Self::Name => Self::Runs,
            Self::Runs => Self::Activity,
        }
    }

    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Activity => "last activity",
            Self::Name => "name",
            Self::Runs => "runs",
        }
    }
}

/// The screen's state.
#[derive(Debug, Default)]
pub struct ExperimentsScreen {
    /// The experiments, in the store's order.
    pub data: Remote<Vec<Experiment>>,
    /// The lines that are seen, as places in `data`.
    pub visible_rows: Vec<usize>,
    /// The cursor over the lines.
    pub cursor: Cursor,
    /// The words that a name must have.
    pub filter: String,
    /// The order.
    pub order: SortOrder,
    /// Experiments that are marked, to be opened together.
    pub marked: BTreeSet<ExperimentId>,
    search_text: String,
}

impl ExperimentsScreen {
    /// The experiment of a line.
    #[must_use]
    pub fn row(&self, line: usize) -> Option<&Experiment> {
        self.data.get()?.get(*self.visible_rows.get(line)?)
    }

    /// The experiment under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&Experiment> {
        self.row(self.cursor.index)
    }

    fn update_rows(&mut self) {
        let Some(all) = self.data.get() else { return };
        let selected = self.current().map(|experiment| experiment.id.clone());
        let words: Vec<String> = self
            .filter
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let fits = |experiment: &Experiment| {
            let name = experiment.name.raw().to_lowercase();
            words
                .iter()
                .all(|word| name.contains(word) || experiment.id.raw() == word)
        };
        let mut lines: Vec<usize> = (0..all.len()).filter(|i| fits(&all[*i])).collect();
        let activity = |e: &Experiment| e.last_run_time.or(e.last_update_time).or(e.creation_time);
        lines.sort_by(|a, b| {
            let (a, b) = (&all[*a], &all[*b]);
            match self.order {
                SortOrder::Activity => activity(b).cmp(&activity(a)),
                SortOrder::Name => a
                    .name
                    .raw()
                    .to_lowercase()
                    .cmp(&b.name.raw().to_lowercase()),
                SortOrder::Runs => b.run_count.cmp(&a.run_count),
            }
            .then_with(|| a.name.cmp(&b.name))
        });
        if let Some(at) = selected.and_then(|id| lines.iter().position(|i| all[*i].id == id)) {
            // The window moves with the cursor, so that the eye finds the line where it was.
            let offset = self.cursor.index.saturating_sub(self.cursor.top);
            self.cursor.index = at;
            self.cursor.top = at.saturating_sub(offset);
        }
        self.visible_rows = lines;
    }

    fn open(&self, context: &mut UpdateContext<'_>) {
        let all = self.data.get().map(Vec::as_slice).unwrap_or_default();
        let chosen: Vec<&Experiment> = if self.marked.is_empty() {
            self.current().into_iter().collect()
        } else {
            all.iter().filter(|e| self.marked.contains(&e.id)).collect()
        };
        let name = match chosen.as_slice() {
            [] => return,
            [one] => one.name.clean().into_owned(),
            many => format!("{} experiments", many.len()),
        };
        context.navigation.push(Navigate::Push(Screen::runs(
            chosen.iter().map(|e| e.id.clone()).collect(),
            name,
        )));
    }
}

impl View for ExperimentsScreen {
    fn scope(&self) -> Scope {
        Scope::Experiments
    }

    fn breadcrumbs(&self, _: &SharedState) -> Vec<String> {
        vec!["experiments".into()]
    }

    fn freshness(&self, shared: &SharedState) -> Freshness {
        shared.polled_freshness(
            Freshness::of(&self.data),
            INTERVALS_PER_POLL,
            self.data.last_attempt_at,
        )
    }

    fn request_data(&mut self, context: &mut UpdateContext<'_>) {
        context.fetch(&mut self.data, Request::Experiments);
    }

    fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        match action {
            Action::Open => self.open(context),
            Action::Mark | Action::MarkRange => {
                if let Some(id) = self.current().map(|e| e.id.clone())
                    && !self.marked.remove(&id)
                {
                    self.marked.insert(id);
                }
                self.cursor.apply_motion(
                    Action::Down,
                    self.visible_rows.len(),
                    usize::from(context.size.height),
                );
            }
            Action::ClearMarks => self.marked.clear(),
            Action::Sort => {
                self.order = self.order.next();
                self.update_rows();
            }
            Action::Filter => {
                context
                    .navigation
                    .push(Navigate::OpenDialog(Box::new(Dialog::text_filter(
                        "filter experiments",
                        &self.filter,
                    ))));
            }
            Action::CopyValue => {
                if let Some(experiment) = self.current() {
                    context.copy_to_clipboard(experiment.name.raw().to_owned());
                }
            }
            Action::CopyId => {
                if let Some(experiment) = self.current() {
                    context.copy_to_clipboard(experiment.id.raw().to_owned());
                }
            }
            Action::WebPage => {
                if let (Some(web), Some(experiment)) =
                    (context.shared.session.web_url.clone(), self.current())
                {
                    context
                        .copy_to_clipboard(format!("{web}/#/experiments/{}", experiment.id.raw()));
                }
            }
            Action::Back if !self.filter.is_empty() => {
                self.filter.clear();
                self.update_rows();
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
        let rest = take_reply!(ticket, reply, context, Experiments => self.data);
        if rest.is_none() {
            self.update_rows();
            for experiment in self.data.get().into_iter().flatten() {
                if let Some(goal) = experiment.declared_goal() {
                    context
                        .shared
                        .goals
                        .entry(experiment.id.clone())
                        .or_insert(goal);
                }
            }
        }
        rest
    }

    fn handle_choice(&mut self, choice: Choice, _: &mut UpdateContext<'_>) {
        if let Choice::Filter(text) = choice {
            self.filter = text;
            self.update_rows();
        }
    }

    fn after_update(&mut self, context: &mut UpdateContext<'_>) {
        context.refetch_if_due(&mut self.data, INTERVALS_PER_POLL, || Request::Experiments);
    }

    fn list(&mut self, size: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let rows = table_areas(screen_areas(size).body).rows;
        Some(FocusedList {
            cursor: &mut self.cursor,
            len: self.visible_rows.len(),
            height: rows.height.into(),
            top: rows.y,
        })
    }

    fn row_label(&self, line: usize, _: &SharedState) -> String {
        self.row(line)
            .map(|e| e.name.clean().into_owned())
            .unwrap_or_default()
    }

    fn search_text(&self) -> &str {
        &self.search_text
    }

    fn set_search_text(&mut self, needle: String) {
        self.search_text = needle;
    }
}
