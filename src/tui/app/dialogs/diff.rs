//! What differs inside of two values, two files, two commits.

use crate::analysis::value_diff::{DiffLine, LineKind};
use crate::config::keymap::Action;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::message::{DiffTarget, Reply, Request, RequestError, Ticket};
use crate::tui::app::shared::UpdateContext;

/// A difference.
#[derive(Debug)]
pub struct DiffDialog {
    /// What is compared, safe to draw.
    pub title: String,
    /// Its lines, or why there are none; nothing while they are on their way.
    pub lines: Option<Result<Vec<DiffLine>, RequestError>>,
    /// The cursor over the lines.
    pub cursor: Cursor,
    ticket: Option<Ticket>,
}

impl DiffDialog {
    /// A difference that is known.
    #[must_use]
    pub fn from_lines(title: String, lines: Vec<DiffLine>) -> Self {
        Self {
            title,
            lines: Some(Ok(lines)),
            cursor: Cursor::default(),
            ticket: None,
        }
    }

    /// Asks for a difference.
    #[must_use]
    pub fn open(title: String, of: DiffTarget, context: &mut UpdateContext<'_>) -> Self {
        let ticket = context.request(Request::Diff(of));
        Self {
            title,
            lines: None,
            cursor: Cursor::default(),
            ticket: Some(ticket),
        }
    }

    /// Takes the answer that it asked for; gives back one that it did not.
    pub fn handle_reply(&mut self, ticket: Ticket, reply: Reply) -> Option<Reply> {
        match reply {
            Reply::Diff(answer) if self.ticket == Some(ticket) => {
                self.lines = Some(answer);
                None
            }
            other => Some(other),
        }
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines
            .as_ref()
            .and_then(|lines| lines.as_ref().ok())
            .map_or(0, Vec::len)
    }

    /// Whether nothing differs, or nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many lines came, and how many went.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let lines = self
            .lines
            .as_ref()
            .and_then(|lines| lines.as_ref().ok())
            .map(Vec::as_slice)
            .unwrap_or_default();
        let count = |sign: LineKind| lines.iter().filter(|line| line.kind == sign).count();
        (count(LineKind::Added), count(LineKind::Removed))
    }

    /// Takes an action: moves.
    pub fn handle_action(&mut self, action: Action, context: &UpdateContext<'_>) {
        let height = crate::tui::app::layout::screen_areas(context.size)
            .body
            .height
            .saturating_sub(2);
        self.cursor.apply_motion(action, self.len(), height.into());
    }
}
