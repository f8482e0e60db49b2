//! Display width: truncation and wrapping in terminal cells.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The width in terminal cells.
#[must_use]
pub fn width(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// The text cut to `room` cells, ending in `…` if it was longer.
#[must_use]
pub fn truncate(text: &str, room: u16) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    if room == 0 {
        return String::new();
    }
    let mut truncated = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let wide = width(grapheme);
        if used + wide > room - 1 {
            break;
        }
        truncated.push_str(grapheme);
        used += wide;
    }
    truncated.push('…');
    truncated
}

/// The text cut to `room` cells, with `…` in the place of its middle: a title ends in what it is about.
#[must_use]
pub fn truncate_middle(text: &str, room: u16) -> String {
    let all = width(text);
    if all <= room || room < 4 {
        return truncate(text, room);
    }
    let tail = (room - 1) / 2;
    let head = truncate(text, room - tail);
    let mut end = text.len();
    for (at, _) in text.grapheme_indices(true).rev() {
        if width(&text[at..]) > tail {
            break;
        }
        end = at;
    }
    let cut = format!("{head}{}", &text[end..]);
    // Where graphemes join, a text can be wider than its parts.
    if width(&cut) > room {
        truncate(text, room)
    } else {
        cut
    }
}

/// A text without its first graphemes, up to this many cells, and how many cells those have.
#[must_use]
pub fn skip(text: &str, cells: u16) -> (&str, u16) {
    let mut skipped = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let next = skipped + width(grapheme);
        if next > cells {
            return (&text[at..], skipped);
        }
        skipped = next;
    }
    ("", skipped)
}

/// Lines of at most `room` cells, broken at spaces, longer words anywhere.
#[must_use]
pub fn wrap(text: &str, room: u16) -> Vec<String> {
    let options = textwrap::Options::new(room.max(1).into())
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(text, options)
        .into_iter()
        .filter(|line| !line.trim().is_empty())
        .map(Cow::into_owned)
        .collect()
}

/// Breaks a text into lines of at most `room` cells; all but the first are indented. An empty text is an empty line.
#[must_use]
pub fn wrap_hanging(text: &str, room: u16) -> Vec<String> {
    const INDENT: &str = "  ";
    let mut lines = wrap(text, room.max(10) - 2);
    if lines.is_empty() {
        return vec![String::new()];
    }
    for line in lines.iter_mut().skip(1) {
        line.insert_str(0, INDENT);
    }
    lines
}

/// At most `most` lines of at most `room` cells; the last one ends in `…` if there are more.
#[must_use]
pub fn wrap_to(text: &str, room: u16, most: usize) -> Vec<String> {
    let mut lines = wrap(text, room);
    if lines.len() > most {
        let rest = lines.split_off(most.saturating_sub(1)).join(" ");
        if most > 0 {
            lines.push(truncate(&rest, room));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wide_characters_count_as_two_cells() {
        assert_eq!(truncate("模型模型", 5), "模型…");
        assert_eq!(truncate("val/accuracy", 6), "val/a…");
        assert_eq!(truncate("ok", 2), "ok");
        assert_eq!(truncate_middle("val/accuracy", 8), "val/…acy");
        assert_eq!(truncate_middle("模型模型", 6), "模…型");
        assert_eq!(truncate_middle("模型模型", 7), "模…型");
        assert_eq!(truncate_middle("ok", 2), "ok");
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(
            wrap("0.0158 (champion 0.0187)", 9),
            ["0.0158", "(champion", "0.0187)"]
        );
        assert_eq!(wrap_to("one two three", 8, 1), ["one two…"]);
        assert_eq!(
            wrap_hanging("first second third", 12),
            ["first", "  second", "  third"]
        );
        assert_eq!(wrap_hanging("", 12), [""]);
        assert_eq!(wrap_to("one two three", 8, 2), ["one two", "three"]);
    }

    proptest! {
        #[test]
        fn truncated_and_wrapped_text_fits_the_width(text in "\\PC{0,40}", room in 0u16..30) {
            prop_assert!(width(&truncate(&text, room)) <= room);
            prop_assert!(width(&truncate_middle(&text, room)) <= room);
            for line in wrap(&text, room.max(2)) {
                prop_assert!(width(&line) <= room.max(2));
            }
        }
    }
}
