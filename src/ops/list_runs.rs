//! Runs, page by page: every page holds only runs that no earlier page held, and the next page is read while one is in use.
//!
//! A listing for a table of runs may let the store read whole tables once it proves to be long: see
//! [`RunPages::scanning_from`].

use std::collections::HashSet;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::join;
use tokio::time::timeout;

use crate::domain::{
    Millis, Run, RunId, RunPart, RunStatus, StoreError, StoreErrorKind, UNREADABLE_TAG,
};
use crate::store::{
    ChangedRunsQuery, Page, PageToken, ReadStore, Result, RunQuery, RunScan, ScanChunk,
    WindowQuery, WindowRange, limits,
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
    /// What a scan found, for runs of earlier pages: their other values are on later ones.
    pub part: Option<RunPart>,
    /// Whether the listing begins anew with this page. The earlier ones do not count.
    pub is_restart: bool,
    /// About how many runs were read so far.
    pub read: u64,
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
    scan: ScanState,
    end: Option<ListingEnd>,
}

#[derive(Debug)]
enum ScanState {
    /// Page by page.
    Off,
    /// A scan starts after the first page, if there are at least this many runs.
    From(u64),
    /// The rows of whole tables.
    Reading {
        scan: RunScan,
        is_first: bool,
        /// The runs in status RUNNING.
        running: Vec<RunId>,
    },
    /// Runs in status RUNNING, which were logging meanwhile.
    Rereading(Vec<RunId>),
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
            scan: ScanState::Off,
            end: None,
        }
    }

    /// Lets the store read whole tables if there are at least this many runs: the first page is followed by one that begins
    /// anew, and the values of a run are on several pages.
    #[must_use]
    pub fn scanning_from(mut self, runs: u64) -> Self {
        if matches!(self.listing, Listing::Query(_)) {
            self.scan = ScanState::From(runs);
        }
        self
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
        self.start_scan(reader).await;
        let mut is_restart = false;
        if self.is_scanning() {
            match self.next_of_scan(reader).await {
                Ok(page) => return Ok(page),
                Err(error) => {
                    tracing::debug!(?error, "a scan failed: runs are read page by page");
                    self.restart();
                    is_restart = true;
                }
            }
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
            is_restart,
            read: self.seen.len() as u64,
            total: self.total,
            end: self.end,
            part: None,
        })
    }

    fn is_scanning(&self) -> bool {
        matches!(
            self.scan,
            ScanState::Reading { .. } | ScanState::Rereading(_)
        )
    }

    /// Starts a scan after the first page, if the listing is long, fits into its limits, and the store has scans.
    async fn start_scan(&mut self, reader: &dyn ReadStore) {
        let (ScanState::From(least), Listing::Query(query), 1) =
            (&self.scan, &self.listing, self.page_count)
        else {
            return;
        };
        let total = self.total.unwrap_or_default();
        let bytes_per_run = self.bytes / (self.seen.len() as u64).max(1);
        let fits = self.limit.is_none_or(|limit| total <= limit)
            && bytes_per_run.saturating_mul(total) < limits::LISTED_RUN_BYTES / 2;
        let is_simple = query.filter.is_none() && query.order_by.is_empty();
        let scan = if total >= *least && fits && is_simple {
            reader.scan_runs(query, total).await
        } else {
            Ok(None)
        };
        self.scan = match scan {
            Ok(Some(scan)) => ScanState::Reading {
                scan,
                is_first: true,
                running: Vec::new(),
            },
            // Whatever keeps the store from a scan will keep it from the next page as well.
            Ok(None) | Err(_) => ScanState::Off,
        };
        if self.is_scanning() {
            self.seen.clear();
            self.bytes = 0;
        }
    }

    /// Begins anew, page by page.
    fn restart(&mut self) {
        self.scan = ScanState::Off;
        self.token = None;
        self.page_count = 0;
        self.seen.clear();
        self.bytes = 0;
    }

    async fn next_of_scan(&mut self, reader: &dyn ReadStore) -> Result<RunPage> {
        let mut page = RunPage {
            total: self.total,
            read: self.total.unwrap_or_default(),
            ..RunPage::default()
        };
        if let ScanState::Reading {
            scan,
            is_first,
            running,
        } = &mut self.scan
        {
            page.is_restart = std::mem::take(is_first);
            match scan.next().await.transpose()? {
                Some(ScanChunk::Runs(runs)) => {
                    let is_running = |run: &&Run| run.status == RunStatus::Running;
                    running.extend(runs.iter().filter(is_running).map(|run| run.id.clone()));
                    self.bytes += runs.iter().map(estimate_bytes).sum::<u64>();
                    page.runs = runs;
                }
                Some(ScanChunk::Part(part)) => {
                    self.bytes += estimate_part_bytes(&part);
                    page.part = Some(part);
                }
                None => self.scan = ScanState::Rereading(std::mem::take(running)),
            }
        }
        match (&mut self.scan, &self.listing) {
            (ScanState::Reading { scan, .. }, _) => {
                let progress = scan.progress() * self.total.unwrap_or_default() as f64;
                page.read = progress as u64;
            }
            (ScanState::Rereading(ids), Listing::Query(query)) => {
                let rest = ids.split_off(ids.len().min(limits::PAGE_RUNS as usize));
                let known = std::mem::replace(ids, rest);
                if !known.is_empty() {
                    let query = ChangedRunsQuery {
                        experiments: query.experiments.clone(),
                        known,
                        since: Millis::MAX,
                        ended: Vec::new(),
                    };
                    page.runs = reader.changed_runs(&query).await?;
                }
                page.end = ids.is_empty().then_some(ListingEnd::Complete);
                self.end = page.end;
            }
            _ => {}
        }
        if self.bytes > limits::LISTED_RUN_BYTES {
            let (what, why) = ("listing runs", "the runs are larger than the first ones");
            return Err(StoreError::new(StoreErrorKind::ResponseTooLarge, what, why));
        }
        Ok(page)
    }

    /// Reads the next page while `demand` is pending. Returns when both are done; a page that waited longer than `MAX_AGE`
    /// is dropped, and [`Self::next`] reads it again.
    pub async fn read_ahead_until(
        &mut self,
        reader: &dyn ReadStore,
        demand: impl Future<Output = ()>,
    ) {
        self.start_scan(reader).await;
        if self.is_scanning() {
            // The store reads ahead.
            return demand.await;
        }
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

/// [`estimate_bytes`] for parts of runs.
fn estimate_part_bytes(part: &RunPart) -> u64 {
    const VALUE: usize = 32;
    let bytes = match part {
        RunPart::Values(values) => VALUE * values.len() + values.text_len(),
        // Runs share most of their datasets.
        RunPart::Datasets(runs) => VALUE * runs.len(),
    };
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
