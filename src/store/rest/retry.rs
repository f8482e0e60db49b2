//! Repeating reads after transient errors, and following listings to their end.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use backon::{ExponentialBuilder, Retryable};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::pace::Pace;
use super::response::invalid_response;
use super::service::RetryBudget;
use crate::domain::{StoreError, StoreErrorKind};
use crate::store::{Result, limits};

/// The longest wait before a read is repeated, if the server names no other.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(8);

/// The seconds that a `Retry-After` asks to wait for: a number, or a date (RFC 9110, section 10.2.3), rounded up.
pub(super) fn parse_retry_after(text: &str, now: SystemTime) -> Option<u64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let at = Timestamp::from(rfc2822::parse(text).ok()?);
    let now = Timestamp::try_from(now).ok()?;
    let milliseconds = at.as_millisecond().saturating_sub(now.as_millisecond());
    Some(u64::try_from(milliseconds).unwrap_or(0).div_ceil(1_000))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_seconds_or_dates() {
        // 1994-11-06 08:49:37.5
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(784_111_777_500);
        let parse = |text| parse_retry_after(text, now);
        assert_eq!(parse(" 120 "), Some(120));
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:40 GMT"), Some(3));
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:37 GMT"), Some(0));
        for text in ["", "-1", "soon", "1.5"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
