//! The clock of the command line and the terminal interface.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::domain::Millis;

/// The current time in ms since the epoch; 0 if the clock is set before it.
#[must_use]
pub fn now() -> Millis {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Millis::try_from(since_epoch.as_millis()).unwrap_or(Millis::MAX)
}
