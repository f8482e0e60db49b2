//! Detects the graphics protocol from the responses of a terminal.

use super::bitmap::CellSize;
use super::responses::Response;

/// A way to draw an image on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// kitty's: <https://sw.kovidgoyal.net/kitty/graphics-protocol/>.
    Kitty,
    /// DEC's: <https://vt100.net/docs/vt3xx-gp/chapter14.html>.
    Sixel,
    /// iTerm2's: <https://iterm2.com/documentation-images.html>.
    Iterm2,
    /// Two pixels a cell, in text and background colour: works in every terminal.
    HalfBlocks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GraphicsSupport {
    pub(crate) protocol: Protocol,
    pub(crate) cell_size: Option<CellSize>,
    /// Whether sequences for the terminal that draws have to pass through tmux.
    pub(crate) in_tmux: bool,
}

/// DA1's attribute of terminals that draw sixels. The number before the first semicolon is the conformance level.
const DA1_SIXEL: u16 = 4;
/// Names in XTVERSION of terminals with iTerm2's images: <https://wezterm.org/imgcat.html>.
const ITERM2_TERMINALS: [&str; 2] = ["iTerm2", "WezTerm"];
/// Names of terminals with kitty's Unicode placeholders, the only images that move with the text inside of tmux:
/// <https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders>.
const PLACEHOLDER_TERMINALS: [&str; 2] = ["kitty", "ghostty"];
const TMUX_NAME: &str = "tmux";

pub(super) fn detect(responses: &[Response], in_tmux: bool) -> GraphicsSupport {
    let is_named = |known: &[&str]| {
        responses.iter().any(|response| {
            matches!(response, Response::Name(name) if known.iter().any(|known| name.starts_with(known)))
        })
    };
    let in_tmux = in_tmux || is_tmux(responses);
    let has_kitty_graphics = responses.contains(&Response::Graphics(true));
    let sixel_attributes = responses.iter().filter_map(|response| match response {
        Response::DeviceAttributes(numbers) => {
            Some(numbers.iter().skip(1).any(|n| *n == DA1_SIXEL))
        }
        _ => None,
    });
    // tmux claims sixels whatever terminal is around it: if both answered, both must have them.
    let mut sixel_attributes = sixel_attributes.peekable();
    let has_sixels = sixel_attributes.peek().is_some() && sixel_attributes.all(|has| has);
    let protocol = if has_kitty_graphics && (!in_tmux || is_named(&PLACEHOLDER_TERMINALS)) {
        Protocol::Kitty
    } else if is_named(&ITERM2_TERMINALS) && !in_tmux {
        Protocol::Iterm2
    } else if has_sixels {
        Protocol::Sixel
    } else {
        Protocol::HalfBlocks
    };
    let cell_size = responses.iter().find_map(|response| match response {
        Response::CellSize(width @ 1.., height @ 1..) => Some((*width, *height)),
        _ => None,
    });
    GraphicsSupport {
        protocol,
        cell_size,
        in_tmux,
    }
}

pub(super) fn is_tmux(responses: &[Response]) -> bool {
    responses
        .iter()
        .any(|response| matches!(response, Response::Name(name) if name.starts_with(TMUX_NAME)))
}

#[cfg(test)]
pub(super) fn parse_responses(mut bytes: &[u8]) -> Vec<Response> {
    use super::responses::{Scan, scan_response};
    let mut responses = Vec::new();
    while let Scan::Response(response, length) = scan_response(bytes) {
        responses.push(response);
        bytes = &bytes[length..];
    }
    responses
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect_from_bytes(bytes: &[u8], in_tmux: bool) -> GraphicsSupport {
        detect(&parse_responses(bytes), in_tmux)
    }

    /// Responses of real terminals: name, cell size and DA1, then kitty's graphics and DA1 for the second query.
    ///
    /// * kitty: `kitty/screen.c` and `da1` of `kitty/window.py` in <https://github.com/kovidgoyal/kitty>
    /// * Ghostty: `src/termio/stream_handler.zig` in <https://github.com/ghostty-org/ghostty>
    /// * WezTerm: `term/src/terminalstate/mod.rs` in <https://github.com/wezterm/wezterm>
    /// * iTerm2: `VT100Output.m` in <https://github.com/gnachman/iTerm2>
    /// * foot: `csi.c` in <https://codeberg.org/dnkl/foot>
    /// * xterm: <https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>, as `xterm -ti vt340`; without, it has no sixels
    /// * Konsole: `src/Vt102Emulation.cpp` in <https://invent.kde.org/utilities/konsole>
    /// * Windows Terminal: `src/terminal/adapter/adaptDispatch.cpp` in <https://github.com/microsoft/terminal>
    /// * Alacritty: `alacritty_terminal/src/term/mod.rs` in <https://github.com/alacritty/alacritty>
    const KNOWN_TERMINALS: &[(&str, &[u8], Protocol, Option<CellSize>)] = &[
        ("kitty", b"\x1bP>|kitty(0.42.1)\x1b\\\x1b[6;20;10t\x1b[?62;52;c\x1b_Gi=31;OK\x1b\\\x1b[?62;52;c", Protocol::Kitty, Some((10, 20))),
        (
            "Ghostty",
            b"\x1bP>|ghostty 1.2.0\x1b\\\x1b[6;34;16t\x1b[?62;22;52c\x1b_Gi=31;OK\x1b\\\x1b[?62;22;52c",
            Protocol::Kitty,
            Some((16, 34)),
        ),
        (
            "WezTerm",
            b"\x1bP>|WezTerm 20240203-110809-5046fc22\x1b\\\x1b[6;20;10t\x1b[?65;4;6;18;22c\x1b_Gi=31;OK\x1b\\\x1b[?65;4;6;18;22c",
            Protocol::Kitty,
            Some((10, 20)),
        ),
        (
            "WezTerm without kitty's graphics",
            b"\x1bP>|WezTerm 20240203-110809-5046fc22\x1b\\\x1b[6;20;10t\x1b[?65;4;6;18;22c\x1b[?65;4;6;18;22c",
            Protocol::Iterm2,
            Some((10, 20)),
        ),
        (
            "iTerm2",
            b"\x1bP>|iTerm2 3.5.14\x1b\\\x1b[6;17;8t\x1b[?64;1;2;4;6;17;18;21;22c\x1b[?64;1;2;4;6;17;18;21;22c",
            Protocol::Iterm2,
            Some((8, 17)),
        ),
        ("foot", b"\x1bP>|foot(1.17.0)\x1b\\\x1b[6;19;9t\x1b[?62;4;22;28c\x1b[?62;4;22;28c", Protocol::Sixel, Some((9, 19))),
        (
            "xterm as a VT340",
            b"\x1bP>|XTerm(390)\x1b\\\x1b[?63;1;2;4;6;9;15;16;22;28c\x1b[?63;1;2;4;6;9;15;16;22;28c",
            Protocol::Sixel,
            None,
        ),
        (
            "xterm",
            b"\x1bP>|XTerm(390)\x1b\\\x1b[?64;1;2;6;9;15;16;17;18;21;22;28c\x1b[?64;1;2;6;9;15;16;17;18;21;22;28c",
            Protocol::HalfBlocks,
            None,
        ),
        (
            "Konsole",
            b"\x1bP>|Konsole 25.12.3\x1b\\\x1b[6;19;10t\x1b[?62;1;4c\x1b_Gi=31;OK\x1b\\\x1b[?62;1;4c",
            Protocol::Kitty,
            Some((10, 19)),
        ),
        (
            "Windows Terminal",
            b"\x1b[6;20;10t\x1b[?61;4;6;7;14;21;22;23;24;28;32;42;52c\x1b[?61;4;6;7;14;21;22;23;24;28;32;42;52c",
            Protocol::Sixel,
            Some((10, 20)),
        ),
        ("Alacritty", b"\x1b[?6c\x1b[?6c", Protocol::HalfBlocks, None),
        ("macOS Terminal", b"\x1b[?1;2c\x1b[?1;2c", Protocol::HalfBlocks, None),
        ("silent", b"", Protocol::HalfBlocks, None),
    ];

    #[test]
    fn terminals_are_detected_by_their_responses() {
        for (name, bytes, protocol, cell) in KNOWN_TERMINALS {
            assert_eq!(
                detect_from_bytes(bytes, false),
                GraphicsSupport {
                    protocol: *protocol,
                    cell_size: *cell,
                    in_tmux: false
                },
                "{name}"
            );
        }
    }

    /// tmux: `input.c` and `tty-keys.c` in <https://github.com/tmux/tmux>. The terminal around it answers last.
    #[test]
    fn tmux_and_outer_terminal_are_detected() {
        const OWN: &str = "\x1bP>|tmux 3.4\x1b\\\x1b[6;20;10t\x1b[?1;2c";
        const OWN_WITH_SIXELS: &str = "\x1bP>|tmux 3.4\x1b\\\x1b[6;20;10t\x1b[?1;2;4c";
        let cases = [
            ("nothing gets through", OWN, "", Protocol::HalfBlocks),
            (
                "kitty",
                OWN,
                "\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.42.1)\x1b\\\x1b[?62;52;c",
                Protocol::Kitty,
            ),
            (
                "Ghostty, with sixels",
                OWN_WITH_SIXELS,
                "\x1b_Gi=31;OK\x1b\\\x1bP>|ghostty 1.2.0\x1b\\\x1b[?62;22c",
                Protocol::Kitty,
            ),
            (
                "WezTerm has no placeholders",
                OWN,
                "\x1b_Gi=31;OK\x1b\\\x1bP>|WezTerm 2024\x1b\\\x1b[?65;4;6;18;22c",
                Protocol::HalfBlocks,
            ),
            (
                "sixels, nothing gets through",
                OWN_WITH_SIXELS,
                "",
                Protocol::Sixel,
            ),
            (
                "sixels, also around it",
                OWN_WITH_SIXELS,
                "\x1bP>|foot(1.17.0)\x1b\\\x1b[?62;4;22c",
                Protocol::Sixel,
            ),
            (
                "sixels, none around it",
                OWN_WITH_SIXELS,
                "\x1bP>|XTerm(390)\x1b\\\x1b[?64;1;2c",
                Protocol::HalfBlocks,
            ),
        ];
        for (name, own, around, protocol) in cases {
            let found = detect_from_bytes(format!("{own}{around}").as_bytes(), false);
            assert_eq!(
                found,
                GraphicsSupport {
                    protocol,
                    cell_size: Some((10, 20)),
                    in_tmux: true
                },
                "{name}"
            );
        }
        // tmux before 3.2 has no name.
        assert!(detect_from_bytes(b"\x1b[?1;2c", true).in_tmux);
    }

    #[test]
    fn da1_class_is_ignored_and_zero_cell_size_is_none() {
        let found = detect_from_bytes(b"\x1b[6;0;0t\x1b[?4;6c", false);
        assert_eq!(
            found,
            GraphicsSupport {
                protocol: Protocol::HalfBlocks,
                cell_size: None,
                in_tmux: false
            }
        );
        assert_eq!(
            detect_from_bytes(b"\x1b_Gi=31;EINVAL:no\x1b\\\x1b[?62;14;24c", false).protocol,
            Protocol::HalfBlocks
        );
    }
}
