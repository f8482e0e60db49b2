//! The room of ui: for now only what the runtime calls.

use ratatui::Frame;

use crate::app::App;

/// How the screens look.
#[derive(Clone, Debug, Default)]
pub struct Look {}

impl Look {
    /// Changes to the theme of this name; a name that is not there changes nothing.
    pub fn set_theme(&mut self, _name: &str) {}
}

/// Draws the app.
pub fn draw(_frame: &mut Frame<'_>, _app: &App, _look: &Look) {}
