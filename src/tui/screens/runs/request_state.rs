//! The state of a request that is repeated: in flight, last success, last error.

use crate::domain::{Millis, StoreError};
use crate::tui::app::UpdateContext;
use crate::tui::app::message::{Effect, Ticket};

/// At most one request, with the value `T` that its reply needs. All times are ms since the epoch.
#[derive(Debug)]
pub(super) struct RequestState<T = ()> {
    in_flight: Option<InFlight<T>>,
    succeeded_at: Option<Millis>,
    attempted_at: Option<Millis>,
    error: Option<StoreError>,
}

#[derive(Debug)]
struct InFlight<T> {
    ticket: Ticket,
    since: Millis,
    value: T,
}

impl<T> Default for RequestState<T> {
    fn default() -> Self {
        Self {
            in_flight: None,
            succeeded_at: None,
            attempted_at: None,
            error: None,
        }
    }
}

impl<T> RequestState<T> {
    pub(super) fn start(&mut self, ticket: Ticket, now: Millis, value: T) {
        let since = now;
        self.in_flight = Some(InFlight {
            ticket,
            since,
            value,
        });
    }

    pub(super) fn is_awaiting(&self, ticket: Ticket) -> bool {
        self.ticket() == Some(ticket)
    }

    pub(super) fn is_idle(&self) -> bool {
        self.in_flight.is_none()
    }

    pub(super) fn ticket(&self) -> Option<Ticket> {
        self.in_flight.as_ref().map(|request| request.ticket)
    }

    /// When the request in flight was sent.
    pub(super) fn since(&self) -> Option<Millis> {
        self.in_flight.as_ref().map(|request| request.since)
    }

    pub(super) fn succeeded_at(&self) -> Option<Millis> {
        self.succeeded_at
    }

    /// When the last reply came, a success or an error.
    pub(super) fn attempted_at(&self) -> Option<Millis> {
        self.attempted_at
    }

    /// Why the last request failed; `None` after a success.
    pub(super) fn error(&self) -> Option<&StoreError> {
        self.error.as_ref()
    }

    pub(super) fn clear_error(&mut self) {
        self.error = None;
    }

    /// Records a reply, and leaves the request in flight: more replies follow.
    pub(super) fn record<R>(&mut self, reply: &Result<R, StoreError>, now: Millis) {
        self.attempted_at = Some(now);
        self.error = reply.as_ref().err().cloned();
        if reply.is_ok() {
            self.succeeded_at = Some(now);
        }
    }

    /// Ends the request in flight. Returns when it was sent, and its value.
    pub(super) fn finish(&mut self) -> Option<(Millis, T)> {
        self.in_flight
            .take()
            .map(|request| (request.since, request.value))
    }

    /// Cancels the request in flight. Returns whether there was one.
    pub(super) fn cancel(&mut self, context: &mut UpdateContext<'_>) -> bool {
        let request = self.in_flight.take();
        context.effects.extend(
            request
                .as_ref()
                .map(|request| Effect::Cancel(request.ticket)),
        );
        request.is_some()
    }
}
