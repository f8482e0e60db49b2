//! The list of columns: which are seen, in which order, which are pinned; fuzzy search over thousands.

use tui_input::{Input, InputRequest};

use super::picker::matches;
use crate::config::keymap::Action;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, dialog};
use crate::tui::app::shared::{Choice, Context, Go};
use crate::tui::screens::runs::columns::Wanted;

/// The list of columns.
#[derive(Debug)]
pub struct ColumnList {
    /// What was typed.
    pub input: Input,
    /// The cursor over the columns that match.
    pub cursor: Cursor,
    all: Vec<Wanted>,
    /// How each column is called, as it is searched.
    names: Vec<String>,
    matching: Vec<usize>,
}

impl ColumnList {
    /// The columns in their order.
    #[must_use]
    pub fn new(all: Vec<Wanted>) -> Self {
        let matching = (0..all.len()).collect();
        let names = all.iter().map(|column| column.key.to_string()).collect();
        Self {
            input: Input::default(),
            cursor: Cursor::default(),
            all,
            names,
            matching,
        }
    }

    /// The columns that match what was typed.
    #[must_use]
    pub fn lines(&self) -> Vec<&Wanted> {
        self.matching.iter().map(|i| &self.all[*i]).collect()
    }

    /// How many columns there are, and how many of them are seen.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (
            self.all.len(),
            self.all.iter().filter(|column| column.visible).count(),
        )
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
        self.matching = matches(self.input.value(), self.names.iter().map(String::as_str));
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
                    self.all[*i].visible = !self.all[*i].visible;
                }
                self.tell(context);
            }
            Action::PinColumn => {
                if let Some(i) = self.matching.get(self.cursor.at) {
                    self.all[*i].pinned = !self.all[*i].pinned;
                }
                self.tell(context);
            }
            Action::ShowMatching => self.show_matching(true, context),
            Action::HideMatching => self.show_matching(false, context),
            Action::PageDown => {
                self.cursor.travel(Action::PageDown, len, height);
            }
            Action::PageUp => {
                self.cursor.travel(Action::PageUp, len, height);
            }
            Action::MoveEarlier => self.shift(-1, context),
            Action::MoveLater => self.shift(1, context),
            _ => {}
        }
    }

    /// Shows or hides every column that matches what was typed.
    fn show_matching(&mut self, visible: bool, context: &mut Context<'_>) {
        for i in &self.matching {
            self.all[*i].visible = visible;
        }
        self.tell(context);
    }

    /// Moves the column under the cursor among the columns that match.
    fn shift(&mut self, by: isize, context: &mut Context<'_>) {
        let to = self.cursor.at.saturating_add_signed(by);
        let (Some(from), Some(target)) = (
            self.matching.get(self.cursor.at).copied(),
            self.matching.get(to).copied(),
        ) else {
            return;
        };
        let (column, name) = (self.all.remove(from), self.names.remove(from));
        self.all.insert(target, column);
        self.names.insert(target, name);
        self.search();
        self.cursor.at = to;
        self.tell(context);
    }

    fn tell(&self, context: &mut Context<'_>) {
        context
            .go
            .push(Go::Chosen(Choice::Columns(self.all.clone())));
    }
}
