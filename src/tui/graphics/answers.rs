//! What a terminal answers, told from what was typed meanwhile.

use std::ops::Range;

/// One report of a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// To the graphics query: whether it can.
    /// <https://sw.kovidgoyal.net/kitty/graphics-protocol/#querying-support-and-available-transmission-mediums>
    Graphics(bool),
    /// XTVERSION, its name and version. <https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>, `CSI > Ps q`.
    Name(String),
    /// The size of a cell in pixels, width and height. The same page, `CSI 16 t`.
    Cell(u16, u16),
    /// DA1, what it conforms to and its attributes. <https://vt100.net/docs/vt510-rm/DA1.html>
    Attributes(Vec<u16>),
    /// Something that nobody types and nobody asked for here: a colour, a late answer.
    Other,
}

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;

/// The answers in what was read, and the rest, in order: keys, and what is not whole.
pub(super) fn split(bytes: &[u8]) -> (Vec<Answer>, Vec<u8>) {
    let mut answers = Vec::new();
    let mut typed = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte == ESC
            && let Some((answer, length)) = answer(&bytes[at..])
        {
            answers.push(answer);
            at += length;
        } else {
            typed.push(*byte);
            at += 1;
        }
    }
    (answers, typed)
}

/// The answer that these bytes begin with, and its length.
fn answer(bytes: &[u8]) -> Option<(Answer, usize)> {
    if *bytes.get(1)? == b'[' {
        let length = bytes
            .iter()
            .skip(2)
            .position(|byte| !(0x20..0x40).contains(byte))?
            + 3;
        return Some((report(&bytes[2..length])?, length));
    }
    let (content, length) = string(bytes)?;
    let content = &bytes[content];
    let answer = match bytes[1] {
        b'_' => content
            .strip_prefix(b"Gi=31;")
            .map_or(Answer::Other, |told| Answer::Graphics(told == b"OK")),
        b'P' => content.strip_prefix(b">|").map_or(Answer::Other, |name| {
            Answer::Name(String::from_utf8_lossy(name).into_owned())
        }),
        _ => Answer::Other,
    };
    Some((answer, length))
}

/// Where the content of an APC, DCS or OSC string is, and the length of all; nothing for alt and a key, which has no end.
fn string(bytes: &[u8]) -> Option<(Range<usize>, usize)> {
    if !matches!(bytes.get(1)?, b'_' | b'P' | b']') {
        return None;
    }
    let end = 2 + bytes.iter().skip(2).position(|byte| *byte < 0x20)?;
    match (bytes[end], bytes.get(end + 1)) {
        (BEL, _) => Some((2..end, end + 1)),
        (ESC, Some(b'\\')) => Some((2..end, end + 2)),
        _ => None,
    }
}

/// The report of a control sequence, without its introducer; other sequences are keys, the mouse, pastes.
fn report(sequence: &[u8]) -> Option<Answer> {
    let (last, parameters) = sequence.split_last()?;
    match last {
        b'c' => Some(Answer::Attributes(numbers(parameters.strip_prefix(b"?")?))),
        b't' => match numbers(parameters)[..] {
            [6, height, width] => Some(Answer::Cell(width, height)),
            _ => None,
        },
        _ => None,
    }
}

fn numbers(parameters: &[u8]) -> Vec<u16> {
    parameters
        .split(|byte| *byte == b';')
        .map(|number| {
            std::str::from_utf8(number)
                .ok()
                .and_then(|n| n.parse().ok())
                .unwrap_or(0)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn answers_are_told_from_keys() {
        let (answers, typed) = split(
            b"j\x1b_Gi=31;OK\x1b\\k\x1b[A\x1bP>|kitty(0.42.1)\x1b\\\x1b[6;20;10tG\x1b[?62;52;c\x1b",
        );
        assert_eq!(
            answers,
            [
                Answer::Graphics(true),
                Answer::Name("kitty(0.42.1)".into()),
                Answer::Cell(10, 20),
                Answer::Attributes(vec![62, 52, 0])
            ]
        );
        assert_eq!(typed, b"jk\x1b[AG\x1b");
    }

    #[test]
    fn keys_with_alt_and_the_mouse_are_typed() {
        for keys in [
            &b"\x1bPx"[..],
            b"\x1b_\x1b[A",
            b"\x1b]j",
            b"\x1b[<0;3;7M",
            b"\x1b[200~a\x1b[201~",
            b"\x1b[13;5u",
            b"\x1b\x1b",
        ] {
            assert_eq!(
                split(keys),
                (vec![], keys.to_vec()),
                "{:?}",
                String::from_utf8_lossy(keys)
            );
        }
        // A key with alt before an answer takes nothing of it.
        assert_eq!(
            split(b"\x1bP\x1b[?6c"),
            (vec![Answer::Attributes(vec![6])], b"\x1bP".to_vec())
        );
    }

    #[test]
    fn a_late_colour_is_nobodys_key() {
        assert_eq!(
            split(b"\x1b]11;rgb:1010/1010/1818\x07j"),
            (vec![Answer::Other], b"j".to_vec())
        );
    }

    proptest! {
        #[test]
        fn what_was_typed_is_never_lost(before in "[ -~]{0,9}", after in "[ -~]{0,9}", any in any::<Vec<u8>>()) {
            let (answers, typed) = split(format!("{before}\x1b[?62;4c{after}").as_bytes());
            prop_assert_eq!(answers, vec![Answer::Attributes(vec![62, 4])]);
            prop_assert_eq!(typed, format!("{before}{after}").into_bytes());
            split(&any);
        }
    }
}
