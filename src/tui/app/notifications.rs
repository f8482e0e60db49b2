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
    /// Whether the next one of progress replaces it.
    pub is_progress: bool,
}

/// The cells before the text in the list, for its age.
pub const AGE_WIDTH: u16 = 16;

impl Notification {
    /// The text in lines beside its age.
    #[must_use]
    pub fn lines(&self, width: u16) -> Vec<String> {
        crate::text::width::wrap(&self.text, width.saturating_sub(AGE_WIDTH))
    }
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
            is_progress: false,
        });
    }

    /// Replaces the last notification if it is one of progress, so that the list has the last state only. Nothing replaces
    /// the last one of an operation.
    pub fn progress(&mut self, at: Millis, text: String, is_last: bool) {
        let is_visible = self.dismissed_count < self.all.len();
        if let Some(last) = self.all.last_mut()
            && last.is_progress
            && is_visible
        {
            (last.at, last.text, last.is_progress) = (at, text, !is_last);
            return;
        }
        self.push(Notification {
            at,
            severity: Severity::Info,
            text,
            hint: String::new(),
            is_progress: !is_last,
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
            is_progress: false,
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

    /// The lines of all notifications in a width of cells, the newest first, without the age beside them.
    #[must_use]
    pub fn lines(&self, width: u16) -> Vec<String> {
        let lines = |notice: &Notification| {
            let mut lines = notice.lines(width);
            if lines.is_empty() {
                lines.push(String::new());
            }
            lines.extend(Some(notice.hint.clone()).filter(|hint| !hint.is_empty()));
            lines
        };
        self.all.iter().rev().flat_map(lines).collect()
    }

    /// Clears what was shown before the first `count` notifications were followed by others.
    pub(super) fn dismiss_before(&mut self, count: usize, severity: Severity) {
        let is_dismissed = |notice: &Notification| {
            notice.severity == Severity::Info || severity == Severity::Error
        };
        if self.all.len() == count && self.all.last().is_some_and(is_dismissed) {
            self.dismissed_count = count;
        }
    }

    /// Clears the message line unless it has an error.
    pub(super) fn dismiss_info(&mut self) {
        self.dismiss_before(self.all.len(), Severity::Info);
    }

    /// Clears the message line. Returns false if it was empty.
    pub fn dismiss(&mut self, now: Millis) -> bool {
        let was_visible = self.current(now).is_some();
        self.dismissed_count = self.all.len();
        was_visible
    }
}
