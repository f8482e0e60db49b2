//! Reading ahead: while a page of runs is being taken in, the next one is on its way.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::{Page, PageToken, Reader, Result, RunQuery, limits};
use crate::domain::Run;

/// How long a page that was read ahead may wait to be asked for: it says what the store said when it was read.
const MAX_AGE: Duration = Duration::from_secs(5);

/// A page that nobody asked for yet.
struct PendingPage {
    query: RunQuery,
    token: PageToken,
    started: Instant,
    task: JoinHandle<Result<Page<Run>>>,
}

impl Drop for PendingPage {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The page that is read ahead, of the last listing that was asked for.
#[derive(Default)]
pub struct Prefetcher(Mutex<Option<PendingPage>>);

impl Prefetcher {
    /// A page of runs, as [`Read::runs`](super::Read::runs) gives it. Asking for a page other than the one that is read ahead drops that one.
    ///
    /// # Errors
    /// As the store's own.
    pub async fn runs(
        &self,
        reader: &Reader,
        query: &RunQuery,
        from: Option<&PageToken>,
    ) -> Result<Page<Run>> {
        let pending = self.lock().take();
        let fresh = pending.filter(|next| {
            Some(&next.token) == from && next.query == *query && next.started.elapsed() < MAX_AGE
        });
        let page = match fresh {
            Some(mut next) => match (&mut next.task).await {
                Ok(answer) => answer?,
                // It was stopped with the program, or failed in a way of its own: asking says which.
                Err(_) => reader.runs(query, from).await?,
            },
            None => reader.runs(query, from).await?,
        };
        if let Some(from) = page.next.clone() {
            self.start_prefetch(
                reader,
                RunQuery {
                    page_size: limits::next_page_size(&page.items),
                    ..query.clone()
                },
                from,
            );
        }
        Ok(page)
    }

    fn start_prefetch(&self, reader: &Reader, query: RunQuery, from: PageToken) {
        let (reader, task_query, task_token) = (Reader::clone(reader), query.clone(), from.clone());
        let page = tokio::spawn(async move { reader.runs(&task_query, Some(&task_token)).await });
        *self.lock() = Some(PendingPage {
            query,
            token: from,
            started: Instant::now(),
            task: page,
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<PendingPage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
