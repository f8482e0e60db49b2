//! A cursor in a list, and which part of the list is seen.

use crate::config::keymap::Action;

/// A cursor over lines, of which a window is seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The line under the cursor.
    pub at: usize,
    /// The first line that is seen.
    pub top: usize,
}

impl Cursor {
    /// Moves by an action over `len` lines, of which `height` are seen. Returns whether the action was a movement.
    pub fn travel(&mut self, action: Action, len: usize, height: usize) -> bool {
        let page = height.max(1);
        let to = match action {
            Action::Up => self.at.saturating_sub(1),
            Action::Down => self.at + 1,
            Action::HalfPageUp => self.at.saturating_sub(page / 2),
            Action::HalfPageDown => self.at + page / 2,
            Action::PageUp => self.at.saturating_sub(page),
            Action::PageDown => self.at + page,
            Action::Top => 0,
            Action::Bottom => len,
            _ => return false,
        };
        self.at = to;
        self.fit(len, height);
        true
    }

    /// Moves by lines, as a wheel does.
    pub fn scroll(&mut self, lines: i16, len: usize, height: usize) {
        self.at = self.at.saturating_add_signed(isize::from(lines));
        self.fit(len, height);
    }

    /// Keeps the cursor on a line and the window around it.
    pub fn fit(&mut self, len: usize, height: usize) {
        self.at = self.at.min(len.saturating_sub(1));
        let height = height.max(1);
        self.top = self
            .top
            .min(self.at)
            .max((self.at + 1).saturating_sub(height))
            .min(len.saturating_sub(height));
    }

    /// The lines that are seen.
    #[must_use]
    pub fn window(&self, len: usize, height: usize) -> std::ops::Range<usize> {
        let top = self.top.min(len);
        top..(top + height).min(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_follows_the_cursor_and_never_leaves_the_list() {
        let mut cursor = Cursor::default();
        cursor.travel(Action::Bottom, 100, 10);
        assert_eq!((cursor.at, cursor.top), (99, 90));
        cursor.travel(Action::HalfPageUp, 100, 10);
        assert_eq!((cursor.at, cursor.top), (94, 90));
        cursor.fit(3, 10);
        assert_eq!((cursor.at, cursor.top), (2, 0));
        cursor.fit(0, 10);
        assert_eq!((cursor.at, cursor.top), (0, 0));
    }
}
