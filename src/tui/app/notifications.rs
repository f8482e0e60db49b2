//! Notices: what was said, one line now, all of it a key away.

use crate::domain::{Millis, StoreError};

/// How long a notice stays in the message line, in ms.
const VISIBLE_MS: Millis = 8_000;
/// How many notices are kept.
const MAX_NOTIFICATIONS: usize = 500;

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Good to know.
    Info,
    /// It needs a look.
    Error,
}

/// Something that was said; safe to draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// When, ms since the epoch.
    pub at: Millis,
    /// How much it matters.
    pub severity: Severity,
    /// In one line.
    pub text: String,
    /// What to do next, where something can be done.
    pub hint: String,
}

/// All notices of a session, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Notifications {
    /// The notices that are kept.
    pub all: Vec<Notification>,
    dismissed_count: usize,
}

impl Notifications {
    /// Says something.
    pub fn info(&mut self, at: Millis, text: String) {
        self.push(Notification {
            at,
            severity: Severity::Info,
            text,
            hint: String::new(),
        });
    }

    /// Says that something failed, why, and what to do.
    pub fn store_error(&mut self, at: Millis, fault: &StoreError) {
        self.error(at, fault.to_string(), fault.hint().to_owned());
    }

    /// Says that something failed, and what to do.
    pub fn error(&mut self, at: Millis, text: String, next: String) {
        self.push(Notification {
            at,
            severity: Severity::Error,
            text,
            hint: next,
        });
    }

    fn push(&mut self, notice: Notification) {
        if self.all.len() == MAX_NOTIFICATIONS {
            self.all.remove(0);
            self.dismissed_count = self.dismissed_count.saturating_sub(1);
        }
        self.all.push(notice);
    }

    /// The notice for the message line: the last one, while it is new; an error stays until it is dismissed.
    #[must_use]
    pub fn current(&self, now: Millis) -> Option<&Notification> {
        let last = self.all.get(self.dismissed_count..)?.last()?;
        (last.severity == Severity::Error || now.saturating_sub(last.at) < VISIBLE_MS)
            .then_some(last)
    }

    /// Takes what is in the message line away. Returns whether there was anything.
    pub fn dismiss(&mut self, now: Millis) -> bool {
        let was_visible = self.current(now).is_some();
        self.dismissed_count = self.all.len();
        was_visible
    }
}
