//! Filtering and sorting in the store, while the table has only a part of the runs.
//!
//! The store's results join the rows of the table, which still filters and sorts all of them itself.

use super::request_state::RequestState;
use crate::analysis::heartbeat::update_heartbeats;
use crate::domain::{Millis, StoreError};
use crate::ops::list_runs::RunPage;
use crate::store::RunQuery;
use crate::table::filter::Filter;
use crate::table::{Arrangement, RunTable, SortKey};
use crate::tui::app::UpdateContext;
use crate::tui::app::message::{Effect, Request, Ticket};

/// The next page is requested when the cursor is this close to the last listed run, in lines: more than a large terminal shows.
const PREFETCH_LINES: usize = 80;

/// A filter is sent when it has not changed for this time, in ms.
const TYPING_DEBOUNCE_MS: Millis = 300;

/// The part of an arrangement that the store can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PushdownQuery {
    /// Filters in MLflow's grammar, each listed on its own: the grammar has no `OR`. Empty for all runs.
    pub filters: Vec<String>,
    /// Order clauses in MLflow's grammar. Empty for the newest first.
    pub order_by: Vec<String>,
}

impl PushdownQuery {
    fn new(arrangement: &Arrangement) -> Self {
        let filter = arrangement.filter.as_ref();
        let sort = &arrangement.sort;
        let order_by: Option<Vec<String>> = sort.iter().map(SortKey::to_order_by).collect();
        Self {
            filters: filter
                .filter(|filter| !filter.needs_all_runs())
                .map(Filter::remote_queries)
                .unwrap_or_default(),
            order_by: order_by.unwrap_or_default(),
        }
    }

    fn is_empty(&self) -> bool {
        self.filters.is_empty() && self.order_by.is_empty()
    }

    /// One listing for each filter.
    fn listings(&self, base: &RunQuery) -> Vec<Listing> {
        let listing = |filter| Listing {
            query: RunQuery {
                filter,
                order_by: self.order_by.clone(),
                ..base.clone()
            },
            ticket: None,
            request: RequestState::default(),
            run_count: 0,
            is_exhausted: false,
        };
        if self.filters.is_empty() {
            vec![listing(None)]
        } else {
            self.filters
                .iter()
                .cloned()
                .map(Some)
                .map(listing)
                .collect()
        }
    }
}

/// A listing that is read as far as the cursor needs it.
#[derive(Debug)]
struct Listing {
    query: RunQuery,
    /// All pages of a listing have the same ticket.
    ticket: Option<Ticket>,
    request: RequestState,
    run_count: usize,
    is_exhausted: bool,
}

impl Listing {
    fn request_page(&mut self, context: &mut UpdateContext<'_>) {
        let ticket = self.ticket.unwrap_or_else(|| {
            context.request(Request::Runs {
                query: self.query.clone(),
                limit: None,
            })
        });
        if self.ticket.replace(ticket).is_some() {
            context.effects.push(Effect::NextPage(ticket));
        }
        self.request.start(ticket, context.now, ());
    }
}

/// The query that the store runs now, and its results so far.
#[derive(Debug, Default)]
pub struct PushdownState {
    query: PushdownQuery,
    /// When `query` last changed, in ms since the epoch.
    changed_at: Millis,
    listings: Vec<Listing>,
}

impl PushdownState {
    /// The query that the store runs; `None` while the table does everything itself.
    #[must_use]
    pub fn active_query(&self) -> Option<&PushdownQuery> {
        (!self.listings.is_empty()).then_some(&self.query)
    }

    /// How many runs the store has listed, and whether these are all.
    #[must_use]
    pub fn progress(&self) -> (usize, bool) {
        (
            self.listings.iter().map(|listing| listing.run_count).sum(),
            self.listings.iter().all(|listing| listing.is_exhausted),
        )
    }

    pub(super) fn is_awaiting(&self, ticket: Ticket) -> bool {
        self.listings
            .iter()
            .any(|listing| listing.request.is_awaiting(ticket))
    }

    /// Stops all listings.
    pub(super) fn cancel(&mut self, context: &mut UpdateContext<'_>) {
        let unfinished = self
            .listings
            .drain(..)
            .filter(|listing| !listing.is_exhausted)
            .filter_map(|listing| listing.ticket);
        context.effects.extend(unfinished.map(Effect::Cancel));
        self.query = PushdownQuery::default();
    }

    /// Lets the store do its part of an arrangement, as far as the line under the cursor needs it. `base` selects the runs of
    /// the table.
    pub(super) fn sync(
        &mut self,
        arrangement: &Arrangement,
        base: &RunQuery,
        cursor: usize,
        context: &mut UpdateContext<'_>,
    ) {
        let query = PushdownQuery::new(arrangement);
        if query != self.query {
            self.cancel(context);
            self.changed_at = context.now;
            if !query.is_empty() {
                self.listings = query.listings(base);
            }
            self.query = query;
        }
        if context.now - self.changed_at < TYPING_DEBOUNCE_MS {
            return;
        }
        // The table merges the listings: each needs its share of the lines above the cursor.
        let count = self.listings.len().max(1);
        for listing in &mut self.listings {
            if !listing.is_exhausted
                && listing.request.is_idle()
                && listing.run_count * count < cursor + PREFETCH_LINES
            {
                listing.request_page(context);
            }
        }
    }

    /// Adds a page to the table. Returns whether it brought runs, and not an error.
    pub(super) fn apply_page(
        &mut self,
        ticket: Ticket,
        page: Result<RunPage, StoreError>,
        table: &mut RunTable,
        context: &mut UpdateContext<'_>,
    ) -> bool {
        let mut listings = self.listings.iter_mut();
        let Some(listing) = listings.find(|listing| listing.request.is_awaiting(ticket)) else {
            return false;
        };
        listing.request.finish();
        match page {
            Ok(page) => {
                listing.run_count += page.runs.len();
                listing.is_exhausted = page.end.is_some();
                table.upsert(&page.runs);
                update_heartbeats(table, &page.runs);
                true
            }
            Err(error) => {
                listing.is_exhausted = true;
                let notifications = &mut context.shared.notifications;
                notifications.store_error(context.now, &error);
                false
            }
        }
    }
}
