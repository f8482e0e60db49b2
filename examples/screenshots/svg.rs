//! A screen as SVG: rectangles for the grounds, shapes for lines and blocks, text for everything else.

use std::fmt::Write;

use vt100::{Cell, Color, Screen};

use super::glyphs;

/// A terminal's own colours.
#[derive(Clone, Copy, Debug)]
pub struct TerminalColors {
    /// Of text.
    pub fg: (u8, u8, u8),
    /// Of what is behind it.
    pub bg: (u8, u8, u8),
    /// Of the bar above.
    title_bar: &'static str,
}

/// A dark terminal.
pub const DARK: TerminalColors = TerminalColors {
    fg: (0xd5, 0xd8, 0xdf),
    bg: (0x16, 0x18, 0x1f),
    title_bar: "#242833",
};
/// A light terminal.
pub const LIGHT: TerminalColors = TerminalColors {
    fg: (0x2a, 0x2e, 0x37),
    bg: (0xfb, 0xfb, 0xfc),
    title_bar: "#e3e5ea",
};

/// A cell's width and height in pixels. DejaVu Sans Mono is 0.602 of its size wide, so that 15 pixels fit 9.
pub const CELL: (u32, u32) = (9, 18);
const FONT_SIZE: u32 = 15;
/// How far below the top of its cell a letter stands.
const BASELINE: u32 = 14;
const MARGIN: u32 = 12;
const TITLE_BAR: u32 = 30;
const FAMILIES: &str = "'DejaVu Sans Mono', 'DejaVu Sans', Menlo, Consolas, monospace";

/// The first sixteen colours, as a dark theme has them.
const ANSI_COLORS: [(u8, u8, u8); 16] = [
    (0x2a, 0x2e, 0x39),
    (0xf7, 0x76, 0x8e),
    (0x9e, 0xce, 0x6a),
    (0xe0, 0xaf, 0x68),
    (0x7a, 0xa2, 0xf7),
    (0xbb, 0x9a, 0xf7),
    (0x7d, 0xcf, 0xff),
    (0xc0, 0xca, 0xf5),
    (0x6b, 0x73, 0x85),
    (0xff, 0x8a, 0x9b),
    (0xb4, 0xe0, 0x84),
    (0xf2, 0xc4, 0x80),
    (0x96, 0xb7, 0xff),
    (0xcd, 0xb2, 0xff),
    (0x9b, 0xdc, 0xff),
    (0xff, 0xff, 0xff),
];

/// What a cell looks like, its colours exchanged where it is in reverse.
#[derive(Clone, Copy, PartialEq)]
struct CellStyle {
    fg: (u8, u8, u8),
    bg: (u8, u8, u8),
    bold: bool,
    italic: bool,
    underline: bool,
}

impl CellStyle {
    fn from_cell(cell: &Cell, colors: TerminalColors) -> Self {
        let (mut fg, mut bg) = (
            resolve_color(cell.fgcolor(), colors.fg),
            resolve_color(cell.bgcolor(), colors.bg),
        );
        if cell.inverse() {
            (fg, bg) = (bg, fg);
        }
        if cell.dim() {
            let fainter = |a: u8, b: u8| ((u16::from(a) * 3 + u16::from(b) * 2) / 5) as u8;
            fg = (
                fainter(fg.0, bg.0),
                fainter(fg.1, bg.1),
                fainter(fg.2, bg.2),
            );
        }
        Self {
            fg,
            bg,
            bold: cell.bold(),
            italic: cell.italic(),
            underline: cell.underline(),
        }
    }
}

fn resolve_color(color: Color, default: (u8, u8, u8)) -> (u8, u8, u8) {
    let level = |nth: u8| {
        if nth.is_multiple_of(6) {
            0
        } else {
            55 + nth % 6 * 40
        }
    };
    match color {
        Color::Default => default,
        Color::Rgb(red, green, blue) => (red, green, blue),
        Color::Idx(index @ 0..=15) => ANSI_COLORS[usize::from(index)],
        Color::Idx(index @ 16..=231) => (
            level((index - 16) / 36),
            level((index - 16) / 6),
            level(index - 16),
        ),
        Color::Idx(index) => (
            8 + (index - 232) * 10,
            8 + (index - 232) * 10,
            8 + (index - 232) * 10,
        ),
    }
}

/// A colour as SVG writes it.
pub fn hex((red, green, blue): (u8, u8, u8)) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// A piece of a row that looks the same throughout.
struct StyledSpan {
    style: CellStyle,
    column: u32,
    width: u32,
    glyphs: Vec<(u32, String)>,
}

/// The size in pixels of a window of so many columns and rows.
pub fn window_size(columns: u16, rows: u16) -> (u32, u32) {
    (
        u32::from(columns) * CELL.0 + 2 * MARGIN,
        u32::from(rows) * CELL.1 + TITLE_BAR + 2 * MARGIN,
    )
}

/// Draws a screen as a window with a title.
pub fn draw_window(screen: &Screen, title: &str, colors: TerminalColors) -> String {
    let (rows, columns) = screen.size();
    let mut svg = open_window(columns.get(), rows.get(), title, colors);
    for row in 0..rows.get() {
        for run in styled_spans(screen, row, colors) {
            draw_span(&mut svg, &run, u32::from(row) * CELL.1, colors);
        }
    }
    svg.push_str(&draw_cursor(screen, colors));
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// The beginning of a drawing: the window, its title, and a group for what is in it.
pub fn open_window(columns: u16, rows: u16, title: &str, colors: TerminalColors) -> String {
    let (width, height) = window_size(columns, rows);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"{FAMILIES}\" font-size=\"{FONT_SIZE}\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"9\" fill=\"{}\"/>\n\
         <path d=\"M0 {TITLE_BAR}V9a9 9 0 0 1 9-9h{}a9 9 0 0 1 9 9v{}z\" fill=\"{}\"/>\n",
        hex(colors.bg),
        width - 18,
        TITLE_BAR - 9,
        colors.title_bar
    );
    for (nth, color) in ["#ff5f57", "#febc2e", "#28c840"].into_iter().enumerate() {
        let _ = writeln!(
            svg,
            "<circle cx=\"{}\" cy=\"15\" r=\"6\" fill=\"{color}\"/>",
            18 + nth * 20
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"20\" fill=\"#808794\" font-size=\"13\" text-anchor=\"middle\">{}</text>",
        width / 2,
        escape_xml(title)
    );
    let _ = writeln!(
        svg,
        "<g transform=\"translate({MARGIN} {})\">",
        TITLE_BAR + MARGIN
    );
    svg
}

/// The cursor of a screen; nothing if it is hidden.
pub fn draw_cursor(screen: &Screen, colors: TerminalColors) -> String {
    if screen.hide_cursor() {
        return String::new();
    }
    let (row, column) = screen.cursor_position();
    let (x, y) = (u32::from(column) * CELL.0, u32::from(row) * CELL.1);
    format!(
        "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"{}\" opacity=\"0.6\"/>\n",
        CELL.0,
        CELL.1,
        hex(colors.fg)
    )
}

/// One row of a screen, drawn as if it were the first one.
pub fn draw_row(screen: &Screen, row: u16, colors: TerminalColors) -> String {
    let mut svg = String::new();
    for span in styled_spans(screen, row, colors) {
        draw_span(&mut svg, &span, 0, colors);
    }
    svg
}

fn styled_spans(screen: &Screen, row: u16, colors: TerminalColors) -> Vec<StyledSpan> {
    let mut spans: Vec<StyledSpan> = Vec::new();
    for column in 0..screen.size().1.get() {
        let Some(cell) = screen
            .cell(row, column)
            .filter(|cell| !cell.is_wide_continuation())
        else {
            continue;
        };
        let (style, width) = (
            CellStyle::from_cell(cell, colors),
            if cell.is_wide() { 2 } else { 1 },
        );
        let column = u32::from(column);
        if spans.last().is_none_or(|run| run.style != style) {
            spans.push(StyledSpan {
                style,
                column,
                width: 0,
                glyphs: Vec::new(),
            });
        }
        if let Some(run) = spans.last_mut() {
            run.width += width;
            if !cell.contents().trim().is_empty() {
                run.glyphs.push((column, cell.contents().to_owned()));
            }
        }
    }
    spans
}

fn draw_span(svg: &mut String, span: &StyledSpan, y: u32, colors: TerminalColors) {
    let (x, width) = (span.column * CELL.0, span.width * CELL.0);
    if span.style.bg != colors.bg {
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\" fill=\"{}\"/>",
            CELL.1,
            hex(span.style.bg)
        );
    }
    let fill = hex(span.style.fg);
    let (mut xs, mut text) = (String::new(), String::new());
    for (column, letter) in &span.glyphs {
        if let Some(shape) = glyphs::draw_glyph(letter, column * CELL.0, y, &fill) {
            svg.push_str(&shape);
            continue;
        }
        // One x for each letter, so that the grid holds whichever font draws it. A combining mark takes its letter's.
        let _ = write!(xs, "{} ", column * CELL.0);
        text.push_str(&escape_xml(letter));
    }
    if span.style.underline {
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{}\" width=\"{width}\" height=\"1\" fill=\"{fill}\"/>",
            y + BASELINE + 2
        );
    }
    if text.is_empty() {
        return;
    }
    let weight = if span.style.bold {
        " font-weight=\"bold\""
    } else {
        ""
    };
    let slant = if span.style.italic {
        " font-style=\"italic\""
    } else {
        ""
    };
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" fill=\"{fill}\"{weight}{slant}>{text}</text>",
        xs.trim_end(),
        y + BASELINE
    );
}

/// Text as XML writes it.
pub fn escape_xml(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
