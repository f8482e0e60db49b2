//! The keys in bytes that were read past crossterm, while the terminal was asked what it can.
//!
//! crossterm's parser can't be fed. This one knows what is typed in the half second that asking may take: characters, with
//! control and alt, and the named keys. Pastes, the mouse and everything else are left out.
//! <https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>, "PC-Style Function Keys".

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

const ESC: u8 = 0x1b;

/// The keys, in their order.
pub(super) fn parse_keys(bytes: &[u8]) -> Vec<KeyEvent> {
    let mut keys = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (key, length) = parse_key(rest);
        keys.extend(key);
        rest = &rest[length..];
    }
    keys
}

/// The key that the bytes begin with, if it is one, and how many bytes it takes, at least one.
fn parse_key(bytes: &[u8]) -> (Option<KeyEvent>, usize) {
    match bytes {
        [ESC, b'[' | b'O', rest @ ..] if !rest.is_empty() => {
            let length = rest
                .iter()
                .position(|byte| (0x40..0x7f).contains(byte))
                .map_or(rest.len(), |at| at + 1);
            (parse_csi(&rest[..length]), length + 2)
        }
        [ESC, ESC, ..] | [ESC] => (Some(unmodified(KeyCode::Esc)), 1),
        [ESC, rest @ ..] => {
            let (key, length) = parse_char(rest);
            (
                key.map(|key| KeyEvent::new(key.code, key.modifiers | KeyModifiers::ALT)),
                length + 1,
            )
        }
        _ => parse_char(bytes),
    }
}

fn unmodified(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

/// A control sequence without its introducer: `A`, `1;5A`, `5~`, `27u`.
fn parse_csi(sequence: &[u8]) -> Option<KeyEvent> {
    let (last, parameters) = sequence.split_last()?;
    let mut numbers = std::str::from_utf8(parameters)
        .ok()?
        .split(';')
        .map(|number| number.parse::<u32>().ok());
    let first = numbers.next().flatten();
    let modifiers = numbers
        .next()
        .flatten()
        .map_or(KeyModifiers::NONE, parse_modifiers);
    let code = match (last, first) {
        (b'A', _) => KeyCode::Up,
        (b'B', _) => KeyCode::Down,
        (b'C', _) => KeyCode::Right,
        (b'D', _) => KeyCode::Left,
        (b'H', _) | (b'~', Some(1 | 7)) => KeyCode::Home,
        (b'F', _) | (b'~', Some(4 | 8)) => KeyCode::End,
        (b'Z', _) => KeyCode::BackTab,
        (b'~', Some(2)) => KeyCode::Insert,
        (b'~', Some(3)) => KeyCode::Delete,
        (b'~', Some(5)) => KeyCode::PageUp,
        (b'~', Some(6)) => KeyCode::PageDown,
        // kitty's form of any key. https://sw.kovidgoyal.net/kitty/keyboard-protocol/
        (b'u', Some(number)) => {
            match parse_char(char::from_u32(number)?.encode_utf8(&mut [0; 4]).as_bytes()).0 {
                _ if number == u32::from(ESC) => KeyCode::Esc,
                key => key?.code,
            }
        }
        _ => return None,
    };
    Some(KeyEvent::new(code, modifiers))
}

/// Modifiers as sequences write them: one more than the sum of shift 1, alt 2, control 4.
fn parse_modifiers(number: u32) -> KeyModifiers {
    let bits = number.saturating_sub(1);
    [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
    ]
    .into_iter()
    .filter(|(bit, _)| bits & bit != 0)
    .fold(KeyModifiers::NONE, |all, (_, modifier)| all | modifier)
}

/// One character in UTF-8, or what control makes of one.
fn parse_char(bytes: &[u8]) -> (Option<KeyEvent>, usize) {
    let key = match bytes[0] {
        b'\r' | b'\n' => unmodified(KeyCode::Enter),
        b'\t' => unmodified(KeyCode::Tab),
        0x7f | 0x08 => unmodified(KeyCode::Backspace),
        0 => KeyEvent::new(KeyCode::Char(' '), KeyModifiers::CONTROL),
        byte @ 0x01..0x1b => KeyEvent::new(
            KeyCode::Char(char::from(byte + b'a' - 1)),
            KeyModifiers::CONTROL,
        ),
        0x1b..0x20 => return (None, 1),
        _ => {
            let whole = bytes
                .utf8_chunks()
                .next()
                .and_then(|chunk| chunk.valid().chars().next());
            return whole.map_or((None, 1), |c| {
                (Some(unmodified(KeyCode::Char(c))), c.len_utf8())
            });
        }
    };
    (Some(key), 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_match_crossterm() {
        let (none, alt, ctrl) = (KeyModifiers::NONE, KeyModifiers::ALT, KeyModifiers::CONTROL);
        let expected = [
            (KeyCode::Char('j'), none),
            (KeyCode::Char('é'), none),
            (KeyCode::Char('c'), ctrl),
            (KeyCode::Up, none),
            (KeyCode::Down, alt),
            (KeyCode::Esc, none),
            (KeyCode::PageUp, none),
            (KeyCode::BackTab, none),
            (KeyCode::Char('x'), alt),
            (KeyCode::Enter, none),
            (KeyCode::Esc, none),
        ];
        let typed = parse_keys("jé\x03\x1b[A\x1b[1;3B\x1b[27u\x1b[5~\x1b[Z\x1bx\r\x1b".as_bytes());
        assert_eq!(
            typed,
            expected.map(|(code, modifiers)| KeyEvent::new(code, modifiers))
        );
    }

    #[test]
    fn mouse_and_partial_sequences_are_ignored() {
        assert!(parse_keys(b"\x1b[<0;12;4M").is_empty());
        assert!(parse_keys(b"\x1b[1;").is_empty());
        assert!(parse_keys(b"\xff\x1f").is_empty());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_terminate(bytes: Vec<u8>) {
            prop_assert!(parse_keys(&bytes).len() <= bytes.len());
        }

        #[test]
        fn printable_characters_round_trip(text in "[^\\pC]{0,20}") {
            let parsed: String = parse_keys(text.as_bytes()).iter().filter_map(|key| key.code.as_char()).collect();
            prop_assert_eq!(parsed, text);
        }
    }
}
