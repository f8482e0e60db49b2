//! Responses of a terminal to queries, in the bytes that it also sends keys on.

/// A response to a query.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Response {
    /// Whether the terminal has kitty's graphics.
    /// <https://sw.kovidgoyal.net/kitty/graphics-protocol/#querying-support-and-available-transmission-mediums>
    Graphics(bool),
    /// XTVERSION: name and version. <https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>, `CSI > Ps q`.
    Name(String),
    /// Width and height of a cell in pixels. The same page, `CSI 16 t`.
    CellSize(u16, u16),
    /// DA1: conformance level and attributes. <https://vt100.net/docs/vt510-rm/DA1.html>
    DeviceAttributes(Vec<u16>),
    /// Relative luminance of the default text colour, 0 to 1. The same page as XTVERSION, `OSC 10`.
    Foreground(f64),
    /// Relative luminance of the default background, 0 to 1: `OSC 11`.
    Background(f64),
    /// A response in one of these forms whose content is unknown.
    Other,
}

/// The start of some input.
#[derive(Debug, PartialEq)]
pub(crate) enum Scan {
    /// A response, and its length in bytes.
    Response(Response, usize),
    /// The start of a response: certain, or still the same bytes as alt and a key.
    Partial { is_certain: bool },
    /// Keys, mouse events or pastes.
    Input,
}

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;

/// Starts of the strings that answer our queries, after the escape. Anything else after `ESC _`, `ESC P` or `ESC ]` was
/// typed with alt.
const STRING_STARTS: [&[u8]; 4] = [b"_Gi=", b"P>|", b"]10;", b"]11;"];

/// The longest response in bytes.
const MAX_RESPONSE_BYTES: usize = 256;

/// Examines input that begins with an escape.
pub(crate) fn scan_response(bytes: &[u8]) -> Scan {
    match bytes.get(1) {
        None => Scan::Partial { is_certain: false },
        Some(b'[') => scan_csi(bytes),
        Some(_) => scan_string(bytes),
    }
}

fn scan_csi(bytes: &[u8]) -> Scan {
    let is_parameter = |byte: &&u8| (0x20..0x40).contains(*byte);
    let parameters = &bytes[2..2 + bytes[2..].iter().take_while(is_parameter).count()];
    let Some(last) = bytes.get(2 + parameters.len()) else {
        let is_certain = !parameters.is_empty();
        return Scan::Partial { is_certain };
    };
    let response = match (last, parameters) {
        (b'c', [b'?', numbers @ ..]) => Response::DeviceAttributes(parse_numbers(numbers)),
        (b't', _) => match parse_numbers(parameters)[..] {
            [6, height, width] => Response::CellSize(width, height),
            _ => Response::Other,
        },
        _ => return Scan::Input,
    };
    Scan::Response(response, parameters.len() + 3)
}

fn scan_string(bytes: &[u8]) -> Scan {
    let string = &bytes[1..];
    let Some(start) = STRING_STARTS.iter().find(|start| string.starts_with(start)) else {
        let could_start = STRING_STARTS.iter().any(|start| start.starts_with(string));
        return if could_start {
            Scan::Partial { is_certain: false }
        } else {
            Scan::Input
        };
    };
    let end = string.iter().position(|byte| *byte < 0x20);
    let terminator = end.map_or(&[][..], |end| &string[end..]);
    let length = match terminator {
        [BEL, ..] => bytes.len() - terminator.len() + 1,
        [ESC, b'\\', ..] => bytes.len() - terminator.len() + 2,
        [] | [ESC] if bytes.len() < MAX_RESPONSE_BYTES => {
            return Scan::Partial { is_certain: true };
        }
        _ => return Scan::Input,
    };
    let content = &string[start.len()..string.len() - terminator.len()];
    Scan::Response(parse_string(start, content), length)
}

fn parse_string(start: &[u8], content: &[u8]) -> Response {
    let text = String::from_utf8_lossy(content);
    match start {
        b"_Gi=" => text.split_once(';').map_or(Response::Other, |(_, status)| {
            Response::Graphics(status == "OK")
        }),
        b"P>|" => Response::Name(text.into_owned()),
        b"]10;" => parse_luminance(&text).map_or(Response::Other, Response::Foreground),
        _ => parse_luminance(&text).map_or(Response::Other, Response::Background),
    }
}

fn parse_numbers(parameters: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(parameters);
    text.split(';')
        .map(|number| number.parse().unwrap_or(0))
        .collect()
}

/// The relative luminance of an X11 colour, `rgb:ffff/ffff/ffff` or `#ffffff`, with one to four digits a channel; urxvt adds
/// an alpha channel (`rgba:`). <https://www.w3.org/TR/WCAG21/#dfn-relative-luminance>
fn parse_luminance(color: &str) -> Option<f64> {
    let channels: Vec<&str> = if let Some(digits) = color.strip_prefix('#') {
        let width = digits.len() / 3;
        [0, 1, 2]
            .into_iter()
            .filter_map(|nth| digits.get(nth * width..(nth + 1) * width))
            .collect()
    } else {
        color
            .strip_prefix("rgb:")
            .or_else(|| color.strip_prefix("rgba:"))?
            .split('/')
            .collect()
    };
    let linear = |digits: &&str| {
        let most = 16_u32
            .checked_pow(digits.len().try_into().ok()?)?
            .checked_sub(1)?;
        let value = f64::from(u32::from_str_radix(digits, 16).ok()?) / f64::from(most);
        Some(if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        })
    };
    let [red, green, blue, ..] = channels.iter().map(linear).collect::<Option<Vec<_>>>()?[..]
    else {
        return None;
    };
    Some(0.2126 * red + 0.7152 * green + 0.0722 * blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(bytes: &str) -> Option<Response> {
        match scan_response(bytes.as_bytes()) {
            Scan::Response(response, length) => {
                assert_eq!(length, bytes.len(), "{bytes:?}");
                Some(response)
            }
            _ => None,
        }
    }

    #[test]
    fn responses_are_parsed() {
        let cases = [
            ("\x1b_Gi=31;OK\x1b\\", Response::Graphics(true)),
            ("\x1b_Gi=31;EINVAL:no\x1b\\", Response::Graphics(false)),
            (
                "\x1bP>|kitty(0.42.1)\x1b\\",
                Response::Name("kitty(0.42.1)".into()),
            ),
            ("\x1b[6;20;10t", Response::CellSize(10, 20)),
            ("\x1b[?62;52;c", Response::DeviceAttributes(vec![62, 52, 0])),
            ("\x1b]11;rgb:ffff/ffff/ffff\x07", Response::Background(1.0)),
            ("\x1b]10;rgba:00/00/00/80\x1b\\", Response::Foreground(0.0)),
            ("\x1b]11;#000000\x1b\\", Response::Background(0.0)),
            ("\x1b]11;teal\x1b\\", Response::Other),
        ];
        for (bytes, expected) in cases {
            assert_eq!(response(bytes), Some(expected), "{bytes:?}");
        }
        assert!(
            matches!(response("\x1b]11;rgb:8080/8080/8080\x07"), Some(Response::Background(grey)) if (0.2..0.23).contains(&grey))
        );
    }

    #[test]
    fn every_cut_of_a_response_is_partial() {
        for bytes in [
            "\x1b_Gi=31;OK\x1b\\",
            "\x1bP>|foot(1.17.0)\x1b\\",
            "\x1b[?62;4c",
            "\x1b]11;rgb:1010/1010/1818\x07",
        ] {
            for length in 1..bytes.len() {
                let scan = scan_response(&bytes.as_bytes()[..length]);
                assert!(
                    matches!(scan, Scan::Partial { .. }),
                    "{:?}",
                    &bytes[..length]
                );
            }
        }
    }

    #[test]
    fn alt_keys_mouse_and_pastes_are_input() {
        for keys in [
            "\x1bPx",
            "\x1b_\x1b[A",
            "\x1b]j",
            "\x1b[<0;3;7M",
            "\x1b[200~a\x1b[201~",
            "\x1b[13;5u",
            "\x1b\x1b",
            "\x1b]11;rgb:ff\x1bx",
        ] {
            assert_eq!(scan_response(keys.as_bytes()), Scan::Input, "{keys:?}");
        }
        let endless = format!("\x1bP>|{}", "x".repeat(MAX_RESPONSE_BYTES));
        assert_eq!(scan_response(endless.as_bytes()), Scan::Input);
    }
}
