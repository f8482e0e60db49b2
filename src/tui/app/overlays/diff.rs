//! What differs inside of two values, two files, two commits.

use crate::analysis::value_diff::{DiffLine, Sign};
use crate::config::keymap::Action;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::message::{DiffOf, Refused, Reply, Request, Ticket};
use crate::tui::app::shared::Context;

/// A difference.
#[derive(Debug)]
pub struct DiffView {
    /// What is compared, safe to draw.
    pub title: String,
    /// Its lines, or why there are none; nothing while they are on their way.
    pub lines: Option<Result<Vec<DiffLine>, Refused>>,
    /// The cursor over the lines.
    pub cursor: Cursor,
    ticket: Option<Ticket>,
}

impl DiffView {
    /// A difference that is known.
    #[must_use]
    pub fn known(title: String, lines: Vec<DiffLine>) -> Self {
        Self {
            title,
            lines: Some(Ok(lines)),
            cursor: Cursor::default(),
            ticket: None,
        }
    }

    /// Asks for a difference.
    #[must_use]
    pub fn ask(title: String, of: DiffOf, context: &mut Context<'_>) -> Self {
        let ticket = context.ask(Request::Diff(of));
        Self {
            title,
            lines: None,
            cursor: Cursor::default(),
            ticket: Some(ticket),
        }
    }

    /// Takes the answer that it asked for; gives back one that it did not.
    pub fn reply(&mut self, ticket: Ticket, reply: Reply) -> Option<Reply> {
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
        let count = |sign: Sign| lines.iter().filter(|line| line.sign == sign).count();
        (count(Sign::Added), count(Sign::Removed))
    }

    /// Takes an action: moves.
    pub fn on(&mut self, action: Action, context: &Context<'_>) {
        let height = crate::tui::app::layout::frame(context.size)
            .body
            .height
            .saturating_sub(2);
        self.cursor.travel(action, self.len(), height.into());
    }
}
