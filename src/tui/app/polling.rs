//! Refreshing by itself: what a screen shows is asked for again, unseen, at the session's pace.

use super::message::Request;
use super::remote::Remote;
use super::shared::{SharedState, UpdateContext};
use crate::domain::{Millis, StoreError, StoreErrorKind};
use crate::tui::app::backoff::BackoffReason;
use crate::tui::screens::Freshness;

/// How an attempt to reach the store went, for the pace.
#[derive(Clone, Copy, Debug)]
pub struct PollOutcome<'a> {
    /// When it was asked, ms since the epoch.
    pub requested_at: Millis,
    /// Why it failed, if it did.
    pub error: Option<&'a StoreError>,
    /// Whether it was asked unseen, after another failure that was told: then the top line says enough.
    pub is_already_reported: bool,
}

impl SharedState {
    /// The interval that was asked for, in ms; 0 for never.
    #[must_use]
    pub fn poll_interval(&self) -> Millis {
        Millis::from(self.session.refresh_seconds) * 1_000
    }

    /// How fresh something is that is refreshed by itself, every so many intervals, and was last tried for at a time.
    #[must_use]
    pub fn polled_freshness(
        &self,
        freshness: Freshness,
        intervals: Millis,
        tried: Option<Millis>,
    ) -> Freshness {
        let every = self.poll_interval() * intervals;
        let wait = (every > 0).then(|| self.backoff.wait_after(every, tried.unwrap_or_default()));
        Freshness {
            poll_interval: wait,
            is_backing_off: self.backoff.reason() == Some(BackoffReason::SlowResponses),
            ..freshness
        }
    }
}

impl UpdateContext<'_> {
    /// Asks again, unseen, for something that is there, when it is time: every so many of the session's intervals.
    pub fn refetch_if_due<T>(
        &mut self,
        remote: &mut Remote<T>,
        intervals: Millis,
        request: impl FnOnce() -> Request,
    ) {
        let every = self.shared.poll_interval() * intervals;
        let last = remote
            .last_attempt_at
            .filter(|_| remote.value.is_some() && !remote.is_fetching());
        if last.is_some_and(|last| self.shared.backoff.is_due(every, last, self.now)) {
            let ticket = self.request(request());
            remote.refreshing = Some((ticket, self.now));
        }
    }

    /// Notes how an attempt went: for the pace, and for the message line.
    pub fn record_poll(&mut self, heard: PollOutcome<'_>) {
        let every = self.shared.poll_interval();
        match heard.error {
            Some(fault) if is_store_unhealthy(fault.kind) => {
                self.shared.backoff.record_failure(fault, self.now);
            }
            _ => self
                .shared
                .backoff
                .record_response(every, self.now.saturating_sub(heard.requested_at)),
        }
        if let Some(fault) = heard.error.filter(|_| !heard.is_already_reported) {
            self.shared.notifications.store_error(self.now, fault);
        }
    }
}

/// Whether a fault says that the store or the way to it suffers; the others are answers of a store that is well.
fn is_store_unhealthy(kind: StoreErrorKind) -> bool {
    !matches!(
        kind,
        StoreErrorKind::NotFound
            | StoreErrorKind::PermissionDenied
            | StoreErrorKind::InvalidRequest
            | StoreErrorKind::Unsupported
            | StoreErrorKind::Conflict
    )
}
