//! Runs, page by page: every page holds only runs that no earlier page held, and the next page is read while one is in use.

use std::collections::HashSet;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::join;
use tokio::time::timeout;

use crate::domain::{Run, RunId, UNREADABLE_TAG};
use crate::store::{Page, PageToken, ReadStore, Result, RunQuery, limits};
use crate::text::Untrusted;

/// A page that was read ahead is dropped after this time: by then it shows an outdated state of the store.
const MAX_AGE: Duration = Duration::from_secs(5);

/// One page of a listing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunPage {
    /// In the store's order, without the runs of earlier pages: servers page by offset, so a run that starts between two
    /// requests pushes others onto the next page again.
    pub runs: Vec<Run>,
    /// The number of runs on all pages, where the store counts them cheaply.
    pub total: Option<u64>,
    /// `None` while pages follow.
    pub end: Option<ListingEnd>,
}

/// Why a listing has no further page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListingEnd {
    /// All runs were listed.
    Complete,
    /// The store has more runs than the listing may hold.
    LimitReached,
}

/// The position in a listing. A failed page leaves it unchanged: the next call reads that page again.
#[derive(Debug)]
pub struct RunPages {
    query: RunQuery,
    limit: Option<u64>,
    token: Option<PageToken>,
    page_count: usize,
    seen: HashSet<RunId>,
    total: Option<u64>,
    ahead: Option<Result<Page<Run>>>,
    end: Option<ListingEnd>,
}

/// The listed runs of which a store on this machine could not read everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnreadableRuns {
    count: usize,
    /// The first of them: its id, and what is unreadable.
    first: Option<(RunId, Untrusted)>,
}

impl UnreadableRuns {
    /// Adds the runs of a page.
    pub fn add(&mut self, runs: &[Run]) {
        for run in runs {
            if let Some(problems) = run.tag(UNREADABLE_TAG) {
                self.count += 1;
                self.first
                    .get_or_insert_with(|| (run.id.clone(), problems.clone()));
            }
        }
    }

    /// One line for users; `None` if everything was read.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let (id, problems) = self.first.as_ref()?;
        let (id, problems) = (id.short(), problems.clean());
        Some(match self.count {
            1 => format!("1 run has unreadable files: {id}: {problems}"),
            count => format!(
                "{count} runs have unreadable files, named in their tag {UNREADABLE_TAG}; the first is {id}: {problems}"
            ),
        })
    }
}

/// Starts a listing; no request is sent yet. `query.page_size` is the size of the first page, and later pages have
/// [`limits::next_page_size`] runs. The listing ends with the page that reaches `limit` runs.
#[must_use]
pub fn list_runs(query: RunQuery, limit: Option<u64>) -> RunPages {
    RunPages {
        query,
        limit,
        token: None,
        page_count: 0,
        seen: HashSet::new(),
        total: None,
        ahead: None,
        end: None,
    }
}

impl RunPages {
    /// Whether the last page was returned.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.end.is_some()
    }

    /// The next page; an empty one after the last.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn next(&mut self, reader: &dyn ReadStore) -> Result<RunPage> {
        if self.is_done() {
            return Ok(RunPage {
                end: self.end,
                ..RunPage::default()
            });
        }
        let page = match self.ahead.take() {
            Some(page) => page?,
            None => self.read(reader).await?,
        };
        self.page_count += 1;
        self.total = page.total.or(self.total);
        self.query.page_size = limits::next_page_size(&page.items);
        // Stop at a repeated token or at MAX_PAGES: a faulty server may return tokens forever.
        let is_last =
            page.next.is_none() || page.next == self.token || self.page_count >= limits::MAX_PAGES;
        self.token = page.next;
        let runs: Vec<Run> = page
            .items
            .into_iter()
            .filter(|run| self.seen.insert(run.id.clone()))
            .collect();
        let is_full = self
            .limit
            .is_some_and(|limit| self.seen.len() as u64 >= limit);
        self.end = match (is_last, is_full) {
            (true, _) => Some(ListingEnd::Complete),
            (false, true) => Some(ListingEnd::LimitReached),
            (false, false) => None,
        };
        Ok(RunPage {
            runs,
            total: self.total,
            end: self.end,
        })
    }

    /// Reads the next page while `demand` is pending. Returns when both are done; a page that waited longer than `MAX_AGE`
    /// is dropped, and [`Self::next`] reads it again.
    pub async fn read_ahead_until(
        &mut self,
        reader: &dyn ReadStore,
        demand: impl Future<Output = ()>,
    ) {
        let mut demand = pin!(demand);
        let (page, demanded) = join(self.read(reader), timeout(MAX_AGE, demand.as_mut())).await;
        if demanded.is_ok() {
            self.ahead = Some(page);
        } else {
            demand.await;
        }
    }

    async fn read(&self, reader: &dyn ReadStore) -> Result<Page<Run>> {
        reader.runs(&self.query, self.token.as_ref()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::KeyValue;

    #[test]
    fn unreadable_runs_are_counted_and_the_first_is_named() {
        let mut run = Run::bare("0123456789abcdef".into(), "1".into());
        let mut found = UnreadableRuns::default();
        found.add(std::slice::from_ref(&run));
        assert_eq!(found.note(), None);
        run.tags = vec![KeyValue::new(UNREADABLE_TAG, "metrics/loss: empty")];
        found.add(std::slice::from_ref(&run));
        let note = "1 run has unreadable files: 01234567: metrics/loss: empty";
        assert_eq!(found.note().as_deref(), Some(note));
        found.add(std::slice::from_ref(&run));
        assert!(
            found
                .note()
                .unwrap()
                .starts_with("2 runs have unreadable files")
        );
    }
}
