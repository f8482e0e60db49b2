//! The list of experiments.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::details::{experiment_facts, open_facts};
use super::{FocusedList, Freshness, RunsScreen, Screen};
use crate::config::keymap::{Action, Scope};
use crate::domain::{Experiment, ExperimentId, Millis};
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, screen_areas, table_areas};
use crate::tui::app::text_filter::TextFilter;
use crate::tui::app::{Remote, Reply, Request, SharedState, Ticket, UpdateContext};

/// The list is refreshed every third interval: counting the runs of all experiments costs more than polling active runs.
const INTERVALS_PER_POLL: Millis = 3;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SortOrder {
    /// The newest run first.
    #[default]
    Activity,
    Name,
    /// The most runs first.
    Runs,
}

impl SortOrder {
    fn next(self) -> Self {
        match self {
            Self::Activity => Self::Name,
            Self::Name => Self::Runs,
            Self::Runs => Self::Activity,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Activity => "last activity",
            Self::Name => "name",
            Self::Runs => "runs",
        }
    }
}

/// The list of experiments.
#[derive(Debug, Default)]
pub struct ExperimentsScreen {
    /// In the store's order.
    pub(crate) data: Remote<Vec<Experiment>>,
    /// The visible rows as indices into `data`.
    pub(crate) visible_rows: Vec<usize>,
    pub(crate) cursor: Cursor,
    pub(crate) filter: TextFilter,
    pub(crate) order: SortOrder,
    /// Experiments to open together.
    pub(crate) marked: BTreeSet<ExperimentId>,
}

impl ExperimentsScreen {
    pub(crate) fn row(&self, index: usize) -> Option<&Experiment> {
        self.data.get()?.get(*self.visible_rows.get(index)?)
    }

    fn current(&self) -> Option<&Experiment> {
        self.row(self.cursor.index)
    }

    fn update_rows(&mut self) {
        let Some(all) = self.data.get() else { return };
        let selected = self.current().map(|experiment| experiment.id.clone());
        let lower_name = |e: &Experiment| e.name.raw().to_lowercase();
        let matches = |experiment: &Experiment| {
            let (name, id) = (lower_name(experiment), experiment.id.raw());
            let mut words = self.filter.words().iter();
            words.all(|word| name.contains(word) || id == word)
        };
        let mut rows: Vec<usize> = (0..all.len()).filter(|i| matches(&all[*i])).collect();
        // Those without runs come last, the newest first: MLflow creates the empty Default with each store.
        let activity = |e: &Experiment| {
            let created = e.last_update_time.or(e.creation_time);
            (Reverse(e.last_activity()), Reverse(created))
        };
        rows.sort_by(|a, b| {
            let (a, b) = (&all[*a], &all[*b]);
            match self.order {
                SortOrder::Activity => activity(a).cmp(&activity(b)),
                SortOrder::Name => lower_name(a).cmp(&lower_name(b)),
                SortOrder::Runs => b.run_count.cmp(&a.run_count),
            }
            .then_with(|| a.name.cmp(&b.name))
        });
        let at = selected.and_then(|id| rows.iter().position(|i| all[*i].id == id));
        self.visible_rows = rows;
        self.cursor.follow(at);
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
        let ids = chosen.iter().map(|e| e.id.clone()).collect();
        context.push(RunsScreen::new(ids, name));
    }

    fn toggle_mark(&mut self, context: &UpdateContext<'_>) {
        if let Some(id) = self.current().map(|e| e.id.clone())
            && !self.marked.remove(&id)
        {
            self.marked.insert(id);
        }
        let (len, height) = (self.visible_rows.len(), context.size.height.into());
        self.cursor.apply_motion(Action::Down, len, height);
    }
}

impl Screen for ExperimentsScreen {
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
            self.data.last_attempt_at(),
        )
    }

    fn request_data(&mut self, context: &mut UpdateContext<'_>) {
        context.fetch(&mut self.data, Request::Experiments);
    }

    fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        match (action, self.current()) {
            (Action::Open, _) => self.open(context),
            (Action::Mark | Action::MarkRange, _) => self.toggle_mark(context),
            (Action::ClearMarks, _) => self.marked.clear(),
            (Action::Sort, _) => {
                self.order = self.order.next();
                self.update_rows();
            }
            (Action::Preview, Some(current)) => {
                let facts = experiment_facts(current, &context.shared.session.time_zone);
                open_facts(current.name.clean().into_owned(), &facts, context);
            }
            (Action::CopyValue, Some(current)) => {
                context.copy_name(current.name.raw());
            }
            (Action::CopyId, Some(current)) => {
                context.copy_name(current.id.raw());
            }
            (Action::WebPage, Some(current)) => {
                context.copy_web_page(&["experiments", current.id.raw()]);
            }
            (Action::Preview | Action::CopyValue | Action::CopyId | Action::WebPage, None) => {}
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
            Reply::Experiments(result) if self.data.is_awaiting(ticket) => {
                context.resolve(&mut self.data, ticket, result);
            }
            other => return Some(other),
        }
        self.update_rows();
        for experiment in self.data.get().into_iter().flatten() {
            if let Some(goal) = experiment.declared_goal() {
                let goals = &mut context.shared.goals;
                goals.entry(experiment.id.clone()).or_insert(goal);
            }
        }
        None
    }

    fn text_filter(&mut self) -> Option<(&'static str, &mut TextFilter)> {
        Some(("filter experiments", &mut self.filter))
    }

    fn after_filter(&mut self, _: &SharedState) {
        self.update_rows();
    }

    fn after_update(&mut self, context: &mut UpdateContext<'_>) {
        context.refetch_if_due(&mut self.data, INTERVALS_PER_POLL, || Request::Experiments);
    }

    fn list(&mut self, size: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let rows = table_areas(screen_areas(size).body).rows;
        let len = self.visible_rows.len();
        Some(FocusedList::new(&mut self.cursor, len, rows))
    }

    fn row_label(&self, row: usize, _: &SharedState) -> String {
        self.row(row)
            .map(|e| e.name.clean().into_owned())
            .unwrap_or_default()
    }
}
