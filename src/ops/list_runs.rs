//! Runs, page by page: every page holds only runs that no earlier page held, and the next page is read while one is in use.

use std::collections::HashSet;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::join;
use tokio::time::timeout;

use crate::domain::{Run, RunId, UNREADABLE_TAG};
use crate::store::{
    Page, PageToken, ReadStore, Result, RunQuery, WindowQuery, WindowRange, limits,
};
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
    /// The store has more runs than the listing may hold, or larger ones.
    LimitReached,
}

/// The position in a listing. A failed page leaves it unchanged: the next call reads that page again.
#[derive(Debug)]
pub struct RunPages {
    listing: Listing,
    page_size: u32,
    limit: Option<u64>,
    token: Option<PageToken>,
    page_count: usize,
    seen: HashSet<RunId>,
    bytes: u64,
    total: Option<u64>,
    ahead: Option<Result<Page<Run>>>,
    end: Option<ListingEnd>,
}

/// What is listed.
#[derive(Clone, Debug)]
enum Listing {
    /// Page by page, by the tokens of the store.
    Query(RunQuery),
    /// By position, which the token holds.
    Window(WindowQuery),
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
/// [`limits::next_page_size`] runs. The listing ends with the page that reaches `limit` runs or
/// [`limits::LISTED_RUN_BYTES`].
#[must_use]
pub fn list_runs(query: RunQuery, limit: Option<u64>) -> RunPages {
    let page_size = query.page_size;
    RunPages::new(Listing::Query(query), page_size, limit)
}

/// Starts a listing that the store filters and orders, for a store with [`crate::store::Features::has_windows`].
#[must_use]
pub fn list_window(query: WindowQuery, limit: Option<u64>) -> RunPages {
    let page_size = limit.and_then(|limit| u32::try_from(limit).ok());
    let page_size = page_size.unwrap_or(limits::PAGE_RUNS);
    let page_size = page_size.clamp(1, limits::PAGE_RUNS);
    RunPages::new(Listing::Window(query), page_size, limit)
}

impl RunPages {
    fn new(listing: Listing, page_size: u32, limit: Option<u64>) -> Self {
        Self {
            listing,
            page_size,
            limit,
            token: None,
            page_count: 0,
            seen: HashSet::new(),
            bytes: 0,
            total: None,
            ahead: None,
            end: None,
        }
    }

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
        self.page_size = limits::next_page_size(&page.items);
        // Stop at a repeated token or at MAX_PAGES: a faulty server may return tokens forever.
        let is_last =
            page.next.is_none() || page.next == self.token || self.page_count >= limits::MAX_PAGES;
        self.token = page.next;
        let runs: Vec<Run> = page
            .items
            .into_iter()
            .filter(|run| self.seen.insert(run.id.clone()))
            .collect();
        self.bytes += runs.iter().map(estimate_bytes).sum::<u64>();
        let is_full = self.bytes >= limits::LISTED_RUN_BYTES
            || self
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
        match &self.listing {
            Listing::Query(query) => {
                let query = RunQuery {
                    page_size: self.page_size,
                    ..query.clone()
                };
                reader.runs(&query, self.token.as_ref()).await
            }
            Listing::Window(query) => {
                let token = self.token.as_ref();
                let offset = token.and_then(|token| token.0.parse().ok()).unwrap_or(0);
                let limit = self.page_size;
                // A listing with an end needs no order of the other runs.
                let is_enough = self.limit.is_some_and(|end| end <= u64::from(limit));
                let range = if is_enough && offset == 0 {
                    WindowRange::First(limit)
                } else {
                    WindowRange::At { offset, limit }
                };
                let window = reader.run_window(query, range).await?;
                let next = offset + u64::from(limit);
                Ok(Page {
                    items: window.runs,
                    next: (next < window.total).then(|| PageToken(next.to_string())),
                    total: Some(window.total),
                })
            }
        }
    }
}

/// About how much memory a run takes, in bytes: its texts, and an overhead for each value.
fn estimate_bytes(run: &Run) -> u64 {
    const RUN: usize = 300;
    const VALUE: usize = 32;
    let pairs = run.params.iter().chain(&run.tags);
    let inputs = run.datasets.iter().map(|input| {
        let texts = [
            Some(&input.source),
            input.schema.as_ref(),
            input.profile.as_ref(),
        ];
        texts
            .map(|text| text.map_or(0, |text| text.raw().len()))
            .iter()
            .sum::<usize>()
    });
    let texts = [&run.name, &run.user, &run.artifact_uri];
    let bytes = RUN
        + run.id.raw().len()
        + texts.map(|text| text.raw().len()).iter().sum::<usize>()
        + pairs
            .map(|pair| VALUE + pair.key.raw().len() + pair.value.raw().len())
            .sum::<usize>()
        + run.metrics.len() * VALUE
        + inputs.map(|bytes| VALUE + bytes).sum::<usize>();
    bytes as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DatasetInput, KeyValue, Metric, MetricValue};

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

    #[test]
    fn size_of_a_run_counts_every_text() {
        let long = "x".repeat(10_000);
        let bare = || Run::bare("a".into(), "1".into());
        let pair = || KeyValue {
            key: "k".into(),
            value: long.as_str().into(),
        };
        let mut runs = vec![bare(); 6];
        runs[0].id = long.as_str().into();
        runs[1].name = long.as_str().into();
        runs[2].params.push(pair());
        runs[3].tags.push(pair());
        runs[4].artifact_uri = long.as_str().into();
        runs[5].datasets.push(DatasetInput {
            name: "d".into(),
            digest: "1".into(),
            source_type: "local".into(),
            source: "{}".into(),
            schema: None,
            profile: Some(long.as_str().into()),
            context: None,
        });
        assert!(runs.iter().all(|run| estimate_bytes(run) > 10_000));
        let mut many = bare();
        let metric = Metric {
            key: "m".into(),
            value: MetricValue::new(1.0),
            timestamp: 0,
            step: 0,
        };
        many.metrics = vec![metric; 1_000];
        assert!(estimate_bytes(&many) > 30_000);
        assert!(estimate_bytes(&bare()) < 1_000);
    }
}
