//! iTerm2's images: <https://iterm2.com/documentation-images.html>; in WezTerm: <https://wezterm.org/imgcat.html>.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::bitmap::CellRect;
use super::super::tmux::wrap_passthrough;
use super::at_position;

/// Shows a PNG scaled to an area. In tmux, which only the setting leads to, the position is a guess, because the terminal
/// around it has its own cursor.
pub(super) fn encode(png: &[u8], area: CellRect, tmux: bool) -> Vec<u8> {
    let head = format!(
        "\x1b]1337;File=inline=1;size={};width={};height={};preserveAspectRatio=0;doNotMoveCursor=1:",
        png.len(),
        area.columns,
        area.rows
    );
    let sequence = format!("{head}{}\x07", STANDARD.encode(png)).into_bytes();
    at_position(
        area,
        &if tmux {
            wrap_passthrough(&sequence)
        } else {
            sequence
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_is_given_in_cells() {
        let area = CellRect {
            x: 0,
            y: 9,
            columns: 12,
            rows: 5,
        };
        let bytes = String::from_utf8(encode(b"png", area, false)).unwrap();
        let sequence = "\x1b]1337;File=inline=1;size=3;width=12;height=5;preserveAspectRatio=0;doNotMoveCursor=1:cG5n\x07";
        assert_eq!(bytes, format!("\x1b7\x1b[10;1H{sequence}\x1b8"));
        assert!(
            String::from_utf8(encode(b"png", area, true))
                .unwrap()
                .contains("\x1bPtmux;\x1b\x1b]1337;File=")
        );
    }
}
