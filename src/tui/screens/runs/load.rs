//! Loading runs: a small first page, then the rest as it comes.

use crate::analysis::rhythm::judge_all;
use crate::domain::{ExperimentId, Fault, Millis, Run};
use crate::store::limits::{FIRST_PAGE_RUNS, next_page};
use crate::store::{Page, PageToken, RunQuery, View};
use crate::table::RunTable;
use crate::tui::app::message::{Effect, Request, Ticket};
use crate::tui::app::shared::Context;
use crate::tui::screens::Freshness;

/// How far loading is.
#[derive(Debug, Default)]
pub struct Load {
    asked: Option<(Ticket, Millis)>,
    loaded: u64,
    total: Option<u64>,
    at: Option<Millis>,
    fault: Option<Fault>,
    done: bool,
    /// Whether runs in use are loaded, or deleted ones.
    view: View,
    /// Loading ended because no more runs should be kept.
    capped: bool,
    /// A load that began anew: its rows replace the table's once they are all there.
    incoming: Option<RunTable>,
}

impl Load {
    /// Begins anew: what is shown stays until the new rows are all there.
    pub fn begin(
        &mut self,
        experiments: &[ExperimentId],
        view: View,
        table: &RunTable,
        context: &mut Context<'_>,
    ) {
        self.cancel(context);
        self.view = view;
        self.incoming = (!table.is_empty()).then(RunTable::default);
        self.loaded = 0;
        (self.done, self.capped) = (false, false);
        self.ask(experiments, None, FIRST_PAGE_RUNS, context);
    }

    /// Stops loading; what has come stays. Returns whether anything was under way.
    pub fn cancel(&mut self, context: &mut Context<'_>) -> bool {
        let Some((ticket, _)) = self.asked.take() else {
            return false;
        };
        context.effects.push(Effect::Cancel(ticket));
        true
    }

    fn ask(
        &mut self,
        experiments: &[ExperimentId],
        from: Option<PageToken>,
        page_size: u32,
        context: &mut Context<'_>,
    ) {
        let query = RunQuery {
            experiments: experiments.to_vec(),
            filter: None,
            order_by: Vec::new(),
            view: self.view,
            page_size,
        };
        let since = self.asked.map_or(context.now, |(_, since)| since);
        let ticket = context.ask(Request::Runs { query, from });
        self.asked = Some((ticket, since));
    }

    /// Whether an answer with this ticket is awaited.
    #[must_use]
    pub fn awaits(&self, ticket: Ticket) -> bool {
        self.asked.is_some_and(|(asked, _)| asked == ticket)
    }

    /// Whether everything has come, or nothing more will.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.asked.is_none()
    }

    /// Whether all runs have come.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.done
    }

    /// Whether a load was stopped before its end: what is shown is a part.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.asked.is_none() && !self.done
    }

    /// Whether there are more runs than should be kept here. How many there are, where the store says it.
    #[must_use]
    pub fn capped(&self) -> Option<Option<u64>> {
        self.capped.then_some(self.total)
    }

    /// Takes a page, and asks for the next. Returns whether the table was replaced, so that its rows mean other runs.
    pub fn take(
        &mut self,
        answer: Result<Page<Run>, Fault>,
        table: &mut RunTable,
        experiments: &[ExperimentId],
        context: &mut Context<'_>,
    ) -> bool {
        let page = match answer {
            Ok(page) => page,
            Err(fault) => {
                context.shared.notices.fault(context.now, &fault);
                self.asked = None;
                self.fault = Some(fault);
                return false;
            }
        };
        self.fault = None;
        self.at = Some(context.now);
        self.loaded += page.items.len() as u64;
        self.total = page.total.or(self.total);
        // The first load is seen as it comes; a later one takes the table's place at its end, so that rows which were
        // deleted meanwhile go, and none is missed while the rest is on its way.
        let rows = self.incoming.as_mut().unwrap_or(table);
        rows.upsert(&page.items);
        judge_all(rows, &page.items);
        self.capped = page.next.is_some() && self.loaded >= context.shared.session.max_runs;
        if let Some(next) = page.next.filter(|_| !self.capped) {
            self.ask(experiments, Some(next), next_page(&page.items), context);
            return false;
        }
        self.asked = None;
        self.done = !self.capped;
        self.incoming
            .take()
            .map(|incoming| *table = incoming)
            .is_some()
    }

    /// When the last page came, ms since the epoch.
    #[must_use]
    pub fn at(&self) -> Option<Millis> {
        self.at
    }

    /// The store answered another question since: its last failure is over.
    pub fn is_well(&mut self) {
        self.fault = None;
    }

    /// How fresh the table is.
    #[must_use]
    pub fn freshness(&self) -> Freshness {
        let loading = self.asked.map(|(_, since)| since);
        Freshness {
            at: self.at,
            loading,
            progress: loading.map(|_| (self.loaded, self.total)),
            fault: self.fault.clone(),
            ..Freshness::default()
        }
    }
}
