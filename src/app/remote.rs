//! Remote data is a state, not an option.

use super::message::Ticket;
use crate::domain::{Fault, Millis};

/// Something that has to be fetched: how far that is, and the last good value.
#[derive(Clone, Debug)]
pub struct Remote<T> {
    /// The last good value and when it came, ms since the epoch.
    pub value: Option<(T, Millis)>,
    /// The question under way, and since when.
    pub asked: Option<(Ticket, Millis)>,
    /// Why the last question failed, until one succeeds.
    pub fault: Option<Fault>,
}

impl<T> Default for Remote<T> {
    fn default() -> Self {
        Self { value: None, asked: None, fault: None }
    }
}

impl<T> Remote<T> {
    /// Notes that a question is under way; an older one's answer will find nobody.
    pub fn asking(&mut self, ticket: Ticket, now: Millis) {
        self.asked = Some((ticket, now));
    }

    /// Whether an answer with this ticket is awaited here.
    #[must_use]
    pub fn awaits(&self, ticket: Ticket) -> bool {
        self.asked.is_some_and(|(asked, _)| asked == ticket)
    }

    /// Takes the awaited answer; the last good value stays when it is a fault.
    pub fn take(&mut self, answer: Result<T, Fault>, now: Millis) {
        self.asked = None;
        match answer {
            Ok(value) => {
                self.value = Some((value, now));
                self.fault = None;
            }
            Err(fault) => self.fault = Some(fault),
        }
    }

    /// The last good value.
    #[must_use]
    pub fn get(&self) -> Option<&T> {
        self.value.as_ref().map(|(value, _)| value)
    }

    /// When the last good value came, ms since the epoch.
    #[must_use]
    pub fn at(&self) -> Option<Millis> {
        self.value.as_ref().map(|(_, at)| *at)
    }

    /// Whether a question is under way.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        self.asked.is_some()
    }
}
