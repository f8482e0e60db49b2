//! Splits the bytes of a terminal into keys, mouse events, pastes and responses to queries.
//!
//! All of them arrive on one line without framing, so one parser takes every byte of a session: a response that comes late is
//! still recognised as one. This module finds where a sequence ends; `termina` decodes it. Its own parser can't do the first:
//! after alt-P or alt-] it would wait for the end of a control string and swallow every later key.
//! <https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>

use termina::event::Modifiers;
use termina::{Event, Parser};

use crate::tui::graphics::{Response, Scan, scan_response};

const ESC: u8 = 0x1b;
const CTRL_C: u8 = 0x03;
/// More than anyone pastes into a field, and than any response has.
const MAX_PENDING_BYTES: usize = 4 << 20;
const PASTE_START: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// One thing that the terminal sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Input {
    Event(Event),
    Response(Response),
}

/// Bytes that are not a whole sequence yet.
#[derive(Default)]
pub(super) struct InputParser {
    pending: Vec<u8>,
}

/// The start of some input, with its length in bytes.
enum Token {
    /// Characters or one sequence, which `termina` decodes.
    Sequence(usize),
    /// A character typed with alt, after an escape.
    Alt(usize),
    /// Pasted text between its markers.
    Paste(usize),
    Response(Response, usize),
    /// Bytes of no encoding.
    Invalid(usize),
}

impl InputParser {
    /// Takes bytes and returns what they complete, in order.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        // Ctrl-c alone ends whatever has begun and will not end; the longest paste is bounded for the same reason.
        let is_stuck =
            self.is_incomplete() && (bytes == [CTRL_C] || self.pending.len() > MAX_PENDING_BYTES);
        let mut inputs = if is_stuck { self.abandon() } else { Vec::new() };
        self.pending.extend_from_slice(bytes);
        inputs.extend(self.parse(false));
        inputs
    }

    /// Whether a sequence or a paste has begun that is not a key yet.
    pub(super) fn is_incomplete(&self) -> bool {
        !self.pending.is_empty() && !self.is_ambiguous()
    }

    /// Gives up what has begun: a paste without its end is text as far as it came, a broken sequence is nothing.
    pub(super) fn abandon(&mut self) -> Vec<Input> {
        let pending = std::mem::take(&mut self.pending);
        let text = pending
            .strip_prefix(PASTE_START)
            .map(String::from_utf8_lossy);
        text.filter(|text| !text.is_empty())
            .map(|text| Input::Event(Event::Paste(text.into_owned())))
            .into_iter()
            .collect()
    }

    /// Takes pending bytes as the keys that they could be, because nothing followed them.
    pub(super) fn flush(&mut self) -> Vec<Input> {
        self.parse(true)
    }

    /// Whether the pending bytes could be keys already: an escape, or alt and a key that also starts a sequence.
    pub(super) fn is_ambiguous(&self) -> bool {
        match self.pending[..] {
            [ESC, b'O'] => true,
            [ESC, ..] => scan_response(&self.pending) == Scan::Partial { is_certain: false },
            _ => false,
        }
    }

    fn parse(&mut self, mut is_final: bool) -> Vec<Input> {
        let mut inputs = Vec::new();
        let mut rest = &self.pending[..];
        while let Some(token) = next_token(rest, is_final) {
            is_final = false;
            let length = match token {
                Token::Sequence(length) => {
                    inputs.extend(decode(&rest[..length]).map(Input::Event));
                    length
                }
                Token::Alt(length) => {
                    inputs.extend(
                        decode(&rest[1..length]).map(|event| Input::Event(with_alt(event))),
                    );
                    length
                }
                Token::Paste(length) => {
                    let text = &rest[PASTE_START.len()..length - PASTE_END.len()];
                    let text = String::from_utf8_lossy(text).into_owned();
                    inputs.push(Input::Event(Event::Paste(text)));
                    length
                }
                Token::Response(response, length) => {
                    inputs.push(Input::Response(response));
                    length
                }
                Token::Invalid(length) => length,
            };
            rest = &rest[length..];
        }
        self.pending = rest.to_vec();
        inputs
    }
}

/// The next token; none if it is incomplete. `is_final`: an ambiguous start is a key.
fn next_token(bytes: &[u8], is_final: bool) -> Option<Token> {
    match bytes {
        [] => None,
        [ESC] => is_final.then_some(Token::Sequence(1)),
        // Escape, then escape or a control key, such as ctrl-c: nothing is bound to alt with ctrl.
        [ESC, ESC | 0x01..=0x07 | 0x0b..=0x0c | 0x0e..=0x1a, ..] => Some(Token::Sequence(1)),
        [ESC, b'O'] => is_final.then_some(Token::Alt(2)),
        [ESC, b'O', ..] => Some(Token::Sequence(3)),
        [ESC, b'[' | b'P' | b']' | b'_', ..] => match scan_response(bytes) {
            Scan::Response(response, length) => Some(Token::Response(response, length)),
            Scan::Partial { is_certain: false } if is_final => Some(Token::Alt(2)),
            Scan::Partial { .. } => None,
            Scan::Input if bytes[1] == b'[' => next_csi(bytes),
            Scan::Input => Some(Token::Alt(2)),
        },
        [ESC, rest @ ..] => match character(rest)? {
            (true, length) => Some(Token::Alt(length + 1)),
            (false, length) => Some(Token::Invalid(length + 1)),
        },
        _ => next_text(bytes),
    }
}

fn next_csi(bytes: &[u8]) -> Option<Token> {
    if bytes.starts_with(PASTE_START) {
        let end = bytes
            .windows(PASTE_END.len())
            .position(|part| part == PASTE_END)?;
        return Some(Token::Paste(end + PASTE_END.len()));
    }
    let parameters = bytes[2..]
        .iter()
        .take_while(|byte| (0x20..0x40).contains(*byte))
        .count();
    let length = match (parameters, bytes.get(2 + parameters)?) {
        // The Linux console sends `ESC [ [ A` for f1, X10's mouse protocol three bytes after `ESC [ M`.
        (0, b'[') => 4,
        (0, b'M') => 6,
        (_, 0x40..0x7f) => parameters + 3,
        _ => return Some(Token::Alt(2)),
    };
    (bytes.len() >= length).then_some(Token::Sequence(length))
}

/// All whole characters before the next escape.
fn next_text(bytes: &[u8]) -> Option<Token> {
    let end = bytes
        .iter()
        .position(|byte| *byte == ESC)
        .unwrap_or(bytes.len());
    match std::str::from_utf8(&bytes[..end]) {
        Ok(_) => Some(Token::Sequence(end)),
        Err(error) if error.valid_up_to() > 0 => Some(Token::Sequence(error.valid_up_to())),
        Err(error) => match error.error_len() {
            Some(length) => Some(Token::Invalid(length)),
            None if end < bytes.len() => Some(Token::Invalid(end)),
            None => None,
        },
    }
}

/// Whether the bytes start with a character, and the length of it or of the invalid bytes. None if it is incomplete.
fn character(bytes: &[u8]) -> Option<(bool, usize)> {
    let chunk = bytes.utf8_chunks().next()?;
    match chunk.valid().chars().next() {
        Some(c) => Some((true, c.len_utf8())),
        None if chunk.invalid().len() == bytes.len() && bytes.len() < 4 => None,
        None => Some((false, chunk.invalid().len())),
    }
}

fn decode(sequence: &[u8]) -> impl Iterator<Item = Event> + use<> {
    let mut parser = Parser::default();
    parser.parse(sequence, false);
    std::iter::from_fn(move || parser.pop())
}

fn with_alt(event: Event) -> Event {
    match event {
        Event::Key(mut key) => {
            key.modifiers |= Modifiers::ALT;
            Event::Key(key)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use termina::event::{KeyCode, KeyEvent, MouseButton, MouseEventKind};

    use super::*;

    fn key(code: KeyCode, modifiers: Modifiers) -> Input {
        Input::Event(Event::Key(KeyEvent::new(code, modifiers)))
    }

    fn plain(c: char) -> Input {
        key(KeyCode::Char(c), Modifiers::NONE)
    }

    /// What the bytes are in one read, which must be the same as read one by one.
    fn parse(bytes: &[u8]) -> Vec<Input> {
        let mut parser = InputParser::default();
        let mut inputs = parser.feed(bytes);
        inputs.extend(parser.flush());
        let mut parser = InputParser::default();
        let mut single: Vec<Input> = bytes
            .iter()
            .flat_map(|byte| parser.feed(&[*byte]))
            .collect();
        single.extend(parser.flush());
        assert_eq!(inputs, single, "{:?}", String::from_utf8_lossy(bytes));
        inputs
    }

    #[test]
    fn ctrl_c_gets_through_whatever_has_begun() {
        let ctrl_c = InputParser::default().feed(b"\x03");
        assert_eq!(ctrl_c.len(), 1);
        for begun in [
            "\x1b[12",
            "\x1b[200~pasted",
            "\x1b]11;rgb:00",
            "\x1b_Gi=1",
            "\u{e9}",
        ] {
            let mut parser = InputParser::default();
            let bytes = begun.as_bytes();
            parser.feed(&bytes[..bytes.len() - usize::from(begun == "\u{e9}")]);
            assert!(parser.is_incomplete(), "{begun:?}");
            let inputs = parser.feed(b"\x03");
            assert_eq!(inputs.last(), ctrl_c.last(), "{begun:?}");
            assert!(!parser.is_incomplete(), "{begun:?}");
        }
    }

    #[test]
    fn abandoned_paste_is_text_and_abandoned_sequence_nothing() {
        let mut parser = InputParser::default();
        assert_eq!(parser.feed(b"\x1b[200~ab"), []);
        assert_eq!(parser.abandon(), [Input::Event(Event::Paste("ab".into()))]);
        assert_eq!(parser.feed(b"\x1b[12"), []);
        assert_eq!(parser.abandon(), []);
        assert_eq!(parser.feed(b"j"), InputParser::default().feed(b"j"));
    }

    #[test]
    fn keys_are_decoded() {
        let (none, alt) = (Modifiers::NONE, Modifiers::ALT);
        let inputs = parse("jé\x03\x1b[A\x1b[1;3B\x1b[27u\x1b[5~\x1bx\r\x1bOP\x1b\x1b".as_bytes());
        let expected = [
            plain('j'),
            plain('é'),
            key(KeyCode::Char('c'), Modifiers::CONTROL),
            key(KeyCode::Up, none),
            key(KeyCode::Down, alt),
            key(KeyCode::Escape, none),
            key(KeyCode::PageUp, none),
            key(KeyCode::Char('x'), alt),
            key(KeyCode::Enter, none),
            key(KeyCode::Function(1), none),
            key(KeyCode::Escape, none),
            key(KeyCode::Escape, none),
        ];
        assert_eq!(inputs, expected);
    }

    #[test]
    fn responses_between_keys_are_not_keys() {
        let inputs = parse(b"j\x1b_Gi=31;OK\x1b\\k\x1b[AG\x1bP>|kitty(0.42.1)\x1b\\\x1b[6;20;10t\x1b]11;rgb:ff/ff/ff\x07q");
        let expected = [
            plain('j'),
            Input::Response(Response::Graphics(true)),
            plain('k'),
            key(KeyCode::Up, Modifiers::NONE),
            key(KeyCode::Char('G'), Modifiers::SHIFT),
            Input::Response(Response::Name("kitty(0.42.1)".into())),
            Input::Response(Response::CellSize(10, 20)),
            Input::Response(Response::Background(1.0)),
            plain('q'),
        ];
        assert_eq!(inputs, expected);
    }

    #[test]
    fn alt_and_a_string_introducer_is_a_key() {
        for c in ['P', ']', '_', '[', 'O'] {
            let inputs = parse(format!("\x1b{c}").as_bytes());
            assert!(
                matches!(&inputs[..], [Input::Event(Event::Key(key))] if key.code == KeyCode::Char(c) && key.modifiers.contains(Modifiers::ALT)),
                "{inputs:?}"
            );
        }
        let alt_p = key(KeyCode::Char('P'), Modifiers::ALT | Modifiers::SHIFT);
        assert_eq!(parse(b"\x1bPj"), [alt_p.clone(), plain('j')]);
        let attributes = Input::Response(Response::DeviceAttributes(vec![6]));
        assert_eq!(parse(b"\x1bP\x1b[?6c"), [alt_p, attributes]);
    }

    #[test]
    fn ambiguous_start_waits_for_more() {
        let mut parser = InputParser::default();
        assert_eq!(parser.feed(b"\x1b"), []);
        assert!(parser.is_ambiguous());
        assert_eq!(parser.feed(b"[1;"), []);
        assert!(!parser.is_ambiguous(), "no key sends this");
        assert_eq!(parser.flush(), [], "the rest of the sequence is on its way");
        assert_eq!(parser.feed(b"3A"), [key(KeyCode::Up, Modifiers::ALT)]);
    }

    #[test]
    fn pastes_and_mouse_events_are_decoded() {
        let paste = Input::Event(Event::Paste("a\u{1b}[Bé".into()));
        assert_eq!(
            parse("\x1b[200~a\x1b[Bé\x1b[201~j".as_bytes()),
            [paste, plain('j')]
        );
        for press in [&b"\x1b[<0;13;5M"[..], b"\x1b[M \x2d\x25"] {
            let inputs = parse(press);
            assert!(
                matches!(&inputs[..], [Input::Event(Event::Mouse(mouse))]
                    if mouse.kind == MouseEventKind::Down(MouseButton::Left) && (mouse.column, mouse.row) == (12, 4)),
                "{inputs:?}"
            );
        }
    }

    #[test]
    fn invalid_bytes_are_dropped() {
        assert_eq!(
            parse(b"\xffj\xc3\x1b[A"),
            [plain('j'), key(KeyCode::Up, Modifiers::NONE)]
        );
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_leave_nothing_but_an_incomplete_sequence(bytes: Vec<u8>) {
            parse(&bytes);
        }

        #[test]
        fn printable_characters_round_trip(text in "[^\\pC]{0,20}") {
            let inputs = parse(text.as_bytes());
            let typed: String = inputs.iter().filter_map(|input| match input {
                Input::Event(Event::Key(KeyEvent { code: KeyCode::Char(c), .. })) => Some(*c),
                _ => None,
            }).collect();
            prop_assert_eq!(typed, text);
        }
    }
}
