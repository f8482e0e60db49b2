//! Work on many files at once, away from the threads that draw.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::{JoinError, spawn_blocking};

use crate::domain::{StoreError, StoreErrorKind};
use crate::store::Result;

/// Does blocking work where it may block.
pub(super) async fn run_blocking<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    spawn_blocking(work)
        .await
        .map_err(|error| join_error(what, &error))
}

/// Does work on each item, as many at once as there are processors; what comes of it has the items' order.
pub(super) async fn map_parallel<T, R>(
    what: &str,
    items: Vec<T>,
    work: impl Fn(&T) -> R + Send + Sync + 'static,
) -> Result<Vec<R>>
where
    T: Send + Sync + 'static,
    R: Send + 'static,
{
    let workers = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(items.len());
    let shared = Arc::new((items, work, AtomicUsize::new(0)));
    let handles: Vec<_> = (0..workers)
        .map(|_| {
            let shared = Arc::clone(&shared);
            spawn_blocking(move || {
                let (items, work, next) = &*shared;
                let mut done = Vec::new();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else {
                        return done;
                    };
                    done.push((at, work(item)));
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for worker in handles {
        all.append(&mut worker.await.map_err(|error| join_error(what, &error))?);
    }
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, done)| done).collect())
}

fn join_error(what: &str, error: &JoinError) -> StoreError {
    StoreError::new(StoreErrorKind::ServerError, what, error.to_string())
}
