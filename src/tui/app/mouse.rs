//! The mouse: clicks on lists, headers, tabs, the path and the key hints; the wheel; double clicks.

use super::dialogs::Dialog;
use super::layout::{ScreenAreas, screen_areas};
use super::message::Mouse;
use super::{App, key_hints, top_line};
use crate::config::keymap::{Action, Scope};
use crate::domain::Millis;

/// Rows that one notch of the wheel scrolls.
const WHEEL_ROWS: i16 = 3;
/// The longest time between the clicks of a double click, in ms, as desktops have it.
const DOUBLE_CLICK_MS: Millis = 500;

impl App {
    pub(super) fn handle_mouse(&mut self, mouse: Mouse) {
        let areas = screen_areas(self.size);
        let is_double = self.is_double_click(mouse);
        if let Mouse::Click { x, y } = mouse
            && areas.key_hints.contains((x, y).into())
        {
            if let Some(action) = key_hints::action_at(self, areas.key_hints.width, x) {
                self.handle_action(action);
            }
        } else if self.dialog.is_some() {
            self.handle_dialog_mouse(mouse, is_double);
        } else {
            self.handle_screen_mouse(mouse, is_double, &areas);
        }
    }

    /// Whether this click follows another one on the same row.
    fn is_double_click(&mut self, mouse: Mouse) -> bool {
        let Mouse::Click { x, y } = mouse else {
            self.last_click = None;
            return false;
        };
        let last = self.last_click.replace((self.now, (x, y)));
        let is_double = last.is_some_and(|(at, cell)| {
            cell.1 == y && cell.0.abs_diff(x) <= 1 && self.now - at <= DOUBLE_CLICK_MS
        });
        if is_double {
            // A third click does not open twice.
            self.last_click = None;
        }
        is_double
    }

    fn handle_dialog_mouse(&mut self, mouse: Mouse, is_double: bool) {
        let size = self.size;
        let action = self.with_dialog(|dialog, _| match (mouse, dialog) {
            (
                Mouse::Wheel(rows),
                Dialog::Messages(_)
                | Dialog::Text(_)
                | Dialog::Diff(_)
                | Dialog::Review(_)
                | Dialog::Plan(_),
            ) => Some((scroll_action(rows, Action::Down, Action::Up), WHEEL_ROWS)),
            (Mouse::Wheel(rows), Dialog::Help(_)) => Some((
                scroll_action(rows, Action::Next, Action::Previous),
                WHEEL_ROWS,
            )),
            (Mouse::Wheel(rows), _) => {
                Some((scroll_action(rows, Action::Next, Action::Previous), 1))
            }
            (Mouse::Click { y, .. }, Dialog::Picker(picker)) => {
                let is_item = picker.select_at(y, size);
                (is_item && is_double).then_some((Action::Accept, 1))
            }
            (Mouse::Click { y, .. }, Dialog::Help(help)) => {
                let is_item = help.select_at(y, size);
                (is_item && is_double).then_some((Action::Accept, 1))
            }
            (Mouse::Click { y, .. }, Dialog::Columns(columns)) => {
                columns.select_at(y, size).then_some((Action::Toggle, 1))
            }
            _ => None,
        });
        if let Some(Some((action, times))) = action {
            for _ in 0..times {
                self.with_dialog(|dialog, context| dialog.handle_action(action, context));
            }
        }
    }

    fn handle_screen_mouse(&mut self, mouse: Mouse, is_double: bool, areas: &ScreenAreas) {
        if let Mouse::Click { x, y } = mouse {
            if areas.header.contains((x, y).into()) {
                if let Some(action) = top_line::action_at(self, areas.header.width, x) {
                    self.handle_action(action);
                }
                return;
            }
            let tabs = self.screen().tabs(self.size);
            if let Some(tabs) = tabs.filter(|tabs| tabs.area.contains((x, y).into())) {
                if let Some(index) = tabs.tab_at(x) {
                    self.with_screen(|screen, context| screen.select_tab(index, context));
                }
                return;
            }
        }
        let (is_item, is_header) = self.with_screen(|screen, context| {
            let list = screen.list(context.size, context.shared);
            let mut clicked = (false, false);
            match (mouse, list) {
                (Mouse::Wheel(lines), Some(list)) => {
                    let rows = lines * WHEEL_ROWS;
                    list.cursor.scroll(rows, list.len, list.height);
                    return clicked;
                }
                (Mouse::Click { y, .. }, Some(list)) if y >= list.top => {
                    let row = usize::from(y - list.top);
                    let index = list.cursor.top + row;
                    if index < list.len && row < list.height {
                        list.cursor.index = index;
                        clicked.0 = true;
                    }
                }
                (Mouse::Click { y, .. }, Some(list)) => clicked.1 = y + 1 == list.top,
                _ => {}
            }
            clicked.0 |= screen.handle_mouse(mouse, context);
            clicked
        });
        if is_item && is_double {
            self.handle_action(Action::Open);
        } else if is_header && self.sorts_by_header() {
            self.handle_action(Action::Sort);
        }
    }

    /// Whether a click on the header of the table is the same as the key that sorts.
    fn sorts_by_header(&self) -> bool {
        matches!(
            self.screen().scope(),
            Scope::Experiments | Scope::Models | Scope::Versions
        )
    }
}

fn scroll_action(rows: i16, down: Action, up: Action) -> Action {
    if rows > 0 { down } else { up }
}
