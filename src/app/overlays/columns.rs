//! The list of columns: which are seen, in which order; fuzzy search over thousands.

use tui_input::{Input, InputRequest};

use super::picker::matches;
use crate::app::cursor::Cursor;
use crate::app::layout::{Size, dialog};
use crate::app::shared::{Choice, Context, Go};
use crate::config::keymap::Action;
use crate::table::ColumnKey;

/// The list of columns.
#[derive(Debug)]
pub struct ColumnList {
    /// What was typed.
    pub input: Input,
    /// The cursor over the columns that match.
    pub cursor: Cursor,
    all: Vec<(ColumnKey, bool)>,
    matching: Vec<usize>,
}

impl ColumnList {
    /// The columns in their order, and whether each is seen.
    #[must_use]
    pub fn new(all: Vec<(ColumnKey, bool)>) -> Self {
        let matching = (0..all.len()).collect();
        Self { input: Input::default(), cursor: Cursor::default(), all, matching }
    }

    /// The columns that match what was typed.
    #[must_use]
    pub fn lines(&self) -> Vec<&(ColumnKey, bool)> {
        self.matching.iter().map(|i| &self.all[*i]).collect()
    }

    /// Where the list is drawn.
    #[must_use]
    pub fn area(&self, size: Size) -> ratatui::layout::Rect {
        dialog(size, 64, (self.all.len() as u16).clamp(3, 24) + 5)
    }

    pub(super) fn edit(&mut self, request: InputRequest) {
        self.input.handle(request);
        self.search();
        self.cursor = Cursor::default();
    }

    fn search(&mut self) {
        let names: Vec<String> = self.all.iter().map(|(key, _)| key.to_string()).collect();
        self.matching = matches(self.input.value(), names.iter().map(String::as_str));
    }

    pub(super) fn on(&mut self, action: Action, context: &mut Context<'_>) {
        let height = usize::from(self.area(context.size).height.saturating_sub(5));
        let len = self.matching.len();
        match action {
            Action::Next => {
                self.cursor.travel(Action::Down, len, height);
            }
            Action::Previous => {
                self.cursor.travel(Action::Up, len, height);
            }
            Action::Accept => {
                if let Some(i) = self.matching.get(self.cursor.at) {
                    self.all[*i].1 = !self.all[*i].1;
                }
                self.tell(context);
            }
            Action::MoveEarlier => self.shift(-1, context),
            Action::MoveLater => self.shift(1, context),
            _ => {}
        }
    }

    /// Moves the column under the cursor among the columns that match.
    fn shift(&mut self, by: isize, context: &mut Context<'_>) {
        let to = self.cursor.at.saturating_add_signed(by);
        let (Some(from), Some(target)) = (self.matching.get(self.cursor.at).copied(), self.matching.get(to).copied()) else { return };
        let column = self.all.remove(from);
        self.all.insert(target, column);
        self.search();
        self.cursor.at = to;
        self.tell(context);
    }

    fn tell(&self, context: &mut Context<'_>) {
        context.go.push(Go::Chosen(Choice::Columns(self.all.clone())));
    }
}
