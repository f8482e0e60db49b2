//! A final pass over each frame that replaces unsafe symbols by `?`.
//!
//! Screens clean the text of stores themselves. This pass keeps one that forgot to from sending control sequences or hidden
//! characters to the terminal.

use ratatui::buffer::Buffer;

use crate::text::untrusted::is_hidden;

/// The longest symbol of a cell in bytes: a letter with a few combining marks, or the longest flag.
const MAX_SYMBOL_BYTES: usize = 32;

/// Replaces control and hidden characters by `?`.
pub(super) fn sanitize_buffer(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !is_safe_symbol(cell.symbol()) {
            cell.set_symbol("?");
        }
    }
}

fn is_safe_symbol(symbol: &str) -> bool {
    let plain = symbol.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    symbol.len() <= MAX_SYMBOL_BYTES
        && (plain || !symbol.chars().any(|c| c.is_control() || is_hidden(c)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;

    #[test]
    fn control_and_hidden_characters_are_replaced() {
        for bad in [
            "\u{202e}",
            "a\u{200b}",
            "\u{2067}x",
            "e\u{e0041}",
            &"z\u{301}".repeat(20),
        ] {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 2, 1));
            buffer[(0, 0)].set_symbol(bad);
            sanitize_buffer(&mut buffer);
            assert_eq!(buffer[(0, 0)].symbol(), "?", "{bad:?}");
        }
        assert!(
            ["\u{1b}[2J", "\u{7}", "\u{9b}2J", "\n"]
                .into_iter()
                .all(|bad| !is_safe_symbol(bad))
        );
    }

    #[test]
    fn ordinary_text_is_unchanged() {
        let mut buffer = Buffer::with_lines(["größe 精度 ❤️ é ⣿"]);
        let before = buffer.clone();
        sanitize_buffer(&mut buffer);
        assert_eq!(buffer, before);
    }
}
