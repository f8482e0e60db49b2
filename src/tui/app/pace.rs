//! The pace of refreshing: how often what may have changed is asked for again. A store that suffers is asked less often: twice as
//! long after each failure and after answers that take long, up to a limit, and never before the store said to come back.

use crate::domain::{Fault, Millis};

/// The longest between two questions, in ms: a server that comes back is noticed within this time.
pub const LONGEST_MS: Millis = 5 * 60_000;

/// The most that a store's own word to come back later (`Retry-After`) is followed, in ms: a proxy that says a day means nobody.
pub const LATER_MS: Millis = 15 * 60_000;

/// An answer may take one part in this many of the time between two questions: then the store has three quarters of its time for
/// those who train.
pub const SHARE: Millis = 4;

/// The most doublings: 2^20 s are beyond any limit here.
const MOST_DOUBLINGS: u32 = 20;

/// Why it is slower than was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slowed {
    /// The last question failed.
    Failing,
    /// The last answer took long.
    Slow,
}

/// How often the store is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    failures: u32,
    /// Doublings because of slow answers.
    slow: u32,
    /// The store wants no question before this time, ms since the epoch.
    not_before: Option<Millis>,
}

impl Pace {
    /// The time between an answer and the next question, in ms, where `every` ms are asked for.
    #[must_use]
    pub fn interval(&self, every: Millis) -> Millis {
        let doublings = self.failures.max(self.slow).min(MOST_DOUBLINGS);
        every
            .saturating_mul(1 << doublings)
            .min(LONGEST_MS.max(every))
    }

    /// Whether it is time to ask again, when the last answer or attempt was at `last`. Never for an interval of 0.
    #[must_use]
    pub fn is_due(&self, every: Millis, last: Millis, now: Millis) -> bool {
        every > 0
            && now.saturating_sub(last) >= self.interval(every)
            && self.not_before.is_none_or(|time| now >= time)
    }

    /// Notes an answer that took `took` ms: failures are over, and slowness is as much as this answer says.
    pub fn answered(&mut self, every: Millis, took: Millis) {
        let enough =
            |doublings: &u32| every.saturating_mul(1 << doublings) >= took.saturating_mul(SHARE);
        let slow = (0..MOST_DOUBLINGS).find(enough).unwrap_or(MOST_DOUBLINGS);
        *self = Self {
            slow,
            ..Self::default()
        };
    }

    /// Notes a failure.
    pub fn failed(&mut self, fault: &Fault, now: Millis) {
        self.failures = (self.failures + 1).min(MOST_DOUBLINGS);
        let wait = fault.retry_after.map(|seconds| {
            Millis::try_from(seconds)
                .unwrap_or(Millis::MAX)
                .saturating_mul(1_000)
                .min(LATER_MS)
        });
        self.not_before = wait.map(|wait| now.saturating_add(wait));
    }

    /// Why it is slower than was asked for, if it is.
    #[must_use]
    pub fn slowed(&self) -> Option<Slowed> {
        match (self.failures, self.slow) {
            (0, 0) => None,
            (0, _) => Some(Slowed::Slow),
            _ => Some(Slowed::Failing),
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
    use crate::domain::FaultKind;

    fn busy(retry_after: Option<u64>) -> Fault {
        Fault {
            retry_after,
            ..Fault::new(FaultKind::Busy, "reading the runs", "503")
        }
    }

    #[test]
    fn each_failure_doubles_the_wait_up_to_the_limit_and_an_answer_ends_it() {
        let mut pace = Pace::default();
        let mut waits = Vec::new();
        for _ in 0..9 {
            waits.push(pace.interval(5_000) / 1_000);
            pace.failed(&busy(None), 0);
        }
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(pace.slowed(), Some(Slowed::Failing));
        pace.answered(5_000, 100);
        assert_eq!((pace.interval(5_000), pace.slowed()), (5_000, None));
    }

    #[test]
    fn an_answer_may_take_a_quarter_of_the_time() {
        let mut pace = Pace::default();
        for (took, interval) in [
            (1_250, 5_000),
            (1_251, 10_000),
            (9_000, 40_000),
            (1_000_000, LONGEST_MS),
            (10, 5_000),
        ] {
            pace.answered(5_000, took);
            assert_eq!(pace.interval(5_000), interval, "{took}");
        }
        pace.answered(5_000, 2_000);
        assert_eq!(pace.slowed(), Some(Slowed::Slow));
    }

    #[test]
    fn the_store_says_when_to_come_back() {
        let mut pace = Pace::default();
        pace.failed(&busy(Some(60)), 1_000);
        assert!(!pace.is_due(1_000, 1_000, 60_999) && pace.is_due(1_000, 1_000, 61_000));
        assert_eq!(pace.wait_after(1_000, 1_000), 60_000);
        pace.failed(&busy(Some(u64::MAX)), 0);
        assert!(pace.is_due(1_000, 0, LATER_MS));
        pace.failed(&busy(None), 0);
        assert!(pace.is_due(1_000, 0, 8_000));
    }

    #[test]
    fn an_interval_of_0_means_never() {
        assert!(!Pace::default().is_due(0, 0, Millis::MAX));
    }

    proptest! {
        #[test]
        fn it_is_never_faster_than_asked_for_nor_slower_than_the_limit(every in 1..600_000_i64, took in 0..i64::MAX, failures in 0..40_u32) {
            let mut pace = Pace::default();
            pace.answered(every, took);
            for _ in 0..failures {
                pace.failed(&busy(None), 0);
            }
            prop_assert!((every..=LONGEST_MS.max(every)).contains(&pace.interval(every)));
        }
    }
}
