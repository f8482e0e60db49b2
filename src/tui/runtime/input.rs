//! What the terminal reports, as messages of the app.

use crossterm::event::{
    Event, KeyCode as Code, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};

use crate::config::keymap::{Key, KeyCode, NamedKey};
use crate::tui::app::{Message, Mouse};

/// What a terminal says of itself after it was asked: its colours (`ESC ] 11 ; rgb:1010/1010/1818 ESC \\`), its graphics
/// (`ESC _ G i=31;OK ESC \\`), its name (`ESC P > | kitty(0.32) ESC \\`). Over a slow line the answer comes when nobody waits for it
/// any more; as keys, it would go to other screens and open dialogs.
#[derive(Default)]
pub(super) struct InputTranslator {
    /// Which kind of answer has begun, and how many characters of it have come.
    pending_response: Option<(TerminalResponse, usize)>,
    /// Where the left button went down.
    drag_start: Option<(u16, u16)>,
}

/// A kind of answer, known by how it begins.
#[derive(Clone, Copy)]
enum TerminalResponse {
    Color,
    Graphics,
    Name,
}

/// The longest answer, in characters: what goes on is no answer.
const MAX_RESPONSE_CHARS: usize = 80;

impl TerminalResponse {
    /// The kind that begins with alt and this character.
    fn from_first_char(c: char) -> Option<Self> {
        [(']', Self::Color), ('_', Self::Graphics), ('P', Self::Name)]
            .into_iter()
            .find(|(first, _)| *first == c)
            .map(|(_, kind)| kind)
    }

    /// Whether it can have this character at this place.
    fn accepts(self, at: usize, c: char) -> bool {
        match (self, at) {
            (Self::Color, 0) => c == '1',
            (Self::Color, 1) => matches!(c, '0' | '1'),
            (Self::Color, 2) => c == ';',
            (Self::Color, _) => c.is_ascii_hexdigit() || "rgb:/".contains(c),
            (Self::Graphics, 0) => c == 'G',
            (Self::Graphics, 1) => c == 'i',
            (Self::Name, 0) => c == '>',
            (Self::Name, 1) => c == '|',
            (Self::Graphics | Self::Name, _) => at < MAX_RESPONSE_CHARS && !c.is_control(),
        }
    }
}

impl InputTranslator {
    /// The message of an event; nothing for those that mean nothing here, and for a late answer.
    pub(super) fn translate(&mut self, event: Event) -> Option<Message> {
        match event {
            Event::Key(key) if self.is_terminal_response(key) => None,
            Event::Mouse(MouseEvent {
                kind: MouseEventKind::Up(MouseButton::Left),
                column,
                row,
                ..
            }) => {
                let (from, to) = (self.drag_start.take()?, (column, row));
                // A hand that trembles still clicks.
                (from.0.abs_diff(to.0) > 1).then_some(Message::Mouse(Mouse::Drag { from, to }))
            }
            event => {
                let message = translate_event(event);
                if let Some(Message::Mouse(Mouse::Click { x, y })) = message {
                    self.drag_start = Some((x, y));
                }
                message
            }
        }
    }

    /// Whether a key is a part of an answer. The first that can be none ends it, so that no other key is lost.
    fn is_terminal_response(&mut self, key: KeyEvent) -> bool {
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let Code::Char(c) = key.code else {
            self.pending_response = None;
            return false;
        };
        let Some((kind, at)) = self.pending_response else {
            self.pending_response = TerminalResponse::from_first_char(c)
                .filter(|_| alt)
                .map(|kind| (kind, 0));
            return self.pending_response.is_some();
        };
        let continues = !alt && !ctrl && kind.accepts(at, c);
        self.pending_response = continues.then_some((kind, at + 1));
        // It ends with ESC \ or BEL.
        continues || (at > 2 && ((alt && c == '\\') || (ctrl && c == 'g')))
    }
}

/// The message of an event; nothing for those that mean nothing here. A new size is measured when drawing.
fn translate_event(event: Event) -> Option<Message> {
    match event {
        Event::Key(event) => translate_key(event).map(Message::Key),
        Event::Paste(text) => Some(Message::Paste(text)),
        Event::Mouse(event) => translate_mouse(event).map(Message::Mouse),
        Event::Resize(..) | Event::FocusGained | Event::FocusLost => None,
    }
}

fn translate_key(event: KeyEvent) -> Option<Key> {
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
        Code::Tab if shift => KeyCode::Named(NamedKey::BackTab),
        other => KeyCode::Named(translate_named_key(other)?),
    };
    Some(Key { code, ctrl, alt })
}

fn translate_named_key(code: Code) -> Option<NamedKey> {
    Some(match code {
        Code::Enter => NamedKey::Enter,
        Code::Esc => NamedKey::Esc,
        Code::Tab => NamedKey::Tab,
        Code::BackTab => NamedKey::BackTab,
        Code::Backspace => NamedKey::Backspace,
        Code::Delete => NamedKey::Delete,
        Code::Insert => NamedKey::Insert,
        Code::Up => NamedKey::Up,
        Code::Down => NamedKey::Down,
        Code::Left => NamedKey::Left,
        Code::Right => NamedKey::Right,
        Code::Home => NamedKey::Home,
        Code::End => NamedKey::End,
        Code::PageUp => NamedKey::PageUp,
        Code::PageDown => NamedKey::PageDown,
        _ => return None,
    })
}

fn translate_mouse(event: MouseEvent) -> Option<Mouse> {
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

    fn key_name(code: Code, modifiers: KeyModifiers) -> Option<String> {
        match translate_event(Event::Key(KeyEvent::new(code, modifiers)))? {
            Message::Key(key) => Some(key.to_string()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn keys_match_keymap_names() {
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
            assert_eq!(key_name(code, modifiers).as_deref(), Some(name));
        }
        assert_eq!(key_name(Code::CapsLock, none), None);
    }

    #[test]
    fn key_release_is_ignored() {
        let release =
            KeyEvent::new_with_kind(Code::Char('j'), KeyModifiers::NONE, KeyEventKind::Release);
        let repeat =
            KeyEvent::new_with_kind(Code::Char('j'), KeyModifiers::NONE, KeyEventKind::Repeat);
        assert!(translate_event(Event::Key(release)).is_none());
        assert!(translate_event(Event::Key(repeat)).is_some());
    }

    #[test]
    fn wheel_and_left_button_are_reported() {
        let at = |kind| {
            translate_mouse(MouseEvent {
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
    fn translate_keys(keys: &str) -> String {
        let mut listener = InputTranslator::default();
        let mut modifiers = KeyModifiers::NONE;
        let mut translated = String::new();
        for c in keys.chars() {
            match c {
                '~' => modifiers = KeyModifiers::ALT,
                '^' => modifiers = KeyModifiers::CONTROL,
                c => {
                    let event = Event::Key(KeyEvent::new(
                        Code::Char(c),
                        std::mem::replace(&mut modifiers, KeyModifiers::NONE),
                    ));
                    if let Some(Message::Key(key)) = listener.translate(event) {
                        translated.push_str(&key.to_string());
                    }
                }
            }
        }
        translated
    }

    #[test]
    fn late_terminal_responses_are_not_keys() {
        assert_eq!(translate_keys("j~]11;rgb:1010/1010/1818~\\k"), "jk");
        assert_eq!(
            translate_keys("~]10;rgb:e0e0/e0e0/e0e0^g~]11;rgb:0000/ffff/0a0b~\\q"),
            "q"
        );
        assert_eq!(
            translate_keys("~]jk"),
            "jk",
            "another key ends what is no answer"
        );
        assert_eq!(translate_keys("~]11;rgb:ffR"), "R");
        assert_eq!(translate_keys("~]1~xg"), "alt-xg");
    }
}
