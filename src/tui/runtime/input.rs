//! Reads the terminal and translates its events into messages of the app.

use std::io::{self, Stdin, stdin};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use termina::Event;
use termina::event::{
    KeyCode as Code, KeyEvent, KeyEventKind, Modifiers, MouseButton, MouseEvent, MouseEventKind,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::{Instant, sleep_until};

use super::input_parser::{Input, InputParser};
use crate::config::keymap::{Key, KeyCode, NamedKey};
use crate::tui::app::{Message, Mouse};

/// How long an escape waits for the rest of a sequence before it is a key: tmux waits 10 ms, vim 100 ms
/// (`ttimeoutlen` in its `defaults.vim`).
const ESCAPE_TIMEOUT: Duration = Duration::from_millis(50);
/// How long a sequence or a paste that has begun waits for its next byte. A line that drops bytes leaves some without an end, and
/// they would swallow every later key.
const INCOMPLETE_TIMEOUT: Duration = Duration::from_secs(2);
/// The bytes of one read: Linux' line discipline holds no more.
const READ_BYTES: usize = 4_096;

/// The only reader of the terminal. Raw mode must be on.
pub(super) struct InputReader {
    tty: AsyncFd<Stdin>,
    parser: InputParser,
    /// When a pending escape becomes a key, or an incomplete sequence is given up.
    flush_at: Option<Instant>,
    /// The next bytes were typed before raw mode, when the terminal still turned `\r` into `\n`.
    has_type_ahead: bool,
}

impl InputReader {
    #[expect(
        deprecated,
        reason = "the replacement is unsafe for descriptors that close; standard input does not"
    )]
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            tty: AsyncFd::with_interest(stdin(), Interest::READABLE)?,
            parser: InputParser::default(),
            flush_at: None,
            has_type_ahead: has_input()?,
        })
    }

    /// What the terminal sent next. Dropping the future loses no byte.
    ///
    /// # Errors
    /// `UnexpectedEof` if the terminal is gone.
    pub(super) async fn next(&mut self) -> io::Result<Vec<Input>> {
        let inputs = if let Some(at) = self.flush_at {
            tokio::select! {
                biased;
                bytes = read(&self.tty) => self.feed(&bytes?),
                () = sleep_until(at) => if self.parser.is_ambiguous() {
                    self.parser.flush()
                } else {
                    self.parser.abandon()
                },
            }
        } else {
            let bytes = read(&self.tty).await?;
            self.feed(&bytes)
        };
        let wait = if self.parser.is_ambiguous() {
            Some(ESCAPE_TIMEOUT)
        } else {
            self.parser.is_incomplete().then_some(INCOMPLETE_TIMEOUT)
        };
        self.flush_at = wait.map(|wait| Instant::now() + wait);
        Ok(inputs)
    }

    fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        if std::mem::take(&mut self.has_type_ahead) {
            let enter = |byte: &u8| if *byte == b'\n' { b'\r' } else { *byte };
            return self
                .parser
                .feed(&bytes.iter().map(enter).collect::<Vec<_>>());
        }
        self.parser.feed(bytes)
    }
}

/// Waits for bytes. The descriptor stays blocking, because the shell shares it, so it is read only if there is input.
async fn read(tty: &AsyncFd<Stdin>) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; READ_BYTES];
    loop {
        let mut ready = tty.readable().await?;
        if !has_input()? {
            ready.clear_ready();
            continue;
        }
        match rustix::io::read(tty.get_ref(), &mut bytes) {
            Ok(0) | Err(Errno::IO) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => {
                bytes.truncate(length);
                return Ok(bytes);
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Whether a read returns at once, with bytes or with the end.
fn has_input() -> io::Result<bool> {
    let tty = rustix::stdio::stdin();
    match poll(
        &mut [PollFd::new(&tty, PollFlags::IN)],
        Some(&Timespec::default()),
    ) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Translates events, and remembers where a drag began.
#[derive(Default)]
pub(super) struct InputTranslator {
    drag_start: Option<(u16, u16)>,
}

impl InputTranslator {
    /// The message of an event, if it has one.
    pub(super) fn translate(&mut self, event: Event) -> Option<Message> {
        if let Event::Mouse(MouseEvent {
            kind: MouseEventKind::Up(MouseButton::Left),
            column,
            row,
            ..
        }) = event
        {
            let (from, to) = (self.drag_start.take()?, (column, row));
            // A click whose hand trembles is not a drag.
            return (from.0.abs_diff(to.0) > 1).then_some(Message::Mouse(Mouse::Drag { from, to }));
        }
        let message = translate_event(event);
        if let Some(Message::Mouse(Mouse::Click { x, y })) = message {
            self.drag_start = Some((x, y));
        }
        message
    }
}

fn translate_event(event: Event) -> Option<Message> {
    match event {
        Event::Key(event) => translate_key(event).map(Message::Key),
        Event::Paste(text) => Some(Message::Paste(text)),
        Event::Mouse(event) => translate_mouse(event).map(Message::Mouse),
        _ => None,
    }
}

fn translate_key(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let ctrl = event.modifiers.contains(Modifiers::CONTROL);
    let alt = event.modifiers.contains(Modifiers::ALT);
    let shift = event.modifiers.contains(Modifiers::SHIFT);
    let code = match event.code {
        // Terminals send the same byte for both cases with control; keymaps use lower case.
        Code::Char(c) if ctrl => KeyCode::Char(c.to_ascii_lowercase()),
        Code::Char(c) if shift => KeyCode::Char(c.to_ascii_uppercase()),
        Code::Char(c) => KeyCode::Char(c),
        Code::Function(n) => KeyCode::F(n),
        Code::Tab if shift => KeyCode::Named(NamedKey::BackTab),
        other => KeyCode::Named(translate_named_key(other)?),
    };
    Some(Key { code, ctrl, alt })
}

fn translate_named_key(code: Code) -> Option<NamedKey> {
    Some(match code {
        Code::Enter => NamedKey::Enter,
        Code::Escape => NamedKey::Esc,
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

    fn key_name(code: Code, modifiers: Modifiers) -> Option<String> {
        match translate_event(Event::Key(KeyEvent::new(code, modifiers)))? {
            Message::Key(key) => Some(key.to_string()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn keys_match_keymap_names() {
        let none = Modifiers::NONE;
        let cases = [
            (Code::Char('j'), none, "j"),
            (Code::Char('G'), Modifiers::SHIFT, "G"),
            (Code::Char('g'), Modifiers::SHIFT, "G"),
            (Code::Char('c'), Modifiers::CONTROL, "ctrl-c"),
            (Code::Char('x'), Modifiers::ALT, "alt-x"),
            (Code::Char(' '), none, "space"),
            (Code::BackTab, Modifiers::SHIFT, "shift-tab"),
            (Code::Tab, Modifiers::SHIFT, "shift-tab"),
            (Code::Function(5), none, "f5"),
            (Code::PageDown, none, "pagedown"),
        ];
        for (code, modifiers, name) in cases {
            assert_eq!(key_name(code, modifiers).as_deref(), Some(name));
        }
        assert_eq!(key_name(Code::CapsLock, none), None);
    }

    #[test]
    fn key_release_is_ignored() {
        let key = KeyEvent::from(Code::Char('j'));
        let release = KeyEvent {
            kind: KeyEventKind::Release,
            ..key
        };
        let repeat = KeyEvent {
            kind: KeyEventKind::Repeat,
            ..key
        };
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
                modifiers: Modifiers::NONE,
            })
        };
        assert_eq!(
            at(MouseEventKind::Down(MouseButton::Left)),
            Some(Mouse::Click { x: 3, y: 7 })
        );
        assert_eq!(at(MouseEventKind::ScrollDown), Some(Mouse::Wheel(1)));
        assert_eq!(at(MouseEventKind::Moved), None);
    }
}
