//! The clocks of the command line and the terminal interface.

#[cfg(target_os = "linux")]
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::domain::Millis;
use crate::promotion::journal::Uptime;

/// The current time in ms since the epoch; 0 if the clock is set before it.
#[must_use]
pub fn now() -> Millis {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Millis::try_from(since_epoch.as_millis()).unwrap_or(Millis::MAX)
}

/// The time since this machine was started; `None` where the system does not name its start.
#[cfg(target_os = "linux")]
#[must_use]
pub fn uptime() -> Option<Uptime> {
    use rustix::time::{ClockId, clock_gettime};

    static BOOT: LazyLock<Option<String>> = LazyLock::new(|| {
        let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(id.trim().to_owned())
    });
    let boot = BOOT.clone()?;
    let time = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).ok()?;
    let ms = u64::try_from(time.tv_nsec / 1_000_000).ok()?;
    Some(Uptime {
        boot,
        ms: seconds.saturating_mul(1_000).saturating_add(ms),
    })
}

/// Not known on this system.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub fn uptime() -> Option<Uptime> {
    None
}
