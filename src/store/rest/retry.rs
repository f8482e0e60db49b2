//! Repeating reads after transient errors, and following listings to their end.

use std::collections::HashSet;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};

use super::pace::Pace;
use super::response::invalid_response;
use super::service::RetryBudget;
use crate::domain::{StoreError, StoreErrorKind};
use crate::store::{Result, limits};

/// The longest wait before a read is repeated, if the server names no other.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(8);

/// Repeats a read after a transient error, a little later each time, or when the server says.
pub(super) async fn retry<T, F: Future<Output = Result<T>>>(
    operation: impl FnMut() -> F,
    budget: &RetryBudget,
    pace: &Pace,
) -> Result<T> {
    let mut failures = 0;
    let is_retryable = |error: &StoreError| {
        failures += usize::from(error.kind != StoreErrorKind::Busy);
        // A timeout has waited long enough.
        error.kind != StoreErrorKind::Timeout
            && error.kind.is_transient()
            && failures <= limits::READ_RETRIES
            && error
                .retry_after
                .is_none_or(|seconds| seconds <= budget.max_wait_seconds)
    };
    let backoff = ExponentialBuilder::default()
        .with_jitter()
        .with_max_delay(MAX_RETRY_DELAY)
        .with_max_times(budget.times);
    operation
        .retry(backoff)
        .when(is_retryable)
        .adjust(|error: &StoreError, wait| {
            let wait = error.retry_after.map_or(wait?, Duration::from_secs);
            if error.kind == StoreErrorKind::Busy {
                pace.pause(wait);
            }
            Some(wait)
        })
        .await
}

/// Follows a listing to its end, and fails for a server that repeats a token or never stops.
pub(super) async fn collect_pages<T, F: Future<Output = Result<((Vec<T>, String), usize)>>>(
    what: &str,
    page: impl Fn(String) -> F,
) -> Result<Vec<T>> {
    let mut items = Vec::new();
    let mut token = String::new();
    let mut seen = HashSet::new();
    let mut bytes = 0;
    for _ in 0..limits::MAX_PAGES {
        let ((more, next), size) = page(token).await?;
        bytes += size;
        if bytes > limits::LISTING_BYTES {
            return Err(StoreError::new(
                StoreErrorKind::ResponseTooLarge,
                what,
                format!(
                    "the listing is larger than {} MiB",
                    limits::LISTING_BYTES >> 20
                ),
            ));
        }
        items.extend(more);
        if next.is_empty() {
            return Ok(items);
        }
        if !seen.insert(next.clone()) {
            return Err(invalid_response(
                what,
                "the server returned the same page twice",
            ));
        }
        token = next;
    }
    Err(StoreError::new(
        StoreErrorKind::ResponseTooLarge,
        what,
        format!("the listing has more than {} pages", limits::MAX_PAGES),
    ))
}
