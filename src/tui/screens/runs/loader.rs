//! Loads the runs of the table: a small first page, then large ones.

use super::request_state::RequestState;
use crate::analysis::heartbeat::update_heartbeats;
use crate::domain::{ExperimentId, Millis, StoreError};
use crate::ops::list_runs::{ListingEnd, RunPage, UnreadableRuns};
use crate::store::limits::FIRST_PAGE_RUNS;
use crate::store::{LifecycleFilter, RunQuery};
use crate::table::RunTable;
use crate::tui::app::UpdateContext;
use crate::tui::app::message::{Effect, Request, Ticket};
use crate::tui::screens::Freshness;

/// The progress of the load.
#[derive(Debug, Default)]
pub struct RunLoader {
    request: RequestState,
    loaded: u64,
    total: Option<u64>,
    end: Option<ListingEnd>,
    /// The rows of a reload, until all of them are loaded.
    replacement: Option<RunTable>,
    unreadable: UnreadableRuns,
}

impl RunLoader {
    /// Starts over. The rows of `table` stay visible until all new rows are loaded.
    pub(super) fn restart(
        &mut self,
        experiments: &[ExperimentId],
        lifecycle: LifecycleFilter,
        table: &RunTable,
        context: &mut UpdateContext<'_>,
    ) {
        self.cancel(context);
        self.replacement = (!table.is_empty()).then(RunTable::default);
        self.loaded = 0;
        self.end = None;
        self.unreadable = UnreadableRuns::default();
        let query = RunQuery {
            experiments: experiments.to_vec(),
            lifecycle,
            page_size: FIRST_PAGE_RUNS,
            ..RunQuery::default()
        };
        let limit = Some(context.shared.session.max_runs);
        let ticket = context.request(Request::Runs { query, limit });
        self.request.start(ticket, context.now, ());
    }

    /// Stops loading and keeps the rows loaded so far. Returns whether a load was running.
    pub(super) fn cancel(&mut self, context: &mut UpdateContext<'_>) -> bool {
        self.request.cancel(context)
    }

    /// Stops, because the store has more runs than the table will hold.
    pub(super) fn stop_at_window(&mut self, context: &mut UpdateContext<'_>) {
        self.cancel(context);
        self.replacement = None;
    }

    /// The number of runs in the store, where it counts them.
    pub(super) fn total(&self) -> Option<u64> {
        self.total
    }

    pub(super) fn is_awaiting(&self, ticket: Ticket) -> bool {
        self.request.is_awaiting(ticket)
    }

    /// Whether no load is running: it is complete, capped, cancelled or failed.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.request.is_idle()
    }

    /// Whether the table has all runs.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.end == Some(ListingEnd::Complete)
    }

    /// Whether the load stopped before it was complete.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.is_idle() && !self.is_complete()
    }

    /// `Some` if the load stopped at the session's `max_runs`, with the number of runs in the store where it is known.
    #[must_use]
    pub fn capped_total(&self) -> Option<Option<u64>> {
        (self.end == Some(ListingEnd::LimitReached)).then_some(self.total)
    }

    /// Adds a page to the table and asks for the next one. Returns whether the table was replaced, which changes all row ids.
    pub(super) fn apply_page(
        &mut self,
        ticket: Ticket,
        page: Result<RunPage, StoreError>,
        table: &mut RunTable,
        context: &mut UpdateContext<'_>,
    ) -> bool {
        self.request.record(&page, context.now);
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                self.request.finish();
                let notifications = &mut context.shared.notifications;
                notifications.store_error(context.now, &error);
                return false;
            }
        };
        if page.is_restart {
            self.replacement = Some(RunTable::default());
            self.unreadable = UnreadableRuns::default();
        }
        self.loaded = page.read;
        self.total = page.total.or(self.total);
        // Stream the first load. A reload or a scan swaps its rows in when it is complete: rows of deleted runs disappear then, and no
        // other row is missing meanwhile.
        let rows = self.replacement.as_mut().unwrap_or(table);
        rows.add_page(&page.runs, page.part.as_ref(), page.end.is_some());
        update_heartbeats(rows, &page.runs);
        self.unreadable.add(&page.runs);
        self.end = page.end;
        if self.end.is_none() {
            context.effects.push(Effect::NextPage(ticket));
            return false;
        }
        self.request.finish();
        if let Some(note) = self.unreadable.note() {
            context.shared.notifications.info(context.now, note);
        }
        self.replacement
            .take()
            .map(|incoming| *table = incoming)
            .is_some()
    }

    /// When the last page arrived, in ms since the epoch.
    #[must_use]
    pub fn last_page_at(&self) -> Option<Millis> {
        self.request.succeeded_at()
    }

    /// Forgets the last error, because the store has replied to another request since.
    pub(super) fn clear_error(&mut self) {
        self.request.clear_error();
    }

    /// For the top line.
    #[must_use]
    pub fn freshness(&self) -> Freshness {
        let loading_since = self.request.since();
        Freshness {
            fetched_at: self.request.succeeded_at(),
            loading_since,
            progress: loading_since.map(|_| (self.loaded, self.total)),
            error: self.request.error().cloned(),
            ..Freshness::default()
        }
    }
}
