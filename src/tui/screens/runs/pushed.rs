//! While only a part of the runs is here, the store is asked for those that pass the filter, or come first in the order: with its own
//! filter and its own sort. What it gives goes into the table with the rest; the filter and the order of the table stay as they are.

use super::Runs;
use crate::analysis::rhythm::judge_all;
use crate::domain::{Fault, Millis, Run};
use crate::store::limits::{FIRST_PAGE_RUNS, next_page};
use crate::store::{Page, PageToken, RunQuery};
use crate::table::SortKey;
use crate::table::filter::Filter;
use crate::tui::app::message::{Effect, Request, Ticket};
use crate::tui::app::shared::Context;

/// The next page is asked for when the cursor is this close to the end of what came, in lines: a screen of a large terminal and more.
const NEAR: usize = 80;

/// A filter that is being typed is asked for when nothing was typed for so long, in ms.
const TYPING_MS: Millis = 300;

/// What a store is asked: filters whose answers are merged, and an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// Filters in MLflow's grammar; without any, all runs are meant.
    pub filters: Vec<String>,
    /// Order clauses in MLflow's grammar; without any, the newest come first.
    pub order: Vec<String>,
}

impl Question {
    fn is_empty(&self) -> bool {
        self.filters.is_empty() && self.order.is_empty()
    }
}

/// One listing that is followed as far as the cursor goes.
#[derive(Debug)]
struct Walk {
    query: RunQuery,
    from: Option<PageToken>,
    asked: Option<Ticket>,
    found: usize,
    over: bool,
}

/// What the store was asked, and how far that is.
#[derive(Debug, Default)]
pub struct Pushed {
    question: Question,
    /// Since when that is the question.
    since: Millis,
    walks: Vec<Walk>,
}

impl Pushed {
    /// What the store does now; nothing when all is done here.
    #[must_use]
    pub fn question(&self) -> Option<&Question> {
        (!self.walks.is_empty()).then_some(&self.question)
    }

    /// How many runs the store gave, and whether that is all it has.
    #[must_use]
    pub fn found(&self) -> (usize, bool) {
        (
            self.walks.iter().map(|walk| walk.found).sum(),
            self.walks.iter().all(|walk| walk.over),
        )
    }

    /// Whether an answer with this ticket is awaited.
    pub(super) fn awaits(&self, ticket: Ticket) -> bool {
        self.walks.iter().any(|walk| walk.asked == Some(ticket))
    }

    /// Asks for nothing any more.
    pub(super) fn stop(&mut self, context: &mut Context<'_>) {
        let asked = self.walks.drain(..).filter_map(|walk| walk.asked);
        context.effects.extend(asked.map(Effect::Cancel));
        self.question = Question::default();
    }
}

impl Runs {
    /// What a store could do of the filter and the order.
    fn question(&self) -> Question {
        let order: Option<Vec<String>> = self
            .arrangement
            .sort
            .iter()
            .map(SortKey::pushdown)
            .collect();
        Question {
            filters: self
                .arrangement
                .filter
                .as_ref()
                .filter(|filter| !filter.asks_for_best())
                .map(Filter::queries)
                .unwrap_or_default(),
            order: order.unwrap_or_default(),
        }
    }

    /// Asks the store what it can do, as long as not all runs are here.
    pub(super) fn ask_the_store(&mut self, context: &mut Context<'_>) {
        let can = context
            .shared
            .features
            .get()
            .is_some_and(|features| features.filters);
        if !can || self.load.is_whole() || self.table.is_empty() {
            self.pushed.stop(context);
            return;
        }
        let question = self.question();
        if question != self.pushed.question {
            self.pushed.stop(context);
            self.pushed.since = context.now;
            if !question.is_empty() {
                self.pushed.walks = self.walks(&question);
            }
            self.pushed.question = question;
        }
        if context.now - self.pushed.since < TYPING_MS {
            return;
        }
        let (at, merged) = (self.cursor.at, self.pushed.walks.len().max(1));
        for walk in &mut self.pushed.walks {
            // What several listings give stands among each other: each is asked for its share.
            if !walk.over && walk.asked.is_none() && walk.found * merged < at + NEAR {
                walk.asked = Some(context.ask(Request::Runs {
                    query: walk.query.clone(),
                    from: walk.from.clone(),
                }));
            }
        }
    }

    fn walks(&self, question: &Question) -> Vec<Walk> {
        let walk = |filter: Option<String>| Walk {
            query: RunQuery {
                experiments: self.experiments.clone(),
                filter,
                order_by: question.order.clone(),
                view: self.which(),
                page_size: FIRST_PAGE_RUNS,
            },
            from: None,
            asked: None,
            found: 0,
            over: false,
        };
        if question.filters.is_empty() {
            vec![walk(None)]
        } else {
            question
                .filters
                .iter()
                .cloned()
                .map(Some)
                .map(walk)
                .collect()
        }
    }

    /// Takes what the store found.
    pub(super) fn take_pushed(
        &mut self,
        ticket: Ticket,
        answer: Result<Page<Run>, Fault>,
        context: &mut Context<'_>,
    ) {
        let Some(walk) = self
            .pushed
            .walks
            .iter_mut()
            .find(|walk| walk.asked == Some(ticket))
        else {
            return;
        };
        walk.asked = None;
        match answer {
            Ok(page) => {
                walk.found += page.items.len();
                walk.over = page.next.is_none();
                walk.query.page_size = next_page(&page.items);
                walk.from = page.next;
                self.table.upsert(&page.items);
                judge_all(&mut self.table, &page.items);
                // Who looks at what is first sees what the store says is first.
                self.to_top |= self.cursor.at == 0;
                self.touch();
            }
            Err(fault) => {
                walk.over = true;
                context.shared.notices.fault(context.now, &fault);
            }
        }
    }
}
