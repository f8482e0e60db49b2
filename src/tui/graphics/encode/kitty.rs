//! kitty's images: <https://sw.kovidgoyal.net/kitty/graphics-protocol/>.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::bitmap::CellRect;
use super::super::tmux::wrap_passthrough;
use super::diacritics::ROW_COLUMN_DIACRITICS;
use super::{ID_PREFIX, ImageId, at_position, cursor_to};

/// The most bytes of base64 in one sequence: <https://sw.kovidgoyal.net/kitty/graphics-protocol/#remote-client>.
const CHUNK_BYTES: usize = 4_096;
/// The placeholder of one cell of an image.
const PLACEHOLDER: char = '\u{10eeee}';

/// Sends a PNG and shows it in an area. In tmux, placeholders show it, because the terminal around tmux does not know the
/// position; the diacritics limit their number.
pub(super) fn encode(png: &[u8], area: CellRect, id: ImageId, tmux: bool) -> Vec<u8> {
    if !tmux {
        return at_position(
            area,
            &transmit(png, area, &format!("i={},C=1", id.kitty_id())).concat(),
        );
    }
    let most = ROW_COLUMN_DIACRITICS.len() as u16;
    let area = CellRect {
        columns: area.columns.min(most),
        rows: area.rows.min(most),
        ..area
    };
    let mut bytes: Vec<u8> = transmit(png, area, &format!("i={},U=1", id.kitty_id()))
        .iter()
        .flat_map(|sequence| wrap_passthrough(sequence))
        .collect();
    bytes.extend_from_slice(&placeholder_cells(area, id));
    bytes
}

/// Deletes an image with its data.
pub(super) fn encode_erase(id: ImageId, tmux: bool) -> Vec<u8> {
    let sequence = format!("\x1b_Ga=d,d=I,i={},q=2\x1b\\", id.kitty_id()).into_bytes();
    if tmux {
        wrap_passthrough(&sequence)
    } else {
        sequence
    }
}

/// The sequences that send a PNG, without responses (`q=2`). The cursor stays (`C=1`), or placeholders show it (`U=1`).
fn transmit(png: &[u8], area: CellRect, keys: &str) -> Vec<Vec<u8>> {
    let data = STANDARD.encode(png);
    let chunks: Vec<&[u8]> = data.as_bytes().chunks(CHUNK_BYTES).collect();
    let sequence = |(at, chunk): (usize, &&[u8])| {
        let more = u8::from(at + 1 < chunks.len());
        let control = if at == 0 {
            format!(
                "a=T,f=100,t=d,{keys},c={},r={},q=2,m={more}",
                area.columns, area.rows
            )
        } else {
            format!("m={more}")
        };
        [b"\x1b_G", control.as_bytes(), b";", chunk, b"\x1b\\"].concat()
    };
    chunks.iter().enumerate().map(sequence).collect()
}

/// Placeholders of an image: the colour is the lowest byte of its id, the diacritics are row, column and highest byte.
/// <https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders>
fn placeholder_cells(area: CellRect, id: ImageId) -> Vec<u8> {
    let id_mark = ROW_COLUMN_DIACRITICS[usize::from(ID_PREFIX)];
    let mut text = format!("\x1b7\x1b[0;38;5;{}m", id.palette_index());
    for (row, row_mark) in (0..area.rows).zip(ROW_COLUMN_DIACRITICS) {
        text.push_str(&cursor_to(area.x, area.y.saturating_add(row)));
        for (_, column_mark) in (0..area.columns).zip(ROW_COLUMN_DIACRITICS) {
            text.extend([PLACEHOLDER, *row_mark, *column_mark, id_mark]);
        }
    }
    text.push_str("\x1b8");
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: CellRect = CellRect {
        x: 4,
        y: 2,
        columns: 2,
        rows: 2,
    };

    #[test]
    fn small_image_is_one_sequence() {
        let bytes = String::from_utf8(encode(b"png", AREA, ImageId::new(7), false)).unwrap();
        assert_eq!(
            bytes,
            "\x1b7\x1b[3;5H\x1b_Ga=T,f=100,t=d,i=1174405143,C=1,c=2,r=2,q=2,m=0;cG5n\x1b\\\x1b8"
        );
    }

    #[test]
    fn large_image_is_chunked() {
        let sequences = transmit(&[0; 3_072 * 2 + 1], AREA, "i=7,C=1");
        let heads: Vec<_> = sequences
            .iter()
            .map(|s| {
                String::from_utf8_lossy(s)
                    .split(';')
                    .next()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert_eq!(
            heads,
            [
                "\x1b_Ga=T,f=100,t=d,i=7,C=1,c=2,r=2,q=2,m=1",
                "\x1b_Gm=1",
                "\x1b_Gm=0"
            ]
        );
        assert!(
            sequences
                .iter()
                .all(|sequence| sequence.len() < CHUNK_BYTES + 64)
        );
        // All chunks but the last end at a multiple of four characters.
        assert!(sequences[1].ends_with(b"AAAA\x1b\\") && sequences[2].ends_with(b";AA==\x1b\\"));
    }

    #[test]
    fn tmux_uses_passthrough_and_placeholder_cells() {
        let bytes = String::from_utf8(encode(b"png", AREA, ImageId::new(7), true)).unwrap();
        let sent = "\x1bPtmux;\x1b\x1b_Ga=T,f=100,t=d,i=1174405143,U=1,c=2,r=2,q=2,m=0;cG5n\x1b\x1b\\\x1b\\";
        let cells = "\x1b7\x1b[0;38;5;23m\
            \x1b[3;5H\u{10eeee}\u{305}\u{305}M\u{10eeee}\u{305}\u{30d}M\x1b[4;5H\u{10eeee}\u{30d}\u{305}M\u{10eeee}\u{30d}\u{30d}M\x1b8";
        // The diacritic of 70, F: https://github.com/kovidgoyal/kitty/blob/master/gen/rowcolumn-diacritics.txt
        assert_eq!(bytes, format!("{sent}{}", cells.replace('M', "\u{6d7}")));
    }

    #[test]
    fn erase_deletes_image_data() {
        assert_eq!(
            encode_erase(ImageId::new(7), false),
            b"\x1b_Ga=d,d=I,i=1174405143,q=2\x1b\\"
        );
        assert_eq!(
            encode_erase(ImageId::new(7), true),
            wrap_passthrough(b"\x1b_Ga=d,d=I,i=1174405143,q=2\x1b\\")
        );
    }
}
