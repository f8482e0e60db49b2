//! A text in full: the value of an item that a list has no room for.

use super::pager::Pager;
use crate::config::keymap::Action;
use crate::text::width::wrap;
use crate::tui::app::context::UpdateContext;
use crate::tui::app::layout::{Size, screen_areas};

/// The cells around a line: the frame and a space on each side.
const FRAME_CELLS: u16 = 4;

/// A text that scrolls.
#[derive(Debug)]
pub struct TextDialog {
    /// Cleaned.
    pub title: String,
    pub pager: Pager,
    /// Cleaned, not wrapped.
    paragraphs: Vec<String>,
}

impl TextDialog {
    /// Title and lines are cleaned.
    #[must_use]
    pub fn new(title: String, paragraphs: Vec<String>) -> Self {
        Self {
            title,
            pager: Pager::default(),
            paragraphs,
        }
    }

    /// The lines in a terminal of this size: indented ones stay indented.
    #[must_use]
    pub fn lines(&self, size: Size) -> Vec<String> {
        let room = size.width.saturating_sub(FRAME_CELLS);
        let lines = self.paragraphs.iter().flat_map(|line| {
            let text = line.trim_start_matches(' ');
            let indent = (line.len() - text.len()).min(usize::from(room / 2));
            let rows = wrap(text, room - indent as u16);
            let rows = if rows.is_empty() {
                vec![String::new()]
            } else {
                rows
            };
            rows.into_iter()
                .map(move |row| format!("{:indent$}{row}", ""))
        });
        lines.collect()
    }

    pub(super) fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) {
        let lines = self.lines(context.size);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let height = screen_areas(context.size).body.height.saturating_sub(2);
        self.pager
            .handle_action(action, &lines, height.into(), context);
    }
}
