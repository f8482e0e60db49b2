//! Pages of runs, each run once: a page's beginning is an offset at the server, so runs that start meanwhile come twice.

use std::collections::HashSet;

use crate::cli::output::error::CliError;
use crate::domain::{Run, RunId};
use crate::store::{PageToken, ReadStore, RunQuery, limits};

/// The pages of one question.
pub struct RunPages<'a> {
    reader: &'a dyn ReadStore,
    query: RunQuery,
    from: Option<PageToken>,
    pages_read: usize,
    is_done: bool,
    seen: HashSet<RunId>,
    total: Option<u64>,
}

impl<'a> RunPages<'a> {
    /// Prepares to ask; sends nothing yet.
    #[must_use]
    pub fn new(reader: &'a dyn ReadStore, query: RunQuery) -> Self {
        Self {
            reader,
            query,
            from: None,
            pages_read: 0,
            is_done: false,
            seen: HashSet::new(),
            total: None,
        }
    }

    /// The runs of the next page that were on none before; nothing after the last page.
    ///
    /// # Errors
    /// When the store can't answer.
    pub async fn next_page(&mut self) -> Result<Option<Vec<Run>>, CliError> {
        if self.is_done {
            return Ok(None);
        }
        let page = self.reader.runs(&self.query, self.from.as_ref()).await?;
        self.pages_read += 1;
        self.total = page.total.or(self.total);
        // A server that hands out the same token again, or tokens forever, is not followed.
        self.is_done =
            page.next.is_none() || page.next == self.from || self.pages_read >= limits::MAX_PAGES;
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
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// How many runs there are in all, where the store said it.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total
    }
}
