//! Reading ahead: while a page of runs is being taken in, the next one is on its way.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::{Answer, Page, PageToken, Reader, RunQuery, limits};
use crate::domain::Run;

/// How long a page that was read ahead may wait to be asked for: it says what the store said when it was read.
const FRESH: Duration = Duration::from_secs(5);

/// A page that nobody asked for yet.
struct Next {
    query: RunQuery,
    from: PageToken,
    since: Instant,
    page: JoinHandle<Answer<Page<Run>>>,
}

impl Drop for Next {
    fn drop(&mut self) {
        self.page.abort();
    }
}

/// The page that is read ahead, of the last listing that was asked for.
#[derive(Default)]
pub struct Ahead(Mutex<Option<Next>>);

impl Ahead {
    /// A page of runs, as [`Read::runs`](super::Read::runs) gives it. Asking for a page other than the one that is read ahead drops that one.
    ///
    /// # Errors
    /// As the store's own.
    pub async fn runs(
        &self,
        reader: &Reader,
        query: &RunQuery,
        from: Option<&PageToken>,
    ) -> Answer<Page<Run>> {
        let kept = self.lock().take();
        let ready = kept.filter(|next| {
            Some(&next.from) == from && next.query == *query && next.since.elapsed() < FRESH
        });
        let page = match ready {
            Some(mut next) => match (&mut next.page).await {
                Ok(answer) => answer?,
                // It was stopped with the program, or failed in a way of its own: asking says which.
                Err(_) => reader.runs(query, from).await?,
            },
            None => reader.runs(query, from).await?,
        };
        if let Some(from) = page.next.clone() {
            self.begin(
                reader,
                RunQuery {
                    page_size: limits::next_page(&page.items),
                    ..query.clone()
                },
                from,
            );
        }
        Ok(page)
    }

    fn begin(&self, reader: &Reader, query: RunQuery, from: PageToken) {
        let (reader, asked, token) = (Reader::clone(reader), query.clone(), from.clone());
        let page = tokio::spawn(async move { reader.runs(&asked, Some(&token)).await });
        *self.lock() = Some(Next {
            query,
            from,
            since: Instant::now(),
            page,
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Next>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
