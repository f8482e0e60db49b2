//! The runtime: the terminal, the event loop, running effects.
//!
//! [`run`] takes the terminal, feeds the app with what happens, draws it, and gives the terminal back whatever happens.

mod effects;
mod event_loop;
mod images;
mod input;
mod key_parser;
mod renderer;
pub mod requests;
mod review;
mod sanitize;
mod signals;
pub(crate) mod terminal;
#[cfg(test)]
mod tests;
mod writes;

use std::io;
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::mpsc::unbounded_channel;

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

/// What a session is run with.
pub struct SessionSetup {
    /// The store.
    pub store: StoreHandle,
    /// A second store, whose runs stand beside the first's.
    pub second_store: Option<Reader>,
    /// What the app is told of it.
    pub app: app::Session,
    /// The record of writes.
    pub journal: Journal,
    /// What must be true before a version may hold a place.
    pub policy: Arc<Policy>,
    /// What other tools left is looked for here.
    pub evidence_sources: Arc<EvidenceSources>,
    /// Where the app begins.
    pub start: StartOptions,
    /// The keys.
    pub keymap: Keymap,
    /// The theme, the colours, the marks.
    pub appearance: TerminalTheme,
    /// Where views are kept.
    pub view_files: ViewFiles,
    /// Whether the mouse is listened to; without, the terminal's own selection works.
    pub mouse: bool,
    /// How pictures are shown.
    pub pictures: GraphicsProtocol,
    /// How the terminal alerts when something that is watched has moved.
    pub alert: Alert,
}

/// Why a session did not run, or broke off.
#[derive(Debug, Error)]
pub enum RunError {
    /// There is no terminal that can show screens.
    #[error(
        "screens need a terminal: standard input and output must be one, and TERM must name one that is not dumb; subcommands \
         such as `frontrunner runs`, `compare` and `versions` do without (see `frontrunner --help`)"
    )]
    NotATerminal,
    /// The terminal failed.
    #[error("the terminal failed: {0}")]
    Terminal(#[from] io::Error),
}

/// Runs a session until it is quit, inside a tokio runtime. A write that is on its way then is waited for, with the terminal
/// given back already. Signals end the whole process, with the terminal given back.
///
/// # Errors
/// When there is no terminal, with nothing touched; when the terminal fails, with what can be restored restored.
pub async fn run(session: SessionSetup) -> Result<(), RunError> {
    terminal::check_is_terminal()?;
    let (redraw, redraws) = unbounded_channel();
    signals::install(redraw)?;
    let guard = terminal::enter(session.mouse)?;
    let (tasks, mut replies) = event_loop::run(session, redraws).await?;
    drop(guard);
    tasks.finish(&mut replies).await;
    Ok(())
}
