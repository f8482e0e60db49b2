//! Images are encoded as sequences of their protocol only, whatever their content and area.

use proptest::prelude::*;

use super::bitmap::CellSize;
use super::*;

/// Counts the sequences of `protocol`; fails at the first byte outside of one.
fn count_sequences(mut bytes: &[u8], protocol: Protocol, tmux: bool) -> Result<usize, String> {
    let mut count = 0;
    while !bytes.is_empty() {
        let length = sequence_len(bytes, protocol, tmux).ok_or_else(|| {
            format!(
                "{:?}",
                String::from_utf8_lossy(&bytes[..bytes.len().min(80)])
            )
        })?;
        bytes = &bytes[length..];
        count += 1;
    }
    Ok(count)
}

fn sequence_len(bytes: &[u8], protocol: Protocol, tmux: bool) -> Option<usize> {
    let text = bytes.iter().take_while(|byte| !byte.is_ascii()).count();
    if text > 0 {
        let placed = std::str::from_utf8(&bytes[..text])
            .ok()?
            .chars()
            .all(|c| c == '\u{10eeee}' || ('\u{300}'..'\u{20000}').contains(&c));
        return (protocol == Protocol::Kitty && tmux && placed).then_some(text);
    }
    match bytes.get(1)? {
        b'7' | b'8' => Some(2),
        b'[' => {
            let end = bytes
                .iter()
                .skip(2)
                .position(|byte| !b"0123456789;".contains(byte))?
                + 2;
            (bytes[end] == b'H' || (bytes[end] == b'm' && tmux)).then_some(end + 1)
        }
        b'P' if bytes.starts_with(b"\x1bPtmux;") => {
            let (inside, length) = unwrap_passthrough(bytes)?;
            (tmux && sequence_len(&inside, protocol, false)? == inside.len()).then_some(length)
        }
        b'_' if protocol == Protocol::Kitty => {
            let end = find_end(bytes, b"\x1b\\")?;
            let (head, data) = split_once(&bytes[3..end], b';');
            let keys = head
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"=,".contains(byte));
            (bytes[2] == b'G' && keys && is_base64(data)).then_some(end + 2)
        }
        b']' if protocol == Protocol::Iterm2 => {
            let end = find_end(bytes, b"\x07")?;
            let (head, data) = split_once(&bytes[2..end], b':');
            let keys = head
                .strip_prefix(b"1337;File=")?
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"=;".contains(byte));
            (keys && is_base64(data)).then_some(end + 1)
        }
        b'P' if protocol == Protocol::Sixel => {
            let end = find_end(bytes, b"\x1b\\")?;
            bytes[2..end]
                .iter()
                .all(|byte| (0x20..0x7f).contains(byte))
                .then_some(end + 2)
        }
        _ => None,
    }
}

fn find_end(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len()).position(|part| part == mark)
}

fn split_once(bytes: &[u8], at: u8) -> (&[u8], &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == at);
    (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    )
}

fn is_base64(data: &[u8]) -> bool {
    data.iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
}

/// The sequence inside tmux's passthrough, and the length of the whole.
fn unwrap_passthrough(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut inside = Vec::new();
    let mut at = 7;
    loop {
        match (bytes.get(at)?, bytes.get(at + 1)) {
            (0x1b, Some(0x1b)) => at += 1,
            (0x1b, Some(b'\\')) => return Some((inside, at + 2)),
            (0x1b, _) => return None,
            _ => {}
        }
        inside.push(bytes[at]);
        at += 1;
    }
}

const PROTOCOLS: [Protocol; 4] = [
    Protocol::Kitty,
    Protocol::Sixel,
    Protocol::Iterm2,
    Protocol::HalfBlocks,
];

/// A small image of arbitrary pixels.
fn any_image() -> impl Strategy<Value = Image> {
    (1..40_u32, 1..40_u32).prop_flat_map(|(width, height)| {
        let bytes = prop::collection::vec(any::<u8>(), (width * height * 4) as usize);
        bytes.prop_map(move |rgba| Image::from_rgba(width, height, rgba).unwrap())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn only_protocol_sequences_are_written(
        picture in any_image(),
        (x, y) in any::<(u16, u16)>(),
        (columns, rows) in (0..12_u16, 0..6_u16),
        cell_size in prop::option::of((1..12_u16, 1..24_u16)),
        id in any::<u8>(),
        in_tmux in any::<bool>(),
    ) {
        for protocol in PROTOCOLS {
            let found = GraphicsSupport { protocol, cell_size, in_tmux };
            let bytes = encode_image(&picture, CellRect { x, y, columns, rows }, found, ImageId::new(id)).unwrap();
            let count = count_sequences(&bytes, protocol, in_tmux);
            let shown = protocol != Protocol::HalfBlocks && columns > 0 && rows > 0;
            prop_assert!(matches!(count, Ok(n) if (n > 0) == shown), "{:?} {:?}", found, count);
            let erased = count_sequences(&encode_erase(found, ImageId::new(id)), protocol, in_tmux);
            prop_assert_eq!(erased, Ok(usize::from(protocol == Protocol::Kitty)));
        }
    }

    #[test]
    fn half_blocks_fill_the_requested_cells(picture in any_image(), columns in 0..60_u16, rows in 0..30_u16) {
        let blocks = HalfBlocks::from_image(&picture, columns, rows);
        prop_assert_eq!(blocks.cells.len(), usize::from(columns) * usize::from(rows));
        let letters = blocks.ascii_lines();
        prop_assert!(letters.iter().all(|line| line.len() == usize::from(columns) && !line.chars().any(char::is_control)));
    }

    #[test]
    fn fit_stays_within_bounds(size in any::<(u32, u32)>(), room in any::<(u16, u16)>(), cell in any::<Option<CellSize>>()) {
        let ((width, height), (columns, rows)) = (size, room);
        let (wide, high) = fit(size, columns, rows, cell);
        prop_assert!(wide <= columns && high <= rows);
        let room = width > 0 && height > 0 && columns > 0 && rows > 0;
        prop_assert_eq!(wide > 0 && high > 0, room);
    }
}

#[test]
fn huge_areas_terminate() {
    let picture = Image::from_rgba(1, 1, vec![9; 4]).unwrap();
    let area = CellRect {
        x: u16::MAX,
        y: u16::MAX,
        columns: u16::MAX,
        rows: u16::MAX,
    };
    for (cell, tmux) in [
        (None, true),
        (Some((1, 1)), false),
        (Some((u16::MAX, u16::MAX)), false),
    ] {
        let found = GraphicsSupport {
            protocol: Protocol::Kitty,
            cell_size: cell,
            in_tmux: tmux,
        };
        let bytes = encode_image(&picture, area, found, ImageId::new(0)).unwrap();
        assert!(
            count_sequences(&bytes, Protocol::Kitty, tmux).is_ok_and(|n| n > 0),
            "{found:?}"
        );
    }
    let found = GraphicsSupport {
        protocol: Protocol::Sixel,
        cell_size: Some((1, 1)),
        in_tmux: false,
    };
    assert!(
        encode_image(
            &picture,
            CellRect { columns: 3, ..area },
            found,
            ImageId::new(0)
        )
        .is_ok()
    );
    assert_eq!(
        HalfBlocks::from_image(&picture, u16::MAX, u16::MAX)
            .cells
            .len(),
        2_000_000
    );
}

#[test]
fn scanner_rejects_foreign_sequences() {
    for bad in [
        "\x1b[2J",
        "\x1b]0;title\x07",
        "\x1b_Ga=T;\x1b[2J\x1b\\",
        "text",
        "\x1bPq\x07\x1b\\",
        "\x1b_Ga=T;A;A\x1b\\",
    ] {
        for protocol in PROTOCOLS {
            assert!(
                count_sequences(bad.as_bytes(), protocol, false).is_err(),
                "{bad:?} {protocol:?}"
            );
        }
    }
}
