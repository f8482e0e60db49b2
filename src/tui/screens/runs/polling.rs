//! Live runs: polls active runs and runs newer than the newest known one, never the whole table.

use std::collections::{BTreeSet, HashSet};

use super::RunsScreen;
use super::new_runs::{NewRuns, OffscreenCounts};
use super::request_state::RequestState;
use crate::analysis::heartbeat::{Heartbeat, update_heartbeat, update_heartbeats};
use crate::domain::{ExperimentId, Lifecycle, Millis, Run, RunId, RunStatus, StoreError};
use crate::store::{ChangedRuns, ChangedRunsQuery};
use crate::table::{RowId, RunTable};
use crate::tui::app::layout::Size;
use crate::tui::app::message::{Request, Ticket};
use crate::tui::app::notifications::Severity;
use crate::tui::app::polling::PollOutcome;
use crate::tui::app::{SharedState, UpdateContext};
use crate::tui::screens::Freshness;

/// A run is new if it started at most this long before the newest known run, in ms: the clocks of training machines differ,
/// and the later start may be logged first.
const CLOCK_SKEW_MS: Millis = 60_000;

/// How many active runs a poll reads again at most. More runs take turns.
const MAX_ACTIVE_PER_POLL: usize = 400;

/// How many stalled runs a poll reads again at most. More runs take turns: a store may have hundreds of runs that died long
/// ago and still have the status RUNNING.
const MAX_STALLED_PER_POLL: usize = 50;

/// How many ended runs a poll looks up at most, those on the screen first: only their deletion changes them. More runs take turns.
const MAX_ENDED_PER_POLL: usize = 400;

/// The state of polling. Times are ms since the epoch.
#[derive(Debug, Default)]
pub struct RunPoller {
    request: RequestState<PollScope>,
    /// The store's revision at the last poll, if that poll was exhaustive.
    revision: Option<u64>,
    rotation: usize,
    /// Where the next slice of ended runs begins.
    ended_position: usize,
    /// The polls until all ended runs were looked up since the store's last change.
    unswept_polls: usize,
    /// Known runs that the store no longer lists. Their rows remain in the table, hidden.
    pub(super) removed_count: usize,
    /// Runs that polling found.
    pub new_runs: NewRuns,
}

/// The runs that a poll reads again.
#[derive(Debug)]
struct PollScope {
    known_runs: Vec<RunId>,
    ended_runs: Vec<RunId>,
    /// The polls that look up all ended runs.
    polls_per_sweep: usize,
    /// Whether these are all runs that may have changed.
    is_exhaustive: bool,
}

impl RunPoller {
    pub(super) fn is_awaiting(&self, ticket: Ticket) -> bool {
        self.request.is_awaiting(ticket)
    }

    /// Forgets everything, because the table is reloaded.
    pub(super) fn restart(&mut self, context: &mut UpdateContext<'_>) {
        self.request.cancel(context);
        *self = Self::default();
    }

    /// Requests the changes of a table if the poll interval has passed. `visible` are the runs on the screen, `loaded_at` is the
    /// time of the table's last page.
    fn poll_if_due(
        &mut self,
        (table, visible): (&RunTable, &[RowId]),
        experiments: &[ExperimentId],
        (loaded_at, finds_new): (Millis, bool),
        context: &mut UpdateContext<'_>,
    ) {
        let last_attempt = self.request.attempted_at().unwrap_or(loaded_at);
        let interval = context.shared.poll_interval();
        let backoff = &context.shared.backoff;
        if !self.request.is_idle() || !backoff.is_due(interval, last_attempt, context.now) {
            return;
        }
        let (scope, since) = self.next_poll((table, visible), loaded_at, context.now);
        let since = if finds_new { since } else { Millis::MAX };
        let query = ChangedRunsQuery {
            experiments: experiments.to_vec(),
            known: scope.known_runs.clone(),
            since,
            ended: scope.ended_runs.clone(),
        };
        let can_skip = scope.is_exhaustive && self.unswept_polls == 0;
        let revision = self.revision.filter(|_| can_skip);
        let ticket = context.request(Request::Changes(query, revision));
        self.request.start(ticket, context.now, scope);
    }

    /// The runs to read again, and the start time of the oldest run that counts as new.
    fn next_poll(
        &mut self,
        (table, visible): (&RunTable, &[RowId]),
        loaded_at: Millis,
        now: Millis,
    ) -> (PollScope, Millis) {
        let (mut active, mut stalled, mut ended) = (Vec::new(), Vec::new(), Vec::new());
        let mut newest_start = None;
        for row in table.rows() {
            // A start in the future comes from a wrong clock, and must not hide runs that start now.
            newest_start = newest_start.max(table.start_time(row).map(|start| start.min(now)));
            if table.is_deleted(row) {
                continue;
            }
            if !matches!(table.status(row), RunStatus::Running | RunStatus::Scheduled) {
                ended.push(row);
            } else if table.is_stalled(row, now) {
                stalled.push(row);
            } else {
                active.push(row);
            }
        }
        let rows = rotating_slice(&active, self.rotation, MAX_ACTIVE_PER_POLL).chain(
            rotating_slice(&stalled, self.rotation, MAX_STALLED_PER_POLL),
        );
        let scope = PollScope {
            known_runs: rows.map(|row| table.run_id(row).clone()).collect(),
            polls_per_sweep: ended.len().div_ceil(MAX_ENDED_PER_POLL),
            ended_runs: self
                .next_ended(ended, visible)
                .map(|row| table.run_id(row).clone())
                .collect(),
            is_exhaustive: active.len() <= MAX_ACTIVE_PER_POLL
                && stalled.len() <= MAX_STALLED_PER_POLL,
        };
        self.rotation += 1;
        let since = newest_start
            .unwrap_or(loaded_at)
            .saturating_sub(CLOCK_SKEW_MS);
        (scope, since.max(0))
    }

    /// The ended runs to look up: those on the screen, and the next slice of the others.
    fn next_ended(&mut self, ended: Vec<RowId>, visible: &[RowId]) -> impl Iterator<Item = RowId> {
        if ended.len() <= MAX_ENDED_PER_POLL {
            return ended.into_iter().chain(Vec::new());
        }
        let known: HashSet<RowId> = ended.iter().copied().collect();
        let first: Vec<RowId> = visible
            .iter()
            .filter(|row| known.contains(row))
            .take(MAX_ENDED_PER_POLL)
            .copied()
            .collect();
        let begin = self.ended_position % ended.len();
        let slice = ended.iter().copied().cycle().skip(begin);
        let slice = slice.take(MAX_ENDED_PER_POLL).collect::<Vec<_>>();
        self.ended_position = begin + MAX_ENDED_PER_POLL;
        first.into_iter().chain(slice)
    }

    /// Adds the changes to the table and announces new runs. Returns whether the table changed.
    fn apply_changes(
        &mut self,
        changes: Result<ChangedRuns, StoreError>,
        table: &mut RunTable,
        context: &mut UpdateContext<'_>,
    ) -> bool {
        let Some((requested_at, scope)) = self.request.finish() else {
            return false;
        };
        context.record_poll(PollOutcome {
            requested_at,
            error: changes.as_ref().err(),
            is_already_reported: self.request.error().is_some(),
        });
        self.request.record(&changes, context.now);
        let Ok(changes) = changes else { return false };
        self.unswept_polls = if self.revision == changes.revision && self.unswept_polls > 0 {
            self.unswept_polls - 1
        } else if changes.is_unchanged {
            0
        } else {
            scope.polls_per_sweep.saturating_sub(1)
        };
        self.revision = changes.revision.filter(|_| scope.is_exhaustive);
        if changes.is_unchanged {
            return false;
        }
        let new_runs: Vec<RunId> = changes
            .runs
            .iter()
            .map(|run| &run.id)
            .filter(|id| table.row_of(id).is_none())
            .cloned()
            .collect();
        for run in &changes.runs {
            context.shared.histories.append_latest(run, context.now);
        }
        table.upsert(&changes.runs);
        update_heartbeats(table, &changes.runs);
        let listed: HashSet<&RunId> = changes.runs.iter().map(|run| &run.id).collect();
        let unlisted = scope.known_runs.iter().filter(|id| !listed.contains(id));
        let has_removed = self.mark_removed(unlisted.chain(&changes.deleted), table);
        self.announce(new_runs, context);
        has_removed || !changes.runs.is_empty()
    }

    /// Marks the runs that the store no longer lists as deleted. Returns whether there are any.
    fn mark_removed<'a>(
        &mut self,
        unlisted: impl Iterator<Item = &'a RunId>,
        table: &mut RunTable,
    ) -> bool {
        let unlisted: BTreeSet<&RunId> = unlisted.collect();
        let deleted = |id: &RunId| Run {
            lifecycle: Lifecycle::Deleted,
            ..Run::bare(
                id.clone(),
                table
                    .row_of(id)
                    .map(|row| table.experiment(row).into())
                    .unwrap_or_default(),
            )
        };
        let removed: Vec<Run> = unlisted.into_iter().map(deleted).collect();
        table.upsert(&removed);
        self.removed_count += removed.len();
        !removed.is_empty()
    }

    fn announce(&mut self, new_runs: Vec<RunId>, context: &mut UpdateContext<'_>) {
        if new_runs.is_empty() {
            return;
        }
        // Don't cover an error in the message line; the line above the table shows the count, too.
        let current = context.shared.notifications.current(context.now);
        if current.is_none_or(|notification| notification.severity == Severity::Info) {
            let plural = if new_runs.len() == 1 { "" } else { "s" };
            context.notify(format!("{} new run{plural}", new_runs.len()));
        }
        self.new_runs.insert_all(new_runs.into_iter());
    }
}

/// At most `limit` rows; `rotation` selects the slice.
fn rotating_slice(rows: &[RowId], rotation: usize, limit: usize) -> impl Iterator<Item = RowId> {
    let begin = if rows.len() <= limit {
        0
    } else {
        rotation.wrapping_mul(limit) % rows.len()
    };
    rows.iter()
        .copied()
        .cycle()
        .skip(begin)
        .take(rows.len().min(limit))
}

impl RunsScreen {
    /// Polls a loaded table. Deleted runs change only when they are deleted or restored here.
    pub(super) fn poll_if_due(&mut self, context: &mut UpdateContext<'_>) {
        if let Some(loaded_at) = self.loader.last_page_at()
            && self.loader.is_idle()
            && !self.is_showing_deleted
        {
            let visible = self.visible_rows(context.size);
            let runs = (&self.table, visible.as_slice());
            // New runs belong to no place of a window.
            let finds_new = !self.window.is_active();
            self.poller
                .poll_if_due(runs, &self.experiments, (loaded_at, finds_new), context);
        }
    }

    pub(super) fn apply_changes(
        &mut self,
        changes: Result<ChangedRuns, StoreError>,
        context: &mut UpdateContext<'_>,
    ) {
        let is_ok = changes.is_ok();
        let has_changed = self.poller.apply_changes(changes, &mut self.table, context);
        if is_ok {
            self.loader.clear_error();
        }
        // A filter by age, duration or activity has other matches as time goes by.
        if has_changed || (is_ok && self.arrangement.filter.is_some()) {
            self.line_state.mark_stale();
        }
    }

    /// Updates the heartbeats of the visible runs from their histories, and the badges of new runs.
    pub(super) fn update_heartbeats(&mut self, context: &UpdateContext<'_>) {
        let rows = self.visible_rows(context.size);
        let visible = rows.iter().map(|row| self.table.run_id(*row));
        self.poller.new_runs.mark_visible(visible, context.now);
        for row in rows {
            if let Some(heartbeat) = self
                .heartbeat(row, context.shared)
                .filter(|heartbeat| heartbeat.interval.is_some())
                && (self.table.stall_timeout(row) != Some(heartbeat.timeout())
                    || self.table.last_activity(row) != heartbeat.last_activity)
            {
                update_heartbeat(&mut self.table, row, &heartbeat);
            }
        }
    }

    /// The runs on the screen.
    fn visible_rows(&self, size: Size) -> Vec<RowId> {
        let height = usize::from(self.areas(size).0.rows.height);
        let visible_lines = self.cursor.visible_range(self.lines.len(), height);
        visible_lines.filter_map(|line| self.row(line)).collect()
    }

    /// How often an active run logs, from its last activity and the history of the goal metric.
    #[must_use]
    pub fn heartbeat(&self, row: RowId, shared: &SharedState) -> Option<Heartbeat> {
        let heartbeat = Heartbeat {
            last_activity: Some(self.table.last_activity(row)?),
            interval: None,
        };
        let Some(goal) = self.goal(shared) else {
            return Some(heartbeat);
        };
        let (id, metric) = (self.table.run_id(row), goal.metric.raw());
        Some(match shared.histories.get(id, metric) {
            Some(points) => heartbeat.with_history(points, shared.histories.is_sampled(id, metric)),
            None => heartbeat,
        })
    }

    /// The new runs above and below a window of `height` lines.
    #[must_use]
    pub fn offscreen_new_runs(&self, height: usize) -> OffscreenCounts {
        let visible = self.cursor.visible_range(self.lines.len(), height);
        let lines = self.line_state.new_run_lines.iter();
        let ids = lines.filter_map(|line| Some((*line, self.table.run_id(self.row(*line)?))));
        self.poller.new_runs.offscreen_counts(ids, &visible)
    }

    /// Moves the cursor to the next new run, and after the last one to the first.
    pub(super) fn select_next_new_run(&mut self, context: &mut UpdateContext<'_>) {
        let is_new = |line: &&usize| {
            self.row(**line)
                .is_some_and(|row| self.poller.new_runs.contains(self.table.run_id(row)))
        };
        let lines: Vec<usize> = (self.line_state.new_run_lines.iter())
            .filter(is_new)
            .copied()
            .collect();
        let next = lines.iter().find(|line| **line > self.cursor.index);
        match next.or(lines.first()) {
            Some(line) => self.cursor.index = *line,
            None => context.notify("no new runs"),
        }
    }

    /// All runs of the table, whether they pass the filter or not.
    #[must_use]
    pub fn run_count(&self) -> usize {
        self.table.len().saturating_sub(self.poller.removed_count)
    }

    /// Combines the last load and the last poll.
    pub(super) fn polled_freshness(&self, shared: &SharedState) -> Freshness {
        let request = &self.poller.request;
        let mut freshness = self.loader.freshness();
        freshness.loading_since = freshness.loading_since.or(self.window.since());
        freshness.fetched_at = freshness.fetched_at.max(request.succeeded_at());
        freshness.error = request.error().cloned().or(freshness.error);
        let last_attempt = request.attempted_at().or(self.loader.last_page_at());
        shared.polled_freshness(freshness, 1, last_attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(count: i32) -> RunTable {
        let runs: Vec<Run> = (0_i32..count)
            .map(|n| Run {
                status: RunStatus::Running,
                start_time: Some(n.into()),
                ..Run::bare(format!("{n:05}").as_str().into(), "1".into())
            })
            .collect();
        let mut table = RunTable::default();
        table.upsert(&runs);
        update_heartbeats(&mut table, &runs);
        table
    }

    #[test]
    fn running_runs_beyond_the_limit_are_polled_in_rotation() {
        let mut poller = RunPoller::default();
        let all = MAX_ACTIVE_PER_POLL * 2 + 7;
        let table = table(i32::try_from(all).unwrap());
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..3 {
            let (scope, _) = poller.next_poll((&table, &[]), 0, 1_000);
            assert!(!scope.is_exhaustive && scope.known_runs.len() == MAX_ACTIVE_PER_POLL);
            seen.extend(scope.known_runs);
        }
        assert_eq!(seen.len(), all);
        let (scope, since) =
            RunPoller::default().next_poll((&super::tests::table(3), &[]), 0, 1_000);
        assert!(scope.is_exhaustive && scope.known_runs.len() == 3);
        assert_eq!(since, 0, "never negative");
    }

    #[test]
    fn fewer_stalled_runs_are_polled_at_a_time() {
        let (scope, _) = RunPoller::default().next_poll((&table(500), &[]), 0, Millis::MAX / 2);
        assert!(!scope.is_exhaustive);
        assert_eq!(scope.known_runs.len(), MAX_STALLED_PER_POLL);
    }

    #[test]
    fn start_times_in_the_future_do_not_hide_new_runs() {
        let mut table = table(1);
        table.upsert(&[Run {
            start_time: Some(Millis::MAX),
            ..Run::bare("ahead".into(), "1".into())
        }]);
        assert_eq!(
            RunPoller::default()
                .next_poll((&table, &[]), 0, 5_000_000)
                .1,
            5_000_000 - CLOCK_SKEW_MS
        );
    }

    #[test]
    fn ended_runs_are_looked_up_in_turns_those_on_the_screen_always() {
        let mut table = table(0);
        let count = i32::try_from(MAX_ENDED_PER_POLL * 2 + 7).unwrap();
        let ended = (0..count).map(|n| Run {
            status: RunStatus::Finished,
            ..Run::bare(format!("{n:05}").as_str().into(), "1".into())
        });
        table.upsert(&ended.collect::<Vec<_>>());
        let last = table.rows().last().unwrap();
        let mut poller = RunPoller::default();
        let mut seen = BTreeSet::new();
        for _ in 0..3 {
            let (scope, _) = poller.next_poll((&table, &[last]), 0, 1_000);
            assert_eq!(scope.polls_per_sweep, 3);
            assert!(scope.ended_runs.contains(table.run_id(last)));
            seen.extend(scope.ended_runs);
        }
        assert_eq!(seen.len(), table.len());
    }
}
