//! Notifications: the last one in the message line, all of them in a list.

use crate::domain::{Millis, StoreError};

/// How long a notification stays in the message line, in ms.
const VISIBLE_MS: Millis = 8_000;
/// The most notifications in the list.
const MAX_NOTIFICATIONS: usize = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Info,
    /// Stays in the message line until it is dismissed.
    Error,
}

/// A message to the user; its texts are cleaned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Ms since the epoch.
    pub at: Millis,
    pub severity: Severity,
    /// One line.
    pub text: String,
    /// The next step; empty without one.
    pub hint: String,
}

/// The notifications of a session.
#[derive(Clone, Debug, Default)]
pub struct Notifications {
    /// Oldest first.
    pub all: Vec<Notification>,
    dismissed_count: usize,
}

impl Notifications {
    pub fn info(&mut self, at: Millis, text: String) {
        self.push(Notification {
            at,
            severity: Severity::Info,
            text,
            hint: String::new(),
        });
    }

    pub fn store_error(&mut self, at: Millis, error: &StoreError) {
        self.error(at, error.to_string(), error.hint().to_owned());
    }

    pub fn error(&mut self, at: Millis, text: String, hint: String) {
        self.push(Notification {
            at,
            severity: Severity::Error,
            text,
            hint,
        });
    }

    fn push(&mut self, notification: Notification) {
        if self.all.len() == MAX_NOTIFICATIONS {
            self.all.remove(0);
            self.dismissed_count = self.dismissed_count.saturating_sub(1);
        }
        self.all.push(notification);
    }

    /// The notification for the message line.
    #[must_use]
    pub fn current(&self, now: Millis) -> Option<&Notification> {
        let last = self.all.get(self.dismissed_count..)?.last()?;
        (last.severity == Severity::Error || now.saturating_sub(last.at) < VISIBLE_MS)
            .then_some(last)
    }

    /// Clears the message line. Returns false if it was empty.
    pub fn dismiss(&mut self, now: Millis) -> bool {
        let was_visible = self.current(now).is_some();
        self.dismissed_count = self.all.len();
        was_visible
    }
}
