//! Untrusted text: every string from a store, a file or a server.
//!
//! A run's name can contain an escape sequence that repaints the terminal, a bidirectional override that
//! makes `champion` read as something else, or ten thousand combining marks. [`Untrusted`] has no
//! `Display`: to draw it, call [`Untrusted::clean`], which makes control and hidden characters visible.
//! Comparison, hashing and the wire use the raw text.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::secrets::redact;

/// Combining marks shown per character; further ones are counted.
const MAX_MARKS_PER_CHARACTER: usize = 4;

/// A string from outside this program. Cheap to clone; compared and serialized raw, drawn only cleaned.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Untrusted(Arc<str>);

impl Untrusted {
    /// Takes the text unchanged.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The unchanged text, for comparison, parsing and the wire, never for drawing.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// The unchanged text, for interning.
    #[must_use]
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// One line that is safe to draw; see [`clean`].
    #[must_use]
    pub fn clean(&self) -> Cow<'_, str> {
        clean(&self.0)
    }

    /// Lines that are safe to draw, for previews of long values.
    pub fn clean_lines(&self) -> impl Iterator<Item = Cow<'_, str>> {
        clean_lines(&self.0)
    }

    /// Whether the text has no characters.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.clean())
    }
}

impl Default for Untrusted {
    fn default() -> Self {
        Self(Arc::from(""))
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl Borrow<str> for Untrusted {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// The text on one line, with control, hidden and reordering characters replaced by visible ones.
/// Idempotent; borrows if there is nothing to replace.
///
/// Line ends and tabs become `⏎` and `⇥`; C0 controls become their Unicode pictures (`␛`); characters that
/// are [`is_hidden`] become `‹U+202E›`; more than four combining marks are cut and counted; passwords and tokens in addresses
/// are hidden.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    match show_hidden_chars(text) {
        Cow::Borrowed(text) => redact(text),
        Cow::Owned(text) => Cow::Owned(redact(&text).into_owned()),
    }
}

fn show_hidden_chars(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return Cow::Borrowed(text);
    }
    let mut marks = 0;
    let is_plain = |c: char| {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        marks <= MAX_MARKS_PER_CHARACTER && !c.is_control() && !is_hidden(c)
    };
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(replace_unsafe_chars(text))
}

fn replace_unsafe_chars(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut marks = 0_usize;
    let close = |out: &mut String, marks: usize| {
        if marks > MAX_MARKS_PER_CHARACTER {
            out.push_str(&format!("‹+{} marks›", marks - MAX_MARKS_PER_CHARACTER));
        }
    };
    for c in text.chars() {
        if is_combining_mark(c) && !is_hidden(c) {
            marks += 1;
            if marks <= MAX_MARKS_PER_CHARACTER {
                out.push(c);
            }
            continue;
        }
        close(&mut out, marks);
        marks = 0;
        match c {
            '\n' => out.push('⏎'),
            '\t' => out.push('⇥'),
            '\u{7f}' => out.push('␡'),
            c if (c as u32) < 0x20 => out.push(char::from_u32(0x2400 + c as u32).unwrap_or('␀')),
            c if c.is_control() || is_hidden(c) => out.push_str(&format!("‹U+{:04X}›", c as u32)),
            c => out.push(c),
        }
    }
    close(&mut out, marks);
    out
}

/// The text [`clean`], but with its line ends and tabs.
#[must_use]
pub fn clean_text(text: &str) -> String {
    let is_kept = |c: char| ['\n', '\r', '\t'].contains(&c);
    let part = |part: &str| {
        let body = part.trim_end_matches(is_kept);
        format!("{}{}", clean(body), &part[body.len()..])
    };
    text.split_inclusive(is_kept).map(part).collect()
}

/// The lines of `text`, each [`clean`]; `\r\n` and `\n` end a line, tabs become spaces.
pub fn clean_lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.lines().map(|line| {
        if line.contains('\t') {
            Cow::Owned(clean(&line.replace('\t', "    ")).into_owned())
        } else {
            clean(line)
        }
    })
}

/// Whether a character is invisible or changes the order or appearance of its neighbors: format characters
/// (bidirectional controls, zero-width, soft hyphen, tags), line separators, blank fillers, and variation
/// selectors except the one for emoji.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    matches!(c as u32,
        0x00AD | 0x034F | 0x061C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F
        | 0x200B..=0x200C | 0x200E..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F
        | 0x3164 | 0xFE00..=0xFE0E | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB
        | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
        || c == '\u{200D}'
}

/// By block, which is enough to bound the height of a cell.
fn is_combining_mark(c: char) -> bool {
    matches!(c as u32, 0x0300..=0x036F | 0x0483..=0x0489 | 0x0591..=0x05BD | 0x0610..=0x061A | 0x064B..=0x065F
        | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x20D0..=0x20FF | 0xFE20..=0xFE2F)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_become_control_pictures() {
        assert_eq!(clean("a\u{1b}[2Jb"), "a␛[2Jb");
        assert_eq!(clean("\u{9b}2J"), "‹U+009B›2J");
        assert_eq!(clean("one\ntwo\tthree\r"), "one⏎two⇥three␍");
    }

    #[test]
    fn hidden_and_bidi_characters_are_shown_as_code_points() {
        assert_eq!(
            clean("cham\u{202e}pion\u{200b}"),
            "cham‹U+202E›pion‹U+200B›"
        );
        assert_eq!(clean("tag\u{e0041}"), "tag‹U+E0041›");
        // Invisible marks are hidden characters, too.
        assert_eq!(clean("\u{34f}e\u{301}\u{180b}"), "‹U+034F›e\u{301}‹U+180B›");
    }

    #[test]
    fn excess_combining_marks_are_cut_and_counted() {
        let zalgo = format!("z{}", "\u{301}".repeat(50));
        assert_eq!(
            clean(&zalgo),
            format!("z{}‹+46 marks›", "\u{301}".repeat(4))
        );
    }

    #[test]
    fn safe_text_is_borrowed() {
        for text in ["val/acc", "größe", "精度", "❤️"] {
            assert!(matches!(clean(text), Cow::Borrowed(_)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn cleaning_removes_controls_and_is_idempotent(text in any::<String>()) {
            let once = clean(&text).into_owned();
            prop_assert!(!once.chars().any(|c| c.is_control() || is_hidden(c)));
            prop_assert_eq!(clean(&once), once.as_str());
        }
    }
}
