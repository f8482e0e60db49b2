//! The diagnostic log of `--log FILE`.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Mutex;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::output::error::{CliError, ExitStatus};
use crate::config::env_var;
use crate::text::secrets::redact;

/// Hides the passwords and tokens of addresses in events, each of which is written in one call.
struct RedactedFile(File);

impl Write for RedactedFile {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        self.0.write_all(redact(&text).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Appends events to the file of `--log` or `FRONTRUNNER_LOG`. Only those of this crate: HTTP libraries log headers, and with
/// them tokens.
///
/// # Errors
/// If the file can't be opened.
pub(super) fn start(path: Option<PathBuf>) -> Result<(), CliError> {
    let Some(path) = path.or_else(|| env_var("FRONTRUNNER_LOG").map(PathBuf::from)) else {
        return Ok(());
    };
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(|error| {
            CliError::new(
                ExitStatus::Usage,
                format!("can't open the log file {}", path.display()),
            )
            .with_cause(error.to_string())
        })?;
    let own_events = Targets::new().with_target(env!("CARGO_CRATE_NAME"), LevelFilter::DEBUG);
    // Fails only if a subscriber is installed already, which then receives the events.
    let _ = tracing_subscriber::registry()
        .with(
            layer()
                .with_ansi(false)
                .with_writer(Mutex::new(RedactedFile(file))),
        )
        .with(own_events)
        .try_init();
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
    Ok(())
}
