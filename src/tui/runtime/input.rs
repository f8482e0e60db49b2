//! What the terminal reports, as messages of the app.

use crossterm::event::{
    Event, KeyCode as Code, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};

use crate::config::keymap::{Key, KeyCode, Named};
use crate::tui::app::{Message, Mouse};

/// What a terminal says of itself after it was asked: its colours (`ESC ] 11 ; rgb:1010/1010/1818 ESC \\`), its graphics
/// (`ESC _ G i=31;OK ESC \\`), its name (`ESC P > | kitty(0.32) ESC \\`). Over a slow line the answer comes when nobody waits for it
/// any more; as keys, it would go to other screens and open dialogs.
#[derive(Default)]
pub(super) struct Listener {
    /// Which kind of answer has begun, and how many characters of it have come.
    answer: Option<(Answer, usize)>,
    /// Where the left button went down.
    held: Option<(u16, u16)>,
}

/// A kind of answer, known by how it begins.
#[derive(Clone, Copy)]
enum Answer {
    Color,
    Graphics,
    Name,
}

/// The longest answer, in characters: what goes on is no answer.
const ANSWER: usize = 80;

impl Answer {
    /// The kind that begins with alt and this character.
    fn begun(c: char) -> Option<Self> {
        [(']', Self::Color), ('_', Self::Graphics), ('P', Self::Name)]
            .into_iter()
            .find(|(first, _)| *first == c)
            .map(|(_, kind)| kind)
    }

    /// Whether it can have this character at this place.
    fn has(self, at: usize, c: char) -> bool {
        match (self, at) {
            (Self::Color, 0) => c == '1',
            (Self::Color, 1) => matches!(c, '0' | '1'),
            (Self::Color, 2) => c == ';',
            (Self::Color, _) => c.is_ascii_hexdigit() || "rgb:/".contains(c),
            (Self::Graphics, 0) => c == 'G',
            (Self::Graphics, 1) => c == 'i',
            (Self::Name, 0) => c == '>',
            (Self::Name, 1) => c == '|',
            (Self::Graphics | Self::Name, _) => at < ANSWER && !c.is_control(),
        }
    }
}

impl Listener {
    /// The message of an event; nothing for those that mean nothing here, and for a late answer.
    pub(super) fn message(&mut self, event: Event) -> Option<Message> {
        match event {
            Event::Key(key) if self.is_answer(key) => None,
            Event::Mouse(MouseEvent {
                kind: MouseEventKind::Up(MouseButton::Left),
                column,
                row,
                ..
            }) => {
                let (from, to) = (self.held.take()?, (column, row));
                // A hand that trembles still clicks.
                (from.0.abs_diff(to.0) > 1).then_some(Message::Mouse(Mouse::Drag { from, to }))
            }
            event => {
                let message = message(event);
                if let Some(Message::Mouse(Mouse::Click { x, y })) = message {
                    self.held = Some((x, y));
                }
                message
            }
        }
    }

    /// Whether a key is a part of an answer. The first that can be none ends it, so that no other key is lost.
    fn is_answer(&mut self, key: KeyEvent) -> bool {
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let Code::Char(c) = key.code else {
            self.answer = None;
            return false;
        };
        let Some((kind, at)) = self.answer else {
            self.answer = Answer::begun(c).filter(|_| alt).map(|kind| (kind, 0));
            return self.answer.is_some();
        };
        let goes_on = !alt && !ctrl && kind.has(at, c);
        self.answer = goes_on.then_some((kind, at + 1));
        // It ends with ESC \ or BEL.
        goes_on || (at > 2 && ((alt && c == '\\') || (ctrl && c == 'g')))
    }
}

/// The message of an event; nothing for those that mean nothing here. A new size is measured when drawing.
fn message(event: Event) -> Option<Message> {
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
        MouseEventKind::Down(MouseButton::Left) => Some(Mouse::Click {
            x: event.column,
            y: event.row,
        }),
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
        let release =
            KeyEvent::new_with_kind(Code::Char('j'), KeyModifiers::NONE, KeyEventKind::Release);
        let repeat =
            KeyEvent::new_with_kind(Code::Char('j'), KeyModifiers::NONE, KeyEventKind::Repeat);
        assert!(message(Event::Key(release)).is_none());
        assert!(message(Event::Key(repeat)).is_some());
    }

    #[test]
    fn the_wheel_and_the_left_button_are_heard() {
        let at = |kind| {
            mouse(MouseEvent {
                kind,
                column: 3,
                row: 7,
                modifiers: KeyModifiers::NONE,
            })
        };
        assert_eq!(
            at(MouseEventKind::Down(MouseButton::Left)),
            Some(Mouse::Click { x: 3, y: 7 })
        );
        assert_eq!(at(MouseEventKind::ScrollDown), Some(Mouse::Wheel(1)));
        assert_eq!(at(MouseEventKind::Moved), None);
    }

    /// What is heard of keys, written as they are named; `~` is held with the character after it, `^` is control.
    fn heard(keys: &str) -> String {
        let mut listener = Listener::default();
        let mut modifiers = KeyModifiers::NONE;
        let mut heard = String::new();
        for c in keys.chars() {
            match c {
                '~' => modifiers = KeyModifiers::ALT,
                '^' => modifiers = KeyModifiers::CONTROL,
                c => {
                    let event = Event::Key(KeyEvent::new(
                        Code::Char(c),
                        std::mem::replace(&mut modifiers, KeyModifiers::NONE),
                    ));
                    if let Some(Message::Key(key)) = listener.message(event) {
                        heard.push_str(&key.to_string());
                    }
                }
            }
        }
        heard
    }

    #[test]
    fn a_late_answer_of_the_terminal_is_no_keys() {
        assert_eq!(heard("j~]11;rgb:1010/1010/1818~\\k"), "jk");
        assert_eq!(
            heard("~]10;rgb:e0e0/e0e0/e0e0^g~]11;rgb:0000/ffff/0a0b~\\q"),
            "q"
        );
        assert_eq!(heard("~]jk"), "jk", "another key ends what is no answer");
        assert_eq!(heard("~]11;rgb:ffR"), "R");
        assert_eq!(heard("~]1~xg"), "alt-xg");
    }
}
