//! The column list: visibility, order and pins of table columns, with fuzzy search over thousands.

use tui_input::{Input, InputRequest};

use super::picker::fuzzy_match;
use super::submission::{Callback, Handler};
use crate::config::keymap::Action;
use crate::table::ColumnKey;
use crate::tui::app::context::UpdateContext;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, dialog_area};
use crate::tui::app::navigation::Navigate;
use crate::tui::app::screen::Screen;

/// The user's choices for a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnChoice {
    pub key: ColumnKey,
    pub is_visible: bool,
    /// A pinned column stays at the left when the others scroll.
    pub is_pinned: bool,
}

/// The column list. Each change is submitted at once; leaving with esc takes all of them back.
#[derive(Debug)]
pub struct ColumnPicker {
    pub input: Input,
    /// Over the matching columns.
    pub cursor: Cursor,
    columns: Vec<ColumnChoice>,
    /// As they were when the list was opened.
    initial: Vec<ColumnChoice>,
    /// The searched name of each column.
    search_names: Vec<String>,
    matching: Vec<usize>,
    on_change: Callback<dyn Fn(Vec<ColumnChoice>) -> Navigate>,
}

impl ColumnPicker {
    pub fn new<S: Screen>(
        columns: Vec<ColumnChoice>,
        handler: Handler<S, Vec<ColumnChoice>>,
    ) -> Self {
        let matching = (0..columns.len()).collect();
        let search_names = columns
            .iter()
            .map(|column| column.key.to_string())
            .collect();
        Self {
            input: Input::default(),
            cursor: Cursor::default(),
            initial: columns.clone(),
            columns,
            search_names,
            matching,
            on_change: Callback(Box::new(move |columns| Navigate::submit(handler, columns))),
        }
    }

    #[must_use]
    pub fn matching_columns(&self) -> Vec<&ColumnChoice> {
        self.matching.iter().map(|i| &self.columns[*i]).collect()
    }

    /// The numbers of columns and of visible columns.
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
        let motion = match action {
            Action::Next => Action::Down,
            Action::Previous => Action::Up,
            other => other,
        };
        let height = usize::from(self.area(context.size).height.saturating_sub(5));
        if self
            .cursor
            .apply_motion(motion, self.matching.len(), height)
        {
            return;
        }
        let current = self.matching.get(self.cursor.index).copied();
        match (action, current) {
            (Action::Accept, _) => return context.close_dialog(),
            (Action::Back, _) => {
                context.close_dialog();
                if self.columns == self.initial {
                    return;
                }
                self.columns.clone_from(&self.initial);
                context.notify("the columns are as they were");
            }
            (Action::Toggle, Some(i)) => self.columns[i].is_visible = !self.columns[i].is_visible,
            (Action::PinColumn, Some(i)) => self.columns[i].is_pinned = !self.columns[i].is_pinned,
            (Action::ShowMatching, _) => self.set_matching_visible(true),
            (Action::HideMatching, _) => self.set_matching_visible(false),
            (Action::MoveEarlier, _) => self.move_column(-1),
            (Action::MoveLater, _) => self.move_column(1),
            _ => return,
        }
        let step = (self.on_change.0)(self.columns.clone());
        context.navigation.push(step);
    }

    /// Moves the cursor to the column in a row of the screen. Returns false where there is none.
    pub(in crate::tui::app) fn select_at(&mut self, y: u16, size: Size) -> bool {
        let area = self.area(size);
        let rows = area.y + 3..area.bottom().saturating_sub(1);
        let index = self.cursor.top + usize::from(y.saturating_sub(rows.start));
        let is_item = rows.contains(&y) && index < self.matching.len();
        if is_item {
            self.cursor.index = index;
        }
        is_item
    }

    fn set_matching_visible(&mut self, visible: bool) {
        for i in &self.matching {
            self.columns[*i].is_visible = visible;
        }
    }

    /// Moves the column under the cursor past its neighbor in the matching columns.
    fn move_column(&mut self, by: isize) {
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
    }
}
