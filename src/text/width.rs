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

/// Breaks a line of styled spans into lines of at most `room` cells, at spaces where it can. All but the first are
/// indented by two cells more than the line itself.
#[must_use]
pub fn wrap_spans<T: Copy + PartialEq>(spans: &[(String, T)], room: u16) -> Vec<Vec<(String, T)>> {
    let total = spans
        .iter()
        .fold(0, |all: u16, (text, _)| all.saturating_add(width(text)));
    if total <= room {
        return vec![spans.to_vec()];
    }
    let graphemes: Vec<(&str, T)> = spans
        .iter()
        .flat_map(|(text, style)| text.graphemes(true).map(move |part| (part, *style)))
        .collect();
    let leading = graphemes.iter().take_while(|(part, _)| *part == " ");
    let indent = (leading.count() + 2).min(usize::from(room / 3));
    let mut lines = Vec::new();
    let mut start = 0;
    while start < graphemes.len() {
        let indent = if lines.is_empty() { 0 } else { indent };
        let space = room.saturating_sub(indent as u16);
        let end = line_end(&graphemes[start..], space) + start;
        let mut line: Vec<(String, T)> = Vec::new();
        let mut push = |part: &str, style: T| match line.last_mut() {
            Some((text, last)) if *last == style => text.push_str(part),
            _ => line.push((part.to_owned(), style)),
        };
        if indent > 0 {
            push(&" ".repeat(indent), graphemes[start].1);
        }
        for (part, style) in &graphemes[start..end] {
            push(part, *style);
        }
        lines.push(line);
        let gap = graphemes[end..].iter().take_while(|(part, _)| *part == " ");
        start = end + gap.count();
    }
    lines
}

/// The number of graphemes for one line: up to the last space after some text, at least one.
fn line_end<T>(graphemes: &[(&str, T)], room: u16) -> usize {
    let mut used: u16 = 0;
    let mut last_space = None;
    let mut has_text = false;
    for (at, (part, _)) in graphemes.iter().enumerate() {
        let is_space = *part == " ";
        if is_space && has_text {
            last_space = Some(at);
        }
        used = used.saturating_add(width(part));
        if used > room {
            return last_space.unwrap_or(at).max(1);
        }
        has_text |= !is_space;
    }
    graphemes.len()
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

    #[test]
    fn spans_wrap_at_spaces_and_keep_their_styles() {
        let line = [
            ("  move v6  ".to_owned(), 'a'),
            ("Staging → Production".to_owned(), 'b'),
        ];
        let text = |line: &[(String, char)]| -> String {
            line.iter().map(|(text, _)| text.as_str()).collect()
        };
        let wrapped = wrap_spans(&line, 20);
        let texts: Vec<String> = wrapped.iter().map(|line| text(line)).collect();
        assert_eq!(texts, ["  move v6  Staging →", "    Production"]);
        assert_eq!(wrapped[0][1], ("Staging →".to_owned(), 'b'));
        assert_eq!(wrapped[1], [("    Production".to_owned(), 'b')]);
        assert_eq!(wrap_spans(&line, 80), [line.to_vec()]);
        let word = [("abcdefgh".to_owned(), 'a')];
        let texts: Vec<String> = wrap_spans(&word, 6).iter().map(|line| text(line)).collect();
        assert_eq!(texts, ["abcdef", "  gh"]);
    }

    proptest! {
        #[test]
        fn wrapped_spans_fit_and_lose_only_spaces(texts in proptest::collection::vec("[a-z模 ]{0,30}", 0..5), room in 4u16..30) {
            let spans: Vec<(String, usize)> = texts.into_iter().enumerate().map(|(nth, text)| (text, nth)).collect();
            let visible = |spans: &[(String, usize)]| -> String {
                spans.iter().flat_map(|(text, _)| text.chars()).filter(|c| *c != ' ').collect()
            };
            let lines = wrap_spans(&spans, room);
            for line in &lines {
                prop_assert!(line.iter().map(|(text, _)| width(text)).sum::<u16>() <= room);
            }
            let kept: String = lines.iter().map(|line| visible(line)).collect();
            prop_assert_eq!(kept, visible(&spans));
        }

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
