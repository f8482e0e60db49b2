//! Columns that tell what the curves of metrics come to: best value, its step, verdict. They need histories, which are read for the
//! runs that are seen, and for all of them when the person asks for it.

use std::collections::VecDeque;

use super::{Runs, SPARK_POINTS};
use crate::analysis::verdict::tell;
use crate::domain::{Direction, RunId};
use crate::store::limits::{BULK_POINTS, BULK_RUNS};
use crate::table::{ColumnKey, Fact, Row};
use crate::text::Untrusted;
use crate::tui::app::message::{Effect, Ticket};
use crate::tui::app::overlays::Overlay;
use crate::tui::app::shared::{Context, Go, Shared};

/// How many questions for histories of runs that are not seen are under way at a time: the ones for seen runs go beside them.
const AT_ONCE: usize = 2;

/// Reading the curves of all runs.
#[derive(Debug, Default)]
pub struct Rest {
    metric: Untrusted,
    /// What is still to be asked for.
    left: VecDeque<Vec<RunId>>,
    asked: Vec<(Ticket, Vec<RunId>)>,
    done: usize,
    total: usize,
}

impl Rest {
    /// How many curves of how many have been read; nothing when none is asked for.
    #[must_use]
    pub fn progress(&self) -> Option<(usize, usize)> {
        (!self.asked.is_empty() || !self.left.is_empty()).then_some((self.done, self.total))
    }
}

impl Runs {
    /// Offers what can be told of the metric under the cursor, or else of the goal's.
    pub(super) fn derive(&self, context: &mut Context<'_>) {
        let under = match self.columns.current() {
            Some(ColumnKey::Metric(metric) | ColumnKey::Curve(_, metric)) => Some(metric),
            _ => None,
        };
        let Some(metric) = under.or_else(|| self.goal(context.shared).map(|goal| goal.metric))
        else {
            context.say(
                "go to a metric first: its curve has a best value, a step of it and a verdict",
            );
            return;
        };
        let is_seen = |fact| {
            self.columns
                .is_seen(&ColumnKey::Curve(fact, metric.clone()))
        };
        context
            .go
            .push(Go::Over(Box::new(Overlay::facts(&metric, is_seen))));
    }

    /// The metrics that columns of curves are about: those that stand on the screen, and those that order the table.
    fn curve_metrics(&self, context: &Context<'_>) -> Vec<Untrusted> {
        let seen = self.columns.seen();
        let (parts, _) = self.parts(context.size);
        let placed = self
            .columns
            .place(parts.header.width, self.goal(context.shared).is_some());
        let placed = placed
            .iter()
            .filter_map(|place| Some(&seen.get(place.index?)?.key));
        let mut metrics: Vec<Untrusted> = placed
            .chain(self.arrangement.sort.iter().map(|sort| &sort.column))
            .filter_map(|key| {
                if let ColumnKey::Curve(_, metric) = key {
                    Some(metric.clone())
                } else {
                    None
                }
            })
            .collect();
        metrics.sort_unstable();
        metrics.dedup();
        metrics
    }

    /// Asks for the histories that what is seen needs: a few points for the curve in each row, as many as a store gives at once
    /// where something is told of the curve.
    pub(super) fn fetch_histories(&mut self, context: &mut Context<'_>) {
        let metrics = self.curve_metrics(context);
        let runs = self.visible_runs(context.size);
        for metric in &metrics {
            context.ask_histories(&runs, metric.raw(), BULK_POINTS);
        }
        if let Some(goal) = self
            .goal(context.shared)
            .filter(|goal| !metrics.contains(&goal.metric))
        {
            context.ask_histories(&runs, goal.metric.raw(), SPARK_POINTS);
        }
        for metric in &metrics {
            self.tell_curves(&runs, metric, context.shared);
        }
        self.go_on_with_the_rest(context);
    }

    /// Tells the table what the curves of some runs come to, as far as their histories are there and it doesn't know.
    fn tell_curves(&mut self, runs: &[RunId], metric: &Untrusted, shared: &Shared) {
        let better = self.direction(metric, shared);
        for run in runs {
            let Some(row) = self.table.row_of(run) else {
                continue;
            };
            let Some((points, sampled)) = shared.histories.read(run, metric.raw(), BULK_POINTS)
            else {
                continue;
            };
            let known = self.table.curve_points(row, metric.raw());
            if known != Some((u32::try_from(points.len()).unwrap_or(u32::MAX), sampled)) {
                let curve = tell(points, sampled, better);
                self.table.tell_curve(row, metric, &curve);
            }
        }
    }

    fn direction(&self, metric: &Untrusted, shared: &Shared) -> Option<Direction> {
        let goal = self.goal(shared).filter(|goal| goal.metric == *metric);
        goal.map(|goal| goal.direction)
            .or_else(|| Direction::told(metric.raw()))
    }

    /// Reads the curves of all runs that are in the table, of the metric that orders it, or is under the cursor.
    pub(super) fn read_curves(&mut self, context: &mut Context<'_>) {
        let sorted = self.arrangement.sort.iter().map(|sort| sort.column.clone());
        let metric = sorted
            .chain(self.columns.current())
            .find_map(|key| match key {
                ColumnKey::Curve(_, metric) => Some(metric),
                _ => None,
            });
        let Some(metric) = metric else {
            context.say("there is no column of a curve here: D on a metric makes one");
            return;
        };
        self.stop_reading_curves(context);
        let rows: Vec<Row> = (0..self.lines.len())
            .filter_map(|line| self.row(line))
            .collect();
        let has_metric = self.table.column(&ColumnKey::Metric(metric.clone()));
        let untold = rows.into_iter().filter(|row| {
            has_metric.is_present(*row, context.now)
                && self.table.curve_points(*row, metric.raw()).is_none()
        });
        let runs: Vec<RunId> = untold.map(|row| self.table.id(row).clone()).collect();
        if runs.is_empty() {
            context.say("all curves are read");
            return;
        }
        let left = runs.chunks(BULK_RUNS).map(<[RunId]>::to_vec).collect();
        self.rest = Rest {
            metric,
            left,
            asked: Vec::new(),
            done: 0,
            total: runs.len(),
        };
        self.go_on_with_the_rest(context);
    }

    /// Stops reading curves that are not seen. Returns whether any were being read.
    pub(super) fn stop_reading_curves(&mut self, context: &mut Context<'_>) -> bool {
        let rest = std::mem::take(&mut self.rest);
        for (ticket, _) in &rest.asked {
            context.shared.histories.give_up(*ticket);
            context.effects.push(Effect::Cancel(*ticket));
        }
        rest.progress().is_some()
    }

    fn go_on_with_the_rest(&mut self, context: &mut Context<'_>) {
        if self.rest.progress().is_none() {
            return;
        }
        let (waiting, come): (Vec<_>, Vec<_>) = std::mem::take(&mut self.rest.asked)
            .into_iter()
            .partition(|(ticket, _)| context.shared.histories.awaits(*ticket));
        self.rest.asked = waiting;
        let metric = self.rest.metric.clone();
        for (_, runs) in come {
            let read = runs
                .iter()
                .filter(|run| {
                    context
                        .shared
                        .histories
                        .read(run, metric.raw(), BULK_POINTS)
                        .is_some()
                })
                .count();
            self.tell_curves(&runs, &metric, context.shared);
            self.rest.done += read;
            if read < runs.len() {
                // The store failed, and said so.
                self.rest.left.clear();
            }
        }
        while self.rest.asked.len() < AT_ONCE
            && let Some(runs) = self.rest.left.pop_front()
        {
            let tickets = context.ask_histories(&runs, metric.raw(), BULK_POINTS);
            if let Some(ticket) = tickets.first() {
                self.rest.asked.push((*ticket, runs));
            } else {
                self.tell_curves(&runs, &metric, context.shared);
                self.rest.done += runs.len();
            }
        }
        if self.rest.progress().is_none() {
            let (done, total) = (self.rest.done, self.rest.total);
            context.say(format!("{done} of {total} curves read"));
            self.touch();
        }
    }

    /// What is to be said of an order by what curves come to, as long as not all were read: how many were, of how many.
    #[must_use]
    pub fn sorted_by_part(&self) -> Option<(usize, usize)> {
        let metric = self
            .arrangement
            .sort
            .iter()
            .find_map(|sort| match &sort.column {
                ColumnKey::Curve(_, metric) => Some(metric),
                _ => None,
            })?;
        let all = self
            .table
            .column(&ColumnKey::Metric(metric.clone()))
            .present();
        let told = self.table.curves_told(metric.raw()).min(all);
        (told < all).then_some((told, all))
    }

    /// Shows or hides a column of curves, right behind the one under the cursor.
    pub(super) fn toggle_fact(&mut self, fact: Fact, metric: Untrusted) {
        self.columns.toggle(ColumnKey::Curve(fact, metric));
    }
}
