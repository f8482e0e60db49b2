//! Loading runs: a small first page, then the rest as it comes.

use crate::analysis::heartbeat::update_heartbeats;
use crate::domain::{ExperimentId, Millis, Run, StoreError};
use crate::store::limits::{FIRST_PAGE_RUNS, next_page_size};
use crate::store::{LifecycleFilter, Page, PageToken, RunQuery};
use crate::table::RunTable;
use crate::tui::app::UpdateContext;
use crate::tui::app::message::{Effect, Request, Ticket};
use crate::tui::screens::Freshness;

/// How far loading is.
#[derive(Debug, Default)]
pub struct RunLoader {
    pending: Option<(Ticket, Millis)>,
    loaded: u64,
    total: Option<u64>,
    last_page_at: Option<Millis>,
    error: Option<StoreError>,
    is_complete: bool,
    /// Whether runs in use are loaded, or deleted ones.
    lifecycle: LifecycleFilter,
    /// Loading ended because no more runs should be kept.
    is_capped: bool,
    /// A load that began anew: its rows replace the table's once they are all there.
    replacement: Option<RunTable>,
}

impl RunLoader {
    /// Begins anew: what is shown stays until the new rows are all there.
    pub fn restart(
        &mut self,
        experiments: &[ExperimentId],
        lifecycle: LifecycleFilter,
        table: &RunTable,
        context: &mut UpdateContext<'_>,
    ) {
        self.cancel(context);
        self.lifecycle = lifecycle;
        self.replacement = (!table.is_empty()).then(RunTable::default);
        self.loaded = 0;
        (self.is_complete, self.is_capped) = (false, false);
        self.request_page(experiments, None, FIRST_PAGE_RUNS, context);
    }

    /// Stops loading; what has come stays. Returns whether anything was under way.
    pub fn cancel(&mut self, context: &mut UpdateContext<'_>) -> bool {
        let Some((ticket, _)) = self.pending.take() else {
            return false;
        };
        context.effects.push(Effect::Cancel(ticket));
        true
    }

    fn request_page(
        &mut self,
        experiments: &[ExperimentId],
        page_token: Option<PageToken>,
        page_size: u32,
        context: &mut UpdateContext<'_>,
    ) {
        let query = RunQuery {
            experiments: experiments.to_vec(),
            filter: None,
            order_by: Vec::new(),
            lifecycle: self.lifecycle,
            page_size,
        };
        let since = self.pending.map_or(context.now, |(_, since)| since);
        let ticket = context.request(Request::Runs { query, page_token });
        self.pending = Some((ticket, since));
    }

    /// Whether an answer with this ticket is awaited.
    #[must_use]
    pub fn is_awaiting(&self, ticket: Ticket) -> bool {
        self.pending.is_some_and(|(asked, _)| asked == ticket)
    }

    /// Whether everything has come, or nothing more will.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.pending.is_none()
    }

    /// Whether all runs have come.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Whether a load was stopped before its end: what is shown is a part.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.pending.is_none() && !self.is_complete
    }

    /// Whether there are more runs than should be kept here. How many there are, where the store says it.
    #[must_use]
    pub fn capped_total(&self) -> Option<Option<u64>> {
        self.is_capped.then_some(self.total)
    }

    /// Takes a page, and asks for the next. Returns whether the table was replaced, so that its rows mean other runs.
    pub fn apply_page(
        &mut self,
        result: Result<Page<Run>, StoreError>,
        table: &mut RunTable,
        experiments: &[ExperimentId],
        context: &mut UpdateContext<'_>,
    ) -> bool {
        let page = match result {
            Ok(page) => page,
            Err(error) => {
                context
                    .shared
                    .notifications
                    .store_error(context.now, &error);
                self.pending = None;
                self.error = Some(error);
                return false;
            }
        };
        self.error = None;
        self.last_page_at = Some(context.now);
        self.loaded += page.items.len() as u64;
        self.total = page.total.or(self.total);
        // The first load is seen as it comes; a later one takes the table's place at its end, so that rows which were
        // deleted meanwhile go, and none is missed while the rest is on its way.
        let rows = self.replacement.as_mut().unwrap_or(table);
        rows.upsert(&page.items);
        update_heartbeats(rows, &page.items);
        self.is_capped = page.next.is_some() && self.loaded >= context.shared.session.max_runs;
        if let Some(next) = page.next.filter(|_| !self.is_capped) {
            self.request_page(
                experiments,
                Some(next),
                next_page_size(&page.items),
                context,
            );
            return false;
        }
        self.pending = None;
        self.is_complete = !self.is_capped;
        self.replacement
            .take()
            .map(|incoming| *table = incoming)
            .is_some()
    }

    /// When the last page came, ms since the epoch.
    #[must_use]
    pub fn last_page_at(&self) -> Option<Millis> {
        self.last_page_at
    }

    /// The store answered another question since: its last failure is over.
    pub fn clear_error(&mut self) {
        self.error = None;
    }

    /// How fresh the table is.
    #[must_use]
    pub fn freshness(&self) -> Freshness {
        let loading = self.pending.map(|(_, since)| since);
        Freshness {
            fetched_at: self.last_page_at,
            loading_since: loading,
            progress: loading.map(|_| (self.loaded, self.total)),
            error: self.error.clone(),
            ..Freshness::default()
        }
    }
}
