//! Refreshing by itself: what a screen shows is asked for again, unseen, at the session's pace.

use super::message::Request;
use super::remote::Remote;
use super::shared::{Context, Shared};
use crate::domain::{Fault, FaultKind, Millis};
use crate::tui::app::pace::Slowed;
use crate::tui::screens::Freshness;

/// How an attempt to reach the store went, for the pace.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// When it was asked, ms since the epoch.
    pub since: Millis,
    /// Why it failed, if it did.
    pub fault: Option<&'a Fault>,
    /// Whether it was asked unseen, after another failure that was told: then the top line says enough.
    pub told: bool,
}

impl Shared {
    /// The interval that was asked for, in ms; 0 for never.
    #[must_use]
    pub fn every(&self) -> Millis {
        Millis::from(self.session.refresh_seconds) * 1_000
    }

    /// How fresh something is that is refreshed by itself, every so many intervals, and was last tried for at a time.
    #[must_use]
    pub fn live(
        &self,
        freshness: Freshness,
        intervals: Millis,
        tried: Option<Millis>,
    ) -> Freshness {
        let every = self.every() * intervals;
        let wait = (every > 0).then(|| self.pace.wait_after(every, tried.unwrap_or_default()));
        Freshness {
            wait,
            slow: self.pace.slowed() == Some(Slowed::Slow),
            ..freshness
        }
    }
}

impl Context<'_> {
    /// Asks again, unseen, for something that is there, when it is time: every so many of the session's intervals.
    pub fn refetch<T>(
        &mut self,
        remote: &mut Remote<T>,
        intervals: Millis,
        request: impl FnOnce() -> Request,
    ) {
        let every = self.shared.every() * intervals;
        let last = remote
            .tried
            .filter(|_| remote.value.is_some() && !remote.is_under_way());
        if last.is_some_and(|last| self.shared.pace.is_due(every, last, self.now)) {
            let ticket = self.ask(request());
            remote.refreshing = Some((ticket, self.now));
        }
    }

    /// Notes how an attempt went: for the pace, and for the message line.
    pub fn hear(&mut self, heard: Heard<'_>) {
        let every = self.shared.every();
        match heard.fault {
            Some(fault) if is_suffering(fault.kind) => self.shared.pace.failed(fault, self.now),
            _ => self
                .shared
                .pace
                .answered(every, self.now.saturating_sub(heard.since)),
        }
        if let Some(fault) = heard.fault.filter(|_| !heard.told) {
            self.shared.notices.fault(self.now, fault);
        }
    }
}

/// Whether a fault says that the store or the way to it suffers; the others are answers of a store that is well.
fn is_suffering(kind: FaultKind) -> bool {
    !matches!(
        kind,
        FaultKind::Missing
            | FaultKind::Denied
            | FaultKind::Invalid
            | FaultKind::Unsupported
            | FaultKind::Conflict
    )
}
