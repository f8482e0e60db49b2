//! Confusable names, by the skeletons of UTS 39 (<https://www.unicode.org/reports/tr39/>). MLflow treats `champion`, `Champion`,
//! `champion` with a Cyrillic `а`, and `champion` with an invisible character as four names.

use unicode_security::skeleton;

use crate::text::untrusted::is_hidden;

/// Whether two different names look the same. Upper and lower case are compared as they are, since a capital `I` looks like a
/// small `l`, and folded, since names that differ in case are easily mixed up.
#[must_use]
pub fn is_confusable(a: &str, b: &str) -> bool {
    let folded = |name: &str| visible_skeleton(&name.to_lowercase()).to_lowercase();
    a != b && (visible_skeleton(a) == visible_skeleton(b) || folded(a) == folded(b))
}

/// Whether a name contains something other than it shows: hidden characters, blanks at an end, Greek or Cyrillic letters
/// among Latin ones, or only letters that look like ASCII.
pub(super) fn is_deceptive(name: &str) -> bool {
    let hides = name.chars().any(|c| is_hidden(c) || c.is_control()) || name.trim() != name;
    let has_latin = name.chars().any(|c| c.is_ascii_alphabetic());
    let has_greek_or_cyrillic = name.chars().any(|c| matches!(c, '\u{370}'..='\u{52F}'));
    let imitates_ascii = !name.is_ascii() && skeleton(name).all(|c| c.is_ascii());
    hides || has_latin && has_greek_or_cyrillic || imitates_ascii
}

/// A name with every character outside ASCII as its code point.
pub(super) fn escape_non_ascii(name: &str) -> String {
    let mut out = String::from("“");
    for c in name.chars() {
        match c {
            ' '..='~' => out.push(c),
            c => out.push_str(&format!("‹U+{:04X}›", c as u32)),
        }
    }
    out.push('”');
    out
}

/// The UTS 39 skeleton without what is easily overlooked: hidden characters, accents, outer blanks, and the difference
/// between `_` and `-`.
fn visible_skeleton(name: &str) -> String {
    let visible: String = name
        .chars()
        .filter(|c| !is_hidden(*c) && !c.is_control())
        .collect();
    let skeleton: String = skeleton(&visible)
        .filter(|c| !matches!(c, '\u{300}'..='\u{36F}'))
        .map(|c| if c == '_' { '-' } else { c })
        .collect();
    skeleton.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confusables_of_champion_are_found() {
        for twin in [
            "Champion",
            "ch\u{430}mpion",
            "champion\u{200b}",
            "champion\n",
            " champion",
            "ｃhampion",
            "cha\u{202e}mpion",
            "champiοn",
            "champio\u{308}n",
        ] {
            assert!(
                is_confusable("champion", twin),
                "{}",
                escape_non_ascii(twin)
            );
        }
        assert!(is_confusable("größe", "gro\u{308}ße"));
        assert!(is_confusable("iris-l0", "iris_1O"));
        for (a, b) in [("Iris", "lris"), ("barn", "bam"), ("churn-v1", "CHURN-V1")] {
            assert!(is_confusable(a, b), "{a} {b}");
        }
    }

    #[test]
    fn different_names_are_not_confusable() {
        for other in ["champion", "challenger", "champion2", "champions", ""] {
            assert!(!is_confusable("champion", other), "{other}");
        }
    }

    #[test]
    fn single_script_names_are_not_deceptive() {
        for name in ["iris", "größe", "модель", "精度", "my model"] {
            assert!(!is_deceptive(name), "{name}");
        }
        for name in [
            "ir\u{456}s",
            "iris ",
            "iris\u{200b}",
            "iris\u{1b}[2J",
            "ｉris",
            "сор",
        ] {
            assert!(is_deceptive(name), "{}", escape_non_ascii(name));
        }
    }

    #[test]
    fn escaping_leaves_ascii_and_code_points() {
        assert_eq!(escape_non_ascii("ch\u{430}mp\n"), "“ch‹U+0430›mp‹U+000A›”");
    }
}
