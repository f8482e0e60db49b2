//! The runtime: terminal, event loop and effects.
//!
//! [`run`] enters the terminal, sends events to the app, draws it, and restores the terminal however it ends.

mod effects;
mod event_loop;
#[cfg(fuzzing)]
pub mod fuzzing;
mod images;
mod input;
mod input_parser;
mod renderer;
pub mod requests;
mod review;
mod sanitize;
mod scroll;
mod signals;
mod terminal;
#[cfg(test)]
mod tests;
mod writes;

use std::io;
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::mpsc::unbounded_channel;

use event_loop::SessionEnd;

use crate::config::keymap::Keymap;
use crate::config::saved_views::ViewFiles;
use crate::config::{Alert, GraphicsProtocol};
use crate::ops::clock;
use crate::ops::journal::Journal;
use crate::ops::lineage::EvidenceSources;
use crate::promotion::policy::Policy;
use crate::store::{Reader, StoreHandle};
use crate::tui::app;
use crate::tui::screens::StartOptions;
use crate::tui::view::TerminalTheme;

/// What a session needs to run.
pub struct SessionSetup {
    /// The store that is read and written.
    pub store: StoreHandle,
    /// A second store, only read: its runs are merged into the lists of the first.
    pub second_store: Option<Reader>,
    /// Settings that the app itself uses.
    pub app: app::Session,
    /// Receives a record of every write.
    pub journal: Journal,
    /// Gates and approvals of writes.
    pub policy: Arc<Policy>,
    /// Where the evidence of other tools is read from.
    pub evidence_sources: Arc<EvidenceSources>,
    /// The first screen.
    pub start: StartOptions,
    /// Key bindings.
    pub keymap: Keymap,
    /// Theme, colours and symbols.
    pub appearance: TerminalTheme,
    /// Change to the light theme if the terminal's background is light.
    pub follows_background: bool,
    /// The files of saved views.
    pub view_files: ViewFiles,
    /// Whether to ask for mouse events, which disables the terminal's own selection.
    pub mouse: bool,
    /// The protocol for images.
    pub pictures: GraphicsProtocol,
    /// How the terminal alerts when a watched value changed.
    pub alert: Alert,
}

/// Why a session did not start, or ended early.
#[derive(Debug, Error)]
pub enum RunError {
    /// Standard input or output is no terminal, or a dumb one.
    #[error(
        "screens need a terminal: standard input and output must be one, and TERM must name one that is not dumb; subcommands \
         such as `frontrunner runs`, `compare` and `versions` do without (see `frontrunner --help`)"
    )]
    NotATerminal,
    /// Reading from or writing to the terminal failed.
    #[error("can't use the terminal: {0}")]
    Terminal(#[from] io::Error),
}

/// Runs a session inside a tokio runtime until it is quit, then restores the terminal and waits for writes under way. `reopen`
/// sets up the session that follows when the user chooses another workspace. A signal restores the terminal and ends the
/// process.
///
/// # Errors
/// Without a terminal, when reading from or writing to it fails, and when `reopen` fails.
pub async fn run<E: From<RunError>>(
    mut session: SessionSetup,
    mut reopen: impl AsyncFnMut(String) -> Result<SessionSetup, E>,
) -> Result<(), E> {
    terminal::check_is_terminal()?;
    let (redraw, mut redraws) = unbounded_channel();
    signals::install(redraw).map_err(RunError::from)?;
    loop {
        let guard = terminal::enter(session.mouse).map_err(RunError::from)?;
        let (end, tasks, mut replies) = event_loop::run(session, &mut redraws).await?;
        drop(guard);
        tasks.finish(&mut replies).await;
        match end {
            SessionEnd::Quit => return Ok(()),
            SessionEnd::OpenWorkspace(name) => session = reopen(name).await?,
        }
    }
}
