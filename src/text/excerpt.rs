//! Excerpts of long texts that keep them apart.

use std::collections::HashMap;

use unicode_segmentation::UnicodeSegmentation;

use super::width::{truncate, truncate_middle, width};

/// Equal characters shown before a difference at least.
const CONTEXT: usize = 12;

/// The texts cut to `room` cells so that different texts stay different. Texts with a long common beginning are cut there, too,
/// so that the part that differs is shown. Where that is not enough, they are returned whole.
#[must_use]
pub fn distinct_excerpts(texts: &[&str], room: u16) -> Vec<String> {
    let is_distinct = |excerpts: &[String]| {
        let mut known = HashMap::new();
        let mut pairs = excerpts.iter().zip(texts);
        pairs.all(|(excerpt, text)| *known.entry(excerpt).or_insert(text) == text)
    };
    let beginnings: Vec<String> = texts.iter().map(|text| truncate(text, room)).collect();
    if is_distinct(&beginnings) {
        return beginnings;
    }
    let skipped = common_prefix(texts, room);
    let from_difference = |text: &&str| match text.get(skipped..) {
        Some(rest) if skipped > 0 => truncate(&format!("…{rest}"), room),
        _ => truncate(text, room),
    };
    let differences: Vec<String> = texts.iter().map(from_difference).collect();
    if is_distinct(&differences) {
        return differences;
    }
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// The texts cut to the room of each. Different texts that would look equal are cut in the middle, or before the part that
/// differs.
#[must_use]
pub fn distinct_cuts(texts: &[(&str, u16)]) -> Vec<String> {
    let ends: Vec<String> = texts
        .iter()
        .map(|(text, room)| truncate(text, *room))
        .collect();
    if texts.iter().zip(&ends).all(|((text, _), end)| text == end) {
        return ends;
    }
    let cut = |(at, (text, room)): (usize, &(&str, u16))| {
        let rivals: Vec<&str> = texts
            .iter()
            .zip(&ends)
            .filter(|((other, _), end)| *end == &ends[at] && other != text)
            .map(|((other, _), _)| *other)
            .collect();
        if rivals.is_empty() {
            return ends[at].clone();
        }
        let middle = truncate_middle(text, *room);
        if rivals
            .iter()
            .all(|other| truncate_middle(other, *room) != middle)
        {
            return middle;
        }
        let group: Vec<&str> = std::iter::once(*text).chain(rivals).collect();
        let excerpts = distinct_excerpts(&group, *room);
        let own = excerpts.into_iter().next();
        own.filter(|own| width(own) <= *room).unwrap_or(middle)
    };
    texts.iter().enumerate().map(cut).collect()
}

/// The length of the common beginning without as much of its end as fits before the differences, in bytes.
fn common_prefix(texts: &[&str], room: u16) -> usize {
    let Some((first, rest)) = texts.split_first() else {
        return 0;
    };
    let mut ends: Vec<usize> = Vec::new();
    for (at, grapheme) in first.grapheme_indices(true) {
        let end = at + grapheme.len();
        if !rest.iter().all(|text| text.get(at..end) == Some(grapheme)) {
            break;
        }
        ends.push(end);
    }
    let shared = ends.last().copied().unwrap_or(0);
    let differences = texts.iter().filter_map(|text| text.get(shared..));
    let longest = differences.map(width).max().unwrap_or(0);
    let context = usize::from(room.saturating_sub(longest.saturating_add(1))).max(CONTEXT);
    ends.len()
        .checked_sub(context + 1)
        .and_then(|kept| ends.get(kept).copied())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn different_texts_are_never_cut_to_the_same() {
        let same = "p".repeat(200);
        let (a, b) = (format!("{same}A"), format!("{same}B"));
        let cuts = distinct_cuts(&[(&a, 8), (&b, 8), ("short", 8), (&a, 8)]);
        assert_eq!(cuts, ["pppp…ppA", "pppp…ppB", "short", "pppp…ppA"]);
        // The difference is in the middle of both.
        let (a, b) = (format!("{same}A{same}"), format!("{same}B{same}"));
        let cuts = distinct_cuts(&[(&a, 24), (&b, 24)]);
        assert!(cuts[0].contains('A') && cuts[1].contains('B'), "{cuts:?}");
        assert!(cuts.iter().all(|cut| width(cut) <= 24), "{cuts:?}");
        // Texts that differ at the beginning are cut as usual.
        let cuts = distinct_cuts(&[("val/accuracy", 6), ("train/accuracy", 6)]);
        assert_eq!(cuts, ["val/a…", "train…"]);
    }

    #[test]
    fn excerpts_show_the_part_that_differs() {
        let start = "You are a careful assistant. ".repeat(10);
        let texts = [
            format!("{start}Be concise."),
            format!("{start}Be thorough."),
        ];
        let excerpts = distinct_excerpts(&[&texts[0], &texts[1]], 30);
        for (excerpt, end) in excerpts.iter().zip(["Be concise.", "Be thorough."]) {
            assert!(
                excerpt.starts_with('…') && excerpt.ends_with(end),
                "{excerpt}"
            );
            assert!((20..=30).contains(&width(excerpt)), "{excerpt}");
        }
        assert_eq!(distinct_excerpts(&["short", "other"], 4), ["sho…", "oth…"]);
    }

    proptest! {
        #[test]
        fn different_texts_stay_different(texts in prop::collection::vec("[ab]{0,40}", 0..5), room in 1_u16..20) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let excerpts = distinct_excerpts(&texts, room);
            for (a, text) in excerpts.iter().zip(&texts) {
                for (b, other) in excerpts.iter().zip(&texts) {
                    prop_assert!(a != b || text == other);
                }
            }
        }
    }
}
