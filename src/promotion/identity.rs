//! Whether two user names mean one person. Names are typed by people and verified by nobody.

use unicode_normalization::UnicodeNormalization as _;

use super::is_confusable;

/// Whether two names may be one person's: they are equal, or look alike, without regard to case, outer blanks and
/// compatibility forms. To count approvals by others, a doubt means the same person.
#[must_use]
pub fn is_same_person(a: &str, b: &str) -> bool {
    let [a, b] = [a, b].map(|name| name.trim().nfkc().collect::<String>());
    a == b || is_confusable(&a, &b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_one_person() {
        for other in [
            "ana",
            "ana ",
            "Ana",
            "ANA",
            "\u{430}na",
            "an\u{430}",
            "ａｎａ",
            "a\u{200b}na",
        ] {
            assert!(is_same_person("ana", other), "{other:?}");
        }
        for other in ["ann", "bo", "ana2", ""] {
            assert!(!is_same_person("ana", other), "{other:?}");
        }
    }
}
