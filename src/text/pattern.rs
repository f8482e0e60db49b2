//! Patterns of `LIKE` and `ILIKE`.

/// A compiled pattern: `%` matches any text, `_` any character.
#[derive(Clone, Debug)]
pub struct Pattern {
    tokens: Vec<PatternToken>,
    ignore_case: bool,
    /// The ASCII text of a pattern `%text%`: bytes are searched much faster than characters.
    substring: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PatternToken {
    AnySequence,
    AnyChar,
    Literal(char),
}

impl Pattern {
    /// Compiles the pattern of `LIKE`, or of `ILIKE` if case is ignored.
    #[must_use]
    pub fn new(text: &str, ignore_case: bool) -> Self {
        let piece = |c| match c {
            '%' => PatternToken::AnySequence,
            '_' => PatternToken::AnyChar,
            c => PatternToken::Literal(if ignore_case { fold_case(c) } else { c }),
        };
        let mut pieces: Vec<PatternToken> = text.chars().map(piece).collect();
        pieces.dedup_by(|a, b| *a == PatternToken::AnySequence && *b == PatternToken::AnySequence);
        Self::from_tokens(pieces, ignore_case)
    }

    /// A pattern for texts that contain this one, ignoring case.
    #[must_use]
    pub fn containing(text: &str) -> Self {
        let mut pieces = vec![PatternToken::AnySequence];
        pieces.extend(text.chars().map(|c| PatternToken::Literal(fold_case(c))));
        pieces.push(PatternToken::AnySequence);
        Self::from_tokens(pieces, true)
    }

    fn from_tokens(tokens: Vec<PatternToken>, ignore_case: bool) -> Self {
        let inner = match tokens.as_slice() {
            [
                PatternToken::AnySequence,
                inner @ ..,
                PatternToken::AnySequence,
            ] => inner,
            _ => &[],
        };
        let plain = |piece: &PatternToken| {
            if let PatternToken::Literal(c) = piece {
                Some(*c).filter(char::is_ascii)
            } else {
                None
            }
        };
        let substring = inner
            .iter()
            .map(plain)
            .collect::<Option<String>>()
            .filter(|within| !within.is_empty());
        Self {
            tokens,
            ignore_case,
            substring,
        }
    }

    /// Whether a whole text matches. Takes at most as many steps as the product of both lengths.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match &self.substring {
            Some(within) if self.ignore_case => {
                contains_ignore_case(text.as_bytes(), within.as_bytes())
            }
            Some(within) => text.contains(within),
            None => self.matches_by_character(text),
        }
    }

    fn matches_by_character(&self, text: &str) -> bool {
        let mut rest = text.chars();
        let mut piece = 0;
        // The token after the last `%`, and the text that it has not consumed.
        let mut backtrack = None;
        loop {
            match self.tokens.get(piece) {
                Some(PatternToken::AnySequence) => {
                    piece += 1;
                    if piece == self.tokens.len() {
                        return true;
                    }
                    backtrack = Some((piece, rest.clone()));
                    continue;
                }
                None if rest.as_str().is_empty() => return true,
                expected => {
                    let before = rest.clone();
                    let next = rest.next();
                    if let (Some(expected), Some(c)) = (expected, next)
                        && self.matches_char(*expected, c)
                    {
                        piece += 1;
                        continue;
                    }
                    if next.is_none() && before.as_str().is_empty() {
                        return false;
                    }
                }
            }
            let Some((after, mut from)) = backtrack.take() else {
                return false;
            };
            if from.next().is_none() {
                return false;
            }
            (piece, rest) = (after, from.clone());
            backtrack = Some((after, from));
        }
    }

    fn matches_char(&self, piece: PatternToken, c: char) -> bool {
        match piece {
            PatternToken::AnySequence | PatternToken::AnyChar => true,
            PatternToken::Literal(expected) => {
                expected == c || (self.ignore_case && expected == fold_case(c))
            }
        }
    }
}

/// Whether a text contains a lower-case ASCII text, ignoring case.
fn contains_ignore_case(text: &[u8], substring: &[u8]) -> bool {
    let Some((first, rest)) = substring.split_first() else {
        return true;
    };
    let Some(last) = text.len().checked_sub(substring.len()) else {
        return false;
    };
    let upper = first.to_ascii_uppercase();
    let mut candidates = text[..=last]
        .iter()
        .enumerate()
        .filter(|(_, byte)| *byte == first || **byte == upper);
    candidates.any(|(at, _)| {
        text[at + 1..]
            .get(..rest.len())
            .is_some_and(|after| after.eq_ignore_ascii_case(rest))
    })
}

/// Folds the case of a character. ASCII letters equal only ASCII letters, as in SQLite; others fold if one character becomes one.
fn fold_case(c: char) -> char {
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
    fn patterns_match_the_whole_text() {
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

    /// The specification, by exhaustive search.
    fn naive_match(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('%', rest)) => (0..=text.len()).any(|skip| naive_match(rest, &text[skip..])),
            Some((c, rest)) => text
                .split_first()
                .is_some_and(|(t, after)| (*c == '_' || c == t) && naive_match(rest, after)),
        }
    }

    #[test]
    fn substring_search_agrees_with_char_matching() {
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
                assert!(pattern.substring.is_some());
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
        fn matcher_agrees_with_naive_match(pattern in "[ab%_]{0,7}", text in "[ab]{0,9}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(Pattern::new(&pattern, false).matches(&text), naive_match(&chars(&pattern), &chars(&text)));
        }
    }
}
