//! Automatic refreshes: data on the screen is requested again in the background, at the session's interval.

use super::backoff::BackoffReason;
use super::context::UpdateContext;
use super::message::{Request, Ticket};
use super::remote::Remote;
use super::screen::Freshness;
use super::session::SharedState;
use crate::domain::{Millis, StoreError, StoreErrorKind};

/// How a request went, for the backoff.
#[derive(Clone, Copy, Debug)]
pub struct PollOutcome<'a> {
    /// When it was sent, ms since the epoch.
    pub requested_at: Millis,
    pub error: Option<&'a StoreError>,
    /// Whether it was a background refresh after a failure that was reported: the top line shows enough.
    pub is_already_reported: bool,
}

impl SharedState {
    /// The session's refresh interval in ms; 0 for never.
    #[must_use]
    pub fn poll_interval(&self) -> Millis {
        Millis::from(self.session.refresh_seconds) * 1_000
    }

    /// Adds the effective refresh interval to the freshness of data that is refreshed every `intervals` intervals.
    #[must_use]
    pub fn polled_freshness(
        &self,
        freshness: Freshness,
        intervals: Millis,
        last_attempt_at: Option<Millis>,
    ) -> Freshness {
        let every = self.poll_interval() * intervals;
        let wait = (every > 0).then(|| {
            self.backoff
                .wait_after(every, last_attempt_at.unwrap_or_default())
        });
        Freshness {
            poll_interval: wait,
            is_backing_off: self.backoff.reason() == Some(BackoffReason::SlowResponses),
            ..freshness
        }
    }
}

impl UpdateContext<'_> {
    /// Refreshes a value in the background when `intervals` of the session's intervals have passed.
    pub fn refetch_if_due<T>(
        &mut self,
        remote: &mut Remote<T>,
        intervals: Millis,
        request: impl FnOnce() -> Request,
    ) {
        let every = self.shared.poll_interval() * intervals;
        let last = remote
            .last_attempt_at()
            .filter(|_| remote.get().is_some() && remote.fetch().is_none());
        if last.is_some_and(|last| self.shared.backoff.is_due(every, last, self.now)) {
            self.begin(remote, request(), true);
        }
    }

    /// Takes the reply that `remote` awaits: for the backoff, the message line and the value.
    pub fn resolve<T>(
        &mut self,
        remote: &mut Remote<T>,
        ticket: Ticket,
        result: Result<T, StoreError>,
    ) {
        let Some(fetch) = remote.fetch().filter(|fetch| fetch.ticket == ticket) else {
            return;
        };
        self.record_poll(PollOutcome {
            requested_at: fetch.since,
            error: result.as_ref().err(),
            is_already_reported: fetch.is_background && remote.error().is_some(),
        });
        remote.resolve(result, self.now);
    }

    /// Records the outcome of a request for the backoff, and reports its error.
    pub fn record_poll(&mut self, outcome: PollOutcome<'_>) {
        let every = self.shared.poll_interval();
        match outcome.error {
            Some(error) if is_store_unhealthy(error.kind) => {
                self.shared.backoff.record_failure(error, self.now);
            }
            _ => self
                .shared
                .backoff
                .record_response(every, self.now.saturating_sub(outcome.requested_at)),
        }
        if let Some(error) = outcome.error.filter(|_| !outcome.is_already_reported) {
            self.notify_error(error);
        }
    }
}

/// Whether an error means that the store or the network has a problem; the other kinds come from a healthy store.
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
