//! Pages of runs, each run once: a page's beginning is an offset at the server, so runs that start meanwhile come twice.

use std::collections::HashSet;

use crate::cli::output::failure::Failure;
use crate::domain::{Run, RunId};
use crate::store::{PageToken, Read, RunQuery, limits};

/// The pages of one question.
pub struct Pages<'a> {
    reader: &'a dyn Read,
    query: RunQuery,
    from: Option<PageToken>,
    asked: usize,
    over: bool,
    seen: HashSet<RunId>,
    total: Option<u64>,
}

impl<'a> Pages<'a> {
    /// Prepares to ask; sends nothing yet.
    #[must_use]
    pub fn new(reader: &'a dyn Read, query: RunQuery) -> Self {
        Self {
            reader,
            query,
            from: None,
            asked: 0,
            over: false,
            seen: HashSet::new(),
            total: None,
        }
    }

    /// The runs of the next page that were on none before; nothing after the last page.
    ///
    /// # Errors
    /// When the store can't answer.
    pub async fn next(&mut self) -> Result<Option<Vec<Run>>, Failure> {
        if self.over {
            return Ok(None);
        }
        let page = self.reader.runs(&self.query, self.from.as_ref()).await?;
        self.asked += 1;
        self.total = page.total.or(self.total);
        // A server that hands out the same token again, or tokens forever, is not followed.
        self.over = page.next.is_none() || page.next == self.from || self.asked >= limits::PAGES;
        self.from = page.next;
        Ok(Some(
            page.items
                .into_iter()
                .filter(|run| self.seen.insert(run.id.clone()))
                .collect(),
        ))
    }

    /// Whether there is more to ask for.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// How many runs there are in all, where the store said it.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total
    }
}
