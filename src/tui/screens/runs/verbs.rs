//! What can be done on the run table.

use std::collections::BTreeSet;

use super::Runs;
use crate::analysis::{Best, LeftOut, best};
use crate::config::keymap::Action;
use crate::domain::{Direction, Goal, Metric, MetricValue, Run, RunId, RunStatus};
use crate::table::{Attribute, Cell, ColumnKey, Fact, Line, Row, SortKey};
use crate::tui::app::overlays::{Overlay, RegisterDialog};
use crate::tui::app::shared::{Context, Go, Shared};
use crate::tui::screens::Screen;
use crate::tui::screens::drivers::Drivers;

impl Runs {
    /// Takes an action. Returns whether it was one of this screen.
    pub(super) fn act(&mut self, action: Action, context: &mut Context<'_>) -> bool {
        match action {
            Action::Open => self.open(context),
            Action::Left => self.columns.step(-1),
            Action::Right => self.columns.step(1),
            Action::FirstColumn => self.columns.step(isize::MIN),
            Action::LastColumn => self.columns.step(isize::MAX),
            Action::Sort => self.sort(false),
            Action::AddSort => self.sort(true),
            Action::NextNew => self.next_new(context),
            Action::FoldConstants => self
                .columns
                .set_fold_constants(!self.columns.folds_constants(), &self.table),
            Action::HideColumn => self.columns.hide_current(),
            Action::PinColumn => {
                let pinned = self.columns.pin_current();
                context.say(if pinned {
                    "pinned: it stays at the left"
                } else {
                    "no longer pinned"
                });
            }
            Action::Wider => self.columns.widen_current(1),
            Action::Narrower => self.columns.widen_current(-1),
            Action::FitColumn => self.columns.fit_current(),
            Action::FoldPrefix => {
                let happened = self.columns.fold_prefix();
                context.say(happened);
            }
            Action::Derive => self.derive(context),
            Action::ReadCurves => self.read_curves(context),
            Action::Preview => self.preview = !self.preview,
            Action::Fold => self.fold(context),
            Action::NextStatistic => self.next_statistic(context),
            Action::Filter => {
                self.filter_before = (self.arrangement.filter.clone(), self.filter_text.clone());
                context
                    .go
                    .push(Go::Over(Box::new(Overlay::filter(&self.filter_text))));
                context.go.push(Go::Advise);
            }
            Action::Columns => {
                context
                    .go
                    .push(Go::Over(Box::new(Overlay::columns(self.columns.wanted()))));
            }
            Action::SaveView => context.go.push(Go::Over(Box::new(Overlay::view_name("")))),
            Action::Views if context.shared.session.views.is_empty() => {
                context.say("no view was saved yet: w saves this one")
            }
            Action::Views => context.go.push(Go::Over(Box::new(Overlay::views(
                &context.shared.session.views,
            )))),
            Action::Group => context.go.push(Go::Over(Box::new(Overlay::groups(
                self.columns.current().as_ref(),
                self.columns.all.iter().map(|column| column.key.clone()),
            )))),
            Action::Goal => {
                let metrics = self
                    .table
                    .columns()
                    .into_iter()
                    .filter_map(|key| match key {
                        ColumnKey::Metric(name) => Some(name),
                        _ => None,
                    });
                context.go.push(Go::Over(Box::new(Overlay::goals(
                    metrics.collect::<BTreeSet<_>>(),
                ))));
            }
            Action::Back => return self.step_back(context),
            _ => return self.mark_or_copy(action, context),
        }
        true
    }

    fn mark_or_copy(&mut self, action: Action, context: &mut Context<'_>) -> bool {
        match action {
            Action::Mark => self.mark(context),
            Action::MarkRange => self.mark_range(context.shared),
            Action::ClearMarks => context.shared.marks.clear(),
            Action::Baseline => {
                if let Some(row) = self.current() {
                    context.shared.marks.set_baseline(
                        self.table.id(row),
                        &self.run_label(row),
                        &self.home(row),
                    );
                }
            }
            Action::Compare => self.compare(context),
            Action::Charts => self.charts(context),
            Action::Drivers => self.drivers(context),
            Action::Register => {
                if let Some(row) = self.current() {
                    let dialog =
                        RegisterDialog::open(self.table.id(row).clone(), Vec::new(), context);
                    context
                        .go
                        .push(Go::Over(Box::new(Overlay::Register(Box::new(dialog)))));
                }
            }
            Action::RegisterBest => self.register_best(context),
            Action::Delete => self.plan_lifecycle(false, context),
            Action::Restore => self.plan_lifecycle(true, context),
            Action::DeletedRuns => self.toggle_trash(context),
            Action::CopyValue => {
                if let (Some(row), Some(key)) = (self.current(), self.columns.current()) {
                    context.copy(crate::tui::app::cell::full(self.table.cell(
                        row,
                        &key,
                        context.now,
                    )));
                }
            }
            Action::CopyId => {
                if let Some(row) = self.current() {
                    context.copy(self.table.id(row).raw().to_owned());
                }
            }
            Action::WebPage => {
                if let (Some(web), Some(row)) = (context.shared.session.web.clone(), self.current())
                {
                    let experiment =
                        match self
                            .table
                            .cell(row, &ColumnKey::Attribute(Attribute::Experiment), 0)
                        {
                            Cell::Text(id) => id.to_owned(),
                            _ => return true,
                        };
                    context.copy(format!(
                        "{web}/#/experiments/{experiment}/runs/{}",
                        self.table.id(row).raw()
                    ));
                }
            }
            _ => return false,
        }
        true
    }

    /// One step back: stop loading, then drop the filter; then the screen is left.
    fn step_back(&mut self, context: &mut Context<'_>) -> bool {
        if self.nested.cancel(context) {
            context.say("stopped looking for nested runs");
        } else if self.stop_reading_curves(context) {
            context.say("stopped reading curves");
        } else if self.load.cancel(context) {
            context.say("stopped loading; ctrl-r loads the rest");
        } else if !self.filter_text.is_empty() {
            self.set_filter(String::new());
        } else {
            return false;
        }
        true
    }

    fn open(&mut self, context: &mut Context<'_>) {
        match self.lines.get(self.cursor.at) {
            Some(Line::Run { row, .. }) => context
                .go
                .push(Go::To(Screen::run(self.table.id(*row).clone()))),
            Some(Line::Group { .. }) => self.fold(context),
            None => {}
        }
    }

    fn fold(&mut self, context: &mut Context<'_>) {
        let (key, parent) = match self.lines.get(self.cursor.at) {
            Some(Line::Group { value, .. }) => (value.clone(), None),
            Some(Line::Run { row, children, .. }) => {
                let id = self.table.id(*row).clone();
                if *children == 0 {
                    return self.open_parent(&id, context);
                }
                (id.raw().to_owned(), Some(id))
            }
            None => return,
        };
        if !self.arrangement.folded.remove(&key) {
            self.arrangement.folded.insert(key);
        } else if let Some(parent) = parent {
            self.open_parent(&parent, context);
        }
        self.touch();
    }

    fn sort(&mut self, add: bool) {
        let Some(column) = self.columns.current() else {
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
                .is_some_and(|column| column.numeric);
            let time = matches!(
                column,
                ColumnKey::Attribute(Attribute::Start | Attribute::End | Attribute::Duration)
            );
            // What is better or newer is above at the first press: numbers and times downwards, text upwards.
            let less_is_better = match &column {
                ColumnKey::Metric(name) => Goal::guess(name.clone()).direction == Direction::Min,
                ColumnKey::Curve(fact, _) => {
                    matches!(fact, Fact::Min | Fact::MinStep | Fact::MaxStep)
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
        self.to_top = true;
        self.touch();
    }

    /// Where a run is at home, for its mark: its experiment.
    fn home(&self, row: Row) -> String {
        match self.experiments.as_slice() {
            [_] => self.name.clone(),
            _ => format!(
                "experiment {}",
                crate::text::untrusted::clean(self.table.experiment(row))
            ),
        }
    }

    fn mark(&mut self, context: &mut Context<'_>) {
        let rows = match self.lines.get(self.cursor.at) {
            Some(Line::Run { row, .. }) => vec![*row],
            Some(Line::Group { rows, .. }) => rows.clone(),
            None => return,
        };
        for row in &rows {
            context.shared.marks.toggle(
                self.table.id(*row),
                &self.run_label(*row),
                &self.home(*row),
            );
        }
        self.anchor = rows.last().copied();
        self.cursor.travel(
            Action::Down,
            self.lines.len(),
            usize::from(self.parts(context.size).0.rows.height),
        );
    }

    fn mark_range(&mut self, shared: &mut Shared) {
        let place = |row: Row| {
            self.lines
                .iter()
                .position(|line| matches!(line, Line::Run { row: r, .. } if *r == row))
        };
        let Some(from) = self.anchor.and_then(place) else {
            if let Some(row) = self.current() {
                shared
                    .marks
                    .add(self.table.id(row), &self.run_label(row), &self.home(row));
                self.anchor = Some(row);
            }
            return;
        };
        let (low, high) = (from.min(self.cursor.at), from.max(self.cursor.at));
        for line in low..=high {
            if let Some(Line::Run {
                row, passes: true, ..
            }) = self.lines.get(line).cloned()
            {
                shared
                    .marks
                    .add(self.table.id(row), &self.run_label(row), &self.home(row));
            }
        }
    }

    /// The charts of the marked runs; without marks, of the one under the cursor.
    fn charts(&self, context: &mut Context<'_>) {
        let mut ids = context.shared.marks.ids();
        if ids.is_empty() {
            ids.extend(self.current().map(|row| self.table.id(row).clone()));
        }
        if !ids.is_empty() {
            context.go.push(Go::To(Screen::charts(ids)));
        }
    }

    fn compare(&self, context: &mut Context<'_>) {
        let mut ids = context.shared.marks.ids();
        if let Some(row) = self.current()
            && ids.len() < 2
            && !ids.contains(self.table.id(row))
        {
            ids.push(self.table.id(row).clone());
        }
        if ids.len() < 2 {
            context.say("mark two or more runs with space, then compare them");
            return;
        }
        context.go.push(Go::To(Screen::compare(ids)));
    }

    /// What drives the goal among the runs that are seen.
    fn drivers(&self, context: &mut Context<'_>) {
        let Some(goal) = self.goal(context.shared) else {
            return context.say("choose a goal first, with M");
        };
        let runs = self.table.runs_of(&self.seen_rows());
        let subject = self.current().map(|row| self.table.id(row).clone());
        context
            .go
            .push(Go::To(Screen::Drivers(Box::new(Drivers::new(
                runs,
                self.name.clone(),
                goal,
                subject,
            )))));
    }

    /// The rows that are seen, each once.
    fn seen_rows(&self) -> Vec<Row> {
        let rows = self.lines.iter().flat_map(|line| match line {
            Line::Run {
                row, passes: true, ..
            } => vec![*row],
            // A parent that the filter leaves out stands there only for what is nested in it.
            Line::Run { .. } => Vec::new(),
            Line::Group { rows, .. } => rows.clone(),
        });
        rows.collect::<BTreeSet<Row>>().into_iter().collect()
    }

    /// The best of the runs that are seen, by the goal.
    fn best(&self, goal: &Goal) -> Result<Best, Vec<(LeftOut, usize)>> {
        let runs: Vec<Run> = self
            .seen_rows()
            .into_iter()
            .map(|row| self.judged(row, goal))
            .collect();
        best(&runs, goal, false)
    }

    /// As much of a run as the judgement of the best needs.
    fn judged(&self, row: Row, goal: &Goal) -> Run {
        let mut run = Run::bare(
            self.table.id(row).clone(),
            crate::domain::ExperimentId::default(),
        );
        let attribute = |attribute| self.table.cell(row, &ColumnKey::Attribute(attribute), 0);
        run.status = match attribute(Attribute::Status) {
            Cell::Status(status) => status,
            _ => RunStatus::Unknown,
        };
        run.start_time = match attribute(Attribute::Start) {
            Cell::Time(at) => Some(at),
            _ => None,
        };
        if let Cell::Number(value) =
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

    fn register_best(&self, context: &mut Context<'_>) {
        let Some(goal) = self.goal(context.shared) else {
            context.say("choose a goal first, with M");
            return;
        };
        match self.best(&goal) {
            Ok(best) => {
                let why = self.why(&best, &goal);
                let dialog = RegisterDialog::open(best.run, why, context);
                context
                    .go
                    .push(Go::Over(Box::new(Overlay::Register(Box::new(dialog)))));
            }
            Err(left_out) => {
                let why = format!("no run can be the best by {goal}: {}", in_words(&left_out));
                context.shared.notices.error(
                    context.now,
                    why,
                    "choose another goal with M, or another filter with f".into(),
                );
            }
        }
    }

    /// Which run is the best and why, in words.
    fn why(&self, best: &Best, goal: &Goal) -> Vec<String> {
        let label = |id: &RunId| {
            self.table
                .row_of(id)
                .map(|row| self.run_label(row).clean().into_owned())
                .unwrap_or_default()
        };
        let mut lines = vec![format!(
            "best by {goal}: {} with {}, of {} runs looked at",
            label(&best.run),
            crate::text::number::full(best.value.get()),
            best.considered
        )];
        if !best.left_out.is_empty() {
            lines.push(format!("left out: {}", in_words(&best.left_out)));
        }
        if !best.ties.is_empty() {
            let ties: Vec<String> = best.ties.iter().take(3).map(label).collect();
            lines.push(format!(
                "equally good, started later: {} ({})",
                best.ties.len(),
                ties.join(", ")
            ));
        }
        if self.load.is_partial() || !self.load.is_done() {
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

fn in_words(left_out: &[(LeftOut, usize)]) -> String {
    if left_out.is_empty() {
        return "there are no runs".into();
    }
    left_out
        .iter()
        .map(|(why, count)| format!("{count} {}", why.as_str()))
        .collect::<Vec<_>>()
        .join(", ")
}
