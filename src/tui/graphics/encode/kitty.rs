//! kitty's pictures: <https://sw.kovidgoyal.net/kitty/graphics-protocol/>.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::picture::Area;
use super::super::tmux::wrap;
use super::marks::MARKS;
use super::{Id, MARK, at, goto};

/// The most bytes of base64 in one sequence: <https://sw.kovidgoyal.net/kitty/graphics-protocol/#remote-client>.
const CHUNK: usize = 4_096;
/// The character that stands for a part of a picture.
const PLACEHOLDER: char = '\u{10eeee}';

/// Sends a PNG and shows it in an area. tmux knows nothing of the picture, and the terminal around it not where it is: there, cells
/// of text are shown that the picture is drawn in, as many as the marks of rows and columns can count.
pub(super) fn show(png: &[u8], area: Area, id: Id, tmux: bool) -> Vec<u8> {
    if !tmux {
        return at(
            area,
            &transmit(png, area, &format!("i={},C=1", id.number())).concat(),
        );
    }
    let most = MARKS.len() as u16;
    let area = Area {
        columns: area.columns.min(most),
        rows: area.rows.min(most),
        ..area
    };
    let mut bytes: Vec<u8> = transmit(png, area, &format!("i={},U=1", id.number()))
        .iter()
        .flat_map(|sequence| wrap(sequence))
        .collect();
    bytes.extend_from_slice(&in_text(area, id));
    bytes
}

/// Deletes a picture, wherever it is shown, and its data.
pub(super) fn erase(id: Id, tmux: bool) -> Vec<u8> {
    let sequence = format!("\x1b_Ga=d,d=I,i={},q=2\x1b\\", id.number()).into_bytes();
    if tmux { wrap(&sequence) } else { sequence }
}

/// The sequences that send a PNG, and what is to be done with it: no answers (`q=2`), and the cursor stays (`C=1`) or the
/// picture waits for cells of text (`U=1`).
fn transmit(png: &[u8], area: Area, keys: &str) -> Vec<Vec<u8>> {
    let data = STANDARD.encode(png);
    let chunks: Vec<&[u8]> = data.as_bytes().chunks(CHUNK).collect();
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

/// The cells of text that a picture is drawn in: the colour is the lowest byte of its number, the marks are the row, the column
/// and the highest byte.
/// <https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders>
fn in_text(area: Area, id: Id) -> Vec<u8> {
    let ours = MARKS[usize::from(MARK)];
    let mut text = format!("\x1b7\x1b[0;38;5;{}m", id.colour());
    for (row, row_mark) in (0..area.rows).zip(MARKS) {
        text.push_str(&goto(area.x, area.y.saturating_add(row)));
        for (_, column_mark) in (0..area.columns).zip(MARKS) {
            text.extend([PLACEHOLDER, *row_mark, *column_mark, ours]);
        }
    }
    text.push_str("\x1b8");
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: Area = Area {
        x: 4,
        y: 2,
        columns: 2,
        rows: 2,
    };

    #[test]
    fn a_small_picture_is_one_sequence() {
        let bytes = String::from_utf8(show(b"png", AREA, Id::new(7), false)).unwrap();
        assert_eq!(
            bytes,
            "\x1b7\x1b[3;5H\x1b_Ga=T,f=100,t=d,i=1174405143,C=1,c=2,r=2,q=2,m=0;cG5n\x1b\\\x1b8"
        );
    }

    #[test]
    fn a_large_picture_comes_in_chunks() {
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
        assert!(sequences.iter().all(|sequence| sequence.len() < CHUNK + 64));
        // The last chunk may end anywhere, every other at four characters.
        assert!(sequences[1].ends_with(b"AAAA\x1b\\") && sequences[2].ends_with(b";AA==\x1b\\"));
    }

    #[test]
    fn in_tmux_the_picture_is_sent_through_and_its_cells_are_text() {
        let bytes = String::from_utf8(show(b"png", AREA, Id::new(7), true)).unwrap();
        let sent = "\x1bPtmux;\x1b\x1b_Ga=T,f=100,t=d,i=1174405143,U=1,c=2,r=2,q=2,m=0;cG5n\x1b\x1b\\\x1b\\";
        let cells = "\x1b7\x1b[0;38;5;23m\
            \x1b[3;5H\u{10eeee}\u{305}\u{305}M\u{10eeee}\u{305}\u{30d}M\x1b[4;5H\u{10eeee}\u{30d}\u{305}M\u{10eeee}\u{30d}\u{30d}M\x1b8";
        // The mark of 70, F: https://github.com/kovidgoyal/kitty/blob/master/gen/rowcolumn-diacritics.txt
        assert_eq!(bytes, format!("{sent}{}", cells.replace('M', "\u{6d7}")));
    }

    #[test]
    fn a_picture_is_deleted_with_its_data() {
        assert_eq!(
            erase(Id::new(7), false),
            b"\x1b_Ga=d,d=I,i=1174405143,q=2\x1b\\"
        );
        assert_eq!(
            erase(Id::new(7), true),
            wrap(b"\x1b_Ga=d,d=I,i=1174405143,q=2\x1b\\")
        );
    }
}
