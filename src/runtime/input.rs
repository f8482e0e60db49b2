//! What the terminal reports, as messages of the app.

use crossterm::event::{Event, KeyCode as Code, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::app::{Message, Mouse};
use crate::config::keymap::{Key, KeyCode, Named};

/// The message of an event; nothing for those that mean nothing here. A new size is measured when drawing.
pub(super) fn message(event: Event) -> Option<Message> {
    match event {
        Event::Key(event) => key(event).map(Message::Key),
        Event::Paste(text) => Some(Message::Paste(text)),
        Event::Mouse(event) => mouse(event).map(Message::Mouse),
        Event::Resize(..) | Event::FocusGained | Event::FocusLost => None,
    }
}

fn key(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    let alt = event.modifiers.contains(KeyModifiers::ALT);
    let shift = event.modifiers.contains(KeyModifiers::SHIFT);
    let code = match event.code {
        // Terminals tell no case with control; keymaps write the small letter.
        Code::Char(c) if ctrl => KeyCode::Char(c.to_ascii_lowercase()),
        Code::Char(c) if shift => KeyCode::Char(c.to_ascii_uppercase()),
        Code::Char(c) => KeyCode::Char(c),
        Code::F(n) => KeyCode::F(n),
        Code::Tab if shift => KeyCode::Named(Named::BackTab),
        other => KeyCode::Named(named(other)?),
    };
    Some(Key { code, ctrl, alt })
}

fn named(code: Code) -> Option<Named> {
    Some(match code {
        Code::Enter => Named::Enter,
        Code::Esc => Named::Esc,
        Code::Tab => Named::Tab,
        Code::BackTab => Named::BackTab,
        Code::Backspace => Named::Backspace,
        Code::Delete => Named::Delete,
        Code::Insert => Named::Insert,
        Code::Up => Named::Up,
        Code::Down => Named::Down,
        Code::Left => Named::Left,
        Code::Right => Named::Right,
        Code::Home => Named::Home,
        Code::End => Named::End,
        Code::PageUp => Named::PageUp,
        Code::PageDown => Named::PageDown,
        _ => return None,
    })
}

fn mouse(event: MouseEvent) -> Option<Mouse> {
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => Some(Mouse::Click { x: event.column, y: event.row }),
        MouseEventKind::ScrollUp => Some(Mouse::Wheel(-1)),
        MouseEventKind::ScrollDown => Some(Mouse::Wheel(1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: Code, modifiers: KeyModifiers) -> Option<String> {
        match message(Event::Key(KeyEvent::new(code, modifiers)))? {
            Message::Key(key) => Some(key.to_string()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn keys_are_named_as_keymaps_write_them() {
        let none = KeyModifiers::NONE;
        let cases = [
            (Code::Char('j'), none, "j"),
            (Code::Char('G'), KeyModifiers::SHIFT, "G"),
            (Code::Char('g'), KeyModifiers::SHIFT, "G"),
            (Code::Char('c'), KeyModifiers::CONTROL, "ctrl-c"),
            (Code::Char('x'), KeyModifiers::ALT, "alt-x"),
            (Code::Char(' '), none, "space"),
            (Code::BackTab, KeyModifiers::SHIFT, "shift-tab"),
            (Code::Tab, KeyModifiers::SHIFT, "shift-tab"),
            (Code::F(5), none, "f5"),
            (Code::PageDown, none, "pagedown"),
        ];
        for (code, modifiers, name) in cases {
            assert_eq!(pressed(code, modifiers).as_deref(), Some(name));
        }
        assert_eq!(pressed(Code::CapsLock, none), None);
    }

    #[test]
    fn letting_a_key_go_is_no_key() {
        let release = KeyEvent::new_with_kind(Code::Char('j'), KeyModifiers::NONE, KeyEventKind::Release);
        let repeat = KeyEvent::new_with_kind(Code::Char('j'), KeyModifiers::NONE, KeyEventKind::Repeat);
        assert!(message(Event::Key(release)).is_none());
        assert!(message(Event::Key(repeat)).is_some());
    }

    #[test]
    fn the_wheel_and_the_left_button_are_heard() {
        let at = |kind| mouse(MouseEvent { kind, column: 3, row: 7, modifiers: KeyModifiers::NONE });
        assert_eq!(at(MouseEventKind::Down(MouseButton::Left)), Some(Mouse::Click { x: 3, y: 7 }));
        assert_eq!(at(MouseEventKind::ScrollDown), Some(Mouse::Wheel(1)));
        assert_eq!(at(MouseEventKind::Moved), None);
    }
}
