//! The only clock of the runtime.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::domain::Millis;

/// Now in ms since the epoch; 0 if the clock is set before it.
pub(super) fn now() -> Millis {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
