//! Loading runs: a small first page, then the rest as it comes; later, what is still going.

use crate::analysis::rhythm::judge_all;
use crate::app::message::{Effect, Request, Ticket};
use crate::app::screens::Freshness;
use crate::app::shared::Context;
use crate::domain::{ExperimentId, Fault, Millis, Run, RunStatus};
use crate::store::limits::{FIRST_PAGE_RUNS, PAGE_RUNS};
use crate::store::{Page, PageToken, RunQuery, View};
use crate::table::{Attribute, Cell, ColumnKey, RunTable};

/// How far loading is.
#[derive(Debug, Default)]
pub struct Load {
    asked: Option<(Ticket, Millis)>,
    loaded: u64,
    total: Option<u64>,
    at: Option<Millis>,
    fault: Option<Fault>,
    done: bool,
    /// A load that began anew: its rows replace the table's once they are all there.
    incoming: Option<RunTable>,
    /// A look at the newest page only.
    partial: bool,
}

impl Load {
    /// Begins anew: what is shown stays until the new rows are all there.
    pub fn begin(&mut self, experiments: &[ExperimentId], table: &RunTable, context: &mut Context<'_>) {
        self.cancel(context);
        self.incoming = (!table.is_empty()).then(RunTable::default);
        self.loaded = 0;
        self.partial = false;
        self.done = false;
        self.ask(experiments, None, FIRST_PAGE_RUNS, context);
    }

    /// Stops loading; what has come stays. Returns whether anything was under way.
    pub fn cancel(&mut self, context: &mut Context<'_>) -> bool {
        let Some((ticket, _)) = self.asked.take() else { return false };
        context.effects.push(Effect::Cancel(ticket));
        true
    }

    fn ask(&mut self, experiments: &[ExperimentId], from: Option<PageToken>, page_size: u32, context: &mut Context<'_>) {
        let query = RunQuery { experiments: experiments.to_vec(), filter: None, order_by: Vec::new(), view: View::Active, page_size };
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

    /// Whether a load was stopped before its end: what is shown is a part.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.asked.is_none() && !self.done
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
        if self.partial {
            Self::note_progress(&page.items, table, context);
            table.upsert(&page.items);
            self.asked = None;
            self.partial = false;
            return false;
        }
        self.loaded += page.items.len() as u64;
        self.total = page.total.or(self.total);
        // The first load is seen as it comes; a later one takes the table's place at its end, so that rows which were
        // deleted meanwhile go, and none is missed while the rest is on its way.
        let rows = self.incoming.as_mut().unwrap_or(table);
        rows.upsert(&page.items);
        judge_all(rows, &page.items);
        if let Some(next) = page.next {
            self.ask(experiments, Some(next), PAGE_RUNS, context);
            return false;
        }
        self.asked = None;
        self.done = true;
        self.incoming.take().map(|incoming| *table = incoming).is_some()
    }

    /// Forgets the histories of runs that are still going, so that their curves grow, and says what is new.
    fn note_progress(items: &[Run], table: &RunTable, context: &mut Context<'_>) {
        let new = items.iter().filter(|run| table.row_of(&run.id).is_none()).count();
        if new > 0 {
            context.say(format!("{new} new run{}", if new == 1 { "" } else { "s" }));
        }
        for run in items.iter().filter(|run| run.status == RunStatus::Running) {
            context.shared.histories.forget(&run.id);
        }
    }

    /// Looks at the newest runs again when the session's interval has gone by and something is still going.
    pub fn refresh_when_due(&mut self, table: &RunTable, experiments: &[ExperimentId], context: &mut Context<'_>) {
        let every = Millis::from(context.shared.session.refresh_seconds) * 1_000;
        // A store that failed is left alone for five times as long.
        let wait = if self.fault.is_some() { every * 5 } else { every };
        let due = every > 0 && self.done && self.asked.is_none() && self.at.is_some_and(|at| context.now - at >= wait);
        if due && has_running(table) {
            self.partial = true;
            // The time is noted even if the answer is a fault, so that the interval counts from here.
            self.at = Some(context.now);
            self.ask(experiments, None, FIRST_PAGE_RUNS, context);
        }
    }

    /// How fresh the table is.
    #[must_use]
    pub fn freshness(&self) -> Freshness {
        let loading = self.asked.filter(|_| !self.partial).map(|(_, since)| since);
        Freshness { at: self.at, loading, progress: loading.map(|_| (self.loaded, self.total)), fault: self.fault.clone() }
    }
}

fn has_running(table: &RunTable) -> bool {
    let status = ColumnKey::Attribute(Attribute::Status);
    (0..table.len()).any(|row| matches!(table.cell(crate::table::Row(row as u32), &status, 0), Cell::Status(RunStatus::Running)))
}
