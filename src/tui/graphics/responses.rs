//! What a terminal answers, told from what was typed meanwhile.

use std::ops::Range;

/// One report of a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ProbeResponse {
    /// To the graphics query: whether it can.
    /// <https://sw.kovidgoyal.net/kitty/graphics-protocol/#querying-support-and-available-transmission-mediums>
    Graphics(bool),
    /// XTVERSION, its name and version. <https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>, `CSI > Ps q`.
    Name(String),
    /// The size of a cell in pixels, width and height. The same page, `CSI 16 t`.
    CellSize(u16, u16),
    /// DA1, what it conforms to and its attributes. <https://vt100.net/docs/vt510-rm/DA1.html>
    DeviceAttributes(Vec<u16>),
    /// Something that nobody types and nobody asked for here: a colour, a late answer.
    Other,
}

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;

/// The answers in what was read, and the rest, in order: keys, and what is not whole.
pub(super) fn split_responses(bytes: &[u8]) -> (Vec<ProbeResponse>, Vec<u8>) {
    let mut responses = Vec::new();
    let mut typed = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte == ESC
            && let Some((response, length)) = parse_response(&bytes[at..])
        {
            responses.push(response);
            at += length;
        } else {
            typed.push(*byte);
            at += 1;
        }
    }
    (responses, typed)
}

/// The answer that these bytes begin with, and its length.
fn parse_response(bytes: &[u8]) -> Option<(ProbeResponse, usize)> {
    if *bytes.get(1)? == b'[' {
        let length = bytes
            .iter()
            .skip(2)
            .position(|byte| !(0x20..0x40).contains(byte))?
            + 3;
        return Some((parse_csi_report(&bytes[2..length])?, length));
    }
    let (content, length) = parse_control_string(bytes)?;
    let content = &bytes[content];
    let response = match bytes[1] {
        b'_' => content
            .strip_prefix(b"Gi=31;")
            .map_or(ProbeResponse::Other, |status| {
                ProbeResponse::Graphics(status == b"OK")
            }),
        b'P' => content
            .strip_prefix(b">|")
            .map_or(ProbeResponse::Other, |name| {
                ProbeResponse::Name(String::from_utf8_lossy(name).into_owned())
            }),
        _ => ProbeResponse::Other,
    };
    Some((response, length))
}

/// Where the content of an APC, DCS or OSC string is, and the length of all; nothing for alt and a key, which has no end.
fn parse_control_string(bytes: &[u8]) -> Option<(Range<usize>, usize)> {
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
fn parse_csi_report(sequence: &[u8]) -> Option<ProbeResponse> {
    let (last, parameters) = sequence.split_last()?;
    match last {
        b'c' => Some(ProbeResponse::DeviceAttributes(parse_numbers(
            parameters.strip_prefix(b"?")?,
        ))),
        b't' => match parse_numbers(parameters)[..] {
            [6, height, width] => Some(ProbeResponse::CellSize(width, height)),
            _ => None,
        },
        _ => None,
    }
}

fn parse_numbers(parameters: &[u8]) -> Vec<u16> {
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
    fn responses_are_separated_from_keys() {
        let (answers, typed) = split_responses(
            b"j\x1b_Gi=31;OK\x1b\\k\x1b[A\x1bP>|kitty(0.42.1)\x1b\\\x1b[6;20;10tG\x1b[?62;52;c\x1b",
        );
        assert_eq!(
            answers,
            [
                ProbeResponse::Graphics(true),
                ProbeResponse::Name("kitty(0.42.1)".into()),
                ProbeResponse::CellSize(10, 20),
                ProbeResponse::DeviceAttributes(vec![62, 52, 0])
            ]
        );
        assert_eq!(typed, b"jk\x1b[AG\x1b");
    }

    #[test]
    fn alt_keys_and_mouse_are_input() {
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
                split_responses(keys),
                (vec![], keys.to_vec()),
                "{:?}",
                String::from_utf8_lossy(keys)
            );
        }
        // A key with alt before an answer takes nothing of it.
        assert_eq!(
            split_responses(b"\x1bP\x1b[?6c"),
            (
                vec![ProbeResponse::DeviceAttributes(vec![6])],
                b"\x1bP".to_vec()
            )
        );
    }

    #[test]
    fn late_color_response_is_not_a_key() {
        assert_eq!(
            split_responses(b"\x1b]11;rgb:1010/1010/1818\x07j"),
            (vec![ProbeResponse::Other], b"j".to_vec())
        );
    }

    proptest! {
        #[test]
        fn typed_input_is_preserved(before in "[ -~]{0,9}", after in "[ -~]{0,9}", any in any::<Vec<u8>>()) {
            let (answers, typed) = split_responses(format!("{before}\x1b[?62;4c{after}").as_bytes());
            prop_assert_eq!(answers, vec![ProbeResponse::DeviceAttributes(vec![62, 4])]);
            prop_assert_eq!(typed, format!("{before}{after}").into_bytes());
            split_responses(&any);
        }
    }
}
