//! The lines that differ between two values, files or commits.

use super::pager::TextSearch;
use crate::analysis::value_diff::{DiffLine, LineKind};
use crate::config::keymap::Action;
use crate::text::untrusted::clean;
use crate::text::width::width;
use crate::tui::app::context::UpdateContext;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::message::{DiffTarget, Reply, Request, RequestError, Ticket};

/// The cells of the frame and of the signs.
pub const DIFF_FRAME_CELLS: u16 = 4;

/// A unified diff.
#[derive(Debug)]
pub struct DiffDialog {
    /// Cleaned.
    pub title: String,
    /// `None` until the reply arrives.
    pub lines: Option<Result<Vec<DiffLine>, RequestError>>,
    pub cursor: Cursor,
    /// How many cells are scrolled out at the left; lines are wrapped while it is 0.
    pub shift: u16,
    pub search: TextSearch,
    ticket: Option<Ticket>,
}

/// The cells of one step sideways.
const SHIFT_STEP: u16 = 8;

impl DiffDialog {
    /// Shows lines that were computed in memory.
    #[must_use]
    pub fn from_lines(title: String, lines: Vec<DiffLine>) -> Self {
        Self {
            title,
            lines: Some(Ok(lines)),
            cursor: Cursor::default(),
            shift: 0,
            search: TextSearch::default(),
            ticket: None,
        }
    }

    /// Requests a diff.
    #[must_use]
    pub fn open(title: String, target: DiffTarget, context: &mut UpdateContext<'_>) -> Self {
        let ticket = context.request(Request::Diff(target));
        Self {
            title,
            lines: None,
            cursor: Cursor::default(),
            shift: 0,
            search: TextSearch::default(),
            ticket: Some(ticket),
        }
    }

    pub(super) fn handle_reply(&mut self, ticket: Ticket, reply: Reply) -> Option<Reply> {
        match reply {
            Reply::Diff(result) if self.ticket == Some(ticket) => {
                self.lines = Some(result);
                None
            }
            other => Some(other),
        }
    }

    /// The number of lines; 0 until they arrive.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines
            .as_ref()
            .and_then(|lines| lines.as_ref().ok())
            .map_or(0, Vec::len)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of added and removed lines.
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

    pub(super) fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) {
        let height = crate::tui::app::layout::screen_areas(context.size)
            .body
            .height
            .saturating_sub(2);
        let room = context.size.width.saturating_sub(DIFF_FRAME_CELLS);
        let last = self.width().saturating_sub(room);
        if self.search.is_search(action) {
            let at = self.cursor.index;
            let texts: Vec<String> = self.line_texts();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let found = self
                .search
                .handle_action(action, at..at + 1, &texts, context);
            if let Some(index) = found {
                self.cursor.index = index;
                self.cursor.clamp(self.len(), height.into());
            }
            return;
        }
        match action {
            Action::Left => self.shift = self.shift.saturating_sub(SHIFT_STEP),
            Action::Right => self.shift = (self.shift + SHIFT_STEP).min(last),
            other => {
                self.cursor.apply_motion(other, self.len(), height.into());
            }
        }
    }

    /// The lines as plain text.
    fn line_texts(&self) -> Vec<String> {
        let lines = self.lines.iter().flatten().flatten();
        let text = |line: &DiffLine| {
            let segments = line.segments.iter();
            segments.map(|segment| segment.text.as_str()).collect()
        };
        lines.map(text).collect()
    }

    /// The cells of the longest line.
    fn width(&self) -> u16 {
        let lines = self.lines.as_ref().and_then(|lines| lines.as_ref().ok());
        let cells = |line: &DiffLine| {
            let segments = line.segments.iter();
            segments.fold(0, |all: u16, segment| {
                all.saturating_add(width(&clean(&segment.text)))
            })
        };
        lines.into_iter().flatten().map(cells).max().unwrap_or(0)
    }
}
