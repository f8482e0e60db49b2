//! Remote data is a state, not an option.

use super::message::Ticket;
use crate::domain::{Millis, StoreError};

/// Something that has to be fetched: how far that is, and the last good value.
#[derive(Clone, Debug)]
pub struct Remote<T> {
    /// The last good value and when it came, ms since the epoch.
    pub value: Option<(T, Millis)>,
    /// The question under way, and since when.
    pub loading: Option<(Ticket, Millis)>,
    /// A question under way that nobody asked for, and since when: what is shown stays as it is until the answer.
    pub refreshing: Option<(Ticket, Millis)>,
    /// When the last question was answered or failed, ms since the epoch.
    pub last_attempt_at: Option<Millis>,
    /// Why the last question failed, until one succeeds.
    pub error: Option<StoreError>,
}

impl<T> Default for Remote<T> {
    fn default() -> Self {
        Self {
            value: None,
            loading: None,
            refreshing: None,
            last_attempt_at: None,
            error: None,
        }
    }
}

impl<T> Remote<T> {
    /// Notes that a question is under way; an older one's answer will find nobody.
    pub fn start_loading(&mut self, ticket: Ticket, now: Millis) {
        self.loading = Some((ticket, now));
    }

    /// Whether an answer with this ticket is awaited here.
    #[must_use]
    pub fn is_awaiting(&self, ticket: Ticket) -> bool {
        self.requested_at(ticket).is_some()
    }

    /// Since when an answer with this ticket is awaited, if it is: ms since the epoch.
    #[must_use]
    pub fn requested_at(&self, ticket: Ticket) -> Option<Millis> {
        [self.loading, self.refreshing]
            .into_iter()
            .flatten()
            .find(|(asked, _)| *asked == ticket)
            .map(|(_, since)| since)
    }

    /// Whether any question is under way, seen or unseen.
    #[must_use]
    pub fn is_fetching(&self) -> bool {
        self.loading.is_some() || self.refreshing.is_some()
    }

    /// Takes the awaited answer; the last good value stays when it is a fault.
    pub fn resolve(&mut self, answer: Result<T, StoreError>, now: Millis) {
        self.loading = None;
        self.refreshing = None;
        self.last_attempt_at = Some(now);
        match answer {
            Ok(value) => {
                self.value = Some((value, now));
                self.error = None;
            }
            Err(fault) => self.error = Some(fault),
        }
    }

    /// The last good value.
    #[must_use]
    pub fn get(&self) -> Option<&T> {
        self.value.as_ref().map(|(value, _)| value)
    }

    /// When the last good value came, ms since the epoch.
    #[must_use]
    pub fn fetched_at(&self) -> Option<Millis> {
        self.value.as_ref().map(|(_, at)| *at)
    }

    /// Whether a question is under way.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        self.loading.is_some()
    }
}
