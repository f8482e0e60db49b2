//! Columns that tell what the curves of metrics come to: best value, its step, verdict. They need histories, which are read for the
//! runs that are seen, and for all of them when the person asks for it.

use std::collections::VecDeque;

use super::{RunsScreen, SPARKLINE_POINTS};
use crate::analysis::curve_shape::summarize;
use crate::domain::{Direction, RunId};
use crate::store::limits::{BULK_POINTS, BULK_RUNS};
use crate::table::{ColumnKey, CurveStat, RowId};
use crate::text::Untrusted;
use crate::tui::app::dialogs::curve_columns;
use crate::tui::app::message::{Effect, Ticket};
use crate::tui::app::{SharedState, UpdateContext};

/// How many questions for histories of runs that are not seen are under way at a time: the ones for seen runs go beside them.
const MAX_CONCURRENT_REQUESTS: usize = 2;

/// Reading the curves of all runs.
#[derive(Debug, Default)]
pub struct CurveLoader {
    metric: Untrusted,
    /// What is still to be asked for.
    queue: VecDeque<Vec<RunId>>,
    pending: Vec<(Ticket, Vec<RunId>)>,
    loaded: usize,
    total: usize,
}

impl CurveLoader {
    /// How many curves of how many have been read; nothing when none is asked for.
    #[must_use]
    pub fn progress(&self) -> Option<(usize, usize)> {
        (!self.pending.is_empty() || !self.queue.is_empty()).then_some((self.loaded, self.total))
    }
}

impl RunsScreen {
    /// Offers what can be told of the metric under the cursor, or else of the goal's.
    pub(super) fn choose_curve_column(&self, context: &mut UpdateContext<'_>) {
        let metric_under_cursor = match self.columns.current_key() {
            Some(ColumnKey::Metric(metric) | ColumnKey::Curve(_, metric)) => Some(metric),
            _ => None,
        };
        let Some(metric) =
            metric_under_cursor.or_else(|| self.goal(context.shared).map(|goal| goal.metric))
        else {
            context.notify(
                "go to a metric first: its curve has a best value, a step of it and a verdict",
            );
            return;
        };
        let is_visible = |fact| {
            self.columns
                .is_visible(&ColumnKey::Curve(fact, metric.clone()))
        };
        context.open(curve_columns(&metric, is_visible).submit_to(Self::choose_curve));
    }

    /// The metrics that columns of curves are about: those that stand on the screen, and those that order the table.
    fn curve_metrics(&self, context: &UpdateContext<'_>) -> Vec<Untrusted> {
        let seen = self.columns.visible();
        let (parts, _) = self.areas(context.size);
        let placed = self
            .columns
            .layout(parts.header.width, self.goal(context.shared).is_some());
        let placed = placed
            .iter()
            .filter_map(|place| Some(&seen.get(place.index?)?.key));
        let mut metrics: Vec<Untrusted> = placed
            .chain(self.arrangement.sort.iter().map(|sort| &sort.column))
            .filter_map(|key| key.curve_metric().cloned())
            .collect();
        metrics.sort_unstable();
        metrics.dedup();
        metrics
    }

    /// Asks for the histories that what is seen needs: a few points for the curve in each row, as many as a store gives at once
    /// where something is told of the curve.
    pub(super) fn fetch_histories(&mut self, context: &mut UpdateContext<'_>) {
        let metrics = self.curve_metrics(context);
        let runs = self.visible_runs(context.size);
        for metric in &metrics {
            context.request_histories(&runs, metric.raw(), BULK_POINTS);
        }
        if let Some(goal) = self
            .goal(context.shared)
            .filter(|goal| !metrics.contains(&goal.metric))
        {
            context.request_histories(&runs, goal.metric.raw(), SPARKLINE_POINTS);
        }
        for metric in &metrics {
            self.update_curve_stats(&runs, metric, context.shared);
        }
        self.continue_curve_loading(context);
    }

    /// Tells the table what the curves of some runs come to, as far as their histories are there and it doesn't know.
    fn update_curve_stats(&mut self, runs: &[RunId], metric: &Untrusted, shared: &SharedState) {
        let direction = self.metric_direction(metric, shared);
        for run in runs {
            let Some(row) = self.table.row_of(run) else {
                continue;
            };
            let Some((points, sampled)) =
                shared
                    .histories
                    .get_at_resolution(run, metric.raw(), BULK_POINTS)
            else {
                continue;
            };
            let known = self.table.curve_points(row, metric.raw());
            if known != Some((u32::try_from(points.len()).unwrap_or(u32::MAX), sampled)) {
                let curve = summarize(points, sampled, direction);
                self.table.set_curve(row, metric, &curve);
            }
        }
    }

    fn metric_direction(&self, metric: &Untrusted, shared: &SharedState) -> Option<Direction> {
        let goal = self.goal(shared).filter(|goal| goal.metric == *metric);
        goal.map(|goal| goal.direction)
            .or_else(|| Direction::from_metric_name(metric.raw()))
    }

    /// Reads the curves of all runs that are in the table, of the metric that orders it, or is under the cursor.
    pub(super) fn load_all_curves(&mut self, context: &mut UpdateContext<'_>) {
        let sorted = self.arrangement.sort.iter().map(|sort| sort.column.clone());
        let metric = sorted
            .chain(self.columns.current_key())
            .find_map(|key| key.curve_metric().cloned());
        let Some(metric) = metric else {
            context.notify("there is no column of a curve here: D on a metric makes one");
            return;
        };
        self.cancel_curve_loading(context);
        let rows: Vec<RowId> = (0..self.lines.len())
            .filter_map(|line| self.row(line))
            .collect();
        let has_metric = self.table.column(&ColumnKey::Metric(metric.clone()));
        let missing = rows.into_iter().filter(|row| {
            has_metric.is_present(*row, context.now)
                && self.table.curve_points(*row, metric.raw()).is_none()
        });
        let runs: Vec<RunId> = missing.map(|row| self.table.run_id(row).clone()).collect();
        if runs.is_empty() {
            context.notify("all curves are read");
            return;
        }
        let queue = runs.chunks(BULK_RUNS).map(<[RunId]>::to_vec).collect();
        self.curve_loader = CurveLoader {
            metric,
            queue,
            pending: Vec::new(),
            loaded: 0,
            total: runs.len(),
        };
        self.continue_curve_loading(context);
    }

    /// Stops reading curves that are not seen. Returns whether any were being read.
    pub(super) fn cancel_curve_loading(&mut self, context: &mut UpdateContext<'_>) -> bool {
        let loader = std::mem::take(&mut self.curve_loader);
        for (ticket, _) in &loader.pending {
            context.shared.histories.cancel(*ticket);
            context.effects.push(Effect::Cancel(*ticket));
        }
        loader.progress().is_some()
    }

    fn continue_curve_loading(&mut self, context: &mut UpdateContext<'_>) {
        if self.curve_loader.progress().is_none() {
            return;
        }
        let (pending, finished): (Vec<_>, Vec<_>) = std::mem::take(&mut self.curve_loader.pending)
            .into_iter()
            .partition(|(ticket, _)| context.shared.histories.is_awaiting(*ticket));
        self.curve_loader.pending = pending;
        let metric = self.curve_loader.metric.clone();
        for (_, runs) in finished {
            let loaded = runs
                .iter()
                .filter(|run| {
                    context
                        .shared
                        .histories
                        .get_at_resolution(run, metric.raw(), BULK_POINTS)
                        .is_some()
                })
                .count();
            self.update_curve_stats(&runs, &metric, context.shared);
            self.curve_loader.loaded += loaded;
            if loaded < runs.len() {
                // The store failed, and said so.
                self.curve_loader.queue.clear();
            }
        }
        while self.curve_loader.pending.len() < MAX_CONCURRENT_REQUESTS
            && let Some(runs) = self.curve_loader.queue.pop_front()
        {
            let tickets = context.request_histories(&runs, metric.raw(), BULK_POINTS);
            if let Some(ticket) = tickets.first() {
                self.curve_loader.pending.push((*ticket, runs));
            } else {
                self.update_curve_stats(&runs, &metric, context.shared);
                self.curve_loader.loaded += runs.len();
            }
        }
        if self.curve_loader.progress().is_none() {
            let (done, total) = (self.curve_loader.loaded, self.curve_loader.total);
            context.notify(format!("{done} of {total} curves read"));
            self.invalidate();
        }
    }

    /// What is to be said of an order by what curves come to, as long as not all were read: how many were, of how many.
    #[must_use]
    pub fn partial_sort_progress(&self) -> Option<(usize, usize)> {
        let metric = self
            .arrangement
            .sort
            .iter()
            .find_map(|sort| sort.column.curve_metric())?;
        let all = self
            .table
            .column(&ColumnKey::Metric(metric.clone()))
            .count();
        let loaded = self.table.curve_count(metric.raw()).min(all);
        (loaded < all).then_some((loaded, all))
    }

    /// Shows or hides a column of curves, right behind the one under the cursor.
    pub(super) fn toggle_curve_column(&mut self, fact: CurveStat, metric: Untrusted) {
        self.columns.toggle(ColumnKey::Curve(fact, metric));
    }
}
