//! ASCII only: the last pass over a frame on terminals without other characters.

use ratatui::buffer::Buffer;
use unicode_normalization::UnicodeNormalization as _;

/// Replaces every symbol that is not ASCII. Texts lose their accents, and what has no ASCII form becomes `?`.
pub(super) fn replace_symbols(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            let ascii = to_ascii(cell.symbol());
            cell.set_char(ascii);
        }
    }
}

fn to_ascii(symbol: &str) -> char {
    let first = symbol.chars().next().unwrap_or(' ');
    match first {
        '…' | '≈' => '~',
        '·' | '•' | '⋅' | '∙' => '.',
        '–' | '—' | '−' | '─' | '━' | '═' | '╌' | '┄' => '-',
        '│' | '┃' | '║' | '┆' | '▏' | '▎' | '▌' | '▐' => '|',
        '┌' | '┐' | '└' | '┘' | '├' | '┤' | '┬' | '┴' | '┼' | '╭' | '╮' | '╰' | '╯' | '╶' | '╴'
        | '±' | '✚' => '+',
        '↑' | '▲' | '△' => '^',
        '↓' | '▼' | '▽' | '▾' => 'v',
        '→' | '▶' | '▸' | '›' | '»' | '⇥' => '>',
        '←' | '◀' | '◂' | '‹' | '«' => '<',
        '×' | '✗' | '✘' => 'x',
        '✓' | '✔' | '★' | '●' | '◆' | '■' => '*',
        '○' | '□' | '◇' | '◐' | '◑' => 'o',
        '“' | '”' | '„' => '"',
        '‘' | '’' => '\'',
        '█' | '▓' | '▒' | '░' | '▀' | '▄' => '#',
        '\u{a0}' | '\u{2002}'..='\u{200a}' | '\u{202f}' => ' ',
        _ => symbol.nfkd().find(char::is_ascii).unwrap_or('?'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn no_symbol_is_left() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 1));
        buffer.set_string(0, 0, "café 12… →½ 数据 ✓", Style::new());
        replace_symbols(&mut buffer);
        let line: String = buffer
            .content
            .iter()
            .map(ratatui::buffer::Cell::symbol)
            .collect();
        assert!(line.is_ascii(), "{line}");
        assert!(line.starts_with("cafe 12~ >1 ? ?  *"), "{line}");
    }
}
