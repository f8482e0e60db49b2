//! Data that is fetched from the store, as one state.

use super::message::Ticket;
use crate::domain::{Millis, StoreError};

/// A request under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetch {
    pub ticket: Ticket,
    /// When it was sent, ms since the epoch.
    pub since: Millis,
    /// A background refresh does not count as loading: the last value stays on the screen until the reply.
    pub is_background: bool,
}

/// A fetched value. Times are ms since the epoch.
///
/// A reply belongs to the last request only: [`Remote::begin`] replaces the ticket, so that a late reply is dropped.
#[derive(Clone, Debug, Default)]
pub enum Remote<T> {
    #[default]
    Idle,
    /// The first request is under way.
    Loading(Fetch),
    /// `fetch` is the request for the next value.
    Ready {
        value: T,
        at: Millis,
        fetch: Option<Fetch>,
    },
    /// The last request failed at `at`; `last` is the last good value with its time.
    Failed {
        error: StoreError,
        at: Millis,
        last: Option<(T, Millis)>,
        fetch: Option<Fetch>,
    },
}

impl<T> Remote<T> {
    /// Records a request under way and returns the one that it replaces.
    pub fn begin(&mut self, fetch: Fetch) -> Option<Fetch> {
        match self {
            Self::Idle => {
                *self = Self::Loading(fetch);
                None
            }
            Self::Loading(old) => Some(std::mem::replace(old, fetch)),
            Self::Ready { fetch: slot, .. } | Self::Failed { fetch: slot, .. } => {
                slot.replace(fetch)
            }
        }
    }

    /// The request under way.
    #[must_use]
    pub fn fetch(&self) -> Option<Fetch> {
        match self {
            Self::Idle => None,
            Self::Loading(fetch) => Some(*fetch),
            Self::Ready { fetch, .. } | Self::Failed { fetch, .. } => *fetch,
        }
    }

    #[must_use]
    pub fn is_awaiting(&self, ticket: Ticket) -> bool {
        self.fetch().is_some_and(|fetch| fetch.ticket == ticket)
    }

    /// Since when a request that is no background refresh is under way.
    #[must_use]
    pub fn loading_since(&self) -> Option<Millis> {
        self.fetch()
            .filter(|fetch| !fetch.is_background)
            .map(|fetch| fetch.since)
    }

    /// Takes the reply to the request under way. An error keeps the last good value.
    pub fn resolve(&mut self, result: Result<T, StoreError>, now: Millis) {
        let before = std::mem::take(self);
        *self = match result {
            Ok(value) => Self::Ready {
                value,
                at: now,
                fetch: None,
            },
            Err(error) => Self::Failed {
                error,
                at: now,
                last: before.into_last(),
                fetch: None,
            },
        };
    }

    fn into_last(self) -> Option<(T, Millis)> {
        match self {
            Self::Ready { value, at, .. } => Some((value, at)),
            Self::Failed { last, .. } => last,
            Self::Idle | Self::Loading(_) => None,
        }
    }

    /// Replaces the last good value by one that was derived from it; its age stays.
    pub fn replace(&mut self, new: T) {
        match self {
            Self::Ready { value, .. }
            | Self::Failed {
                last: Some((value, _)),
                ..
            } => *value = new,
            _ => {}
        }
    }

    fn last(&self) -> Option<(&T, Millis)> {
        match self {
            Self::Ready { value, at, .. } => Some((value, *at)),
            Self::Failed { last, .. } => last.as_ref().map(|(value, at)| (value, *at)),
            Self::Idle | Self::Loading(_) => None,
        }
    }

    /// The last good value.
    #[must_use]
    pub fn get(&self) -> Option<&T> {
        self.last().map(|(value, _)| value)
    }

    /// When the last good value arrived.
    #[must_use]
    pub fn fetched_at(&self) -> Option<Millis> {
        self.last().map(|(_, at)| at)
    }

    /// When the last request succeeded or failed.
    #[must_use]
    pub fn last_attempt_at(&self) -> Option<Millis> {
        match self {
            Self::Ready { at, .. } | Self::Failed { at, .. } => Some(*at),
            Self::Idle | Self::Loading(_) => None,
        }
    }

    /// Why the last request failed.
    #[must_use]
    pub fn error(&self) -> Option<&StoreError> {
        match self {
            Self::Failed { error, .. } => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::StoreErrorKind;

    fn fetch(ticket: u64) -> Fetch {
        Fetch {
            ticket: Ticket(ticket),
            since: 0,
            is_background: false,
        }
    }

    #[test]
    fn failure_keeps_last_value_and_new_request_drops_old_ticket() {
        let mut remote = Remote::default();
        assert_eq!(remote.begin(fetch(1)), None);
        remote.resolve(Ok("a"), 10);
        remote.begin(fetch(2));
        assert_eq!(remote.begin(fetch(3)), Some(fetch(2)));
        assert!(!remote.is_awaiting(Ticket(2)) && remote.is_awaiting(Ticket(3)));
        remote.resolve(
            Err(StoreError::new(StoreErrorKind::Busy, "reading", "busy")),
            20,
        );
        assert_eq!((remote.get(), remote.fetched_at()), (Some(&"a"), Some(10)));
        assert_eq!(remote.last_attempt_at(), Some(20));
        assert!(remote.error().is_some() && remote.fetch().is_none());
    }
}
