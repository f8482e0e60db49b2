//! Backoff for background refreshes: the interval doubles after each failure and for slow responses, up to a limit, and
//! `Retry-After` is honored.

use crate::domain::{Millis, StoreError};

/// The longest interval, in ms: a recovered server is noticed within this time.
pub const MAX_INTERVAL_MS: Millis = 5 * 60_000;

/// The longest `Retry-After` that is honored, in ms: some proxies send a day.
pub const MAX_RETRY_AFTER_MS: Millis = 15 * 60_000;

/// The interval is at least this multiple of the response time, so that three quarters of the store's time are left for
/// training jobs.
pub const MIN_LATENCY_MULTIPLE: Millis = 4;

/// The most doublings; 2^20 s exceed every limit here.
const MAX_DOUBLINGS: u32 = 20;

/// Why the interval is longer than configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackoffReason {
    /// The last request failed.
    Failing,
    /// The last response was slow.
    SlowResponses,
}

/// The state of the backoff.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PollBackoff {
    failures: u32,
    /// Doublings for slow responses.
    slow_doublings: u32,
    /// No request before this time, ms since the epoch.
    not_before: Option<Millis>,
}

impl PollBackoff {
    /// The time between a response and the next request, in ms, for a configured interval of `every` ms.
    #[must_use]
    pub fn interval(&self, every: Millis) -> Millis {
        let doublings = self.failures.max(self.slow_doublings).min(MAX_DOUBLINGS);
        every
            .saturating_mul(1 << doublings)
            .min(MAX_INTERVAL_MS.max(every))
    }

    /// Whether the next request is due after an attempt at `last`. Never for an interval of 0.
    #[must_use]
    pub fn is_due(&self, every: Millis, last: Millis, now: Millis) -> bool {
        every > 0
            && now.saturating_sub(last) >= self.interval(every)
            && self.not_before.is_none_or(|time| now >= time)
    }

    /// Records a response that took `took` ms. It ends failures and determines the slowness.
    pub fn record_response(&mut self, every: Millis, took: Millis) {
        let is_enough = |doublings: &u32| {
            every.saturating_mul(1 << doublings) >= took.saturating_mul(MIN_LATENCY_MULTIPLE)
        };
        let slow = (0..MAX_DOUBLINGS).find(is_enough).unwrap_or(MAX_DOUBLINGS);
        *self = Self {
            slow_doublings: slow,
            ..Self::default()
        };
    }

    /// Records a failure.
    pub fn record_failure(&mut self, error: &StoreError, now: Millis) {
        self.failures = (self.failures + 1).min(MAX_DOUBLINGS);
        let wait = error.retry_after.map(|seconds| {
            Millis::try_from(seconds)
                .unwrap_or(Millis::MAX)
                .saturating_mul(1_000)
                .min(MAX_RETRY_AFTER_MS)
        });
        self.not_before = wait.map(|wait| now.saturating_add(wait));
    }

    /// Why the interval is longer than configured.
    #[must_use]
    pub fn reason(&self) -> Option<BackoffReason> {
        match (self.failures, self.slow_doublings) {
            (0, 0) => None,
            (0, _) => Some(BackoffReason::SlowResponses),
            _ => Some(BackoffReason::Failing),
        }
    }

    /// The time from an attempt at `last` to the next request, in ms.
    #[must_use]
    pub fn wait_after(&self, every: Millis, last: Millis) -> Millis {
        self.interval(every)
            .max(self.not_before.map_or(0, |time| time.saturating_sub(last)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::StoreErrorKind;

    fn busy(retry_after: Option<u64>) -> StoreError {
        StoreError {
            retry_after,
            ..StoreError::new(StoreErrorKind::Busy, "reading the runs", "503")
        }
    }

    #[test]
    fn failures_double_interval_until_success() {
        let mut backoff = PollBackoff::default();
        let mut waits = Vec::new();
        for _ in 0..9 {
            waits.push(backoff.interval(5_000) / 1_000);
            backoff.record_failure(&busy(None), 0);
        }
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(backoff.reason(), Some(BackoffReason::Failing));
        backoff.record_response(5_000, 100);
        assert_eq!((backoff.interval(5_000), backoff.reason()), (5_000, None));
    }

    #[test]
    fn interval_is_at_least_four_times_latency() {
        let mut backoff = PollBackoff::default();
        for (took, interval) in [
            (1_250, 5_000),
            (1_251, 10_000),
            (9_000, 40_000),
            (1_000_000, MAX_INTERVAL_MS),
            (10, 5_000),
        ] {
            backoff.record_response(5_000, took);
            assert_eq!(backoff.interval(5_000), interval, "{took}");
        }
        backoff.record_response(5_000, 2_000);
        assert_eq!(backoff.reason(), Some(BackoffReason::SlowResponses));
    }

    #[test]
    fn retry_after_is_honored_up_to_limit() {
        let mut backoff = PollBackoff::default();
        backoff.record_failure(&busy(Some(60)), 1_000);
        assert!(!backoff.is_due(1_000, 1_000, 60_999) && backoff.is_due(1_000, 1_000, 61_000));
        assert_eq!(backoff.wait_after(1_000, 1_000), 60_000);
        backoff.record_failure(&busy(Some(u64::MAX)), 0);
        assert!(backoff.is_due(1_000, 0, MAX_RETRY_AFTER_MS));
        backoff.record_failure(&busy(None), 0);
        assert!(backoff.is_due(1_000, 0, 8_000));
    }

    #[test]
    fn zero_interval_is_never_due() {
        assert!(!PollBackoff::default().is_due(0, 0, Millis::MAX));
    }

    proptest! {
        #[test]
        fn interval_stays_between_configured_and_max(every in 1..600_000_i64, took in 0..i64::MAX, failures in 0..40_u32) {
            let mut backoff = PollBackoff::default();
            backoff.record_response(every, took);
            for _ in 0..failures {
                backoff.record_failure(&busy(None), 0);
            }
            prop_assert!((every..=MAX_INTERVAL_MS.max(every)).contains(&backoff.interval(every)));
        }
    }
}
