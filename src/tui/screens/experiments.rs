//! The list of experiments.

use std::collections::BTreeSet;

use super::{Freshness, List, Screen, View, take_reply};
use crate::config::keymap::{Action, Scope};
use crate::domain::{Experiment, ExperimentId, Millis};
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, frame, table};
use crate::tui::app::message::{Reply, Request, Ticket};
use crate::tui::app::overlays::Overlay;
use crate::tui::app::remote::Remote;
use crate::tui::app::shared::{Choice, Context, Go, Shared};

/// The list is read again every so many of the session's intervals: counting the runs of all experiments costs more than reading
/// the few runs that go on, and nobody waits for it.
const INTERVALS: Millis = 3;

/// What the list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The newest run first.
    #[default]
    Activity,
    /// By name.
    Name,
    /// The most runs first.
    Runs,
}

impl Order {
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
pub struct Experiments {
    /// The experiments, in the store's order.
    pub data: Remote<Vec<Experiment>>,
    /// The lines that are seen, as places in `data`.
    pub lines: Vec<usize>,
    /// The cursor over the lines.
    pub cursor: Cursor,
    /// The words that a name must have.
    pub filter: String,
    /// The order.
    pub order: Order,
    /// Experiments that are marked, to be opened together.
    pub marked: BTreeSet<ExperimentId>,
    needle: String,
}

impl Experiments {
    /// The experiment of a line.
    #[must_use]
    pub fn line(&self, line: usize) -> Option<&Experiment> {
        self.data.get()?.get(*self.lines.get(line)?)
    }

    /// The experiment under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&Experiment> {
        self.line(self.cursor.at)
    }

    fn arrange(&mut self) {
        let Some(all) = self.data.get() else { return };
        let kept = self.current().map(|experiment| experiment.id.clone());
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
        let activity = |e: &Experiment| e.last_run.or(e.last_update_time).or(e.creation_time);
        lines.sort_by(|a, b| {
            let (a, b) = (&all[*a], &all[*b]);
            match self.order {
                Order::Activity => activity(b).cmp(&activity(a)),
                Order::Name => a
                    .name
                    .raw()
                    .to_lowercase()
                    .cmp(&b.name.raw().to_lowercase()),
                Order::Runs => b.runs.cmp(&a.runs),
            }
            .then_with(|| a.name.cmp(&b.name))
        });
        if let Some(at) = kept.and_then(|id| lines.iter().position(|i| all[*i].id == id)) {
            // The window moves with the cursor, so that the eye finds the line where it was.
            let offset = self.cursor.at.saturating_sub(self.cursor.top);
            self.cursor.at = at;
            self.cursor.top = at.saturating_sub(offset);
        }
        self.lines = lines;
    }

    fn open(&self, context: &mut Context<'_>) {
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
        context.go.push(Go::To(Screen::runs(
            chosen.iter().map(|e| e.id.clone()).collect(),
            name,
        )));
    }
}

impl View for Experiments {
    fn scope(&self) -> Scope {
        Scope::Experiments
    }

    fn crumbs(&self, _: &Shared) -> Vec<String> {
        vec!["experiments".into()]
    }

    fn freshness(&self, shared: &Shared) -> Freshness {
        shared.live(Freshness::of(&self.data), INTERVALS, self.data.tried)
    }

    fn enter(&mut self, context: &mut Context<'_>) {
        context.fetch(&mut self.data, Request::Experiments);
    }

    fn on(&mut self, action: Action, context: &mut Context<'_>) -> bool {
        match action {
            Action::Open => self.open(context),
            Action::Mark | Action::MarkRange => {
                if let Some(id) = self.current().map(|e| e.id.clone())
                    && !self.marked.remove(&id)
                {
                    self.marked.insert(id);
                }
                self.cursor.travel(
                    Action::Down,
                    self.lines.len(),
                    usize::from(context.size.height),
                );
            }
            Action::ClearMarks => self.marked.clear(),
            Action::Sort => {
                self.order = self.order.next();
                self.arrange();
            }
            Action::Filter => context.go.push(Go::Over(Box::new(Overlay::words(
                "filter experiments",
                &self.filter,
            )))),
            Action::CopyValue => {
                if let Some(experiment) = self.current() {
                    context.copy(experiment.name.raw().to_owned());
                }
            }
            Action::CopyId => {
                if let Some(experiment) = self.current() {
                    context.copy(experiment.id.raw().to_owned());
                }
            }
            Action::WebPage => {
                if let (Some(web), Some(experiment)) =
                    (context.shared.session.web.clone(), self.current())
                {
                    context.copy(format!("{web}/#/experiments/{}", experiment.id.raw()));
                }
            }
            Action::Back if !self.filter.is_empty() => {
                self.filter.clear();
                self.arrange();
            }
            _ => return false,
        }
        true
    }

    fn reply(&mut self, ticket: Ticket, reply: Reply, context: &mut Context<'_>) -> Option<Reply> {
        let rest = take_reply!(ticket, reply, context, Experiments => self.data);
        if rest.is_none() {
            self.arrange();
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

    fn chosen(&mut self, choice: Choice, _: &mut Context<'_>) {
        if let Choice::Filter(text) = choice {
            self.filter = text;
            self.arrange();
        }
    }

    fn settle(&mut self, context: &mut Context<'_>) {
        context.refetch(&mut self.data, INTERVALS, || Request::Experiments);
    }

    fn list(&mut self, size: Size, _: &Shared) -> Option<List<'_>> {
        let rows = table(frame(size).body).rows;
        Some(List {
            cursor: &mut self.cursor,
            len: self.lines.len(),
            height: rows.height.into(),
            top: rows.y,
        })
    }

    fn label(&self, line: usize, _: &Shared) -> String {
        self.line(line)
            .map(|e| e.name.clean().into_owned())
            .unwrap_or_default()
    }

    fn needle(&self) -> &str {
        &self.needle
    }

    fn set_needle(&mut self, needle: String) {
        self.needle = needle;
    }
}
