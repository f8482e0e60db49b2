//! Names that look alike: MLflow takes `champion`, `Champion`, `champion` with a Cyrillic `а`, and `champion`
//! with something invisible in it, as four names.

use crate::text::untrusted::is_hidden;

/// Letters that are drawn like another, with what they are drawn like.
const CONFUSABLES: [(&str, char); 27] = [
    ("аАαΑàáâãäåÀÁÂÃÄÅ", 'a'),
    ("ВвΒ", 'b'),
    ("сСϲçÇ", 'c'),
    ("ԁ", 'd'),
    ("еЕΕёЁèéêëÈÉÊË", 'e'),
    ("ɡ", 'g'),
    ("һнНΗ", 'h'),
    ("іІιΙıìíîïÌÍÎÏ", 'i'),
    ("јЈ", 'j'),
    ("кКκΚ", 'k'),
    ("ӏӀ1|", 'l'),
    ("мМΜ", 'm'),
    ("ΝñÑ", 'n'),
    ("оОοΟ0òóôõöÒÓÔÕÖ", 'o'),
    ("рРρΡ", 'p'),
    ("ԛ", 'q'),
    ("ѕЅ", 's'),
    ("тТτΤ", 't'),
    ("υùúûüÙÚÛÜ", 'u'),
    ("νѵ", 'v'),
    ("ԝ", 'w'),
    ("хХχΧ", 'x'),
    ("уУүҮγΥýÿÝ", 'y'),
    ("Ζ", 'z'),
    ("‐‑‒–—−_", '-'),
    ("’ʼ", '\''),
    ("․", '.'),
];

/// What is left of a name when everything that is easily overlooked is taken away.
pub(super) fn skeleton(name: &str) -> String {
    let visible: String = name
        .chars()
        .filter(|c| !is_hidden(*c) && !c.is_control() && !is_combining_mark(*c))
        .map(prototype_of)
        .collect();
    visible.trim().to_owned()
}

/// Whether two different names look the same.
#[must_use]
pub fn is_confusable(a: &str, b: &str) -> bool {
    a != b && skeleton(a) == skeleton(b)
}

/// Whether a name holds something that is not what it looks like: hidden characters, blanks at an end, or a
/// letter of another script among plain ones.
pub(super) fn is_deceptive(name: &str) -> bool {
    let hides = name.chars().any(|c| is_hidden(c) || c.is_control()) || name.trim() != name;
    let plain = name.chars().any(|c| c.is_ascii_alphabetic());
    hides || plain && name.chars().any(is_latin_confusable)
}

/// A name with every character outside ASCII spelled out, for a person who must tell twins apart.
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

fn prototype_of(c: char) -> char {
    let c = match c as u32 {
        wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(c),
        0x00A0 | 0x2000..=0x200A | 0x202F | 0x205F | 0x3000 => ' ',
        _ => c,
    };
    let prototype = CONFUSABLES
        .iter()
        .find(|(twins, _)| twins.contains(c))
        .map(|(_, like)| *like);
    prototype.unwrap_or_else(|| c.to_ascii_lowercase())
}

/// Cyrillic and Greek letters that pass for Latin ones, and full-width forms.
fn is_latin_confusable(c: char) -> bool {
    matches!(c as u32, 0x0370..=0x052F | 0xFF01..=0xFF5E)
}

fn is_combining_mark(c: char) -> bool {
    matches!(c as u32, 0x0300..=0x036F)
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
    }

    #[test]
    fn different_names_are_not_confusable() {
        for other in ["champion", "challenger", "champion2", ""] {
            assert!(!is_confusable("champion", other), "{other}");
        }
    }

    #[test]
    fn single_script_names_are_not_deceptive() {
        for honest in ["iris", "größe", "модель", "精度", "my model"] {
            assert!(!is_deceptive(honest), "{honest}");
        }
        for lie in ["ir\u{456}s", "iris ", "iris\u{200b}", "iris\u{1b}[2J"] {
            assert!(is_deceptive(lie), "{}", escape_non_ascii(lie));
        }
    }

    #[test]
    fn escaping_leaves_ascii_and_code_points() {
        assert_eq!(escape_non_ascii("ch\u{430}mp\n"), "“ch‹U+0430›mp‹U+000A›”");
    }
}
