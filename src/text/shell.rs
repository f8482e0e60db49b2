//! Shell quoting of untrusted text.

use crate::text::untrusted::clean;

/// The text as one word of a POSIX shell; `None` if it contains characters that can't be displayed, since
/// commands should be readable before they run.
#[must_use]
pub fn quote_word(text: &str) -> Option<String> {
    (clean(text) == text).then(|| shell_words::quote(text).into_owned())
}

/// The words of a command as a POSIX shell splits it, without expansions; `None` for an open quote.
#[must_use]
pub fn split_words(command: &str) -> Option<Vec<String>> {
    shell_words::split(command).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shell_metacharacters_are_quoted() {
        assert_eq!(quote_word("train.py").as_deref(), Some("train.py"));
        assert_eq!(
            quote_word("a; rm -rf ~ $(id) `id`").as_deref(),
            Some("'a; rm -rf ~ $(id) `id`'")
        );
        assert_eq!(quote_word("it's").as_deref(), Some("'it'\\''s'"));
        assert_eq!(quote_word("").as_deref(), Some("''"));
        assert_eq!(quote_word("a\u{1b}[2J"), None);
        assert_eq!(quote_word("a\u{202e}b"), None);
    }

    proptest! {
        #[test]
        fn quoting_round_trips(text in "[ -~é]{0,40}") {
            let written = quote_word(&text).unwrap();
            prop_assert_eq!(shell_words::split(&written).unwrap(), vec![text]);
        }
    }
}
