//! Notices: what was said, one line now, all of it a key away.

use crate::domain::{Fault, Millis};

/// How long a notice stays in the message line, in ms.
const SHOWN_MS: Millis = 8_000;
/// How many notices are kept.
const KEPT: usize = 500;

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Good to know.
    Info,
    /// It needs a look.
    Error,
}

/// Something that was said; safe to draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// When, ms since the epoch.
    pub at: Millis,
    /// How much it matters.
    pub level: Level,
    /// In one line.
    pub text: String,
    /// What to do next, where something can be done.
    pub next: String,
}

/// All notices of a session, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Notices {
    /// The notices that are kept.
    pub all: Vec<Notice>,
    dismissed: usize,
}

impl Notices {
    /// Says something.
    pub fn say(&mut self, at: Millis, text: String) {
        self.push(Notice {
            at,
            level: Level::Info,
            text,
            next: String::new(),
        });
    }

    /// Says that something failed, why, and what to do.
    pub fn fault(&mut self, at: Millis, fault: &Fault) {
        self.error(at, fault.to_string(), fault.advice().to_owned());
    }

    /// Says that something failed, and what to do.
    pub fn error(&mut self, at: Millis, text: String, next: String) {
        self.push(Notice {
            at,
            level: Level::Error,
            text,
            next,
        });
    }

    fn push(&mut self, notice: Notice) {
        if self.all.len() == KEPT {
            self.all.remove(0);
            self.dismissed = self.dismissed.saturating_sub(1);
        }
        self.all.push(notice);
    }

    /// The notice for the message line: the last one, while it is new; an error stays until it is dismissed.
    #[must_use]
    pub fn current(&self, now: Millis) -> Option<&Notice> {
        let last = self.all.get(self.dismissed..)?.last()?;
        (last.level == Level::Error || now.saturating_sub(last.at) < SHOWN_MS).then_some(last)
    }

    /// Takes what is in the message line away. Returns whether there was anything.
    pub fn dismiss(&mut self, now: Millis) -> bool {
        let was = self.current(now).is_some();
        self.dismissed = self.all.len();
        was
    }
}
