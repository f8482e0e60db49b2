//! Live runs: what may have changed is read again by itself. Runs that were going, and runs that are newer than the newest that
//! is known; never the whole table.

use super::RunsScreen;
use super::new_runs::{NewRuns, OffscreenCounts};
use crate::analysis::heartbeat::{Heartbeat, update_heartbeat, update_heartbeats};
use crate::domain::{Lifecycle, Millis, Run, RunId, RunStatus, StoreError};
use crate::store::{ChangedRuns, ChangedRunsQuery};
use crate::table::{DisplayRow, RowId, RunTable};
use crate::tui::app::message::{Effect, Request, Ticket};
use crate::tui::app::polling::PollOutcome;
use crate::tui::app::{SharedState, UpdateContext};
use crate::tui::screens::Freshness;

/// A run counts as new that started up to this long before the newest known one, in ms: the clocks of the machines that train
/// differ, and the later start may be told first.
const CLOCK_SKEW_MS: Millis = 60_000;

/// The most runs that go on which are read again at a time; where there are more they take turns.
const MAX_ACTIVE_PER_POLL: usize = 400;

/// The most stalled runs that are read again at a time; where there are more they take turns. A lab has hundreds of runs that
/// died long ago and say that they are running.
const MAX_STALLED_PER_POLL: usize = 50;

/// How far refreshing is.
#[derive(Debug, Default)]
pub struct RunPoller {
    pending: Option<PendingPoll>,
    /// When the last answer came, ms since the epoch.
    last_success: Option<Millis>,
    /// When the last answer or failure came, ms since the epoch.
    last_attempt: Option<Millis>,
    error: Option<StoreError>,
    /// The store's pulse at the last answer, where that covered all that may have changed.
    revision: Option<u64>,
    rotation: usize,
    /// How many known runs are not in the store's listing any more: their rows stay, and are not shown.
    pub removed_count: usize,
    /// Runs that arrived by themselves.
    pub new_runs: NewRuns,
}

/// A question that is under way.
#[derive(Debug)]
struct PendingPoll {
    ticket: Ticket,
    since: Millis,
    known_runs: Vec<RunId>,
    is_exhaustive: bool,
}

impl RunPoller {
    /// Whether an answer with this ticket is awaited.
    #[must_use]
    pub fn is_awaiting(&self, ticket: Ticket) -> bool {
        self.pending
            .as_ref()
            .is_some_and(|asked| asked.ticket == ticket)
    }

    /// Begins anew, with the whole table.
    pub fn restart(&mut self, context: &mut UpdateContext<'_>) {
        if let Some(asked) = self.pending.take() {
            context.effects.push(Effect::Cancel(asked.ticket));
        }
        *self = Self::default();
    }

    /// What to ask for: runs that may have changed, some at a time, and the newest start.
    fn next_poll(
        &mut self,
        table: &RunTable,
        loaded_at: Millis,
        now: Millis,
    ) -> (Vec<RunId>, bool, Millis) {
        let (mut active, mut stalled) = (Vec::new(), Vec::new());
        let mut newest_start = None;
        for row in table.rows() {
            // A start that lies ahead is some machine's clock: what starts now is new all the same.
            newest_start = newest_start.max(table.start_time(row).map(|start| start.min(now)));
            if matches!(table.status(row), RunStatus::Running | RunStatus::Scheduled)
                && !table.is_deleted(row)
            {
                if table.is_stalled(row, now) {
                    stalled.push(row);
                } else {
                    active.push(row);
                }
            }
        }
        let is_exhaustive =
            active.len() <= MAX_ACTIVE_PER_POLL && stalled.len() <= MAX_STALLED_PER_POLL;
        let rows = rotating_slice(&active, self.rotation, MAX_ACTIVE_PER_POLL).chain(
            rotating_slice(&stalled, self.rotation, MAX_STALLED_PER_POLL),
        );
        let known_runs = rows.map(|row| table.run_id(row).clone()).collect();
        self.rotation += 1;
        (
            known_runs,
            is_exhaustive,
            newest_start
                .unwrap_or(loaded_at)
                .saturating_sub(CLOCK_SKEW_MS)
                .max(0),
        )
    }
}

/// A part of some rows; the next turn takes the next part.
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
    /// Asks for what changed, when it is time and the table was read.
    pub(super) fn poll_if_due(&mut self, context: &mut UpdateContext<'_>) {
        let Some(loaded_at) = self
            .loader
            .last_page_at()
            .filter(|_| self.loader.is_idle() && self.poller.pending.is_none())
        else {
            return;
        };
        let last_attempt = self.poller.last_attempt.unwrap_or(loaded_at);
        // What is in the trash changes only when somebody puts it there.
        if self.is_showing_deleted
            || !context.shared.backoff.is_due(
                context.shared.poll_interval(),
                last_attempt,
                context.now,
            )
        {
            return;
        }
        let (known_runs, is_exhaustive, since) =
            self.poller.next_poll(&self.table, loaded_at, context.now);
        let changes = ChangedRunsQuery {
            experiments: self.experiments.clone(),
            known: known_runs.clone(),
            since,
        };
        let ticket = context.request(Request::Changes(
            changes,
            self.poller.revision.filter(|_| is_exhaustive),
        ));
        self.poller.pending = Some(PendingPoll {
            ticket,
            since: context.now,
            known_runs,
            is_exhaustive,
        });
    }

    /// Takes what changed: the cursor stays on its run, and what is new is announced.
    pub(super) fn apply_changes(
        &mut self,
        result: Result<ChangedRuns, StoreError>,
        context: &mut UpdateContext<'_>,
    ) {
        let Some(pending) = self.poller.pending.take() else {
            return;
        };
        self.poller.last_attempt = Some(context.now);
        context.record_poll(PollOutcome {
            requested_at: pending.since,
            error: result.as_ref().err(),
            is_already_reported: self.poller.error.is_some(),
        });
        let changed = match result {
            Ok(changed) => changed,
            Err(error) => {
                self.poller.error = Some(error);
                return;
            }
        };
        self.poller.error = None;
        self.poller.last_success = Some(context.now);
        self.loader.clear_error();
        self.poller.revision = changed.revision.filter(|_| pending.is_exhaustive);
        // What passes a filter may depend on the time alone: an age, a duration, a silence.
        self.is_dirty |= self.arrangement.filter.is_some();
        if !changed.is_unchanged {
            self.upsert_changed_runs(&changed.runs, &pending.known_runs, context);
        }
    }

    fn upsert_changed_runs(
        &mut self,
        runs: &[Run],
        known_runs: &[RunId],
        context: &mut UpdateContext<'_>,
    ) {
        let new_ids: Vec<RunId> = runs
            .iter()
            .map(|run| &run.id)
            .filter(|id| self.table.row_of(id).is_none())
            .cloned()
            .collect();
        for run in runs {
            context.shared.histories.append_latest(run, context.now);
        }
        self.table.upsert(runs);
        update_heartbeats(&mut self.table, runs);
        let listed: std::collections::HashSet<&RunId> = runs.iter().map(|run| &run.id).collect();
        let removed = known_runs
            .iter()
            .filter(|id| !listed.contains(id))
            .map(|id| Run {
                lifecycle: Lifecycle::Deleted,
                ..Run::bare(
                    id.clone(),
                    self.experiments.first().cloned().unwrap_or_default(),
                )
            });
        let gone: Vec<Run> = removed.collect();
        self.table.upsert(&gone);
        self.poller.removed_count += gone.len();
        self.is_dirty |= !runs.is_empty() || !gone.is_empty();
        if !new_ids.is_empty() {
            // An error that still stands in the message line is not covered; the line above the table says it as well.
            if context
                .shared
                .notifications
                .current(context.now)
                .is_none_or(|notice| {
                    notice.severity == crate::tui::app::notifications::Severity::Info
                })
            {
                context.notify(format!(
                    "{} new run{}",
                    new_ids.len(),
                    if new_ids.len() == 1 { "" } else { "s" }
                ));
            }
            self.poller.new_runs.insert_all(new_ids.into_iter());
        }
    }

    /// Runs that left the store's listing are not shown; everything else was arranged already.
    pub(super) fn drop_removed_lines(&mut self) {
        if self.poller.removed_count == 0 {
            return;
        }
        let table = &self.table;
        self.lines.retain_mut(|line| match line {
            DisplayRow::Run { row, .. } => !table.is_deleted(*row),
            DisplayRow::Group { rows, .. } => {
                rows.retain(|row| !table.is_deleted(*row));
                !rows.is_empty()
            }
        });
    }

    /// Judges the rhythm of the runs that are seen by their histories, and notes which new runs are seen.
    pub(super) fn update_heartbeats(&mut self, context: &UpdateContext<'_>) {
        let height = usize::from(self.areas(context.size).0.rows.height);
        let visible_lines = self.cursor.visible_range(self.lines.len(), height);
        let rows: Vec<RowId> = visible_lines.filter_map(|line| self.row(line)).collect();
        let visible: Vec<&RunId> = rows.iter().map(|row| self.table.run_id(*row)).collect();
        self.poller
            .new_runs
            .mark_visible(visible.into_iter(), context.now);
        for row in rows {
            if let Some(heartbeat) = self
                .heartbeat(row, context.shared)
                .filter(|rhythm| rhythm.interval.is_some())
                && (self.table.stall_timeout(row) != Some(heartbeat.timeout())
                    || self.table.last_activity(row) != heartbeat.last_activity)
            {
                update_heartbeat(&mut self.table, row, &heartbeat);
            }
        }
    }

    /// How a run that says that it is running logs, as far as it is known here.
    #[must_use]
    pub fn heartbeat(&self, row: RowId, shared: &SharedState) -> Option<Heartbeat> {
        let heartbeat = Heartbeat {
            last_activity: Some(self.table.last_activity(row)?),
            interval: None,
        };
        let goal = self.goal(shared);
        let id = self.table.run_id(row);
        let history = goal.as_ref().and_then(|goal| {
            Some((
                shared.histories.get(id, goal.metric.raw())?,
                goal.metric.raw(),
            ))
        });
        Some(history.map_or(heartbeat, |(points, metric)| {
            heartbeat.with_history(points, shared.histories.is_sampled(id, metric))
        }))
    }

    /// How many new runs are above and below what is seen, in a window of `height` lines.
    #[must_use]
    pub fn offscreen_new_runs(&self, height: usize) -> OffscreenCounts {
        if self.poller.new_runs.is_empty() {
            return OffscreenCounts::default();
        }
        let ids =
            (0..self.lines.len()).map(|line| self.row(line).map(|row| self.table.run_id(row)));
        self.poller
            .new_runs
            .offscreen_counts(ids, &self.cursor.visible_range(self.lines.len(), height))
    }

    /// Moves the cursor to the next new run, round and round.
    pub(super) fn select_next_new_run(&mut self, context: &mut UpdateContext<'_>) {
        let len = self.lines.len();
        let is_new = |line: &usize| {
            self.row(*line)
                .is_some_and(|row| self.poller.new_runs.contains(self.table.run_id(row)))
        };
        match (1..=len)
            .map(|step| (self.cursor.index + step) % len)
            .find(is_new)
        {
            Some(line) => self.cursor.index = line,
            None => context.notify("no run is new here"),
        }
    }

    /// How many runs there are, whether they pass the filter or not.
    #[must_use]
    pub fn run_count(&self) -> usize {
        self.table.len().saturating_sub(self.poller.removed_count)
    }

    /// How fresh the table is: as it was loaded, or as it was refreshed since.
    pub(super) fn polled_freshness(&self, shared: &SharedState) -> Freshness {
        let mut freshness = self.loader.freshness();
        freshness.fetched_at = freshness.fetched_at.max(self.poller.last_success);
        freshness.error = self.poller.error.clone().or(freshness.error);
        shared.polled_freshness(
            freshness,
            1,
            self.poller.last_attempt.or(self.loader.last_page_at()),
        )
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
        let mut live = RunPoller::default();
        let all = MAX_ACTIVE_PER_POLL * 2 + 7;
        let table = table(i32::try_from(all).unwrap());
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..3 {
            let (known, whole, _) = live.next_poll(&table, 0, 1_000);
            assert!(!whole && known.len() == MAX_ACTIVE_PER_POLL);
            seen.extend(known);
        }
        assert_eq!(seen.len(), all);
        let (known, whole, since) =
            RunPoller::default().next_poll(&super::tests::table(3), 0, 1_000);
        assert!(whole && known.len() == 3);
        assert_eq!(since, 0, "no store has runs from before its clock began");
    }

    #[test]
    fn fewer_stalled_runs_are_polled_at_a_time() {
        let (known, whole, _) = RunPoller::default().next_poll(&table(500), 0, Millis::MAX / 2);
        assert!(!whole);
        assert_eq!(known.len(), MAX_STALLED_PER_POLL);
    }

    #[test]
    fn start_times_in_the_future_do_not_hide_new_runs() {
        let mut table = table(1);
        table.upsert(&[Run {
            start_time: Some(Millis::MAX),
            ..Run::bare("ahead".into(), "1".into())
        }]);
        assert_eq!(
            RunPoller::default().next_poll(&table, 0, 5_000_000).2,
            5_000_000 - CLOCK_SKEW_MS
        );
    }
}
