//! Words of a shell's command, from text that anybody may have written.

use crate::text::untrusted::clean;

/// The text as one word of a POSIX shell's command; nothing where it holds what can't be shown as it is, so that nobody runs
/// what they can't read.
#[must_use]
pub fn word(text: &str) -> Option<String> {
    (clean(text) == text).then(|| shell_words::quote(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_shell_would_run_is_only_a_text() {
        assert_eq!(word("train.py").as_deref(), Some("train.py"));
        assert_eq!(
            word("a; rm -rf ~ $(id) `id`").as_deref(),
            Some("'a; rm -rf ~ $(id) `id`'")
        );
        assert_eq!(word("it's").as_deref(), Some("'it'\\''s'"));
        assert_eq!(word("").as_deref(), Some("''"));
        assert_eq!(word("a\u{1b}[2J"), None);
        assert_eq!(word("a\u{202e}b"), None);
    }

    proptest! {
        #[test]
        fn a_shell_reads_back_what_was_meant(text in "[ -~é]{0,40}") {
            let written = word(&text).unwrap();
            prop_assert_eq!(shell_words::split(&written).unwrap(), vec![text]);
        }
    }
}
