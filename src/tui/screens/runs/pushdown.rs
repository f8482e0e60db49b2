//! While only a part of the runs is here, the store is asked for those that pass the filter, or come first in the order: with its own
//! filter and its own sort. What it gives goes into the table with the rest; the filter and the order of the table stay as they are.

use super::RunsScreen;
use crate::analysis::heartbeat::update_heartbeats;
use crate::domain::{Millis, Run, StoreError};
use crate::store::limits::{FIRST_PAGE_RUNS, next_page_size};
use crate::store::{Page, PageToken, RunQuery};
use crate::table::SortKey;
use crate::table::filter::Filter;
use crate::tui::app::UpdateContext;
use crate::tui::app::message::{Effect, Request, Ticket};

/// The next page is asked for when the cursor is this close to the end of what came, in lines: a screen of a large terminal and more.
const PREFETCH_LINES: usize = 80;

/// A filter that is being typed is asked for when nothing was typed for so long, in ms.
const TYPING_DEBOUNCE_MS: Millis = 300;

/// What a store is asked: filters whose answers are merged, and an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PushdownQuery {
    /// Filters in MLflow's grammar; without any, all runs are meant.
    pub filters: Vec<String>,
    /// Order clauses in MLflow's grammar; without any, the newest come first.
    pub order_by: Vec<String>,
}

impl PushdownQuery {
    fn is_empty(&self) -> bool {
        self.filters.is_empty() && self.order_by.is_empty()
    }
}

/// One listing that is followed as far as the cursor goes.
#[derive(Debug)]
struct Listing {
    query: RunQuery,
    page_token: Option<PageToken>,
    pending: Option<Ticket>,
    run_count: usize,
    is_exhausted: bool,
}

/// What the store was asked, and how far that is.
#[derive(Debug, Default)]
pub struct PushdownState {
    query: PushdownQuery,
    /// Since when that is the question.
    changed_at: Millis,
    listings: Vec<Listing>,
}

impl PushdownState {
    /// What the store does now; nothing when all is done here.
    #[must_use]
    pub fn active_query(&self) -> Option<&PushdownQuery> {
        (!self.listings.is_empty()).then_some(&self.query)
    }

    /// How many runs the store gave, and whether that is all it has.
    #[must_use]
    pub fn progress(&self) -> (usize, bool) {
        (
            self.listings.iter().map(|walk| walk.run_count).sum(),
            self.listings.iter().all(|walk| walk.is_exhausted),
        )
    }

    /// Whether an answer with this ticket is awaited.
    pub(super) fn is_awaiting(&self, ticket: Ticket) -> bool {
        self.listings
            .iter()
            .any(|walk| walk.pending == Some(ticket))
    }

    /// Asks for nothing any more.
    pub(super) fn cancel(&mut self, context: &mut UpdateContext<'_>) {
        let pending = self.listings.drain(..).filter_map(|walk| walk.pending);
        context.effects.extend(pending.map(Effect::Cancel));
        self.query = PushdownQuery::default();
    }
}

impl RunsScreen {
    /// What a store could do of the filter and the order.
    fn pushdown_query(&self) -> PushdownQuery {
        let order: Option<Vec<String>> = self
            .arrangement
            .sort
            .iter()
            .map(SortKey::to_order_by)
            .collect();
        PushdownQuery {
            filters: self
                .arrangement
                .filter
                .as_ref()
                .filter(|filter| !filter.needs_all_runs())
                .map(Filter::remote_queries)
                .unwrap_or_default(),
            order_by: order.unwrap_or_default(),
        }
    }

    /// Asks the store what it can do, as long as not all runs are here.
    pub(super) fn sync_pushdown(&mut self, context: &mut UpdateContext<'_>) {
        let can_filter = context
            .shared
            .features
            .get()
            .is_some_and(|features| features.can_filter);
        if !can_filter || self.loader.is_complete() || self.table.is_empty() {
            self.pushdown.cancel(context);
            return;
        }
        let query = self.pushdown_query();
        if query != self.pushdown.query {
            self.pushdown.cancel(context);
            self.pushdown.changed_at = context.now;
            if !query.is_empty() {
                self.pushdown.listings = self.listings(&query);
            }
            self.pushdown.query = query;
        }
        if context.now - self.pushdown.changed_at < TYPING_DEBOUNCE_MS {
            return;
        }
        let (at, merged) = (self.cursor.index, self.pushdown.listings.len().max(1));
        for walk in &mut self.pushdown.listings {
            // What several listings give stands among each other: each is asked for its share.
            if !walk.is_exhausted
                && walk.pending.is_none()
                && walk.run_count * merged < at + PREFETCH_LINES
            {
                walk.pending = Some(context.request(Request::Runs {
                    query: walk.query.clone(),
                    page_token: walk.page_token.clone(),
                }));
            }
        }
    }

    fn listings(&self, query: &PushdownQuery) -> Vec<Listing> {
        let listing = |filter: Option<String>| Listing {
            query: RunQuery {
                experiments: self.experiments.clone(),
                filter,
                order_by: query.order_by.clone(),
                lifecycle: self.lifecycle_filter(),
                page_size: FIRST_PAGE_RUNS,
            },
            page_token: None,
            pending: None,
            run_count: 0,
            is_exhausted: false,
        };
        if query.filters.is_empty() {
            vec![listing(None)]
        } else {
            query
                .filters
                .iter()
                .cloned()
                .map(Some)
                .map(listing)
                .collect()
        }
    }

    /// Takes what the store found.
    pub(super) fn apply_pushdown_page(
        &mut self,
        ticket: Ticket,
        result: Result<Page<Run>, StoreError>,
        context: &mut UpdateContext<'_>,
    ) {
        let Some(listing) = self
            .pushdown
            .listings
            .iter_mut()
            .find(|walk| walk.pending == Some(ticket))
        else {
            return;
        };
        listing.pending = None;
        match result {
            Ok(page) => {
                listing.run_count += page.items.len();
                listing.is_exhausted = page.next.is_none();
                listing.query.page_size = next_page_size(&page.items);
                listing.page_token = page.next;
                self.table.upsert(&page.items);
                update_heartbeats(&mut self.table, &page.items);
                // Who looks at what is first sees what the store says is first.
                self.should_scroll_to_top |= self.cursor.index == 0;
                self.invalidate();
            }
            Err(error) => {
                listing.is_exhausted = true;
                context
                    .shared
                    .notifications
                    .store_error(context.now, &error);
            }
        }
    }
}
