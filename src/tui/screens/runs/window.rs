//! A window on more runs than the session loads: the store filters and sorts all of them, and the table holds only those
//! around the cursor.

use super::RunsScreen;
use super::request_state::RequestState;
use crate::analysis::heartbeat::update_heartbeats;
use crate::config::keymap::Action;
use crate::domain::{Millis, RunId, StoreError};
use crate::store::{RunWindow, WindowQuery, WindowRange};
use crate::table::{Arrangement, DisplayRow, Grouping, RunTable, arrange};
use crate::text::untrusted::clean;
use crate::tui::app::UpdateContext;
use crate::tui::app::message::{Request, Ticket};

/// The runs of the first reply: more than a large terminal shows.
const FIRST_RUNS: u32 = 300;

/// The runs of a window in use.
const WINDOW_RUNS: u32 = 1_000;

/// The next window is requested when the cursor is this close to the end of the current one, in lines.
const PREFETCH_LINES: usize = 200;

/// A filter is sent when it has not changed for this time, in ms.
const TYPING_DEBOUNCE_MS: Millis = 300;

/// The window, and where it is in the listing of the store.
#[derive(Debug, Default)]
pub struct WindowState {
    is_active: bool,
    /// The listing that is shown, or requested.
    query: Option<WindowQuery>,
    /// When `query` last changed, in ms since the epoch.
    changed_at: Millis,
    request: RequestState<Move>,
    /// Whether the listing is to be read from its start, and the cursor's position then.
    restart_at: Option<u64>,
    /// The position of the first run of the table.
    offset: u64,
    total: u64,
    /// The position after the last one, whether or not all of them still exist.
    end: u64,
    /// The runs of the table in order; `None` until the first reply.
    runs: Option<Vec<RunId>>,
    /// What the store cannot do of the arrangement, safe to draw.
    unsupported: Vec<String>,
}

/// A window that is under way.
#[derive(Clone, Copy, Debug)]
struct Move {
    range: WindowRange,
    /// The new position of the cursor in the listing; `None` to leave it on its run.
    jump_to: Option<u64>,
}

impl WindowState {
    /// Whether the table is a window.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.is_active
    }

    /// The number of runs that the store lists.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The position of a line of the table among them, from 1.
    #[must_use]
    pub fn position(&self, line: usize) -> u64 {
        self.offset + line as u64 + 1
    }

    /// Whether the shown runs are not yet those of the arrangement.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.restart_at.is_some() || !self.request.is_idle()
    }

    /// What the store cannot do of the arrangement.
    #[must_use]
    pub fn unsupported(&self) -> &[String] {
        &self.unsupported
    }

    pub(super) fn is_awaiting(&self, ticket: Ticket) -> bool {
        self.request.is_awaiting(ticket)
    }

    pub(super) fn since(&self) -> Option<Millis> {
        self.request.since()
    }

    fn cancel(&mut self, context: &mut UpdateContext<'_>) {
        self.request.cancel(context);
        *self = Self::default();
    }

    fn request(&mut self, to: Move, context: &mut UpdateContext<'_>) {
        let Some(query) = self.query.clone() else {
            return;
        };
        self.request.cancel(context);
        let range = to.range;
        let ticket = context.request(Request::Window { query, range });
        self.request.start(ticket, context.now, to);
    }

    fn has_run_after(&self) -> bool {
        self.end < self.total
    }
}

/// The window around a position.
fn range_around(position: u64, total: u64) -> WindowRange {
    let half = u64::from(WINDOW_RUNS / 2);
    let last = total.saturating_sub(u64::from(WINDOW_RUNS));
    WindowRange::At {
        offset: position.saturating_sub(half).min(last),
        limit: WINDOW_RUNS,
    }
}

impl RunsScreen {
    /// Starts a window once the store has more runs than the session loads, and keeps it on the cursor.
    pub(super) fn sync_window(&mut self, context: &mut UpdateContext<'_>) {
        if !self.window.is_active && !self.starts_window(context) {
            return;
        }
        let (query, unsupported) = self.window_query();
        if self.window.query.as_ref() != Some(&query) {
            let is_first = self.window.query.is_none();
            self.window.changed_at = if is_first { 0 } else { context.now };
            let is_loaded = is_first && query.condition.is_none() && query.order.is_empty();
            self.window.query = Some(query);
            if is_loaded {
                self.use_loaded_runs(context);
            } else {
                self.window.restart_at = Some(0);
            }
        }
        self.window.unsupported = unsupported;
        if context.now - self.window.changed_at < TYPING_DEBOUNCE_MS {
            return;
        }
        if let Some(cursor) = self.window.restart_at.take() {
            let range = WindowRange::First(FIRST_RUNS);
            let jump_to = Some(cursor);
            self.window.request(Move { range, jump_to }, context);
        } else if self.window.request.is_idle() {
            self.follow_cursor(context);
        }
    }

    fn starts_window(&mut self, context: &mut UpdateContext<'_>) -> bool {
        let features = context.shared.features.get();
        let has_windows = features.is_some_and(|features| features.has_windows);
        let total = self.loader.total().unwrap_or_default();
        let is_larger = total > context.shared.session.max_runs;
        if !has_windows || !is_larger || self.loader.is_complete() || self.table.is_empty() {
            return false;
        }
        self.loader.stop_at_window(context);
        self.window.is_active = true;
        true
    }

    /// The newest runs, of which the loader read the first ones.
    fn use_loaded_runs(&mut self, context: &UpdateContext<'_>) {
        let newest = arrange(&self.table, &Arrangement::default(), context.now);
        let runs = newest.iter().filter_map(|line| match line {
            DisplayRow::Run { row, .. } => Some(self.table.run_id(*row).clone()),
            DisplayRow::Group { .. } => None,
        });
        let runs: Vec<RunId> = runs.collect();
        self.window.total = self.loader.total().unwrap_or_default();
        self.window.end = runs.len() as u64;
        self.window.runs = Some(runs);
        self.invalidate();
    }

    /// The listing of the arrangement, and the parts of it that the store cannot do.
    fn window_query(&self) -> (WindowQuery, Vec<String>) {
        let mut unsupported = Vec::new();
        let condition = match self.arrangement.filter.as_ref() {
            Some(filter) => match filter.to_run_condition() {
                Ok(condition) => Some(condition),
                Err(part) => {
                    unsupported.push(format!("can't filter by {}", clean(&part)));
                    None
                }
            },
            None => None,
        };
        let mut order = Vec::new();
        for key in &self.arrangement.sort {
            match key.to_run_order() {
                Some(key) => order.push(key),
                None => unsupported.push(format!("can't sort by {}", key.column.title())),
            }
        }
        if self.arrangement.grouping != Grouping::Flat {
            unsupported.push("can't group".to_owned());
        }
        let query = WindowQuery {
            experiments: self.experiments.clone(),
            lifecycle: self.lifecycle_filter(),
            condition,
            order,
        };
        (query, unsupported)
    }

    /// Requests the next window when the cursor nears the end of the current one.
    fn follow_cursor(&mut self, context: &mut UpdateContext<'_>) {
        let window = &self.window;
        let (line, len) = (self.cursor.index, self.lines.len());
        let is_near_start = window.offset > 0 && line < PREFETCH_LINES;
        let is_near_end = window.has_run_after() && line + PREFETCH_LINES >= len;
        let is_short = window.end - window.offset < u64::from(WINDOW_RUNS);
        let is_needed = is_near_start || is_near_end || is_short && window.has_run_after();
        if is_needed && window.request.error().is_none() {
            let range = range_around(window.offset + line as u64, window.total);
            let jump_to = None;
            self.window.request(Move { range, jump_to }, context);
        }
    }

    /// Jumps to the first or the last run of the listing, where the table does not have it. Returns whether it did.
    pub(super) fn jump_in_window(
        &mut self,
        action: Action,
        context: &mut UpdateContext<'_>,
    ) -> bool {
        let window = &self.window;
        let cursor = match action {
            Action::Top if window.is_active && window.offset > 0 => 0,
            Action::Bottom if window.is_active && window.has_run_after() => {
                window.total.saturating_sub(1)
            }
            _ => return false,
        };
        let range = range_around(cursor, window.total);
        let jump_to = Some(cursor);
        self.window.request(Move { range, jump_to }, context);
        true
    }

    /// Shows the window that arrived. The cursor stays on its run, or goes where it jumps.
    pub(super) fn apply_window(
        &mut self,
        reply: Result<RunWindow, StoreError>,
        context: &mut UpdateContext<'_>,
    ) {
        self.window.request.record(&reply, context.now);
        let Some((_, to)) = self.window.request.finish() else {
            return;
        };
        let window = match reply {
            Ok(window) => window,
            Err(error) => {
                let notifications = &mut context.shared.notifications;
                return notifications.store_error(context.now, &error);
            }
        };
        let row = self.cursor.index.saturating_sub(self.cursor.top);
        let cursor = to
            .jump_to
            .unwrap_or(self.window.offset + self.cursor.index as u64);
        let (offset, limit) = match to.range {
            WindowRange::First(limit) => (0, limit),
            WindowRange::At { offset, limit } => (offset, limit),
        };
        self.window.offset = offset;
        self.window.end = (offset + u64::from(limit)).min(window.total);
        self.window.total = window.total;
        self.window.runs = Some(window.runs.iter().map(|run| run.id.clone()).collect());
        self.table = RunTable::default();
        self.table.upsert(&window.runs);
        update_heartbeats(&mut self.table, &window.runs);
        // A poll under way is about runs of the table before.
        self.poller.restart(context);
        self.reset_lines(None, context);
        let line = cursor.saturating_sub(offset);
        self.cursor.index = usize::try_from(line).unwrap_or(usize::MAX);
        self.cursor.top = self.cursor.index.saturating_sub(row);
        if cursor >= self.window.end && cursor < self.window.total {
            let range = range_around(cursor, self.window.total);
            let jump_to = Some(cursor);
            self.window.request(Move { range, jump_to }, context);
        }
    }

    /// Reads the window again from a new order of the store.
    pub(super) fn refresh_window(&mut self) {
        self.window.restart_at = Some(self.window.offset + self.cursor.index as u64);
    }

    /// Leaves the window, because other runs are loaded.
    pub(super) fn leave_window(&mut self, context: &mut UpdateContext<'_>) {
        self.window.cancel(context);
    }

    /// The lines of the window, in the store's order; `None` if the table is no window.
    pub(super) fn window_lines(&self) -> Option<Vec<DisplayRow>> {
        let runs = self.window.runs.as_ref()?.iter();
        let rows = runs.filter_map(|id| self.table.row_of(id));
        let line = |row| DisplayRow::Run {
            row,
            depth: 0,
            children: 0,
            is_match: true,
        };
        Some(rows.map(line).collect())
    }
}
