//! The pace of refreshing: how often what may have changed is asked for again. A store that suffers is asked less often: twice as
//! long after each failure and after answers that take long, up to a limit, and never before the store said to come back.

use crate::domain::{Millis, StoreError};

/// The longest between two questions, in ms: a server that comes back is noticed within this time.
pub const MAX_INTERVAL_MS: Millis = 5 * 60_000;

/// The most that a store's own word to come back later (`Retry-After`) is followed, in ms: a proxy that says a day means nobody.
pub const MAX_RETRY_AFTER_MS: Millis = 15 * 60_000;

/// An answer may take one part in this many of the time between two questions: then the store has three quarters of its time for
/// those who train.
pub const MIN_LATENCY_MULTIPLE: Millis = 4;

/// The most doublings: 2^20 s are beyond any limit here.
const MAX_DOUBLINGS: u32 = 20;

/// Why it is slower than was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackoffReason {
    /// The last question failed.
    Failing,
    /// The last answer took long.
    SlowResponses,
}

/// How often the store is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PollBackoff {
    failures: u32,
    /// Doublings because of slow answers.
    slow_doublings: u32,
    /// The store wants no question before this time, ms since the epoch.
    not_before: Option<Millis>,
}

impl PollBackoff {
    /// The time between an answer and the next question, in ms, where `every` ms are asked for.
    #[must_use]
    pub fn interval(&self, every: Millis) -> Millis {
        let doublings = self.failures.max(self.slow_doublings).min(MAX_DOUBLINGS);
        every
            .saturating_mul(1 << doublings)
            .min(MAX_INTERVAL_MS.max(every))
    }

    /// Whether it is time to ask again, when the last answer or attempt was at `last`. Never for an interval of 0.
    #[must_use]
    pub fn is_due(&self, every: Millis, last: Millis, now: Millis) -> bool {
        every > 0
            && now.saturating_sub(last) >= self.interval(every)
            && self.not_before.is_none_or(|time| now >= time)
    }

    /// Notes an answer that took `took` ms: failures are over, and slowness is as much as this answer says.
    pub fn record_response(&mut self, every: Millis, took: Millis) {
        let enough = |doublings: &u32| {
            every.saturating_mul(1 << doublings) >= took.saturating_mul(MIN_LATENCY_MULTIPLE)
        };
        let slow = (0..MAX_DOUBLINGS).find(enough).unwrap_or(MAX_DOUBLINGS);
        *self = Self {
            slow_doublings: slow,
            ..Self::default()
        };
    }

    /// Notes a failure.
    pub fn record_failure(&mut self, fault: &StoreError, now: Millis) {
        self.failures = (self.failures + 1).min(MAX_DOUBLINGS);
        let wait = fault.retry_after.map(|seconds| {
            Millis::try_from(seconds)
                .unwrap_or(Millis::MAX)
                .saturating_mul(1_000)
                .min(MAX_RETRY_AFTER_MS)
        });
        self.not_before = wait.map(|wait| now.saturating_add(wait));
    }

    /// Why it is slower than was asked for, if it is.
    #[must_use]
    pub fn reason(&self) -> Option<BackoffReason> {
        match (self.failures, self.slow_doublings) {
            (0, 0) => None,
            (0, _) => Some(BackoffReason::SlowResponses),
            _ => Some(BackoffReason::Failing),
        }
    }

    /// How long after the failure at `last` the next question comes, in ms: as the interval says, or as the store asked.
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
        let mut pace = PollBackoff::default();
        let mut waits = Vec::new();
        for _ in 0..9 {
            waits.push(pace.interval(5_000) / 1_000);
            pace.record_failure(&busy(None), 0);
        }
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(pace.reason(), Some(BackoffReason::Failing));
        pace.record_response(5_000, 100);
        assert_eq!((pace.interval(5_000), pace.reason()), (5_000, None));
    }

    #[test]
    fn interval_is_at_least_four_times_latency() {
        let mut pace = PollBackoff::default();
        for (took, interval) in [
            (1_250, 5_000),
            (1_251, 10_000),
            (9_000, 40_000),
            (1_000_000, MAX_INTERVAL_MS),
            (10, 5_000),
        ] {
            pace.record_response(5_000, took);
            assert_eq!(pace.interval(5_000), interval, "{took}");
        }
        pace.record_response(5_000, 2_000);
        assert_eq!(pace.reason(), Some(BackoffReason::SlowResponses));
    }

    #[test]
    fn retry_after_is_honored_up_to_limit() {
        let mut pace = PollBackoff::default();
        pace.record_failure(&busy(Some(60)), 1_000);
        assert!(!pace.is_due(1_000, 1_000, 60_999) && pace.is_due(1_000, 1_000, 61_000));
        assert_eq!(pace.wait_after(1_000, 1_000), 60_000);
        pace.record_failure(&busy(Some(u64::MAX)), 0);
        assert!(pace.is_due(1_000, 0, MAX_RETRY_AFTER_MS));
        pace.record_failure(&busy(None), 0);
        assert!(pace.is_due(1_000, 0, 8_000));
    }

    #[test]
    fn zero_interval_is_never_due() {
        assert!(!PollBackoff::default().is_due(0, 0, Millis::MAX));
    }

    proptest! {
        #[test]
        fn interval_stays_between_configured_and_max(every in 1..600_000_i64, took in 0..i64::MAX, failures in 0..40_u32) {
            let mut pace = PollBackoff::default();
            pace.record_response(every, took);
            for _ in 0..failures {
                pace.record_failure(&busy(None), 0);
            }
            prop_assert!((every..=MAX_INTERVAL_MS.max(every)).contains(&pace.interval(every)));
        }
    }
}
