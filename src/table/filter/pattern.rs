//! The patterns of `LIKE` and `ILIKE`.

/// A compiled pattern: `%` stands for any text, `_` for any one character.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pieces: Vec<Piece>,
    any_case: bool,
    /// What a text must contain, if that is all that is asked of it and it is ASCII: bytes are searched much faster
    /// than characters.
    within: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Any,
    One,
    Char(char),
}

impl Pattern {
    /// A pattern as it is written after `LIKE`, or after `ILIKE` when case doesn't matter.
    pub(super) fn new(text: &str, any_case: bool) -> Self {
        let piece = |c| match c {
            '%' => Piece::Any,
            '_' => Piece::One,
            c => Piece::Char(if any_case { fold(c) } else { c }),
        };
        let mut pieces: Vec<Piece> = text.chars().map(piece).collect();
        pieces.dedup_by(|a, b| *a == Piece::Any && *b == Piece::Any);
        Self::of(pieces, any_case)
    }

    /// A pattern for texts that contain this one, whatever the case.
    pub(super) fn containing(text: &str) -> Self {
        let mut pieces = vec![Piece::Any];
        pieces.extend(text.chars().map(|c| Piece::Char(fold(c))));
        pieces.push(Piece::Any);
        Self::of(pieces, true)
    }

    fn of(pieces: Vec<Piece>, any_case: bool) -> Self {
        let inner = match pieces.as_slice() {
            [Piece::Any, inner @ .., Piece::Any] => inner,
            _ => &[],
        };
        let plain = |piece: &Piece| {
            if let Piece::Char(c) = piece {
                Some(*c).filter(char::is_ascii)
            } else {
                None
            }
        };
        let within = inner
            .iter()
            .map(plain)
            .collect::<Option<String>>()
            .filter(|within| !within.is_empty());
        Self {
            pieces,
            any_case,
            within,
        }
    }

    /// Whether the whole of a text is like the pattern. Takes at most as many steps as both lengths multiplied.
    pub(super) fn matches(&self, text: &str) -> bool {
        match &self.within {
            Some(within) if self.any_case => {
                contains_in_any_case(text.as_bytes(), within.as_bytes())
            }
            Some(within) => text.contains(within),
            None => self.matches_by_character(text),
        }
    }

    fn matches_by_character(&self, text: &str) -> bool {
        let mut rest = text.chars();
        let mut piece = 0;
        // Where the last `%` stands, and the text that it has not swallowed yet.
        let mut swallow = None;
        loop {
            match self.pieces.get(piece) {
                Some(Piece::Any) => {
                    piece += 1;
                    if piece == self.pieces.len() {
                        return true;
                    }
                    swallow = Some((piece, rest.clone()));
                    continue;
                }
                None if rest.as_str().is_empty() => return true,
                wanted => {
                    let before = rest.clone();
                    let next = rest.next();
                    if let (Some(wanted), Some(c)) = (wanted, next)
                        && self.takes(*wanted, c)
                    {
                        piece += 1;
                        continue;
                    }
                    if next.is_none() && before.as_str().is_empty() {
                        return false;
                    }
                }
            }
            let Some((after, mut from)) = swallow.take() else {
                return false;
            };
            if from.next().is_none() {
                return false;
            }
            (piece, rest) = (after, from.clone());
            swallow = Some((after, from));
        }
    }

    fn takes(&self, piece: Piece, c: char) -> bool {
        match piece {
            Piece::Any | Piece::One => true,
            Piece::Char(wanted) => wanted == c || (self.any_case && wanted == fold(c)),
        }
    }
}

/// Whether bytes contain others, which are ASCII in lower case.
fn contains_in_any_case(text: &[u8], within: &[u8]) -> bool {
    let Some((first, rest)) = within.split_first() else {
        return true;
    };
    let Some(last) = text.len().checked_sub(within.len()) else {
        return false;
    };
    let upper = first.to_ascii_uppercase();
    let mut places = text[..=last]
        .iter()
        .enumerate()
        .filter(|(_, byte)| *byte == first || **byte == upper);
    places.any(|(at, _)| {
        text[at + 1..]
            .get(..rest.len())
            .is_some_and(|after| after.eq_ignore_ascii_case(rest))
    })
}

/// A character without its case. ASCII letters are only ever equal to ASCII letters, as in SQLite; others fold where
/// one character becomes one.
fn fold(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) if !one.is_ascii() => one,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, text, like, ilike) in [
            ("adam", "adam", true, true),
            ("adam", "Adam", false, true),
            ("ad%", "adamw", true, true),
            ("%ml__ow%", "an MLflow run", false, true),
            ("%a%b", "xaxbxb", true, true),
            ("_", "ß", true, true),
            ("GRÖSSE", "größe", false, false),
            ("Ä%", "ähnlich", false, true),
            ("", "", true, true),
            ("", "a", false, false),
            ("%", "", true, true),
            ("a", "", false, false),
            ("k", "\u{212a}", false, false),
        ] {
            assert_eq!(
                Pattern::new(pattern, false).matches(text),
                like,
                "{text} LIKE {pattern}"
            );
            assert_eq!(
                Pattern::new(pattern, true).matches(text),
                ilike,
                "{text} ILIKE {pattern}"
            );
        }
        assert!(
            Pattern::containing("100%").matches("is 100% sure")
                && !Pattern::containing("100%").matches("1000")
        );
    }

    /// The same, by trying everything.
    fn plain(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('%', rest)) => (0..=text.len()).any(|skip| plain(rest, &text[skip..])),
            Some((c, rest)) => text
                .split_first()
                .is_some_and(|(t, after)| (*c == '_' || c == t) && plain(rest, after)),
        }
    }

    #[test]
    fn bytes_and_characters_are_searched_alike() {
        for text in [
            "an MLflow run",
            "MLFLOW",
            "mlflo",
            "größe mlflow",
            "\u{212a}mlflo\u{212a}",
            "",
        ] {
            for (pattern, any_case) in [
                ("%mlflow%", true),
                ("%mlflow%", false),
                ("%k%", true),
                ("%MLF%", false),
            ] {
                let pattern = Pattern::new(pattern, any_case);
                assert!(pattern.within.is_some());
                assert_eq!(
                    pattern.matches(text),
                    pattern.matches_by_character(text),
                    "{text} {pattern:?}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn the_quick_way_agrees_with_the_plain_one(pattern in "[ab%_]{0,7}", text in "[ab]{0,9}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(Pattern::new(&pattern, false).matches(&text), plain(&chars(&pattern), &chars(&text)));
        }
    }
}
