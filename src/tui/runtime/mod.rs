//! The runtime: the terminal, the event loop, running effects.
//!
//! [`run`] takes the terminal, feeds the app with what happens, draws it, and gives the terminal back whatever happens.

pub mod answer;
mod canvas;
mod clock;
mod comparing;
mod effects;
pub mod exporting;
mod gallery;
mod input;
mod reviewing;
mod run_loop;
mod sweep;
pub(crate) mod terminal;
#[cfg(test)]
mod tests;
mod typed;
mod watch;
mod writing;

use std::io;
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::mpsc::unbounded_channel;

use crate::config::keymap::Keymap;
use crate::config::views::ViewFiles;
use crate::config::{Alert, PictureChoice};
use crate::ops::journal::Journal;
use crate::ops::lineage::Lookout;
use crate::promotion::policy::Policy;
use crate::store::{Opened, Reader};
use crate::tui::app;
use crate::tui::app::Start;
use crate::tui::view::Look;

/// What a session is run with.
pub struct Session {
    /// The store.
    pub opened: Opened,
    /// A second store, whose runs stand beside the first's.
    pub beside: Option<Reader>,
    /// What the app is told of it.
    pub app: app::Session,
    /// The record of writes.
    pub journal: Journal,
    /// What must be true before a version may hold a place.
    pub policy: Arc<Policy>,
    /// What other tools left is looked for here.
    pub lookout: Arc<Lookout>,
    /// Where the app begins.
    pub start: Start,
    /// The keys.
    pub keymap: Keymap,
    /// The theme, the colours, the marks.
    pub look: Look,
    /// Where views are kept.
    pub views: ViewFiles,
    /// Whether the mouse is listened to; without, the terminal's own selection works.
    pub mouse: bool,
    /// How pictures are shown.
    pub pictures: PictureChoice,
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
pub async fn run(session: Session) -> Result<(), RunError> {
    terminal::check()?;
    let (anew, told) = unbounded_channel();
    watch::start(anew)?;
    let taken = terminal::enter(session.mouse)?;
    let (tasks, mut answers) = run_loop::drive(session, told).await?;
    drop(taken);
    tasks.finish(&mut answers).await;
    Ok(())
}
