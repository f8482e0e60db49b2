//! The list of columns: which are seen, in which order, which are pinned; fuzzy search over thousands.

use tui_input::{Input, InputRequest};

use super::picker::fuzzy_match;
use crate::config::keymap::Action;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, dialog_area};
use crate::tui::app::shared::{Choice, Navigate, UpdateContext};
use crate::tui::screens::runs::columns::ColumnChoice;

/// The list of columns.
#[derive(Debug)]
pub struct ColumnPicker {
    /// What was typed.
    pub input: Input,
    /// The cursor over the columns that match.
    pub cursor: Cursor,
    columns: Vec<ColumnChoice>,
    /// How each column is called, as it is searched.
    search_names: Vec<String>,
    matching: Vec<usize>,
}

impl ColumnPicker {
    /// The columns in their order.
    #[must_use]
    pub fn new(columns: Vec<ColumnChoice>) -> Self {
        let matching = (0..columns.len()).collect();
        let search_names = columns
            .iter()
            .map(|column| column.key.to_string())
            .collect();
        Self {
            input: Input::default(),
            cursor: Cursor::default(),
            columns,
            search_names,
            matching,
        }
    }

    /// The columns that match what was typed.
    #[must_use]
    pub fn matching_columns(&self) -> Vec<&ColumnChoice> {
        self.matching.iter().map(|i| &self.columns[*i]).collect()
    }

    /// How many columns there are, and how many of them are seen.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (
            self.columns.len(),
            self.columns
                .iter()
                .filter(|column| column.is_visible)
                .count(),
        )
    }

    /// Where the list is drawn.
    #[must_use]
    pub fn area(&self, size: Size) -> ratatui::layout::Rect {
        dialog_area(size, 64, (self.columns.len() as u16).clamp(3, 24) + 5)
    }

    pub(super) fn edit(&mut self, request: InputRequest) {
        self.input.handle(request);
        self.update_matches();
        self.cursor = Cursor::default();
    }

    fn update_matches(&mut self) {
        self.matching = fuzzy_match(
            self.input.value(),
            self.search_names.iter().map(String::as_str),
        );
    }

    pub(super) fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) {
        let height = usize::from(self.area(context.size).height.saturating_sub(5));
        let len = self.matching.len();
        match action {
            Action::Next => {
                self.cursor.apply_motion(Action::Down, len, height);
            }
            Action::Previous => {
                self.cursor.apply_motion(Action::Up, len, height);
            }
            Action::Accept => {
                if let Some(i) = self.matching.get(self.cursor.index) {
                    self.columns[*i].is_visible = !self.columns[*i].is_visible;
                }
                self.submit(context);
            }
            Action::PinColumn => {
                if let Some(i) = self.matching.get(self.cursor.index) {
                    self.columns[*i].is_pinned = !self.columns[*i].is_pinned;
                }
                self.submit(context);
            }
            Action::ShowMatching => self.set_matching_visible(true, context),
            Action::HideMatching => self.set_matching_visible(false, context),
            Action::PageDown => {
                self.cursor.apply_motion(Action::PageDown, len, height);
            }
            Action::PageUp => {
                self.cursor.apply_motion(Action::PageUp, len, height);
            }
            Action::MoveEarlier => self.move_column(-1, context),
            Action::MoveLater => self.move_column(1, context),
            _ => {}
        }
    }

    /// Shows or hides every column that matches what was typed.
    fn set_matching_visible(&mut self, visible: bool, context: &mut UpdateContext<'_>) {
        for i in &self.matching {
            self.columns[*i].is_visible = visible;
        }
        self.submit(context);
    }

    /// Moves the column under the cursor among the columns that match.
    fn move_column(&mut self, by: isize, context: &mut UpdateContext<'_>) {
        let to = self.cursor.index.saturating_add_signed(by);
        let (Some(from), Some(target)) = (
            self.matching.get(self.cursor.index).copied(),
            self.matching.get(to).copied(),
        ) else {
            return;
        };
        let (column, name) = (self.columns.remove(from), self.search_names.remove(from));
        self.columns.insert(target, column);
        self.search_names.insert(target, name);
        self.update_matches();
        self.cursor.index = to;
        self.submit(context);
    }

    fn submit(&self, context: &mut UpdateContext<'_>) {
        context
            .navigation
            .push(Navigate::Submit(Choice::Columns(self.columns.clone())));
    }
}
