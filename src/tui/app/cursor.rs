//! A cursor in a list with a scrolled window.

use crate::config::keymap::Action;

/// A cursor over items, of which a window is visible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The item under the cursor.
    pub index: usize,
    /// The first visible item.
    pub top: usize,
}

impl Cursor {
    /// Moves over `len` items, of which `height` are visible. Returns false for an action that is no motion.
    pub fn apply_motion(&mut self, action: Action, len: usize, height: usize) -> bool {
        let page = height.max(1);
        let to = match action {
            Action::Up => self.index.saturating_sub(1),
            Action::Down => self.index + 1,
            Action::HalfPageUp => self.index.saturating_sub(page / 2),
            Action::HalfPageDown => self.index + page / 2,
            Action::PageUp => self.index.saturating_sub(page),
            Action::PageDown => self.index + page,
            Action::Top => 0,
            Action::Bottom => len,
            _ => return false,
        };
        self.index = to;
        self.clamp(len, height);
        true
    }

    /// Moves by rows, as the mouse wheel does.
    pub fn scroll(&mut self, rows: i16, len: usize, height: usize) {
        self.index = self.index.saturating_add_signed(isize::from(rows));
        self.clamp(len, height);
    }

    /// Moves to an item's new index and scrolls along, so that the item stays on its row of the screen.
    pub fn follow(&mut self, index: Option<usize>) {
        if let Some(index) = index {
            let offset = self.index.saturating_sub(self.top);
            *self = Self {
                index,
                top: index.saturating_sub(offset),
            };
        }
    }

    /// Moves the cursor onto an item and the window around it.
    pub fn clamp(&mut self, len: usize, height: usize) {
        self.index = self.index.min(len.saturating_sub(1));
        let height = height.max(1);
        self.top = self
            .top
            .min(self.index)
            .max((self.index + 1).saturating_sub(height))
            .min(len.saturating_sub(height));
    }

    /// The visible items.
    #[must_use]
    pub fn visible_range(&self, len: usize, height: usize) -> std::ops::Range<usize> {
        let top = self.top.min(len);
        top..(top + height).min(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn window_follows_cursor_within_list() {
        let mut cursor = Cursor::default();
        cursor.apply_motion(Action::Bottom, 100, 10);
        assert_eq!((cursor.index, cursor.top), (99, 90));
        cursor.apply_motion(Action::HalfPageUp, 100, 10);
        assert_eq!((cursor.index, cursor.top), (94, 90));
        cursor.clamp(3, 10);
        assert_eq!((cursor.index, cursor.top), (2, 0));
        cursor.clamp(0, 10);
        assert_eq!((cursor.index, cursor.top), (0, 0));
    }
}
