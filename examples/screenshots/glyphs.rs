//! Characters that must meet at the edges of their cells: box drawing, blocks and braille. Fonts leave gaps between them, or
//! have none of them, so they are drawn.

use std::fmt::Write;

use super::svg::CELL;

/// A light line's width in pixels; a heavy one's is twice that.
const LIGHT_LINE_WIDTH: f64 = 1.2;

/// The lines of a box-drawing character from the cell's middle up, right, down and left: 0 none, 1 light, 2 heavy.
const BOX_LINES: [(char, [u8; 4]); 38] = [
    ('─', [0, 1, 0, 1]),
    ('━', [0, 2, 0, 2]),
    ('│', [1, 0, 1, 0]),
    ('┃', [2, 0, 2, 0]),
    ('┌', [0, 1, 1, 0]),
    ('┐', [0, 0, 1, 1]),
    ('└', [1, 1, 0, 0]),
    ('┘', [1, 0, 0, 1]),
    ('├', [1, 1, 1, 0]),
    ('┤', [1, 0, 1, 1]),
    ('┬', [0, 1, 1, 1]),
    ('┴', [1, 1, 0, 1]),
    ('┼', [1, 1, 1, 1]),
    ('┏', [0, 2, 2, 0]),
    ('┓', [0, 0, 2, 2]),
    ('┗', [2, 2, 0, 0]),
    ('┛', [2, 0, 0, 2]),
    ('┣', [2, 2, 2, 0]),
    ('┫', [2, 0, 2, 2]),
    ('┳', [0, 2, 2, 2]),
    ('┻', [2, 2, 0, 2]),
    ('╋', [2, 2, 2, 2]),
    ('┝', [1, 2, 1, 0]),
    ('┠', [2, 1, 2, 0]),
    ('┥', [1, 0, 1, 2]),
    ('┨', [2, 0, 2, 1]),
    ('┯', [0, 2, 1, 2]),
    ('┷', [1, 2, 0, 2]),
    ('┿', [1, 2, 1, 2]),
    ('╂', [2, 1, 2, 1]),
    ('╴', [0, 0, 0, 1]),
    ('╵', [1, 0, 0, 0]),
    ('╶', [0, 1, 0, 0]),
    ('╷', [0, 0, 1, 0]),
    ('╸', [0, 0, 0, 2]),
    ('╹', [2, 0, 0, 0]),
    ('╺', [0, 2, 0, 0]),
    ('╻', [0, 0, 2, 0]),
];

/// The shape of a character at a cell's corner, if it is one that is drawn.
pub fn draw_glyph(letter: &str, x: u32, y: u32, fill: &str) -> Option<String> {
    let mut letters = letter.chars();
    let (letter, None) = (letters.next()?, letters.next()) else {
        return None;
    };
    let (x, y, w, h) = (
        f64::from(x),
        f64::from(y),
        f64::from(CELL.0),
        f64::from(CELL.1),
    );
    match letter {
        '\u{2800}'..='\u{28ff}' => Some(draw_braille(letter as u32 - 0x2800, x, y, w, h, fill)),
        '▁'..='█' => {
            let part = h * f64::from(letter as u32 - 0x2580) / 8.0;
            Some(draw_rect(x, y + h - part, w, part, fill, 1.0))
        }
        '▉'..='▏' => Some(draw_rect(
            x,
            y,
            w * f64::from(0x2590 - letter as u32) / 8.0,
            h,
            fill,
            1.0,
        )),
        '▀' => Some(draw_rect(x, y, w, h / 2.0, fill, 1.0)),
        '▔' => Some(draw_rect(x, y, w, h / 8.0, fill, 1.0)),
        '▐' => Some(draw_rect(x + w / 2.0, y, w / 2.0, h, fill, 1.0)),
        '░' | '▒' | '▓' => Some(draw_rect(
            x,
            y,
            w,
            h,
            fill,
            f64::from(letter as u32 - 0x2590) * 0.25,
        )),
        '╭' | '╮' | '╯' | '╰' => Some(draw_corner(letter, x, y, w, h, fill)),
        _ => BOX_LINES
            .iter()
            .find(|(known, _)| *known == letter)
            .map(|(_, arms)| draw_lines(*arms, x, y, w, h, fill)),
    }
}

fn draw_rect(x: f64, y: f64, w: f64, h: f64, fill: &str, opacity: f64) -> String {
    let opacity = if opacity < 1.0 {
        format!(" opacity=\"{opacity}\"")
    } else {
        String::new()
    };
    format!(
        "<rect x=\"{x}\" y=\"{y:.2}\" width=\"{w:.2}\" height=\"{h:.2}\" fill=\"{fill}\"{opacity}/>\n"
    )
}

/// Lines from the middle to the edges, as one path of rectangles.
fn draw_lines(
    [up, right, down, left]: [u8; 4],
    x: f64,
    y: f64,
    w: f64,
    h: f64,
    fill: &str,
) -> String {
    let (middle_x, middle_y) = (x + w / 2.0, y + h / 2.0);
    // Each arm reaches past the middle by half of the widest one, so that corners are closed.
    let over = f64::from(up.max(right).max(down).max(left)) * LIGHT_LINE_WIDTH / 2.0;
    let mut path = String::new();
    let mut bar = |x: f64, y: f64, w: f64, h: f64| {
        let _ = write!(path, "M{x:.2} {y:.2}h{w:.2}v{h:.2}h{:.2}z", -w);
    };
    for (weight, is_up) in [(up, true), (down, false)]
        .into_iter()
        .filter(|(weight, _)| *weight > 0)
    {
        let width = f64::from(weight) * LIGHT_LINE_WIDTH;
        bar(
            middle_x - width / 2.0,
            if is_up { y } else { middle_y - over },
            width,
            h / 2.0 + over,
        );
    }
    for (weight, is_left) in [(left, true), (right, false)]
        .into_iter()
        .filter(|(weight, _)| *weight > 0)
    {
        let width = f64::from(weight) * LIGHT_LINE_WIDTH;
        bar(
            if is_left { x } else { middle_x - over },
            middle_y - width / 2.0,
            w / 2.0 + over,
            width,
        );
    }
    format!("<path d=\"{path}\" fill=\"{fill}\"/>\n")
}

fn draw_corner(letter: char, x: f64, y: f64, w: f64, h: f64, stroke: &str) -> String {
    let (middle_x, middle_y) = (x + w / 2.0, y + h / 2.0);
    let (end_x, end_y) = match letter {
        '╭' => (x + w, y + h),
        '╮' => (x, y + h),
        '╯' => (x, y),
        _ => (x + w, y),
    };
    let turn = f64::midpoint(middle_y, end_y);
    format!(
        "<path d=\"M{middle_x} {end_y}V{turn}Q{middle_x} {middle_y} {end_x} {middle_y}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{LIGHT_LINE_WIDTH}\"/>\n"
    )
}

/// Up to eight dots. Unicode numbers them 1–3 and 7 down the left, 4–6 and 8 down the right.
fn draw_braille(dots: u32, x: f64, y: f64, w: f64, h: f64, fill: &str) -> String {
    const DOT_POSITIONS: [(f64, f64); 8] = [
        (0.0, 0.0),
        (0.0, 1.0),
        (0.0, 2.0),
        (1.0, 0.0),
        (1.0, 1.0),
        (1.0, 2.0),
        (0.0, 3.0),
        (1.0, 3.0),
    ];
    let mut path = String::new();
    let set = DOT_POSITIONS
        .into_iter()
        .enumerate()
        .filter(|(bit, _)| dots & (1 << bit) != 0);
    for (_, (column, row)) in set {
        let (cx, cy) = (x + w * (0.25 + column * 0.5), y + h * (0.125 + row * 0.25));
        let _ = write!(
            path,
            "M{:.2} {cy:.2}a1.4 1.4 0 1 0 2.8 0a1.4 1.4 0 1 0 -2.8 0z",
            cx - 1.4
        );
    }
    if path.is_empty() {
        path
    } else {
        format!("<path d=\"{path}\" fill=\"{fill}\"/>\n")
    }
}
