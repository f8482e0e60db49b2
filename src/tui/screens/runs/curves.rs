//! Curve columns: the best value of a metric, its step, and the shape of its curve. They need histories, which are loaded for the
//! runs on the screen, and for all runs on request.

use std::collections::VecDeque;

use super::RunsScreen;
use crate::analysis::curve_shape::summarize;
use crate::domain::{Direction, RunId};
use crate::store::limits::{BULK_POINTS, BULK_RUNS};
use crate::table::{ColumnKey, RowId};
use crate::text::Untrusted;
use crate::tui::app::dialogs::curve_columns;
use crate::tui::app::message::{Effect, Ticket};
use crate::tui::app::{SharedState, UpdateContext};

/// How many points of a history a sparkline needs: at least two for each of its cells, and some to keep spikes.
const SPARKLINE_POINTS: u32 = 64;

/// How many requests for histories of runs that are not on the screen are in flight at a time, besides those on the screen.
const MAX_CONCURRENT_REQUESTS: usize = 2;

/// Loads the histories of one metric for all runs of the table.
#[derive(Debug, Default)]
pub struct CurveLoader {
    metric: Untrusted,
    /// The runs of requests that are not sent yet.
    queue: VecDeque<Vec<RunId>>,
    pending: Vec<(Ticket, Vec<RunId>)>,
    loaded: usize,
    total: usize,
}

impl CurveLoader {
    /// How many histories are loaded, and of how many; `None` when no load is running.
    #[must_use]
    pub fn progress(&self) -> Option<(usize, usize)> {
        (!self.pending.is_empty() || !self.queue.is_empty()).then_some((self.loaded, self.total))
    }
}

impl RunsScreen {
    /// Opens the list of curve columns for the metric under the cursor, or else for the goal's.
    pub(super) fn choose_curve_column(&self, context: &mut UpdateContext<'_>) {
        let metric_under_cursor = match self.columns.current_key() {
            Some(ColumnKey::Metric(metric) | ColumnKey::Curve(_, metric)) => Some(metric),
            _ => None,
        };
        let Some(metric) =
            metric_under_cursor.or_else(|| self.goal(context.shared).map(|goal| goal.metric))
        else {
            return context.notify("move to a metric first");
        };
        let is_visible = |fact| {
            self.columns
                .is_visible(&ColumnKey::Curve(fact, metric.clone()))
        };
        context.open(curve_columns(&metric, is_visible).submit_to(Self::choose_curve));
    }

    /// The metrics of the curve columns that are on the screen or sort the table.
    fn curve_metrics(&self, context: &UpdateContext<'_>) -> Vec<Untrusted> {
        let visible = self.columns.visible();
        let (parts, _) = self.areas(context.size);
        let placed = self
            .columns
            .layout(parts.header.width, self.has_curve_column(context.shared));
        let placed = placed
            .iter()
            .filter_map(|placed| Some(&visible.get(placed.index?)?.key));
        let mut metrics: Vec<Untrusted> = placed
            .chain(self.arrangement.sort.iter().map(|sort| &sort.column))
            .filter_map(|key| key.curve_metric().cloned())
            .collect();
        metrics.sort_unstable();
        metrics.dedup();
        metrics
    }

    /// Requests the histories of the runs on the screen: some points for sparklines, and as many as a store returns at once for
    /// curve columns.
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
        self.detect_curves(&runs, context.shared);
    }

    /// Remembers whether a run on the screen has a curve of the goal's metric.
    fn detect_curves(&mut self, runs: &[RunId], shared: &SharedState) {
        let Some(goal) = self.goal(shared) else {
            return;
        };
        let has_curve = |run: &RunId| {
            let points = shared.histories.get(run, goal.metric.raw());
            points.is_some_and(|points| points.len() > 1)
        };
        if self.curve_metric.as_ref() != Some(&goal.metric) && runs.iter().any(has_curve) {
            self.curve_metric = Some(goal.metric);
        }
    }

    /// Summarizes the loaded histories of runs into the table, if they changed.
    fn update_curve_stats(&mut self, runs: &[RunId], metric: &Untrusted, shared: &SharedState) {
        let direction = self.metric_direction(metric, shared);
        for run in runs {
            let Some(row) = self.table.row_of(run) else {
                continue;
            };
            let Some((points, is_sampled)) =
                shared
                    .histories
                    .get_at_resolution(run, metric.raw(), BULK_POINTS)
            else {
                continue;
            };
            let known = self.table.curve_points(row, metric.raw());
            if known != Some((u32::try_from(points.len()).unwrap_or(u32::MAX), is_sampled)) {
                let curve = summarize(points, is_sampled, direction);
                self.table.set_curve(row, metric, &curve);
            }
        }
    }

    fn metric_direction(&self, metric: &Untrusted, shared: &SharedState) -> Option<Direction> {
        let goal = self.goal(shared).filter(|goal| goal.metric == *metric);
        goal.map(|goal| goal.direction)
            .or_else(|| Direction::from_metric_name(metric.raw()))
    }

    /// Loads the histories of all visible lines, for the curve column that sorts the table or is under the cursor.
    pub(super) fn load_all_curves(&mut self, context: &mut UpdateContext<'_>) {
        let sorted = self.arrangement.sort.iter().map(|sort| sort.column.clone());
        let metric = sorted
            .chain(self.columns.current_key())
            .find_map(|key| key.curve_metric().cloned());
        let Some(metric) = metric else {
            return context.notify("no curve column here; D on a metric adds one");
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
            return context.notify("all curves are loaded");
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

    /// Stops the load. Returns whether one was running.
    pub(super) fn cancel_curve_loading(&mut self, context: &mut UpdateContext<'_>) -> bool {
        let loader = std::mem::take(&mut self.curve_loader);
        for (ticket, _) in &loader.pending {
            context.shared.histories.cancel(*ticket);
            context.effects.push(Effect::Cancel(*ticket));
        }
        loader.progress().is_some()
    }

    /// Takes the histories that arrived, and sends the next requests.
    pub(super) fn continue_curve_loading(&mut self, context: &mut UpdateContext<'_>) {
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
                // The request failed, and the error was reported.
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
            context.notify(format!("{done} of {total} curves loaded"));
            self.invalidate();
        }
    }

    /// How many curves are loaded, and of how many, if the table is sorted by a curve column and some are missing.
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
}
